package truth

import (
	"strings"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// routed is a row: the routes of the tenant, by name, and what comes of a call that is dialled
// and of a twin: what the first and the second carrier are asked for, in order.
type routed struct {
	name   string
	routes world
	first  string // what the first carrier is asked for; "" for no call
	second string
	told   int    // what the caller is told; 0 is the last carrier's 486
	from   string // number in From at the second carrier; "" looks at nothing
}

var routeds = []routed{
	{"no route fits: all trunks", world{"routes/x": {"match": []string{"international"}, "trunks": []Object{{"trunk": "b"}}}},
		"+4930999999", "+4930999999", 0, ""},
	{"a route over the second trunk", world{"routes/x": {"match": []string{"national"}, "trunks": []Object{{"trunk": "b"}}}},
		"", "+4930999999", 0, ""},
	{"a route turns the order round", world{"routes/x": {"match": []string{"+4930"}, "trunks": []Object{{"trunk": "b"}, {"trunk": "a"}}}},
		"", "+4930999999", 0, ""},
	{"the longest prefix", world{"routes/x": {"match": []string{"any", "+49"}, "priority": 1, "trunks": []Object{{"trunk": "a"}}},
		"routes/y": {"match": []string{"+4930"}, "trunks": []Object{{"trunk": "b"}}}}, "", "+4930999999", 0, ""},
	{"equally exact: the second route follows", world{"routes/x": {"match": []string{"+49"}, "priority": 1,
		"trunks": []Object{{"trunk": "a"}}},
		"routes/y": {"match": []string{"+49"}, "trunks": []Object{{"trunk": "b", "format": "e164"}}}}, "+4930999999", "4930999999", 0, ""},
	{"each trunk has its format", world{"routes/x": {"match": []string{"any"}, "trunks": []Object{{"trunk": "a", "format": "international"},
		{"trunk": "b", "prefix": "99", "format": "national"}}}}, "004930999999", "99030999999", 0, ""},
	{"a trunk's number is shown before the extension's", world{"routes/x": {"match": []string{"any"}, "caller_id": []string{"extension"},
		"trunks": []Object{{"trunk": "b"}}}}, "", "+4930999999", 0, "101"},
	{"a route blocks", world{"routes/x": {"match": []string{"+4930"}, "block": "too dear"}}, "", "", 403, ""},
	{"a route over a disabled trunk alone", world{"routes/x": {"match": []string{"+4930"}, "trunks": []Object{{"trunk": "off"}}}},
		"", "", 503, ""},
}

// routes plays each row. The first carrier cannot put calls through, so that the next trunk is tried.
func (x *exchange) routes(t *testing.T) {
	t.Helper()
	x.first.Answers("INVITE", "503 Service Unavailable")
	x.Do(t, "PUT", Tenant+"/trunks/off", x.second.Trunk(Object{"disabled": true}), nil)
	for _, row := range routeds {
		for path, body := range row.routes {
			x.Do(t, "PUT", Tenant+"/"+path, body, nil)
		}
		x.Applied(t)
		for how, number := range map[string]string{"dialled": "030999999", "a twin": "120"} {
			a, b := len(x.first.Packets("INVITE")), len(x.second.Packets("INVITE"))
			told := Refusal(t, x.caller, number)
			first, _ := askedFor(x.first, a)
			second, packet := askedFor(x.second, b)
			if first != row.first || second != row.second {
				t.Errorf("%s, %s: the carriers are asked for %q and %q, want %q and %q", row.name, how, first, second, row.first, row.second)
			}
			want := row.told
			if want == 0 {
				want = 486
			}
			if how == "dialled" && told != want {
				t.Errorf("%s: the caller is told %d, want %d", row.name, told, want)
			}
			if from := Header(packet, "From"); how == "dialled" && row.from != "" && !strings.Contains(from, "sip:"+row.from+"@") {
				t.Errorf("%s: From is %s", row.name, from)
			}
		}
		if told := Refusal(t, x.caller, "112"); told != 486 {
			t.Errorf("%s: a call for help is told %d", row.name, told)
		}
		for path := range row.routes {
			x.Do(t, "DELETE", Tenant+"/"+path, nil, nil)
		}
	}
	x.Do(t, "DELETE", Tenant+"/trunks/off", nil, nil)
	x.Applied(t)
}

// askedFor is the number that a carrier was asked for since it had so many packets, and the first of them.
func askedFor(w *Wire, before int) (number, packet string) {
	packets := w.Packets("INVITE")
	if len(packets) == before {
		return "", ""
	}
	number, _, _ = strings.Cut(strings.TrimPrefix(packets[before], "INVITE sip:"), "@")
	return number, packets[before]
}
