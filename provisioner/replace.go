package provisioner

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Replacement is the order to put another phone in the place of one.
type Replacement struct {
	MAC   pbx.MAC
	Model string // of any make; "" is that of the phone before
}

// ReplacePhone puts a phone of another MAC in the place of one, with its lines, buttons and
// contacts. It returns the buttons that the new model does not have. The phone before is
// served by its own URL until the new one has used its own.
func (c *Controller) ReplacePhone(ctx context.Context, by pbx.Author, tenant string, mac pbx.MAC, r Replacement,
	cond Condition) (p *pbx.Phone, dropped []pbx.Button, err error) {
	var old *pbx.Phone
	_, err = c.db.Update(ctx, by, func(tx *db.Tx) (err error) {
		if old, err = tx.Phone(ctx, tenant, mac); err != nil {
			return err
		}
		if err := cond.check(old.Revision); err != nil {
			return err
		}
		if r.MAC == old.MAC {
			return pbx.Invalidf("mac", "is that of the phone itself: PATCH changes its model")
		}
		p = old.Replacement(r.MAC, c.Fleet.Seen.Moved(old), pbx.EnrolEnd(time.Now(), pbx.EnrolWindow))
		if r.Model != "" {
			m, known := phoneconf.LookupAny(r.Model)
			if !known {
				return phoneconf.UnknownModel("model", "", r.Model)
			}
			p.Vendor, p.Model = m.Vendor, m.Name
		}
		p.Buttons, dropped = phoneconf.Fitting(p)
		p.Handsets = phoneconf.FittingHandsets(p)
		if err := c.Phones.Check(p); err != nil {
			return modelFault(err)
		}
		return tx.ReplacePhone(ctx, old.MAC, p)
	})
	if err != nil {
		return nil, nil, err
	}
	c.Fleet.Replaced(old, p)
	c.Apply.Nudge()
	return p, dropped, nil
}

// modelFault names the model for lines that it does not have.
func modelFault(err error) error {
	var all pbx.Errors
	if !errors.As(err, &all) {
		return err
	}
	var es pbx.Errors
	for _, e := range all {
		out := *e
		if strings.HasPrefix(e.Field, "lines[") {
			out.Field = "model"
		}
		es.Add(&out)
	}
	return es
}
