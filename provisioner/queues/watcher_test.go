package queues

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func office(strategy pbx.Strategy) func() *pbx.Snapshot {
	s := pbx.NewSnapshot(1, pbx.Rows{Tenants: []*pbx.Tenant{{Name: "acme"}},
		Queues: []*pbx.Queue{{Tenant: "acme", Name: "support", Number: "600", Strategy: strategy,
			Members: []pbx.QueueMember{{Extension: "102"}, {Extension: "101"}}}}})
	return func() *pbx.Snapshot { return s }
}

func frame(lines ...string) ami.Event {
	return ami.Event{Frame: ami.ParseFrame(strings.Join(lines, "\r\n"))}
}

// Only queues of ours are told of, by the strategy in force.
func TestLinesAreTold(t *testing.T) {
	for _, tt := range []struct {
		strategy          pbx.Strategy
		queue, name, want string
	}{
		{pbx.StrategyAll, "support@acme", "QueueCallerJoin", "joined 2"},
		{pbx.StrategyAll, "support@acme", "QueueCallerLeave", "left 2"},
		{pbx.StrategySequential, "support@acme+linear", "QueueCallerJoin", "joined 2"},
		{pbx.StrategyAll, "support@acme+linear", "QueueCallerJoin", ""}, // of before
		{pbx.StrategyAll, "support@other", "QueueCallerJoin", ""},
		{pbx.StrategyAll, "support", "QueueCallerJoin", ""},
		{pbx.StrategyAll, "support@acme", "QueueCallerAbandon", ""},
	} {
		hub := event.NewHub()
		sub := hub.Subscribe("acme")
		w := New(Options{Events: hub, Snapshot: office(tt.strategy)})
		w.Handle(frame("Event: "+tt.name, "Queue: "+tt.queue, "Count: 2"))
		hub.Publish("acme", event.Port{})
		got := ""
		if line, is := (<-sub.Events()).Data.(event.Line); is {
			got = string(line.Change) + " " + string(rune('0'+line.Waiting))
		}
		if got != tt.want {
			t.Errorf("%+v: told %q", tt, got)
		}
		sub.Close()
	}
}

// Members stand in the order of the queue, callers in that of the line; others are left out.
func TestStatusInOurWords(t *testing.T) {
	got := statusOf(office(pbx.StrategyAll)().Queue("acme", "support"), ami.QueueStatus{Completed: 3, Abandoned: 1,
		Members: []ami.QueueMember{{Name: "101", State: ami.DeviceInUse, Taken: 2}, {Name: "102", State: ami.DeviceNotInUse},
			{Name: "999"}},
		Callers: []ami.QueueCaller{{UniqueID: "2", Position: 2, Wait: 5e9, Number: "unknown"}, {UniqueID: "1", Position: 1, Wait: 9e9,
			Number: "030"}}})
	want := &pbx.QueueStatus{Answered: 3, Abandoned: 1,
		Members: []pbx.MemberStatus{{Extension: "102", State: pbx.MemberFree}, {Extension: "101", State: pbx.MemberBusy, Taken: 2}},
		Callers: []pbx.QueueCaller{{Channel: "1", Number: "030", Position: 1, Wait: 9e9}, {Channel: "2", Position: 2, Wait: 5e9}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.LongestWait() != 9e9 {
		t.Errorf("the longest wait is %v", got.LongestWait())
	}
}
