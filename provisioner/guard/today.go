package guard

import (
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Today is what a holder has used.
type Today struct {
	Extension string // "" is the whole tenant
	Bounds    pbx.Guard
	pbx.Usage        // since a block was lifted, with what is reserved
	Talked    int64  // seconds of the whole day, of calls that have ended
	Paid      int64  // the same in money, thousandths of a unit
	Blocked   string // why no further call may begin now, or ""
}

// Today returns the tenant and those of its extensions that are bounded or have called
// outside today, by number. Their bounds are those of a snapshot, which may be newer than the
// one in force.
func (g *Guard) Today(s *pbx.Snapshot, tenant string) (out []Today) {
	now := time.Now()
	list := []string{""}
	g.mu.Lock()
	for h := range g.days {
		if h.tenant == tenant && h.extension != "" && g.day(h, now).Seconds > 0 {
			list = append(list, h.extension)
		}
	}
	for _, c := range g.calls {
		if c.Tenant == tenant {
			list = append(list, c.Extension)
		}
	}
	g.mu.Unlock()
	for _, e := range s.ExtensionsOf(tenant) {
		if e.Guard.Any() {
			list = append(list, e.Number)
		}
	}
	slices.Sort(list)
	for _, extension := range slices.Compact(list) {
		t := Today{Extension: extension, Bounds: s.GuardOf(tenant, extension), Usage: g.Usage(tenant, extension)}
		g.mu.Lock()
		day := g.day(holder{tenant, extension}, now)
		t.Talked, t.Paid = day.Seconds, day.Spent
		g.mu.Unlock()
		t.Blocked = t.Bounds.Refuses(t.Usage, pbx.GuardHolder(tenant, extension))
		out = append(out, t)
	}
	return out
}
