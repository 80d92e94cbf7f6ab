package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// RenumberExtension gives an extension another number, and its own mailbox as well.
// References follow by ON UPDATE CASCADE; devices, user, numbers, and owners of buttons
// that watch it are written again, so that their revisions and the audit tell. A number
// that is taken is a Conflict.
func (tx *Tx) RenumberExtension(ctx context.Context, tenant, number, to string) (*pbx.Extension, error) {
	if err := tx.writable(); err != nil {
		return nil, err
	}
	old, err := tx.Extension(ctx, tenant, number)
	if err != nil {
		return nil, err
	}
	if err := tx.free(ctx, tenant, to); err != nil {
		return nil, err
	}
	devices, err := tx.DevicesOf(ctx, tenant, number)
	if err != nil {
		return nil, err
	}
	u, err := orNil(tx.UserOf(ctx, tenant, number))
	if err != nil {
		return nil, err
	}
	w, err := tx.watchersOf(ctx, tenant, number)
	if err != nil {
		return nil, err
	}
	groups, err := tx.ringGroupsOf(ctx, tenant, number)
	if err != nil {
		return nil, err
	}
	queues, err := tx.queuesOf(ctx, tenant, number)
	if err != nil {
		return nil, err
	}
	e := *old
	e.Number = to
	if err := tx.renumberMailbox(ctx, old, &e); err != nil {
		return nil, err
	}
	if e.Revision, err = tx.newRevision(ctx); err != nil {
		return nil, err
	}
	e.Version++
	err = tx.exec(ctx, `UPDATE extensions SET number = ?, version = ?, revision = ? WHERE tenant = ? AND number = ?`, to,
		e.Version, e.Revision, tenant, number)
	if err != nil {
		return nil, fmt.Errorf("renumbering extension %s: %w", number, err)
	}
	if err := extensionTable.record(ctx, tx, old, &e); err != nil {
		return nil, err
	}
	if err := tx.follow(ctx, devices, u, to); err != nil {
		return nil, err
	}
	if err := tx.followMembers(ctx, groups, number, to); err != nil {
		return nil, err
	}
	if err := tx.followQueueMembers(ctx, queues, number, to); err != nil {
		return nil, err
	}
	if err := tx.followDestinations(ctx, old, &e); err != nil {
		return nil, err
	}
	return &e, tx.followWatchers(ctx, w, number, to)
}

// followDestinations moves destinations from the old numbers to the new ones.
func (tx *Tx) followDestinations(ctx context.Context, old, e *pbx.Extension) error {
	to := func(kind pbx.DestinationKind, key string) pbx.Destination {
		return pbx.Destination{Kind: kind, Key: key}
	}
	moves := []move{{to(pbx.ToExtension, old.Number), to(pbx.ToExtension, e.Number)}}
	if old.Mailbox != e.Mailbox {
		moves = append(moves, move{to(pbx.ToVoicemail, old.Mailbox), to(pbx.ToVoicemail, e.Mailbox)})
	}
	return tx.redirect(ctx, e.Tenant, moves...)
}

// free refuses a number that is taken. It is taken by another extension, a ring group, a
// queue, a feature code or help.
func (tx *Tx) free(ctx context.Context, tenant, number string) error {
	taken, err := orNil(tx.Extension(ctx, tenant, number))
	if err == nil && taken != nil {
		return existsAlready("number", tenant, kindExtension, number)
	}
	if err != nil {
		return err
	}
	if err := tx.noRingGroupAt(ctx, tenant, number, ""); err != nil {
		return err
	}
	if err := tx.noQueueAt(ctx, tenant, number); err != nil {
		return err
	}
	if err := tx.noEmergency(ctx, tenant, number); err != nil {
		return err
	}
	return tx.notForFeature(ctx, tenant, number)
}

// renumberMailbox carries an extension's own mailbox along.
func (tx *Tx) renumberMailbox(ctx context.Context, old, e *pbx.Extension) error {
	own, err := tx.ownMailbox(ctx, old)
	if err != nil || !own {
		return err
	}
	before, err := tx.Mailbox(ctx, old.Tenant, old.Mailbox)
	if err != nil {
		return err
	}
	if taken, err := orNil(tx.Mailbox(ctx, old.Tenant, e.Number)); err != nil || taken != nil {
		if err == nil {
			err = existsAlready("number", old.Tenant, kindMailbox, e.Number)
		}
		return err
	}
	m := *before
	m.Number, e.Mailbox = e.Number, e.Number
	if m.Revision, err = tx.newRevision(ctx); err != nil {
		return err
	}
	m.Version++
	err = tx.exec(ctx, `UPDATE mailboxes SET number = ?, version = ?, revision = ? WHERE tenant = ? AND number = ?`,
		m.Number, m.Version, m.Revision, m.Tenant, before.Number)
	if err != nil {
		return fmt.Errorf("renumbering mailbox %s: %w", before.Number, err)
	}
	return mailboxTable.record(ctx, tx, before, &m)
}

// follow writes the cascade's changes. The rows given are those before.
func (tx *Tx) follow(ctx context.Context, devices []*pbx.Device, u *pbx.User, number string) error {
	for _, before := range devices {
		d := *before
		d.Extension = number
		if err := tx.saveDevice(ctx, before, &d); err != nil {
			return err
		}
	}
	if u == nil {
		return nil
	}
	now := *u
	now.Extension = number
	var err error
	if now.Revision, err = tx.newRevision(ctx); err != nil {
		return err
	}
	now.Version++
	err = tx.exec(ctx, `UPDATE users SET version = ?, revision = ? WHERE tenant = ? AND username = ?`, now.Version,
		now.Revision, now.Tenant, now.Username)
	if err != nil {
		return fmt.Errorf("writing user %s: %w", now.Username, err)
	}
	return userTable.record(ctx, tx, u, &now)
}

// DuplicateExtension makes an extension with all settings of another one. A mailbox
// of the same number is duplicated as well, but for e-mail address and PIN, which are
// its owner's: the PIN is a random one. Another mailbox is shared.
func (tx *Tx) DuplicateExtension(ctx context.Context, tenant, number, as string) (*pbx.Extension, error) {
	from, err := tx.Extension(ctx, tenant, number)
	if err != nil {
		return nil, err
	}
	e := *from
	e.Number, e.Version, e.Revision = as, 0, 0
	if from.Mailbox == from.Number {
		m, err := tx.Mailbox(ctx, tenant, from.Mailbox)
		if err != nil {
			return nil, err
		}
		e.Mailbox, m.Number, m.Version, m.Revision = as, as, 0, 0
		m.Email, m.EmailNotification, m.AttachRecording, m.DeleteAfterMail = "", false, false, false
		m.PIN = pbx.RandomPIN()
		if err := tx.CreateMailbox(ctx, m); err != nil {
			return nil, err
		}
	}
	if err := tx.CreateExtension(ctx, &e); err != nil {
		return nil, err
	}
	return &e, tx.duplicateForward(ctx, from, &e)
}

// duplicateForward gives a duplicate the forward of its original. Destinations at the
// original's own mailbox become the duplicate's own mailbox.
func (tx *Tx) duplicateForward(ctx context.Context, from, e *pbx.Extension) error {
	f, err := orNil(tx.Forward(ctx, from.Tenant, from.Number))
	if err != nil || f == nil {
		return err
	}
	f.Extension, f.Version, f.Revision = e.Number, 0, 0
	if from.Mailbox != e.Mailbox {
		f.Redirect(pbx.Destination{Kind: pbx.ToVoicemail, Key: from.Mailbox},
			pbx.Destination{Kind: pbx.ToVoicemail, Key: e.Mailbox})
	}
	return tx.PutForward(ctx, f)
}
