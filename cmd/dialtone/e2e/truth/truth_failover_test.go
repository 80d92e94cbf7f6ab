package truth

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// exchange is an office with two carriers: whoever reaches the second one is told 486 there.
type exchange struct {
	*Lab
	first, second *Wire
	caller        *phone.Phone
	other         *phone.Phone
}

// failover is a row: what the first carrier says, or the state of its trunk, and what comes of
// a call.
type failover struct {
	name   string
	says   []string // answers of the first carrier to INVITE
	trunk  Object   // what the first trunk has more
	told   int      // what the caller is told; 0 is the second carrier's 486
	passed bool     // the first carrier gets no call
	reach  string   // state of the first trunk to wait for
	busy   bool     // another call is on the first trunk
}

// next is an answer after which the second trunk is tried, last one after which it is not.
func next(says ...string) failover {
	return failover{name: "the first carrier says " + strings.Join(says, ", "), says: says}
}

func last(told int, says ...string) failover {
	return failover{name: "the first carrier says " + strings.Join(says, ", "), says: says, told: told}
}

// failovers are the answers of a carrier and the states of a trunk.
var failovers = []failover{
	next("400 Bad Request"), next("401 Unauthorized"), next("402 Payment Required"), next("403 Forbidden"),
	next("405 Method Not Allowed"), next("406 Not Acceptable"),
	next("407 Proxy Authentication Required"), next("408 Request Timeout"), next("415 Unsupported Media Type"),
	next("420 Bad Extension"), next("488 Not Acceptable Here"),
	next("500 Server Internal Error"), next("501 Not Implemented"), next("502 Bad Gateway"),
	next("503 Service Unavailable"), next("504 Server Time-out"),
	next("513 Message Too Large"), next("580 Precondition Failure"), next("606 Not Acceptable"),
	next("180 Ringing", "500 Server Internal Error"), next("183 Session Progress", "503 Service Unavailable"),
	last(408, "180 Ringing", "408 Request Timeout"), last(404, "404 Not Found"), last(410, "410 Gone"),
	last(480, "480 Temporarily Unavailable"), last(480, "180 Ringing", "480 Temporarily Unavailable"),
	last(503, "482 Loop Detected"), last(484, "484 Address Incomplete"), last(404, "485 Ambiguous"),
	last(486, "486 Busy Here"), last(486, "180 Ringing", "486 Busy Here"),
	last(486, "600 Busy Everywhere"), last(486, "603 Decline"), last(486, "180 Ringing", "603 Decline"),
	last(404, "604 Does Not Exist Anywhere"), last(503, "607 Unwanted"),
	{name: "the first trunk is disabled", trunk: Object{"disabled": true}, passed: true},
	{name: "the first trunk is full", trunk: Object{"max_calls": 1}, passed: true, busy: true, says: []string{"180 Ringing"}},
	{name: "the first carrier is silent, as OPTIONS tell", trunk: Object{"qualify_seconds": 1}, passed: true, reach: "unreachable"},
	{name: "the first carrier has not registered us", trunk: Object{"register": true, "username": "us",
		"secret": "secret"}, passed: true, reach: "rejected"},
	{name: "the first carrier refuses connections", trunk: Object{"transport": "tcp", "qualify_seconds": 0}, passed: true},
}

const failoverNumber = "+4930999999"

// TestFailoverRealAsterisk plays each row by a call that is dialled and by a twin, with the
// simulator asked. Then the controller is gone.
func TestFailoverRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			x := openExchange(t, suite)
			for _, row := range failovers {
				x.play(t, row)
			}
			x.first.Answers("OPTIONS", "200 OK")
			x.trunk(t, nil)
			x.told(t)
			x.helps(t)
			x.speaks(t)
			x.trunk(t, nil)
			x.routes(t)
			x.Kill(t)
			for _, row := range failovers[:slices.IndexFunc(failovers, func(r failover) bool { return r.trunk != nil })] {
				x.first.Answers("INVITE", row.says...)
				x.calls(t, row, "120, without a controller", "120")
			}
			x.helps(t)
		})
	}
}

func openExchange(t *testing.T, suite box.Suite) *exchange {
	t.Helper()
	x := &exchange{Lab: Open(t, suite), first: OpenWire(t, "127.0.0.4"), second: OpenWire(t, "127.0.0.5")}
	x.second.Answers("INVITE", "486 Busy Here")
	x.first.Answers("REGISTER", "403 Forbidden")
	x.Do(t, "PATCH", Tenant, Object{"country": "DE"}, nil)
	x.Do(t, "PUT", Tenant+"/trunks/a", x.first.Trunk(Object{"priority": 60, "qualify_seconds": 0}), nil)
	x.Do(t, "PUT", Tenant+"/trunks/b", x.second.Trunk(Object{"priority": 70}), nil)
	x.Do(t, "PUT", Tenant+"/external-numbers/"+failoverNumber, Object{}, nil)
	x.Extension(t, "101", "", nil)
	x.Extension(t, "102", "", Object{"anonymous": true})
	x.Extension(t, "120", "", Object{"twin_number": failoverNumber, "ring_seconds": 10})
	x.caller = x.Register(t, x.Device(t, "caller", "101", nil), phone.Options{})
	x.other = x.Register(t, x.Device(t, "other", "102", nil), phone.Options{})
	x.Applied(t)
	return x
}

// trunk gives the first trunk what a row wants.
func (x *exchange) trunk(t *testing.T, more Object) {
	t.Helper()
	body := x.first.Trunk(Object{"priority": 60, "qualify_seconds": 0})
	for k, v := range more {
		body[k] = v
	}
	x.Do(t, "PUT", Tenant+"/trunks/a", body, nil)
	x.Applied(t)
}

func (x *exchange) play(t *testing.T, row failover) {
	t.Helper()
	x.first.Answers("INVITE", row.says...)
	if row.reach == "unreachable" {
		x.first.Answers("OPTIONS", "")
	}
	if row.trunk != nil {
		x.trunk(t, row.trunk)
	}
	if row.reach != "" {
		Eventually(t, Patience, func() string {
			var v struct {
				Status struct{ Registration, Reach string }
			}
			if x.Do(t, "GET", Tenant+"/trunks/a", nil, &v); v.Status.Registration != row.reach && v.Status.Reach != row.reach {
				return fmt.Sprintf("the first trunk is %+v", v.Status)
			}
			return ""
		})
	}
	if row.busy {
		on := Dial(t, x.other, "0301234")
		Eventually(t, Patience, func() string {
			if len(callsAt(x.first, "+49301234")) == 0 {
				return "no call is on the first trunk"
			}
			return ""
		})
		defer func() {
			if err := on.Hangup(Within(t, Patience)); err != nil {
				t.Error(err)
			}
		}()
	}
	x.simulated(t, row)
	x.calls(t, row, "dialled", "030999999")
	if row.told == 0 || row.told == 486 || row.told == 408 { // what a twin is told is not handed on
		x.calls(t, row, "a twin", "120")
	}
}

// callsAt are the calls that a carrier was asked to put through to a number, each once.
func callsAt(w *Wire, number string) (ids []string) {
	for _, p := range w.Packets("INVITE") {
		if id := Header(p, "Call-ID"); strings.HasPrefix(p, "INVITE sip:"+number+"@") && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// calls dials and compares which carriers were asked, and what the caller is told.
func (x *exchange) calls(t *testing.T, row failover, how, number string) {
	t.Helper()
	a, b := len(callsAt(x.first, failoverNumber)), len(callsAt(x.second, failoverNumber))
	told := Refusal(t, x.caller, number)
	a, b = len(callsAt(x.first, failoverNumber))-a, len(callsAt(x.second, failoverNumber))-b
	wantA, wantB, want := 1, 1, 486
	if row.passed {
		wantA = 0
	}
	if row.told != 0 {
		wantB, want = 0, row.told
	}
	if how != "dialled" && row.told != 0 { // a leg's end is not handed on
		want = told
	}
	if a != wantA || b != wantB || told != want {
		t.Errorf("%s, %s: the carriers get %d and %d calls, and the caller is told %d; want %d, %d, %d", row.name, how, a, b,
			told, wantA, wantB, want)
	}
}

var throughTrunk = regexp.MustCompile(`through trunk ([a-z]+)`)

// simulated asks the simulator which trunks are tried.
func (x *exchange) simulated(t *testing.T, row failover) {
	t.Helper()
	question := Object{"from": "101", "to": "030999999"}
	if row.passed && row.trunk["disabled"] == nil {
		question["trunks_out"] = []string{"a"}
	}
	if n := len(row.says); n > 0 && !row.passed {
		code, _ := strconv.Atoi(row.says[n-1][:3])
		question["carriers"] = []Object{{"trunk": "a", "answer": code}}
	}
	var v struct{ Place simulated }
	x.Do(t, "POST", Tenant+"/simulate", question, &v)
	var got []string
	for at := 0; v.Place.Steps[at].Does == "dial"; {
		step := v.Place.Steps[at]
		got = append(got, throughTrunk.FindStringSubmatch(step.Rule)[1])
		at = step.Next[cmp.Or(step.Ends, "unreachable")]
	}
	want := "a b"
	switch {
	case row.passed:
		want = "b"
	case row.told != 0 && row.told != 408: // the simulator does not know whether anything rings
		want = "a"
	}
	if strings.Join(got, " ") != want {
		t.Errorf("%s: the simulator says %v, want %s", row.name, got, want)
	}
}

// told: records name the trunk of each leg, and a refusal for our account is told.
func (x *exchange) told(t *testing.T) {
	t.Helper()
	x.first.Answers("INVITE", "403 Forbidden")
	x.calls(t, next("403 Forbidden"), "dialled", "030999999")
	Eventually(t, Patience, func() string {
		var page struct {
			Items []struct {
				Called []struct{ Trunk string }
				Rules  []string
			}
		}
		x.Do(t, "GET", Tenant+"/cdrs", nil, &page)
		if len(page.Items) == 0 || len(page.Items[0].Called) != 2 {
			return fmt.Sprintf("the record is %+v", page.Items)
		}
		got := page.Items[0]
		if got.Called[0].Trunk != "a" || got.Called[1].Trunk != "b" ||
			!strings.Contains(strings.Join(got.Rules, "\n"), "through trunk b, number 2 of 2: trunk a did not take the call: SIP 403") {
			return fmt.Sprintf("the record says %+v", got)
		}
		return ""
	})
	var v struct {
		Status struct {
			Refusal int `json:"last_call_refusal"`
		}
	}
	if x.Do(t, "GET", Tenant+"/trunks/a", nil, &v); v.Status.Refusal != 403 {
		t.Errorf("the trunk says %+v", v.Status)
	}
}

// helps: a call for help tries every trunk, whatever the first carrier says.
func (x *exchange) helps(t *testing.T) {
	t.Helper()
	for _, says := range []string{"503 Service Unavailable", "486 Busy Here", "404 Not Found"} {
		x.first.Answers("INVITE", says)
		a, b := len(callsAt(x.first, "112")), len(callsAt(x.second, "112"))
		told := Refusal(t, x.caller, "112")
		if a, b = len(callsAt(x.first, "112"))-a, len(callsAt(x.second, "112"))-b; a != 1 || b != 1 || told != 486 {
			t.Errorf("help, %s: the carriers get %d and %d calls, and the caller is told %d", says, a, b, told)
		}
	}
}
