package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	fetchesPerMAC    = 50       // rows kept of each MAC
	timesPerRow      = 20       // times kept of each row
	pruneEvery       = 32       // a MAC is pruned at about every 32nd row that is added to
	strangersFetches = 10_000   // rows kept of all MACs together that are no phone of ours
	fetchTextBytes   = 200      // of a file name or user agent; strangers choose both
	unsortedBytes    = 16 << 20 // of batches that wait to be sorted: 90,000 requests
	yieldEvery       = 128      // rows, see insertFetches
)

// AddFetches keeps requests of phones. It reports whether so much waits now that
// SortFetches should be called. It only puts them away: a row for each in a boot storm
// would cost as much as answering it.
func (db *DB) AddFetches(ctx context.Context, b *FetchBatch) (full bool, err error) {
	if b.n == 0 {
		return false, nil
	}
	var waiting int64
	err = db.write(ctx, func(tx *Tx) error {
		if err := tx.exec(ctx, `INSERT INTO phone_fetch_batches (content) VALUES (?)`, b.content); err != nil {
			return err
		}
		return tx.sql.QueryRowContext(ctx, `SELECT sum(length(content)) FROM phone_fetch_batches`).Scan(&waiting)
	})
	if err != nil {
		return false, fmt.Errorf("keeping %d fetches: %w", b.n, err)
	}
	return waiting > unsortedBytes, nil
}

// SortFetches brings requests that were added to their phones and forgets old ones. Of each
// MAC the 50 rows added last stay, and a few more until the next pass over them. Of MACs
// that are no phone of ours the last 10,000 together stay, so that a stranger that invents
// MACs displaces strangers only. Requests that differ in nothing but their time are one
// row, with the last 20 of them.
func (db *DB) SortFetches(ctx context.Context) error {
	waiting := false
	err := db.View(ctx, func(tx *Tx) (err error) {
		waiting, err = tx.has(ctx, `SELECT 1 FROM phone_fetch_batches LIMIT 1`)
		return err
	})
	if err == nil && waiting {
		err = db.write(ctx, func(tx *Tx) error {
			sorted, err := tx.takeBatches(ctx)
			if err != nil {
				return err
			}
			macs, err := tx.insertFetches(ctx, sorted)
			if err != nil {
				return err
			}
			return tx.pruneFetches(ctx, macs)
		})
	}
	if err != nil {
		return fmt.Errorf("sorting fetches: %w", err)
	}
	return nil
}

// takeBatches reads all batches and deletes them, unreadable ones too. The requests after
// those must not wait for ever.
func (tx *Tx) takeBatches(ctx context.Context) (_ *sortedFetches, err error) {
	rows, err := tx.sql.QueryContext(ctx, `SELECT content FROM phone_fetch_batches ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	sorted := newSortedFetches()
	for rows.Next() {
		var content sql.RawBytes
		if err := rows.Scan(&content); err != nil {
			return nil, err
		}
		sorted.take(content)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return sorted, tx.exec(ctx, `DELETE FROM phone_fetch_batches`)
}

// insertFetches returns how many rows each MAC was given. It lets requests be
// answered meanwhile, which would wait for all of it where there is one processor.
func (tx *Tx) insertFetches(ctx context.Context, s *sortedFetches) (map[pbx.MAC]int, error) {
	macs := map[pbx.MAC]int{}
	return macs, tx.forEach(ctx, `INSERT INTO phone_fetches
		(mac, file, status, hash, address, user_agent, own, reason, known, at, times)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, EXISTS (SELECT 1 FROM phones WHERE mac = ?1), ?9, ?10)
		ON CONFLICT DO UPDATE SET known = excluded.known, at = excluded.at, times = substr(times || excluded.times, ?11)`, func(exec func(...any) error) error {
		for i, f := range s.keys() {
			times := s.rows[f]
			macs[f.MAC]++
			if err := exec(string(f.MAC), f.File, f.Status, f.Hash, ipText(f.Address), f.UserAgent, f.Own, string(f.Reason),
				times[len(times)-1], timesText(times), -timeDigits*timesPerRow); err != nil {
				return err
			}
			if i%yieldEvery == 0 {
				runtime.Gosched()
			}
		}
		return nil
	})
}

func (tx *Tx) pruneFetches(ctx context.Context, macs map[pbx.MAC]int) error {
	err := tx.forEach(ctx, `DELETE FROM phone_fetches WHERE mac = ?1 AND at <
		(SELECT at FROM phone_fetches WHERE mac = ?1 ORDER BY at DESC LIMIT 1 OFFSET ?2)`, func(exec func(...any) error) error {
		for mac, more := range macs {
			if rand.IntN(pruneEvery) >= more {
				continue
			}
			if err := exec(string(mac), fetchesPerMAC-1); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return tx.exec(ctx, `DELETE FROM phone_fetches WHERE known = 0 AND at <=
		(SELECT at FROM phone_fetches WHERE known = 0 ORDER BY at DESC LIMIT 1 OFFSET ?)`, strangersFetches)
}

// forEach prepares a statement for use in a loop. The transaction ends with ctx
// anyhow; a context that cannot end saves the driver a goroutine a row.
func (tx *Tx) forEach(ctx context.Context, text string, loop func(exec func(...any) error) error) (err error) {
	stmt, err := tx.sql.PrepareContext(ctx, text)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stmt.Close()) }()
	rowCtx := context.WithoutCancel(ctx)
	return loop(func(args ...any) error {
		_, err := stmt.ExecContext(rowCtx, args...)
		return err
	})
}

// cut keeps the first 200 bytes as valid UTF-8.
func cut(s string) string {
	if len(s) > fetchTextBytes {
		s = s[:fetchTextBytes]
	}
	return strings.ToValidUTF8(s, "")
}

// Fetches returns the last requests of one MAC, newest first. Those from before the phone was
// added are left out: another tenant may have had it.
func (db *DB) Fetches(ctx context.Context, mac pbx.MAC, limit int) (fs []pbx.PhoneFetch, err error) {
	if err := db.SortFetches(ctx); err != nil {
		return nil, err
	}
	limit = ListOptions{Limit: limit}.limit()
	var rows [][]pbx.PhoneFetch
	var since time.Time
	err = db.View(ctx, func(tx *Tx) error {
		err := tx.sql.QueryRowContext(ctx, `SELECT since FROM phone_since WHERE mac = ?`, string(mac)).Scan(instant{&since})
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		rows, err = query(ctx, tx, scanFetches, `SELECT mac, file, status, hash, address, user_agent, own, reason, times
			FROM phone_fetches WHERE mac = ? ORDER BY at DESC LIMIT ?`, string(mac), limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the fetches of phone %s: %w", mac.Colons(), err)
	}
	fs = slices.DeleteFunc(slices.Concat(rows...), func(f pbx.PhoneFetch) bool { return f.At.Before(since) })
	slices.SortStableFunc(fs, func(a, b pbx.PhoneFetch) int { return b.At.Compare(a.At) })
	if limit >= 0 {
		fs = fs[:min(len(fs), limit)]
	}
	return fs, nil
}

// scanFetches returns the requests of one row.
func scanFetches(row scanner) ([]pbx.PhoneFetch, error) {
	var f pbx.PhoneFetch
	var address, times string
	err := row.Scan(&f.MAC, &f.File, &f.Status, &f.Hash, &address, &f.UserAgent, &f.Own, &f.Reason, &times)
	if err == nil && address != "" {
		f.Address, err = netip.ParseAddr(address)
	}
	var fs []pbx.PhoneFetch
	for at := 0; err == nil && at < len(times); at += timeDigits {
		var ms int64
		ms, err = strconv.ParseInt(times[at:at+timeDigits], 10, 64)
		f.At = fromMillis(ms)
		fs = append(fs, f)
	}
	return fs, err
}
