package faults

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// worker makes calls of one kind, one after the other, from one extension.
type worker struct {
	name, extension string
	call            func(t *testing.T)
}

func (s *survival) workers() []worker {
	return []worker{
		{"rings", "111", s.ringOnce},
		{"is confirmed", "101", s.confirmOnce},
		{"hops", "113", s.hopOnce},
		{"is transferred", "117", s.transferOnce},
		{"is asked about", "132", s.askOnce},
		{"rings a group", "124", s.groupOnce},
		{"is short", "123", s.shortOnce},
		{"comes back", "135", s.comeBackOnce},
		{"is parked", "138", s.parkOnce},
		{"leaves", "141", s.leaveOnce},
		{"comes in", "", s.enterOnce},
	}
}

// loop makes calls until no more are to begin. A call that does not end as it
// should is a drop.
func (s *survival) loop(t *testing.T, w worker) {
	n := 0
	for s.ctx.Err() == nil && !t.Failed() {
		n++
		s.begun.Add(1)
		if w.call(t); !t.Failed() {
			s.finished.Add(1)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[w.extension] += n
}

// rungFor lets a phone ring for a moment: it must ring on.
func rungFor(t *testing.T, out *phone.Call, ins ...*phone.Call) {
	t.Helper()
	moment(800 * time.Millisecond)
	for _, in := range ins {
		StillRings(t, out, in)
	}
}

// ringOnce: ringing goes on until somebody answers, cancels or refuses; after a
// refusal comes the mailbox.
func (s *survival) ringOnce(t *testing.T) {
	out := Dial(t, s.phones["ringer"], rungNumber)
	in := Rings(t, out, s.phones["rung"])
	rungFor(t, out, in)
	switch rand.IntN(4) {
	case 0:
		HangUp(t, out, in)
	case 1:
		if err := in.Reject(486); err != nil {
			t.Fatal(err)
		}
		if err := out.WaitAnswer(); err != nil {
			t.Fatalf("the mailbox: %v", err)
		}
		Leave(t, out)
	default:
		Answer(t, out, in)
		Talk(t, out, in)
		HangUp(t, in, out)
	}
}

// confirmOnce: a desk phone and a mobile ring; the mobile is asked and takes the
// call, or the desk phone is quicker.
func (s *survival) confirmOnce(t *testing.T) {
	out := Dial(t, s.Caller, "210")
	atDesk, mobile := Rings(t, out, s.phones["desk"]), Rings(t, out, s.Ada)
	rungFor(t, out, atDesk, mobile)
	s.Asked(t, out, atDesk, mobile)
	there, other := mobile, atDesk
	if rand.IntN(3) == 0 {
		there, other = atDesk, mobile
		Answer(t, out, atDesk)
	} else {
		Press(t, mobile, "1")
		if err := out.WaitAnswer(); err != nil {
			t.Fatal(err)
		}
	}
	Talk(t, out, there)
	Hears(t, other.Done(), other, "the end of the other leg")
	HangUp(t, out, there)
}

// hopOnce: a busy extension sends the call on, or, by the fallback, ends it as busy;
// one that sends every call on does so without a controller too.
func (s *survival) hopOnce(t *testing.T) {
	number := []string{"114", "116"}[rand.IntN(2)]
	out := Dial(t, s.phones["hopper"], number)
	if number == "114" {
		first := Rings(t, out, s.phones["busy"])
		rungFor(t, out, first)
		if err := first.Reject(486); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case in := <-s.phones["hopped"].Incoming():
		if err := in.Ring(); err != nil {
			t.Fatal(err)
		}
		rungFor(t, out, in)
		Answer(t, out, in)
		Talk(t, out, in)
		HangUp(t, out, in)
	case <-out.Done():
		if got := StatusOf(t, out.Err()); got != 486 || number != "114" {
			t.Errorf("calling %s ends with %d", number, got)
		}
		s.fellBack.Add(1)
	case <-time.After(Patience):
		t.Errorf("a call to %s is nowhere", number)
	}
}

// transferOnce: two talk, one of them transfers the other, who then talks to a third.
func (s *survival) transferOnce(t *testing.T) {
	out, in := Connect(t, s.phones["asker"], s.phones["mediator"], "118")
	Talk(t, out, in)
	if err := in.Refer(Within(t, 10*time.Second), "119"); err != nil {
		t.Fatal(err)
	}
	third := Incoming(t, s.phones["asked"])
	rungFor(t, out)
	if err := third.Answer(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := in.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	Talk(t, out, third)
	HangUp(t, third, out)
}

// groupOnce: a ring group rings at once, one member a second later, or one after the
// other; whoever answers has the call, and the others stop.
func (s *survival) groupOnce(t *testing.T) {
	members := []*phone.Phone{s.phones["first"], s.phones["second"], s.phones["third"]}
	if rand.IntN(2) == 0 {
		out := Dial(t, s.phones["grouper"], "602")
		_, in := s.anyRings(t, out, members)
		rungFor(t, out, in)
		Answer(t, out, in)
		Talk(t, out, in)
		HangUp(t, in, out)
		s.forget(members)
		return
	}
	out := Dial(t, s.phones["grouper"], "601")
	var ins []*phone.Call
	for _, m := range members {
		ins = append(ins, Rings(t, out, m))
	}
	rungFor(t, out, ins...)
	who := rand.IntN(len(ins))
	Answer(t, out, ins[who])
	Talk(t, out, ins[who])
	for _, in := range ins[:who] {
		Hears(t, in.Done(), in, "the end of ringing")
	}
	for _, in := range ins[who+1:] {
		Hears(t, in.Done(), in, "the end of ringing")
	}
	HangUp(t, out, ins[who])
}

// anyRings waits for a call at one of three phones and rings there.
func (s *survival) anyRings(t *testing.T, out *phone.Call, at []*phone.Phone) (int, *phone.Call) {
	t.Helper()
	var in *phone.Call
	who := 0
	select {
	case in = <-at[0].Incoming():
	case in = <-at[1].Incoming():
		who = 1
	case in = <-at[2].Incoming():
		who = 2
	case <-out.Done():
		t.Fatalf("the call ended before it rang: %v", out.Err())
	case <-time.After(Patience):
		t.Fatal("nobody of the group rings")
	}
	if err := in.Ring(); err != nil {
		t.Fatal(err)
	}
	return who, in
}

// forget lets go of calls that rang beside the one that was taken: by the fallback,
// everybody in a group rings at once.
func (s *survival) forget(members []*phone.Phone) {
	others := false
	for _, m := range members {
		for more := true; more; {
			select {
			case <-m.Incoming():
				others = true
			default:
				more = false
			}
		}
	}
	if others {
		s.fellBack.Add(1)
	}
}

// takeTurn calls a group whose members take turns: many kills later it is the turn of
// the one behind the last.
func (s *survival) takeTurn(t *testing.T) {
	t.Helper()
	out := Dial(t, s.phones["turner"], "603")
	who, in := s.anyRings(t, out, []*phone.Phone{s.phones["turn-0"], s.phones["turn-1"], s.phones["turn-2"]})
	if who != s.turn {
		t.Errorf("it is the turn of member %d, not %d", who, s.turn)
	}
	HangUp(t, out, in)
	s.turn = (who + 1) % 3
}

// shortOnce keeps the controller deciding.
func (s *survival) shortOnce(t *testing.T) {
	if err := callOnce(s.phones["quick"], []string{"200", "200", "999"}[rand.IntN(3)]); err != nil {
		t.Error(err)
	}
}

// longCall is up over many kills.
type longCall struct {
	caller, extension, number string
	callee                    *phone.Phone
	out, in                   *phone.Call
	records                   int // of the caller, before
}

func (c *longCall) begin(t *testing.T, s *survival) {
	t.Helper()
	c.records = len(s.recordsFrom(t, c.extension))
	s.begun.Add(1)
	c.out = Dial(t, s.phones[c.caller], c.number)
	c.in = Rings(t, c.out, c.callee)
	if err := c.in.Answer(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if c.number == "220" {
		HearsSpeech(t, c.in)
		Press(t, c.in, "1")
	}
	if err := c.out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
}

// talk checks the audio both ways until ctx ends: the tones, and that what is sent
// arrives.
func (c *longCall) talk(ctx context.Context, t *testing.T) {
	Talk(t, c.out, c.in)
	outs, ins := c.out.Stats(), c.in.Stats()
	for ctx.Err() == nil && !t.Failed() {
		Talk(t, c.out, c.in)
	}
	outs2, ins2 := c.out.Stats(), c.in.Stats()
	for who, n := range map[string][2]int{
		"the callee": {ins2.Received - ins.Received, outs2.Sent - outs.Sent},
		"the caller": {outs2.Received - outs.Received, ins2.Sent - ins.Sent},
	} {
		if n[0]*10 < n[1]*9 {
			t.Errorf("%s got %d of %d packets", who, n[0], n[1])
		}
	}
}

// end looks at the call as the last controller knows it, hangs up and looks at its
// record.
func (c *longCall) end(t *testing.T, s *survival) {
	t.Helper()
	Eventually(t, 5*time.Second, func() string { return c.unknown(t, s) })
	s.WaitStatus(t, c.caller, 5*time.Second, "in a call", func(st Status) bool { return IsOK(st) && st.Call == "in-call" })
	HangUp(t, c.out, c.in)
	Eventually(t, 5*time.Second, func() string {
		if n := len(s.recordsFrom(t, c.extension)); n != c.records+1 {
			return c.caller + " has no record or too many"
		}
		return ""
	})
	r := s.recordsFrom(t, c.extension)[0]
	if r.Outcome != "answered" || r.Answered == nil || r.AnsweredBy == nil || !r.Incomplete || r.Billable <= 0 {
		t.Errorf("the record of %s says %+v", c.caller, r)
	}
	s.WaitStatus(t, c.caller, 5*time.Second, "idle", func(st Status) bool { return IsOK(st) && st.Call == "idle" })
	s.finished.Add(1)
}

// unknown says what the list of calls does not say of this one.
func (c *longCall) unknown(t *testing.T, s *survival) string {
	var page struct{ Items []LiveCall }
	s.Do(t, "GET", Tenant+"/calls", nil, &page)
	for _, l := range page.Items {
		if l.From.Device == c.caller {
			if l.Answered == nil || l.AnsweredBy == nil || !l.Incomplete {
				return "the call is shown otherwise"
			}
			return ""
		}
	}
	return "the call of " + c.caller + " is not in the list"
}
