package lab

import (
	"bytes"
	wave "encoding/binary"
	"math"
	"strings"
	"testing"
)

// Recording is what the API says of a recorded call.
type Recording struct {
	Name, From, To string
	Seconds        float64
	Finished       bool
}

// Recordings lists the recordings of the tenant.
func (l *Lab) Recordings(t *testing.T) []Recording {
	t.Helper()
	var page struct{ Items []Recording }
	l.Do(t, "GET", Tenant+"/recordings", nil, &page)
	return page.Items
}

// Samples reads a WAV file of 16 bits, one channel, 8,000 Hz.
func Samples(t *testing.T, wav []byte) []float64 {
	t.Helper()
	if !strings.HasPrefix(string(wav), "RIFF") || len(wav) < 44 || wave.LittleEndian.Uint32(wav[24:]) != 8000 {
		t.Fatalf("no WAV file of 8,000 Hz: %q", wav[:min(44, len(wav))])
	}
	raw := make([]int16, (len(wav)-44)/2)
	if err := wave.Read(bytes.NewReader(wav[44:]), wave.LittleEndian, raw); err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(raw))
	for i, s := range raw {
		out[i] = float64(s) / math.MaxInt16
	}
	return out
}

// Strength is the amplitude of one frequency in a sound (Goertzel, second by second).
func Strength(sound []float64, hz float64) (most float64) {
	const window = 800
	for ; len(sound) >= window; sound = sound[window:] {
		var re, im float64
		for i, s := range sound[:window] {
			angle := 2 * math.Pi * hz * float64(i) / 8000
			re, im = re+s*math.Cos(angle), im+s*math.Sin(angle)
		}
		most = max(most, 2*math.Hypot(re, im)/window)
	}
	return most
}
