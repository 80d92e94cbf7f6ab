package sound

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// headBytes is the size of what stands before the samples of a file that we write. Asterisk's
// format wav expects no other.
const headBytes = 44

// writer writes a WAV file with one channel of 16 bits.
type writer struct {
	to    io.WriteSeeker
	buf   *bufio.Writer
	rate  int
	bytes int64
	err   error // the first one
}

func newWriter(to io.WriteSeeker, rate int) *writer {
	w := &writer{to: to, buf: bufio.NewWriterSize(to, 64<<10), rate: rate}
	_, w.err = w.buf.Write(make([]byte, headBytes)) // finish knows the length
	return w
}

// write adds samples. Those beyond -1 and 1 are cut off there.
func (w *writer) write(samples []float32) {
	if w.err != nil {
		return
	}
	const most = 1<<15 - 1
	var b [2]byte
	for _, s := range samples {
		v := s*(most+1) + 0.5
		if s < 0 {
			v = s*(most+1) - 0.5
		}
		binary.LittleEndian.PutUint16(b[:], uint16(int16(max(-most-1, min(most, v)))))
		if _, w.err = w.buf.Write(b[:]); w.err != nil {
			return
		}
	}
	w.bytes += int64(2 * len(samples))
}

// finish writes the head.
func (w *writer) finish() error {
	if w.err == nil {
		w.err = w.buf.Flush()
	}
	if w.err == nil {
		_, w.err = w.to.Seek(0, io.SeekStart)
	}
	if w.err == nil {
		_, w.err = w.to.Write(w.head())
	}
	if w.err != nil {
		return fmt.Errorf("writing a sound of %d Hz: %w", w.rate, w.err)
	}
	return nil
}

func (w *writer) head() []byte {
	b := make([]byte, 0, headBytes)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(headBytes-8+w.bytes))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, tagPCM)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint32(b, uint32(w.rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(2*w.rate))
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, uint32(w.bytes))
}
