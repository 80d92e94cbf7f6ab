package provisioner

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newWebhooks(c *Controller) *Resource[pbx.Webhook] {
	return &Resource[pbx.Webhook]{
		db: c.db, changed: func() {
			c.Apply.Nudge()
			c.Deliveries.Nudge()
		},
		get: (*db.Tx).Webhook, list: (*db.Tx).Webhooks, put: (*db.Tx).PutWebhook, del: (*db.Tx).DeleteWebhook,
		revision: func(w *pbx.Webhook) int64 { return w.Revision },
		validate: func(w *pbx.Webhook) error {
			if err := w.Validate(); err != nil {
				return err
			}
			var es pbx.Errors
			for _, e := range w.Events {
				if !slices.Contains(event.OfTenants, event.Type(e)) {
					es.Add(pbx.Invalidf("events", "names %s, which is no event of a tenant; there are %s", pbx.PlainText(e, 40),
						eventNames()))
				}
			}
			if u, err := url.Parse(w.URL); err == nil {
				es.Add(c.Deliveries.Check("url", u))
			}
			return es.Err()
		},
	}
}

func eventNames() string {
	var names []string
	for _, t := range event.OfTenants {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

// RotateWebhookSecret gives a webhook another secret. The former one signs too for a day.
func (c *Controller) RotateWebhookSecret(ctx context.Context, by pbx.Author, tenant, name string) (*pbx.Webhook, error) {
	w, _, err := c.Webhooks.Edit(ctx, by, tenant, name, Condition{}, func(w *pbx.Webhook) (*pbx.Webhook, error) {
		if w == nil {
			return nil, pbx.NotFoundf("webhook %s does not exist in tenant %s", name, tenant)
		}
		w.Secret = pbx.NewWebhookSecret()
		return w, nil
	})
	return w, err
}

// WebhookState returns what was observed of a webhook.
func (c *Controller) WebhookState(ctx context.Context, tenant, name string) (pbx.WebhookState, error) {
	return c.db.WebhookState(ctx, tenant, name)
}

// WebhookDeliveries returns deliveries to a webhook that are older than an id (0: all), newest
// first.
func (c *Controller) WebhookDeliveries(ctx context.Context, tenant, name string, before int64,
	limit int) ([]*pbx.Delivery, error) {
	return c.db.Deliveries(ctx, tenant, name, before, limit)
}

// ReplayDelivery queues a delivery again that has ended, with the same id for the receiver.
func (c *Controller) ReplayDelivery(ctx context.Context, tenant, name string, id int64) (*pbx.Delivery, error) {
	d, err := c.db.Replay(ctx, tenant, name, id)
	if err == nil {
		c.Deliveries.Nudge()
	}
	return d, err
}
