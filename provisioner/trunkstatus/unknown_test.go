package trunkstatus

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestUnknownNumbers: each number is told of once an hour, and of many the last are kept.
func TestUnknownNumbers(t *testing.T) {
	l := newLab(t)
	synctest.Test(t, func(t *testing.T) {
		l.fresh()
		events := l.o.Events.Subscribe("")
		defer events.Close()
		calls := func(n int, number string) {
			for range n {
				l.Unknown("tone", number)
			}
			synctest.Wait()
		}
		told := func(want ...string) {
			t.Helper()
			var got []string
			for len(got) < len(want) {
				e := <-events.Events()
				u := e.Data.(event.UnknownNumber)
				got = append(got, fmt.Sprintf("%s/%s %s %d", u.Tenant, u.Trunk, u.Number, u.Count))
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("the events tell %q, want %q", got, want)
			}
			select {
			case e := <-events.Events():
				t.Errorf("and %+v", e)
			default:
			}
		}
		calls(3, "+4930123")
		<-time.After(time.Minute) // by the clock of the bubble
		calls(1, "030124")
		told("acme/tone +4930123 1", "acme/tone 030124 1")
		<-time.After(time.Hour - time.Minute)
		calls(2, "+4930123")
		told("acme/tone +4930123 4")
		l.Unknown("tstranger", "+4930125")
		if got := l.UnknownOf("tone"); len(got) != 2 || got[0].Number != "+4930123" || got[0].Count != 5 ||
			got[1].Count != 1 || len(l.UnknownOf("tstranger")) != 0 {
			t.Errorf("there are %+v", got)
		}
		for i := range 1000 {
			l.Unknown("tone", fmt.Sprintf("+49%d", 1000+i))
		}
		got := l.UnknownOf("tone")
		if len(got) != pbx.MaxUnknownNumbers {
			t.Errorf("%d numbers are kept", len(got))
		}
	})
}
