package pbx

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// over is a route over trunks, by its name and what it matches.
func over(name string, priority int, match string, trunks ...RouteTrunk) *OutboundRoute {
	return &OutboundRoute{Tenant: "acme", Name: name, Priority: priority, Match: strings.Fields(match), Trunks: trunks}
}

// routedOffice has trunks a, b and c, of which an office without routes tries all in this order.
func routedOffice(routes ...*OutboundRoute) *Snapshot {
	s := chainOffice(&Trunk{Name: "a", CallerNumber: "+49301"}, &Trunk{Name: "b", CallerNumber: "+49302"}, &Trunk{Name: "c"},
		&Trunk{Name: "off", Disabled: true})
	return with(s, func(r *Rows) {
		r.Routes = routes
		r.Extensions[0].PresentationNumber = "+493099"
		r.ExternalNumbers = append(r.ExternalNumbers, &ExternalNumber{Tenant: "acme", Number: "+4989123456", Type: NumberSIP})
		r.Extensions = append(r.Extensions, &Extension{Tenant: "acme", Number: "102", RingSeconds: 20, TwinNumber: "+4989123456"})
	})
}

// TestRoutesChooseTrunks: the most exact entry counts, then priority and name; and a twin tries
// the same trunks in the same order as a call that is dialled.
func TestRoutesChooseTrunks(t *testing.T) {
	a, b, c, off := RouteTrunk{Trunk: "a"}, RouteTrunk{Trunk: "b"}, RouteTrunk{Trunk: "c"}, RouteTrunk{Trunk: "off"}
	for name, tt := range map[string]struct {
		routes        []*OutboundRoute
		dialled, want string
	}{
		"without a route":            {nil, "089123456", "a b c"},
		"none fits":                  {[]*OutboundRoute{over("x", 50, "+4930 international", b)}, "089123456", "a b c"},
		"one fits":                   {[]*OutboundRoute{over("x", 50, "+4989", b)}, "089123456", "b"},
		"in the order of the route":  {[]*OutboundRoute{over("x", 50, "national", c, a)}, "089123456", "c a"},
		"the longest prefix":         {[]*OutboundRoute{over("x", 1, "+49", a), over("y", 99, "+4989", b)}, "089123456", "b"},
		"a prefix before a word":     {[]*OutboundRoute{over("x", 1, "national any", a), over("y", 99, "+49", b)}, "089123456", "b"},
		"a word before any":          {[]*OutboundRoute{over("x", 1, "any", a), over("y", 99, "national", b)}, "089123456", "b"},
		"premium before national":    {[]*OutboundRoute{over("x", 1, "national", a), over("y", 99, "premium", b)}, "0900123456", "b"},
		"its most exact entry":       {[]*OutboundRoute{over("x", 50, "any +4989", a), over("y", 1, "national", b)}, "089123456", "a"},
		"equal ones by priority":     {[]*OutboundRoute{over("x", 60, "+4989", a), over("y", 40, "+4989", b, c)}, "089123456", "b c a"},
		"equal ones by name":         {[]*OutboundRoute{over("y", 50, "+4989", a), over("x", 50, "+4989", b)}, "089123456", "b a"},
		"a trunk of two routes":      {[]*OutboundRoute{over("x", 1, "+4989", b), over("y", 2, "+4989", a, b)}, "089123456", "b a"},
		"a disabled trunk":           {[]*OutboundRoute{over("x", 50, "+4989", off, b)}, "089123456", "b"},
		"no trunk that is in use":    {[]*OutboundRoute{over("x", 50, "+4989", off)}, "089123456", ""},
		"short numbers are national": {[]*OutboundRoute{over("x", 50, "national", b)}, "116117", "b"},
		"abroad":                     {[]*OutboundRoute{over("x", 50, "international", b)}, "0012125551234", "b"},
		"help asks no route":         {[]*OutboundRoute{over("x", 50, "any", b)}, "112", "a b c off"},
		"a block behind": {[]*OutboundRoute{over("x", 1, "+4989", b), {Tenant: "acme", Name: "y", Priority: 2,
			Match: []string{"+4989"}, Block: "no"}}, "089123456", "b"},
		"a block before": {[]*OutboundRoute{over("x", 3, "+4989", b), {Tenant: "acme", Name: "y", Priority: 2,
			Match: []string{"+4989"}, Block: "no"}}, "089123456", ""},
		"a less exact block": {[]*OutboundRoute{over("x", 3, "+4989", b), {Tenant: "acme", Name: "y", Priority: 2,
			Match: []string{"any"}, Block: "no"}}, "089123456", "b"},
		"the heaviest at the zero time": {[]*OutboundRoute{over("x", 3, "+4989", RouteTrunk{Trunk: "c"},
			RouteTrunk{Trunk: "a", Weight: 1}, RouteTrunk{Trunk: "b", Weight: 2})}, "089123456", ""},
	} {
		s := routedOffice(tt.routes...)
		p := Route(s, Call{Tenant: "acme", Endpoint: "d101", Dialled: tt.dialled}, time.Unix(1, 0))
		got := dialsOf(p)
		if name != "the heaviest at the zero time" && got != tt.want {
			t.Errorf("%s: dials %q (%s), want %q", name, got, p.Steps[0].Rule, tt.want)
		}
		if tt.dialled != "089123456" {
			continue
		}
		var legs []string
		for _, ring := range s.Rings(s.Extension("acme", "102")) {
			for _, w := range ring.Legs[0].Own.Ways {
				legs = append(legs, strings.TrimPrefix(w.Trunk, "t"))
			}
		}
		want := tt.want
		if name == "the heaviest at the zero time" {
			want = "b a c"
		}
		if got := strings.Join(legs, " "); got != want {
			t.Errorf("%s: a twin leaves by %q, want %q", name, got, want)
		}
	}
}

// TestWeightsShareCalls: three of four calls try the trunk first that has three of four shares.
func TestWeightsShareCalls(t *testing.T) {
	s := routedOffice(over("x", 50, "any", RouteTrunk{Trunk: "a", Weight: 1}, RouteTrunk{Trunk: "b", Weight: 3}, RouteTrunk{Trunk: "c"}))
	first := map[string]int{}
	for i := range 1000 {
		p := Route(s, Call{Tenant: "acme", Endpoint: "d101", Dialled: "089123456"}, time.Unix(0, int64(i)*1_000_003))
		dials := dialsOf(p)
		if first[dials]++; !strings.HasSuffix(dials, " c") {
			t.Fatalf("the trunk without a weight is not the last one: %s", dials)
		}
		if order := Route(s, Call{Tenant: "acme", Endpoint: "d101", Dialled: "089123456", Order: p.Order, Resumed: true},
			time.Unix(0, 7)); dialsOf(order) != dials {
			t.Fatalf("a call that comes back tries %s after %s", dialsOf(order), dials)
		}
	}
	if b := first["b a c"]; b < 650 || b > 850 || len(first) != 2 {
		t.Errorf("of 1000 calls: %v", first)
	}
}

// TestRouteWritesNumbers: prefix and format, what the carrier is shown, and the way back from
// what was sent to what was called.
func TestRouteWritesNumbers(t *testing.T) {
	for _, tt := range []struct {
		prefix        string
		format        NumberFormat
		caller        string
		dialled, sent string
		shown         string
	}{
		{"", "", "", "089123456", "+4989123456", "+493099"},
		{"", FormatPlus, "trunk", "089123456", "+4989123456", "+49302"},
		{"", FormatDigits, "extension trunk", "089123456", "4989123456", "101"},
		{"", FormatInternational, "number", "089123456", "004989123456", "+493099"},
		{"", FormatNational, "trunk number", "089123456", "089123456", "+49302"},
		{"", FormatNational, "", "0012125551234", "0012125551234", "+493099"},
		{"99", FormatNational, "", "089123456", "99089123456", "+493099"},
		{"99", FormatPlus, "", "0012125551234", "9912125551234", "+493099"},
		{"7", FormatDigits, "", "116117", "7116117", "+493099"},
		{"", FormatInternational, "", "116117", "116117", "+493099"},
	} {
		what := fmt.Sprintf("%q %s %s", tt.prefix, tt.format, tt.dialled)
		o := over("x", 50, "any", RouteTrunk{Trunk: "b", Prefix: tt.prefix, Format: tt.format})
		o.CallerID = strings.Fields(tt.caller)
		s := routedOffice(o)
		dial := Route(s, Call{Tenant: "acme", Endpoint: "d101", Dialled: tt.dialled}, time.Unix(1, 0)).Steps[0]
		leg := dial.Legs[0]
		if want := "PJSIP/" + tt.sent + "@tb"; dial.channels() != want || dial.Show.Number != tt.shown {
			t.Errorf("%s: dials %s as %s, want %s as %s", what, dial.channels(), dial.Show.Number, want, tt.shown)
		}
		if back := s.CalledBy("tb", tt.sent); back != leg.Outside {
			t.Errorf("%s: %s is read back as %s, want %s", what, tt.sent, back, leg.Outside)
		}
		if got := s.CalledBy("ta", tt.sent); got != tt.sent {
			t.Errorf("%s: a trunk of no route has sent %s, read back as %s", what, tt.sent, got)
		}
	}
}

// TestRoutesAreChecked names the field that is wrong.
func TestRoutesAreChecked(t *testing.T) {
	good := func() *OutboundRoute { return over("x", 50, "+4989 any", RouteTrunk{Trunk: "a"}) }
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	for field, spoil := range map[string]func(o *OutboundRoute){
		"name":             func(o *OutboundRoute) { o.Name = "A B" },
		"match":            func(o *OutboundRoute) { o.Match = nil },
		"match[0]":         func(o *OutboundRoute) { o.Match[0] = "emergency" },
		"match[1]":         func(o *OutboundRoute) { o.Match[1] = "089" },
		"priority":         func(o *OutboundRoute) { o.Priority = 101 },
		"trunks":           func(o *OutboundRoute) { o.Trunks = nil },
		"trunks[0].trunk":  func(o *OutboundRoute) { o.Trunks[0].Trunk = "A&B" },
		"trunks[1].trunk":  func(o *OutboundRoute) { o.Trunks = append(o.Trunks, o.Trunks[0]) },
		"trunks[0].prefix": func(o *OutboundRoute) { o.Trunks[0].Prefix = "1&" },
		"trunks[0].format": func(o *OutboundRoute) { o.Trunks[0].Format = "tel" },
		"trunks[0].weight": func(o *OutboundRoute) { o.Trunks[0].Weight = -1 },
		"block":            func(o *OutboundRoute) { o.Block = "no" },
		"caller_id[0]":     func(o *OutboundRoute) { o.CallerID = []string{"mine"} },
		"caller_id[1]":     func(o *OutboundRoute) { o.CallerID = []string{"trunk", "trunk"} },
	} {
		o := good()
		spoil(o)
		var wrong *Error
		if err := o.Validate(); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestNoRouteStopsHelp: whatever routes a tenant has, a call for help tries every trunk, and no
// other call leaves by a trunk that is not of the tenant.
func TestNoRouteStopsHelp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var routes []*OutboundRoute
		for i := range rapid.IntRange(0, 5).Draw(t, "routes") {
			o := over(fmt.Sprint("r", i), rapid.IntRange(0, 2).Draw(t, "priority"), "")
			o.Match = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"any", "national", "international", "premium", "+4989", "+49",
				"+11"}), 1, 4, rapid.ID).Draw(t, "match")
			if rapid.Bool().Draw(t, "blocks") {
				o.Block = "no"
			} else {
				for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "off", "gone"}), 1, 4,
					rapid.ID).Draw(t, "trunks") {
					o.Trunks = append(o.Trunks, RouteTrunk{Trunk: name, Prefix: rapid.SampledFrom([]string{"", "99"}).Draw(t, "prefix"),
						Weight: rapid.IntRange(0, 3).Draw(t, "weight")})
				}
			}
			routes = append(routes, o)
		}
		s := routedOffice(routes...)
		now := time.Unix(rapid.Int64Range(0, 1000).Draw(t, "now"), 0)
		help := Route(s, Call{Tenant: "acme", Endpoint: "d101", Dialled: "112"}, now)
		if got := dialsOf(help); got != "a b c off" || !strings.HasPrefix(help.Steps[0].channels(), "PJSIP/112@ta/") {
			t.Fatalf("help tries %q: %s", got, help.Steps[0].channels())
		}
		dialled := strings.Fields(dialsOf(Route(s, Call{Tenant: "acme", Endpoint: "d101", Dialled: "089123456"}, now)))
		for i, name := range dialled {
			if slices.Contains(dialled[:i], name) || name == "off" {
				t.Fatalf("tries %v", dialled)
			}
		}
	})
}
