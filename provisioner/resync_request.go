package provisioner

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Reasons of an order to a phone.
const (
	reasonChange  = "change"
	reasonRequest = "request"
	// A site's own template changed.
	reasonTemplate = "template"
)

// Resync tells one phone to fetch its files, or to restart.
func (c *Controller) Resync(ctx context.Context, tenant string, mac pbx.MAC, action pbx.ResyncAction) (pbx.Resync, error) {
	p, err := c.Phones.Get(ctx, tenant, string(mac))
	if err != nil {
		return pbx.Resync{}, err
	}
	o := c.orderTo(p, action)
	if o.State != "" {
		return pbx.Resync{}, &pbx.Error{Kind: pbx.NotImplemented, Message: o.Error}
	}
	out, err := c.resyncs.add(ctx, []pbx.Resync{o})
	if err != nil {
		return pbx.Resync{}, err
	}
	return out[0], nil
}

// orderTo makes an order, one that has failed already when it can never be sent.
func (c *Controller) orderTo(p *pbx.Phone, action pbx.ResyncAction) pbx.Resync {
	o := pbx.Resync{Tenant: p.Tenant, MAC: p.MAC, Action: action, Reason: reasonRequest, Endpoint: c.resyncs.endpoint(c.Snapshot(), p)}
	if _, ok := phoneconf.Reboot(p.Vendor); action == pbx.ResyncReboot && !ok {
		o.State, o.Error = pbx.ResyncFailed, "a Polycom cannot be told to restart by SIP: it restarts by itself when a change needs it"
	} else if o.Endpoint == "" {
		o.State, o.Error = pbx.ResyncFailed, "the phone has no line through which it could be told"
	}
	return o
}

// endpoint is the account through which a phone is told something: the first
// that is registered, or the first.
func (r *resyncer) endpoint(s *pbx.Snapshot, p *pbx.Phone) string {
	first := ""
	for _, l := range p.Lines {
		d := s.Device(p.Tenant, l.Device)
		if d == nil {
			continue
		}
		if r.registered(d.Endpoint) {
			return d.Endpoint
		}
		if first == "" {
			first = d.Endpoint
		}
	}
	return first
}

// ResyncChoice chooses phones of a tenant; what is empty chooses all.
type ResyncChoice struct {
	Vendor pbx.Vendor
	Model  string
	MACs   []pbx.MAC
	// Drifted leaves out phones that hold what they would get now.
	Drifted bool
}

// ResyncProgress is how far the orders of one batch have come.
type ResyncProgress struct {
	Batch  string
	Counts map[pbx.ResyncState]int
}

// ResyncMany tells the chosen phones of a tenant, so many a second, in the order
// of their MACs.
func (c *Controller) ResyncMany(ctx context.Context, tenant string, choice ResyncChoice, action pbx.ResyncAction, perSecond int) (ResyncProgress, error) {
	s := c.Snapshot()
	if s.Tenant(tenant) == nil {
		return ResyncProgress{}, pbx.NotFoundf("tenant %s does not exist", tenant)
	}
	for _, mac := range choice.MACs {
		if p := s.Phone(mac); p == nil || p.Tenant != tenant {
			return ResyncProgress{}, pbx.Refusedf("filter.macs", "phone %s does not exist in tenant %s", mac.Colons(), tenant)
		}
	}
	slices.Sort(choice.MACs)
	batch, start := pbx.RandomSecret(10).Reveal(), time.Now() // a name, not a secret
	var list []pbx.Resync
	for _, p := range s.Phones {
		if p.Tenant != tenant || !choice.has(p) || choice.Drifted && !c.holdsOld(s, p, start) {
			continue
		}
		o := c.orderTo(p, action)
		o.Batch, o.DueAt = batch, start.Add(time.Duration(len(list))*time.Second/time.Duration(perSecond))
		list = append(list, o)
	}
	if _, err := c.resyncs.add(ctx, list); err != nil {
		return ResyncProgress{}, err
	}
	return c.ResyncProgress(ctx, tenant, batch)
}

// holdsOld reports whether a phone lacks what it would get now.
func (c *Controller) holdsOld(s *pbx.Snapshot, p *pbx.Phone, now time.Time) bool {
	return len(oldFiles(p, c.Seen(p), c.wanted.files(s, p, now))) > 0
}

func (f ResyncChoice) has(p *pbx.Phone) bool {
	return (f.Vendor == "" || f.Vendor == p.Vendor) && (f.Model == "" || strings.EqualFold(f.Model, p.Model)) &&
		(len(f.MACs) == 0 || f.hasMAC(p.MAC))
}

// hasMAC is asked for each phone of a tenant; ResyncMany has sorted them.
func (f ResyncChoice) hasMAC(mac pbx.MAC) bool {
	_, found := slices.BinarySearch(f.MACs, mac)
	return found
}

// ResyncProgress returns how far a batch of a tenant has come; of any tenant when
// tenant is "".
func (c *Controller) ResyncProgress(ctx context.Context, tenant, batch string) (ResyncProgress, error) {
	_ = c.resyncs.changed.Flush(ctx) // logged; what the database has is shown
	counts, err := c.db.ResyncCounts(ctx, tenant, batch)
	return ResyncProgress{batch, counts}, err
}

// Resyncs returns orders to phones, newest first.
func (c *Controller) Resyncs(ctx context.Context, f db.ResyncFilter) ([]pbx.Resync, error) {
	_ = c.resyncs.changed.Flush(ctx) // logged; what the database has is shown
	return c.db.Resyncs(ctx, f)
}
