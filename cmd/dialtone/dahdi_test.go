package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestDAHDIRealAsterisk: on a machine without DAHDI a channel's device is applied
// with a warning, a call to it ends as unreachable, and a SIP device beside it rings.
func TestDAHDIRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.extension(t, "100", "", nil)
	caller := l.register(t, l.device(t, "caller", "100", nil), phone.Options{})
	l.extension(t, "310", "4711", object{"type": "dahdi"})
	l.extension(t, "311", "", object{"type": "dahdi"})
	l.do(t, "PUT", tenant+"/devices/port", object{"kind": "dahdi", "dahdi_channel": 3, "extension": "310"}, nil)
	l.do(t, "PUT", tenant+"/devices/port-4", object{"kind": "dahdi", "dahdi_channel": 4, "extension": "311"}, nil)
	l.applied(t)
	if got := l.warnings(t); len(got) != 1 || !strings.Contains(got[0], "chan_dahdi.so") {
		t.Errorf("the apply warns of %q", got)
	}
	check := func(t *testing.T) {
		message := dial(t, caller, "310")
		if err := message.WaitAnswer(); err != nil {
			t.Fatalf("310 takes no message: %v", err)
		}
		hearsSpeech(t, message)
		if err := message.Hangup(within(t, 10*time.Second)); err != nil {
			t.Fatal(err)
		}
		if got := refusal(t, caller, "311"); got != 480 {
			t.Errorf("without a mailbox the call ends with %d", got)
		}
		l.noChannels(t)
	}
	t.Run("decided", check)
	l.kill(t)
	t.Run("fallback", check)
	l.restart(t)
	beside := l.register(t, l.device(t, "beside", "310", nil), phone.Options{})
	l.applied(t)
	out, in := connect(t, caller, beside, "310")
	talk(t, out, in)
	hangUp(t, out, in)
	l.dahdiRefusals(t)
	l.do(t, "DELETE", tenant+"/devices/port", nil, nil)
	l.do(t, "DELETE", tenant+"/devices/port-4", nil, nil)
	l.applied(t)
	if got := l.warnings(t); len(got) != 0 {
		t.Errorf("without a channel the apply still warns of %q", got)
	}
}

// warnings are those of the last apply.
func (l *lab) warnings(t *testing.T) []string {
	t.Helper()
	var h struct{ Apply struct{ Warnings []string } }
	l.do(t, "GET", "/v1/health", nil, &h)
	return h.Apply.Warnings
}

// dahdiRefusals: each bad write names its field.
func (l *lab) dahdiRefusals(t *testing.T) {
	t.Helper()
	l.do(t, "PUT", "/v1/tenants/other", object{"title": "Other"}, nil)
	l.extensionOf(t, "other", "310", "", object{"type": "dahdi"})
	for i, c := range []struct {
		path, field string
		status      int
		body        object
	}{
		{"/v1/tenants/other/devices/port", "dahdi_channel", 409, object{"kind": "dahdi", "dahdi_channel": 3, "extension": "310"}},
		{tenant + "/devices/new", "dahdi_channel", 422, object{"kind": "dahdi", "extension": "310"}},
		{tenant + "/devices/new", "dahdi_channel", 422, object{"kind": "dahdi", "dahdi_channel": -1}},
		{tenant + "/devices/new", "dahdi_channel", 422, object{"kind": "dahdi", "dahdi_channel": 8193}},
		{tenant + "/devices/new", "dahdi_channel", 422, object{"kind": "dahdi", "dahdi_channel": "3\n[x]"}},
		{tenant + "/devices/new", "dahdi_channel", 422, object{"dahdi_channel": 5}},
		{tenant + "/devices/new", "extension", 422, object{"kind": "dahdi", "dahdi_channel": 5, "extension": "100"}},
		{tenant + "/devices/new", "extension", 422, object{"kind": "iax2", "extension": "100"}},
		{tenant + "/devices/new", "secret", 422, object{"kind": "dahdi", "dahdi_channel": 5, "secret": "0123456789abcdef"}},
		{tenant + "/devices/new", "shared", 422, object{"kind": "iax2", "shared": true}},
		{tenant + "/devices/new", "class", 422, object{"kind": "iax2", "class": "webrtc"}},
		{tenant + "/extensions/310", "type", 422, object{"name": "x", "type": "sip"}},
		{tenant + "/extensions/320", "parent_device", 422, object{"name": "x", "type": "sip-virtual", "parent_device": "port"}},
	} {
		if r := l.refused(t, "PUT", c.path, c.body); r == nil || r.Status != c.status || r.Field != c.field {
			t.Errorf("%d: %s is answered by %s", i, c.path, fmt.Sprintf("%+v", r))
		}
	}
}
