// Package sound reads WAV files that people bring and makes of them what Asterisk plays.
//
// It owns samples and nothing else: no file, no row, no goroutine. It reads and writes as a
// stream, so that memory does not grow with the length of a sound. It may import nothing of
// ours.
package sound

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// The sample rates of the two results, in Hz. Asterisk's format wav has the narrow one under the
// suffix .wav and the wide one under .wav16; both have one channel of 16 bits.
const (
	Narrow = 8000
	Wide   = 16000
)

// Most is how long a sound may play.
const Most = 15 * time.Minute

// Format is how the samples of a WAV file are written.
type Format struct {
	Rate     int // samples a second and channel
	Channels int // 1 or 2
	Bits     int // of a sample: 8, 16, 24 or 32
}

// Result says what came of a sound.
type Result struct {
	From   Format
	Length time.Duration
}

// Error is what is wrong with a file, in a sentence that goes on from "the file".
type Error struct{ Message string }

func (e *Error) Error() string { return "the file " + e.Message }

func wrong(text string, args ...any) error { return &Error{fmt.Sprintf(text, args...)} }

// Convert reads a WAV file and writes its sound, both channels as one, at both rates. What is
// wrong with the file is an *Error; any other error is that of reading or writing.
func Convert(from io.Reader, narrow, wide io.WriteSeeker) (Result, error) {
	in, err := newReader(from)
	if err != nil {
		return Result{}, err
	}
	w, n := newWriter(wide, Wide), newWriter(narrow, Narrow)
	rate := in.format.Rate
	toWide, toNarrow := newResampler(rate, Wide, w.write), newResampler(min(rate, Wide), Narrow, n.write)
	if rate > Wide { // the narrow sound comes out of the wide one, which is less work
		toWide.also = toNarrow.add
	}
	block := make([]float32, blockSamples)
	for more := true; more && w.err == nil && n.err == nil; {
		got, err := in.read(block)
		if more = !errors.Is(err, io.EOF); more && err != nil {
			return Result{}, err
		}
		toWide.add(block[:got])
		if toWide.also == nil {
			toNarrow.add(block[:got])
		}
	}
	toWide.flush()
	toNarrow.flush()
	for _, out := range []*writer{w, n} {
		if err := out.finish(); err != nil {
			return Result{}, err
		}
	}
	return Result{From: in.format, Length: time.Duration(in.seen) * time.Second / time.Duration(rate)}, nil
}
