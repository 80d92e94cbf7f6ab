package sound

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"
)

// memory is a file.
type memory struct {
	b  []byte
	at int
}

func (m *memory) Write(p []byte) (int, error) {
	m.b = append(m.b, make([]byte, max(0, m.at+len(p)-len(m.b)))...)
	m.at += copy(m.b[m.at:], p)
	return len(p), nil
}

func (m *memory) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		return 0, errors.New("only from the start")
	}
	m.at = int(offset)
	return offset, nil
}

// samples reads a result by the places at which Asterisk's format wav has them.
func (m *memory) samples(t *testing.T, rate int) []float64 {
	t.Helper()
	if len(m.b) < 44 || string(m.b[:4]) != "RIFF" || string(m.b[8:16]) != "WAVEfmt " || string(m.b[36:40]) != "data" ||
		int(binary.LittleEndian.Uint32(m.b[24:])) != rate || int(binary.LittleEndian.Uint32(m.b[40:])) != len(m.b)-44 ||
		int(binary.LittleEndian.Uint32(m.b[4:])) != len(m.b)-8 || binary.LittleEndian.Uint16(m.b[22:]) != 1 ||
		binary.LittleEndian.Uint16(m.b[34:]) != 16 {
		t.Fatalf("the head is % x", m.b[:min(44, len(m.b))])
	}
	var out []float64
	for at := 44; at+1 < len(m.b); at += 2 {
		out = append(out, float64(int16(binary.LittleEndian.Uint16(m.b[at:])))/32768)
	}
	return out
}

// loudness is the amplitude of a tone in the middle of samples (G. Goertzel, 1958).
func loudness(samples []float64, rate int, hz float64) float64 {
	part := samples[len(samples)/4 : len(samples)*3/4]
	k := 2 * math.Cos(2*math.Pi*hz/float64(rate))
	var a, b, weight float64
	for i, s := range part {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(len(part)-1))
		weight += w
		a, b = s*w+k*a-b, a
	}
	return 2 * math.Sqrt(max(0, a*a+b*b-k*a*b)) / weight
}

// file writes a WAV file. tones are the amplitudes of each channel at a frequency.
func file(rate, bits int, seconds, hz float64, tones ...float64) []byte {
	var data []byte
	for i := range int(seconds * float64(rate)) {
		for _, tone := range tones {
			v := tone * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))
			switch n := int64(math.Round(v * float64(int64(1)<<(bits-1)-1))); bits {
			case 8:
				data = append(data, byte(n+128))
			default:
				var b [8]byte
				binary.LittleEndian.PutUint64(b[:], uint64(n))
				data = append(data, b[:bits/8]...)
			}
		}
	}
	return riff(chunk("fmt ", format(tagPCM, len(tones), rate, len(tones)*bits/8, bits)), chunk("data", data))
}

func riff(chunks ...[]byte) []byte {
	all := bytes.Join(chunks, nil)
	return append(append([]byte("RIFF"), append(binary.LittleEndian.AppendUint32(nil, uint32(4+len(all))), "WAVE"...)...),
		all...)
}

func chunk(name string, content []byte) []byte {
	b := append([]byte(name), binary.LittleEndian.AppendUint32(nil, uint32(len(content)))...)
	b = append(b, content...)
	return append(b, make([]byte, len(content)%2)...)
}

func format(tag, channels, rate, align, bits int) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(tag))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*align))
	b = binary.LittleEndian.AppendUint16(b, uint16(align))
	return binary.LittleEndian.AppendUint16(b, uint16(bits))
}

func convert(t *testing.T, content []byte) (narrow, wide []float64, r Result) {
	t.Helper()
	var n, w memory
	r, err := Convert(bytes.NewReader(content), &n, &w)
	if err != nil {
		t.Fatal(err)
	}
	return n.samples(t, Narrow), w.samples(t, Wide), r
}

// A tone that both results can carry is in them as loud as it was, from every rate and width.
func TestTonesPass(t *testing.T) {
	for _, rate := range []int{4000, 8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000, 44101, 12345} {
		for _, bits := range []int{8, 16, 24, 32} {
			narrow, wide, r := convert(t, file(rate, bits, 1, 1000, 0.5))
			if r.From != (Format{rate, 1, bits}) || r.Length != time.Second {
				t.Errorf("%d Hz, %d bits: %+v", rate, bits, r)
			}
			if len(narrow) != Narrow || len(wide) != Wide {
				t.Errorf("%d Hz, %d bits: %d and %d samples", rate, bits, len(narrow), len(wide))
			}
			for _, got := range []float64{loudness(narrow, Narrow, 1000), loudness(wide, Wide, 1000)} {
				if math.Abs(got-0.5) > 0.01 {
					t.Errorf("%d Hz, %d bits: the tone is %.3f, and was 0.5", rate, bits, got)
				}
			}
		}
	}
}

// What a result cannot carry is not heard at another pitch.
func TestTonesAboveAreDown(t *testing.T) {
	for _, c := range []struct {
		rate      int
		hz, alias float64
		out       int
	}{
		{48000, 5000, 3000, Narrow}, {44100, 5000, 3000, Narrow}, {16000, 5000, 3000, Narrow}, {96000, 7000, 1000, Narrow},
		{48000, 9500, 6500, Wide}, {44100, 12000, 4000, Wide}, {192000, 20000, 4000, Wide}, {44101, 5000, 3000, Narrow},
		{8000, 3000, 5000, Wide}, {11025, 3000, 8025, Wide}, // and no image of what it can carry
	} {
		narrow, wide, _ := convert(t, file(c.rate, 24, 1, c.hz, 0.9))
		heard := map[int][]float64{Narrow: narrow, Wide: wide}[c.out]
		if got := 20 * math.Log10(loudness(heard, c.out, c.alias)/0.9); got > -60 {
			t.Errorf("%.0f Hz of %d Hz is at %.0f Hz in %d Hz, %.0f dB down", c.hz, c.rate, c.alias, c.out, -got)
		}
	}
}

// Both channels are heard, and what is opposite in them cancels.
func TestStereo(t *testing.T) {
	for _, c := range []struct{ left, right, want float64 }{{0.8, 0, 0.4}, {0.4, 0.4, 0.4}, {0.5, -0.5, 0}} {
		narrow, _, _ := convert(t, file(48000, 16, 1, 1000, c.left, c.right))
		if got := loudness(narrow, Narrow, 1000); math.Abs(got-c.want) > 0.01 {
			t.Errorf("%v and %v become %.3f", c.left, c.right, got)
		}
	}
}

// Samples of the narrow rate stay as they are, whatever the length.
func TestSameRateIsTheSame(t *testing.T) {
	content := file(Narrow, 16, 1.2345, 440, 0.9)
	narrow, wide, _ := convert(t, content)
	if len(narrow) != (len(content)-44)/2 || len(wide) != 2*len(narrow) {
		t.Fatalf("%d and %d samples", len(narrow), len(wide))
	}
	for i, v := range narrow {
		if want := float64(int16(binary.LittleEndian.Uint16(content[44+2*i:]))) / 32768; v != want {
			t.Fatalf("sample %d is %v, and was %v", i, v, want)
		}
	}
}

// What stands around the samples changes nothing; a file may come in any pieces.
func TestOtherChunks(t *testing.T) {
	extensible := append(format(tagExtensible, 1, 16000, 2, 16), 22, 0, 16, 0, 4, 0, 0, 0)
	extensible = append(extensible, 1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71)
	data := make([]byte, 3200)
	content := riff(chunk("LIST", []byte("odd")), chunk("fmt ", extensible), chunk("fact", make([]byte, 4)),
		chunk("data", data), chunk("id3 ", make([]byte, 999)))
	var n, w memory
	r, err := Convert(io.MultiReader(bytes.NewReader(content[:13]), bytes.NewReader(content[13:])), &n, &w)
	if err != nil || r.Length != 100*time.Millisecond || len(n.samples(t, Narrow)) != 800 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestWrongFiles(t *testing.T) {
	pcm := chunk("fmt ", format(tagPCM, 1, 8000, 2, 16))
	huge := append([]byte("data"), binary.LittleEndian.AppendUint32(nil, 0xffffffff)...)
	whole := riff(pcm, chunk("data", make([]byte, 16000)))
	for _, c := range []struct {
		content []byte
		want    string
	}{
		{nil, "is empty"},
		{[]byte("RIFF"), "is no WAV file"},
		{[]byte("ID3\x04 this is an MP3 file"), "is no WAV file"},
		{append([]byte("RIFX"), whole[4:]...), "is no WAV file"},
		{riff(), "ends before its samples begin"},
		{riff(pcm), "ends before its samples begin"},
		{whole[:40], "ends before its samples begin"},
		{riff(chunk("data", make([]byte, 2))), "before it says how they are written"},
		{riff(pcm, chunk("data", nil)), "has no samples"},
		{riff(pcm, huge), "says that it plays for 4473 minutes"},
		{whole[:len(whole)-100], "is cut short: 100 bytes"},
		{riff(pcm, chunk("data", make([]byte, 3))), "3 bytes, which 2 bytes a sample do not make up"},
		{riff(chunk("fmt ", format(tagPCM, 2, 8000, 3, 16)), chunk("data", make([]byte, 12))), "contradicts itself"},
		{riff(chunk("fmt ", format(tagFloat, 1, 8000, 4, 32)), chunk("data", make([]byte, 12))), "floating point"},
		{riff(chunk("fmt ", format(tagALaw, 1, 8000, 1, 8)), chunk("data", make([]byte, 12))), "A-law"},
		{riff(chunk("fmt ", format(tagMuLaw, 1, 8000, 1, 8)), chunk("data", make([]byte, 12))), "A-law"},
		{riff(chunk("fmt ", format(tagExtensible, 1, 8000, 2, 16)), chunk("data", make([]byte, 12))), "is compressed"},
		{riff(chunk("fmt ", format(0x55, 1, 8000, 1, 0)), chunk("data", make([]byte, 12))), "is compressed (format 85)"},
		{riff(chunk("fmt ", format(tagPCM, 6, 48000, 12, 16)), chunk("data", make([]byte, 12))), "has 6 channels"},
		{riff(chunk("fmt ", format(tagPCM, 0, 48000, 0, 16)), chunk("data", make([]byte, 12))), "has 0 channels"},
		{riff(chunk("fmt ", format(tagPCM, 1, 0, 2, 16)), chunk("data", make([]byte, 12))), "has 0 samples a second"},
		{riff(chunk("fmt ", format(tagPCM, 1, 8000, 2, 12)), chunk("data", make([]byte, 12))), "has 12 bits"},
		{riff(chunk("fmt ", make([]byte, 8)), chunk("data", make([]byte, 12))), "in 8 bytes"},
		{riff(chunk("fmt ", make([]byte, 4096)), chunk("data", make([]byte, 12))), "in 4096 bytes"},
		{riff(chunk("LIST", make([]byte, 2<<20)), pcm), "before its samples"},
	} {
		var n, w memory
		_, err := Convert(bytes.NewReader(c.content), &n, &w)
		var wrong *Error
		if !errors.As(err, &wrong) || !strings.Contains(wrong.Message, c.want) {
			t.Errorf("%q…: %v, want %q", c.content[:min(60, len(c.content))], err, c.want)
		}
	}
}

// An error of the one that sends or keeps the file is not the file's.
func TestErrorsAreNotTheFiles(t *testing.T) {
	broken := errors.New("broken")
	content := file(48000, 16, 1, 1000, 0.5)
	from := io.MultiReader(bytes.NewReader(content[:1000]), &failing{broken})
	if _, err := Convert(from, &memory{}, &memory{}); !errors.Is(err, broken) {
		t.Errorf("reading: %v", err)
	}
	if _, err := Convert(bytes.NewReader(content), &failing{broken}, &memory{}); !errors.Is(err, broken) {
		t.Errorf("writing: %v", err)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error)       { return 0, f.err }
func (f *failing) Write([]byte) (int, error)      { return 0, f.err }
func (f *failing) Seek(int64, int) (int64, error) { return 0, f.err }

// nothing keeps no byte.
type nothing struct{}

func (nothing) Write(p []byte) (int, error)    { return len(p), nil }
func (nothing) Seek(int64, int) (int64, error) { return 0, nil }

// A long file takes no more memory than a short one.
func TestMemoryIsBounded(t *testing.T) {
	taken := func(seconds int) uint64 {
		head := riff(chunk("fmt ", format(tagPCM, 2, 48000, 4, 16)), binary.LittleEndian.AppendUint32([]byte("data"),
			uint32(seconds*48000*4)))
		from := io.MultiReader(bytes.NewReader(head), io.LimitReader(zeros{}, int64(seconds*48000*4)))
		r := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			if _, err := Convert(from, nothing{}, nothing{}); err != nil && b.N == 1 {
				b.Fatal(err)
			}
		})
		return r.MemBytes / uint64(r.N)
	}
	if short, long := taken(1), taken(20); long > short+1<<20 {
		t.Errorf("a second takes %d bytes, twenty take %d", short, long)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func FuzzConvert(f *testing.F) {
	f.Add(file(8000, 8, 0.01, 1000, 0.5))
	f.Add(file(44100, 24, 0.01, 1000, 0.5, 0.2))
	f.Add(riff(chunk("fmt ", format(tagExtensible, 1, 8000, 2, 16)), chunk("data", make([]byte, 12))))
	f.Fuzz(func(t *testing.T, content []byte) {
		var n, w memory
		r, err := Convert(bytes.NewReader(content), &n, &w)
		if err != nil {
			var wrong *Error
			if !errors.As(err, &wrong) || strings.ContainsAny(wrong.Message, "\n\r") {
				t.Errorf("%v", err)
			}
			return
		}
		narrow, wide := n.samples(t, Narrow), w.samples(t, Wide)
		if r.Length <= 0 || r.Length > Most || len(narrow) == 0 || len(wide) < 2*len(narrow)-2 || len(wide) > 2*len(narrow)+2 {
			t.Errorf("%+v: %d and %d samples", r, len(narrow), len(wide))
		}
	})
}

func BenchmarkConvert(b *testing.B) {
	for _, rate := range []int{44100, 48000} {
		content := file(rate, 16, 10, 1000, 0.5, 0.5)
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			for range b.N {
				if _, err := Convert(bytes.NewReader(content), nothing{}, nothing{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
