package pbx

import (
	"testing"
	"time"
)

// The hours of a rule are those of clocks on the wall, on days with a change of
// clocks too.
func TestForwardRuleHolds(t *testing.T) {
	night := CallRule{Days: []string{"fri"}, From: "18:00", To: "08:00"}
	day := CallRule{Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "08:00", To: "18:00"}
	small := CallRule{From: "02:30", To: "03:30"}
	holidays := CallRule{FirstDate: "2026-12-24", LastDate: "2026-12-26"}
	for _, tt := range []struct {
		name string
		rule CallRule
		zone string
		at   string // UTC
		want bool
	}{
		{"begins", day, "Europe/Berlin", "2026-11-20 07:00", true},
		{"not a minute before", day, "Europe/Berlin", "2026-11-20 06:59", false},
		{"its end is not part of it", day, "Europe/Berlin", "2026-11-20 17:00", false},
		{"another day", day, "Europe/Berlin", "2026-11-21 09:00", false},
		{"Friday night", night, "Europe/Berlin", "2026-11-20 22:00", true},
		{"goes on on Saturday morning", night, "Europe/Berlin", "2026-11-21 06:00", true},
		{"not on Friday morning", night, "Europe/Berlin", "2026-11-20 06:00", false},
		{"not on Saturday evening", night, "Europe/Berlin", "2026-11-21 20:00", false},
		{"the day of the zone, not of UTC", day, "Pacific/Auckland", "2026-11-22 20:00", true},
		{"summer time begins: 03:00 follows 01:59", small, "Europe/Berlin", "2026-03-29 01:10", true},
		{"before that hour is skipped", small, "Europe/Berlin", "2026-03-29 00:59", false},
		{"summer time ends: the first 02:40", small, "Europe/Berlin", "2026-10-25 00:40", true},
		{"between the two", small, "Europe/Berlin", "2026-10-25 01:10", false},
		{"the second 02:40", small, "Europe/Berlin", "2026-10-25 01:40", true},
		{"a night over the change of clocks", CallRule{Days: []string{"sat"}, From: "22:00", To: "07:00"}, "Europe/Berlin",
			"2026-03-29 04:30", true},
		{"half an hour of change", CallRule{From: "02:00", To: "02:30"}, "Australia/Lord_Howe", "2026-10-03 15:40", false},
		{"first date", holidays, "America/Sao_Paulo", "2026-12-24 03:00", true},
		{"before the first date", holidays, "America/Sao_Paulo", "2026-12-24 02:59", false},
		{"last date", holidays, "America/Sao_Paulo", "2026-12-27 02:59", true},
		{"after the last date", holidays, "America/Sao_Paulo", "2026-12-27 03:00", false},
		{"a night of its last date", CallRule{From: "20:00", To: "06:00", LastDate: "2026-12-31"}, "UTC", "2027-01-01 05:00", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at, err := time.Parse("2006-01-02 15:04", tt.at)
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.rule.holds(at.In(locationOf(tt.zone))); got != tt.want {
				t.Errorf("%s holds at %s: %v", tt.name, at.In(locationOf(tt.zone)), got)
			}
		})
	}
}

// The first rule that holds counts, in the tenant's zone unless the forward has one.
func TestSchedule(t *testing.T) {
	s := NewSnapshot(1, Rows{Tenants: []*Tenant{{Name: "acme", Timezone: "Asia/Kolkata"}}})
	f := &Forward{Tenant: "acme", Mode: ForwardSchedule, Rules: []CallRule{
		{From: "09:00", To: "12:00", Destination: to("extension:1")}, {From: "10:00", To: "18:00", Destination: to("extension:2")}}}
	for at, want := range map[string]string{"04:29": "extension:1", "06:30": "extension:2", "03:29": "", "12:30": ""} {
		now, _ := time.Parse("2006-01-02 15:04", "2026-11-22 "+at)
		if got, _ := f.now(routing{s: s, now: now}); got.String() != want {
			t.Errorf("%s UTC: %s, want %s", at, got, want)
		}
	}
	f.Timezone = "UTC"
	now, _ := time.Parse("2006-01-02 15:04", "2026-11-22 11:00")
	if got, rule := f.now(routing{s: s, now: now}); got.Key != "1" || rule != "rule 1 of its schedule" {
		t.Errorf("%v by %s", got, rule)
	}
}
