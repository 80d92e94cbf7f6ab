package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/office"
)

// askOnce: two talk, the called one asks a third, who refuses, is let go, gets the call,
// or sees the other hang up before he answers. Once it rings at the third it is all
// the same whether there is a controller.
func (s *survival) askOnce(t *testing.T) {
	out, in := Connect(t, s.phones["waiter"], s.phones["consulter"], "133")
	Talk(t, out, in)
	third := s.asksAdviser(t)
	moment(800 * time.Millisecond)
	switch rand.IntN(4) {
	case 0:
		if err := third.Reject(486); err != nil {
			t.Fatal(err)
		}
		takesBack(t, out, in)
		HangUp(t, out, in)
	case 1:
		Take(t, third)
		Talk(t, in, third)
		HangUp(t, third, third)
		takesBack(t, out, in)
		HangUp(t, in, out)
	case 2:
		HangUp(t, in, third)
		again := Incoming(t, s.phones["consulter"])
		Take(t, again)
		Talk(t, out, again)
		HangUp(t, again, out)
	default:
		Take(t, third)
		Talk(t, in, third)
		HangUp(t, in, in)
		Talk(t, out, third)
		HangUp(t, third, out)
	}
}

// asksAdviser orders it until a controller has done so: one that was killed may have,
// without an answer.
func (s *survival) asksAdviser(t *testing.T) *phone.Call {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	problem := ""
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		select {
		case in := <-s.phones["adviser"].Incoming():
			if err := in.Ring(); err != nil {
				t.Fatal(err)
			}
			return in
		case <-tick.C:
			problem = s.orderToAsk(t)
		}
	}
	t.Fatalf("nobody is asked: %s", problem)
	return nil
}

// orderToAsk says why nobody is asked yet.
func (s *survival) orderToAsk(t *testing.T) string {
	var page struct{ Items []LiveCall }
	if err := s.Client.Do(t.Context(), "GET", Tenant+"/calls", nil, &page); err != nil {
		return err.Error()
	}
	for _, c := range page.Items {
		i := slices.IndexFunc(c.Legs, func(l CallLeg) bool { return l.Device == "consulter" && l.State == "up" })
		if i < 0 {
			continue
		}
		err := s.Client.Do(t.Context(), "POST", Tenant+"/calls/"+c.ID+"/consult", Object{"to": "134", "leg": c.Legs[i].ID}, nil)
		if refused := new(office.Refused); errors.As(err, &refused) && refused.Status == http.StatusUnprocessableEntity {
			t.Error(err)
		}
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("the call is not among %d", len(page.Items))
}

// takesBack waits until two talk again; who was asked may have gone just when the controller
// died, and then the next one says how that goes on.
func takesBack(t *testing.T, out, in *phone.Call) {
	t.Helper()
	out.Tone(CallerTone)
	if err := in.Hear(Within(t, 30*time.Second), CallerTone, time.Second); err != nil {
		t.Fatalf("the call is not taken back: %v", err)
	}
	Talk(t, out, in)
}
