package provisioner

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/guard"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// tellGuard tells of an alarm about calls outside: by an event, and by mail to the tenant's
// admins.
func (c *Controller) tellGuard(e event.Guard) {
	c.Events.Publish(e.Tenant, e)
	who := pbx.GuardHolder(e.Tenant, e.Extension)
	var subject, body string
	switch e.Change {
	case event.GuardAlarm:
		subject = fmt.Sprintf("Calls outside: %s has nearly used its %s", who, e.Bound)
		body = fmt.Sprintf("%s has used %d of %d (%s) today.", who, e.Used, e.Most, e.Bound)
	case event.GuardBlocked:
		subject = fmt.Sprintf("Calls outside: %s is blocked", who)
		body = fmt.Sprintf("%s has used %d of %d (%s) today. It calls nobody outside until midnight, but for help,\n"+
			"unless an admin lifts the block.", who, e.Used, e.Most, e.Bound)
	case event.GuardFirstCountry:
		subject = fmt.Sprintf("Calls outside: first call to %s", e.Country)
		body = fmt.Sprintf("%s calls %s. Nobody of tenant %s has called %s before.", who, e.Number, e.Tenant, e.Country)
	default:
		return
	}
	c.mailAdmins(e.Tenant, subject, body)
}

// mailAdmins tells the admins of a tenant.
func (c *Controller) mailAdmins(tenant, subject, body string) {
	for _, u := range c.Snapshot().Users {
		if u.Tenant == tenant && u.Role == pbx.RoleTenantAdmin && u.Email != "" {
			c.Notices.Add(tenant, u.Email, subject, body+"\n")
		}
	}
}

// GuardToday returns what calls outside of a tenant and its extensions have used, by the bounds
// that were written last.
func (c *Controller) GuardToday(ctx context.Context, tenant string) ([]guard.Today, error) {
	s, err := c.written(ctx)
	if err != nil {
		return nil, err
	}
	return c.Guard.Today(s, tenant), nil
}

// callsForHelp tells of a step that calls for help, or tests that.
func (c *Controller) callsForHelp(channel string, call pbx.Call, step pbx.Step) {
	if d := call.Device(c.Snapshot()); d != nil && step.Help != nil {
		c.Emergency.Begins(channel, d, *step.Help)
	}
}

// foundHelp tells of a call, by its id, that turns out to be one for help. A call that was placed
// over the API is left out: its id is no channel's, and the controller was there.
func (c *Controller) foundHelp(tenant, id string, from pbx.CallParty, dialled string, via []pbx.CallVia, at time.Time) {
	s := c.Snapshot()
	d := s.Device(tenant, from.Device)
	if d != nil && s.DialsHelp(d, dialled) && !slices.Contains(via, pbx.ViaClick) {
		c.Emergency.Found(id, d, dialled, at)
	}
}

// foundRecord looks for a call for help in the record of a call that has ended.
func (c *Controller) foundRecord(r *pbx.CDR) {
	c.foundHelp(r.Tenant, r.CallID, r.From, r.Dialled, r.Via, r.Started)
}

// foundRecords looks for calls for help in records that are made of Asterisk's own, and stores
// what it finds.
func (c *Controller) foundRecords(ctx context.Context, records []*pbx.CDR) error {
	for _, r := range records {
		c.foundRecord(r)
	}
	return c.Emergency.Flush(ctx)
}

// findHelp looks for calls for help among those that are under way after a connect.
func (c *Controller) findHelp(context.Context, *ami.Session) {
	for _, l := range c.Calls.All() {
		c.foundHelp(l.Tenant, l.ID, l.From, l.Dialled, l.Via, l.Started)
	}
}

// HelpPlace is what a call for help from a device would tell.
type HelpPlace struct {
	Device *pbx.Device
	Shown  []string     // empty where nobody could call back
	Lately pbx.HelpCall // zero: the device has not called for help lately
}

// Emergencies returns what calls for help would tell, of each device of a tenant that can call.
func (c *Controller) Emergencies(ctx context.Context, tenant string) (out []HelpPlace, err error) {
	if err := c.tenantExists(ctx, tenant); err != nil {
		return nil, err
	}
	s, err := c.written(ctx)
	if err != nil {
		return nil, err
	}
	lately := map[string]pbx.HelpCall{}
	for _, call := range c.Emergency.Lately(tenant) {
		lately[call.Device] = call
	}
	for _, d := range s.Devices {
		if d.Tenant == tenant && d.Kind != pbx.DeviceExternal {
			out = append(out, HelpPlace{d, s.ShownForHelp(d), lately[d.Name]})
		}
	}
	return out, nil
}
