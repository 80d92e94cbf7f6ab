package phoneconf

import (
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"
	_ "time/tzdata" // the zones must be the same on every machine
)

// clock is a zone as desk phones know it: an offset, and one rule for the summer.
type clock struct {
	Offset int // seconds east of UTC in winter
	// Save is what is added in summer, in seconds; 0 when the clock never changes.
	Save       int
	Start, End change
}

// change is a switch of the clock: the Week-th Weekday of Month (5 is the last
// one) at Hour of the wall clock that ends with it.
type change struct {
	Month   time.Month
	Week    int // 1–5
	Weekday time.Weekday
	Hour    int // 0–24, rounded: the few zones that switch at a quarter to do so up to half an hour early or late
}

// clocks remembers results: they are pure and there are some 600 zones.
var clocks sync.Map // clockKey → clock

type clockKey struct {
	zone string
	year int
}

// clockOf returns the clock of an IANA zone in a year, read from Go's own zone
// data. A zone whose clock changes other than twice a year has no rule that a
// phone could follow: it gets the offset in force at the end of that year.
func clockOf(zone string, year int) (clock, error) {
	if year < 2000 || year > 2200 {
		return clock{}, fmt.Errorf("year %d is not set: the daylight saving rule depends on it", year)
	}
	key := clockKey{zone, year}
	if c, ok := clocks.Load(key); ok {
		return c.(clock), nil
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return clock{}, fmt.Errorf("reading the rules of time zone %q: %w", zone, err)
	}
	c := computeClock(loc, year)
	clocks.Store(key, c)
	return c, nil
}

// transition is one change of offset.
type transition struct {
	at          time.Time // in the zone
	before, now int       // seconds east of UTC
}

// transitionsIn lists the changes of offset within a year of UTC. It looks at
// each day and then halves the interval; time.Time.ZoneBounds would be shorter,
// but on the last day of a leap year it returns that very moment as the end of
// its zone for ever (Go 1.26, 2040 in Berlin).
func transitionsIn(loc *time.Location, year int) []transition {
	var out []transition
	day := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).In(loc)
	for end := day.AddDate(1, 0, 0); day.Before(end); {
		next := day.Add(24 * time.Hour)
		if before, now := offsetAt(day), offsetAt(next); before != now {
			n := sort.Search(24*3600, func(s int) bool { return offsetAt(day.Add(time.Duration(s)*time.Second)) != before })
			out = append(out, transition{day.Add(time.Duration(n) * time.Second), before, now})
		}
		day = next
	}
	return out
}

func offsetAt(t time.Time) int { _, offset := t.Zone(); return offset }

func computeClock(loc *time.Location, year int) clock {
	ts := transitionsIn(loc, year)
	if len(ts) != 2 || ts[0].before != ts[1].now {
		return clock{Offset: offsetAt(time.Date(year, 12, 31, 12, 0, 0, 0, time.UTC).In(loc))}
	}
	// Summer is the larger offset. The zone data's own flag is no help: for
	// Dublin and Casablanca it marks winter.
	start, end := ts[0], ts[1]
	if start.now < start.before {
		start, end = end, start
	}
	return clock{
		Offset: start.before, Save: start.now - start.before,
		Start: changeOf(loc, year, start), End: changeOf(loc, year, end),
	}
}

// changeOf puts a transition into words. Of the ways to name its day it takes the
// one that also holds in the following years, so that a phone that is never
// provisioned again stays right as long as possible.
func changeOf(loc *time.Location, year int, tr transition) change {
	wall := wallBefore(tr)
	c := change{Month: wall.Month(), Week: weekOf(wall), Weekday: wall.Weekday(),
		Hour: (wall.Hour()*60 + wall.Minute() + 30) / 60}
	if isLast(wall) && c.Week < 5 && lastHolds(loc, year, tr) {
		c.Week = 5
	}
	return c
}

// lastHolds reports whether the transitions of ten years that go the same way
// all fall on the last such weekday of their month.
func lastHolds(loc *time.Location, year int, tr transition) bool {
	for y := year; y < year+10; y++ {
		same := func(o transition) bool { return o.now > o.before == (tr.now > tr.before) }
		ts := transitionsIn(loc, y)
		if i := slices.IndexFunc(ts, same); i < 0 || !isLast(wallBefore(ts[i])) {
			return false
		}
	}
	return true
}

// wallBefore is what a clock shows that has not been changed yet.
func wallBefore(tr transition) time.Time {
	return tr.at.In(time.FixedZone("", tr.before))
}

// weekOf counts which such weekday of its month t is, 1–5.
func weekOf(t time.Time) int { return (t.Day()-1)/7 + 1 }

// isLast reports whether no such weekday follows in the same month.
func isLast(t time.Time) bool { return t.AddDate(0, 0, 7).Month() != t.Month() }
