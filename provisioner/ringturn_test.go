package provisioner

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestRingTurns: only the dial of a group's own step counts as an answer, for the
// member whose leg it was, and what is known outlives a restart, a renumbering and
// answers of a group that is gone.
func TestRingTurns(t *testing.T) {
	l := newLab(t)
	endpoints := map[string]string{}
	for _, number := range []string{"101", "102"} {
		l.extension(number, "Member "+number)
		endpoints[number] = l.device("desk-"+number, number, 0)
	}
	put(l, l.RingGroups, "sales", &pbx.RingGroup{Tenant: pbx.DefaultTenant, Name: "sales", Number: "600", Strategy: pbx.StrategyRoundRobin, RingSeconds: 20,
		Confirm: pbx.ConfirmNone, Waiting: pbx.WaitRinging, Members: []pbx.RingMember{{Extension: "101"}, {Extension: "102", Delay: 1}}})
	l.fresh()
	own := ""
	for _, leg := range l.Snapshot().GroupLegs(l.Snapshot().RingGroup("default", "sales")) {
		if leg.Member == "102" {
			own = leg.Endpoint
		}
	}
	at := time.UnixMilli(5000).UTC()
	dialled := func(context, exten, channel, status string) {
		frame := ami.ParseFrame(strings.Join([]string{"Event: DialEnd", "Context: " + context, "Exten: " + exten, "DestChannel: " + channel, "DialStatus: " + status, ""}, "\r\n"))
		l.turns.handle(ami.Event{Frame: frame, At: at})
	}
	desk, local := "PJSIP/"+endpoints["101"]+"-0000002a", "Local/"+own+"@dialtone-legs-00000001;1"
	dialled("dial-default", "600", desk, "ANSWER")
	dialled("dial-default", "600", local, "ANSWER")
	dialled("dial-default", "600", local, "ANSWER")
	for _, other := range [][]string{{"dial-default", "600", desk, "NOANSWER"}, {"dial-default", "101", desk, "ANSWER"}, {"dialtone-legs", own, desk, "ANSWER"},
		{"dial-acme", "600", desk, "ANSWER"}, {"dial-default", "600", "PJSIP/else-0000002b", "ANSWER"}, {"dial-default", "600", strings.TrimSuffix(local, "1") + "2", "ANSWER"}} {
		dialled(other[0], other[1], other[2], other[3])
	}
	l.RingBegins("default", "sales", "102")
	want := pbx.Turn{Last: "102", Answers: map[string]pbx.RingAnswer{"101": {At: at, Count: 1}, "102": {At: at, Count: 2}}}
	if diff := cmp.Diff(want, l.Live().Turn("default", "sales")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	l.turns.note(ringMember{ringGroup{"default", "gone"}, "101"}, func(turn *pbx.Turn) { turn.Answers["101"] = pbx.RingAnswer{At: at, Count: 9} })
	store(t, l.turns.changed)
	if _, err := l.RenumberExtension(t.Context(), tester, "default", "102", "112", Condition{}); err != nil {
		t.Fatal(err)
	}
	want.Last, want.Answers["112"] = "112", want.Answers["102"]
	delete(want.Answers, "102")
	now := l.Live().Turn("default", "sales")
	store(t, l.turns.changed)
	l.fresh()
	if diff := cmp.Diff(want, now) + cmp.Diff(want, l.Live().Turn("default", "sales")); diff != "" {
		t.Errorf("after renumbering and a restart: -want +got:\n%s", diff)
	}
	if got := l.Live().Turn("default", "gone"); len(got.Answers) > 0 {
		t.Errorf("of a group that is gone %+v is left", got)
	}
	if _, err := l.RingGroups.Delete(t.Context(), tester, "default", "sales", Condition{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(pbx.Turn{}, l.Live().Turn("default", "sales")); diff != "" {
		t.Errorf("of a deleted group is left:\n%s", diff)
	}
}
