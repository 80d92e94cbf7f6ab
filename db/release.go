package db

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ownForward is the part of a query that finds an extension's own active forward. An active
// forward counts as a reference: callers of the extension rely on it.
const ownForward = `UNION ALL SELECT 'forward', extension FROM forwards WHERE tenant = ?1 AND extension = ?2
	AND (mode <> 'off' OR unreachable <> '' OR busy <> '' OR no_answer <> '') `

// extensionUnused returns an InUse error that names the references to an extension.
func (tx *Tx) extensionUnused(ctx context.Context, e *pbx.Extension) error {
	err := tx.unused(ctx, "extension "+e.Number, `SELECT kind, name FROM (
		SELECT 'device' AS kind, name FROM devices WHERE tenant = ?1 AND extension = ?2
		UNION ALL SELECT 'user', username FROM users WHERE tenant = ?1 AND extension = ?2 `+
		watchers+ringMembers+queueMembers+ownForward+leadingTo+`) ORDER BY kind = 'button', kind, name`,
		e.Tenant, e.Number, pbx.Destination{Kind: pbx.ToExtension, Key: e.Number}.String())
	var used *pbx.Error
	if !errors.As(err, &used) || used.Kind != pbx.InUse {
		return err
	}
	own, ownErr := tx.ownMailboxRefs(ctx, e)
	if ownErr != nil {
		return ownErr
	}
	for _, r := range own {
		if !slices.Contains(used.Refs, r) {
			used.Refs = append(used.Refs, r)
		}
	}
	return err
}

// ownMailboxRefs names an extension's own mailbox and the objects that lead to it. All of
// them change when the extension is released.
func (tx *Tx) ownMailboxRefs(ctx context.Context, e *pbx.Extension) ([]pbx.Ref, error) {
	own, err := tx.ownMailbox(ctx, e)
	if err != nil || !own {
		return nil, err
	}
	refs, err := query(ctx, tx, scanRef, fmt.Sprintf(`SELECT '%s', ?2 `+leadingTo+`LIMIT %d`, kindMailbox, mostRefs),
		e.Tenant, e.Mailbox, pbx.Destination{Kind: pbx.ToVoicemail, Key: e.Mailbox}.String())
	if err != nil {
		return nil, fmt.Errorf("looking for what refers to mailbox %s: %w", e.Mailbox, err)
	}
	return refs, nil
}

// ownMailbox reports whether an extension's mailbox has its number and is no other
// extension's.
func (tx *Tx) ownMailbox(ctx context.Context, e *pbx.Extension) (bool, error) {
	if e.Mailbox == "" || e.Mailbox != e.Number {
		return false, nil
	}
	shared, err := tx.has(ctx, `SELECT 1 FROM extensions WHERE tenant = ? AND mailbox = ? AND number <> ?`, e.Tenant,
		e.Mailbox, e.Number)
	if err != nil {
		return false, fmt.Errorf("looking for who else uses mailbox %s: %w", e.Mailbox, err)
	}
	return !shared, nil
}

// ReleaseExtension clears the references to an extension, so that it can be deleted.
// Devices, user and numbers lose it; the buttons that watch it, its forward and its own
// mailbox are deleted.
func (tx *Tx) ReleaseExtension(ctx context.Context, tenant, number string) error {
	e, err := tx.Extension(ctx, tenant, number)
	if err != nil {
		return err
	}
	devices, err := tx.DevicesOf(ctx, tenant, number)
	if err != nil {
		return err
	}
	for _, d := range devices {
		if err := tx.FreeDesk(ctx, d); err != nil {
			return err
		}
	}
	u, err := orNil(tx.UserOf(ctx, tenant, number))
	if err != nil {
		return err
	}
	if u != nil {
		u.Extension = ""
		if err := tx.PutUser(ctx, u); err != nil {
			return err
		}
	}
	if err := tx.releaseWatchers(ctx, tenant, number); err != nil {
		return err
	}
	if err := tx.releaseMember(ctx, tenant, number); err != nil {
		return err
	}
	if err := tx.releaseQueueMember(ctx, tenant, number); err != nil {
		return err
	}
	if err := tx.DeleteForward(ctx, tenant, number); err != nil && pbx.KindOf(err) != pbx.NotFound {
		return err
	}
	if err := tx.redirect(ctx, tenant, move{from: pbx.Destination{Kind: pbx.ToExtension, Key: number}}); err != nil {
		return err
	}
	return tx.releaseMailbox(ctx, e)
}

// releaseMailbox deletes an extension's own mailbox.
func (tx *Tx) releaseMailbox(ctx context.Context, e *pbx.Extension) error {
	own, err := tx.ownMailbox(ctx, e)
	if err != nil || !own {
		return err
	}
	mailbox := e.Mailbox
	if err := tx.redirect(ctx, e.Tenant, move{from: pbx.Destination{Kind: pbx.ToVoicemail, Key: mailbox}}); err != nil {
		return err
	}
	e.Mailbox = ""
	if err := tx.PutExtension(ctx, e); err != nil {
		return err
	}
	return tx.DeleteMailbox(ctx, e.Tenant, mailbox)
}

// ReleaseDevice takes a device off the phone that registers it. The buttons that use that
// line go too. Extensions that were a further number of it become virtual ones.
func (tx *Tx) ReleaseDevice(ctx context.Context, tenant, name string) error {
	macs, err := query(ctx, tx, func(row scanner) (mac pbx.MAC, err error) { return mac, row.Scan(&mac) },
		`SELECT mac FROM phone_lines WHERE tenant = ? AND device = ?`, tenant, name)
	if err != nil {
		return fmt.Errorf("looking for the phone of device %s: %w", name, err)
	}
	for _, mac := range macs {
		p, err := tx.Phone(ctx, tenant, mac)
		if err != nil {
			return err
		}
		for _, l := range p.Lines {
			if l.Device == name {
				p.Buttons = slices.DeleteFunc(p.Buttons, func(b pbx.Button) bool {
					return b.Kind != pbx.NoButton &&
						b.Line == l.Registration
				})
			}
		}
		p.Lines = slices.DeleteFunc(p.Lines, func(l pbx.Line) bool { return l.Device == name })
		if err := tx.PutPhone(ctx, p); err != nil {
			return err
		}
	}
	es, err := extensionTable.rows(ctx, tx, `WHERE tenant = ? AND parent_device = ? ORDER BY number`, tenant, name)
	if err != nil {
		return fmt.Errorf("listing the further numbers of device %s: %w", name, err)
	}
	for _, e := range es {
		if err := tx.makeVirtual(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// makeVirtual takes the devices off an extension, and what only they give an effect to.
func (tx *Tx) makeVirtual(ctx context.Context, e *pbx.Extension) error {
	own, err := tx.DevicesOf(ctx, e.Tenant, e.Number)
	if err != nil {
		return err
	}
	for _, d := range own {
		d.Extension = ""
		if err := tx.PutDevice(ctx, d); err != nil {
			return err
		}
	}
	v := *e
	v.Type, v.ParentDevice, v.AllowedDevices, v.Groups = pbx.TypeVirtual, "", nil, nil
	v.NoCallWaiting, v.BusyOnlyInCall, v.MaxCalls, v.Anonymous = false, false, 0, false
	v.Record, v.RecordOnDemand, v.Monitors, v.Monitored = false, false, false, false
	v.ClassOfService, v.PresentationNumber, v.Country = "", "", ""
	return tx.PutExtension(ctx, &v)
}
