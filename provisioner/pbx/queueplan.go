package pbx

import (
	"fmt"
	"strings"
)

// toQueue lets a call wait in a queue, and then leads to where the queue says.
func toQueue(r routing, q *Queue) Plan {
	from := r.c.Extension(r.s)
	next := NextIs(3, OutcomeEmpty, OutcomeUnreachable)
	next.set(OutcomeTimeout, 1)
	next.set(OutcomeFull, 2)
	next.set(OutcomeAnswer, 4)
	wait := Step{Kind: StepQueue, Wait: r.s.WaitingIn(q), Record: from != nil && from.Record,
		Rule: fmt.Sprintf("the call waits in queue %s for %s", q.Name, q.memberText()), Next: next}
	return Plan{Steps: []Step{wait,
		r.queueEnd(q, q.TimedOut, CauseNoAnswer, "was not answered in time"),
		r.queueEnd(q, q.Full, CauseBusy, "is full"),
		r.queueEnd(q, q.Empty, CauseAbsent, "has no member that could be rung"),
		hangupStep(CauseNormal, "the call to queue %s has ended", q.Name)}}
}

func (q *Queue) memberText() string {
	var numbers []string
	for _, m := range q.Members {
		numbers = append(numbers, m.Extension)
	}
	if len(numbers) == 0 {
		return "nobody"
	}
	return "extension " + strings.Join(numbers, ", ")
}

// queueEnd is where a call goes that no member took.
func (r routing) queueEnd(q *Queue, to Destination, cause int, why string) Step {
	if to.IsZero() {
		to = q.Destination
	}
	if to.IsZero() {
		return hangupStep(cause, "queue %s %s", q.Name, why)
	}
	if barred := r.barred(to); barred != "" {
		return hangupStep(cause, "queue %s %s, is %s", q.Name, why, barred)
	}
	return sendOn(to, "queue %s %s", q.Name, why)
}

func (s *Snapshot) indexQueues() {
	s.queues = byKey(s.Queues, func(q *Queue) key { return key{q.Tenant, q.Name} })
	s.queueNumbers, s.queuesOf = make(map[key]*Queue, len(s.Queues)), map[key][]*Queue{}
	for _, q := range s.Queues {
		s.queueNumbers[key{q.Tenant, q.Number}] = q
		for _, m := range q.Members {
			k := key{q.Tenant, m.Extension}
			s.queuesOf[k] = append(s.queuesOf[k], q)
		}
	}
}

// Queue returns the queue of a tenant by name, or nil.
func (s *Snapshot) Queue(tenant, name string) *Queue { return s.queues[key{tenant, name}] }

// QueueAt returns the queue of a tenant by number, or nil.
func (s *Snapshot) QueueAt(tenant, number string) *Queue { return s.queueNumbers[key{tenant, number}] }

// QueuesOf returns the queues that an extension is a member of, by name.
func (s *Snapshot) QueuesOf(tenant, extension string) []*Queue {
	return s.queuesOf[key{tenant, extension}]
}

// Queue returns the queue that the call is at, or nil.
func (c Call) Queue(s *Snapshot) *Queue {
	if len(c.Hops) == 0 {
		return s.QueueAt(c.Tenant, c.Dialled)
	}
	if to := c.Hops[len(c.Hops)-1]; to.Kind == ToQueue {
		return s.Queue(c.Tenant, to.Key)
	}
	return nil
}
