package fleet

import (
	"context"
	"reflect"
	"time"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Changed orders phones whose files differ between two snapshots to fetch them.
//
// Other phones get no order: a needless fetch is load. before is nil at the start of the
// program. Phones that changed while it was away fetch at their next poll.
func (f *Fleet) Changed(ctx context.Context, before, now *pbx.Snapshot) {
	if before == nil || before.Revision == now.Revision {
		return
	}
	site := f.o.Site
	site.Year = time.Now().UTC().Year()
	redone := tenantsRedone(before, now)
	var orders []pbx.Resync
	for _, p := range now.Phones {
		old := before.Phone(p.MAC)
		if old == nil || !redone[p.Tenant] && lastChange(now, p) <= before.Revision ||
			phoneconf.Fingerprint(before, old, site) == phoneconf.Fingerprint(now, p, site) {
			continue
		}
		// The order goes through the account that the phone registered before the change.
		if endpoint := f.Orders.endpoint(before, old); endpoint != "" {
			orders = append(orders, filesOrder(p, endpoint, reasonChange))
		}
	}
	if _, err := f.Orders.add(ctx, orders); err != nil {
		f.o.Log.Error("ordering phones to fetch their files", "phones", len(orders), "error", err)
	}
}

// tenantsRedone lists the tenants in which a change may touch any phone.
//
// Such are changed phone settings, feature codes, button templates and users with a time
// zone of their own, and rows of these kinds or extensions that were deleted; and a
// number of a new beginning or length, which phones must not send in part. No phone's
// own rows get a new revision by that, so lastChange does not show it.
func tenantsRedone(before, now *pbx.Snapshot) map[string]bool {
	type key struct {
		tenant, model string
		revision      int64
		user          string
	}
	rows := map[key]int{} // in before but not in now, or the other way round, if not 0
	count := func(s *pbx.Snapshot, n int) {
		for _, p := range s.PhoneSettings {
			rows[key{tenant: p.Tenant, revision: p.Revision}] += n
		}
		for _, c := range s.FeatureCodes {
			rows[key{tenant: c.Tenant, revision: c.Revision}] += n
		}
		for _, t := range s.ButtonTemplates {
			rows[key{tenant: t.Tenant, model: t.Model, revision: t.Revision}] += n
		}
		for _, e := range s.Extensions { // a deleted one may have named a key
			rows[key{tenant: e.Tenant}] += n
		}
		for _, g := range s.RingGroups { // what was dialled with it may be sent sooner
			rows[key{tenant: g.Tenant}] += n
		}
		for _, q := range s.Queues {
			rows[key{tenant: q.Tenant}] += n
		}
		for _, e := range s.ExternalNumbers {
			rows[key{tenant: e.Tenant}] += n
		}
		for _, u := range s.Users {
			if u.Timezone != "" {
				rows[key{tenant: u.Tenant, revision: u.Revision, user: u.Username}] += n
			}
		}
	}
	count(before, 1)
	count(now, -1)
	out := map[string]bool{}
	for tenant := range renumbered(before, now) {
		out[tenant] = !reflect.DeepEqual(before.DiallingOf(tenant), now.DiallingOf(tenant))
	}
	for k, n := range rows {
		if n != 0 {
			out[k.tenant] = true
		}
	}
	return out
}

// renumbered lists the tenants in which a row of what is dialled is new or changed.
func renumbered(before, now *pbx.Snapshot) map[string]bool {
	out := map[string]bool{}
	add := func(tenant string, revision int64) {
		if revision > before.Revision {
			out[tenant] = true
		}
	}
	for _, t := range now.Tenants {
		add(t.Name, t.Revision)
	}
	for _, e := range now.Extensions {
		add(e.Tenant, e.Revision)
	}
	for _, g := range now.RingGroups {
		add(g.Tenant, g.Revision)
	}
	for _, q := range now.Queues {
		add(q.Tenant, q.Revision)
	}
	for _, e := range now.ExternalNumbers {
		add(e.Tenant, e.Revision)
	}
	return out
}

// lastChange returns the newest revision of the rows that a phone's files show.
// Comparing it is cheaper than comparing the files of all phones at every pass.
func lastChange(s *pbx.Snapshot, p *pbx.Phone) int64 {
	last := p.Revision
	if t := s.Tenant(p.Tenant); t != nil {
		last = max(last, t.Revision)
	}
	common, model := s.ButtonsOf(p.Tenant, pbx.DefaultButtons), s.ButtonsOf(p.Tenant, p.Model)
	for _, bs := range [][]pbx.Button{p.Buttons, common, model} {
		for _, b := range bs {
			if e := s.Extension(p.Tenant, b.Value); e != nil {
				last = max(last, e.Revision) // its name may stand on the key
			}
		}
	}
	for _, l := range p.Lines {
		d := s.Device(p.Tenant, l.Device)
		if d == nil {
			continue
		}
		last = max(last, d.Revision)
		if e := s.Extension(p.Tenant, d.Extension); e != nil {
			last = max(last, e.Revision)
		}
	}
	return last
}
