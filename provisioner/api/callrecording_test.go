package api

import (
	"strings"
	"sync"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// recorder is an Asterisk that keeps variables of channels and records as it is told.
type recorder struct {
	mu     sync.Mutex
	vars   map[string]string // by channel and name
	orders []string
}

func (l *lab) records() *recorder {
	r := &recorder{vars: map[string]string{}}
	locked := func(action string, answer func(c *amitest.Conn, a amitest.Action)) {
		l.asterisk.Handle(action, func(c *amitest.Conn, a amitest.Action) {
			r.mu.Lock()
			defer r.mu.Unlock()
			answer(c, a)
		})
	}
	locked("Getvar", func(c *amitest.Conn, a amitest.Action) {
		value := r.vars[a.Get("Channel")+" "+a.Get("Variable")]
		if id, is := strings.CutPrefix(a.Get("Variable"), "GROUP_COUNT("); is {
			value = "0"
			for name, group := range r.vars {
				if strings.HasSuffix(name, " GROUP("+pbx.RecordedGroup+")") && group+"@"+pbx.RecordedGroup+")" == id {
					value = "1"
				}
			}
		}
		c.Reply(a, "Variable", a.Get("Variable"), "Value", value)
	})
	locked("Setvar", func(c *amitest.Conn, a amitest.Action) {
		r.vars[a.Get("Channel")+" "+a.Get("Variable")] = a.Get("Value")
		c.Reply(a)
	})
	locked("MixMonitor", func(c *amitest.Conn, a amitest.Action) {
		r.orders = append(r.orders, a.Get("File")+" "+a.Get("Options"))
		r.vars[a.Get("Channel")+" "+pbx.OnDemandVariable] = "0x1"
		c.Reply(a)
	})
	locked("StopMixMonitor", func(c *amitest.Conn, a amitest.Action) {
		r.orders = append(r.orders, "stop "+a.Get("MixMonitorID"))
		c.Reply(a)
	})
	return r
}

func (r *recorder) told() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.orders, ", ")
}

// always lets a channel be recorded by the rule of its extension.
func (r *recorder) always(channel, call string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.vars[channel+" GROUP("+pbx.RecordedGroup+")"] = call
}

// TestRecordCall: a call is recorded once, into its tenant's folder, and only what was
// begun on demand is ended.
func TestRecordCall(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "/v1/tenants", `{"name":"acme"}`)
	for device, number := range map[string]string{"a": "101", "b": "102"} {
		l.must(201, "PUT", "extensions/"+number, `{"name":"N`+number+`"}`)
		l.must(201, "PUT", "devices/"+device, `{"extension":"`+number+`"}`)
	}
	l.call("a", "b")
	r := l.records()
	says := func(status int, method, path, want string) {
		t.Helper()
		if got := l.must(status, method, path, "").Body; !strings.Contains(got, want) {
			t.Errorf("%s %s answers %s", method, path, got)
		}
	}
	for _, method := range []string{"POST", "DELETE"} {
		says(404, method, "/v1/tenants/acme/calls/1.1/recording", "not under way")
		says(404, method, "calls/9.9/recording", "not under way")
	}
	says(409, "DELETE", "calls/1.1/recording", "is not being recorded")
	says(200, "POST", "calls/1.1/recording", `"recorded":true`)
	if got := r.told(); !strings.HasPrefix(got, "dialtone/default/2") || !strings.HasSuffix(got, "Z_49301_102_1.1.wav bi(DIALTONE_ON_DEMAND)") {
		t.Errorf("Asterisk was told %s", got)
	}
	says(409, "POST", "calls/1.1/recording", "already")
	says(200, "DELETE", "calls/1.1/recording", `"recorded":false`)
	if got := r.told(); !strings.HasSuffix(got, ", stop 0x1") {
		t.Errorf("Asterisk was told %s", got)
	}
	// What the dialplan records shows as well, until it stops or its channel is gone.
	shows := func(want string, event, id string) {
		t.Helper()
		l.asterisk.Send(event, "Uniqueid", id, "Linkedid", "1.1")
		l.until("for "+event, func() bool { return strings.Contains(l.must(200, "GET", "calls/1.1", "").Body, want) })
	}
	shows(`"recorded":true`, "MixMonitorStart", "1.2")
	says(409, "POST", "calls/1.1/recording", "already")
	shows(`"recorded":false`, "MixMonitorStop", "1.2")
	shows(`"recorded":true`, "MixMonitorStart", "1.2")
	shows(`"recorded":false`, "Hangup", "1.2")
	r.always("PJSIP/x", "1.1")
	says(409, "POST", "calls/1.1/recording", "already")
	says(409, "DELETE", "calls/1.1/recording", "because all calls of one of its extensions are")
	l.asterisk.Handle("Getvar", func(c *amitest.Conn, a amitest.Action) { c.ReplyError(a, "Permission denied") })
	says(503, "POST", "calls/1.1/recording", "class call")
	says(503, "DELETE", "calls/1.1/recording", "class call")
	l.ended()
}
