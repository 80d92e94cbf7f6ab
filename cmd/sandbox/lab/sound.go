package lab

import (
	"encoding/binary"
	"math"
	"testing"
	"time"
)

// ToneFile is a WAV file with a tone in stereo, with 44,100 samples a second of 16 bits.
func ToneFile(hz float64, length time.Duration) []byte {
	const rate, channels = 44100, 2
	var samples []byte
	for i := range int(length.Seconds() * rate) {
		v := uint16(int16(12000 * math.Sin(2*math.Pi*hz*float64(i)/rate)))
		samples = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(samples, v), v)
	}
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(36+len(samples)))
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00"...)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*channels*2)
	b = append(b, channels*2, 0, 16, 0)
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), uint32(len(samples)))
	return append(b, samples...)
}

// Announcement uploads a tone as an announcement.
func (l *Lab) Announcement(t *testing.T, name string, hz float64, length time.Duration) {
	t.Helper()
	l.Do(t, "PUT", Tenant+"/announcements/"+name+"/audio", ToneFile(hz, length), nil, "Content-Type", "audio/wav")
}
