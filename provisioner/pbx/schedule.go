package pbx

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// CallRule is one line of a schedule, of an extension or of a number: on these days, between
// these times, within these dates, calls of these callers go there. What is left empty does not
// restrict.
type CallRule struct {
	Days []string `json:"days,omitempty"` // of Weekdays; nil is every day
	// From and To are times of day as "15:04", local time of the zone; both or
	// none. To is not part of the time. Where To is not after From, the time ends on
	// the day after the one that Days and dates are about.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// FirstDate and LastDate are dates as "2006-01-02", both part of the period.
	FirstDate   string      `json:"first_date,omitempty"`
	LastDate    string      `json:"last_date,omitempty"`
	Destination Destination `json:"destination"`
	// Callers are beginnings of callers' numbers in E.164, at most MaxRuleCallers; of an
	// extension's rule also CallInternal.
	Callers []string `json:"callers,omitempty"`
	// Devices lets the extension ring, in place of a Destination.
	Devices bool `json:"devices,omitempty"`
}

// Weekdays are the words for days, Sunday first as in time.Weekday.
var Weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// check refuses what is no rule.
func (r CallRule) check(field string) *Error {
	for i, d := range r.Days {
		if !slices.Contains(Weekdays, d) {
			return Invalidf(field+".days", "%s is not a day: use mon, tue, wed, thu, fri, sat or sun", quote(d))
		}
		if slices.Contains(r.Days[:i], d) {
			return Invalidf(field+".days", "%s is named twice", quote(d))
		}
	}
	if r.From == "" != (r.To == "") {
		return Refusedf(field+".from", "from and to belong together: give both or neither")
	}
	if err := checkEach(field, []string{".from", ".to"}, []string{r.From, r.To},
		func(text string) error { _, err := minuteOf(text); return err }, "a time of day: use 00:00 to 23:59"); err != nil {
		return err
	}
	if r.From != "" && r.From == r.To {
		return Invalidf(field+".to", "is the same as from: leave both out for the whole day")
	}
	date := func(text string) error { _, err := time.Parse(time.DateOnly, text); return err }
	if err := checkEach(field, []string{".first_date", ".last_date"}, []string{r.FirstDate, r.LastDate}, date,
		"a date: write it as 2026-12-24"); err != nil {
		return err
	}
	if r.FirstDate != "" && r.LastDate != "" && r.LastDate < r.FirstDate {
		return Invalidf(field+".last_date", "is before first_date")
	}
	if r.Destination.IsZero() && !r.Devices {
		return Invalidf(field+".destination", "is required")
	}
	return nil
}

// checkEach refuses the first text that is there and cannot be read.
func checkEach(field string, names, texts []string, read func(string) error, what string) *Error {
	for i, text := range texts {
		if text != "" && read(text) != nil {
			return Invalidf(field+names[i], "%s is not %s", quote(text), what)
		}
	}
	return nil
}

// minuteOf reads "15:04" as minutes since midnight. On a day with a change of
// clocks that is what clocks on the wall show, not the time that has passed.
func minuteOf(text string) (int, error) {
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != 5 {
		return 0, fmt.Errorf("reading time of day %q", text)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// holds reports whether the rule applies at a local time.
func (r CallRule) holds(local time.Time) bool {
	if r.From == "" {
		return r.holdsOn(local)
	}
	from, err := minuteOf(r.From)
	to, err2 := minuteOf(r.To)
	if err != nil || err2 != nil {
		return false
	}
	minute := local.Hour()*60 + local.Minute()
	if from < to {
		return from <= minute && minute < to && r.holdsOn(local)
	}
	// A day is 23 to 25 hours long: noon of the day before is found by date.
	before := time.Date(local.Year(), local.Month(), local.Day()-1, 12, 0, 0, 0, local.Location())
	return minute >= from && r.holdsOn(local) || minute < to && r.holdsOn(before)
}

// holdsOn reports whether the rule is about the day.
func (r CallRule) holdsOn(day time.Time) bool {
	date := day.Format(time.DateOnly)
	return (len(r.Days) == 0 || slices.Contains(r.Days, Weekdays[day.Weekday()])) &&
		(r.FirstDate == "" || r.FirstDate <= date) && (r.LastDate == "" || date <= r.LastDate)
}

// locations keeps zones that were looked up; there are a few hundred.
var locations sync.Map

// locationOf returns a zone, UTC when it is unknown: names are validated before
// they get here.
func locationOf(name string) *time.Location {
	if l, ok := locations.Load(name); ok {
		return l.(*time.Location)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	locations.Store(name, l)
	return l
}
