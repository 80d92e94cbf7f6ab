package pbx

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// lines is a Live in which trunks carry calls.
type lines map[string]int

func (lines) Ringing(string) bool             { return false }
func (lines) Registered(string) bool          { return true }
func (lines) InUse(string) bool               { return false }
func (lines) Turn(string, string) Turn        { return Turn{} }
func (lines) CallsAt([]string) int            { return 0 }
func (lines) Usage(string, string) Usage      { return Usage{} }
func (lines) CalledForHelp(string) []HelpCall { return nil }
func (l lines) Calls(endpoint string) int     { return max(0, l[endpoint]) }

// Answers is false for a trunk that carries -1 calls.
func (l lines) Answers(endpoint string) bool { return l[endpoint] >= 0 }
func (l lines) SignedIn(string) bool         { return true }

// behind is an office of which a number is behind a door, and the call that goes there.
type behind struct {
	rows Rows
	call Call
}

// allows gives 101 and the tenant a class of service.
func (b *behind) allows(words ...string) {
	b.rows.Classes = append(b.rows.Classes, &ClassOfService{Tenant: "acme", Name: "chosen", Allow: words})
	b.rows.Tenants[0].ClassOfService = "chosen"
}

// officeBehindDoors has 101, whose number, twin, device or forward is tried; 102, which calls
// it; 104, where a number of the tenant leads; and a number of another tenant.
func officeBehindDoors() behind {
	b := behind{rows: Rows{
		Tenants:    []*Tenant{{Name: "acme", Country: "DE"}, {Name: "bolt", Country: "DE"}},
		Trunks:     []*Trunk{{Tenant: "acme", Name: "carrier", Endpoint: "tcarrier", MaxCalls: 10, CallerNumber: "+493010"}},
		Extensions: []*Extension{{Tenant: "bolt", Number: "101", RingSeconds: 20}},
		Numbers: []*Number{{Tenant: "acme", Number: ownNumber, Destination: to("extension:104")},
			{Tenant: "acme", Number: calledNumber, Destination: to("extension:101")},
			{Tenant: "bolt", Number: otherNumber, Destination: to("extension:101")}},
	}, call: Call{Tenant: "acme", Dialled: "101", Endpoint: "d102", Caller: "102"}}
	for _, n := range []string{"101", "102", "103", "104"} {
		b.rows.Extensions = append(b.rows.Extensions, &Extension{Tenant: "acme", Number: n, RingSeconds: 20})
		b.rows.Devices = append(b.rows.Devices, &Device{Tenant: "acme", Name: "d" + n, Endpoint: "d" + n, Extension: n})
	}
	return b
}

const (
	ownNumber    = "+4930555000"
	calledNumber = "+4930555001" // leads to 101
	otherNumber  = "+4940555000"
	mobile       = "+491701234567"
)

// extension is 101.
func (b *behind) extension() *Extension {
	return b.rows.Extensions[slices.IndexFunc(b.rows.Extensions, func(e *Extension) bool { return e.Tenant == "acme" && e.Number == "101" })]
}

func (b *behind) known(number string) {
	b.rows.ExternalNumbers = append(b.rows.ExternalNumbers, &ExternalNumber{Tenant: "acme", Number: number, Type: NumberSIP})
}

func (b *behind) forward(set func(f *Forward)) {
	f := &Forward{Tenant: "acme", Extension: "101", Mode: ForwardOff}
	set(f)
	b.rows.Forwards = append(b.rows.Forwards, f)
}

func (b *behind) group(g *RingGroup) {
	g.Tenant, g.Name, g.Number, g.RingSeconds = "acme", "sales", "600", 20
	if g.Strategy == "" {
		g.Strategy = StrategyAll
	}
	b.rows.RingGroups, b.call.Dialled = append(b.rows.RingGroups, g), "600"
}

// doorways are all ways to reach a number outside: by hand, which is how people call, and by
// rules. Each names the door that it asks at.
var doorways = map[string]struct {
	asks Door
	hand bool
	put  func(b *behind, number string)
}{
	"dialled":        {DoorDialled, true, func(b *behind, number string) { b.call.Endpoint, b.call.Dialled = "d101", number }},
	"dialled, known": {DoorDialled, true, func(b *behind, number string) { b.known(number); b.call.Endpoint, b.call.Dialled = "d101", number }},
	"blind transfer": {DoorDialled, true, func(b *behind, number string) { b.call.Endpoint, b.call.By, b.call.Dialled = "d102", "d101", number }},
	"transferred by us": {DoorDialled, true, func(b *behind, number string) {
		b.call.Endpoint, b.call.By, b.call.Dialled = "tcarrier", "d101", number
	}},
	"forward of all": {DoorForward, false, func(b *behind, number string) {
		b.forward(func(f *Forward) { f.Mode, f.Destination = ForwardDestination, to("external:"+number) })
	}},
	"forward by schedule": {DoorForward, false, func(b *behind, number string) {
		b.forward(func(f *Forward) {
			f.Mode, f.Rules = ForwardSchedule, []CallRule{{Destination: to("external:" + number)}}
		})
	}},
	"forward when busy": {DoorForward, false, func(b *behind, number string) { b.forward(func(f *Forward) { f.Busy = to("external:" + number) }) }},
	"forward of no answer": {DoorForward, false, func(b *behind, number string) {
		b.forward(func(f *Forward) { f.NoAnswer = to("external:" + number) })
	}},
	"forward when unreachable": {DoorForward, false, func(b *behind, number string) {
		b.forward(func(f *Forward) { f.Unreachable = to("external:" + number) })
	}},
	"forward of an extension that is forwarded to": {DoorForward, false, func(b *behind, number string) {
		b.forward(func(f *Forward) { f.Mode, f.Destination = ForwardDestination, to("external:"+number) })
		b.rows.Forwards = append(b.rows.Forwards, &Forward{Tenant: "acme", Extension: "103", Mode: ForwardDestination,
			Destination: to("extension:101")})
		b.call.Dialled = "103"
	}},
	"twin":            {DoorTwin, false, func(b *behind, number string) { b.known(number); b.extension().TwinNumber = number }},
	"external device": {DoorDevice, false, func(b *behind, number string) { b.known(number); b.external(number) }},
	"external device in sequence": {DoorDevice, false, func(b *behind, number string) {
		b.known(number)
		b.external(number)
		b.extension().Ring = RingSequence
	}},
	"member of a group": {DoorMember, false, func(b *behind, number string) {
		b.known(number)
		b.group(&RingGroup{Members: []RingMember{{External: number}}})
	}},
	"member's twin": {DoorTwin, false, func(b *behind, number string) {
		b.known(number)
		b.extension().TwinNumber = number
		b.group(&RingGroup{Members: []RingMember{{Extension: "101"}}})
	}},
	"member's device": {DoorDevice, false, func(b *behind, number string) {
		b.known(number)
		b.external(number)
		b.group(&RingGroup{Strategy: StrategySequential, Members: []RingMember{{Extension: "101"}}})
	}},
	"member's forward": {DoorForward, false, func(b *behind, number string) {
		b.known(number)
		b.forward(func(f *Forward) { f.Mode, f.Destination = ForwardDestination, to("external:"+number) })
		b.group(&RingGroup{FollowForwards: true, Members: []RingMember{{Extension: "101"}}})
	}},
	"redirected by a phone": {DoorForward, false, func(b *behind, number string) {
		b.call.Redirected, b.call.Resumed = Redirection{"101", number}, true
	}},
	"destination of a group": {DoorGroup, false, func(b *behind, number string) {
		b.group(&RingGroup{Members: []RingMember{{Extension: "103"}}, Destination: to("external:" + number)})
	}},
}

func (b *behind) external(number string) {
	b.rows.Devices = append(b.rows.Devices, &Device{Tenant: "acme", Name: "mobile", Endpoint: "dmobile", Extension: "101",
		Kind: DeviceExternal, ExternalNumber: number})
}

// routes gives the tenant a route over trunks.
func (b *behind) routes(o *OutboundRoute, trunks ...string) {
	o.Tenant, o.Name = "acme", fmt.Sprintf("route-%d", len(b.rows.Routes))
	for _, name := range trunks {
		o.Trunks = append(o.Trunks, RouteTrunk{Trunk: name})
	}
	b.rows.Routes = append(b.rows.Routes, o)
}

// silent lets the carrier be asked and not answer.
func (b *behind) silent() {
	b.rows.Trunks[0].QualifySeconds, b.call.Live = 30, lines{"tcarrier": -1}
}

// used is a Live in which as much was called outside.
type used struct {
	lines
	usage Usage
}

// Usage is that of the tenant: the tenant's guard is asked at each door.
func (u used) Usage(_, extension string) Usage {
	if extension != "" {
		return Usage{}
	}
	return u.usage
}

// spent gives the tenant a guard, and what was used of it.
func (b *behind) spent(g Guard, u Usage) {
	b.rows.Tenants[0].GuardCeiling, b.call.Live = g, used{lines{}, u}
}

// outcomes of a rule: what leaves, or comes into the house again.
const (
	leaves      = "leaves"
	inside      = "inside"
	goesNowhere = "nowhere"
)

// ruleset are all rules: what they are about, and what comes of it by hand and by a rule.
var ruleset = map[string]struct {
	number     string
	set        func(b *behind)
	hand, rule string
}{
	"national, without a class":       {mobile, nil, leaves, leaves},
	"national, as it is dialled":      {"01701234567", nil, leaves, leaves},
	"short":                           {"116117", nil, leaves, leaves},
	"toll-free abroad":                {"+80012345678", nil, leaves, leaves},
	"premium rate, without a class":   {"0900123456", nil, goesNowhere, goesNowhere},
	"premium, its prefix twice":       {"+490900123456", nil, goesNowhere, goesNowhere},
	"shared cost, without a class":    {"+49180123456", nil, goesNowhere, goesNowhere},
	"abroad, without a class":         {"+12125551234", nil, goesNowhere, goesNowhere},
	"abroad, as it is dialled":        {"0012125551234", nil, goesNowhere, goesNowhere},
	"premium, national allowed":       {"+49900123456", func(b *behind) { b.allows("national") }, goesNowhere, goesNowhere},
	"premium, allowed":                {"+49900123456", func(b *behind) { b.allows("national", "premium") }, leaves, leaves},
	"abroad, allowed":                 {"+12125551234", func(b *behind) { b.allows("international") }, leaves, leaves},
	"anything allowed":                {"+979123456789", func(b *behind) { b.allows("any") }, leaves, leaves},
	"nothing allowed":                 {mobile, func(b *behind) { b.allows() }, goesNowhere, goesNowhere},
	"emergency":                       {"112", nil, leaves, goesNowhere},
	"emergency, nothing allowed":      {"112", func(b *behind) { b.allows() }, leaves, goesNowhere},
	"emergency, with its code":        {"+49112", nil, goesNowhere, goesNowhere},
	"emergency, trunk full":           {"112", func(b *behind) { b.call.Live = lines{"tcarrier": 10} }, leaves, goesNowhere},
	"number of our own":               {ownNumber, nil, inside, inside},
	"number of our own, as dialled":   {"030555000", nil, inside, inside},
	"number of our own, none allowed": {ownNumber, func(b *behind) { b.allows() }, inside, inside},
	"number of another tenant":        {otherNumber, nil, inside, inside},
	"another tenant's, as dialled":    {"040555000", nil, inside, inside},
	"no number":                       {"00493", nil, goesNowhere, goesNowhere},
	"the caller's":                    {mobile, func(b *behind) { b.call.Caller = mobile }, leaves, goesNowhere},
	"the caller's, without a +":       {mobile, func(b *behind) { b.call.Caller = "491701234567" }, leaves, goesNowhere},
	"has diverted the call":           {mobile, func(b *behind) { b.call.Diverted = Diversions{Numbers: []string{"01701234567"}, Count: 1} }, leaves, goesNowhere},
	"trunk full":                      {mobile, func(b *behind) { b.call.Live = lines{"tcarrier": 10} }, goesNowhere, goesNowhere},
	"tenant full": {mobile, func(b *behind) {
		b.rows.Tenants[0].MaxCalls, b.call.Live = 5, lines{"tcarrier": 5}
	}, goesNowhere, goesNowhere},
	"carrier silent":            {mobile, func(b *behind) { b.silent() }, goesNowhere, goesNowhere},
	"emergency, carrier silent": {"112", func(b *behind) { b.silent() }, leaves, goesNowhere},
	"carrier not asked":         {mobile, func(b *behind) { b.call.Live = lines{"tcarrier": -1} }, leaves, leaves},
	"guard, as many calls":      {mobile, func(b *behind) { b.spent(Guard{Calls: 2}, Usage{Calls: 2}) }, goesNowhere, goesNowhere},
	"guard, one call more":      {mobile, func(b *behind) { b.spent(Guard{Calls: 2}, Usage{Calls: 1}) }, leaves, leaves},
	"guard, calls a minute":     {mobile, func(b *behind) { b.spent(Guard{CallsPerMinute: 5}, Usage{Recent: 5}) }, goesNowhere, goesNowhere},
	"guard, minutes used":       {mobile, func(b *behind) { b.spent(Guard{MinutesPerDay: 1}, Usage{Seconds: 60}) }, goesNowhere, goesNowhere},
	"guard, a second left":      {mobile, func(b *behind) { b.spent(Guard{MinutesPerDay: 1}, Usage{Seconds: 59}) }, leaves, leaves},
	"guard, too dear": {mobile, func(b *behind) {
		b.spent(Guard{SpendPerDay: 99}, Usage{})
		b.rows.Rates = []*Rate{{Prefix: "+49", Price: 100}}
	}, goesNowhere, goesNowhere},
	"guard, a minute is paid": {mobile, func(b *behind) {
		b.spent(Guard{SpendPerDay: 100}, Usage{})
		b.rows.Rates = []*Rate{{Prefix: "+49", Price: 100}}
	}, leaves, leaves},
	"guard, a number of here": {otherNumber, func(b *behind) { b.spent(Guard{Calls: 1}, Usage{Calls: 1}) }, inside, inside},
	"emergency, guard used": {"112", func(b *behind) {
		b.spent(Guard{Calls: 1, MinutesPerDay: 1}, Usage{Calls: 1,
			Seconds: 60})
	}, leaves, goesNowhere},
	"trunk not full": {mobile, func(b *behind) { b.call.Live = lines{"tcarrier": 9} }, leaves, leaves},
	"a route":        {mobile, func(b *behind) { b.routes(&OutboundRoute{Match: []string{"any"}}, "carrier") }, leaves, leaves},
	"a route blocks it": {mobile, func(b *behind) { b.routes(&OutboundRoute{Match: []string{"any"}, Block: "too dear"}) },
		goesNowhere, goesNowhere},
	"a route blocks all but it": {mobile, func(b *behind) {
		b.routes(&OutboundRoute{Match: []string{"any", "national", "+49", "+4916"}, Block: "too dear"})
		b.routes(&OutboundRoute{Match: []string{"+4917"}}, "carrier")
	}, leaves, leaves},
	"a route over a trunk that is not in use": {mobile, func(b *behind) {
		b.rows.Trunks = append(b.rows.Trunks, &Trunk{Tenant: "acme", Name: "off", Endpoint: "toff", Disabled: true})
		b.routes(&OutboundRoute{Match: []string{"national"}}, "off")
	}, goesNowhere, goesNowhere},
	"a route over a trunk for Teams": {mobile, func(b *behind) {
		b.rows.Trunks = append(b.rows.Trunks, &Trunk{Tenant: "acme", Name: "teams", Endpoint: "tteams", Teams: true})
		b.routes(&OutboundRoute{Match: []string{"national"}}, "teams")
	}, goesNowhere, goesNowhere},
	"a route of another tenant blocks it": {mobile, func(b *behind) {
		b.rows.Routes = append(b.rows.Routes, &OutboundRoute{Tenant: "bolt", Name: "no", Match: []string{"any"}, Block: "no"})
	}, leaves, leaves},
	"a number of our own, and a route blocks it": {ownNumber, func(b *behind) {
		b.routes(&OutboundRoute{Match: []string{"any"}, Block: "too dear"})
	}, inside, inside},
	"emergency, a route blocks it": {"112", func(b *behind) { b.routes(&OutboundRoute{Match: []string{"any"}, Block: "no"}) },
		leaves, goesNowhere},
}

// TestEveryDoorAsksEveryRule goes through every door for every rule.
func TestEveryDoorAsksEveryRule(t *testing.T) {
	rows := 0
	for rule, r := range ruleset {
		for door, d := range doorways {
			b := officeBehindDoors()
			d.put(&b, r.number)
			if r.set != nil {
				r.set(&b)
			}
			want := r.rule
			if d.hand {
				want = r.hand
			}
			s := NewSnapshot(1, b.rows)
			if got := reached(s, b.call); got != want {
				t.Errorf("%s × %s: %s %s, want %s", door, rule, r.number, got, want)
			}
			rows++
		}
	}
	t.Logf("%d doors × %d rules: %d calls", len(doorways), len(ruleset), rows)
}

// reached says where a call may get to: leaves, when anything that can become of it rings a
// number outside; inside, when it calls a number of this system, or is at the extension where it leads.
func reached(s *Snapshot, c Call) string {
	found := goesNowhere
	var walk func(p *Place, c Call)
	walk = func(p *Place, c Call) {
		for i, step := range p.Plan.Steps {
			for _, l := range step.Legs {
				switch {
				case l.Outside != "" || l.Own != nil && len(l.Own.Ways) > 0:
					found = leaves
				case found != leaves && (l.Inside != "" || l.Own != nil && l.Own.Inside != ""):
					found = inside
				}
			}
			if step.Kind == StepForward {
				if found != leaves && step.To == to("extension:104") {
					found = inside
				}
				walk(p.Then[i], c.Sent(step.To))
			}
		}
	}
	walk(Simulate(s, c, time.Time{}), c)
	return found
}

// TestNoDoorWithoutRules fails for a door that is not among doorways, for a function that
// leads to a trunk beside those that ask, and for a feature code that calls outside.
func TestNoDoorWithoutRules(t *testing.T) {
	asked := map[Door]bool{}
	for _, d := range doorways {
		asked[d.asks] = true
	}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared, callers := map[Door]bool{}, map[string][]string{}
	for _, path := range names {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			name := ""
			if f, is := decl.(*ast.FuncDecl); is {
				name = f.Name.Name
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ValueSpec:
					if id, is := n.Type.(*ast.Ident); is && id.Name == "Door" {
						declared[Door(strings.Trim(n.Values[0].(*ast.BasicLit).Value, `"`))] = true
					}
				case *ast.CallExpr:
					if sel, is := n.Fun.(*ast.SelectorExpr); is {
						callers[sel.Sel.Name] = append(callers[sel.Sel.Name], name)
					}
				}
				return true
			})
		}
	}
	for door := range declared {
		if !asked[door] || !slices.Contains(Doors, door) {
			t.Errorf("door %q is behind no doorway, or not among Doors", door)
		}
	}
	if len(declared) != len(Doors) || len(declared) < 6 {
		t.Errorf("%d doors are declared and %d listed", len(declared), len(Doors))
	}
	leading := map[string]bool{"leave": true, "leadOut": true, "outlets": true, "across": true, "identity": true, "TrunkAt": true,
		"TrunkFor":     true, // of a call that comes in
		"ShownForHelp": true, // which looks at what they show
		"TestCall":     true} // of one trunk; it asks Rights itself
	for _, name := range slices.Concat(callers["TrunkFor"], callers["TrunksFor"], callers["TrunksForHelp"], callers["outlets"]) {
		if !leading[name] {
			t.Errorf("%s looks for a trunk: lead there by toOutside or leadOut, which ask Rights", name)
		}
	}
	for _, name := range callers["leave"] {
		if name != "toOutside" && name != "forHelp" {
			t.Errorf("%s dials on a trunk without asking Rights", name)
		}
	}
	b := officeBehindDoors()
	b.allows("any")
	b.known(mobile)
	s := NewSnapshot(1, b.rows)
	codes := DefaultFeatureCodes("acme").Codes
	for _, f := range slices.Sorted(maps.Keys(codes)) {
		c := Call{Tenant: "acme", Endpoint: "d101", Dialled: codes[f] + strings.TrimPrefix(mobile, "+")}
		if got := reached(s, c); got != goesNowhere {
			t.Errorf("%s (%s) leads outside: %s", c.Dialled, f, got)
		}
	}
}

// TestCodesAskEveryRule: a code that sets a forward refuses what the forward would refuse.
func TestCodesAskEveryRule(t *testing.T) {
	for rule, r := range ruleset {
		if r.rule == inside || r.set != nil && strings.Contains(rule, "call") || strings.Contains(rule, "full") ||
			strings.HasPrefix(r.number, "+") {
			continue // told by the call, and not when a code is dialled; keys have no +
		}
		b := officeBehindDoors()
		b.call = Call{Tenant: "acme", Endpoint: "d101", Dialled: "*72" + r.number}
		if r.set != nil {
			r.set(&b)
		}
		step := Route(NewSnapshot(1, b.rows), b.call, time.Time{}).Steps[0]
		if set := step.Setting != nil; set != (r.rule == leaves) {
			t.Errorf("*72%s (%s) is set: %v (%s)", r.number, rule, set, step.Rule)
		}
	}
}

// TestCircles: what has been forwarded by a number of ours already is not forwarded from
// there again, and nobody is forwarded for ever.
func TestCircles(t *testing.T) {
	b := officeBehindDoors()
	b.forward(func(f *Forward) { f.Mode, f.Destination = ForwardDestination, to("external:"+mobile) })
	s := NewSnapshot(1, b.rows)
	for name, tt := range map[string]struct {
		text string
		out  bool
	}{
		"told nothing":              {"", true},
		"by somebody else":          {"sip:+4989111111@carrier;reason=unconditional;counter=1|", true},
		"by this number":            {"sip:+4930555001@carrier;reason=unconditional|", false},
		"as the country dials":      {"sip:+4989111111@carriersip:030555001@carrier;counter=1|", false},
		"by the mobile":             {"sip:491701234567@carrier;user=phone|", false},
		"too often":                 {"sip:+4989111111@carrier;counter=5|", false},
		"almost too often":          {"sip:+4989111111@carrier;counter=4|", true},
		"a history of this number":  {"|sip:+4930555001@us;index=1sip:+491701234567@m;index=1.1sip:+4930555001@us;index=1.1.1", false},
		"a history, called at once": {"|sip:+4930555001@us;index=1", true},
	} {
		c := Call{Tenant: "acme", Endpoint: "tcarrier", Dialled: calledNumber, Caller: "+4989222222", Diverted: ParseDiversions(tt.text)}
		got := reached(s, c)
		if got == leaves != tt.out {
			t.Errorf("%s: %s", name, got)
		}
		if tt.out {
			var dial Step
			for step := Route(s, c, time.Time{}).Steps[0]; step.Kind == StepForward; {
				c = c.Sent(step.To)
				step = Route(s, c, time.Time{}).Steps[0]
				dial = step
			}
			text := fmt.Sprint(dial.Set)
			if !dial.Diverted || !strings.Contains(text, "<sip:"+calledNumber+"@dialtone.invalid>;reason=unknown;counter=") ||
				!strings.Contains(text, "<sip:"+mobile+"@dialtone.invalid>;index=1.1") {
				t.Errorf("%s: the carrier is told %s", name, text)
			}
			if next := ParseDiversions(dial.Set[0].Value); next.Count != c.Diverted.Count+1 || next.Numbers[0] != calledNumber {
				t.Errorf("%s: read back as %+v", name, next)
			}
		}
	}
}
