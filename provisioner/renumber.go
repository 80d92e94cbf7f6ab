package provisioner

import (
	"context"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// RenumberExtension gives an extension another number. Its mailbox with messages, its
// devices and its user follow. It is refused while one of its devices is in a call, or its
// user is signed in on a shared device.
func (c *Controller) RenumberExtension(ctx context.Context, by pbx.Author, tenant, number, to string,
	cond Condition) (*pbx.Extension, error) {
	var before, e *pbx.Extension
	_, err := c.db.Update(ctx, by, func(tx *db.Tx) (err error) {
		if before, err = tx.Extension(ctx, tenant, number); err != nil {
			return err
		}
		if err := cond.check(before.Revision); err != nil {
			return err
		}
		if err := c.quiet(ctx, tx, before); err != nil {
			return err
		}
		e, err = tx.RenumberExtension(ctx, tenant, number, to)
		return err
	})
	if err != nil {
		return nil, err
	}
	if before.Mailbox != e.Mailbox {
		c.Spool.MoveMailbox(tenant, before.Mailbox, e.Mailbox)
	}
	c.Calls.Turns.Renumber(tenant, number, to)
	c.Records.Renumber(tenant, number, to)
	c.Guard.Renumber(tenant, number, to)
	c.Apply.Nudge()
	return e, nil
}

// quiet returns an InUse error that names the devices in a call, the desks, and the user
// with a session of the API.
func (c *Controller) quiet(ctx context.Context, tx *db.Tx, e *pbx.Extension) error {
	desks, err := tx.DesksOf(ctx, e.Tenant, e.Number)
	if err != nil {
		return err
	}
	if len(desks) > 0 {
		return &pbx.Error{Kind: pbx.InUse, Message: "the user of extension " + e.Number + " is signed in on",
			Refs: deviceRefs(desks)}
	}
	if err := tx.NotSignedIn(ctx, e.Tenant, e.Number); err != nil {
		return err
	}
	devices, err := tx.DevicesOf(ctx, e.Tenant, e.Number)
	if err != nil {
		return err
	}
	var busy []*pbx.Device
	for _, d := range devices {
		if s, _ := c.Status.Of(d.Endpoint); s.Call != pbx.CallIdle && s.Call != pbx.CallUnknown {
			busy = append(busy, d)
		}
	}
	if len(busy) > 0 {
		return &pbx.Error{Kind: pbx.InUse, Message: "extension " + e.Number + " is in a call on", Refs: deviceRefs(busy)}
	}
	return nil
}

func deviceRefs(ds []*pbx.Device) []pbx.Ref {
	refs := make([]pbx.Ref, len(ds))
	for i, d := range ds {
		refs[i] = pbx.Ref{Kind: "device", Key: d.Name}
	}
	return refs
}

// DuplicateExtension makes an extension with all settings of another one.
func (c *Controller) DuplicateExtension(ctx context.Context, by pbx.Author, tenant, number,
	as string) (e *pbx.Extension, err error) {
	_, err = c.db.Update(ctx, by, func(tx *db.Tx) error {
		e, err = tx.DuplicateExtension(ctx, tenant, number, as)
		return err
	})
	if err != nil {
		return nil, err
	}
	if e.Mailbox == e.Number {
		c.Spool.SetAside(tenant, e.Mailbox)
	}
	c.Apply.Nudge()
	return e, nil
}
