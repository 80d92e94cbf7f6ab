package api

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// controlled notes what calls are told to do.
type controlled struct {
	mu     sync.Mutex
	orders []string
	vars   map[string]string
}

// HangUp implements calls.Control.
func (c *controlled) HangUp(_ context.Context, channel string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.orders = append(c.orders, "hang up "+channel)
	return nil
}

// Originate implements calls.Control.
func (c *controlled) Originate(_ context.Context, id, endpoint, dialplan, extension string, variables map[string]string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.orders, c.vars = append(c.orders, "originate "+id+" "+endpoint+" "+dialplan+" "+extension), variables
	return nil
}

// Alone implements calls.Control.
func (c *controlled) Alone(_ string, do func()) { do() }

func (c *controlled) last() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.orders) == 0 {
		return ""
	}
	return c.orders[len(c.orders)-1]
}

// call has Asterisk tell of a call between two devices: 1.1 calls, 1.2 is called.
func (l *lab) call(from, to string) {
	l.t.Helper()
	l.until("for the devices", func() bool {
		s := l.ctl.Snapshot()
		return s.Device("default", from) != nil && s.Device("default", to) != nil
	})
	endpoint := func(name string) string {
		return "PJSIP/" + l.ctl.Snapshot().Device("default", name).Endpoint + "-00000001"
	}
	send := func(event, id, channel, state string, more ...string) {
		l.asterisk.Send(event, append([]string{"Channel", channel, "Uniqueid", id, "Linkedid", "1.1", "ChannelStateDesc", state,
			"Context", "from-default", "Exten", "102", "CallerIDNum", "+49301"}, more...)...)
	}
	l.until("for AMI", func() bool { up, _ := l.ctl.Connected(); return up })
	send("Newchannel", "1.1", endpoint(from), "Ring")
	send("Newchannel", "1.2", endpoint(to), "Down")
	send("Newstate", "1.2", endpoint(to), "Up")
	send("BridgeEnter", "1.2", endpoint(to), "Up", "BridgeUniqueid", "b")
	send("BridgeEnter", "1.1", endpoint(from), "Up", "BridgeUniqueid", "b")
	l.until("for the call", func() bool { return strings.Contains(l.must(200, "GET", "calls", "").Body, `"answered_by"`) })
}

// ended has Asterisk end it, and waits for the record.
func (l *lab) ended() {
	l.t.Helper()
	for _, id := range []string{"1.3", "1.2", "1.1"} {
		l.asterisk.Send("Hangup", "Uniqueid", id, "Cause", "16")
	}
	l.until("for the record", func() bool { return strings.Contains(l.must(200, "GET", "cdrs", "").Body, `"outcome":"answered"`) })
}

// askCalls tries what can be done with calls; devices a and b exist.
func askCalls(l *lab, ask func(status int, method, path, template, body string), tenant string) {
	l.must(201, "PUT", "devices/b", `{"extension":"102"}`)
	l.call("a", "b")
	l.asterisk.Handle("BlindTransfer", func(c *amitest.Conn, a amitest.Action) { c.Reply(a) })
	ask(200, "GET", "calls", tenant+"calls", "")
	ask(200, "GET", "calls/1.1", tenant+"calls/{id}", "")
	ask(200, "POST", "calls/1.1/transfer", tenant+"calls/{id}/transfer", `{"to":"101"}`)
	l.records()
	ask(200, "POST", "calls/1.1/recording", tenant+"calls/{id}/recording", "")
	ask(200, "DELETE", "calls/1.1/recording", tenant+"calls/{id}/recording", "")
	agree(l.asterisk, l.config)
	l.asks()
	ask(200, "POST", "calls/1.1/consult", tenant+"calls/{id}/consult", `{"to":"101"}`)
	l.asterisk.Send("Newchannel", "Channel", "Local/101@dialtone-ask-00000001;1", "Uniqueid", "1.3", "Linkedid", "1.1", "Context", "dialtone-ask", "Exten", "101")
	l.until("for the call that asks", func() bool { return l.do("DELETE", "calls/1.1/consult", "").Status == 200 })
	ask(200, "DELETE", "calls/1.1/consult", tenant+"calls/{id}/consult", "")
	ask(200, "POST", "calls/1.1/complete", tenant+"calls/{id}/complete", "")
	ask(202, "POST", "calls", tenant+"calls", `{"extension":"101","to":"102"}`)
	ask(200, "DELETE", "calls/1.1", tenant+"calls/{id}", "")
	l.ended()
	ask(200, "GET", "cdrs", tenant+"cdrs", "")
	l.must(200, "DELETE", "devices/b", "")
}

// TestCalls: calls are their tenant's, wrong orders are refused with the field, and
// what Asterisk is told follows the phone's rights.
func TestCalls(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "/v1/tenants", `{"name":"acme"}`)
	for _, number := range []string{"101", "102", "103"} {
		l.must(201, "PUT", "extensions/"+number, `{"name":"N`+number+`"}`)
	}
	l.must(201, "PUT", "devices/a", `{"extension":"101"}`)
	l.must(201, "PUT", "devices/b", `{"extension":"102"}`)
	l.call("a", "b")
	for _, c := range []struct {
		status             int
		method, path, body string
		says               string
	}{
		{404, "GET", "/v1/tenants/acme/calls/1.1", "", "not under way"},
		{404, "DELETE", "/v1/tenants/acme/calls/1.1", "", "not under way"},
		{404, "POST", "/v1/tenants/acme/calls/1.1/transfer", `{"to":"102"}`, "not under way"},
		{404, "GET", "/v1/tenants/none/calls", "", "none"},
		{404, "GET", "/v1/tenants/none/cdrs", "", "none"},
		{404, "GET", "/v1/events?tenant=none", "", "none"},
		{404, "POST", "/v1/tenants/none/calls", `{"extension":"101","to":"102"}`, "none"},
		{404, "GET", "calls/9.9", "", "not under way"},
		{422, "POST", "calls/1.1/transfer", `{"to":"999"}`, `"to"`},
		{422, "POST", "calls/1.1/transfer", `{"to":"102,1)${SHELL(x)}"}`, `"to"`},
		{422, "POST", "calls/1.1/transfer", `{"to":"h"}`, `"to"`},
		{422, "POST", "calls/1.1/transfer", `{"to":"103","leg":"7"}`, `"leg"`},
		{422, "POST", "calls", `{"extension":"999","to":"102"}`, `"extension"`},
		{422, "POST", "calls", `{"extension":"103","to":"102"}`, `"extension"`},
		{422, "POST", "calls", `{"extension":"101","to":"1&2"}`, `"to"`},
		{422, "POST", "calls", `{"extension":"101","to":"999"}`, `"to"`},
		{422, "GET", "cdrs?after=x", "", `"after"`},
		{422, "GET", "cdrs?outcome=x", "", "outcome"},
		{422, "GET", "cdrs?from=x", "", "from"},
		{503, "POST", "calls/1.1/transfer", `{"to":"103"}`, "class call"},
	} {
		l.asterisk.Handle("BlindTransfer", func(c *amitest.Conn, a amitest.Action) { c.ReplyError(a, "Permission denied") })
		if r := l.must(c.status, c.method, c.path, c.body); !strings.Contains(r.Body, c.says) {
			t.Errorf("%s %s %s answers %s", c.method, c.path, c.body, r.Body)
		}
	}
	if got := l.must(200, "GET", "/v1/tenants/acme/calls", "").Body; !strings.Contains(got, `"items":[]`) {
		t.Errorf("the other tenant sees %s", got)
	}
	if l.control.last() != "" {
		t.Errorf("Asterisk was told %v", l.control.orders)
	}
	id := l.must(202, "POST", "calls", `{"extension":"101","to":"102"}`).text("id")
	endpoint := l.ctl.Snapshot().Device("default", "a").Endpoint
	want := map[string]string{pbx.ClickDialVariable: "PJSIP/" + endpoint + ",30,iG(dialtone-click^go^1)", pbx.ClickNameVariable: "N102",
		"_" + pbx.ClickToVariable: "102", "_" + pbx.ClickEntryVariable: "from-default"}
	for name, value := range want {
		if l.control.vars[name] != value {
			t.Errorf("%s is %q, want %q", name, l.control.vars[name], value)
		}
	}
	if l.control.last() != "originate "+id+" Local/s@dialtone-click dialtone-click go" {
		t.Errorf("Asterisk was told %v", l.control.orders)
	}
	l.must(200, "DELETE", "calls/1.1", "")
	if l.control.last() != "hang up 1.2" || len(l.control.orders) != 3 {
		t.Errorf("Asterisk was told %v", l.control.orders)
	}
	l.ended()
	l.must(404, "GET", "calls/1.1", "")
	if csv := l.must(200, "GET", "cdrs.csv", "").Body; !strings.Contains(csv, ",+49301,,101,a,102,b +49301,") || strings.Count(csv, "\r\n") != 2 {
		t.Errorf("the export is %q", csv)
	}
	if got := l.must(200, "GET", "/v1/tenants/acme/cdrs", "").Body; !strings.Contains(got, `"items":[]`) {
		t.Errorf("the other tenant sees %s", got)
	}
	last, count := l.ctl.Records.Answered("default", "102")
	if count != 1 || last.IsZero() {
		t.Errorf("102 has answered %d calls, the last at %v", count, last)
	}
}
