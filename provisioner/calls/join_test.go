package calls

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A call that is transferred while its target rings has the target in its record, in whatever
// order the last events come. Until one of these, the target has the Linkedid of the
// transferor's other call.
func TestTransferredWhileItRings(t *testing.T) {
	want := []string{
		`bob dialled 103: cancelled by "", called 103 carol ANSWER, via [], 0s`,
		`caller dialled 102: answered by "102", called 102 bob ANSWER, 103 carol ANSWER, via [transfer], 4.7s`,
	}
	events := recordedEvents(t, "handed")
	end := slices.IndexFunc(events, func(e ami.Event) bool {
		return e.Name() == "BridgeLeave" && e.Get("BridgeUniqueid") == events[len(events)-4].Get("BridgeUniqueid")
	})
	of := func(device string) (out []ami.Event) {
		for _, e := range events[end:] {
			if strings.HasPrefix(e.Get("Channel"), "PJSIP/d"+device+"-") {
				out = append(out, e)
			}
		}
		return out
	}
	for name, last := range map[string][]ami.Event{
		"as it was":         events[end:],
		"the caller first":  slices.Concat(of("caller"), of("carol")),
		"the target first":  slices.Concat(of("carol"), of("caller")),
		"nothing of either": nil,
	} {
		t.Run(name, func(t *testing.T) {
			r := newCallRig()
			for _, e := range slices.Concat(events[:end], last) {
				r.Handle(e)
			}
			if last == nil { // they are still talking
				call := r.calls[events[0].Get("Linkedid")]
				if got := shown(call); got != "caller up, bob ended, carol up" || len(r.calls) != 1 {
					t.Errorf("the legs show %s in one of %d calls", got, len(r.calls))
				}
				return
			}
			var got []string
			for _, c := range r.records {
				got = append(got, summary(c))
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("the records say\n     %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
			}
			if !slices.Equal(r.taken, []string{"default/102", "default/103"}) {
				t.Errorf("counted %v", r.taken)
			}
			r.empty(t)
		})
	}
}

// Two calls that meet are one only in a bridge of Dial, a transfer or the application Bridge.
// A later event with the former Linkedid does not part them again.
func TestCallsMeet(t *testing.T) {
	for kind, want := range map[string]int{"basic": 1, "base": 2, "holding": 2, "parking": 2, "stasis": 2, "": 2} {
		t.Run(kind, func(t *testing.T) {
			r := newCallRig()
			for _, id := range []string{"1.1", "1.2"} {
				r.Handle(told("Newchannel", id))
			}
			for i, id := range []string{"1.2", "1.1"} {
				r.Handle(told("BridgeEnter", id, "BridgeUniqueid", "b", "BridgeType", kind,
					"BridgeNumChannels", fmt.Sprint(i+1)))
			}
			r.Handle(told("Hold", "1.2"))
			r.Handle(told("Unhold", "1.2"))
			if len(r.calls) != want {
				t.Errorf("%d calls, want %d", len(r.calls), want)
			}
			if call := r.channels["1.2"].call; want == 1 && call.ID != "1.1" {
				t.Errorf("the call is that of %s, not the one that began first", call.ID)
			}
			for _, id := range []string{"1.1", "1.2"} {
				r.Handle(told("Hangup", id))
			}
			if r.empty(t); len(r.records) != 2 {
				t.Errorf("%d records, want one of each call", len(r.records))
			}
			for _, c := range r.records {
				if both := len(c.Called) == 1; both != (want == 1 && c.CallID == "1.1") || c.Outcome == pbx.CallFailed {
					t.Errorf("the record of %s says %s", c.CallID, summary(c))
				}
			}
		})
	}
}

// Of two calls within one second, one of which was listed at a connect, the older is the one
// with the lower running number, as in Asterisk.
func TestOlderOfTwoCalls(t *testing.T) {
	second := time.Unix(1795979582, 0)
	listed := &trackedCall{LiveCall: pbx.LiveCall{ID: "1795979582.100", Started: second}}
	for _, c := range []struct {
		id    string
		older bool
	}{{"1795979582.99", true}, {"1795979582.101", false}, {"1795979581.200", true}, {"pbx-1795979582.99", true}, {"click-a", false}} {
		live := &trackedCall{LiveCall: pbx.LiveCall{ID: c.id, Started: second.Add(500 * time.Millisecond)}}
		if live.olderThan(listed) != c.older || listed.olderThan(live) == c.older {
			t.Errorf("%s is older than %s: %v", c.id, listed.ID, live.olderThan(listed))
		}
	}
}

// Events from before a list, which are handled after it, make no call of what is part of
// another one by now.
func TestEventsFromBeforeTheList(t *testing.T) {
	r := newCallRig()
	var list []ami.Channel
	for _, id := range []string{"1.1", "1.2"} {
		list = append(list, ami.Channel{Name: "PJSIP/dcaller-" + id, UniqueID: id, LinkedID: "1.1", State: "Up",
			Context: "from-default", Exten: "102", BridgeID: "b"})
	}
	r.takeOver(list, time.Now())
	r.Handle(told("Newexten", "1.2")) // of the call that it was
	if len(r.calls) != 1 || r.channels["1.2"].call.ID != "1.1" {
		t.Errorf("%d calls, and the channel is in that of %s", len(r.calls), r.channels["1.2"].call.ID)
	}
	for _, id := range []string{"1.2", "1.1"} {
		r.Handle(told("Hangup", id, "Linkedid", "1.1"))
	}
	if r.empty(t); len(r.records) != 1 {
		t.Errorf("%d records, want that of the one call", len(r.records))
	}
}

// A pickup is in the record wherever Asterisk's word of it comes: also after the phone that rang
// has hung up, and after the two calls have met.
func TestPickupIsToldLate(t *testing.T) {
	events := recordedEvents(t, "pickup")
	told := slices.IndexFunc(events, func(e ami.Event) bool { return e.Name() == "Pickup" })
	over := slices.IndexFunc(events, func(e ami.Event) bool { return e.Name() == "BridgeLeave" })
	for at := told; at < over; at++ {
		r := newCallRig()
		for _, e := range slices.Concat(events[:told], events[told+1:at+1], events[told:told+1], events[at+1:]) {
			r.Handle(e)
		}
		if len(r.records) != 1 {
			t.Errorf("%d events late there are %d records", at-told, len(r.records))
		}
		for _, c := range r.records {
			if got := summary(c); got != recordedCalls["pickup"] {
				t.Errorf("%d events late the record says\n     %s\nwant %s", at-told, got, recordedCalls["pickup"])
			}
		}
		r.empty(t)
	}
}
