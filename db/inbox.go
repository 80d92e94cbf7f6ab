package db

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Inbox returns the phones that were not adopted, by MAC.
func (db *DB) Inbox(ctx context.Context) (out []pbx.InboxPhone, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		out, err = query(ctx, tx, scanInbox, `SELECT mac, vendor, model, firmware, user_agent, address, reason, first_seen, last_seen, count
			FROM phone_inbox ORDER BY mac`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the inbox: %w", err)
	}
	return out, nil
}

func scanInbox(row scanner) (pbx.InboxPhone, error) {
	var p pbx.InboxPhone
	var address string
	err := row.Scan(&p.MAC, &p.Vendor, &p.Model, &p.Firmware, &p.UserAgent, &address, &p.Reason, instant{&p.FirstSeen},
		instant{&p.LastSeen}, &p.Count)
	if err == nil && address != "" {
		p.Address, err = netip.ParseAddr(address)
	}
	return p, err
}

// WriteInbox writes rows and removes others in one transaction. provisioner keeps the table
// small.
func (db *DB) WriteInbox(ctx context.Context, put []pbx.InboxPhone, gone []pbx.MAC) error {
	err := db.write(ctx, func(tx *Tx) error {
		for _, mac := range gone {
			if err := tx.exec(ctx, `DELETE FROM phone_inbox WHERE mac = ?`, string(mac)); err != nil {
				return err
			}
		}
		for _, p := range put {
			address := ""
			if p.Address.IsValid() {
				address = p.Address.String()
			}
			err := tx.exec(ctx, `INSERT OR REPLACE INTO phone_inbox (mac, vendor, model, firmware, user_agent,
				address, reason, first_seen, last_seen, count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				string(p.MAC), string(p.Vendor), p.Model, p.Firmware, cut(p.UserAgent), address, string(p.Reason),
				millis(p.FirstSeen), millis(p.LastSeen), p.Count)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing %d phones of the inbox: %w", len(put)+len(gone), err)
	}
	return nil
}
