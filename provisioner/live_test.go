package provisioner

import (
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The turns of ring groups follow an extension to its new number and end with their group.
func TestTurnsFollowTheirRows(t *testing.T) {
	l := newLab(t)
	l.extension("101", "Anna")
	l.extension("102", "Bob")
	put(l, l.RingGroups, "sales", &pbx.RingGroup{Tenant: pbx.DefaultTenant, Name: "sales", Number: "600", Strategy: pbx.StrategyRoundRobin, RingSeconds: 20,
		Confirm: pbx.ConfirmNone, Waiting: pbx.WaitRinging, Members: []pbx.RingMember{{Extension: "101"}, {Extension: "102"}}})
	l.fresh()
	l.Calls.Turns.Begins(pbx.DefaultTenant, "sales", "102")
	if _, err := l.RenumberExtension(t.Context(), tester, pbx.DefaultTenant, "102", "122", Condition{}); err != nil {
		t.Fatal(err)
	}
	if got := l.Live().Turn(pbx.DefaultTenant, "sales").Last; got != "122" {
		t.Errorf("the last call began with %s", got)
	}
	if _, err := l.RingGroups.Delete(t.Context(), tester, pbx.DefaultTenant, "sales", Condition{}); err != nil {
		t.Fatal(err)
	}
	if got := l.Live().Turn(pbx.DefaultTenant, "sales").Last; got != "" {
		t.Errorf("a deleted group began with %s", got)
	}
}
