package truth

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// brought is one call that a carrier brings: the truth table of inbound calls. Each row is
// called with a controller, the simulator is asked, and then without one.
type brought struct {
	situation string
	from      string // what the carrier says of the caller: From, and more lines behind ';;'
	dials     string
	rings     string // phone that rings, and the name and number that it shows; it says 486
	ends      string // the SIP answer that the carrier gets
	record    string // outcome, and part of a rule in the record; "beta" first where that tenant has it
	alone     string // rings and ends without a controller where that differs, with '|' between
}

const (
	brJane   = `"Jane" <sip:+498912345678@carrier>`
	brNobody = `"Anonymous" <sip:anonymous@anonymous.invalid>`
	brPaul   = `"Paul" <sip:+33123456789@carrier>`
	alpha    = "/v1/tenants/alpha"
	beta     = "/v1/tenants/beta"
	gamma    = "/v1/tenants/gamma"
)

// inboundStage is an office of two tenants of two resellers at one carrier, with the same
// extensions.
type inboundStage struct {
	*Lab
	carrier *Wire
	other   *Wire        // of tenant gamma, whose trunk has a default number
	caller  *phone.Phone // of alpha; nil where nobody calls from there

	mu   sync.Mutex
	rung []string // phones that have rung since it was emptied
}

// TestTruthInboundRealAsterisk is the truth table of calls that a carrier brings.
func TestTruthInboundRealAsterisk(t *testing.T) {
	t.Parallel()
	s := &inboundStage{Lab: Open(t, box.Asterisk22), carrier: OpenWire(t, "127.0.0.5"), other: OpenWire(t, "127.0.0.6")}
	s.furnish(t)
	for _, row := range inboundTruths {
		t.Run(row.situation, func(t *testing.T) {
			s.judge(t, row, row.rings, row.ends)
			s.asks(t, row)
		})
	}
	s.records(t)
	t.Run("unknown numbers", s.unknown)
	s.Kill(t)
	for _, row := range inboundTruths {
		t.Run("alone: "+row.situation, func(t *testing.T) {
			rings, ends, other := strings.Cut(row.alone, "|")
			if !other {
				rings, ends = row.rings, row.ends
			}
			s.judge(t, row, rings, ends)
		})
	}
	for _, number := range strays {
		s.brings(t, s.other, "", number, "gamma 101 Main Jane <+498912345678>", "486")
		s.brings(t, s.carrier, "", number, "", "404")
	}
	s.Restart(t)
}

// strays are numbers that no tenant has, as carriers write them.
var strays = []string{"+493012345699", "493012345699", "03012345699", "101", "+4930123456011"}

// unknown brings calls to numbers that no tenant has: by a trunk with a default number, and by
// one without, which tells of them.
func (s *inboundStage) unknown(t *testing.T) {
	for _, number := range strays {
		s.brings(t, s.other, "", number, "gamma 101 Main Jane <+498912345678>", "486")
		s.brings(t, s.carrier, "", number, "", "404")
		s.brings(t, s.carrier, "", number, "", "404")
	}
	s.brings(t, s.other, brNobody, strays[0], "", "433")
	s.brings(t, s.other, "", "+493012345671", "gamma 101 Main Jane <+498912345678>", "486")
	got := map[string]int{}
	for _, at := range []string{alpha, beta, gamma} { // Asterisk takes calls of one address for either's
		for number, count := range s.told(t, at) {
			got[number] += count
		}
	}
	for _, number := range strays {
		if got[number] != 2 {
			t.Errorf("the trunks tell of %d calls to %s, want 2", got[number], number)
		}
	}
	if told := s.told(t, gamma); len(told) > 0 {
		t.Errorf("a trunk with a default number tells of %v", told)
	}
	if !strings.Contains(s.Metrics(t), fmt.Sprintf("\ndialtone_calls_to_unknown_numbers %d\n", 2*len(strays))) {
		t.Error("the metric does not count them")
	}
	if r := s.Refused(t, "DELETE", gamma+"/numbers/+493012345671", nil); r == nil || r.Status != 409 {
		t.Errorf("the default number of a trunk is deleted: %v", r)
	}
}

// told are the calls to unknown numbers of which a tenant's trunk tells.
func (s *inboundStage) told(t *testing.T, at string) map[string]int {
	t.Helper()
	var k struct {
		Status struct {
			Unknown []struct {
				Number string
				Count  int
			} `json:"unknown_numbers"`
		}
	}
	s.Do(t, "GET", at+"/trunks/carrier", nil, &k)
	out := map[string]int{}
	for _, u := range k.Status.Unknown {
		out[u.Number] = u.Count
	}
	return out
}

// furnish makes both tenants, and phones that are busy.
func (s *inboundStage) furnish(t *testing.T) {
	t.Helper()
	s.Do(t, "PUT", "/v1/resellers/north", Object{"title": "North"}, nil)
	s.Do(t, "PUT", "/v1/resellers/south", Object{"title": "South"}, nil)
	s.Do(t, "PUT", alpha, Object{"title": "Alpha", "country": "DE", "timezone": "Europe/Berlin", "reseller": "north"}, nil)
	s.Do(t, "PUT", beta, Object{"title": "Beta", "timezone": "UTC", "country": "DE", "reseller": "south", "anonymous": "refuse"}, nil)
	s.Do(t, "PUT", gamma, Object{"title": "Gamma", "country": "DE", "anonymous": "refuse"}, nil)
	for _, at := range []string{alpha, beta, gamma} {
		tenant := at[strings.LastIndex(at, "/")+1:]
		for _, number := range []string{"101", "102"} {
			s.ExtensionOf(t, tenant, number, "", nil)
			s.phone(t, tenant, number)
		}
	}
	s.Do(t, "PUT", beta+"/trunks/carrier", s.carrier.Trunk(Object{"max_calls": 0}), nil)
	s.Do(t, "PUT", alpha+"/trunks/carrier", s.carrier.Trunk(Object{"max_calls": 0}), nil)
	s.Do(t, "PUT", gamma+"/numbers/+493012345671", Object{"destination": "extension:101", "caller_id_prefix": "Main"}, nil)
	s.Do(t, "PUT", gamma+"/trunks/carrier", s.other.Trunk(Object{"default_number": "+493012345671"}), nil)
	s.Do(t, "PUT", alpha+"/ring-groups/desk", group("200", "all", Members("102"), Object{"caller_id_prefix": "Desk"}), nil)
	for _, path := range slices.Sorted(mapKeys(inboundWorld)) {
		s.Do(t, "PUT", "/v1/tenants/"+path, inboundWorld[path], nil)
	}
	s.Applied(t)
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// phone registers a phone that notes what it shows of each call and is busy.
func (s *inboundStage) phone(t *testing.T, tenant, number string) {
	t.Helper()
	p := s.Register(t, s.DeviceOf(t, tenant, "desk-"+number, number, nil), phone.Options{})
	name := number
	if tenant != "alpha" {
		name = tenant + " " + number
	}
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case in := <-p.Incoming():
				s.mu.Lock()
				s.rung = append(s.rung, fmt.Sprintf("%s %s <%s>", name, in.CallerName(), in.CallerNumber()))
				s.mu.Unlock()
				_ = in.Reject(486)
			case <-t.Context().Done():
				return
			}
		}
	})
	t.Cleanup(watching.Wait)
}

// judge brings the call and compares what rings, and what the carrier is told.
func (s *inboundStage) judge(t *testing.T, row brought, rings, ends string) {
	t.Helper()
	s.brings(t, s.carrier, row.from, row.dials, rings, ends)
}

// brings lets a carrier bring a call; Jane calls if nobody is named.
func (s *inboundStage) brings(t *testing.T, carrier *Wire, from, dials, rings, ends string) {
	t.Helper()
	s.mu.Lock()
	s.rung = nil
	s.mu.Unlock()
	lines := strings.Split(cmp.Or(from, brJane), ";;")
	got := carrier.Final(t, carrier.Calls(t, s.Lab, dials, lines[0], lines[1:]...))
	s.mu.Lock()
	rung := strings.Join(s.rung, ", ")
	s.mu.Unlock()
	if got != ends {
		t.Errorf("a call to %s: the carrier is told %s, want %s", dials, got, ends)
	}
	if rung != rings {
		t.Errorf("a call to %s: there rings %q, want %q", dials, rung, rings)
	}
}

var userOfFrom = regexp.MustCompile(`sip:([^@>]*)@`)

// asks asks the simulator what will happen.
func (s *inboundStage) asks(t *testing.T, row brought) {
	t.Helper()
	if strings.Contains(row.from, ";;") || strings.HasPrefix(row.dials, "+49301234569") {
		return // it is told of no more than a number, and of the tenant's own
	}
	at, number := alpha, row.dials
	if strings.HasPrefix(row.rings, "beta ") || strings.HasPrefix(row.record, "beta ") {
		at = beta
	}
	from := "anonymous"
	if m := userOfFrom.FindStringSubmatch(row.from); m != nil {
		from = m[1]
	}
	var out struct{ Place *simulated }
	s.Do(t, "POST", at+"/simulate", Object{"from": from, "to": number}, &out)
	place := out.Place
	for place.Steps[0].Does == "forward" && place.Steps[0].Then != nil {
		place = place.Steps[0].Then
	}
	step, want := place.Steps[0], ""
	if step.Does == "dial" {
		want = strings.TrimPrefix(step.Legs[0].Rings, "desk-")
	} else if status := cmp.Or(map[string]string{"433": "403", "603": "403"}[row.ends], row.ends); causes[step.Cause] != status {
		t.Errorf("the simulator says %d: %s, want %s", step.Cause, step.Rule, row.ends)
	}
	rings, _, _ := strings.Cut(strings.TrimPrefix(row.rings, "beta "), " ")
	if rings != want {
		t.Errorf("the simulator lets %q ring, want %q", want, rings)
	}
}

// records compares the records of all rows with them, in order.
func (s *inboundStage) records(t *testing.T) {
	t.Helper()
	want := map[string][]brought{}
	for _, row := range inboundTruths {
		at := alpha
		if strings.HasPrefix(row.rings+row.record, "beta ") {
			at = beta
		}
		want[at] = append(want[at], row)
	}
	for at, rows := range want {
		var page struct{ Items []CDR }
		Eventually(t, Patience, func() string {
			s.Do(t, "GET", at+"/cdrs?limit=500", nil, &page)
			if len(page.Items) != len(rows) {
				return fmt.Sprintf("%d records of %d calls", len(page.Items), len(rows))
			}
			return ""
		})
		slices.SortFunc(page.Items, func(a, b CDR) int { return a.Started.Compare(b.Started) })
		for i, row := range rows {
			outcome, rule, _ := strings.Cut(strings.TrimPrefix(row.record, "beta "), "; ")
			if c := page.Items[i]; c.Outcome != outcome || !strings.Contains(strings.Join(c.Rules, "; "), rule) {
				t.Errorf("%s: the record says %s %q, want %s %q", row.situation, c.Outcome, c.Rules, outcome, rule)
			}
		}
	}
}

// inboundWorld are the objects of both tenants. The last digits of numbers tell the rows
// apart.
var inboundWorld = map[string]Object{
	"alpha/numbers/+493012345601": {"destination": "extension:101", "caller_id_prefix": "Sales:"},
	"alpha/numbers/+493012345602": {"destination": "ring-group:desk", "caller_id_prefix": "Sales:"},
	"alpha/numbers/+493012345603": {"destination": "hangup"},
	"alpha/numbers/+493012345604": {"destination": "extension:101", "rules": []Object{
		{"callers": []string{"+49 89", "+43"}, "destination": "extension:102"}, {"callers": []string{"+33"}, "destination": "hangup"}}},
	"alpha/numbers/+493012345605": {"destination": "extension:101", "rules": []Object{
		{"last_date": "2020-12-31", "destination": "hangup"}, {"first_date": "2020-01-01", "destination": "extension:102"}}},
	"alpha/numbers/+493012345606": {"rules": []Object{{"from": "00:00", "to": "23:59", "last_date": "2020-12-31",
		"destination": "extension:102"}}},
	"alpha/numbers/+493012345607": {},
	"alpha/numbers/+493012345608": {"destination": "extension:101", "timezone": "Pacific/Kiritimati", "rules": []Object{
		{"days": []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, "from": "12:00", "to": "11:59",
			"callers": []string{"+49"}, "destination": "ring-group:desk"}}},
	"alpha/numbers/+493012345609": {"destination": "extension:101", "anonymous": "refuse"},
	"alpha/numbers/+493012345610": {"destination": "extension:101", "anonymous": "extension:102", "caller_id_prefix": "Who"},
	"alpha/extensions/103":        {"name": "Rules"},
	"alpha/forwards/103": {"mode": "schedule", "rules": []Object{{"callers": []string{"+4989"}, "destination": "extension:102"},
		{"callers": []string{"internal", "+33"}, "destination": "extension:101"}, {"destination": "hangup"}}},
	"alpha/numbers/+493012345611":     {"destination": "extension:103"},
	"alpha/blocked-callers/+44207":    {"begins": true, "description": "offers"},
	"alpha/blocked-callers/089 999":   {},
	"alpha/blocked-callers/+49151999": {},
	"alpha/blocked-callers/112":       {},
	"beta/numbers/+493012345652":      {"destination": "extension:101", "anonymous": "allow"},
	"beta/numbers/+493012345651":      {"destination": "extension:101", "caller_id_prefix": "Beta"},
}

// inboundTruths are the rows.
var inboundTruths = []brought{
	{"a number in E.164", brJane, "+493012345601", `101 Sales: Jane <+498912345678>`, "486", "busy; +493012345601 is a number", ""},
	{"without +", brJane, "493012345601", `101 Sales: Jane <+498912345678>`, "486", "busy; +493012345601 is a number", ""},
	{"as abroad", brJane, "00493012345601", `101 Sales: Jane <+498912345678>`, "486", "busy; +493012345601 is a number", ""},
	{"as within the country", brJane, "03012345601", `101 Sales: Jane <+498912345678>`, "486", "busy; +493012345601 is a number", ""},
	{"without a prefix", brJane, "3012345601", `101 Sales: Jane <+498912345678>`, "486", "busy; +493012345601 is a number", ""},
	{"a caller without a name", `<sip:089123456@carrier>`, "+493012345601", `101 Sales: +4989123456 <+4989123456>`, "486",
		"busy; ", `101 Sales: 089123456 <089123456>|486`},
	{"a ring group puts its prefix first", brJane, "+493012345602", `102 Desk Sales: Jane <+498912345678>`, "486",
		"busy; ring group desk", `102 Sales: Jane <+498912345678>|486`},
	{"a ring group, as within the country", brPaul, "03012345602", `102 Desk Sales: Paul <+33123456789>`, "486",
		"busy; ring group desk", `102 Sales: Paul <+33123456789>|486`},
	{"a number that ends calls", brJane, "+493012345603", "", "480", "no-answer; hangup", ""},
	{"a number that ends calls, without +", brJane, "493012345603", "", "480", "no-answer; hangup", ""},
	{"a number that leads nowhere", brJane, "+493012345607", "", "404", "failed; leads nowhere", ""},
	{"a rule by caller", brJane, "+493012345604", `102 Jane <+498912345678>`, "486", "busy; by rule 1", ""},
	{"a rule by caller, written as within the country", `<sip:08912345678@carrier>`, "03012345604", `102  <+498912345678>`,
		"486", "busy; by rule 1", `102  <08912345678>|486`},
	{"a rule by caller, written as abroad", `<sip:00498912345678@carrier>`, "+493012345604", `102  <+498912345678>`, "486",
		"busy; by rule 1", `102  <00498912345678>|486`},
	{"a rule by caller, without +", `<sip:4315123456@carrier>`, "+493012345604", `102  <+4315123456>`, "486",
		"busy; by rule 1", `102  <4315123456>|486`},
	{"an extension's rule by caller", brJane, "+493012345611", `102 Jane <+498912345678>`, "486",
		"busy; extension 103 forwards, by rule 1 of its schedule", "|480"},
	{"an extension's rule by caller, written as within the country", `<sip:08912345678@carrier>`, "03012345611",
		`102  <+498912345678>`, "486", "busy; extension 103 forwards, by rule 1 of its schedule", "|480"},
	{"an extension's second rule by caller", brPaul, "+493012345611", `101 Paul <+33123456789>`, "486",
		"busy; extension 103 forwards, by rule 2 of its schedule", "|480"},
	{"an extension's rule for all others", `<sip:+442081234567@carrier>`, "+493012345611", "", "480",
		"no-answer; extension 103 forwards, by rule 3 of its schedule", ""},
	{"an extension's rule for all others: nobody", brNobody, "+493012345611", "", "480",
		"no-answer; extension 103 forwards, by rule 3 of its schedule", ""},
	{"the second rule by caller", brPaul, "+493012345604", "", "480", "no-answer; by rule 2", ""},
	{"no rule by caller holds", `<sip:+442081234567@carrier>`, "+493012345604", `101  <+442081234567>`, "486",
		"busy; +493012345604 is a number", ""},
	{"no rule by caller is about nobody", `"Anonymous" <sip:anonymous@anonymous.invalid>`, "+493012345604",
		`101 Anonymous <anonymous>`, "486", "busy; +493012345604 is a number", ""},
	{"the first rule that holds by date", brJane, "+493012345605", `102 Jane <+498912345678>`, "486", "busy; by rule 2", ""},
	{"no rule holds, and there is no destination", brJane, "+493012345606", "", "404", "failed; no rule holds", ""},
	{"a rule by time and caller, in another zone", brJane, "+493012345608", `102 Desk Jane <+498912345678>`, "486",
		"busy; by rule 1", `102 Jane <+498912345678>|486`},
	{"a rule by time, another caller", brPaul, "+493012345608", `101 Paul <+33123456789>`, "486", "busy; +493012345608 is a number", ""},
	{"anonymous callers are refused", brNobody, "+493012345609", "", "433", "refused; takes no anonymous calls", ""},
	{"anonymous callers are refused, by a word", `<sip:Unavailable@carrier>`, "03012345609", "", "433",
		"refused; takes no anonymous calls", ""},
	{"anonymous callers are refused, without a user", `<sip:carrier.example>`, "+493012345609", "", "433",
		"refused; takes no anonymous calls", ""},
	{"anonymous callers are refused, asserted",
		brNobody + `;;P-Asserted-Identity: <sip:+498912345678@carrier>;;Privacy: id`, "+493012345609", "", "433",
		"refused; takes no anonymous calls", ""},
	{"anonymous callers are refused, by Privacy alone", brJane + `;;Privacy: user;id`, "+493012345609", "", "433",
		"refused; takes no anonymous calls", ""},
	{"somebody calls where anonymous callers are refused", brJane, "+493012345609", `101 Jane <+498912345678>`, "486",
		"busy; +493012345609 is a number", ""},
	{"anonymous callers are sent elsewhere", brNobody, "+493012345610", `102 Who Anonymous <anonymous>`, "486",
		"busy; the caller is anonymous", ""},
	{"withheld callers are sent elsewhere", brJane + `;;Privacy: id`, "03012345610", `102 Anonymous <anonymous>`, "486",
		"busy; the caller is anonymous", ""},
	{"a tenant refuses anonymous callers", brNobody, "+493012345651", "", "433", "beta refused; takes no anonymous calls", ""},
	{"a tenant refuses anonymous callers, a number does not", brNobody, "+493012345652", `beta 101 Anonymous <anonymous>`,
		"486", "busy; +493012345652 is a number", ""},
	{"a blocked beginning", `<sip:+442071234567@carrier>`, "+493012345601", "", "603", "refused; blocks the caller by +44207", ""},
	{"a blocked beginning, written as abroad", `<sip:00442071234567@carrier>`, "+493012345601", "", "603",
		"refused; blocks the caller by +44207", ""},
	{"a blocked beginning, without +", `<sip:442071234567@carrier>`, "+493012345602", "", "603", "refused; blocks the caller by +44207", ""},
	{"a blocked number", `<sip:089999@carrier>`, "+493012345604", "", "603", "refused; blocks the caller by 089999", ""},
	{"a blocked number, in E.164", `<sip:+4989999@carrier>`, "+493012345601", "", "603", "refused; blocks the caller by 089999", ""},
	{"a blocked number, without +", `<sip:4989999@carrier>`, "+493012345607", "", "603", "refused; blocks the caller by 089999", ""},
	{"a longer number than the blocked one", `<sip:+49899991@carrier>`, "+493012345601",
		`101 Sales: +49899991 <+49899991>`, "486", "busy; +493012345601 is a number", ""},
	{"a blocked number is asserted", `<sip:+49333@carrier>;;P-Asserted-Identity: <sip:+49151999@carrier>`, "+493012345601",
		"", "603", "refused; blocks the caller by +49151999", ""},
	{"a blocked number withholds itself", `<sip:+49151999@carrier>;;Privacy: id`, "+493012345601", "", "603",
		"refused; blocks the caller by +49151999", ""},
	{"an emergency desk, though it is blocked", `<sip:112@carrier>`, "+493012345609", `101  <112>`, "486",
		"busy; +493012345609 is a number", ""},
	{"another tenant's blocked caller", `<sip:+442071234567@carrier>`, "+493012345652", `beta 101  <+442071234567>`, "486",
		"busy; +493012345652 is a number", ""},
	{"another reseller's tenant", brJane, "+493012345651", `beta 101 Beta Jane <+498912345678>`, "486", "busy; +493012345651 is a number", ""},
	{"another reseller's tenant, as within the country", brPaul, "03012345651", `beta 101 Beta Paul <+33123456789>`, "486",
		"busy; +493012345651 is a number", ""},
}
