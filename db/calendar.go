package db

import (
	"context"
	"fmt"
	"time"
)

// idleFor is how long nothing may have been recorded before the clock is doubted.
const idleFor = 7 * 24 * time.Hour

// Calendar tells the day by which old records are forgotten. A clock that has jumped ahead
// must not make everything old at once. So the day is at most idleFor behind the newest
// record that there was at the start, and goes on with the time that has passed since. A
// clock that is right is behind that for good.
type Calendar struct {
	newest  time.Time // record at the start; zero when there was none
	started time.Time // with its monotonic reading, which no jump changes
}

// NewCalendar reads the newest record.
func (db *DB) NewCalendar(ctx context.Context) (Calendar, error) {
	c := Calendar{started: time.Now()}
	err := db.View(ctx, func(tx *Tx) error {
		return tx.sql.QueryRowContext(ctx, `SELECT max((SELECT coalesce(max(at), 0) FROM revisions),
			(SELECT coalesce(max(at), 0) FROM apply_results), (SELECT coalesce(max(at), 0) FROM phone_fetches),
			(SELECT coalesce(max(seen_at), 0) FROM phone_seen), (SELECT coalesce(max(latest), 0) FROM (
				SELECT (SELECT max(started) FROM cdrs WHERE tenant = name) AS latest FROM tenants)))`).
			Scan(instant{&c.newest})
	})
	if err != nil {
		return c, fmt.Errorf("reading the time of the newest record: %w", err)
	}
	return c, nil
}

// Today returns the time by which records are old, and by how much the clock is ahead of it;
// 0 for a clock that can be right.
func (c Calendar) Today() (today time.Time, ahead time.Duration) { return c.today(time.Now()) }

func (c Calendar) today(now time.Time) (time.Time, time.Duration) {
	if c.newest.IsZero() {
		return now, 0
	}
	latest := c.newest.Add(idleFor + now.Sub(c.started))
	if wall := now.Round(0); wall.After(latest) {
		return latest, wall.Sub(latest)
	}
	return now, 0
}
