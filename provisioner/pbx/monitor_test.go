package pbx

import (
	"testing"
	"time"
)

// TestMonitorRoute: who hears whom, and with which answer others are refused.
func TestMonitorRoute(t *testing.T) {
	s := office()
	s.Extension("acme", "102").Monitors = true
	s.Extension("bolt", "101").Monitors, s.Extension("bolt", "101").Monitored = true, true
	for _, number := range []string{"101", "102", "103"} {
		s.Extension("acme", number).Monitored = true
	}
	busy := talking{"dacmemobile": true, "dacmelab": true}
	for _, tt := range []struct {
		name string
		call Call
		want string
	}{
		{"any of its devices", Call{Dialled: "*55101", Endpoint: "dacmehall", Live: busy}, "dialtone-monitor ,bdqESg(101.acme)"},
		{"in no call", Call{Dialled: "*55103", Endpoint: "dacmehall", Live: busy}, "dialtone-hangup 20"},
		{"nothing is known", Call{Dialled: "*55101", Endpoint: "dacmehall"}, "dialtone-hangup 20"},
		{"only the other tenant's", Call{Dialled: "*55101", Endpoint: "dacmehall", Live: talking{"dboltdesk": true}}, "dialtone-hangup 20"},
		{"may not be", Call{Dialled: "*55105", Endpoint: "dacmehall", Live: busy}, "dialtone-hangup 21"},
		{"does not exist", Call{Dialled: "*55999", Endpoint: "dacmehall", Live: busy}, "dialtone-hangup 1"},
		{"no number", Call{Dialled: "*55", Endpoint: "dacmehall", Live: busy}, "dialtone-hangup 1"},
		{"itself", Call{Dialled: "*55102", Endpoint: "dacmehall", Live: busy}, "dialtone-hangup 21"},
		{"may not", Call{Dialled: "*55102", Endpoint: "dacmedesk", Live: busy}, "dialtone-hangup 21"},
		{"no extension", Call{Dialled: "*55101", Endpoint: "dacmespare", Live: busy}, "dialtone-hangup 21"},
		{"no endpoint", Call{Dialled: "*55101", Live: busy}, "dialtone-hangup 21"},
		{"transferred there", Call{Dialled: "*55101", Endpoint: "dacmedesk", By: "dacmehall", Live: busy}, "dialtone-hangup 21"},
		{"a supervisor of another tenant", Call{Dialled: "*55101", Endpoint: "dboltdesk", Live: busy}, "dialtone-hangup 21"},
		{"a number that means more", Call{Dialled: "*55101)x(", Endpoint: "dacmehall", Live: busy}, "dialtone-hangup 1"},
	} {
		tt.call.Tenant = "acme"
		if got := walk(Route(s, tt.call, time.Time{}), ""); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	s = with(s, func(r *Rows) { r.FeatureCodes = []*FeatureCodes{{Tenant: "acme", Codes: map[Feature]string{}}} })
	if got := walk(Route(s, Call{Tenant: "acme", Dialled: "*55101", Endpoint: "dacmehall", Live: busy}, time.Time{}), ""); got[0] != "dialtone-hangup 1" {
		t.Errorf("switched off it leads to %q", got)
	}
}
