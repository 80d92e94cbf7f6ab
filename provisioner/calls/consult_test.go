package calls

import (
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// shown is a call's legs as people see them: "caller up, bob asking".
func shown(c *trackedCall) string {
	var legs []string
	for _, l := range c.legs {
		legs = append(legs, l.Device+" "+string(l.State))
	}
	return strings.Join(legs, ", ")
}

// consultations are what was recorded of them: what the legs show, in order, and
// what people are told.
var consultations = map[string]struct{ shows, rules []string }{
	"asked": {
		[]string{"caller up, bob up", "caller waiting, bob up", "caller waiting, bob asking", "caller waiting, bob asking, carol ringing", "caller waiting, bob asking, carol answering",
			"caller waiting, bob asking, carol up", "caller waiting, bob ended, carol up", "caller up, bob ended, carol up"},
		[]string{"extension 102 holds the call and asks 103", "extension 102 transferred the call to 103 after asking"},
	},
	"returned": {
		[]string{"caller waiting, bob asking, carol up", "caller waiting, bob asking, carol ended", "caller up, bob up, carol ended"},
		[]string{"extension 102 holds the call and asks 103", "extension 102 took the call back"},
	},
	"goneon": {
		[]string{"caller waiting, bob asking, carol ringing", "caller waiting, bob ended, carol ended", "caller waiting, bob ended, carol ended, carol ringing", "caller up, bob ended, carol ended, carol up"},
		[]string{"extension 102 holds the call and asks 103", "extension 102 transferred the call to 103 while it rang"},
	},
	"recalled": {
		[]string{"caller waiting, bob asking, carol ringing", "caller waiting, bob ended, carol ended", "caller waiting, bob ended, carol ended, bob ringing", "caller up, bob ended, carol ended, bob up"},
		[]string{"extension 102 holds the call and asks 103", "extension 102 hung up while somebody waited, and is rung again"},
	},
}

func TestConsultationsAreShown(t *testing.T) {
	for name, want := range consultations {
		t.Run(name, func(t *testing.T) {
			r := newCallRig()
			var seen []string
			for _, e := range recordedEvents(t, name) {
				r.Handle(e)
				for _, call := range r.calls {
					if s := shown(call); len(seen) == 0 || seen[len(seen)-1] != s {
						seen = append(seen, s)
					}
				}
			}
			left := seen
			for _, s := range want.shows {
				i := slices.Index(left, s)
				if i < 0 {
					t.Fatalf("the legs never show %q after the others: they showed\n%s", s, strings.Join(seen, "\n"))
				}
				left = left[i+1:]
			}
			if got := r.records[0].Rules; !slices.Equal(got, want.rules) {
				t.Errorf("people are told\n%s", strings.Join(got, "\n"))
			}
			r.empty(t)
		})
	}
}

// A controller that comes while somebody is asked sees from the list who waits and who
// asks, and finds the channels to act on.
func TestConsultationIsRelisted(t *testing.T) {
	r := newCallRig()
	for _, c := range []ami.Channel{
		{Name: "PJSIP/dcaller-0000002a", State: "Up", UniqueID: "1795344800.1", LinkedID: "1795344800.1", Context: pbx.HeldContext, Exten: "s"},
		{Name: "PJSIP/dbob-0000002b", State: "Up", UniqueID: "1795344800.2", LinkedID: "1795344800.1", BridgeID: "b", Context: pbx.ConsultContext, Exten: "103"},
		{Name: "Local/103@dialtone-ask-00000001;1", State: "Up", UniqueID: "1795344800.3", LinkedID: "1795344800.1", BridgeID: "b", Context: pbx.AskContext, Exten: "103"},
		{Name: "Local/103@dialtone-ask-00000001;2", State: "Up", UniqueID: "1795344800.4", LinkedID: "1795344800.1", BridgeID: "c", Context: "dial-default", Exten: "103"},
		{Name: "PJSIP/dcarol-0000002c", State: "Up", UniqueID: "1795344800.5", LinkedID: "1795344800.1", BridgeID: "c", Context: "from-default"},
	} {
		r.relist(c, replayed)
	}
	r.settle(replayed)
	call := r.calls["1795344800.1"]
	if got := shown(call); got != "caller waiting, bob asking, carol up" {
		t.Errorf("the legs show %s", got)
	}
	if got := r.targetOf(r.channels["1795344800.2"]); got != "1795344800.3" {
		t.Errorf("what was dialled is %q", got)
	}
	if _, _, err := r.mayConsult(call.ID, "1795344800.2"); pbx.KindOf(err) != pbx.Conflict {
		t.Errorf("asking while somebody is asked: %v", err)
	}
	if _, _, err := r.mayConsult(call.ID, "1795344800.1"); pbx.KindOf(err) != pbx.Conflict {
		t.Errorf("asking while being held: %v", err)
	}
	by, held, err := r.mayConsult(call.ID, "1795344800.5")
	if err != nil || by.id != "1795344800.5" || held.id != "1795344800.4" {
		t.Errorf("who was asked asks: %+v holds %+v, %v", by, held, err)
	}
	// A fourth channel, such as a supervisor's, in the same bridge.
	r.relist(ami.Channel{Name: "PJSIP/dbusy-0000002d", State: "Up", UniqueID: "1795344800.6", LinkedID: "1795344800.6", BridgeID: "c"}, replayed)
	if _, _, err := r.mayConsult(call.ID, "1795344800.5"); pbx.KindOf(err) != pbx.Conflict || !strings.Contains(err.Error(), "2 others") {
		t.Errorf("asking in a conference: %v", err)
	}
}
