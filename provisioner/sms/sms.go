// Package sms carries text messages between tenants and the carriers of their numbers.
//
// It owns the talk with carriers: how a message is handed to each of them, how one that comes in is
// checked and read, and what answers mean. The messages lie in the database; a callback is answered
// after its commit, and a kill loses nothing. Each number has one attempt at a time. It may import
// provisioner/pbx, provisioner/event, provisioner/outbox and db.
package sms

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/outbox"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// atOnce is how many messages are handed to carriers at once.
	atOnce = 32
	// answerWithin bounds one attempt in all.
	answerWithin = 15 * time.Second
	// mostAnswer is how much of an answer is read, in bytes.
	mostAnswer = 64 << 10
	// sureWithin is how long a callback may take that tells whether the carrier has a message,
	// where the attempt had no answer.
	sureWithin = 10 * time.Minute
)

// retry spreads attempts over hours: 5 s, 15 s, 45 s, 2 min, 7 min, 20 min, then every 30 min.
var retry = outbox.Retry{First: 5 * time.Second, Factor: 3, Most: 30 * time.Minute, Spread: 0.2}

// Options are what a Carriers needs. All fields are required.
type Options struct {
	DB     *db.DB
	Log    *slog.Logger
	Events *event.Hub
	// Do sends a request to where the platform lets requests lead, and Reason tells an error of it.
	Do     func(*http.Request) (*http.Response, error)
	Reason func(context.Context, error) error
	// Alarm runs when a tenant has sent 80 % of what it may send on a day, or all.
	Alarm func(tenant string, used, most int)
}

// Carriers hands messages to carriers and takes theirs. Its methods are safe for concurrent use.
type Carriers struct {
	*outbox.Lanes[lane, *db.DueText]
	o Options

	sent, failed, received atomic.Uint64
}

// lane is a number that messages go out from.
type lane struct{ tenant, number string }

func laneOf(d *db.DueText) lane { return lane{d.Tenant, d.Number} }

// New returns carriers that Run starts.
func New(o Options) *Carriers {
	c := &Carriers{o: o}
	c.Lanes = outbox.NewLanes(outbox.LanesOptions[lane, *db.DueText]{Log: o.Log, What: "sending text messages",
		AtOnce: atOnce, First: o.DB.FirstTexts, Lane: laneOf, Attempt: c.attempt,
		Next: func(ctx context.Context, l lane) (*db.DueText, bool, error) {
			d, err := o.DB.FirstText(ctx, l.tenant, l.number)
			return d, d != nil, err
		},
		Due: func(d *db.DueText) time.Time { return d.Due }})
	return c
}

// Counts returns how many messages carriers have taken since the start, how many came to nothing,
// and how many came in.
func (c *Carriers) Counts() (sent, failed, received uint64) {
	return c.sent.Load(), c.failed.Load(), c.received.Load()
}

// Send checks a message of an extension and queues it; m needs Tenant, Extension, Peer, Text and By.
// Number "" is the one that the extension sends from.
func (c *Carriers) Send(ctx context.Context, m *pbx.TextMessage) error {
	var es pbx.Errors
	if m.Number != "" {
		es.Add(pbx.CheckE164("from", m.Number))
	}
	es.Add(pbx.CheckPeer("to", m.Peer))
	es.Add(pbx.CheckMessageText("text", m.Text))
	if err := es.Err(); err != nil {
		return err
	}
	m.Encoding, m.Segments = pbx.TextSegments(m.Text)
	use, err := c.o.DB.QueueText(ctx, m)
	if err != nil {
		return err
	}
	for _, bound := range []int{use.Most * 8 / 10, use.Most} {
		if use.Before < bound && use.Used >= bound {
			c.o.Alarm(m.Tenant, use.Used, use.Most)
		}
	}
	c.Nudge()
	return nil
}

// attempt hands a message to its carrier and stores how that ended. One that the end of the program
// broke off is stored as unsure.
func (c *Carriers) attempt(ctx context.Context, d *db.DueText) error {
	m := &d.TextMessage
	switch {
	case d.Unsure && !adapters[adapterOf(d)].repeats:
		m.State = pbx.TextFailed
		m.Reason = "the carrier did not answer, and has not told since whether it has the message"
	case d.Refused != "":
		m.State, m.Reason = pbx.TextFailed, d.Refused
	case time.Now().After(d.Expires):
		m.State, m.Reason = pbx.TextFailed, "it waited for too long; "+m.Reason
	default:
		m.Reseller, m.Profile = d.Carrier.Reseller, d.Carrier.Name
		if err := c.hand(ctx, d); err != nil {
			return err
		}
	}
	return c.store(context.WithoutCancel(ctx), m)
}

func adapterOf(d *db.DueText) pbx.Adapter {
	if d.Carrier == nil {
		return ""
	}
	return d.Carrier.Adapter
}

// hand makes one attempt. Before it, the message is stored as unsure where the carrier would send it
// twice: a kill during the attempt must not repeat it.
func (c *Carriers) hand(ctx context.Context, d *db.DueText) error {
	m, a := &d.TextMessage, adapters[d.Carrier.Adapter]
	now := time.Now()
	if !a.repeats {
		m.Unsure, m.Due, m.Reason = true, now.Add(sureWithin), "the program ended while it was handed to the carrier"
		if _, err := c.o.DB.EndTextAttempt(ctx, m); err != nil {
			return err
		}
	}
	r := c.post(ctx, d.Carrier, m)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	m.Attempts++
	c.Reached(laneOf(d), r.answered)
	due, again := retry.Next(time.Now(), m.Attempts, r.refused, m.Expires)
	m.Unsure, m.Reason, m.Due = false, r.reason, due
	switch {
	case r.reason == "":
		m.State, m.CarrierID = pbx.TextSent, r.id
	case r.unsure && !a.repeats:
		m.Unsure, m.Due = true, now.Add(sureWithin)
	case !again:
		m.State = pbx.TextFailed
	}
	return nil
}

// store notes how an attempt ended, and tells.
func (c *Carriers) store(ctx context.Context, m *pbx.TextMessage) error {
	changed, err := c.o.DB.EndTextAttempt(ctx, m)
	if err == nil && changed {
		c.tell(m)
	}
	return err
}

// tell publishes a change of a message, without its text.
func (c *Carriers) tell(m *pbx.TextMessage) {
	switch m.State {
	case pbx.TextSent:
		c.sent.Add(1)
	case pbx.TextFailed:
		c.failed.Add(1)
	case pbx.TextReceived:
		c.received.Add(1)
	case pbx.TextQueued, pbx.TextDelivered:
	}
	c.o.Events.Publish(m.Tenant, event.TextMessage{Tenant: m.Tenant, Extension: m.Extension, ID: m.ID, State: m.State,
		Number: m.Number, Peer: m.Peer, Segments: m.Segments, Reason: m.Reason})
}

// Take reads what a carrier sends to the callback of a profile, checks its signature, and stores it.
// It returns after the commit, so that what is answered with success is never lost. What has no
// right signature is Unauthorized, as is a profile that does not exist.
func (c *Carriers) Take(ctx context.Context, reseller, profile string, r Callback) error {
	refused := &pbx.Error{Kind: pbx.Unauthorized, Message: "this is no callback of a carrier that is known here"}
	var carrier *pbx.Carrier
	err := c.o.DB.View(ctx, func(tx *db.Tx) (err error) {
		carrier, err = tx.Carrier(ctx, reseller, profile)
		return err
	})
	if pbx.KindOf(err) == pbx.NotFound {
		return refused
	}
	if err != nil {
		return err
	}
	a, known := adapters[carrier.Adapter]
	if !known || !a.signed(carrier, r) {
		c.o.Log.Warn("a callback of a carrier was refused: its signature is wrong", "profile", profile, "reseller", reseller)
		return refused
	}
	notes, err := a.read(r)
	if err != nil {
		return pbx.Refusedf("body", "the callback cannot be read: %s", err)
	}
	for i, n := range notes {
		if err := checkNote(n); err != nil {
			return pbx.Refusedf("body", "message %d of the callback: %s", i+1, err)
		}
	}
	ms, err := c.o.DB.TakeTexts(ctx, reseller, profile, notes)
	for _, m := range ms {
		c.tell(m)
	}
	if pbx.KindOf(err) == pbx.NotFound {
		c.o.Log.Warn("a callback of a carrier means nothing here", "profile", profile, "reseller", reseller, "error", err)
	}
	return err
}

// checkNote refuses what no carrier means.
func checkNote(n pbx.TextNote) error {
	switch {
	case n.CarrierID == "" && n.Reference == "":
		return errors.New("it has no id")
	case len(n.CarrierID) > 200 || len(n.From) > 64 || len(n.Text) > 16<<10:
		return errors.New("it is too long")
	case n.State == pbx.TextReceived && (n.From == "" || n.To == "" || n.CarrierID == ""):
		return errors.New("it has no sender or receiver")
	}
	return nil
}
