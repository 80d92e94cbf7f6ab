package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// staff is a small office: Alice and Bob with mailboxes, Carol who is always
// busy and has none.
type staff struct {
	*lab
	alice, bob, carol *phone.Phone
}

func openStaff(t *testing.T) *staff {
	t.Helper()
	s := &staff{lab: openLab(t, box.Asterisk22)}
	s.Extension(t, "101", "4711", nil)
	s.Extension(t, "102", "4712", nil)
	s.Extension(t, "103", "", nil)
	alice, bob, carol := s.Device(t, "alice", "101", nil), s.Device(t, "bob", "102", nil), s.Device(t, "carol", "103", nil)
	s.alice, s.bob = s.Register(t, alice, phone.Options{}), s.Register(t, bob, phone.Options{Model: "VVX450"})
	s.carol = s.Register(t, carol, phone.Options{Busy: true})
	s.asBefore(t)
	return s
}

// asBefore checks that everything works as it should with a controller: statuses
// are live and right within seconds, and calls are decided by ARI.
func (s *staff) asBefore(t *testing.T) {
	t.Helper()
	for _, name := range []string{"alice", "bob", "carol"} {
		s.WaitStatus(t, name, 5*time.Second, "OK and idle", func(st Status) bool { return IsOK(st) && st.Call == "idle" && st.Age < 60 })
	}
	before := s.Decisions(t)
	out, in := Connect(t, s.alice, s.bob, "102")
	HangUp(t, in, out)
	s.Decided(t, before, 1)
	s.NoChannels(t)
}

// TestKillControllerRealAsterisk kills the controller as kill -9 does, at the
// worst moments.
func TestKillControllerRealAsterisk(t *testing.T) {
	t.Parallel()
	s := openStaff(t)
	t.Run("talking", s.killTalking)
	t.Run("ringing", s.killRinging)
	t.Run("away", s.callsWhileAway)
	t.Run("waiting", s.killWaiting)
	t.Run("storm", s.killStorm)
}

// killTalking: talk goes on, either end hangs up, nothing is left.
func (s *staff) killTalking(t *testing.T) {
	for _, calleeFirst := range []bool{true, false} {
		out, in := Connect(t, s.alice, s.bob, "102")
		Talk(t, out, in)
		s.Kill(t)
		Talk(t, out, in)
		if calleeFirst {
			HangUp(t, in, out)
		} else {
			HangUp(t, out, in)
		}
		s.NoChannels(t)
		s.Restart(t)
		s.asBefore(t)
	}
}

// killRinging: ringing goes on to an answer, a cancel, or voicemail.
func (s *staff) killRinging(t *testing.T) {
	out := Dial(t, s.alice, "102")
	in := Rings(t, out, s.bob)
	s.Kill(t)
	Answer(t, out, in)
	Talk(t, out, in)
	HangUp(t, out, in)
	s.NoChannels(t)
	s.Restart(t)

	out = Dial(t, s.alice, "102")
	in = Rings(t, out, s.bob)
	s.Kill(t)
	HangUp(t, out, in)
	s.NoChannels(t)
	s.Restart(t)

	before := s.bob.Voicemail()
	out = Dial(t, s.alice, "102")
	Rings(t, out, s.bob)
	s.Kill(t)
	LeaveMessage(t, out, s.bob, before)
	s.NoChannels(t)
	s.Restart(t)
	s.asBefore(t)
}

// callsWhileAway: with nobody to decide, calls still ring, fall to voicemail, or
// end with the right word.
func (s *staff) callsWhileAway(t *testing.T) {
	s.Kill(t)
	out, in := Connect(t, s.alice, s.bob, "102")
	Talk(t, out, in)
	HangUp(t, in, out)

	before := s.bob.Voicemail()
	out = Dial(t, s.alice, "102")
	Rings(t, out, s.bob)
	LeaveMessage(t, out, s.bob, before)

	out = Dial(t, s.alice, "102") // busy, with a mailbox
	if err := Rings(t, out, s.bob).Reject(486); err != nil {
		t.Fatal(err)
	}
	LeaveMessage(t, out, s.bob, s.bob.Voicemail())

	if got := Refusal(t, s.alice, "103"); got != 486 {
		t.Errorf("a busy extension without a mailbox ends with %d, want 486", got)
	}
	if got := Refusal(t, s.alice, "999"); got != 404 {
		t.Errorf("an unknown number ends with %d, want 404", got)
	}
	OpenMailbox(t, s.bob, "4712")
	s.NoChannels(t)
	s.Restart(t)
	s.asBefore(t)
}

// killWaiting: a controller that dies with undecided calls in its hands leaves
// them in Stasis; the next one decides them.
func (s *staff) killWaiting(t *testing.T) {
	s.Suspend(t)
	ring, unknown := Dial(t, s.alice, "102"), Dial(t, s.alice, "999")
	Eventually(t, 5*time.Second, func() string {
		if out := s.Console(t, "core show channels concise"); strings.Count(out, "!Stasis!") != 2 {
			return "not in Stasis:\n" + out
		}
		return ""
	})
	s.Kill(t)
	s.Restart(t)
	in := Rings(t, ring, s.bob)
	Answer(t, ring, in)
	Talk(t, ring, in)
	HangUp(t, ring, in)
	if got := StatusOf(t, unknown.WaitAnswer()); got != 404 {
		t.Errorf("an unknown number ends with %d, want 404", got)
	}
	s.NoChannels(t)
	s.asBefore(t)
}

// kills is how often the storm kills the controller.
const kills = 20

// killStorm kills the controller at random instants while calls are set up
// without a pause. Every call rings or gets a clean answer, and none stays.
func (s *staff) killStorm(t *testing.T) {
	s.Extension(t, "200", "", nil)
	account := s.Device(t, "desk", "200", nil)
	s.Register(t, account, phone.Options{AutoAnswer: true})
	ctx, end := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	counts := make([]int, 2)
	for i, p := range []*phone.Phone{s.alice, s.bob} {
		callers.Go(func() {
			for ctx.Err() == nil && !t.Failed() {
				if err := callOnce(p, []string{"200", "200", "999"}[counts[i]%3]); err != nil {
					t.Errorf("call %d of caller %d: %v", counts[i], i, err)
				}
				counts[i]++
			}
		})
	}
	for range kills {
		pause := time.NewTimer(time.Duration(rand.IntN(300)) * time.Millisecond)
		<-pause.C
		s.KillAtOnce(t)
		s.Restart(t)
	}
	end()
	callers.Wait()
	t.Logf("%d calls while the controller was killed %d times", counts[0]+counts[1], kills)
	if counts[0]+counts[1] < kills {
		t.Errorf("only %d calls were made", counts[0]+counts[1])
	}
	s.NoChannels(t)
	s.asBefore(t)
}

// callOnce makes a call that must be answered or refused for what it is.
func callOnce(p *phone.Phone, number string) error {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	c, err := p.Call(ctx, number)
	var status *phone.StatusError
	switch {
	case err == nil && number == "200":
		return c.Hangup(ctx)
	case errors.As(err, &status) && status.Code == 404 && number == "999":
		return nil
	}
	return fmt.Errorf("calling %s: %w", number, err)
}
