// Package queues tells what is observed of queues: callers in line and members.
//
// It keeps nothing. Asterisk has the state, and is asked for it; events of Asterisk are told to
// the event stream. It may import provisioner/pbx, ami and provisioner/event.
package queues

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// askWithin bounds a question to Asterisk.
const askWithin = 5 * time.Second

// Options are what a Watcher needs. All are required.
type Options struct {
	Events   *event.Hub
	Snapshot func() *pbx.Snapshot
	Session  func() (*ami.Session, error)
}

// Watcher looks at queues.
type Watcher struct{ o Options }

// New returns a watcher.
func New(o Options) *Watcher { return &Watcher{o} }

// changes are the events that are told.
var changes = map[string]event.QueueChange{"QueueCallerJoin": event.QueueJoined, "QueueCallerLeave": event.QueueLeft}

// Handle tells of a caller that came into a line, or left it. It does not block.
func (w *Watcher) Handle(e ami.Event) {
	v, ok := e.Parse().(ami.QueueChange)
	if !ok {
		return
	}
	q := w.queueOf(v.Queue)
	if change := changes[v.Event]; q != nil && change != "" {
		w.o.Events.Publish(q.Tenant, event.Line{Tenant: q.Tenant, Name: q.Name, Change: change, Waiting: v.Waiting})
	}
}

// queueOf is the queue of a name in Asterisk, or nil.
func (w *Watcher) queueOf(key string) *pbx.Queue {
	tenant, name, ours := pbx.ParseQueueKey(key)
	if q := w.o.Snapshot().Queue(tenant, name); ours && q != nil && q.Key() == key {
		return q
	}
	return nil
}

// Of asks Asterisk for the state of a queue. The error is Unavailable while Asterisk cannot be
// asked, or has not loaded the queue yet.
func (w *Watcher) Of(ctx context.Context, tenant, name string) (*pbx.QueueStatus, error) {
	q := w.o.Snapshot().Queue(tenant, name)
	if q == nil {
		return nil, &pbx.Error{Kind: pbx.Unavailable, Message: "queue " + name + " is not in force yet: see apply in GET /v1/health"}
	}
	s, err := w.o.Session()
	if err != nil {
		return nil, &pbx.Error{Kind: pbx.Unavailable, Message: "there is no connection to Asterisk: " + err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	found, err := s.QueueStatus(ctx, q.Key())
	switch {
	case errors.Is(err, ami.ErrNotFound):
		return nil, &pbx.Error{Kind: pbx.Unavailable, Message: "Asterisk does not run queue " + name +
			": see apply in GET /v1/health, and whether app_queue.so is loaded (dialtone doctor)"}
	case err != nil:
		return nil, fmt.Errorf("asking Asterisk for queue %s: %w", name, err)
	}
	return statusOf(q, found), nil
}

// words are the states of members.
var words = map[ami.DeviceState]pbx.MemberState{ami.DeviceNotInUse: pbx.MemberFree, ami.DeviceInUse: pbx.MemberBusy,
	ami.DeviceBusy: pbx.MemberBusy, ami.DeviceOnHold: pbx.MemberBusy, ami.DeviceRinging: pbx.MemberRinging,
	ami.DeviceRingInUse: pbx.MemberRinging, ami.DeviceUnavailable: pbx.MemberUnavailable,
	ami.DeviceInvalid: pbx.MemberUnavailable}

// statusOf is what Asterisk says of a queue, in our words. Members are in the order of the queue.
func statusOf(q *pbx.Queue, s ami.QueueStatus) *pbx.QueueStatus {
	out := &pbx.QueueStatus{Answered: s.Completed, Abandoned: s.Abandoned, HoldTime: s.HoldTime, TalkTime: s.TalkTime}
	for _, c := range s.Callers {
		out.Callers = append(out.Callers, pbx.QueueCaller{Channel: c.UniqueID, Number: shown(c.Number), Name: shown(c.CallerID),
			Position: c.Position, Wait: c.Wait})
	}
	slices.SortFunc(out.Callers, func(a, b pbx.QueueCaller) int { return cmp.Compare(a.Position, b.Position) })
	at := func(number string) int {
		return slices.IndexFunc(q.Members, func(m pbx.QueueMember) bool { return m.Extension == number })
	}
	for _, m := range s.Members {
		if at(m.Name) < 0 {
			continue // a member of before
		}
		out.Members = append(out.Members, pbx.MemberStatus{Extension: m.Name, State: cmp.Or(words[m.State], pbx.MemberUnknown),
			Paused: m.Paused, Taken: m.Taken, LastCall: m.LastCall})
	}
	slices.SortFunc(out.Members, func(a, b pbx.MemberStatus) int { return cmp.Compare(at(a.Extension), at(b.Extension)) })
	return out
}

// shown leaves out Asterisk's word for a number or a name that is not known.
func shown(s string) string {
	if strings.EqualFold(s, "unknown") {
		return ""
	}
	return s
}
