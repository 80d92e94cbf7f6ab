package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Event is something that happened, as the stream of events tells it.
type Event struct {
	ID     uint64
	Tenant string // "" for one about the platform
	Type   string
	At     time.Time
	Data   []byte // JSON
}

// Events is a part of what is kept.
type Events struct {
	Events []Event // oldest first
	// Lost is the id up to which some that were asked for may be missing; 0 when all are there.
	Lost uint64
}

// runBits is how many bits of an event's id count the events of one start of the controller. The
// others count the starts, so that no id repeats, whatever a kill has kept from being stored. A
// number of JSON is exact for two million starts.
const runBits = 32

// StartEvents counts a start of the controller. It returns the id before its first event.
func (db *DB) StartEvents(ctx context.Context) (before uint64, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		return tx.sql.QueryRowContext(ctx, `UPDATE event_run SET run = run + 1, ended = 0,
			killed = CASE WHEN ended THEN killed ELSE run END RETURNING run`).Scan(&before)
	})
	if err != nil {
		return 0, fmt.Errorf("counting a start for the ids of events: %w", err)
	}
	return before << runBits, nil
}

// EndEvents notes that all events of this start were stored.
func (db *DB) EndEvents(ctx context.Context) error {
	err := db.write(ctx, func(tx *Tx) error { return tx.exec(ctx, `UPDATE event_run SET ended = 1`) })
	if err != nil {
		return fmt.Errorf("noting that all events are stored: %w", err)
	}
	return nil
}

// AddEvents stores events, but those of tenants that are gone, and queues them for the webhooks that
// want them. It reports whether any was queued. lost are ids up to which events of a tenant were
// not kept in memory.
func (db *DB) AddEvents(ctx context.Context, events []Event, lost map[string]uint64) (queued bool, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		err := tx.forEach(ctx, `INSERT INTO events (id, tenant, type, at, data) SELECT ?1, nullif(?2, ''), ?3, ?4, ?5
			WHERE ?2 = '' OR EXISTS (SELECT 1 FROM tenants WHERE name = ?2)`, func(exec func(...any) error) error {
			for _, e := range events {
				if err := exec(e.ID, e.Tenant, e.Type, millis(e.At), string(e.Data)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if queued, err = tx.queueDeliveries(ctx, events); err != nil {
			return err
		}
		return tx.eventsLost(ctx, lost)
	})
	if err != nil {
		return false, fmt.Errorf("storing %d events: %w", len(events), err)
	}
	return queued, nil
}

// eventsLost notes up to which ids events may be missing.
func (tx *Tx) eventsLost(ctx context.Context, lost map[string]uint64) error {
	return tx.forEach(ctx, `INSERT INTO events_lost (tenant, upto) VALUES (?, ?)
		ON CONFLICT (tenant) DO UPDATE SET upto = max(upto, excluded.upto)`, func(exec func(...any) error) error {
		for tenant, upto := range lost {
			if err := exec(tenant, upto); err != nil {
				return err
			}
		}
		return nil
	})
}

// EventsAfter returns at most so many events after an id, of a tenant or with "" of all.
func (db *DB) EventsAfter(ctx context.Context, tenant string, after uint64, limit int) (es Events, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		err := tx.sql.QueryRowContext(ctx, `SELECT max(
				(SELECT CASE killed WHEN 0 THEN 0 ELSE ((killed + 1) << ?1) - 1 END FROM event_run),
				coalesce((SELECT max(upto) FROM events_lost WHERE ?2 = '' OR tenant = ?2), 0))`, runBits, tenant).Scan(&es.Lost)
		if err != nil {
			return err
		}
		if es.Lost <= after {
			es.Lost = 0
		}
		where := `WHERE id > ?1 AND ?2 = ''`
		if tenant != "" {
			where = `WHERE id > ?1 AND tenant = ?2`
		}
		es.Events, err = query(ctx, tx, scanEvent, `SELECT id, coalesce(tenant, ''), type, at, data FROM events `+where+
			` ORDER BY id LIMIT ?3`, after, tenant, limit)
		return err
	})
	if err != nil {
		return Events{}, fmt.Errorf("reading events after %d: %w", after, err)
	}
	return es, nil
}

func scanEvent(row scanner) (e Event, err error) {
	var text string
	err = row.Scan(&e.ID, &e.Tenant, &e.Type, instant{&e.At}, &text)
	e.Data = []byte(text)
	return e, err
}

// ForgetEvents deletes the oldest events: those from before a time, those of a tenant above each,
// and those above all. It returns how many.
func (db *DB) ForgetEvents(ctx context.Context, before time.Time, each, all int) (rows int, err error) {
	var ids []uint64
	err = db.View(ctx, func(tx *Tx) error {
		ids, err = query(ctx, tx, func(row scanner) (id uint64, err error) { return id, row.Scan(&id) }, `
			SELECT id FROM events WHERE at < ?1
			UNION SELECT id FROM (SELECT id FROM events ORDER BY id DESC LIMIT -1 OFFSET ?3)
			UNION SELECT e.id FROM (SELECT tenant, count(*) AS n FROM events GROUP BY tenant HAVING count(*) > ?2) t
				JOIN events e ON e.tenant IS t.tenant
				WHERE e.id <= (SELECT id FROM events o WHERE o.tenant IS t.tenant ORDER BY id DESC LIMIT 1 OFFSET ?2)`,
			millis(before), each, all)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("looking for events to forget: %w", err)
	}
	for batch := range slices.Chunk(ids, forgetBatch) {
		if err := db.write(ctx, func(tx *Tx) error { return tx.forgetEvents(ctx, batch) }); err != nil {
			return rows, fmt.Errorf("forgetting events: %w", err)
		}
		rows += len(batch)
	}
	return rows, nil
}

// forgetEvents deletes events, and notes of each tenant up to which id.
func (tx *Tx) forgetEvents(ctx context.Context, ids []uint64) error {
	lost := map[string]uint64{}
	for _, id := range ids {
		var tenant string
		err := tx.sql.QueryRowContext(ctx, `DELETE FROM events WHERE id = ? RETURNING coalesce(tenant, '')`, id).Scan(&tenant)
		if errors.Is(err, sql.ErrNoRows) { // its tenant was deleted meanwhile
			continue
		}
		if err != nil {
			return err
		}
		lost[tenant] = max(lost[tenant], id)
	}
	return tx.eventsLost(ctx, lost)
}
