package provisioner

import (
	"context"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// turns keeps what was observed of ring groups: whom the last call began with, and
// who answered when and how often. Memory is authoritative; the database follows at
// once, and what changes while it writes goes into the next transaction, so that
// what waits is bounded by the members there are.
type turns struct {
	db       *db.DB
	log      *slog.Logger
	snapshot func() *pbx.Snapshot

	mu    sync.Mutex
	turns map[ringGroup]pbx.Turn
	dirty map[ringMember]bool
	wake  chan struct{}
}

// ringGroup names a ring group.
type ringGroup struct{ tenant, name string }

// ringMember names a row: a member of a group, or with number "" the group.
type ringMember struct {
	ringGroup
	number string
}

// turnsPause is how long a row that could not be written waits.
const turnsPause = time.Second

// newTurns starts from what the database remembers.
func newTurns(ctx context.Context, d *db.DB, log *slog.Logger, snapshot func() *pbx.Snapshot) (*turns, error) {
	t := &turns{db: d, log: log, snapshot: snapshot, turns: map[ringGroup]pbx.Turn{}, dirty: map[ringMember]bool{}, wake: make(chan struct{}, 1)}
	rows, err := d.RingTurns(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		t.set(ringGroup{r.Tenant, r.Group}, func(turn *pbx.Turn) {
			if r.Member == "" {
				turn.Last = r.Last
				return
			}
			turn.Answers[r.Member] = pbx.RingAnswer{At: r.AnsweredAt, Count: r.Answers}
		})
	}
	return t, nil
}

// turn returns a copy of what is known of a group.
func (t *turns) turn(tenant, group string) pbx.Turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	turn := t.turns[ringGroup{tenant, group}]
	turn.Answers = maps.Clone(turn.Answers)
	return turn
}

// RingBegins notes that a call to a ring group begins with a member.
func (c *Controller) RingBegins(tenant, group, member string) { c.turns.begins(tenant, group, member) }

func (t *turns) begins(tenant, group, member string) {
	t.note(ringMember{ringGroup{tenant, group}, ""}, func(turn *pbx.Turn) { turn.Last = member })
}

// set changes what is known of a group. Nobody else may hold it, or the lock is held.
func (t *turns) set(g ringGroup, change func(*pbx.Turn)) {
	turn := t.turns[g]
	if turn.Answers == nil {
		turn.Answers = map[string]pbx.RingAnswer{}
	}
	change(&turn)
	t.turns[g] = turn
}

// note changes what is known and has the row written.
func (t *turns) note(row ringMember, change func(*pbx.Turn)) {
	t.mu.Lock()
	t.set(row.ringGroup, change)
	t.dirty[row] = true
	t.mu.Unlock()
	t.nudge()
}

func (t *turns) nudge() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// forget drops a group that was deleted; its rows went with it.
func (t *turns) forget(g ringGroup) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.turns, g)
	maps.DeleteFunc(t.dirty, func(m ringMember, _ bool) bool { return m.ringGroup == g })
}

// renumber carries what is known of an extension to its new number.
func (t *turns) renumber(tenant, from, to string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for g, turn := range t.turns {
		if g.tenant != tenant {
			continue
		}
		if turn.Last == from {
			turn.Last = to
			t.dirty[ringMember{g, ""}] = true
		}
		if answer, ok := turn.Answers[from]; ok {
			delete(turn.Answers, from)
			turn.Answers[to] = answer
			t.dirty[ringMember{g, to}] = true
		}
		t.turns[g] = turn
	}
	t.nudge()
}

// handle counts an answer: the dial of a group's step has found who takes the call.
// A leg of its own counts when its dial is through, confirmation included.
func (t *turns) handle(e ami.Event) {
	if e.Name() != "DialEnd" || e.Get("DialStatus") != "ANSWER" {
		return
	}
	tenant, ok := strings.CutPrefix(e.Get("Context"), pbx.DialContext(""))
	if !ok {
		return
	}
	s := t.snapshot()
	g := s.RingGroupAt(tenant, e.Get("Exten"))
	if g == nil {
		return
	}
	for _, l := range s.GroupLegs(g) {
		if l.Channels(e.Get("DestChannel")) {
			t.note(ringMember{ringGroup{tenant, g.Name}, l.Member}, func(turn *pbx.Turn) {
				turn.Answers[l.Member] = pbx.RingAnswer{At: e.At, Count: turn.Answers[l.Member].Count + 1}
			})
			return
		}
	}
}

// run writes changed rows until ctx ends.
func (t *turns) run(ctx context.Context) error {
	retry := time.NewTimer(turnsPause)
	defer retry.Stop()
	for {
		select {
		case <-t.wake:
		case <-retry.C:
		case <-ctx.Done():
			t.flush(context.WithoutCancel(ctx))
			return ctx.Err()
		}
		if !t.flush(ctx) {
			retry.Reset(turnsPause)
		}
	}
}

// flush writes the dirty rows; what cannot be written stays dirty.
func (t *turns) flush(ctx context.Context) bool {
	rows, names := t.batch()
	if len(rows) == 0 {
		return true
	}
	err := t.db.WriteRingTurns(ctx, rows)
	if err == nil {
		return true
	}
	t.log.Error("storing the turns of ring groups", "error", err)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range names {
		t.dirty[n] = true
	}
	return false
}

func (t *turns) batch() (rows []db.RingTurn, names []ringMember) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for n := range t.dirty {
		turn := t.turns[n.ringGroup]
		row := db.RingTurn{Tenant: n.tenant, Group: n.name, Member: n.number}
		if n.number == "" {
			row.Last = turn.Last
		} else {
			row.AnsweredAt, row.Answers = turn.Answers[n.number].At, turn.Answers[n.number].Count
		}
		rows, names = append(rows, row), append(names, n)
	}
	clear(t.dirty)
	return rows, names
}
