package asteriskconf_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// zones are as far from each other as their clocks show different hours and days.
var zones = []string{"Pacific/Kiritimati", "Asia/Tokyo", "Europe/Berlin", "America/New_York", "Pacific/Pago_Pago"}

// someRules are rules that hold for some of the zones at any time, by time and by caller.
func someRules(now time.Time) []pbx.CallRule {
	today, tomorrow := now.UTC().Format(time.DateOnly), now.UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	ends := pbx.Destination{Kind: pbx.ToHangup}
	var out []pbx.CallRule
	for _, r := range []pbx.CallRule{
		{}, {From: "08:00", To: "18:00"}, {From: "18:00", To: "08:00"}, {From: "22:00", To: "00:30"},
		{Days: []string{pbx.Weekdays[now.UTC().Weekday()]}}, {FirstDate: today}, {LastDate: today}, {FirstDate: tomorrow},
		{Days: []string{pbx.Weekdays[now.UTC().Weekday()]}, From: "20:00", To: "19:00"},
		{FirstDate: today, LastDate: today, From: "12:00", To: "11:59"},
	} {
		r.Destination = ends
		out = append(out, r)
	}
	var many []string
	for i := range pbx.MaxRuleCallers - 1 {
		many = append(many, fmt.Sprintf("+49301234567%04d", i))
	}
	of := func(r pbx.CallRule, callers ...string) pbx.CallRule {
		r.Callers = callers
		return r
	}
	return append(out, of(out[0], "+4989", "+43"), of(out[8], append(many, "+4989")...), of(out[1], "+49"))
}

// TestNumberRulesRealAsterisk: without a controller, rules of numbers hold when and for whom
// they hold with one. Numbers in zones far apart stand for times of day.
func TestNumberRulesRealAsterisk(t *testing.T) {
	rows := pbx.Rows{
		Tenants: []*pbx.Tenant{{Name: "alpha", Timezone: "UTC", Country: "DE"}},
		Trunks: []*pbx.Trunk{{Tenant: "alpha", Name: "carrier", Endpoint: "tcarrier", Host: carrierAddress, Port: 5060,
			Transport: pbx.TransportUDP}},
	}
	callers := map[string]string{}
	for i, r := range someRules(time.Now()) {
		for j, zone := range zones {
			n := &pbx.Number{Tenant: "alpha", Number: fmt.Sprintf("+49301234%d%02d", j, i), Timezone: zone, Rules: []pbx.CallRule{r},
				CallerIDPrefix: `S${SHELL(x)};"\,` + "ales:"}
			rows.Numbers = append(rows.Numbers, n)
			callers[n.Number] = []string{"+498912345678", "089123456", "004315123456", "4930999999", "+33123456789"}[(i+j)%5]
		}
	}
	s := pbx.NewSnapshot(1, rows)
	files := render(t, templates.MustNew(), s)
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			r := startReal(t, suite, files)
			r.loaded(t, files)
			holds := map[int]int{}
			for _, n := range s.Numbers {
				c := r.fromCarrier(t)
				c.user = callers[n.Number]
				before := ruled(s, n.Number, c.user)
				got, _ := c.dial(t, strings.Replace(n.Number, "+", "%2B", 1))
				if after := ruled(s, n.Number, c.user); got != before && got != after { // a minute may end meanwhile
					t.Errorf("%s calls %s (%+v in %s): %d, want %d", c.user, n.Number, n.Rules[0], n.Timezone, got, before)
				}
				holds[got]++
			}
			if holds[404] < 10 || holds[480] < 10 {
				t.Errorf("the rules say too little: %v", holds)
			}
		})
	}
}

// ruled is the SIP answer that the controller would give now.
func ruled(s *pbx.Snapshot, number, caller string) int {
	p := pbx.Route(s, pbx.Call{Tenant: "alpha", Dialled: number, Endpoint: "tcarrier", Caller: caller}, time.Now())
	if p.Steps[0].Kind == pbx.StepForward {
		return 480
	}
	return 404
}
