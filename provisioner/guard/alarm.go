package guard

import (
	"slices"
	"strconv"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// alarmAt are the percentages of a day's bound at which there is an alarm. At the last one no
// further call begins.
var alarmAt = []int64{80, 100}

// called notes the first call of a tenant to a country other than its own. The lock is held.
func (g *Guard) called(c *call, now time.Time) {
	t := g.o.Snapshot().Tenant(c.Tenant)
	country := pbx.CountryCalled(c.Number)
	key := countryKey{c.Tenant, country}
	if _, known := g.countries[key]; known || country == "" || t == nil || t.Country == country {
		return
	}
	g.countries[key] = db.GuardCountry{Tenant: c.Tenant, Country: country, First: pbx.Millis(now)}
	g.rows.Mark(rowKey{countryKey: key})
	g.tellings = append(g.tellings, event.Guard{Tenant: c.Tenant, Change: event.GuardFirstCountry, Extension: c.Extension,
		Number: c.Number, Country: country})
}

// alarm finds bounds of the day that are nearly or wholly used, by calls that have ended and
// what those under way have talked so far.
func (g *Guard) alarm(now time.Time) {
	g.mu.Lock()
	used := map[holder]pbx.Usage{}
	for h := range g.days {
		day := g.day(h, now)
		used[h] = pbx.Usage{Seconds: day.Seconds - day.LiftedSeconds, Spent: day.Spent - day.LiftedSpent}
	}
	for _, c := range g.calls {
		talked := int64(now.Sub(c.Began) / time.Second)
		for _, h := range c.holders() {
			u := used[h]
			used[h] = pbx.Usage{Seconds: u.Seconds + talked, Spent: u.Spent + c.Cost(talked)}
		}
	}
	for h, u := range used {
		bounds := g.o.Snapshot().GuardOf(h.tenant, h.extension)
		g.near(h, pbx.BoundTalk, u.Seconds/60, int64(bounds.MinutesPerDay), now)
		g.near(h, pbx.BoundSpend, u.Spent, int64(bounds.SpendPerDay), now)
	}
	g.mu.Unlock()
	g.tell()
}

// near notes an alarm once a day.
func (g *Guard) near(h holder, bound string, used, most int64, now time.Time) {
	for _, percent := range alarmAt {
		day, mark := g.day(h, now), bound+":"+strconv.FormatInt(percent, 10)
		if most == 0 || used*100 < most*percent || slices.Contains(day.Told, mark) {
			continue
		}
		day.Told = append(slices.Clip(day.Told), mark)
		g.days[h] = day
		g.rows.Mark(rowKey{holder: h})
		e := event.Guard{Tenant: h.tenant, Change: event.GuardAlarm, Extension: h.extension, Bound: bound, Used: used, Most: most}
		if percent == 100 {
			e.Change = event.GuardBlocked
		}
		g.tellings = append(g.tellings, e)
	}
}

// refusedPause is the least time between two events of the same refusal.
const refusedPause = time.Minute

// refusal names what refuses calls: a bound of a holder.
type refusal struct {
	holder
	bound string
}

// Refused tells of bounds that have refused a call, of each once a minute.
func (g *Guard) Refused(tenant string, reached []pbx.BoundReached) {
	g.refused(tenant, reached, time.Now())
}

func (g *Guard) refused(tenant string, reached []pbx.BoundReached, now time.Time) {
	g.mu.Lock()
	for key, at := range g.refusals {
		if now.Sub(at) >= refusedPause {
			delete(g.refusals, key)
		}
	}
	for _, b := range reached {
		key := refusal{holder{tenant, b.Extension}, b.Bound}
		if _, told := g.refusals[key]; told {
			continue
		}
		g.refusals[key] = now
		g.tellings = append(g.tellings, event.Guard{Tenant: tenant, Change: event.GuardRefused, Extension: b.Extension,
			Bound: b.Bound, Used: b.Used, Most: b.Most})
	}
	g.mu.Unlock()
	g.tell()
}

// tell hands on what was noted. The lock is not held.
func (g *Guard) tell() {
	g.mu.Lock()
	tellings := g.tellings
	g.tellings = nil
	g.mu.Unlock()
	for _, e := range tellings {
		g.o.Tell(e)
	}
}
