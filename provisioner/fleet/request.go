package fleet

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
	// A phone that was away registered, and holds old files.
	reasonReturn = "return"
)

// Resync orders one phone to fetch its files or to restart. It returns the order as
// stored. A phone that can never be told is a NotImplemented error.
func (f *Fleet) Resync(ctx context.Context, p *pbx.Phone, action pbx.ResyncAction) (pbx.Resync, error) {
	o := f.orderTo(p, action)
	if o.State != "" {
		return pbx.Resync{}, &pbx.Error{Kind: pbx.NotImplemented, Message: o.Error}
	}
	out, err := f.Orders.add(ctx, []pbx.Resync{o})
	if err != nil {
		return pbx.Resync{}, err
	}
	return out[0], nil
}

// orderTo makes an order. It has already failed if it can never be sent.
func (f *Fleet) orderTo(p *pbx.Phone, action pbx.ResyncAction) pbx.Resync {
	endpoint := f.Orders.endpoint(f.o.Snapshot(), p)
	o := pbx.Resync{Tenant: p.Tenant, MAC: p.MAC, Action: action, Reason: reasonRequest, Endpoint: endpoint}
	if _, ok := phoneconf.Reboot(p.Vendor); action == pbx.ResyncReboot && !ok {
		o.State = pbx.ResyncFailed
		o.Error = "a Polycom cannot be told to restart by SIP: it restarts by itself when a change needs it"
	} else if endpoint == "" {
		o.State, o.Error = pbx.ResyncFailed, "the phone has no line through which it could be told"
	}
	return o
}

// filesOrder makes an order to fetch files, which is not a person's request.
func filesOrder(p *pbx.Phone, endpoint, reason string) pbx.Resync {
	return pbx.Resync{Tenant: p.Tenant, MAC: p.MAC, Action: pbx.ResyncFiles, Reason: reason, Endpoint: endpoint}
}

// endpoint returns the endpoint for a NOTIFY to a phone. It is the first registered one of
// its lines, else the first, or "" if the phone has no line.
func (q *Orders) endpoint(s *pbx.Snapshot, p *pbx.Phone) string {
	first := ""
	for _, l := range p.Lines {
		d := s.Device(p.Tenant, l.Device)
		if d == nil {
			continue
		}
		if q.o.Registered(d.Endpoint) {
			return d.Endpoint
		}
		if first == "" {
			first = d.Endpoint
		}
	}
	return first
}

// ResyncChoice chooses phones of a tenant. An empty field chooses all.
type ResyncChoice struct {
	Vendor pbx.Vendor
	Model  string
	MACs   []pbx.MAC // sorted
	// Drifted leaves out phones that hold the files that they would get now.
	Drifted bool
}

// ResyncProgress is how far the orders of one batch have come.
type ResyncProgress struct {
	Batch  string
	Counts map[pbx.ResyncState]int
}

// ResyncMany orders phones of a tenant to fetch their files or to restart. It orders
// perSecond phones a second, by MAC. An unknown tenant is a NotFound error; a chosen MAC
// that is no phone of the tenant is an Invalid one.
func (f *Fleet) ResyncMany(ctx context.Context, tenant string, choice ResyncChoice, action pbx.ResyncAction,
	perSecond int) (ResyncProgress, error) {
	s := f.o.Snapshot()
	if s.Tenant(tenant) == nil {
		return ResyncProgress{}, pbx.NotFoundf("tenant %s does not exist", tenant)
	}
	for _, mac := range choice.MACs {
		if p := s.Phone(mac); p == nil || p.Tenant != tenant {
			return ResyncProgress{}, pbx.Refusedf("filter.macs", "phone %s does not exist in tenant %s", mac.Colons(), tenant)
		}
	}
	batch, start := pbx.RandomSecret(10).Reveal(), time.Now() // a name, not a secret
	var list []pbx.Resync
	for _, p := range s.Phones {
		if p.Tenant != tenant || !choice.Has(p) || choice.Drifted && !f.holdsOld(s, p) {
			continue
		}
		o := f.orderTo(p, action)
		o.Batch, o.DueAt = batch, start.Add(time.Duration(len(list))*time.Second/time.Duration(perSecond))
		list = append(list, o)
	}
	if _, err := f.Orders.add(ctx, list); err != nil {
		return ResyncProgress{}, err
	}
	return f.Orders.Progress(ctx, tenant, batch)
}

// holdsOld reports whether a phone holds other files than it would get now.
func (f *Fleet) holdsOld(s *pbx.Snapshot, p *pbx.Phone) bool {
	return len(oldFiles(p, f.Seen.Of(p), f.o.wanted(s, p))) > 0
}

// Has reports whether a phone is chosen; Drifted does not count.
func (c ResyncChoice) Has(p *pbx.Phone) bool {
	return (c.Vendor == "" || c.Vendor == p.Vendor) && (c.Model == "" || strings.EqualFold(c.Model, p.Model)) &&
		(len(c.MACs) == 0 || c.hasMAC(p.MAC))
}

// hasMAC is asked for each phone of a tenant.
func (c ResyncChoice) hasMAC(mac pbx.MAC) bool {
	_, found := slices.BinarySearch(c.MACs, mac)
	return found
}

// Progress counts the orders of a batch by state. The batch is of a tenant, or of any if
// tenant is "".
func (q *Orders) Progress(ctx context.Context, tenant, batch string) (ResyncProgress, error) {
	_ = q.changed.Flush(ctx) // an error is logged; the database still shows older states
	counts, err := q.o.DB.ResyncCounts(ctx, tenant, batch)
	return ResyncProgress{batch, counts}, err
}

// List returns orders to phones, newest first.
func (q *Orders) List(ctx context.Context, f db.ResyncFilter) ([]pbx.Resync, error) {
	_ = q.changed.Flush(ctx) // an error is logged; the database still shows older states
	return q.o.DB.Resyncs(ctx, f)
}
