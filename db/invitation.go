package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Invitation is a mail with a link to the credentials of a device, usable once.
type Invitation struct {
	ID, Tenant, Device, Email string
	Actor                     string // the inviter
	State                     pbx.MailState
	Attempts                  int
	Error                     string // of the last attempt
	CreatedAt, NextAt         time.Time
	SentAt, OpenedAt          time.Time // zero: not yet
	ExpiresAt                 time.Time // end of the link
}

// keepInvitations is how long one stays listed after its link has ended.
const keepInvitations = 30 * 24 * time.Hour

// errNoLink does not tell an unknown link from one that was used or has ended.
var errNoLink = pbx.NotFoundf("this link is not valid, or not valid any more")

const selectInvitation = `SELECT id, tenant, device, email, actor, state, attempts, error, created_at, next_at, sent_at, opened_at, expires_at FROM invitations`

func scanInvitation(row scanner) (*Invitation, error) {
	i := &Invitation{}
	return i, row.Scan(&i.ID, &i.Tenant, &i.Device, &i.Email, &i.Actor, &i.State, &i.Attempts, &i.Error,
		instant{&i.CreatedAt},
		instant{&i.NextAt}, instant{&i.SentAt}, instant{&i.OpenedAt}, instant{&i.ExpiresAt})
}

// AddInvitation puts an invitation into the queue. It returns a NotFound error when the
// device does not exist. Long-ended ones are forgotten.
func (db *DB) AddInvitation(ctx context.Context, i *Invitation) error {
	err := db.write(ctx, func(tx *Tx) error {
		if _, err := tx.Device(ctx, i.Tenant, i.Device); err != nil {
			return err
		}
		if err := tx.exec(ctx, `DELETE FROM invitations WHERE expires_at < ?`,
			millis(tx.start.Add(-keepInvitations))); err != nil {
			return err
		}
		return tx.exec(ctx, `INSERT INTO invitations (id, tenant, device, email, actor, state, attempts, error, created_at, next_at, sent_at, opened_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, 0, '', ?, ?, 0, 0, ?)`,
			i.ID, i.Tenant, i.Device, i.Email, i.Actor, string(i.State), millis(i.CreatedAt), millis(i.NextAt),
			millis(i.ExpiresAt))
	})
	if err != nil {
		return fmt.Errorf("queueing the invitation of device %s: %w", i.Device, err)
	}
	return nil
}

// NextInvitation returns the queued invitation that is due first, or nil.
func (db *DB) NextInvitation(ctx context.Context) (i *Invitation, err error) {
	i, err = firstRow(ctx, db, scanInvitation, selectInvitation+` WHERE state = 'queued' ORDER BY next_at, id LIMIT 1`)
	if err != nil {
		return nil, fmt.Errorf("reading the queue of invitations: %w", err)
	}
	return i, nil
}

// AddInvitationLink notes the SHA-256 of a link before it is mailed.
func (db *DB) AddInvitationLink(ctx context.Context, id string, hash []byte) error {
	err := db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, `INSERT INTO invitation_links (hash, invitation) VALUES (?, ?)`, hash, id)
	})
	if err != nil {
		return fmt.Errorf("noting the link of invitation %s: %w", id, err)
	}
	return nil
}

// PutInvitationAttempt writes how an attempt ended.
func (db *DB) PutInvitationAttempt(ctx context.Context, i *Invitation) error {
	err := db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx,
			`UPDATE invitations SET state = ?, attempts = ?, error = ?, next_at = ?, sent_at = ? WHERE id = ?`,
			string(i.State), i.Attempts, i.Error, millis(i.NextAt), millis(i.SentAt), i.ID)
	})
	if err != nil {
		return fmt.Errorf("noting how invitation %s was mailed: %w", i.ID, err)
	}
	return nil
}

// Invitations returns a tenant's invitations, newest first. It returns a NotFound error
// when the tenant does not exist.
func (db *DB) Invitations(ctx context.Context, tenant string, limit int) (is []*Invitation, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		if err := tx.needTenant(ctx, tenant); err != nil {
			return err
		}
		is, err = query(ctx, tx, scanInvitation, selectInvitation+` WHERE tenant = ? ORDER BY created_at DESC, id LIMIT ?`,
			tenant, ListOptions{Limit: limit}.limit())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing invitations: %w", err)
	}
	return is, nil
}

// byLink finds the invitation by a link that was not used and has not ended.
func (tx *Tx) byLink(ctx context.Context, hash []byte) (*Invitation, error) {
	i, err := scanInvitation(tx.sql.QueryRowContext(ctx, selectInvitation+`
		WHERE id = (SELECT invitation FROM invitation_links WHERE hash = ?) AND opened_at = 0 AND expires_at > ?`, hash, millis(tx.start)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoLink
	}
	return i, err
}

// InvitationByLink reports whether a link can still be used; a NotFound error when not.
func (db *DB) InvitationByLink(ctx context.Context, hash []byte) error {
	return db.View(ctx, func(tx *Tx) error {
		_, err := tx.byLink(ctx, hash)
		return err
	})
}

// OpenInvitation uses a link up and returns its device. It returns a NotFound error when
// the link cannot be used. Of any number of attempts at the same time one succeeds.
func (db *DB) OpenInvitation(ctx context.Context, hash []byte) (d *pbx.Device, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		i, err := tx.byLink(ctx, hash)
		if err != nil {
			return err
		}
		if d, err = tx.Device(ctx, i.Tenant, i.Device); err != nil {
			return err
		}
		if err := tx.exec(ctx, `DELETE FROM invitation_links WHERE invitation = ?`, i.ID); err != nil {
			return err
		}
		return tx.exec(ctx, `UPDATE invitations SET opened_at = ? WHERE id = ?`, millis(tx.start), i.ID)
	})
	if err != nil {
		return nil, fmt.Errorf("opening an invitation: %w", err)
	}
	return d, nil
}
