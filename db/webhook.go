package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// FormerSecretFor is how long the secret signs too that a webhook had before.
const FormerSecretFor = 24 * time.Hour

var webhookTable = newTable(kindWebhook, "webhooks",
	func(row *pbx.Webhook) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.Webhook) any { return &row.Tenant }),
	keyCol("name", func(row *pbx.Webhook) any { return &row.Name }),
	col("url", func(row *pbx.Webhook) any { return &row.URL }),
	col("events", func(row *pbx.Webhook) any { return words{&row.Events} }),
	col("description", func(row *pbx.Webhook) any { return &row.Description }),
	col("email", func(row *pbx.Webhook) any { return &row.Email }),
	col("secret", func(row *pbx.Webhook) any { return secret{&row.Secret} }),
	col("disabled", func(row *pbx.Webhook) any { return &row.Disabled }),
)

// Webhook returns one webhook, or a NotFound error.
func (tx *Tx) Webhook(ctx context.Context, tenant, name string) (*pbx.Webhook, error) {
	return webhookTable.get(ctx, tx, tenant, name)
}

// Webhooks returns webhooks of a tenant by name. Contains looks at name, URL and description. An
// unknown tenant is a NotFound error.
func (tx *Tx) Webhooks(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Webhook, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	ws, err := webhookTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND name > ?2 AND (name LIKE ?3 ESCAPE '\' OR url LIKE ?3 ESCAPE '\' OR description LIKE ?3 ESCAPE '\')
		ORDER BY name LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing webhooks: %w", err)
	}
	return ws, nil
}

// PutWebhook adds a webhook or replaces the one of that name. Another URL, and the end of
// disabled, start one again that was stopped. Another secret leaves the former one beside it for
// FormerSecretFor.
func (tx *Tx) PutWebhook(ctx context.Context, w *pbx.Webhook) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Webhook(ctx, w.Tenant, w.Name))
	if err != nil {
		return err
	}
	if webhookTable.same(old, w) {
		return nil
	}
	if err := tx.needTenant(ctx, w.Tenant); err != nil {
		return err
	}
	if old == nil {
		if err := tx.roomForWebhook(ctx, w.Tenant); err != nil {
			return err
		}
	}
	if err := webhookTable.save(ctx, tx, old, w); err != nil {
		return err
	}
	if err := tx.exec(ctx, `INSERT INTO webhook_states (tenant, name) VALUES (?, ?) ON CONFLICT DO NOTHING`, w.Tenant,
		w.Name); err != nil {
		return err
	}
	if old == nil {
		return nil
	}
	if !old.Secret.Equal(w.Secret) {
		err = tx.exec(ctx, `UPDATE webhook_states SET former_secret = ?, former_until = ? WHERE tenant = ? AND name = ?`,
			old.Secret.Reveal(), millis(tx.start.Add(FormerSecretFor)), w.Tenant, w.Name)
	}
	if err == nil && (old.URL != w.URL || old.Disabled && !w.Disabled) {
		err = tx.startWebhook(ctx, w.Tenant, w.Name)
	}
	return err
}

func (tx *Tx) roomForWebhook(ctx context.Context, tenant string) error {
	var n int
	if err := tx.sql.QueryRowContext(ctx, `SELECT count(*) FROM webhooks WHERE tenant = ?`, tenant).Scan(&n); err != nil {
		return err
	}
	if n >= pbx.MostWebhooks {
		return pbx.Conflictf("name", "tenant %s has %d webhooks, which is the most", tenant, n)
	}
	return nil
}

// startWebhook forgets what went wrong.
func (tx *Tx) startWebhook(ctx context.Context, tenant, name string) error {
	return tx.exec(ctx, `UPDATE webhook_states SET failing_since = 0, error = '', stopped_at = 0,
		mail_state = CASE mail_state WHEN 'queued' THEN '' ELSE mail_state END WHERE tenant = ? AND name = ?`, tenant, name)
}

// DeleteWebhook removes a webhook and all that is on its way to it.
func (tx *Tx) DeleteWebhook(ctx context.Context, tenant, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Webhook(ctx, tenant, name)
	if err != nil {
		return err
	}
	return webhookTable.remove(ctx, tx, old)
}

// WebhookState returns what was observed of a webhook.
func (db *DB) WebhookState(ctx context.Context, tenant, name string) (s pbx.WebhookState, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		err := tx.sql.QueryRowContext(ctx, `SELECT failing_since, error, stopped_at, lost, (SELECT count(*)
				FROM webhook_deliveries d WHERE d.tenant = s.tenant AND d.webhook = s.name AND d.state = 'queued')
			FROM webhook_states s WHERE tenant = ? AND name = ?`, tenant, name).Scan(instant{&s.FailingSince}, &s.Error,
			instant{&s.Stopped}, &s.Lost, &s.Waiting)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		return err
	})
	if err != nil {
		return s, fmt.Errorf("reading the state of webhook %s: %w", name, err)
	}
	return s, nil
}

// WebhookMail is a mail that tells that a webhook was stopped.
type WebhookMail struct {
	Tenant, Name, URL, Email string
	Error                    string // why it was stopped
	Stopped, Next            time.Time
	State                    pbx.MailState
	Attempts                 int
	MailError                string // of the last attempt to mail
}

// NextWebhookMail returns the queued mail that is due first, or nil.
func (db *DB) NextWebhookMail(ctx context.Context) (*WebhookMail, error) {
	m, err := firstRow(ctx, db, func(row scanner) (*WebhookMail, error) {
		m := &WebhookMail{}
		return m, row.Scan(&m.Tenant, &m.Name, &m.URL, &m.Email, &m.Error, instant{&m.Stopped}, instant{&m.Next}, &m.State,
			&m.Attempts, &m.MailError)
	}, `SELECT w.tenant, w.name, w.url, w.email, s.error, s.stopped_at, s.mail_next_at, s.mail_state, s.mail_attempts,
			s.mail_error FROM webhook_states s JOIN webhooks w ON w.tenant = s.tenant AND w.name = s.name
		WHERE s.mail_state = 'queued' ORDER BY s.mail_next_at LIMIT 1`)
	if err != nil {
		return nil, fmt.Errorf("reading the queue of mail about webhooks: %w", err)
	}
	return m, nil
}

// PutWebhookMail writes how an attempt to mail ended.
func (db *DB) PutWebhookMail(ctx context.Context, m *WebhookMail) error {
	err := db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, `UPDATE webhook_states SET mail_state = ?, mail_attempts = ?, mail_error = ?, mail_next_at = ?
			WHERE tenant = ? AND name = ? AND mail_state = 'queued'`, string(m.State), m.Attempts, m.MailError, millis(m.Next),
			m.Tenant, m.Name)
	})
	if err != nil {
		return fmt.Errorf("noting the mail about webhook %s: %w", m.Name, err)
	}
	return nil
}
