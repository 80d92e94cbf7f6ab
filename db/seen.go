package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// SeenPhones returns the facts that phones proved by their own requests, by MAC.
func (db *DB) SeenPhones(ctx context.Context) (out []pbx.PhoneSeen, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		out, err = query(ctx, tx, scanSeen, `SELECT mac, enrolled, enrolled_at, seen_at, fetched_at, address, former_address,
			address_since, user_agent, files, moved, given, given_to, given_also, given_also_at FROM phone_seen ORDER BY mac`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading what phones were seen doing: %w", err)
	}
	return out, nil
}

func scanSeen(row scanner) (pbx.PhoneSeen, error) {
	var s pbx.PhoneSeen
	var files []byte
	err := row.Scan(&s.MAC, &s.Enrolled, instant{&s.EnrolledAt}, instant{&s.SeenAt}, instant{&s.FetchedAt}, ip{&s.Address},
		ip{&s.FormerAddress}, instant{&s.AddressSince}, &s.UserAgent, &files, &s.Moved, &s.Given, ip{&s.GivenTo},
		ip{&s.GivenAlso}, instant{&s.GivenAlsoAt})
	if err == nil {
		err = json.Unmarshal(files, &s.Files)
	}
	return s, err
}

// WriteSeenPhones writes the observed state of phones. In the same transaction it forgets
// phones that no longer exist.
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
		address_since, user_agent, files, moved, given, given_to, given_also, given_also_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, func(exec func(...any) error) error {
		for i := range put {
			s := &put[i]
			files, err := json.Marshal(s.Files)
			if err != nil {
				return err
			}
			if err := exec(string(s.MAC), s.Enrolled, millis(s.EnrolledAt), millis(s.SeenAt), millis(s.FetchedAt),
				ipText(s.Address), ipText(s.FormerAddress), millis(s.AddressSince), cut(s.UserAgent), string(files), s.Moved,
				s.Given, ipText(s.GivenTo), ipText(s.GivenAlso), millis(s.GivenAlsoAt)); err != nil {
				return err
			}
		}
		return nil
	})
}

// ip reads an address that ipText wrote.
type ip struct{ to *netip.Addr }

// Scan implements sql.Scanner.
func (a ip) Scan(v any) (err error) {
	text, ok := v.(string)
	if !ok {
		return errors.New("an address is not a text")
	}
	if *a.to = (netip.Addr{}); text != "" {
		*a.to, err = netip.ParseAddr(text)
	}
	return err
}

// ipText is "" for an address that is not known.
func ipText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
