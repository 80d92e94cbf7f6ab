// Package webhook delivers events to the webhooks of tenants.
//
// It owns which delivery is attempted next, and what an answer means. The queue lies in the
// database, where the events of eventlog fill it: a kill repeats the attempt under way, with the
// same id. Each webhook has one attempt at a time, so that a slow receiver holds up itself alone.
// It may import provisioner/pbx, provisioner/event, provisioner/outbox, provisioner/mail,
// provisioner/tenanthttp and db.
package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/outbox"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/tenanthttp"
)

const (
	// atOnce is how many attempts are made at once, of all webhooks.
	atOnce = 64
	// stopAfter is how long a webhook fails without a success until it is stopped.
	stopAfter = 5 * 24 * time.Hour
)

// retry spreads ten attempts over a day: 5 s, 20 s, 80 s, 5 min, 21 min, 85 min, then every 6 h.
var retry = outbox.Retry{First: 5 * time.Second, Factor: 4, Most: 6 * time.Hour, Spread: 0.2}

// Options are what a Sender needs. All fields but Networks are required.
type Options struct {
	DB     *db.DB
	Log    *slog.Logger
	Events *event.Hub
	// Networks are networks of the platform's own that webhooks may lead to, over HTTP too. Without
	// them they lead to public addresses alone, over HTTPS.
	Networks []netip.Prefix
	MailDue  func() // runs after a mail was queued
}

// Sender delivers events. Its methods are safe for concurrent use.
type Sender struct {
	*outbox.Lanes[target, *db.DueDelivery]
	o      Options
	client *tenanthttp.Client

	delivered, failed atomic.Uint64
}

type target struct{ tenant, name string }

func targetOf(d *db.DueDelivery) target { return target{d.Tenant, d.Webhook} }

// New returns a sender that Run starts.
func New(o Options) *Sender {
	s := &Sender{o: o}
	s.client = tenanthttp.New(tenanthttp.Options{Networks: o.Networks, Connect: connectWithin, Answer: answerWithin,
		AtOnce: atOnce})
	s.Lanes = outbox.NewLanes(outbox.LanesOptions[target, *db.DueDelivery]{Log: o.Log, What: "delivering events to webhooks",
		AtOnce: atOnce, First: o.DB.FirstDeliveries, Lane: targetOf, Attempt: s.attempt,
		Next: func(ctx context.Context, t target) (*db.DueDelivery, bool, error) {
			d, err := o.DB.FirstDelivery(ctx, t.tenant, t.name)
			return d, d != nil, err
		},
		Due: func(d *db.DueDelivery) time.Time { return d.Due }})
	return s
}

// Check refuses an address that no attempt would ever lead to.
func (s *Sender) Check(field string, u *url.URL) *pbx.Error { return s.client.Check(field, u) }

// Counts returns how many attempts had an answer of 2xx since the start, and how many had not.
func (s *Sender) Counts() (delivered, failed uint64) { return s.delivered.Load(), s.failed.Load() }

// Run delivers until ctx ends, and waits for the attempts under way to be broken off.
func (s *Sender) Run(ctx context.Context) error {
	err := s.Lanes.Run(ctx)
	s.client.CloseIdle()
	return err
}

// attempt sends a delivery and stores how that ended. An attempt that the end of the program
// broke off is not stored: the next start makes it again.
func (s *Sender) attempt(ctx context.Context, d *db.DueDelivery) error {
	if time.Now().After(d.Expires) { // the program was away, or the webhook disabled
		d.State, d.Error = pbx.DeliveryFailed, "it waited for more than a day"
		_, err := s.o.DB.EndAttempt(ctx, &d.Delivery, "", time.Time{})
		return err
	}
	a := s.post(ctx, d)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.Reached(targetOf(d), a.status != 0)
	now := time.Now()
	a.into(&d.Delivery, now)
	var stop string
	if d.Error == "" {
		s.delivered.Add(1)
		d.State = pbx.DeliveryDelivered
	} else {
		s.failed.Add(1)
		if a.status == http.StatusGone {
			stop = d.Error
		}
		due, again := retry.Next(now, d.Attempts, a.status == http.StatusGone, d.Expires)
		d.State, d.Due = pbx.DeliveryQueued, due
		if !again {
			d.State = pbx.DeliveryFailed
		}
	}
	return s.store(context.WithoutCancel(ctx), d, stop, now)
}

// store notes how an attempt ended, and tells when the webhook was stopped.
func (s *Sender) store(ctx context.Context, d *db.DueDelivery, stop string, now time.Time) error {
	stopped, err := s.o.DB.EndAttempt(ctx, &d.Delivery, stop, now.Add(-stopAfter))
	if stopped {
		s.o.Log.Warn("a webhook was stopped", "tenant", d.Tenant, "webhook", d.Webhook, "reason", d.Error)
		s.o.Events.Publish(d.Tenant, event.Webhook{Tenant: d.Tenant, Name: d.Webhook, Reason: d.Error})
		s.o.MailDue()
	}
	return err
}

// Test sends an event of type test now and returns how that ended. Its success starts a webhook
// again that was stopped; its failure changes nothing.
func (s *Sender) Test(ctx context.Context, tenant, name string) (*pbx.Delivery, error) {
	d, err := s.o.DB.NewDelivery(ctx, tenant, name)
	if err != nil {
		return nil, err
	}
	if !s.Enter() {
		return nil, &pbx.Error{Kind: pbx.TooMany, Message: "too many webhooks are sent to at this moment: try again"}
	}
	defer s.Leave()
	d.Message, d.Data = newTestID(), []byte(`{"webhook":"`+name+`"}`)
	a := s.post(ctx, d)
	if ctx.Err() != nil {
		return nil, errors.Join(errors.New("the test was broken off"), ctx.Err())
	}
	a.into(&d.Delivery, time.Now())
	if d.State = pbx.DeliveryFailed; d.Error == "" {
		d.State = pbx.DeliveryDelivered
		s.Reached(target{tenant, name}, true)
	}
	_, err = s.o.DB.EndAttempt(context.WithoutCancel(ctx), &d.Delivery, "", time.Time{})
	return &d.Delivery, err
}
