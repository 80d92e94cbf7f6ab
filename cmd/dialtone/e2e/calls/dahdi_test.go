package calls

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestDAHDIRealAsterisk: on a machine without DAHDI a channel's device is applied
// with a warning, a call to it ends as unreachable, and a SIP device beside it rings.
func TestDAHDIRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.Extension(t, "100", "", nil)
	caller := l.Register(t, l.Device(t, "caller", "100", nil), phone.Options{})
	l.Extension(t, "310", "4711", Object{"type": "dahdi"})
	l.Extension(t, "311", "", Object{"type": "dahdi"})
	l.Do(t, "PUT", Tenant+"/devices/port", Object{"kind": "dahdi", "dahdi_channel": 3, "extension": "310"}, nil)
	l.Do(t, "PUT", Tenant+"/devices/port-4", Object{"kind": "dahdi", "dahdi_channel": 4, "extension": "311"}, nil)
	l.Applied(t)
	if got := l.warnings(t); len(got) != 1 || !strings.Contains(got[0], "chan_dahdi.so") {
		t.Errorf("the apply warns of %q", got)
	}
	check := func(t *testing.T) {
		message := Dial(t, caller, "310")
		if err := message.WaitAnswer(); err != nil {
			t.Fatalf("310 takes no message: %v", err)
		}
		HearsSpeech(t, message)
		if err := message.Hangup(Within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		if got := Refusal(t, caller, "311"); got != 480 {
			t.Errorf("without a mailbox the call ends with %d", got)
		}
		l.NoChannels(t)
	}
	t.Run("decided", check)
	l.Kill(t)
	t.Run("fallback", check)
	l.Restart(t)
	beside := l.Register(t, l.Device(t, "beside", "310", nil), phone.Options{})
	l.Applied(t)
	out, in := Connect(t, caller, beside, "310")
	Talk(t, out, in)
	HangUp(t, out, in)
	l.dahdiRefusals(t)
	l.Do(t, "DELETE", Tenant+"/devices/port", nil, nil)
	l.Do(t, "DELETE", Tenant+"/devices/port-4", nil, nil)
	l.Applied(t)
	if got := l.warnings(t); len(got) != 0 {
		t.Errorf("without a channel the apply still warns of %q", got)
	}
}

// warnings are those of the last apply.
func (l *lab) warnings(t *testing.T) []string {
	t.Helper()
	var h struct{ Apply struct{ Warnings []string } }
	l.Do(t, "GET", "/v1/health", nil, &h)
	return h.Apply.Warnings
}

// dahdiRefusals: each bad write names its field.
func (l *lab) dahdiRefusals(t *testing.T) {
	t.Helper()
	l.Do(t, "PUT", "/v1/tenants/other", Object{"title": "Other"}, nil)
	l.ExtensionOf(t, "other", "310", "", Object{"type": "dahdi"})
	for i, c := range []struct {
		path, field string
		status      int
		body        Object
	}{
		{"/v1/tenants/other/devices/port", "dahdi_channel", 409, Object{"kind": "dahdi", "dahdi_channel": 3, "extension": "310"}},
		{Tenant + "/devices/new", "dahdi_channel", 422, Object{"kind": "dahdi", "extension": "310"}},
		{Tenant + "/devices/new", "dahdi_channel", 422, Object{"kind": "dahdi", "dahdi_channel": -1}},
		{Tenant + "/devices/new", "dahdi_channel", 422, Object{"kind": "dahdi", "dahdi_channel": 8193}},
		{Tenant + "/devices/new", "dahdi_channel", 422, Object{"kind": "dahdi", "dahdi_channel": "3\n[x]"}},
		{Tenant + "/devices/new", "dahdi_channel", 422, Object{"dahdi_channel": 5}},
		{Tenant + "/devices/new", "extension", 422, Object{"kind": "dahdi", "dahdi_channel": 5, "extension": "100"}},
		{Tenant + "/devices/new", "extension", 422, Object{"kind": "iax2", "extension": "100"}},
		{Tenant + "/devices/new", "secret", 422, Object{"kind": "dahdi", "dahdi_channel": 5, "secret": "0123456789abcdef"}},
		{Tenant + "/devices/new", "shared", 422, Object{"kind": "iax2", "shared": true}},
		{Tenant + "/devices/new", "class", 422, Object{"kind": "iax2", "class": "webrtc"}},
		{Tenant + "/extensions/310", "type", 422, Object{"name": "x", "type": "sip"}},
		{Tenant + "/extensions/320", "parent_device", 422, Object{"name": "x", "type": "sip-virtual", "parent_device": "port"}},
	} {
		if r := l.Refused(t, "PUT", c.path, c.body); r == nil || r.Status != c.status || r.Field != c.field {
			t.Errorf("%d: %s is answered by %s", i, c.path, fmt.Sprintf("%+v", r))
		}
	}
}
