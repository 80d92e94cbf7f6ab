package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dialtone-pbx/dialtone/db"
)

// A burst of creates is to end in a handful of reloads of each module.
const mostApplies = 10

// create makes extensions and devices through the API, one request each, over
// one and over eight connections. The reference is what the disk allows: commits
// of a bare SQLite that survive a power cut, as each acknowledged create does.
func (b *bench) create(ctx context.Context) (rows []row, err error) {
	n := b.rounds(1000, 200)
	for _, connections := range []int{1, 8} {
		r, err := b.createOver(ctx, n, connections)
		if err != nil {
			return rows, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (b *bench) createOver(ctx context.Context, n, connections int) (_ row, err error) {
	r, err := b.openOffice(ctx, fmt.Sprintf("create-%d", connections), people{})
	if err != nil {
		return row{}, err
	}
	defer r.shut(&err)
	before, err := rawCommits(ctx, filepath.Join(r.dir, "raw-before.db"), n)
	if err != nil {
		return row{}, err
	}
	start := time.Now()
	if err := r.createPeople(ctx, n, connections); err != nil {
		return row{}, err
	}
	took := time.Since(start)
	if err := r.waitApplied(ctx); err != nil {
		return row{}, err
	}
	settled := time.Since(start)
	applies, reloads, err := r.appliesSince(ctx, start)
	if err != nil {
		return row{}, err
	}
	after, err := rawCommits(ctx, filepath.Join(r.dir, "raw-after.db"), n)
	if err != nil {
		return row{}, err
	}
	perSecond, raw := float64(2*n)/took.Seconds(), (before+after)/2
	return row{
		what: fmt.Sprintf("create %d extensions and their devices by API, %s", n, plural(connections, "connection")),
		result: fmt.Sprintf("%.0f creates/s; %s, %d of pjsip.conf; Asterisk has all %.1f s after the last one",
			perSecond, plural(applies, "apply"), reloads["res_pjsip.so"], (settled - took).Seconds()),
		reference: fmt.Sprintf("%.0f commits/s of bare SQLite, synchronous=FULL", raw),
		ratio:     times(perSecond, raw), target: fmt.Sprintf("≤ %d applies", mostApplies),
		holds: applies <= mostApplies,
	}, nil
}

func plural(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case noun == "apply":
		return fmt.Sprintf("%d applies", n)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// createPeople posts each extension and then its device.
func (r *room) createPeople(ctx context.Context, n, connections int) error {
	group, ctx := errgroup.WithContext(ctx)
	for c := range connections {
		group.Go(func() error {
			for i := c; i < n; i += connections {
				err := r.client.Do(ctx, "POST", "/v1/tenants/default/extensions",
					map[string]any{"number": numberOf(i), "name": "Person " + numberOf(i)}, nil)
				if err != nil {
					return err
				}
				err = r.client.Do(ctx, "POST", "/v1/tenants/default/devices", map[string]any{"name": deviceOf(i),
					"extension": numberOf(i)}, nil)
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// appliesSince counts passes, and reloads by module, that ended after start.
func (r *room) appliesSince(ctx context.Context, start time.Time) (applies int, reloads map[string]int, err error) {
	store, err := db.Open(ctx, r.Database, db.Options{})
	if err != nil {
		return 0, nil, err
	}
	defer store.Close()
	results, err := store.ApplyResults(ctx, 1000)
	if err != nil {
		return 0, nil, err
	}
	reloads = map[string]int{}
	for _, a := range results {
		if a.At.Before(start) {
			continue
		}
		if a.State != db.Applied {
			return 0, nil, fmt.Errorf("revision %d was not applied: %s", a.Revision, a.Error)
		}
		applies++
		for _, module := range slices.Compact(slices.Sorted(slices.Values(a.Reloaded))) {
			reloads[module]++
		}
	}
	return applies, reloads, nil
}

// rawCommits returns how many one-row transactions a second a bare SQLite commits
// on this disk with the settings of package db.
func rawCommits(ctx context.Context, path string, n int) (perSecond float64, err error) {
	raw, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_synchronous=FULL&_txlock=immediate")
	if err != nil {
		return 0, fmt.Errorf("opening a bare SQLite: %w", err)
	}
	defer func() { err = errors.Join(err, raw.Close()) }()
	raw.SetMaxOpenConns(1)
	if _, err := raw.ExecContext(ctx, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)"); err != nil {
		return 0, fmt.Errorf("preparing a bare SQLite: %w", err)
	}
	start := time.Now()
	for i := range n {
		if _, err := raw.ExecContext(ctx, "INSERT INTO t (name) VALUES (?)", numberOf(i)); err != nil {
			return 0, fmt.Errorf("committing to a bare SQLite: %w", err)
		}
	}
	return float64(n) / time.Since(start).Seconds(), nil
}
