package calls

import (
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestRingsRealAsterisk: three devices at once and in sequence, each for its own
// time, decided by ARI and by the fallback.
func TestRingsRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.Extension(t, "101", "", nil)
	l.Extension(t, "201", "", Object{"ring": "all", "ring_seconds": 7})
	l.Extension(t, "202", "4712", Object{"ring": "sequence", "ring_seconds": 5})
	caller := l.Register(t, l.Device(t, "caller", "101", nil), phone.Options{})
	three := func(number string, more ...Object) (ps [3]*phone.Phone) {
		for i, name := range []string{"a", "b", "c"} {
			ps[i] = l.Register(t, l.Device(t, name+number, number, more[i]), phone.Options{})
		}
		return ps
	}
	all := three("201", Object{"ring_seconds": 2}, Object{"ring_seconds": 4}, nil)
	sequence := three("202", Object{"ring_order": 7, "ring_seconds": 3}, Object{"ring_order": 1, "ring_seconds": 2}, Object{"ring_order": 1})
	for _, way := range []string{"decided", "fallback"} {
		t.Run(way, func(t *testing.T) {
			if way == "fallback" {
				l.Kill(t)
			}
			t.Run("all", func(t *testing.T) { l.ringAll(t, caller, all) })
			t.Run("sequence", func(t *testing.T) { l.ringSequence(t, caller, sequence) })
		})
	}
	l.Restart(t)
	t.Run("killed between", func(t *testing.T) { l.ringKilled(t, caller, sequence) })
}

// ringAll: all start at once, end after 2, 4 and, without a time of its own, the 7 seconds
// of the extension; one with a time of its own answers and the others stop.
func (l *lab) ringAll(t *testing.T, caller *phone.Phone, ps [3]*phone.Phone) {
	start := time.Now()
	out := Dial(t, caller, "201")
	var ins [3]*phone.Call
	for i, p := range ps {
		ins[i] = Rings(t, out, p)
	}
	Took(t, "to ring all three", start, 0)
	for i, want := range []time.Duration{2, 4, 7} {
		Hears(t, ins[i].Done(), ins[i], "the end of ringing")
		Took(t, "ringing of "+string(rune('a'+i)), start, want*time.Second)
	}
	if got := StatusOf(t, out.WaitAnswer()); got != 480 {
		t.Errorf("unanswered it ends with %d, want 480", got)
	}
	out = Dial(t, caller, "201")
	for i, p := range ps {
		ins[i] = Rings(t, out, p)
	}
	Answer(t, out, ins[1])
	Hears(t, ins[0].Done(), ins[0], "the end of ringing")
	Hears(t, ins[2].Done(), ins[2], "the end of ringing")
	Talk(t, out, ins[1])
	HangUp(t, out, ins[1])
	l.NoChannels(t)
}

// ringSequence: b for 2 and c for 5 seconds, then a for 3, then the mailbox.
func (l *lab) ringSequence(t *testing.T, caller *phone.Phone, ps [3]*phone.Phone) {
	start := time.Now()
	out := Dial(t, caller, "202")
	b, c := Rings(t, out, ps[1]), Rings(t, out, ps[2])
	Hears(t, b.Done(), b, "the end of ringing")
	Took(t, "ringing of b", start, 2*time.Second)
	select {
	case <-ps[0].Incoming():
		t.Fatal("the last phone rings before its turn")
	default:
	}
	Hears(t, c.Done(), c, "the end of ringing")
	Took(t, "ringing of c", start, 5*time.Second)
	a := Rings(t, out, ps[0])
	Hears(t, a.Done(), a, "the end of ringing")
	Took(t, "ringing of a", start, 8*time.Second)
	if err := out.WaitAnswer(); err != nil {
		t.Fatalf("the mailbox: %v", err)
	}
	if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	out = Dial(t, caller, "202") // both first ones refuse: the last rings at once
	for _, p := range ps[1:] {
		if err := Rings(t, out, p).Reject(486); err != nil {
			t.Fatal(err)
		}
	}
	a = Rings(t, out, ps[0])
	Answer(t, out, a)
	Talk(t, out, a)
	HangUp(t, a, out)
	l.NoChannels(t)
}

// ringKilled: the controller dies while the first ones ring; the sequence goes on
// where it was.
func (l *lab) ringKilled(t *testing.T, caller *phone.Phone, ps [3]*phone.Phone) {
	out := Dial(t, caller, "202")
	b, c := Rings(t, out, ps[1]), Rings(t, out, ps[2])
	l.Kill(t)
	for _, in := range []*phone.Call{b, c} {
		if err := in.Reject(486); err != nil {
			t.Fatal(err)
		}
	}
	a := Rings(t, out, ps[0])
	Answer(t, out, a)
	Talk(t, out, a)
	HangUp(t, a, out)
	l.NoChannels(t)
}
