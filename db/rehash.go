package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// RenewHashes replaces the hashes of a user's password and PIN. The texts stay the same.
// That changes no configuration: it has no revision and no place in the audit trail, and
// sessions stay. It is a Conflict error, and nothing is written, when either is no longer
// the one in was.
func (db *DB) RenewHashes(ctx context.Context, was, u *pbx.User) error {
	err := db.write(ctx, func(tx *Tx) error {
		written, err := tx.sql.ExecContext(ctx, `UPDATE users SET password = ?, desk_pin = ?
			WHERE tenant = ? AND reseller = ? AND username = ? AND password = ? AND desk_pin = ?`,
			u.Password.Reveal(), u.DeskPIN.Reveal(), was.Tenant, was.Reseller, was.Username, was.Password.Reveal(), was.DeskPIN.Reveal())
		if err != nil {
			return err
		}
		if n, err := written.RowsAffected(); err != nil || n == 0 {
			return &pbx.Error{Kind: pbx.Conflict, Message: "the password or the PIN was changed meanwhile", Cause: err}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("renewing the hashes of user %s: %w", was.Username, err)
	}
	return nil
}
