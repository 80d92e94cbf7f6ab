package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// DeliverWithin is how long an event is tried, from when it was queued.
	DeliverWithin = 24 * time.Hour
	// MostQueued is how many deliveries wait for one webhook at most. Those of events that
	// happen then are lost, and counted.
	MostQueued = 10_000
	// deliveriesKept is how many deliveries of a webhook are kept that have ended.
	deliveriesKept = 200
)

// DueDelivery is a delivery with what its attempt needs of the webhook.
type DueDelivery struct {
	pbx.Delivery
	URL    string
	Secret pbx.Secret
	Former pbx.Secret // signs too; zero if there is none any more
}

const deliveryColumns = `d.id, d.tenant, d.webhook, d.message, d.event, d.at, d.data, d.state, d.attempts, d.next_at,
	d.expires, d.last_at, d.took_ms, d.status, d.answer, d.error`

func deliveryInto(d *pbx.Delivery, took *int64) []any {
	return []any{&d.ID, &d.Tenant, &d.Webhook, &d.Message, &d.Event, instant{&d.At}, &d.Data, &d.State, &d.Attempts,
		instant{&d.Due}, instant{&d.Expires}, instant{&d.Last}, took, &d.Status, &d.Answer, &d.Error}
}

func scanDelivery(row scanner) (*pbx.Delivery, error) {
	d, took := &pbx.Delivery{}, int64(0)
	err := row.Scan(deliveryInto(d, &took)...)
	d.Took = time.Duration(took) * time.Millisecond
	return d, err
}

// queueDeliveries queues events for the webhooks that want them. It reports whether any was. It
// runs with each batch of events, and so looks only at tenants of the batch.
func (tx *Tx) queueDeliveries(ctx context.Context, events []Event) (queued bool, err error) {
	type target struct {
		*pbx.Webhook
		room int // how many more may wait
		lost int
	}
	of := map[string][]*target{}
	for _, e := range events {
		of[e.Tenant] = nil
	}
	tenants, err := json.Marshal(slices.Collect(maps.Keys(of)))
	if err != nil {
		return false, err
	}
	hooks, err := webhookTable.rows(ctx, tx, `WHERE tenant IN (SELECT value FROM json_each(?)) AND disabled = 0
		AND NOT EXISTS (SELECT 1 FROM webhook_states s
		WHERE s.tenant = webhooks.tenant AND s.name = webhooks.name AND s.stopped_at > 0)`, string(tenants))
	if err != nil || len(hooks) == 0 {
		return false, err
	}
	for _, w := range hooks {
		t := &target{Webhook: w}
		if err := tx.sql.QueryRowContext(ctx, `SELECT ? - count(*) FROM webhook_deliveries
			WHERE tenant = ? AND webhook = ? AND state = 'queued'`, MostQueued, w.Tenant, w.Name).Scan(&t.room); err != nil {
			return false, err
		}
		of[w.Tenant] = append(of[w.Tenant], t)
	}
	err = tx.forEach(ctx, `INSERT INTO webhook_deliveries (tenant, webhook, message, event, at, data, state, next_at,
			expires) VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?)`, func(exec func(...any) error) error {
		for _, e := range events {
			for _, t := range of[e.Tenant] {
				if !t.Wants(e.Type) {
					continue
				}
				if t.room <= 0 {
					t.lost++
					continue
				}
				t.room, queued = t.room-1, true
				if err := exec(t.Tenant, t.Name, fmt.Sprint("evt_", e.ID), e.Type, millis(e.At), string(e.Data), millis(tx.start),
					millis(tx.start.Add(DeliverWithin))); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for _, ts := range of {
		for _, t := range ts {
			if err == nil && t.lost > 0 {
				err = tx.exec(ctx, `UPDATE webhook_states SET lost = lost + ? WHERE tenant = ? AND name = ?`, t.lost, t.Tenant, t.Name)
			}
		}
	}
	return queued, err
}

// FirstDeliveries returns of each webhook that is in use the delivery that is due first, due or
// not yet, those that are due first before others.
func (db *DB) FirstDeliveries(ctx context.Context) ([]*DueDelivery, error) {
	return db.dueDeliveries(ctx, `ORDER BY d.next_at, d.id`)
}

// FirstDelivery returns the one of a webhook, or nil.
func (db *DB) FirstDelivery(ctx context.Context, tenant, webhook string) (*DueDelivery, error) {
	ds, err := db.dueDeliveries(ctx, `AND w.tenant = ?2 AND w.name = ?3`, tenant, webhook)
	if err != nil || len(ds) == 0 {
		return nil, err
	}
	return ds[0], nil
}

func (db *DB) dueDeliveries(ctx context.Context, tail string, args ...any) (ds []*DueDelivery, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		ds, err = query(ctx, tx, func(row scanner) (*DueDelivery, error) {
			d, took := &DueDelivery{}, int64(0)
			err := row.Scan(append(deliveryInto(&d.Delivery, &took), &d.URL, secret{&d.Secret}, secret{&d.Former})...)
			d.Took = time.Duration(took) * time.Millisecond
			return d, err
		}, `SELECT `+deliveryColumns+`, w.url, w.secret, CASE WHEN s.former_until > ?1 THEN s.former_secret ELSE '' END
			FROM webhooks w JOIN webhook_states s ON s.tenant = w.tenant AND s.name = w.name
			JOIN webhook_deliveries d ON d.id = (SELECT q.id FROM webhook_deliveries q
				WHERE q.tenant = w.tenant AND q.webhook = w.name AND q.state = 'queued' ORDER BY q.next_at, q.id LIMIT 1)
			WHERE w.disabled = 0 AND s.stopped_at = 0 `+tail, append([]any{millis(time.Now())}, args...)...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading what is due to webhooks: %w", err)
	}
	return ds, nil
}

// NewDelivery returns a delivery of a test, with what its attempt needs of the webhook, or a
// NotFound error. EndAttempt stores it.
func (db *DB) NewDelivery(ctx context.Context, tenant, name string) (d *DueDelivery, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		w, err := tx.Webhook(ctx, tenant, name)
		if err != nil {
			return err
		}
		d = &DueDelivery{URL: w.URL, Secret: w.Secret, Delivery: pbx.Delivery{Tenant: tenant, Webhook: name,
			Event: pbx.TestEvent, At: tx.start, Due: tx.start, Expires: tx.start}}
		return nil
	})
	return d, err
}

// EndAttempt stores how an attempt ended. The webhook is stopped where stop is not "", the reason,
// or where it has failed without a success since failingSince or before. It reports whether it
// was. A delivery with id 0 is added.
func (db *DB) EndAttempt(ctx context.Context, d *pbx.Delivery, stop string, failingSince time.Time) (stopped bool,
	err error) {
	err = db.write(ctx, func(tx *Tx) error {
		if err := tx.putDelivery(ctx, d); err != nil {
			return err
		}
		if d.Error == "" {
			return tx.startWebhook(ctx, d.Tenant, d.Webhook)
		}
		if d.Event == pbx.TestEvent {
			return nil
		}
		var since time.Time
		err := tx.sql.QueryRowContext(ctx, `UPDATE webhook_states SET error = ?1,
				failing_since = CASE failing_since WHEN 0 THEN ?2 ELSE failing_since END
			WHERE tenant = ?3 AND name = ?4 AND stopped_at = 0 RETURNING failing_since`, d.Error, millis(tx.start), d.Tenant,
			d.Webhook).Scan(instant{&since})
		if errors.Is(err, sql.ErrNoRows) { // deleted, or stopped before
			return nil
		}
		if stopped = err == nil && (stop != "" || !since.After(failingSince)); !stopped {
			return err
		}
		return tx.exec(ctx, `UPDATE webhook_states SET stopped_at = ?1, mail_attempts = 0, mail_error = '', mail_next_at = ?1,
				mail_state = (SELECT CASE email WHEN '' THEN '' ELSE 'queued' END FROM webhooks w WHERE w.tenant = ?2 AND w.name = ?3)
			WHERE tenant = ?2 AND name = ?3`, millis(tx.start), d.Tenant, d.Webhook)
	})
	if err != nil {
		return false, fmt.Errorf("noting how delivery %d to webhook %s ended: %w", d.ID, d.Webhook, err)
	}
	return stopped, nil
}

func (tx *Tx) putDelivery(ctx context.Context, d *pbx.Delivery) error {
	if d.ID == 0 {
		err := tx.sql.QueryRowContext(ctx, `INSERT INTO webhook_deliveries (tenant, webhook, message, event, at, data, state,
				next_at, expires) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
				WHERE EXISTS (SELECT 1 FROM webhooks WHERE tenant = ?1 AND name = ?2) RETURNING id`, d.Tenant, d.Webhook, d.Message,
			d.Event, millis(d.At), string(d.Data), string(d.State), millis(d.Due), millis(d.Expires)).Scan(&d.ID)
		if errors.Is(err, sql.ErrNoRows) {
			return pbx.NotFoundf("webhook %s does not exist in tenant %s", d.Webhook, d.Tenant)
		}
		if err != nil {
			return err
		}
	}
	err := tx.exec(ctx, `UPDATE webhook_deliveries SET state = ?, attempts = ?, next_at = ?, last_at = ?, took_ms = ?,
		status = ?, answer = ?, error = ? WHERE id = ?`, string(d.State), d.Attempts, millis(d.Due), millis(d.Last),
		d.Took.Milliseconds(), d.Status, strings.ToValidUTF8(d.Answer, "\ufffd"), d.Error, d.ID)
	if err != nil || d.State == pbx.DeliveryQueued {
		return err
	}
	return tx.exec(ctx, `DELETE FROM webhook_deliveries WHERE id = (SELECT id FROM webhook_deliveries
		WHERE tenant = ?1 AND webhook = ?2 AND state <> 'queued' ORDER BY id DESC LIMIT 1 OFFSET ?3)`, d.Tenant, d.Webhook,
		deliveriesKept)
}

// Deliveries returns deliveries to a webhook that are older than an id (0: all), newest first. An
// unknown webhook is a NotFound error.
func (db *DB) Deliveries(ctx context.Context, tenant, webhook string, before int64, limit int) (ds []*pbx.Delivery,
	err error) {
	err = db.View(ctx, func(tx *Tx) error {
		if _, err := tx.Webhook(ctx, tenant, webhook); err != nil {
			return err
		}
		ds, err = query(ctx, tx, scanDelivery, `SELECT `+deliveryColumns+` FROM webhook_deliveries d
			WHERE tenant = ?1 AND webhook = ?2 AND (?3 = 0 OR id < ?3) ORDER BY id DESC LIMIT ?4`, tenant, webhook, before, limit)
		return err
	})
	return ds, err
}

// Replay queues a delivery again that has ended.
func (db *DB) Replay(ctx context.Context, tenant, webhook string, id int64) (d *pbx.Delivery, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		if _, err := tx.Webhook(ctx, tenant, webhook); err != nil {
			return err
		}
		ds, err := query(ctx, tx, scanDelivery, `SELECT `+deliveryColumns+` FROM webhook_deliveries d
			WHERE id = ? AND tenant = ? AND webhook = ?`, id, tenant, webhook)
		if err != nil {
			return err
		}
		if len(ds) == 0 {
			return pbx.NotFoundf("delivery %d of webhook %s does not exist", id, webhook)
		}
		if d = ds[0]; d.State == pbx.DeliveryQueued {
			return pbx.Conflictf("state", "delivery %d is queued already, for %s", id, d.Due.UTC().Format(time.RFC3339))
		}
		d.State, d.Attempts, d.Due, d.Expires = pbx.DeliveryQueued, 0, tx.start, tx.start.Add(DeliverWithin)
		return tx.exec(ctx, `UPDATE webhook_deliveries SET state = 'queued', attempts = 0, next_at = ?, expires = ? WHERE id = ?`,
			millis(d.Due), millis(d.Expires), id)
	})
	return d, err
}
