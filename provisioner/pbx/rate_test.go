package pbx

import (
	"testing"
	"time"
)

// TestPriceOf: the nearest account with a prefix of the number says the price, by the longest
// one; what none knows costs what is dearest.
func TestPriceOf(t *testing.T) {
	s := NewSnapshot(1, Rows{
		Tenants:   []*Tenant{{Name: "house"}, {Name: "shop", Reseller: "below"}, {Name: "free", Reseller: "alone"}},
		Resellers: []*Reseller{{Name: "below", Parent: "north"}, {Name: "north"}, {Name: "alone"}},
		Rates: []*Rate{{Prefix: "+49", Price: 20}, {Prefix: "+491", Price: 90}, {Prefix: "+1", Price: 30}, {Prefix: "+88", Price: 4000},
			{Reseller: "north", Prefix: "+4915", Price: 70}, {Reseller: "below", Prefix: "+49", Price: 25},
			{Reseller: "alone", Prefix: "+", Price: 7}},
	})
	for _, tt := range []struct {
		tenant, number string
		want           int
	}{
		{"house", "+4930123456", 20}, {"house", "+4915123456", 90}, {"house", "+3312345678", 4000}, {"house", "116117", 4000},
		{"shop", "+4915123456", 25}, {"shop", "+12125551234", 30}, {"shop", "+3312345678", 4000},
		{"free", "+4930123456", 7}, {"free", "116117", 4000}, {"nobody", "+49", 0},
	} {
		if got := s.PriceOf(tt.tenant, tt.number); got != tt.want {
			t.Errorf("%s calls %s: %d, want %d", tt.tenant, tt.number, got, tt.want)
		}
	}
	if got := NewSnapshot(1, Rows{Tenants: []*Tenant{{Name: "house"}}}).PriceOf("house", "+49"); got != 0 {
		t.Errorf("without rates: %d", got)
	}
}

// TestMoneyCapsTheCall: half of the money that is left pays whole minutes, less one second, and
// a number that is too dear for what is left is not called.
func TestMoneyCapsTheCall(t *testing.T) {
	for _, tt := range []struct {
		guard   Guard
		usage   Usage
		price   int
		seconds int // -1: refused
	}{
		{Guard{SpendPerDay: 10000}, Usage{}, 100, 50*60 - 1},
		{Guard{SpendPerDay: 10000}, Usage{Spent: 9500}, 100, 5*60 - 1},
		{Guard{SpendPerDay: 10000}, Usage{Spent: 9901}, 100, -1},
		{Guard{SpendPerDay: 10000}, Usage{Spent: 9900}, 100, 59},
		{Guard{SpendPerDay: 10000, Calls: 1}, Usage{}, 100, 100*60 - 1},
		{Guard{SpendPerDay: 10000, MinutesPerDay: 20}, Usage{}, 100, 600},
		{Guard{SpendPerDay: 99}, Usage{}, 100, -1},
		{Guard{SpendPerDay: 99}, Usage{}, 0, 0},
		{Guard{SpendPerDay: 99}, Usage{Spent: 99}, 0, -1},
	} {
		b := officeBehindDoors()
		b.spent(tt.guard, tt.usage)
		b.rows.Rates = []*Rate{{Prefix: "+4917", Price: tt.price}}
		b.call.Endpoint, b.call.Dialled = "d101", mobile
		step := Route(NewSnapshot(1, b.rows), b.call, time.Time{}).Steps[0]
		got := -1
		if step.Kind == StepDial {
			got = step.Legs[0].Charge.Seconds
		}
		if got != tt.seconds {
			t.Errorf("%+v after %+v at %d: %d seconds, want %d: %s", tt.guard, tt.usage, tt.price, got, tt.seconds, step.Rule)
		}
		if spent := (&Charge{Price: tt.price}).Cost(int64(max(got, 0))); tt.usage.Spent+spent > int64(tt.guard.SpendPerDay) {
			t.Errorf("%+v after %+v: %d would be spent", tt.guard, tt.usage, tt.usage.Spent+spent)
		}
	}
}
