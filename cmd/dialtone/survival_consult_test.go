package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/office"
)

// askOnce: two talk, the called one asks a third, who refuses, is let go, gets the call,
// or sees the other hang up before he answers. Once it rings at the third it is all
// the same whether there is a controller.
func (s *survival) askOnce(t *testing.T) {
	out, in := connect(t, s.phones["waiter"], s.phones["consulter"], "133")
	talk(t, out, in)
	third := s.asksAdviser(t)
	moment(800 * time.Millisecond)
	switch rand.IntN(4) {
	case 0:
		if err := third.Reject(486); err != nil {
			t.Fatal(err)
		}
		takesBack(t, out, in)
		hangUp(t, out, in)
	case 1:
		take(t, third)
		talk(t, in, third)
		hangUp(t, third, third)
		takesBack(t, out, in)
		hangUp(t, in, out)
	case 2:
		hangUp(t, in, third)
		again := incoming(t, s.phones["consulter"])
		take(t, again)
		talk(t, out, again)
		hangUp(t, again, out)
	default:
		take(t, third)
		talk(t, in, third)
		hangUp(t, in, in)
		talk(t, out, third)
		hangUp(t, third, out)
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
	var page struct{ Items []liveCall }
	if err := s.api.Do(t.Context(), "GET", tenant+"/calls", nil, &page); err != nil {
		return err.Error()
	}
	for _, c := range page.Items {
		i := slices.IndexFunc(c.Legs, func(l callLeg) bool { return l.Device == "consulter" && l.State == "up" })
		if i < 0 {
			continue
		}
		err := s.api.Do(t.Context(), "POST", tenant+"/calls/"+c.ID+"/consult", object{"to": "134", "leg": c.Legs[i].ID}, nil)
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
	out.Tone(callerTone)
	if err := in.Hear(within(t, 30*time.Second), callerTone, time.Second); err != nil {
		t.Fatalf("the call is not taken back: %v", err)
	}
	talk(t, out, in)
}
