package provisioner

import (
	"context"
	"fmt"
	"net/url"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TextMessages returns messages of a tenant, newest first.
func (c *Controller) TextMessages(ctx context.Context, tenant string, f db.TextFilter) (ms []*pbx.TextMessage,
	err error) {
	err = c.db.View(ctx, func(tx *db.Tx) error {
		ms, err = tx.TextMessages(ctx, tenant, f)
		return err
	})
	return ms, err
}

// TextMessage returns a message of an extension.
func (c *Controller) TextMessage(ctx context.Context, tenant, extension string, id int64) (m *pbx.TextMessage,
	err error) {
	err = c.db.View(ctx, func(tx *db.Tx) error {
		m, err = tx.TextMessage(ctx, tenant, extension, id)
		return err
	})
	return m, err
}

// ReadText marks a message of an extension as read, or not.
func (c *Controller) ReadText(ctx context.Context, tenant, extension string, id int64, read bool) (*pbx.TextMessage,
	error) {
	return c.db.ReadText(ctx, tenant, extension, id, read)
}

// DeleteText removes a message of an extension.
func (c *Controller) DeleteText(ctx context.Context, tenant, extension string, id int64) error {
	return c.db.DeleteText(ctx, tenant, extension, id)
}

// tellTexts tells that a tenant has sent most of what it may send on a day, or all.
func (c *Controller) tellTexts(tenant string, used, most int) {
	e := event.Guard{Tenant: tenant, Change: event.GuardAlarm, Bound: "max_texts", Used: int64(used), Most: int64(most)}
	subject := fmt.Sprintf("Text messages: tenant %s has nearly used its max_texts", tenant)
	if used >= most {
		e.Change, subject = event.GuardBlocked, fmt.Sprintf("Text messages: tenant %s is blocked", tenant)
	}
	c.Events.Publish(tenant, e)
	c.mailAdmins(tenant, subject, fmt.Sprintf("Tenant %s has sent %d of %d segments of text messages today.", tenant, used,
		most))
}

// checkCarrierURL refuses an address of a carrier that no request would ever lead to.
func (c *Controller) checkCarrierURL(p *pbx.Carrier) error {
	var es pbx.Errors
	if u, err := url.Parse(p.URL); err == nil && p.URL != "" {
		es.Add(c.Deliveries.Check("url", u))
	}
	return es.Err()
}
