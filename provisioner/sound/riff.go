package sound

import (
	"encoding/binary"
	"errors"
	"io"
	"time"
)

// blockSamples is how many samples are handled at once.
const blockSamples = 4096

// The codes of wFormatTag (Microsoft, mmreg.h).
const (
	tagPCM        = 1
	tagFloat      = 3
	tagALaw       = 6
	tagMuLaw      = 7
	tagExtensible = 0xfffe
)

// Bounds of the rates that are read, in Hz.
const (
	leastRate = 4000
	mostRate  = 192000
)

// mostHead bounds what stands before the samples, in bytes: fields with title and author.
const mostHead = 1 << 20

// mostFormat is more than any chunk fmt has, in bytes.
const mostFormat = 128

// reader reads the samples of a WAV file (Microsoft and IBM, Multimedia Programming Interface
// and Data Specifications 1.0, "Waveform Audio File Format").
type reader struct {
	from   io.Reader
	format Format
	left   int64 // bytes of samples that the header promises and that are still to come
	seen   int64 // samples of one channel
	bytes  []byte
}

// newReader reads as far as the samples begin.
func newReader(from io.Reader) (*reader, error) {
	var head [12]byte
	switch n, err := io.ReadFull(from, head[:]); {
	case n == 0 && errors.Is(err, io.EOF):
		return nil, wrong("is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, wrong("is no WAV file")
	case err != nil:
		return nil, err
	}
	if string(head[8:]) != "WAVE" || string(head[:4]) != "RIFF" {
		return nil, wrong("is no WAV file")
	}
	r := &reader{from: from}
	return r, r.findSamples()
}

// findSamples reads the chunks before the samples. Other chunks than fmt are skipped.
func (r *reader) findSamples() error {
	for skipped := int64(0); ; {
		name, size, err := r.chunk()
		if err != nil {
			return err
		}
		switch {
		case name == "data" && r.format.Rate == 0:
			return wrong("has samples before it says how they are written (chunk fmt)")
		case name == "data":
			return r.checkLength(size)
		case name == "fmt " && size > mostFormat:
			return wrong("says in %d bytes how its samples are written, 16 to 40 are usual", size)
		case name == "fmt ":
			if err := r.readFormat(int(size)); err != nil {
				return err
			}
		default:
			if skipped += size; skipped > mostHead {
				return wrong("has more than %d bytes before its samples", mostHead)
			}
			if _, err := io.CopyN(io.Discard, r.from, size+size%2); err != nil {
				return ended(err, "ends before its samples begin (chunk data)")
			}
		}
	}
}

// chunk reads the head of a chunk.
func (r *reader) chunk() (name string, size int64, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r.from, head[:]); err != nil {
		return "", 0, ended(err, "ends before its samples begin (chunk data)")
	}
	return string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:])), nil
}

// ended makes of the end of the file what is wrong with it.
func ended(err error, text string, args ...any) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return wrong(text, args...)
	}
	return err
}

func (r *reader) readFormat(size int) error {
	if size < 16 {
		return wrong("says in %d bytes how its samples are written, at least 16 are needed", size)
	}
	b := make([]byte, size+size%2)
	if _, err := io.ReadFull(r.from, b); err != nil {
		return ended(err, "ends before its samples begin (chunk data)")
	}
	tag := binary.LittleEndian.Uint16(b)
	channels, rate := binary.LittleEndian.Uint16(b[2:]), binary.LittleEndian.Uint32(b[4:])
	align, bits := binary.LittleEndian.Uint16(b[12:]), binary.LittleEndian.Uint16(b[14:])
	if tag == tagExtensible && size >= 40 {
		tag = binary.LittleEndian.Uint16(b[24:]) // SubFormat begins with the code
	}
	switch {
	case tag == tagFloat:
		return wrong("has samples as floating point numbers: save it as PCM with 16 or 24 bits")
	case tag == tagALaw || tag == tagMuLaw:
		return wrong("is compressed by A-law or µ-law: save it as PCM with 16 bits")
	case tag != tagPCM:
		return wrong("is compressed (format %d): save it as PCM with 16 bits", tag)
	case channels < 1 || channels > 2:
		return wrong("has %d channels: mono and stereo can be read", channels)
	case rate < leastRate || rate > mostRate:
		return wrong("has %d samples a second: %d to %d can be read", rate, leastRate, mostRate)
	case bits != 8 && bits != 16 && bits != 24 && bits != 32:
		return wrong("has %d bits a sample: 8, 16, 24 and 32 can be read", bits)
	case align != channels*bits/8:
		return wrong("contradicts itself: %d channels of %d bits are %d bytes, and it says %d", channels, bits,
			channels*bits/8, align)
	}
	r.format = Format{Rate: int(rate), Channels: int(channels), Bits: int(bits)}
	return nil
}

// checkLength takes what the header says of the length.
func (r *reader) checkLength(size int64) error {
	frame := int64(r.format.Channels * r.format.Bits / 8)
	second := frame * int64(r.format.Rate)
	switch {
	case size == 0:
		return wrong("has no samples")
	case size > second*int64(Most/time.Second):
		return wrong("says that it plays for %d minutes, at most %d are allowed", size/second/60, Most/time.Minute)
	case size%frame != 0:
		return wrong("says that its samples are %d bytes, which %d bytes a sample do not make up", size, frame)
	}
	r.left = size
	r.bytes = make([]byte, blockSamples*frame)
	return nil
}

// read fills a block with samples from -1 to 1, both channels as one. It returns io.EOF with or
// after the last ones.
func (r *reader) read(block []float32) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	b := r.bytes[:min(int64(len(r.bytes)), r.left)]
	n, err := io.ReadFull(r.from, b)
	if err != nil {
		return 0, ended(err, "is cut short: %d bytes of its samples are missing", r.left-int64(n))
	}
	r.left -= int64(n)
	width, channels := r.format.Bits/8, r.format.Channels
	samples := n / width / channels
	for i := range samples {
		at := b[i*width*channels:]
		v := sample(at, width)
		if channels == 2 {
			v = (v + sample(at[width:], width)) / 2
		}
		block[i] = v
	}
	r.seen += int64(samples)
	if r.left == 0 {
		return samples, io.EOF
	}
	return samples, nil
}

// sample reads one of a width in bytes: with a sign, but for one byte.
func sample(b []byte, width int) float32 {
	switch width {
	case 1:
		return (float32(b[0]) - 128) / 128
	case 2:
		return float32(int16(binary.LittleEndian.Uint16(b))) / (1 << 15)
	case 3:
		return float32(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / (1 << 31)
	}
	return float32(int32(binary.LittleEndian.Uint32(b))) / (1 << 31)
}
