package phone

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// listenTo plays samples in packets of 20 ms to a fresh ear.
func listenTo(hz float64, d time.Duration, play func(i int) float64) *ear {
	e := &ear{hz: hz, want: int(d * sampleRate / time.Second), found: newLatch()}
	for n := range 100 {
		s := make([]int16, frameSize)
		for i := range s {
			s[i] = ulawToLinear(linearToUlaw(int16(play(n*frameSize + i))))
		}
		e.hear(s, 0)
	}
	return e
}

func sine(hz, amp float64) func(int) float64 {
	return func(i int) float64 { return amp * math.Sin(2*math.Pi*hz*float64(i)/sampleRate) }
}

func TestEar(t *testing.T) {
	noise := rand.New(rand.NewPCG(1, 2))
	mixed := func(i int) float64 { return sine(440, 8000)(i) + sine(1000, 8000)(i) + sine(1700, 8000)(i) }
	stutter := func(i int) float64 {
		if i/4000%2 == 1 {
			return 0
		}
		return sine(1000, 8000)(i)
	}
	for name, tt := range map[string]struct {
		play func(int) float64
		want bool
	}{
		"the tone":             {sine(1000, 8000), true},
		"the tone, soft":       {sine(1000, 700), true},
		"the tone among three": {mixed, true},
		"the tone too soft":    {sine(1000, 100), false},
		"20 Hz beside":         {sine(1020, 8000), false},
		"another tone":         {sine(440, 8000), false},
		"twice as high":        {sine(2000, 8000), false},
		"silence":              {func(int) float64 { return 0 }, false},
		"noise":                {func(int) float64 { return noise.NormFloat64() * 6000 }, false},
		"the tone with breaks": {stutter, false},
	} {
		t.Run(name, func(t *testing.T) {
			e := listenTo(1000, time.Second, tt.play)
			if e.found.fired() != tt.want {
				t.Errorf("found %v, want %v; longest %d samples, level %.0f, dominant %.0f", e.found.fired(), tt.want, e.best, level(e.last), dominant(e.last))
			}
		})
	}
	if got := dominant(listenTo(1000, time.Second, sine(440, 8000)).last); got != 440 {
		t.Errorf("dominant frequency %v, want 440", got)
	}
	if got := level(listenTo(0, time.Second, sine(440, 32767)).last); math.Abs(got+3) > 0.5 {
		t.Errorf("a full sine has %.1f dBFS, want -3", got)
	}
}

func TestEarForgivesLostPackets(t *testing.T) {
	e := &ear{hz: 1000, want: 8000, found: newLatch()}
	o := oscillator{hz: 1000}
	samples, buf := make([]int16, frameSize), make([]byte, frameSize)
	for n := range 80 {
		o.fill(samples)
		for i, s := range samples {
			buf[i] = encode(payloadPCMA, s)
		}
		switch {
		case n%20 == 7:
		case n%20 == 8:
			e.hear(decode(payloadPCMA, buf), 1)
		default:
			e.hear(decode(payloadPCMA, buf), 0)
		}
	}
	if !e.found.fired() {
		t.Errorf("tone not found, longest %d", e.best)
	}
	e = &ear{hz: 1000, want: 8000, run: 7900, found: newLatch()}
	e.hear(nil, gapLimit+1)
	if e.run != 0 {
		t.Error("a long gap did not end the tone")
	}
}

func TestG711(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := int16(rapid.IntRange(-32000, 32000).Draw(t, "sample"))
		tolerance := math.Abs(float64(s))/16 + 40
		for _, law := range []int{payloadPCMU, payloadPCMA} {
			if got := decode(law, []byte{encode(law, s)})[0]; math.Abs(float64(got)-float64(s)) > tolerance {
				t.Fatalf("law %d: %d became %d", law, s, got)
			}
		}
	})
	for i := range 256 {
		if got := linearToUlaw(ulawToLinear(byte(i))); got != byte(i) && byte(i) != 0x7f { // two zeros
			t.Errorf("u-law %#x became %#x", i, got)
		}
		if got := linearToAlaw(alawToLinear(byte(i))); got != byte(i) {
			t.Errorf("A-law %#x became %#x", i, got)
		}
	}
	if ulawToLinear(0x00) != -32124 || ulawToLinear(0x80) != 32124 || alawToLinear(0x2a) != -32256 || ulawToLinear(0xff) != 0 {
		t.Error("the outer values of G.711 table 2a/1a are wrong") // ITU-T G.711
	}
}

func TestReceiverOrder(t *testing.T) {
	var r receiver
	steps := []struct {
		seq     uint16
		ssrc    uint32
		missing int
		late    bool
	}{{65534, 1, 0, false}, {65535, 1, 0, false}, {1, 1, 1, false}, {0, 1, 0, true}, {2, 1, 0, false}, {2, 1, 0, true}, {9000, 1, 0, false}, {9001, 2, 0, false}, {9003, 2, 1, false}}
	for i, s := range steps {
		if missing, late := r.order(packet{seq: s.seq, ssrc: s.ssrc}); missing != s.missing || late != s.late {
			t.Errorf("step %d: missing %d late %v, want %d %v", i, missing, late, s.missing, s.late)
		}
	}
}
