package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var mailboxTable = newTable(kindMailbox, "mailboxes",
	func(row *pbx.Mailbox) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.Mailbox) any { return &row.Tenant }),
	keyCol("number", func(row *pbx.Mailbox) any { return &row.Number }),
	col("name", func(row *pbx.Mailbox) any { return &row.Name }),
	col("pin", func(row *pbx.Mailbox) any { return secret{&row.PIN} }),
	col("email", func(row *pbx.Mailbox) any { return &row.Email }),
	col("email_notification", func(row *pbx.Mailbox) any { return &row.EmailNotification }),
	col("attach_recording", func(row *pbx.Mailbox) any { return &row.AttachRecording }),
	col("timezone", func(row *pbx.Mailbox) any { return &row.Timezone }),
	col("language", func(row *pbx.Mailbox) any { return &row.Language }),
	col("max_messages", func(row *pbx.Mailbox) any { return &row.MaxMessages }),
	col("max_seconds", func(row *pbx.Mailbox) any { return &row.MaxSeconds }),
	col("min_seconds", func(row *pbx.Mailbox) any { return &row.MinSeconds }),
	col("greeting", func(row *pbx.Mailbox) any { return &row.Greeting }),
	col("delete_after_mail", func(row *pbx.Mailbox) any { return &row.DeleteAfterMail }),
)

// Mailbox returns one mailbox, or a NotFound error.
func (tx *Tx) Mailbox(ctx context.Context, tenant, number string) (*pbx.Mailbox, error) {
	return mailboxTable.get(ctx, tx, tenant, number)
}

// Mailboxes returns mailboxes of a tenant by number. Contains looks at number,
// name and email. An unknown tenant is a NotFound error.
func (tx *Tx) Mailboxes(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Mailbox, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	ms, err := mailboxTable.rows(ctx, tx, `
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
	if mailboxTable.same(old, m) {
		return nil
	}
	return tx.saveMailbox(ctx, old, m)
}

func (tx *Tx) saveMailbox(ctx context.Context, old, m *pbx.Mailbox) error {
	if err := tx.needTenant(ctx, m.Tenant); err != nil {
		return err
	}
	if m.Greeting != "" {
		to := pbx.Destination{Kind: pbx.ToAnnouncement, Key: m.Greeting}
		if err := tx.needDestination(ctx, "greeting", m.Tenant, to); err != nil {
			return err
		}
	}
	if err := mailboxTable.save(ctx, tx, old, m); err != nil {
		return err
	}
	if !m.EmailNotification || old != nil && old.EmailNotification {
		return nil
	}
	// Messages that are there already are not mailed.
	return tx.exec(ctx, `UPDATE mailboxes SET notified_since = ? WHERE tenant = ? AND number = ?`, millis(tx.start), m.Tenant,
		m.Number)
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
	err = tx.unused(ctx, "mailbox "+number,
		`SELECT 'extension', number FROM extensions WHERE tenant = ?1 AND mailbox = ?2 `+leadingTo+`ORDER BY 1, 2`,
		tenant, number, pbx.Destination{Kind: pbx.ToVoicemail, Key: number}.String())
	if err != nil {
		return err
	}
	return mailboxTable.remove(ctx, tx, old)
}
