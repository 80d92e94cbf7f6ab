package db

import (
	"context"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// HelpRow is a call for help with the mails that tell of it.
type HelpRow struct {
	Call  pbx.HelpCall // Channel, Tenant, Device, Shown, Test and At are stored
	Mails []*Notice
}

// keepHelpCalls is how long it is known that a call for help was told of: longer than Asterisk's
// own record of the call may take to be read.
const keepHelpCalls = 90 * 24 * time.Hour

// HelpCalls returns the calls for help, and tests, that are newer than a time.
func (db *DB) HelpCalls(ctx context.Context, after time.Time) (out []pbx.HelpCall, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		out, err = query(ctx, tx, func(row scanner) (c pbx.HelpCall, err error) {
			return c, row.Scan(&c.Channel, &c.Tenant, &c.Device, words{&c.Shown}, &c.Test, instant{&c.At})
		}, `SELECT channel, tenant, device, shown, test, at FROM emergency_calls WHERE at > ?`, millis(after))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading calls for help: %w", err)
	}
	return out, nil
}

// AddHelpCalls stores calls for help and queues the mails about those that are not known yet. Of
// one that is known it stores what carriers have been shown since.
func (db *DB) AddHelpCalls(ctx context.Context, rows []HelpRow) error {
	err := db.write(ctx, func(tx *Tx) error {
		for _, r := range rows {
			added, err := tx.addHelpCall(ctx, r.Call)
			if err != nil {
				return err
			}
			if !added {
				continue
			}
			if err := tx.addNotices(ctx, r.Mails); err != nil {
				return err
			}
		}
		return tx.exec(ctx, `DELETE FROM emergency_calls WHERE at < ?`, millis(tx.start.Add(-keepHelpCalls)))
	})
	if err != nil {
		return fmt.Errorf("writing %d calls for help: %w", len(rows), err)
	}
	return nil
}

func (tx *Tx) addHelpCall(ctx context.Context, c pbx.HelpCall) (added bool, err error) {
	done, err := tx.sql.ExecContext(ctx, `INSERT INTO emergency_calls (channel, tenant, device, shown, test, at)
		SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM tenants WHERE name = ?2) ON CONFLICT DO NOTHING`,
		c.Channel, c.Tenant, c.Device, words{&c.Shown}, c.Test, millis(c.At))
	if err != nil {
		return false, err
	}
	if n, err := done.RowsAffected(); n > 0 || err != nil {
		return n > 0, err
	}
	return false, tx.exec(ctx, `UPDATE emergency_calls SET shown = ? WHERE channel = ?`, words{&c.Shown}, c.Channel)
}
