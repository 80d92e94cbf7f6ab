package pbx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Queue is a number at which callers wait in line until a member is free (application Queue,
// docs.asterisk.org).
type Queue struct {
	Tenant   string
	Name     string // key within the tenant
	Number   string // what people dial; no extension, ring group or other queue has it
	Strategy Strategy
	// Members are in the order of StrategySequential; at most MaxQueueMembers.
	Members     []QueueMember
	RingSeconds int // how long a member rings for one caller, 1–300
	Retry       int // seconds until members ring again, 1–60
	WrapUp      int // seconds after a call in which a member gets no other, 0–3600
	MaxWaiting  int // callers in line at once, with those that members ring for, 0–1000; 0 is any number
	MaxWait     int // seconds that a caller waits, 5–86400; 0 is for ever
	// WaitWhenEmpty lets callers wait also while no member could be rung.
	WaitWhenEmpty bool
	// Welcome is what a caller hears first, and Periodic what is said every PeriodicSeconds: a
	// sound of Asterisk, or announcement:NAME; "" for nothing.
	Welcome, Periodic string
	PeriodicSeconds   int // 10–3600
	// AnnounceSeconds is how often a caller is told of the own place in line (Position) and
	// of the expected wait (HoldTime), 15–3600.
	AnnounceSeconds    int
	Position, HoldTime bool
	// Destination is where a call goes that no member took; zero ends it. The others stand in for
	// it when the queue is full, no member can be rung, or MaxWait is over.
	Destination, Full, Empty, TimedOut Destination
	Version                            int64
	Revision                           int64
}

// QueueMember is an extension that takes calls of a queue.
type QueueMember struct {
	Extension string `json:"extension"` // its number
	// Penalty is 0–1000: members with a higher one ring only when no other could.
	Penalty int `json:"penalty,omitempty"`
}

// MaxQueueMembers bounds the members of one queue.
const MaxQueueMembers = 100

// The defaults of a new queue.
const (
	DefaultRetry           = 5
	DefaultAnnounceSeconds = 60
)

// queueStrategies are Asterisk's words for the strategies of queues.
var queueStrategies = map[Strategy]string{StrategyAll: "ringall", StrategySequential: "linear",
	StrategyRoundRobin: "rrmemory", StrategyLeastRecent: "leastrecent", StrategyFewestCalls: "fewestcalls",
	StrategyRandom: "random"}

// QueueStrategies are the strategies that a queue may have.
var QueueStrategies = []Strategy{StrategyAll, StrategySequential, StrategyRoundRobin, StrategyLeastRecent,
	StrategyFewestCalls, StrategyRandom}

// QueueWord is Asterisk's word for the strategy of a queue.
func (s Strategy) QueueWord() string { return queueStrategies[s] }

// Key names the queue in Asterisk. A queue whose strategy becomes linear must be a new one: with
// members it would go on as rrmemory (queue_set_param, apps/app_queue.c).
func (q *Queue) Key() string {
	name := q.Name + "@" + q.Tenant
	if q.Strategy == StrategySequential {
		name += linearMark
	}
	return name
}

// linearMark ends the keys of queues of StrategySequential. No tenant's name has it.
const linearMark = "+linear"

// ParseQueueKey reads a Key; false for a queue that is not ours.
func ParseQueueKey(key string) (tenant, name string, ok bool) {
	name, tenant, ok = strings.Cut(strings.TrimSuffix(key, linearMark), "@")
	return tenant, name, ok && CheckName("", name) == nil && CheckTenantName("", tenant) == nil
}

// QueueMemberContext rings the devices of an extension for a queue, without a controller.
func QueueMemberContext(tenant string) string { return "member-" + tenant }

// QueueHintContext has the hints by which queues know the state of their members. Those of
// HintContext are made when a phone subscribes, and dropped with its subscription.
func QueueHintContext(tenant string) string { return "members-" + tenant }

// QueueContext lets a call wait as StepVariable and the variables below say, and returns to
// Stasis with QUEUESTATUS, or goes on at AfterLabel of the fallback. WaitContext is the part of
// it that the fallback runs too.
func QueueContext(tenant string) string { return "queue-" + tenant }

// WaitContext is the subroutine that lets a call wait. It reads StepVariable and those below: the
// most callers that wait, whether they also do where no member could be rung, a sound that is
// heard first (see Step.Sound), and whether the call is recorded.
const (
	WaitContext          = "dialtone-wait"
	QueueMostVariable    = "DIALTONE_QUEUE_MOST"
	QueueEmptyVariable   = "DIALTONE_QUEUE_EMPTY"
	QueueWelcomeVariable = "DIALTONE_QUEUE_WELCOME"
	QueueRecordVariable  = "DIALTONE_QUEUE_RECORD"
	// QueueHopsVariable counts the queues that a call has been at without a controller, MaxHops at
	// most: queues may lead to each other.
	QueueHopsVariable = "DIALTONE_QUEUE_HOPS"
	// QueueRingVariable is handed on to the channels of members: how long their phones ring. Were
	// it the queue that let go of them, a phone could not tell that from a call that was given up.
	QueueRingVariable = "DIALTONE_QUEUE_RING"
)

// queueYes is the value of the variables that say yes.
const queueYes = "yes"

// Waiting is how a call waits in a queue.
type Waiting struct {
	Queue   *Queue
	Welcome string // see Step.Sound; "" for nothing
}

// WaitingIn is how calls wait in a queue.
func (s *Snapshot) WaitingIn(q *Queue) *Waiting { return &Waiting{q, s.SoundOf(q.Tenant, q.Welcome)} }

// Variables are those that WaitContext reads, StepVariable last.
func (w *Waiting) Variables(record bool) []Variable {
	var most, empty, recorded string
	if w.Queue.MaxWaiting > 0 {
		most = strconv.Itoa(w.Queue.MaxWaiting)
	}
	if w.Queue.WaitWhenEmpty {
		empty = queueYes
	}
	if record {
		recorded = queueYes
	}
	return []Variable{{QueueMostVariable, most}, {QueueEmptyVariable, empty}, {QueueWelcomeVariable, w.Welcome},
		{QueueRecordVariable, recorded}, {"_" + QueueRingVariable, strconv.Itoa(w.Queue.RingSeconds)}, {StepVariable, w.Argument()}}
}

// Argument is that of Queue. The i keeps phones of members from redirecting.
func (w *Waiting) Argument() string {
	out := w.Queue.Key() + ",i"
	if w.Queue.MaxWait > 0 {
		out += ",,," + strconv.Itoa(w.Queue.MaxWait)
	}
	return out
}

// Validate returns all broken rules.
func (q *Queue) Validate() error {
	var es Errors
	es.Add(CheckName("name", q.Name))
	es.Add(CheckNumber("number", q.Number))
	es.Add(oneOf("strategy", q.Strategy, QueueStrategies...))
	es.Add(CheckRange("ring_seconds", q.RingSeconds, 1, 300, "seconds"))
	es.Add(CheckRange("retry_seconds", q.Retry, 1, 60, "seconds"))
	es.Add(CheckRange("wrap_up_seconds", q.WrapUp, 0, 3600, "seconds"))
	es.Add(CheckRange("max_waiting", q.MaxWaiting, 0, 1000, "callers (0 is any number)"))
	if q.MaxWait != 0 {
		es.Add(CheckRange("max_wait_seconds", q.MaxWait, 5, 86400, "seconds"))
	}
	es.Add(checkSoundName("welcome", q.Welcome))
	es.Add(checkSoundName("periodic_announcement", q.Periodic))
	es.Add(CheckRange("periodic_seconds", q.PeriodicSeconds, 10, 3600, "seconds"))
	es.Add(CheckRange("announce_seconds", q.AnnounceSeconds, 15, 3600, "seconds"))
	for _, d := range q.Destinations() {
		if d.To == (Destination{ToQueue, q.Name}) {
			es.Add(Invalidf(d.Field, "leads back to queue %s itself", q.Name))
		}
	}
	q.checkMembers(&es)
	return es.Err()
}

func (q *Queue) checkMembers(es *Errors) {
	if len(q.Members) > MaxQueueMembers {
		es.Add(Invalidf("members", "are %d: at most %d are allowed", len(q.Members), MaxQueueMembers))
		return
	}
	for i, m := range q.Members {
		field := fmt.Sprintf("members[%d]", i)
		es.Add(CheckNumber(field+".extension", m.Extension))
		es.Add(CheckRange(field+".penalty", m.Penalty, 0, 1000, ""))
		if slices.ContainsFunc(q.Members[:i], func(o QueueMember) bool { return o.Extension == m.Extension }) {
			es.Add(Invalidf(field, "%s is a member twice", quote(m.Extension)))
		}
	}
}

// Destinations are where calls go that no member took, with the fields that say so.
func (q *Queue) Destinations() []NamedDestination {
	return []NamedDestination{{"destination", q.Destination}, {"full_destination", q.Full}, {"empty_destination", q.Empty},
		{"timeout_destination", q.TimedOut}}
}

// Redirect makes the queue lead to another destination; zero ends its calls.
func (q *Queue) Redirect(from, to Destination) {
	for _, d := range []*Destination{&q.Destination, &q.Full, &q.Empty, &q.TimedOut} {
		if *d == from {
			*d = to
		}
	}
}
