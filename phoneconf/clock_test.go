package phoneconf

import (
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The expected rules are from the tz database's text and, where marked, from the
// notes; Yealink counts Sunday 7, Polycom 1.
func TestClockOfZones(t *testing.T) {
	cases := []struct {
		zone       string
		offset     string // as Yealink writes it
		save       int    // minutes
		start, end string // as Yealink writes them
	}{
		{"UTC", "0", 0, "", ""},
		{"Europe/Berlin", "+1", 60, "3/5/7/2", "10/5/7/3"},    // notes: Tancredi, Italy
		{"Europe/London", "0", 60, "3/5/7/1", "10/5/7/2"},     //
		{"Europe/Dublin", "0", 60, "3/5/7/1", "10/5/7/2"},     // winter carries the flag in the zone data
		{"America/Montreal", "-5", 60, "3/2/7/2", "11/1/7/2"}, // notes: Wazo's unit test
		{"America/St_Johns", "-3:30", 60, "3/2/7/2", "11/1/7/2"},
		{"Asia/Kolkata", "+5:30", 0, "", ""},
		{"Asia/Kathmandu", "+5:45", 0, "", ""},
		{"America/Phoenix", "-7", 0, "", ""},
		{"Pacific/Auckland", "+12", 60, "9/5/7/2", "4/1/7/3"},
		{"Pacific/Chatham", "+12:45", 60, "9/5/7/3", "4/1/7/4"}, // switches at 2:45 and 3:45
		{"Australia/Adelaide", "+9:30", 60, "10/1/7/2", "4/1/7/3"},
		{"Australia/Lord_Howe", "+10:30", 30, "10/1/7/2", "4/1/7/2"},
		{"America/Asuncion", "-3", 0, "", ""},               // gave summer time up in 2024
		{"Asia/Jerusalem", "+2", 60, "3/4/5/2", "10/5/7/2"}, // Friday before the last Sunday: the day of 2026
	}
	for _, c := range cases {
		got, err := clockOf(c.zone, 2026)
		if err != nil {
			t.Fatal(err)
		}
		start, end := "", ""
		if got.Save != 0 {
			start, end = yealinkChange(got.Start), yealinkChange(got.End)
		}
		if yealinkOffset(got.Offset) != c.offset || got.Save != c.save*60 || start != c.start || end != c.end {
			t.Errorf("%s: %s save %d, %s to %s; want %s save %d, %s to %s", c.zone, yealinkOffset(got.Offset), got.Save/60, start, end, c.offset, c.save, c.start, c.end)
		}
	}
}

func TestPolycomCountsSundayAsOne(t *testing.T) {
	us, err := clockOf("America/New_York", 2026)
	if err != nil {
		t.Fatal(err)
	}
	// The rule that Polycom itself ships (date 8 and 1, dayOfWeek 1).
	got := polycomClockOf(us)
	if got.Start != (polycomChange{Month: 3, Date: 8, Hour: 2, Day: 1}) || got.End != (polycomChange{Month: 11, Date: 1, Hour: 2, Day: 1}) || got.Offset != -18000 {
		t.Errorf("%+v", got)
	}
	if lordHowe, _ := clockOf("Australia/Lord_Howe", 2026); polycomClockOf(lordHowe).Summer {
		t.Error("half an hour of summer is not an hour")
	}
}

// The rule of a zone gives the offsets that Go gives, at noon of every day.
func TestRulesAgreeWithGoAllYear(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Santiago", "Africa/Cairo", "Africa/Casablanca", "Asia/Beirut", "Asia/Gaza", "America/Nuuk", "Atlantic/Azores", "Europe/Chisinau", "America/Havana", "Antarctica/Troll", "Pacific/Norfolk", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Chatham", "Asia/Tehran", "America/Sao_Paulo", "America/Asuncion", "Asia/Jerusalem"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for year := 2025; year < 2037; year++ {
			c, err := clockOf(zone, year)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(transitionsIn(loc, year)); n != 0 && n != 2 {
				continue // Ramadan twice in one year: no rule can say it
			}
			for day := time.Date(year, 1, 1, 12, 0, 0, 0, loc); day.Year() == year; day = day.AddDate(0, 0, 1) {
				if _, offset := day.Zone(); offset != c.at(day) {
					t.Fatalf("%s on %s: the rule says %d, Go says %d (%+v)", zone, day.Format(time.DateOnly), c.at(day), offset, c)
				}
			}
		}
	}
}

// at evaluates the rule at noon of a day as a phone would.
func (c clock) at(noon time.Time) int {
	if c.Save == 0 {
		return c.Offset
	}
	start, end := c.Start.dayIn(noon.Year()), c.End.dayIn(noon.Year())
	d := noon.YearDay()
	if start < end && (d >= start && d < end) || start > end && (d >= start || d < end) {
		return c.Offset + c.Save
	}
	return c.Offset
}

// dayIn is the first day of the year whose noon lies after the change.
func (ch change) dayIn(year int) int {
	first := time.Date(year, ch.Month, 1, 0, 0, 0, 0, time.UTC)
	day := 1 + int(ch.Weekday-first.Weekday()+7)%7 + 7*(ch.Week-1)
	for ch.Week == 5 && time.Date(year, ch.Month, day, 0, 0, 0, 0, time.UTC).Month() != ch.Month {
		day -= 7
	}
	return time.Date(year, ch.Month, day, ch.Hour+12, 0, 0, 0, time.UTC).YearDay()
}

func TestClockRefusesUnknownZoneAndYear(t *testing.T) {
	if _, err := clockOf("Mars/Olympus", 2026); err == nil {
		t.Error("Mars has a clock")
	}
	if _, err := clockOf("UTC", 0); err == nil {
		t.Error("a rule without a year")
	}
}

func TestSiteValidate(t *testing.T) {
	if err := testSite.Validate(); err != nil {
		t.Error(err)
	}
	for field, spoil := range map[string]func(*Site){
		"--sip-server": func(s *Site) { s.SIPServer = "a b" }, "--sip-port": func(s *Site) { s.SIPPort = 0 },
		"--sip-transport": func(s *Site) { s.Transport = "sctp" },
		"--phone-url":     func(s *Site) { s.BaseURL = "http://h:1/" }, "--ntp-server": func(s *Site) { s.NTPServer = "a\nb" },
	} {
		s := testSite
		spoil(&s)
		if es, ok := s.Validate().(pbx.Errors); !ok || len(es) != 1 || es[0].Field != field {
			t.Errorf("%s: %v", field, s.Validate())
		}
	}
}
