package faults

import (
	"regexp"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// comeBackOnce: two talk, one of them transfers the other to a target that refuses, and has
// the call back. It is all the same whether there is a controller.
func (s *survival) comeBackOnce(t *testing.T) {
	out, in := Connect(t, s.phones["sender"], s.phones["minder"], "136")
	Talk(t, out, in)
	s.sendOn(t, in, "137")
	refuser := Incoming(t, s.phones["refuser"])
	moment(500 * time.Millisecond)
	if err := refuser.Reject(486); err != nil {
		t.Fatal(err)
	}
	back := Incoming(t, s.phones["minder"])
	Take(t, back)
	Talk(t, out, back)
	HangUp(t, back, out)
}

var parkedAt701 = regexp.MustCompile(`Space +: +701\b`)

// parkOnce: two talk, one of them parks the other, and a third phone takes the call.
func (s *survival) parkOnce(t *testing.T) {
	out, in := Connect(t, s.phones["waits"], s.phones["parker"], "139")
	Talk(t, out, in)
	if err := in.Refer(Within(t, 10*time.Second), "701"); err != nil {
		t.Fatal(err)
	}
	for end, status := time.After(Patience), 0; status != 200; {
		select {
		case status = <-in.Transfer():
		case <-end:
			t.Fatal("the phone that parks is not told that the call is parked")
		}
	}
	if err := in.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	// Asterisk says that a transfer is done when it begins. A call whose controller is killed while
	// it decides is parked seconds later, by the next one.
	Eventually(t, Patience, func() string {
		if shown := s.Console(t, "parking show "+pbx.ParkContext("default")); !parkedAt701.MatchString(shown) {
			return "the call is not parked: " + shown
		}
		return ""
	})
	took := Dial(t, s.phones["taker"], "701")
	if err := took.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	Talk(t, out, took)
	HangUp(t, took, out)
}

// leaveOnce: a call to a mobile. Without a controller nobody calls outside.
func (s *survival) leaveOnce(t *testing.T) {
	out := Dial(t, s.phones["leaver"], Mobiles["cleo"])
	select {
	case in := <-s.phones["cleo"].Incoming():
		if err := in.Ring(); err != nil {
			t.Fatal(err)
		}
		Answer(t, out, in)
		Talk(t, out, in)
		HangUp(t, in, out)
	case <-out.Done():
		if got := StatusOf(t, out.Err()); got != 404 {
			t.Errorf("a call outside ends with %d", got)
		}
		s.fellBack.Add(1)
	case <-time.After(Patience):
		t.Error("a call outside is nowhere")
	}
}

// enterOnce: a mobile calls, and is transferred.
func (s *survival) enterOnce(t *testing.T) {
	out, in := Connect(t, s.phones["dave"], s.phones["door"], doorNumber)
	Talk(t, out, in)
	s.sendOn(t, in, "143")
	third := Incoming(t, s.phones["inner"])
	Take(t, third)
	Talk(t, out, third)
	HangUp(t, third, out)
}

// sendOn transfers by the transfer key, and hangs up.
func (s *survival) sendOn(t *testing.T, in *phone.Call, number string) {
	t.Helper()
	if err := in.Refer(Within(t, 10*time.Second), number); err != nil {
		t.Fatal(err)
	}
	if err := in.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
}

// doorNumber leads from outside to the phone "door".
const doorNumber = "+4930123499"
