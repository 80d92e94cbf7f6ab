package db

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleWebhook() *pbx.Webhook {
	return &pbx.Webhook{Tenant: "default", Name: "crm", URL: "https://example.com/hooks", Events: []string{"call", "fetch"},
		Description: "of the CRM", Email: "anna@example.com", Secret: pbx.NewSecret("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"),
		Disabled: true}
}

func TestWebhooks(t *testing.T) {
	checkEveryFieldSet(t, sampleWebhook())
	db := openDB(t, Options{})
	for range 2 {
		update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutWebhook(ctx, sampleWebhook()) })
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		w, err := tx.Webhook(ctx, "default", "crm")
		if err != nil {
			return err
		}
		want := sampleWebhook()
		want.Version, want.Revision = 1, w.Revision
		if fmt.Sprintf("%+v", *w) != fmt.Sprintf("%+v", *want) || !w.Secret.Equal(want.Secret) {
			t.Errorf("%+v, want %+v", w, want)
		}
		ws, err := tx.Webhooks(ctx, "default", ListOptions{Contains: "of the"})
		if len(ws) != 1 {
			t.Errorf("%d webhooks are listed", len(ws))
		}
		return err
	})
	err := try(t, db, tester, func(ctx context.Context, tx *Tx) error {
		for n := range pbx.MostWebhooks {
			w := sampleWebhook()
			w.Name = fmt.Sprint("more", n)
			if err := tx.PutWebhook(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil || err.Error() != "tenant default has 20 webhooks, which is the most" {
		t.Errorf("one too many: %v", err)
	}
}

// hooked makes two webhooks, of which "all" wants everything and "calls" calls alone.
func hooked(t *testing.T) *DB {
	t.Helper()
	db := openDB(t, Options{})
	update(t, db, func(ctx context.Context, tx *Tx) error {
		for name, events := range map[string][]string{"all": nil, "calls": {"call"}} {
			w := sampleWebhook()
			w.Name, w.Events, w.Disabled = name, events, false
			if err := tx.PutWebhook(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
	return db
}

func happen(t *testing.T, db *DB, id uint64, tenant, kind string) (queued bool) {
	t.Helper()
	queued, err := db.AddEvents(t.Context(), []Event{{ID: id, Tenant: tenant, Type: kind, At: time.Now(), Data: []byte(`{"n":1}`)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return queued
}

// waiting are the deliveries that are next, as "webhook message".
func waiting(t *testing.T, db *DB) string {
	t.Helper()
	ds, err := db.FirstDeliveries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, d := range ds {
		text += d.Webhook + " " + d.Message + ";"
	}
	return text
}

// An event is queued with it for each webhook that wants it, and for no other tenant's.
func TestEventsAreQueued(t *testing.T) {
	db := hooked(t)
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.CreateTenant(ctx, loneTenant()) })
	for id, c := range []struct {
		tenant, kind string
		queued       bool
	}{{loneTenant().Name, "call", false}, {"", "apply", false}, {"default", "status", true}, {"default", "call", true}} {
		if got := happen(t, db, uint64(id)+1, c.tenant, c.kind); got != c.queued {
			t.Errorf("%+v: queued %v", c, got)
		}
	}
	if got := waiting(t, db); got != "all evt_3;calls evt_4;" {
		t.Errorf("waiting are %s", got)
	}
	d, err := db.FirstDelivery(t.Context(), "default", "all")
	if err != nil || d == nil || d.URL != sampleWebhook().URL || string(d.Data) != `{"n":1}` || d.Event != "status" ||
		!d.Former.IsZero() || !d.Secret.Equal(sampleWebhook().Secret) || d.Expires.Sub(d.Due) != DeliverWithin {
		t.Errorf("%+v, %v", d, err)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.DeleteWebhook(ctx, "default", "all") })
	if got := waiting(t, db); got != "calls evt_4;" {
		t.Errorf("after one is deleted: %s", got)
	}
}

// The newest events are lost where too many wait, and counted.
func TestQueueIsFull(t *testing.T) {
	db := hooked(t)
	err := db.write(t.Context(), func(tx *Tx) error {
		return tx.exec(t.Context(), `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			INSERT INTO webhook_deliveries (tenant, webhook, message, event, at, data, state, next_at, expires)
			SELECT 'default', 'calls', 'evt_' || i, 'call', 0, '{}', 'queued', 0, 0 FROM n`, MostQueued-1)
	})
	if err != nil {
		t.Fatal(err)
	}
	for id := range uint64(3) {
		happen(t, db, id+1, "default", "call")
	}
	s, err := db.WebhookState(t.Context(), "default", "calls")
	if err != nil || s.Waiting != MostQueued || s.Lost != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := db.WebhookState(t.Context(), "default", "all"); err != nil || s.Waiting != 3 || s.Lost != 0 {
		t.Errorf("the other one: %+v, %v", s, err)
	}
}

// attempt stores the end of an attempt of the first delivery.
func attempt(t *testing.T, db *DB, webhook, failure, stop string, since time.Time) (stopped bool) {
	t.Helper()
	d, err := db.FirstDelivery(t.Context(), "default", webhook)
	if err != nil || d == nil {
		t.Fatal(d, err)
	}
	d.Attempts, d.Last, d.Took, d.Status, d.Answer, d.Error = d.Attempts+1, time.Now(), time.Second, 500, "so\xff", failure
	if d.State = pbx.DeliveryFailed; failure == "" {
		d.State = pbx.DeliveryDelivered
	}
	if stopped, err = db.EndAttempt(t.Context(), &d.Delivery, stop, since); err != nil {
		t.Fatal(err)
	}
	return stopped
}

// A webhook is stopped after days without a success, or by its receiver. Then nothing is queued,
// until it is started again.
func TestWebhookIsStopped(t *testing.T) {
	for name, c := range map[string]struct{ stop string }{"days": {}, "gone": {"the answer is 410"}} {
		t.Run(name, func(t *testing.T) {
			db := hooked(t)
			for id := range uint64(4) {
				happen(t, db, id+1, "default", "status")
			}
			if attempt(t, db, "all", "no", "", time.Now().Add(-time.Hour)) {
				t.Error("stopped by its first failure")
			}
			attempt(t, db, "all", "", "", time.Now())
			if s, err := db.WebhookState(t.Context(), "default", "all"); err != nil || s.Error != "" || !s.FailingSince.IsZero() {
				t.Errorf("after a success: %+v, %v", s, err)
			}
			attempt(t, db, "all", "no", "", time.Now().Add(-time.Hour))
			since := time.Now().Add(time.Minute)
			if c.stop != "" {
				since = time.Now().Add(-time.Hour)
			}
			if !attempt(t, db, "all", "no", c.stop, since) {
				t.Error("not stopped")
			}
			m, err := db.NextWebhookMail(t.Context())
			if err != nil || m == nil || m.Email != sampleWebhook().Email || m.Error != "no" || m.Stopped.IsZero() {
				t.Fatalf("the mail is %+v, %v", m, err)
			}
			m.State = pbx.MailSent
			if err := db.PutWebhookMail(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			if m, err := db.NextWebhookMail(t.Context()); m != nil || err != nil {
				t.Errorf("another mail: %+v, %v", m, err)
			}
			if happen(t, db, 9, "default", "status") || waiting(t, db) != "" {
				t.Error("something is queued for it")
			}
			d, err := db.NewDelivery(t.Context(), "default", "all")
			if err != nil {
				t.Fatal(err)
			}
			d.Message, d.Data, d.State, d.Error = "test_1", []byte("{}"), pbx.DeliveryFailed, "no"
			if _, err := db.EndAttempt(t.Context(), &d.Delivery, "", time.Time{}); err != nil || happen(t, db, 10, "default", "status") {
				t.Errorf("a test that failed: %v", err)
			}
			d.ID, d.State, d.Error = 0, pbx.DeliveryDelivered, ""
			if _, err := db.EndAttempt(t.Context(), &d.Delivery, "", time.Time{}); err != nil || !happen(t, db, 11, "default", "status") {
				t.Errorf("a test that worked: %v", err)
			}
		})
	}
}

// The former secret signs too, for its time.
func TestFormerSecret(t *testing.T) {
	db := hooked(t)
	happen(t, db, 1, "default", "call")
	update(t, db, func(ctx context.Context, tx *Tx) error {
		w := sampleWebhook()
		w.Name, w.Disabled, w.Secret = "all", false, pbx.NewWebhookSecret()
		return tx.PutWebhook(ctx, w)
	})
	if d, err := db.FirstDelivery(t.Context(), "default", "all"); err != nil || !d.Former.Equal(sampleWebhook().Secret) {
		t.Errorf("the former secret is %+v, %v", d, err)
	}
	err := db.write(t.Context(), func(tx *Tx) error {
		return tx.exec(t.Context(), `UPDATE webhook_states SET former_until = ?`, millis(time.Now()))
	})
	if d, derr := db.FirstDelivery(t.Context(), "default", "all"); err != nil || derr != nil || !d.Former.IsZero() {
		t.Errorf("after its time: %+v, %v, %v", d, err, derr)
	}
}

// The log has what ended last, all that waits, and sends again under the same id.
func TestDeliveries(t *testing.T) {
	db := hooked(t)
	for id := range uint64(deliveriesKept + 5) {
		happen(t, db, id+1, "default", "status")
		attempt(t, db, "all", "", "", time.Time{})
	}
	happen(t, db, 1000, "default", "status")
	ds, err := db.Deliveries(t.Context(), "default", "all", 0, 1000)
	if err != nil || len(ds) != deliveriesKept+1 || ds[0].Message != "evt_1000" || ds[deliveriesKept].Message != "evt_6" {
		t.Fatalf("%d deliveries, %v", len(ds), err)
	}
	if d := ds[1]; d.Answer != "so\ufffd" || d.Status != 500 || d.Took != time.Second || d.Attempts != 1 || d.Last.IsZero() {
		t.Errorf("%+v", d)
	}
	d, err := db.Replay(t.Context(), "default", "all", ds[1].ID)
	if err != nil || d.State != pbx.DeliveryQueued || d.Message != ds[1].Message || d.Attempts != 0 {
		t.Errorf("%+v, %v", d, err)
	}
	for id, kind := range map[int64]pbx.Kind{ds[1].ID: pbx.Conflict, ds[0].ID: pbx.Conflict, 1 << 40: pbx.NotFound} {
		if _, err := db.Replay(t.Context(), "default", "all", id); pbx.KindOf(err) != kind {
			t.Errorf("replay of %d: %v", id, err)
		}
	}
	if _, err := db.Replay(t.Context(), "default", "calls", ds[2].ID); pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("replay of another webhook's: %v", err)
	}
}

// A tenant from before has no webhook, and may make one.
func TestNoWebhooksFromBefore(t *testing.T) {
	db, _ := writtenBy(t, 53,
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		ws, err := tx.Webhooks(ctx, "old", ListOptions{})
		if len(ws) != 0 {
			t.Errorf("%d webhooks", len(ws))
		}
		w := sampleWebhook()
		w.Tenant, w.Disabled = "old", false
		return all(func() error { return err }, func() error { return tx.PutWebhook(ctx, w) })
	})
	if !happen(t, db, 1, "old", "call") || waiting(t, db) != "crm evt_1;" {
		t.Errorf("waiting are %s", waiting(t, db))
	}
}
