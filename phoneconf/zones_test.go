package phoneconf

import (
	"archive/zip"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// zones lists the names of Go's zone database, the one the program embeds.
func zones(t *testing.T) []string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out []string
	for _, f := range r.File {
		if !strings.HasSuffix(f.Name, "/") && f.Name != "Factory" {
			out = append(out, f.Name)
		}
	}
	return out
}

// rule is a phone's clock, read back from what the file says: in UTC all year, or
// between two moments of it with a summer in them.
type rule struct {
	offset, save time.Duration
	start, end   time.Time // wall clock, as if it were UTC; the hour may be 24
}

// offsetAt is what the phone adds to UTC at a moment of the rule's year.
func (r rule) offsetAt(utc time.Time) time.Duration {
	if r.save == 0 {
		return r.offset
	}
	start, end := r.start.Add(-r.offset), r.end.Add(-r.offset-r.save)
	summer := !utc.Before(start) && utc.Before(end)
	if end.Before(start) {
		summer = !utc.Before(start) || utc.Before(end)
	}
	if summer {
		return r.offset + r.save
	}
	return r.offset
}

// readYealinkRule reads "+5:45" and "3/5/7/2" as the notes explain them.
func readYealinkRule(t *testing.T, c clock, year int) rule {
	t.Helper()
	var w yealinkWriter
	v := w.clock(c)
	if w.err != nil {
		t.Fatal(w.err)
	}
	var hours, minutes int
	text := strings.TrimPrefix(v.Zone.String(), "+")
	if n, err := fmt.Sscanf(text+":0", "%d:%d", &hours, &minutes); err != nil || n != 2 {
		t.Fatalf("%q: %v", v.Zone, err)
	}
	if strings.HasPrefix(text, "-") {
		minutes = -minutes
	}
	r := rule{offset: time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute}
	if v.Summer == 0 {
		return r
	}
	day := func(s string) time.Time {
		var month, week, weekday, hour int
		if n, err := fmt.Sscanf(s, "%d/%d/%d/%d", &month, &week, &weekday, &hour); err != nil || n != 4 {
			t.Fatalf("%q: %v", s, err)
		}
		return nth(year, time.Month(month), 1+7*(week-1), time.Weekday(weekday%7), week == 5).Add(time.Duration(hour) * time.Hour)
	}
	r.save, r.start, r.end = time.Duration(v.Minutes)*time.Minute, day(v.Start.String()), day(v.End.String())
	return r
}

// readPolycomRule reads what the tcpIpApp.sntp parameters would say.
func readPolycomRule(c clock, year int) rule {
	v := polycomClockOf(c)
	r := rule{offset: time.Duration(v.Offset) * time.Second}
	if !v.Summer {
		return r
	}
	day := func(c polycomChange) time.Time {
		return nth(year, time.Month(c.Month), c.Date, time.Weekday(c.Day-1), c.Last == 1).Add(time.Duration(c.Hour) * time.Hour)
	}
	r.save, r.start, r.end = time.Hour, day(v.Start), day(v.End)
	return r
}

// nth is the first such weekday on or after a date, or the last of the month.
func nth(year int, month time.Month, date int, weekday time.Weekday, last bool) time.Time {
	if last {
		end := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC)
		return end.AddDate(0, 0, -int(end.Weekday()-weekday+7)%7)
	}
	day := time.Date(year, month, date, 0, 0, 0, 0, time.UTC)
	return day.AddDate(0, 0, int(weekday-day.Weekday()+7)%7)
}

// wrong is how long in a year a phone's clock differs from the zone's.
func (r rule) wrong(loc *time.Location, year int) time.Duration {
	return r.wrongBetween(loc, year, transitionsIn(loc, year))
}

// wrongBetween is wrong for one who knows the zone's transitions of the year.
func (r rule) wrongBetween(loc *time.Location, year int, transitions []transition) time.Duration {
	const step = 15 * time.Minute
	var out time.Duration
	ends := []time.Time{}
	for _, tr := range transitions {
		ends = append(ends, tr.at)
	}
	begin := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	for at := begin; at.Year() == year; at = at.Add(24 * time.Hour) {
		near := r.save != 0 && (touches(at, r.start.Add(-r.offset)) || touches(at, r.end.Add(-r.offset-r.save))) || slices.ContainsFunc(ends, func(e time.Time) bool { return touches(at, e) })
		if !near {
			if !r.right(loc, at.Add(12*time.Hour)) {
				out += 24 * time.Hour
			}
			continue
		}
		for m := time.Duration(0); m < 24*time.Hour; m += step {
			if !r.right(loc, at.Add(m)) {
				out += step
			}
		}
	}
	return out
}

// touches reports whether a moment lies in a day or within an hour of it.
func touches(day, moment time.Time) bool {
	return moment.After(day.Add(-time.Hour)) && moment.Before(day.Add(25*time.Hour))
}

func (r rule) right(loc *time.Location, at time.Time) bool {
	return r.offsetAt(at) == time.Duration(offsetAt(at.In(loc)))*time.Second
}

// What no file can say, by zone and for how long a year the phone is wrong. All
// other zones of the database are right to the minute in each of ten years.
var (
	// A Yealink switches at full hours: Chatham Island switches at 2:45 and 3:45.
	yealinkInexact = map[string]time.Duration{"Pacific/Chatham": 30 * time.Minute, "NZ-CHAT": 30 * time.Minute}
	// A Polycom switches at full hours too, and by one hour: the half hour of Lord
	// Howe and the two hours of Troll are left out, all summer long.
	polycomInexact = map[string]time.Duration{
		"Pacific/Chatham": 30 * time.Minute, "NZ-CHAT": 30 * time.Minute,
		"Australia/Lord_Howe": 190 * 24 * time.Hour, "Australia/LHI": 190 * 24 * time.Hour, "Antarctica/Troll": 225 * 24 * time.Hour,
	}
)

// Every zone of the database, ten years, both makes. A zone that changes its
// clock other than never or twice a year has no rule in that year. Morocco does so
// every year (Ramadan), others in the year in which they give summer time up;
// which those are depends on how new this machine's zone database is.
func TestEveryZoneForTenYears(t *testing.T) {
	skipped := map[string]int{} // years without a rule
	names := zones(t)
	if len(names) < 500 {
		t.Fatalf("only %d zones", len(names))
	}
	for _, name := range names {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for year := 2026; year < 2036; year++ {
			transitions := transitionsIn(loc, year)
			if n := len(transitions); n != 0 && n != 2 {
				skipped[name]++
				continue
			}
			c, err := clockOf(name, year)
			if err != nil {
				t.Fatal(err)
			}
			yealink, polycom := readYealinkRule(t, c, year), readPolycomRule(c, year)
			got := yealink.wrongBetween(loc, year, transitions)
			if most := yealinkInexact[name]; got > most {
				t.Errorf("Yealink, %s, %d: wrong for %v: %+v", name, year, got, c)
			}
			if polycom != yealink { // else it is as wrong
				got = polycom.wrongBetween(loc, year, transitions)
			}
			if most := polycomInexact[name]; got > most {
				t.Errorf("Polycom, %s, %d: wrong for %v: %+v", name, year, got, c)
			}
		}
	}
	for name, years := range skipped {
		if years > 2 && !slices.Contains([]string{"Africa/Casablanca", "Africa/El_Aaiun"}, name) {
			t.Errorf("%s has no rule in %d of the ten years", name, years)
		}
	}
	t.Logf("%d zones, no rule in some year: %v", len(names), skipped)
}

// The exceptions are real: a phone is wrong there, and only there.
func TestInexactZonesAreInexact(t *testing.T) {
	for name := range polycomInexact {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := clockOf(name, 2026)
		if err != nil {
			t.Fatal(err)
		}
		if readPolycomRule(c, 2026).wrong(loc, 2026) == 0 {
			t.Errorf("a Polycom is right in %s after all", name)
		}
		if _, too := yealinkInexact[name]; too != (readYealinkRule(t, c, 2026).wrong(loc, 2026) > 0) {
			t.Errorf("a Yealink in %s: %v", name, !too)
		}
	}
}
