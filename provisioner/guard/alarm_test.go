package guard

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestAlarms: at 80 and at 100 percent of a bound once a day, also during the call and after a
// restart, and again when the block was lifted.
func TestAlarms(t *testing.T) {
	r := newRig(t)
	r.dials("c1", "+4930123456", 3600)
	r.alarm(now.Add(47 * time.Minute))
	check := func(what string, want ...event.Guard) {
		t.Helper()
		for i := range want {
			want[i].Tenant, want[i].Extension, want[i].Bound, want[i].Most = "default", "101", "minutes_per_day", 60
		}
		var got []event.Guard
		for _, e := range r.told {
			if e.Change != event.GuardFirstCountry {
				got = append(got, e)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
		r.told = nil
	}
	check("47 minutes")
	r.alarm(now.Add(48 * time.Minute))
	r.alarm(now.Add(49 * time.Minute))
	check("48 minutes", event.Guard{Change: event.GuardAlarm, Used: 48})
	e := ended("c1", "+4930123456", time.Hour)
	r.LegEnded(e)
	r.alarm(e.At)
	r.restart()
	r.alarm(e.At)
	check("60 minutes", event.Guard{Change: event.GuardBlocked, Used: 60})
}

// TestFirstCallToACountry: once ever, not for the tenant's own country.
func TestFirstCallToACountry(t *testing.T) {
	r := newRig(t)
	for _, number := range []string{"+33123456789", "+33223456789", "116117"} {
		r.dials("c"+number, number, 60)
	}
	r.restart()
	told := r.told
	r.dials("c4", "+33323456789", 60)
	r.dials("c5", "+12125551234", 60)
	told = append(told, r.told[len(told):]...)
	want := []event.Guard{
		{Tenant: pbx.DefaultTenant, Change: event.GuardFirstCountry, Extension: "101", Number: "+33123456789", Country: "FR"},
		{Tenant: pbx.DefaultTenant, Change: event.GuardFirstCountry, Extension: "101", Number: "+12125551234", Country: "US"}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

// TestRefusalsAreTold: which bound has refused, once a minute.
func TestRefusalsAreTold(t *testing.T) {
	r := newRig(t)
	for _, after := range []time.Duration{0, 59 * time.Second, time.Minute} {
		r.refused(pbx.DefaultTenant, []pbx.BoundReached{{Extension: "101", Bound: pbx.BoundCalls, Used: 1, Most: 1}}, now.Add(after))
	}
	e := event.Guard{Tenant: pbx.DefaultTenant, Change: event.GuardRefused, Extension: "101", Bound: "calls", Used: 1, Most: 1}
	if diff := cmp.Diff([]event.Guard{e, e}, r.told); diff != "" {
		t.Error(diff)
	}
}
