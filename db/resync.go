package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Orders that ended are kept up to these numbers, the newest.
const (
	resyncsPerMAC = 20
	resyncsKept   = 50_000
)

const selectResync = `SELECT id, batch, tenant, mac, action, reason, endpoint, state, error, queued_at, due_at, sent_at, ended_at, file, hash
	FROM phone_resyncs`

func scanResync(row scanner) (pbx.Resync, error) {
	var r pbx.Resync
	return r, row.Scan(&r.ID, &r.Batch, &r.Tenant, &r.MAC, &r.Action, &r.Reason, &r.Endpoint, &r.State, &r.Error,
		instant{&r.QueuedAt}, instant{&r.DueAt},
		instant{&r.SentAt}, instant{&r.EndedAt}, &r.File, &r.Hash)
}

// ResyncFilter chooses orders; empty fields choose all.
type ResyncFilter struct {
	Tenant   string
	MAC      pbx.MAC
	Batch    string
	State    string
	Active   bool  // only those that can still come further
	BeforeID int64 // only older ones
	Limit    int   // 0 or less means all
}

// Resyncs returns orders to phones, newest first.
func (db *DB) Resyncs(ctx context.Context, f ResyncFilter) (out []pbx.Resync, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		out, err = query(ctx, tx, scanResync, selectResync+` WHERE (?1 = '' OR tenant = ?1) AND (?2 = '' OR mac = ?2) AND (?3 = '' OR batch = ?3)
			AND (?4 = '' OR state = ?4) AND (?5 = 0 OR state IN ('queued', 'away', 'sent')) AND (?6 = 0 OR id < ?6) ORDER BY id DESC LIMIT ?7`,
			f.Tenant, string(f.MAC), f.Batch, f.State, f.Active, f.BeforeID, ListOptions{Limit: f.Limit}.limit())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the orders to phones: %w", err)
	}
	return out, nil
}

// ResyncCounts returns how many orders of a tenant's batch are in each state. With tenant
// "" the batch may be any tenant's.
func (db *DB) ResyncCounts(ctx context.Context, tenant, batch string) (map[pbx.ResyncState]int, error) {
	type count struct {
		state pbx.ResyncState
		n     int
	}
	var rows []count
	err := db.View(ctx, func(tx *Tx) (err error) {
		rows, err = query(ctx, tx, func(row scanner) (c count, err error) { return c, row.Scan(&c.state, &c.n) },
			`SELECT state, count(*) FROM phone_resyncs WHERE batch = ?1 AND ?2 IN ('', tenant) GROUP BY state`, batch, tenant)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("counting the orders of batch %s: %w", batch, err)
	}
	out := map[pbx.ResyncState]int{}
	for _, c := range rows {
		out[c.state] = c.n
	}
	return out, nil
}

// LastResync returns the highest number of an order so far.
func (db *DB) LastResync(ctx context.Context) (id int64, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		return tx.sql.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM phone_resyncs`).Scan(&id)
	})
	if err != nil {
		return 0, fmt.Errorf("reading the last order: %w", err)
	}
	return id, nil
}

// WriteResyncs writes orders as they are now, and forgets old ones.
func (db *DB) WriteResyncs(ctx context.Context, rs []pbx.Resync) error {
	if len(rs) == 0 {
		return nil
	}
	err := db.write(ctx, func(tx *Tx) error {
		macs := map[pbx.MAC]bool{}
		err := tx.forEach(ctx, `INSERT OR REPLACE INTO phone_resyncs (id, batch, tenant, mac, action, reason, endpoint, state, error,
			queued_at, due_at, sent_at, ended_at, file, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, func(exec func(...any) error) error {
			for i := range rs {
				r := &rs[i]
				macs[r.MAC] = true
				if err := exec(r.ID, r.Batch, r.Tenant, string(r.MAC), string(r.Action), r.Reason, r.Endpoint, string(r.State),
					r.Error, millis(r.QueuedAt),
					millis(r.DueAt), millis(r.SentAt), millis(r.EndedAt), cut(r.File), r.Hash); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		return tx.pruneResyncs(ctx, macs)
	})
	if err != nil {
		return fmt.Errorf("writing %d orders to phones: %w", len(rs), err)
	}
	return nil
}

func (tx *Tx) pruneResyncs(ctx context.Context, macs map[pbx.MAC]bool) error {
	err := tx.forEach(ctx, `DELETE FROM phone_resyncs WHERE mac = ?1 AND state NOT IN ('queued', 'away', 'sent') AND id <=
		(SELECT id FROM phone_resyncs WHERE mac = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)`, func(exec func(...any) error) error {
		for mac := range macs {
			if err := exec(string(mac), resyncsPerMAC); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return tx.exec(ctx, `DELETE FROM phone_resyncs WHERE state NOT IN ('queued', 'away', 'sent') AND id <=
		(SELECT id FROM phone_resyncs ORDER BY id DESC LIMIT 1 OFFSET ?)`, resyncsKept)
}
