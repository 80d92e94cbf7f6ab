package db

import (
	"context"
	"fmt"
	"time"
)

// RingTurn is one row of the observed state of a ring group. For a member, by its number,
// it says how often and when it answered. With Member "", Last is the first member rung by
// the last call.
type RingTurn struct {
	Tenant, Group, Member string
	Last                  string
	AnsweredAt            time.Time
	Answers               int
}

// RingTurns returns the observed state of all ring groups.
func (db *DB) RingTurns(ctx context.Context) (out []RingTurn, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		out, err = query(ctx, tx, func(row scanner) (t RingTurn, err error) {
			return t, row.Scan(&t.Tenant, &t.Group, &t.Member, &t.Last, instant{&t.AnsweredAt}, &t.Answers)
		}, `SELECT tenant, name, member, last, answered_at, answers FROM ring_group_turns ORDER BY tenant, name, member`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the turns of ring groups: %w", err)
	}
	return out, nil
}

// WriteRingTurns writes rows in one transaction; those of groups that are gone are
// left out.
func (db *DB) WriteRingTurns(ctx context.Context, put []RingTurn) error {
	err := db.write(ctx, func(tx *Tx) error {
		for _, t := range put {
			err := tx.exec(ctx, `INSERT OR REPLACE INTO ring_group_turns (tenant, name, member, last, answered_at, answers)
				SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM ring_groups WHERE tenant = ?1 AND name = ?2)`,
				t.Tenant, t.Group, t.Member, t.Last, millis(t.AnsweredAt), t.Answers)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing %d turns of ring groups: %w", len(put), err)
	}
	return nil
}
