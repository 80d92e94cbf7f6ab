package outside

import (
	"slices"
	"strings"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// testCall is what the API answers to a test call.
type testCall struct {
	State, Detail, Trunk, Endpoint, Call string
	Dialled                              bool
	Answer, Cause                        int
	Answered                             int `json:"answered_ms"`
}

// testCalls tries the trunk "right" of a carrier and one where nobody answers: what the API says
// and what the record of the call says.
func (l *lab) testCalls(t *testing.T) {
	l.Do(t, "PUT", Tenant+"/trunks/silent", Object{"host": "127.0.0.9", "port": 9, "qualify_seconds": 0}, nil)
	l.Do(t, "PUT", Tenant+"/trunks/off", Object{"host": CarrierHost, "disabled": true, "qualify_seconds": 0}, nil,
		"Prefer", "wait=30")
	for _, c := range []struct {
		trunk, to, state string
		answer           int
		dialled          bool
	}{
		{"right", SilentMailbox, "answered", 200, true},
		{"right", SaidNumber("486"), "busy", 486, true},
		{"right", SaidNumber("503"), "unreachable", 503, true},
		{"right", SaidNumber("404"), "refused", 404, true},
		{"silent", SilentMailbox, "unreachable", 0, true},
		{"off", SilentMailbox, "unreachable", 0, false},
	} {
		var got testCall
		l.Do(t, "POST", Tenant+"/trunks/"+c.trunk+"/test-call", Object{"to": c.to}, &got)
		t.Logf("%s %s: %+v", c.trunk, c.to, got)
		if got.State != c.state || got.Answer != c.answer || got.Dialled != c.dialled || got.Trunk != c.trunk ||
			got.Endpoint == "" || (got.Answered > 0) != (c.state == "answered") {
			t.Errorf("a test call to %s by %s: %+v", c.to, c.trunk, got)
		}
		if !c.dialled {
			continue
		}
		Eventually(t, Patience, func() string {
			for _, r := range l.CDRs(t, "") {
				if r.Call == got.Call && r.Outcome == c.state && slices.Contains(r.Via, "test") {
					return ""
				}
			}
			return "no record of the test call " + got.Call
		})
	}
	refused := l.Refused(t, "POST", Tenant+"/trunks/right/test-call", Object{"to": "112"})
	if refused == nil || !strings.Contains(refused.Error(), "to") {
		t.Errorf("a test call for help: %v", refused)
	}
}
