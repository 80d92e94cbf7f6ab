package calls

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/writebehind"
)

// Turns keeps what was observed of ring groups: the member that the last call began with, and
// when and how often each member answered. Memory is authoritative; the database follows at
// once, and what changes while it writes goes into the next transaction, so that
// what waits is bounded by the members there are.
type Turns struct {
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
func newTurns(ctx context.Context, o Options) (*Turns, error) {
	t := &Turns{snapshot: o.Snapshot, turns: map[ringGroup]pbx.Turn{}}
	t.changed = writebehind.New(&t.mu, writebehind.Options[ringMember, []db.RingTurn]{What: "turns of ring groups",
		Every: turnsPause, Read: t.read, Write: o.DB.WriteRingTurns, Log: o.Log})
	rows, err := o.DB.RingTurns(ctx)
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

// Turn returns what was observed of a ring group, as pbx.Live asks for it.
func (t *Turns) Turn(tenant, group string) pbx.Turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	turn := t.turns[ringGroup{tenant, group}]
	turn.Answers = maps.Clone(turn.Answers)
	return turn
}

// Begins notes that a call to a ring group begins with a member.
func (t *Turns) Begins(tenant, group, member string) {
	t.note(ringMember{ringGroup{tenant, group}, ""}, func(turn *pbx.Turn) { turn.Last = member })
}

// set changes what is known of a group. The lock is held, except in newTurns.
func (t *Turns) set(g ringGroup, change func(*pbx.Turn)) {
	turn := t.turns[g]
	if turn.Answers == nil {
		turn.Answers = map[string]pbx.RingAnswer{}
	}
	change(&turn)
	t.turns[g] = turn
}

// note changes what is known and has the row written.
func (t *Turns) note(row ringMember, change func(*pbx.Turn)) {
	t.mu.Lock()
	t.set(row.ringGroup, change)
	t.changed.Mark(row)
	t.mu.Unlock()
	t.changed.Nudge()
}

// Forget drops a ring group that was deleted; its rows went with it.
func (t *Turns) Forget(tenant, group string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.turns, ringGroup{tenant, group})
}

// Renumber carries what is known of an extension to its new number.
func (t *Turns) Renumber(tenant, from, to string) {
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

// handle counts an answer: the dial of a group's step was answered by a member. A leg that is
// a call of its own counts once it is confirmed.
func (t *Turns) handle(e ami.Event) {
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
func (t *Turns) read(rows []ringMember) []db.RingTurn {
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
