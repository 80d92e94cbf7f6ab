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
	"github.com/dialtone-pbx/dialtone/provisioner/writebehind"
)

// turns keeps what was observed of ring groups: whom the last call began with, and
// who answered when and how often. Memory is authoritative; the database follows at
// once, and what changes while it writes goes into the next transaction, so that
// what waits is bounded by the members there are.
type turns struct {
	db       *db.DB
	log      *slog.Logger
	snapshot func() *pbx.Snapshot

	mu      sync.Mutex
	turns   map[ringGroup]pbx.Turn
	changed *writebehind.Rows[ringMember, []db.RingTurn]
}

// ringGroup names a ring group.
type ringGroup struct{ tenant, name string }

// ringMember names a row: a member of a group, or with number "" the group.
type ringMember struct {
	ringGroup
	number string
}

// turnsPause is how long a row waits at most; it is written at once.
const turnsPause = time.Second

// newTurns starts from what the database remembers.
func newTurns(ctx context.Context, d *db.DB, log *slog.Logger, snapshot func() *pbx.Snapshot) (*turns, error) {
	t := &turns{db: d, log: log, snapshot: snapshot, turns: map[ringGroup]pbx.Turn{}}
	t.changed = writebehind.New(&t.mu, writebehind.Options[ringMember, []db.RingTurn]{What: "turns of ring groups", Every: turnsPause, Read: t.read, Write: d.WriteRingTurns, Log: log})
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
	t.changed.Mark(row)
	t.mu.Unlock()
	t.changed.Nudge()
}

// forget drops a group that was deleted; its rows went with it.
func (t *turns) forget(g ringGroup) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.turns, g)
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
			t.changed.Mark(ringMember{g, ""})
		}
		if answer, ok := turn.Answers[from]; ok {
			delete(turn.Answers, from)
			turn.Answers[to] = answer
			t.changed.Mark(ringMember{g, to})
		}
		t.turns[g] = turn
	}
	t.changed.Nudge()
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

// read copies rows; those of groups and members that are gone are left out.
func (t *turns) read(rows []ringMember) []db.RingTurn {
	batch := make([]db.RingTurn, 0, len(rows))
	for _, n := range rows {
		turn, known := t.turns[n.ringGroup]
		row := db.RingTurn{Tenant: n.tenant, Group: n.name, Member: n.number}
		if n.number == "" {
			row.Last = turn.Last
		} else {
			var answer pbx.RingAnswer
			answer, known = turn.Answers[n.number]
			row.AnsweredAt, row.Answers = answer.At, answer.Count
		}
		if known {
			batch = append(batch, row)
		}
	}
	return batch
}
