package db

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	fetchesPerMAC    = 50     // kept of each MAC
	pruneEvery       = 8      // a MAC is pruned at about every eighth fetch: it costs more than the fetch
	strangersFetches = 10_000 // kept of all MACs together that are no phone of ours
	fetchTextBytes   = 200    // of a file name or user agent; strangers choose both
)

// AddFetches keeps requests of phones, oldest first, and forgets old ones: of
// each MAC the last 50 stay, and a few more until they are next looked through;
// of MACs that are no phone of ours the last 10,000 together, so that a stranger
// who invents MACs displaces strangers only.
func (db *DB) AddFetches(ctx context.Context, fs []pbx.PhoneFetch) error {
	if len(fs) == 0 {
		return nil
	}
	err := db.write(ctx, func(tx *Tx) error {
		macs, err := tx.insertFetches(ctx, fs)
		if err != nil {
			return err
		}
		return tx.pruneFetches(ctx, macs)
	})
	if err != nil {
		return fmt.Errorf("keeping %d fetches: %w", len(fs), err)
	}
	return nil
}

// insertFetches returns how many fetches each MAC has more.
func (tx *Tx) insertFetches(ctx context.Context, fs []pbx.PhoneFetch) (map[pbx.MAC]int, error) {
	macs := map[pbx.MAC]int{}
	return macs, tx.forEach(ctx, `INSERT INTO phone_fetches (mac, known, file, status, hash, address, user_agent, own, at)
		VALUES (?1, EXISTS (SELECT 1 FROM phones WHERE mac = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8)`, func(exec func(...any) error) error {
		for i := range fs {
			f, address := &fs[i], ""
			if f.Address.IsValid() {
				address = f.Address.String()
			}
			macs[f.MAC]++
			if err := exec(string(f.MAC), cut(f.File), f.Status, f.Hash, address, cut(f.UserAgent), f.Own, millis(f.At)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (tx *Tx) pruneFetches(ctx context.Context, macs map[pbx.MAC]int) error {
	err := tx.forEach(ctx, `DELETE FROM phone_fetches WHERE mac = ?1 AND id <=
		(SELECT id FROM phone_fetches WHERE mac = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)`, func(exec func(...any) error) error {
		for mac, more := range macs {
			if rand.IntN(pruneEvery) >= more {
				continue
			}
			if err := exec(string(mac), fetchesPerMAC); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return tx.exec(ctx, `DELETE FROM phone_fetches WHERE known = 0 AND id <=
		(SELECT id FROM phone_fetches WHERE known = 0 ORDER BY id DESC LIMIT 1 OFFSET ?)`, strangersFetches)
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

// Fetches returns the last requests of one MAC, newest first.
func (db *DB) Fetches(ctx context.Context, mac pbx.MAC, limit int) (fs []pbx.PhoneFetch, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		fs, err = query(ctx, tx, scanFetch, `SELECT mac, file, status, hash, address, user_agent, own, at FROM phone_fetches
			WHERE mac = ? ORDER BY id DESC LIMIT ?`, string(mac), ListOptions{Limit: limit}.limit())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the fetches of phone %s: %w", mac.Colons(), err)
	}
	return fs, nil
}

func scanFetch(row scanner) (pbx.PhoneFetch, error) {
	var f pbx.PhoneFetch
	var address string
	err := row.Scan(&f.MAC, &f.File, &f.Status, &f.Hash, &address, &f.UserAgent, &f.Own, timeScan{&f.At})
	if err == nil && address != "" {
		f.Address, err = netip.ParseAddr(address)
	}
	return f, err
}
