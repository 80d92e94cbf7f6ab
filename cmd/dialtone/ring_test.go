package main

import (
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// tolerance is how far ringing may be off its time on a busy machine.
const tolerance = 1500 * time.Millisecond

// took checks how long ago start was.
func took(t *testing.T, what string, start time.Time, want time.Duration) {
	t.Helper()
	if d := time.Since(start) - want; d < -tolerance || d > tolerance {
		t.Errorf("%s took %v, want %v", what, time.Since(start).Round(10*time.Millisecond), want)
	}
}

// press presses keys in a call.
func press(t *testing.T, c *phone.Call, keys string) {
	t.Helper()
	if err := c.SendDTMF(keys); err != nil {
		t.Fatal(err)
	}
}

// TestRingsRealAsterisk: three devices at once and in sequence, each for its own
// time, decided by ARI and by the fallback.
func TestRingsRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.extension(t, "101", "", nil)
	l.extension(t, "201", "", object{"ring": "all", "ring_seconds": 7})
	l.extension(t, "202", "4712", object{"ring": "sequence", "ring_seconds": 5})
	caller := l.register(t, l.device(t, "caller", "101", nil), phone.Options{})
	three := func(number string, more ...object) (ps [3]*phone.Phone) {
		for i, name := range []string{"a", "b", "c"} {
			ps[i] = l.register(t, l.device(t, name+number, number, more[i]), phone.Options{})
		}
		return ps
	}
	all := three("201", object{"ring_seconds": 2}, object{"ring_seconds": 4}, object{"ring_seconds": 300})
	sequence := three("202", object{"ring_order": 7, "ring_seconds": 3}, object{"ring_order": 1, "ring_seconds": 2}, object{"ring_order": 1})
	for _, way := range []string{"decided", "fallback"} {
		t.Run(way, func(t *testing.T) {
			if way == "fallback" {
				l.kill(t)
			}
			t.Run("all", func(t *testing.T) { l.ringAll(t, caller, all) })
			t.Run("sequence", func(t *testing.T) { l.ringSequence(t, caller, sequence) })
		})
	}
	l.restart(t)
	t.Run("killed between", func(t *testing.T) { l.ringKilled(t, caller, sequence) })
}

// ringAll: all start at once, end after 2, 4 and 7 seconds; one with a time of its
// own answers and the others stop.
func (l *lab) ringAll(t *testing.T, caller *phone.Phone, ps [3]*phone.Phone) {
	start := time.Now()
	out := dial(t, caller, "201")
	var ins [3]*phone.Call
	for i, p := range ps {
		ins[i] = rings(t, out, p)
	}
	took(t, "to ring all three", start, 0)
	for i, want := range []time.Duration{2, 4, 7} {
		hears(t, ins[i].Done(), ins[i], "the end of ringing")
		took(t, "ringing of "+string(rune('a'+i)), start, want*time.Second)
	}
	if got := statusOf(t, out.WaitAnswer()); got != 480 {
		t.Errorf("unanswered it ends with %d, want 480", got)
	}
	out = dial(t, caller, "201")
	for i, p := range ps {
		ins[i] = rings(t, out, p)
	}
	answer(t, out, ins[1])
	hears(t, ins[0].Done(), ins[0], "the end of ringing")
	hears(t, ins[2].Done(), ins[2], "the end of ringing")
	talk(t, out, ins[1])
	hangUp(t, out, ins[1])
	l.noChannels(t)
}

// ringSequence: b for 2 and c for 5 seconds, then a for 3, then the mailbox.
func (l *lab) ringSequence(t *testing.T, caller *phone.Phone, ps [3]*phone.Phone) {
	start := time.Now()
	out := dial(t, caller, "202")
	b, c := rings(t, out, ps[1]), rings(t, out, ps[2])
	hears(t, b.Done(), b, "the end of ringing")
	took(t, "ringing of b", start, 2*time.Second)
	select {
	case <-ps[0].Incoming():
		t.Fatal("the last phone rings before its turn")
	default:
	}
	hears(t, c.Done(), c, "the end of ringing")
	took(t, "ringing of c", start, 5*time.Second)
	a := rings(t, out, ps[0])
	hears(t, a.Done(), a, "the end of ringing")
	took(t, "ringing of a", start, 8*time.Second)
	if err := out.WaitAnswer(); err != nil {
		t.Fatalf("the mailbox: %v", err)
	}
	if err := out.Hangup(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	out = dial(t, caller, "202") // both first ones refuse: the last rings at once
	for _, p := range ps[1:] {
		if err := rings(t, out, p).Reject(486); err != nil {
			t.Fatal(err)
		}
	}
	a = rings(t, out, ps[0])
	answer(t, out, a)
	talk(t, out, a)
	hangUp(t, a, out)
	l.noChannels(t)
}

// ringKilled: the controller dies while the first ones ring; the sequence goes on
// where it was.
func (l *lab) ringKilled(t *testing.T, caller *phone.Phone, ps [3]*phone.Phone) {
	out := dial(t, caller, "202")
	b, c := rings(t, out, ps[1]), rings(t, out, ps[2])
	l.kill(t)
	for _, in := range []*phone.Call{b, c} {
		if err := in.Reject(486); err != nil {
			t.Fatal(err)
		}
	}
	a := rings(t, out, ps[0])
	answer(t, out, a)
	talk(t, out, a)
	hangUp(t, a, out)
	l.noChannels(t)
}
