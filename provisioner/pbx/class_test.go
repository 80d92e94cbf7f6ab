package pbx

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestForbiddenDevice: it neither rings nor calls; another class at the same
// extension does.
func TestForbiddenDevice(t *testing.T) {
	s := office()
	s.Device("acme", "desk").Class, s.Device("acme", "mobile").Class = Hardware, Mobile
	s.Extension("acme", "101").AllowedDevices = []DeviceClass{Hardware}
	if got := Route(s, Call{Tenant: "acme", Dialled: "101", Endpoint: "dacmehall"}, time.Time{}).Steps[0].Argument("acme"); got != "PJSIP/dacmedesk,20,i" {
		t.Errorf("101 rings %s", got)
	}
	for endpoint, want := range map[string]StepKind{"dacmemobile": StepHangup, "dacmedesk": StepDial} {
		if got := Route(s, Call{Tenant: "acme", Dialled: "102", Endpoint: endpoint}, time.Time{}).Steps[0]; got.Kind != want {
			t.Errorf("a call from %s gets %s (%s)", endpoint, got.Kind, got.Rule)
		}
	}
}

func TestAllowedDevices(t *testing.T) {
	for name, c := range map[string]struct {
		allowed []DeviceClass
		want    []string
	}{
		"all": {}, "one": {allowed: []DeviceClass{WebRTC}}, "every": {allowed: DeviceClasses},
		"none":    {[]DeviceClass{}, []string{"allowed_devices"}},
		"unknown": {[]DeviceClass{Mobile, "fax"}, []string{"allowed_devices"}},
		"twice":   {[]DeviceClass{Mobile, Mobile}, []string{"allowed_devices"}},
	} {
		e := &Extension{Number: "101", Name: "A", RingSeconds: 20, AllowedDevices: c.allowed}
		if diff := cmp.Diff(c.want, fields(e.Validate())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestCheckUsername(t *testing.T) {
	for _, good := range []string{"bob", "Alice_Adams-2", "1aa", strings.Repeat("a", 40)} {
		if err := CheckUsername("username", good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "ab", "-ab", "a b", "a.b", "a@b", "a\nb", "b;c", "é33", strings.Repeat("a", 41),
		"dialtone-marker", "Dialtone-x", "201", "491701234567", "1_2-3", "anonymous", "Unknown"} {
		if err := CheckUsername("username", bad); err == nil || err.Field != "username" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
