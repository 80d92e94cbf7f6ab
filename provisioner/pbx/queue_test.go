package pbx

import (
	"strings"
	"testing"
	"time"
)

func supportQueue() *Queue {
	return &Queue{Tenant: "acme", Name: "support", Number: "600", Strategy: StrategyAll, RingSeconds: 20, Retry: 5,
		PeriodicSeconds: 60, AnnounceSeconds: 60, Members: []QueueMember{{Extension: "101"}}}
}

func TestQueueValidate(t *testing.T) {
	if err := supportQueue().Validate(); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*Queue){
		"name": func(q *Queue) { q.Name = "a]b" }, "number": func(q *Queue) { q.Number = "6,1" },
		"strategy": func(q *Queue) { q.Strategy = StrategyPaging }, "ring_seconds": func(q *Queue) { q.RingSeconds = 0 },
		"retry_seconds": func(q *Queue) { q.Retry = 0 }, "wrap_up_seconds": func(q *Queue) { q.WrapUp = -1 },
		"max_waiting": func(q *Queue) { q.MaxWaiting = 1001 }, "max_wait_seconds": func(q *Queue) { q.MaxWait = 4 },
		"welcome":               func(q *Queue) { q.Welcome = "a&b" },
		"periodic_announcement": func(q *Queue) { q.Periodic = "announcement:A\nmember=x" },
		"periodic_seconds":      func(q *Queue) { q.PeriodicSeconds = 9 }, "announce_seconds": func(q *Queue) { q.AnnounceSeconds = 14 },
		"empty_destination":    func(q *Queue) { q.Empty = Destination{ToQueue, "support"} },
		"members[0].penalty":   func(q *Queue) { q.Members[0].Penalty = 1001 },
		"members[0].extension": func(q *Queue) { q.Members[0].Extension = "1|2" },
		"members[1]":           func(q *Queue) { q.Members = append(q.Members, q.Members[0]) },
		"members":              func(q *Queue) { q.Members = make([]QueueMember, MaxQueueMembers+1) },
	} {
		q := supportQueue()
		change(q)
		if err := q.Validate(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// A queue has the same name in Asterisk, and another one where Asterisk could not change it.
func TestQueueKeys(t *testing.T) {
	for strategy, want := range map[Strategy]string{StrategyAll: "support@acme", StrategyRandom: "support@acme",
		StrategySequential: "support@acme+linear"} {
		q := supportQueue()
		q.Strategy = strategy
		tenant, name, ok := ParseQueueKey(q.Key())
		if q.Key() != want || tenant != "acme" || name != "support" || !ok || strategy.QueueWord() == "" {
			t.Errorf("%s: %s, %s %s %v", strategy, q.Key(), tenant, name, ok)
		}
	}
	for _, foreign := range []string{"", "support", "@", "Support@acme", "a@b@c", "support@acme+ringall"} {
		if tenant, name, ok := ParseQueueKey(foreign); ok {
			t.Errorf("%q is queue %q of tenant %q", foreign, name, tenant)
		}
	}
}

// Every way on of a queue, by what Asterisk says of it.
func TestQueuePlan(t *testing.T) {
	q := supportQueue()
	q.Destination, q.Full, q.Empty = Destination{ToHangup, ""}, Destination{ToExtension, "102"}, Destination{ToQueue, "other"}
	other := supportQueue()
	other.Name, other.Number = "other", "601"
	s := NewSnapshot(1, Rows{Tenants: []*Tenant{{Name: "acme"}}, Queues: []*Queue{q, other},
		Extensions: []*Extension{{Tenant: "acme", Number: "101"}, {Tenant: "acme", Number: "102"}}})
	c := Call{Tenant: "acme", Dialled: "600"}
	p := Route(s, c, time.Now())
	if p.Steps[0].Kind != StepQueue || p.Steps[0].Context("acme") != "queue-acme" || c.At(s) != "600" {
		t.Fatalf("%+v", p.Steps[0])
	}
	for status, want := range map[string]string{"TIMEOUT": "hangup", "WITHDRAW": "hangup", "FULL": "extension:102",
		"JOINEMPTY": "queue:other", "LEAVEEMPTY": "queue:other", "JOINUNAVAIL": "queue:other", "LEAVEUNAVAIL": "queue:other",
		"": "queue:other", "NEWWORD": "queue:other"} {
		if step := p.Steps[p.After(0, ParseOutcome(status))]; step.Kind != StepForward || step.To.String() != want {
			t.Errorf("%s leads to %s %s", status, step.Kind, step.To)
		}
	}
	if step := p.Steps[p.After(0, OutcomeAnswer)]; step.Kind != StepHangup || step.Cause != CauseNormal {
		t.Errorf("an answered call goes on: %+v", step)
	}
	back := c.Sent(q.Empty).Sent(Destination{ToQueue, "support"})
	if p := Route(s, back, time.Now()); back.At(s) != "600" || p.Steps[3].Kind != StepHangup {
		t.Errorf("a circle of queues goes on: %+v", p.Steps[3])
	}
}

// A number leads to a queue, and a call that comes back from there goes on from where it was.
func TestNumberLeadsToQueue(t *testing.T) {
	q := supportQueue()
	q.Destination = Destination{ToExtension, "101"}
	s := NewSnapshot(1, Rows{Tenants: []*Tenant{{Name: "acme", Country: "DE"}}, Queues: []*Queue{q},
		Extensions: []*Extension{{Tenant: "acme", Number: "101"}},
		Trunks:     []*Trunk{{Tenant: "acme", Name: "carrier", Endpoint: "tcarrier"}},
		Numbers:    []*Number{{Tenant: "acme", Number: "+493012345600", Destination: Destination{ToQueue, "support"}}}})
	c := Call{Tenant: "acme", Dialled: "+493012345600", Endpoint: "tcarrier", Caller: "+4989"}
	first := Route(s, c, time.Now()).Steps[0]
	if first.Kind != StepForward || first.To != (Destination{ToQueue, "support"}) {
		t.Fatalf("the number leads to %+v", first)
	}
	at := c.Sent(first.To)
	at.Dialled, at.Hops = ParseHops(HopsText(at.Dialled, at.Hops)) // as the channel keeps it
	p := Route(s, at, time.Now())
	if p.Steps[0].Kind != StepQueue || at.At(s) != "600" {
		t.Fatalf("there is %+v, at %s", p.Steps[0], at.At(s))
	}
	if on := p.Steps[p.After(0, OutcomeTimeout)]; on.To != q.Destination {
		t.Errorf("and then %+v", on)
	}
}
