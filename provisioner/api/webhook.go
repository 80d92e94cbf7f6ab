package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// WebhookFields is what a client may write.
type WebhookFields struct {
	Name        string   `json:"name,omitempty" doc:"Its key: 1 to 40 of a-z, 0-9, '.', '_', '-'; taken from the path in PUT and PATCH"`
	URL         string   `json:"url" doc:"Where events are sent by POST: https, and a host on the public internet; http, and others, only in networks that the platform admin listed"`
	Events      []string `row:",sorted" json:"events,omitempty" nullable:"false" maxItems:"20" doc:"Types of events that are sent: status, trunk, unknown-number, fetch, phone-resync, call, port, guard, emergency, webhook, text-message; all if left out"`
	Description string   `json:"description,omitempty" doc:"For people, at most 100 characters of plain text"`
	Email       string   `json:"email,omitempty" doc:"Address that is told when the webhook is stopped"`
	Secret      *string  `json:"secret,omitempty" writeOnly:"true" doc:"Signs each request: whsec_ and 24 to 64 bytes in base64. Left out, a new webhook gets one of ours, which the answer shows once, and an existing one keeps its own. A former one signs too for a day"`
	Disabled    bool     `json:"disabled,omitempty" doc:"Nothing is sent; what happens meanwhile is not sent later"`
}

// Webhook is what a client reads.
type Webhook struct {
	Name        string       `json:"name"`
	URL         string       `json:"url"`
	Events      []string     `json:"events" nullable:"false" doc:"Empty: all"`
	Description string       `json:"description"`
	Email       string       `json:"email"`
	Secret      string       `json:"secret,omitempty" row:"Secret,by hand" doc:"Only in the answer to the write that set it"`
	Disabled    bool         `json:"disabled"`
	Status      WebhookState `json:"status"`
	Apply       ApplyBlock   `json:"apply"`
}

// WebhookState is what was observed of a webhook.
type WebhookState struct {
	State        string     `json:"state" enum:"ok,failing,stopped" doc:"stopped: nothing is sent, because it failed for five days or answered 410. A test that works, another url, and disabled that ends start it again"`
	FailingSince *time.Time `json:"failing_since,omitempty" doc:"The first failure after the last success"`
	StoppedAt    *time.Time `json:"stopped_at,omitempty"`
	Error        string     `json:"error,omitempty" doc:"Of the last attempt"`
	Waiting      int        `json:"waiting" doc:"Events that wait for an attempt; 10,000 at most"`
	Lost         int64      `json:"lost" doc:"Events that were not queued, because 10,000 waited already; GET /v1/events?after= has them"`
}

// Delivery is one event on its way to a webhook.
type Delivery struct {
	ID       int64           `json:"id"`
	Message  string          `json:"webhook_id" doc:"The same in every attempt, and after a replay. evt_ and the id of the event in GET /v1/events"`
	Event    string          `json:"event" doc:"Its type"`
	At       time.Time       `json:"at" doc:"When it happened"`
	Data     json.RawMessage `json:"data" doc:"As in GET /v1/events"`
	State    string          `json:"state" enum:"queued,delivered,failed"`
	Attempts int             `json:"attempts" doc:"So far"`
	NextAt   *time.Time      `json:"next_at,omitempty" doc:"Of the next attempt, while it is queued"`
	LastAt   *time.Time      `json:"last_at,omitempty" doc:"When the last attempt began"`
	Took     int64           `json:"duration_ms,omitempty" doc:"Of the last attempt"`
	Status   int             `json:"status,omitempty" doc:"Of the last answer"`
	Answer   string          `json:"answer,omitempty" doc:"Its first 1024 bytes"`
	Error    string          `json:"error,omitempty" doc:"Why the last attempt failed"`
}

func deliveryView(d *pbx.Delivery) Delivery {
	v := Delivery{ID: d.ID, Message: d.Message, Event: d.Event, At: d.At.UTC(), Data: d.Data, State: string(d.State),
		Attempts: d.Attempts, LastAt: timeOrNone(d.Last), Took: d.Took.Milliseconds(), Status: d.Status, Answer: d.Answer,
		Error: d.Error}
	if d.State == pbx.DeliveryQueued {
		v.NextAt = timeOrNone(d.Due)
	}
	return v
}

func registerWebhooks(a *api) {
	k := newKind(kind[pbx.Webhook, WebhookFields, Webhook]{
		name: "webhook", plural: "webhooks", path: "/v1/tenants/{tenant}/webhooks", keyName: "name",
		rows: a.ctl.Webhooks, who: ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fresh: func(tenant, name string) *pbx.Webhook {
			return &pbx.Webhook{Tenant: tenant, Name: name, Secret: pbx.NewWebhookSecret()}
		},
		toView: func(ctx context.Context, w *pbx.Webhook, v *Webhook) { v.Status = a.webhookState(ctx, w) },
		reveal: func(old, w *pbx.Webhook, v *Webhook) {
			if old == nil || !old.Secret.Equal(w.Secret) {
				v.Secret = w.Secret.Reveal()
			}
		},
		revision: func(w *pbx.Webhook) int64 { return w.Revision },
		apply:    func(v *Webhook) *ApplyBlock { return &v.Apply },
	})
	registerKind(a, k)
	rotate := k.operation("POST", k.path+"/{name}/rotate-secret", "rotate-webhook-secret",
		"Give it another secret; the former one signs too for a day")
	declare(a, tenantAdmins, rotate, func(ctx context.Context, in *actionInput) (*answer[Webhook], error) {
		w, err := a.ctl.RotateWebhookSecret(ctx, author(ctx), in.tenant, in.key)
		if err != nil {
			return nil, a.problem(err)
		}
		out := k.done(ctx, a, w, in.write())
		out.Body.Secret = w.Secret.Reveal()
		return out, nil
	})
	test := k.operation("POST", k.path+"/{name}/test", "test-webhook", "Send an event of type test, and see what comes back")
	test.Errors = append(test.Errors, http.StatusTooManyRequests)
	declare(a, tenantAdmins, test, func(ctx context.Context, in *getInput) (*accepted[Delivery], error) {
		d, err := a.ctl.Deliveries.Test(ctx, in.tenant, in.key)
		if err != nil {
			return nil, a.problem(err)
		}
		return &accepted[Delivery]{http.StatusOK, deliveryView(d)}, nil
	})
	a.registerDeliveries(k.path, k.operation)
}

// registerDeliveries declares the log of what was sent to a webhook.
func (a *api) registerDeliveries(path string, operation func(method, path, id, summary string) huma.Operation) {
	list := operation("GET", path+"/{name}/deliveries", "list-webhook-deliveries",
		"What waits for the webhook, and the last 200 that ended, newest first")
	declare(a, operators, list, func(ctx context.Context, in *deliveriesInput) (*page[Delivery], error) {
		ds, err := a.ctl.WebhookDeliveries(ctx, in.tenant, in.key, in.After, in.Limit+1)
		if err != nil {
			return nil, a.problem(err)
		}
		return paged(ds, in.Limit, func(d *pbx.Delivery) string { return fmt.Sprint(d.ID) }, deliveryView), nil
	})
	replay := operation("POST", path+"/{name}/deliveries/{delivery}/replay", "replay-webhook-delivery",
		"Send an event again whose delivery has ended, under the same webhook-id")
	declare(a, tenantAdmins, replay, func(ctx context.Context, in *replayInput) (*accepted[Delivery], error) {
		d, err := a.ctl.ReplayDelivery(ctx, in.tenant, in.name, in.id)
		if err != nil {
			return nil, a.problem(err)
		}
		return &accepted[Delivery]{http.StatusOK, deliveryView(d)}, nil
	})
}

type deliveriesInput struct {
	Place
	After int64 `query:"after" minimum:"0" doc:"List what is older than the delivery with this id"`
	Limit int   `query:"limit" default:"100" minimum:"1" maximum:"1000" doc:"At most this many"`
}

type replayInput struct {
	tenant, name string
	id           int64
}

// Resolve implements huma.Resolver.
func (in *replayInput) Resolve(ctx huma.Context) []error {
	in.tenant, in.name = ctx.Param("tenant"), ctx.Param("name")
	// What is no number is the id of no delivery.
	in.id, _ = strconv.ParseInt(ctx.Param("delivery"), 10, 64)
	return nil
}

func (a *api) webhookState(ctx context.Context, w *pbx.Webhook) WebhookState {
	s, err := a.ctl.WebhookState(ctx, w.Tenant, w.Name)
	if err != nil {
		a.Logger.Error("reading the state of a webhook", "error", err)
	}
	v := WebhookState{State: "ok", FailingSince: timeOrNone(s.FailingSince), StoppedAt: timeOrNone(s.Stopped),
		Error: s.Error, Waiting: s.Waiting, Lost: s.Lost}
	switch {
	case !s.Stopped.IsZero():
		v.State = "stopped"
	case !s.FailingSince.IsZero():
		v.State = "failing"
	}
	return v
}
