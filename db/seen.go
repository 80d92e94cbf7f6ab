package db

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// SeenPhones returns what phones proved by their own requests, by MAC.
func (db *DB) SeenPhones(ctx context.Context) (out []pbx.PhoneSeen, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		out, err = query(ctx, tx, scanSeen, `SELECT mac, enrolled, enrolled_at, seen_at, fetched_at, address, former_address,
			address_since, user_agent, files FROM phone_seen ORDER BY mac`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading what phones were seen doing: %w", err)
	}
	return out, nil
}

func scanSeen(row scanner) (pbx.PhoneSeen, error) {
	var s pbx.PhoneSeen
	var address, former string
	var files []byte
	err := row.Scan(&s.MAC, &s.Enrolled, instant{&s.EnrolledAt}, instant{&s.SeenAt}, instant{&s.FetchedAt}, &address,
		&former,
		instant{&s.AddressSince}, &s.UserAgent, &files)
	if err == nil && address != "" {
		s.Address, err = netip.ParseAddr(address)
	}
	if err == nil && former != "" {
		s.FormerAddress, err = netip.ParseAddr(former)
	}
	if err == nil {
		err = json.Unmarshal(files, &s.Files)
	}
	return s, err
}

// WriteSeenPhones writes what phones were seen doing, and forgets phones that
// exist no more, in one transaction.
func (db *DB) WriteSeenPhones(ctx context.Context, put []pbx.PhoneSeen, gone []pbx.MAC) error {
	err := db.write(ctx, func(tx *Tx) error {
		for _, mac := range gone {
			if err := tx.exec(ctx, `DELETE FROM phone_seen WHERE mac = ?`, string(mac)); err != nil {
				return err
			}
		}
		return tx.putSeen(ctx, put)
	})
	if err != nil {
		return fmt.Errorf("writing what %d phones were seen doing: %w", len(put)+len(gone), err)
	}
	return nil
}

func (tx *Tx) putSeen(ctx context.Context, put []pbx.PhoneSeen) error {
	return tx.forEach(ctx, `INSERT OR REPLACE INTO phone_seen (mac, enrolled, enrolled_at, seen_at, fetched_at, address, former_address,
		address_since, user_agent, files) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, func(exec func(...any) error) error {
		for i := range put {
			s := &put[i]
			files, err := json.Marshal(s.Files)
			if err != nil {
				return err
			}
			if err := exec(string(s.MAC), s.Enrolled, millis(s.EnrolledAt), millis(s.SeenAt), millis(s.FetchedAt),
				ipText(s.Address),
				ipText(s.FormerAddress), millis(s.AddressSince), cut(s.UserAgent), string(files)); err != nil {
				return err
			}
		}
		return nil
	})
}

// ipText is "" for an address that is not known.
func ipText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
