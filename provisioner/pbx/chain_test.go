package pbx

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// weather is the state of trunks, by endpoint.
type weather struct {
	present
	full, silent, out map[string]bool
}

func (w weather) Calls(endpoint string) int {
	if w.full[endpoint] {
		return 1
	}
	return 0
}
func (w weather) Answers(endpoint string) bool  { return !w.silent[endpoint] }
func (w weather) SignedIn(endpoint string) bool { return !w.out[endpoint] }

// chainOffice has an extension that may call everything, and these trunks.
func chainOffice(trunks ...*Trunk) *Snapshot {
	for _, k := range trunks {
		k.Tenant, k.Endpoint, k.MaxCalls, k.QualifySeconds, k.Register = "acme", "t"+k.Name, 1, 30, true
		k.Host, k.Port = "sip.example", 5060
	}
	return NewSnapshot(1, Rows{Tenants: []*Tenant{{Name: "acme", Country: "DE", ClassOfService: "all"}},
		Extensions: []*Extension{{Tenant: "acme", Number: "101", RingSeconds: 20}},
		Devices:    []*Device{{Tenant: "acme", Name: "d101", Endpoint: "d101", Extension: "101"}},
		Classes:    []*ClassOfService{{Tenant: "acme", Name: "all", Allow: []string{"any"}}}, Trunks: trunks})
}

// dialsOf are the trunks that a plan dials in order where none takes the call.
func dialsOf(p Plan) string {
	var out []string
	for i := 0; p.Steps[i].Kind == StepDial; i = p.After(i, OutcomeUnreachable) {
		out = append(out, strings.TrimPrefix(p.Steps[i].Legs[0].Endpoint, "t"))
	}
	return strings.Join(out, " ")
}

// TestChainOrder: trunks are tried by priority and name; those that cannot take a call are
// passed over at once, one that is not registered comes last.
func TestChainOrder(t *testing.T) {
	is := func(endpoints ...string) map[string]bool {
		out := map[string]bool{}
		for _, e := range endpoints {
			out["t"+e] = true
		}
		return out
	}
	for name, tt := range map[string]struct {
		weather
		dialled, want, rule string
	}{
		"all are there":           {dialled: "089123456", want: "b a c", rule: "through trunk b: "},
		"the first is full":       {weather: weather{full: is("b")}, dialled: "089123456", want: "a c", rule: "trunk b carries 1 call already"},
		"the first is silent":     {weather: weather{silent: is("b")}, dialled: "089123456", want: "a c", rule: "trunk b is out of order"},
		"the first is signed out": {weather: weather{out: is("b")}, dialled: "089123456", want: "a c b"},
		"all are signed out":      {weather: weather{out: is("a", "b", "c")}, dialled: "089123456", want: "b a c"},
		"two cannot":              {weather: weather{full: is("b"), silent: is("a")}, dialled: "089123456", want: "c"},
		"none can": {weather: weather{full: is("b", "c"), silent: is("a")}, dialled: "089123456",
			rule: "trunk b carries 1 call already, as many as it may at once; trunk a is out of order: its carrier does not answer OPTIONS; trunk c carries"},
		"help: every one, in doubt later": {weather: weather{full: is("b"), silent: is("a"), out: is("c")}, dialled: "112", want: "b a c off"},
		"help: all are there":             {dialled: "112", want: "b a c off"},
	} {
		s := chainOffice(&Trunk{Name: "a", Priority: 50}, &Trunk{Name: "b", Priority: 10}, &Trunk{Name: "c", Priority: 50},
			&Trunk{Name: "off", Disabled: true})
		p := Route(s, Call{Tenant: "acme", Endpoint: "d101", Dialled: tt.dialled, Live: tt.weather}, time.Time{})
		if got := dialsOf(p); got != tt.want || !strings.Contains(p.Steps[0].Rule, tt.rule) {
			t.Errorf("%s: dials %q (%s), want %q", name, got, p.Steps[0].Rule, tt.want)
		}
		if tt.want == "" && !p.Steps[0].AtBound {
			t.Errorf("%s: no bound is counted", name)
		}
	}
}

// said are final SIP answers and how Dial ends with them, and whether the next trunk may be
// tried after them.
var said = []struct {
	text string
	next bool
}{
	{"CHANUNAVAIL21/401", true}, {"CHANUNAVAIL21/403", true}, {"CHANUNAVAIL21/407", true},
	{"CHANUNAVAIL18/408", true}, {"CHANUNAVAIL18/408r", false}, {"CHANUNAVAIL127/415", true},
	{"CHANUNAVAIL58/488", true}, {"CHANUNAVAIL38/500", true}, {"CHANUNAVAIL38/500r", true}, {"CHANUNAVAIL29/501", true},
	{"CHANUNAVAIL27/502", true}, {"CONGESTION34/503", true}, {"CHANUNAVAIL102/504", true}, {"CONGESTION34/580", true},
	{"CHANUNAVAIL58/606", true}, {"CHANUNAVAIL20/", true}, {"CHANUNAVAIL3/", true}, {"CONGESTION/", true},
	{"CHANUNAVAIL1/404", false}, {"CHANUNAVAIL22/410", false}, {"NOANSWER/480", false}, {"CHANUNAVAIL127/482", false},
	{"NOANSWER/483", false}, {"CHANUNAVAIL28/484", false}, {"CHANUNAVAIL1/485", false}, {"BUSY/486", false},
	{"BUSY/486r", false}, {"CHANUNAVAIL127/487", false}, {"BUSY/600", false}, {"CHANUNAVAIL21/603", false},
	{"CHANUNAVAIL1/604", false}, {"CHANUNAVAIL127/607", false}, {"CHANUNAVAIL127/608", false}, {"NOANSWER/", false},
	{"NOANSWER/r", false}, {"BUSY/", false}, {"ANSWER/", false}, {"CANCEL/", false}, {"CHANUNAVAIL21/", false},
}

// TestNobodyRingsTwice: whatever becomes of trunks and carriers meanwhile, a call tries no
// trunk twice, and none after a person or an answer has ended it. A call for help tries all.
func TestNobodyRingsTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 1, 5, rapid.ID).Draw(t, "trunks")
		some := func(label string) map[string]bool {
			out := map[string]bool{}
			for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID).Draw(t, label) {
				out["t"+name] = true
			}
			return out
		}
		now := func() (*Snapshot, Live) {
			var trunks []*Trunk
			for _, name := range names {
				if rapid.IntRange(0, 5).Draw(t, "gone") > 0 || len(trunks) == 0 {
					trunks = append(trunks, &Trunk{Name: name, Priority: rapid.IntRange(0, 3).Draw(t, "priority"),
						Disabled: rapid.IntRange(0, 5).Draw(t, "disabled") == 0})
				}
			}
			return chainOffice(trunks...), weather{full: some("full"), silent: some("silent"), out: some("out")}
		}
		dialled := rapid.SampledFrom([]string{"089123456", "112"}).Draw(t, "dialled")
		c := Call{Tenant: "acme", Endpoint: "d101", Dialled: dialled}
		var tried []string
		s, live := now()
		c.Live = live
		p := Route(s, c, time.Time{})
		every, i, may := len(s.TrunksForHelp("acme")), 0, true
		for p.Steps[i].Kind == StepDial {
			endpoint := p.Steps[i].Legs[0].Endpoint
			if !may || slices.Contains(tried, endpoint) || s.TrunkOf(endpoint) == nil {
				t.Fatalf("%s is dialled after %v, which may go on: %v", endpoint, tried, may)
			}
			tried = append(tried, endpoint)
			was := rapid.SampledFrom(said).Draw(t, "said")
			may = was.next || dialled == "112" && !strings.HasPrefix(was.text, "ANSWER") && !strings.HasPrefix(was.text, "CANCEL")
			if dialled != "112" { // a call for help is to try all that are there
				s, live = now()
				c.Live = live
			}
			c.Order, c.Resumed = p.Order, true
			c.Answer, c.Rang = ParseAnswer(was.text)
			p = Route(s, c, time.Time{})
			i = p.After(i, ParseOutcome(was.text))
		}
		if dialled == "112" && may && len(tried) != every {
			t.Fatalf("a call for help tries %v of %d trunks", tried, every)
		}
	})
}

// TestSingleTrunkIsTriedOnce: trunks that come while the only one is tried are no second try.
func TestSingleTrunkIsTriedOnce(t *testing.T) {
	c := Call{Tenant: "acme", Endpoint: "d101", Dialled: "089123456"}
	p := Route(chainOffice(&Trunk{Name: "b"}), c, time.Time{})
	c.Order, c.Resumed = p.Order, true
	c.Answer, c.Rang = ParseAnswer("503 CHANUNAVAIL")
	now := Route(chainOffice(&Trunk{Name: "a"}, &Trunk{Name: "b", Priority: 3}), c, time.Time{})
	if step := now.Steps[now.After(0, OutcomeUnreachable)]; step.Kind == StepDial {
		t.Errorf("after the only trunk, %s is dialled", step.Legs[0].Endpoint)
	}
}

// TestAnswersGoOn: each answer leads to the next trunk, or to the end, as the table says.
func TestAnswersGoOn(t *testing.T) {
	s := chainOffice(&Trunk{Name: "a"}, &Trunk{Name: "b"})
	c := Call{Tenant: "acme", Endpoint: "d101", Dialled: "089123456"}
	c.Order, c.Resumed = Route(s, c, time.Time{}).Order, true
	for _, was := range said {
		c.Answer, c.Rang = ParseAnswer(was.text)
		p := Route(s, c, time.Time{})
		step := p.Steps[p.After(0, ParseOutcome(was.text))]
		if got := step.Kind == StepDial && step.Legs[0].Endpoint == "tb"; got != was.next {
			t.Errorf("%s: %s %s", was.text, step.Kind, step.Rule)
		}
	}
}

// TestLegsTryTrunks: a twin has every trunk of the tenant, and is told which are passed over.
func TestLegsTryTrunks(t *testing.T) {
	s := with(chainOffice(&Trunk{Name: "a", CallerNumber: "+4930"}, &Trunk{Name: "b"}, &Trunk{Name: "off", Disabled: true}), func(r *Rows) {
		r.ExternalNumbers = append(r.ExternalNumbers, &ExternalNumber{Tenant: "acme", Number: "+4915111", Type: NumberSIP})
		r.Extensions = append(r.Extensions, &Extension{Tenant: "acme", Number: "102", RingSeconds: 20, TwinNumber: "+4915111"})
	})
	for _, tt := range []struct {
		silent, full map[string]bool
		passed       string
		rings        bool
	}{
		{passed: "", rings: true},
		{silent: map[string]bool{"ta": true}, passed: ".ta.", rings: true},
		{silent: map[string]bool{"ta": true}, full: map[string]bool{"tb": true}},
	} {
		p := Route(s, Call{Tenant: "acme", Endpoint: "d101", Dialled: "102", Live: weather{silent: tt.silent, full: tt.full}}, time.Time{})
		step := p.Steps[0]
		if !tt.rings {
			if step.Kind == StepDial {
				t.Errorf("a leg without an open trunk rings: %+v", step)
			}
			continue
		}
		ways := step.Legs[0].Own.Ways
		if !slices.Equal(ways, []Way{{"ta", "+4915111", "+4930"}, {"tb", "+4915111", ""}}) || !slices.Contains(step.Set,
			Variable{"__" + PassedVariable, tt.passed}) {
			t.Errorf("leads by %+v with %v", ways, step.Set)
		}
	}
}

// TestAssumedAnswers: what a simulation takes a carrier to answer is the outcome that Asterisk
// makes of it, and leaves all others as they are.
func TestAssumedAnswers(t *testing.T) {
	s := chainOffice(&Trunk{Name: "a"}, &Trunk{Name: "b"})
	call := Call{Tenant: "acme", Endpoint: "d101", Dialled: "089123456"}
	plain := Route(s, call, time.Time{}).Steps[0]
	for _, row := range said {
		answer, rang := ParseAnswer(row.text)
		if answer == 0 || rang {
			continue
		}
		call.Carriers = map[string]int{"ta": answer}
		step := Route(s, call, time.Time{}).Steps[0]
		if step.Assumed != ParseOutcome(row.text) {
			t.Errorf("%d is taken for %s, want %s", answer, step.Assumed, ParseOutcome(row.text))
		}
		for o, to := range step.Next.All() {
			switch {
			case o == step.Assumed && (to == 1) != row.next:
				t.Errorf("after %d step %d follows", answer, to)
			case o != step.Assumed && to != plain.Next.To(o):
				t.Errorf("%d changes what follows %s: step %d", answer, o, to)
			}
		}
	}
}
