package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const selectMailbox = `SELECT tenant, number, name, pin, email, attach_recording, delete_after_mail, version, revision FROM mailboxes`

func scanMailbox(row scanner) (*pbx.Mailbox, error) {
	m := &pbx.Mailbox{}
	return m, row.Scan(&m.Tenant, &m.Number, &m.Name, secretScan{&m.PIN}, &m.Email, &m.AttachRecording, &m.DeleteAfterMail, &m.Version, &m.Revision)
}

// Mailbox returns one mailbox, or a NotFound error.
func (tx *Tx) Mailbox(ctx context.Context, tenant, number string) (*pbx.Mailbox, error) {
	m, err := scanMailbox(tx.sql.QueryRowContext(ctx, selectMailbox+` WHERE tenant = ? AND number = ?`, tenant, number))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, tx.notIn(ctx, tenant, kindMailbox, number)
	}
	if err != nil {
		return nil, fmt.Errorf("reading mailbox %s: %w", number, err)
	}
	return m, nil
}

// Mailboxes returns mailboxes of a tenant by number. Contains looks at number,
// name and email. An unknown tenant is a NotFound error.
func (tx *Tx) Mailboxes(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Mailbox, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	ms, err := query(ctx, tx, scanMailbox, selectMailbox+`
		WHERE tenant = ?1 AND number > ?2
		AND (number LIKE ?3 ESCAPE '\' OR name LIKE ?3 ESCAPE '\' OR email LIKE ?3 ESCAPE '\')
		ORDER BY number LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing mailboxes: %w", err)
	}
	return ms, nil
}

// CreateMailbox adds a mailbox; a Conflict error when its number is taken.
func (tx *Tx) CreateMailbox(ctx context.Context, m *pbx.Mailbox) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Mailbox(ctx, m.Tenant, m.Number))
	if err != nil {
		return err
	}
	if old != nil {
		return existsAlready("number", m.Tenant, kindMailbox, m.Number)
	}
	return tx.saveMailbox(ctx, nil, m)
}

// PutMailbox adds a mailbox or replaces the one of that number. It sets Version
// and Revision of m, and writes nothing when nothing differs.
func (tx *Tx) PutMailbox(ctx context.Context, m *pbx.Mailbox) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Mailbox(ctx, m.Tenant, m.Number))
	if err != nil {
		return err
	}
	if old != nil && len(changed(old, m)) == 0 {
		m.Version, m.Revision = old.Version, old.Revision
		return nil
	}
	return tx.saveMailbox(ctx, old, m)
}

func (tx *Tx) saveMailbox(ctx context.Context, old, m *pbx.Mailbox) (err error) {
	if err := tx.needTenant(ctx, m.Tenant); err != nil {
		return err
	}
	if m.Revision, err = tx.newRevision(ctx); err != nil {
		return err
	}
	m.Version = 1
	if old != nil {
		m.Version = old.Version + 1
	}
	err = tx.exec(ctx, `INSERT INTO mailboxes (tenant, number, name, pin, email, attach_recording, delete_after_mail, version, revision)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, number) DO UPDATE SET name = excluded.name, pin = excluded.pin,
		email = excluded.email, attach_recording = excluded.attach_recording, delete_after_mail = excluded.delete_after_mail,
		version = excluded.version, revision = excluded.revision`,
		m.Tenant, m.Number, m.Name, m.PIN.Reveal(), m.Email, m.AttachRecording, m.DeleteAfterMail, m.Version, m.Revision)
	if err != nil {
		return fmt.Errorf("writing mailbox %s: %w", m.Number, err)
	}
	return record(ctx, tx, kindMailbox, m.Tenant, m.Number, old, m)
}

// DeleteMailbox removes a mailbox; an InUse error names the extensions that use
// it. Its messages are Asterisk's files and stay.
func (tx *Tx) DeleteMailbox(ctx context.Context, tenant, number string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Mailbox(ctx, tenant, number)
	if err != nil {
		return err
	}
	err = tx.unused(ctx, "mailbox "+number, `SELECT 'extension', number FROM extensions WHERE tenant = ?1 AND mailbox = ?2 `+leadingTo+`ORDER BY 1, 2`,
		tenant, number, pbx.Destination{Kind: pbx.ToVoicemail, Key: number}.String())
	if err != nil {
		return err
	}
	if _, err := tx.newRevision(ctx); err != nil {
		return err
	}
	if err := tx.exec(ctx, `DELETE FROM mailboxes WHERE tenant = ? AND number = ?`, tenant, number); err != nil {
		return fmt.Errorf("deleting mailbox %s: %w", number, err)
	}
	return record(ctx, tx, kindMailbox, tenant, number, old, nil)
}
