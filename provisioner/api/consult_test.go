package api

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

// asks lets Asterisk take what a consultation is ordered by.
func (l *lab) asks() {
	for _, action := range []string{"Setvar", "Redirect"} {
		l.asterisk.Handle(action, func(c *amitest.Conn, a amitest.Action) { c.Reply(a) })
	}
}

// asked is what it was ordered by since the action with that number.
func (l *lab) asked(since int) string {
	var orders []string
	for _, a := range l.asterisk.Actions("")[since:] {
		switch a.Get("Action") {
		case "Setvar":
			orders = append(orders, a.Get("Channel")+" "+a.Get("Variable")+"="+a.Get("Value"))
		case "Redirect":
			orders = append(orders, "redirect "+a.Get("Channel")+" to "+a.Get("Context")+","+a.Get("Exten")+" and "+a.Get("ExtraChannel")+" to "+a.Get("ExtraContext")+","+a.Get("ExtraExten"))
		}
	}
	return strings.Join(orders, "\n")
}

// channelOf is the channel of a device in the call of lab.call.
func (l *lab) channelOf(device string) string {
	return "PJSIP/" + l.ctl.Snapshot().Device("default", device).Endpoint + "-00000001"
}

// TestConsult: what Asterisk is told, in an order in which nothing has happened until
// the last action, and what is refused.
func TestConsult(t *testing.T) {
	l := newLab(t)
	for _, number := range []string{"101", "102", "103"} {
		l.must(201, "PUT", "extensions/"+number, `{"name":"N`+number+`"}`)
	}
	l.must(201, "PUT", "devices/a", `{"extension":"101"}`)
	l.must(201, "PUT", "devices/b", `{"extension":"102"}`)
	l.call("a", "b")
	a, b := l.channelOf("a"), l.channelOf("b")
	for _, c := range []struct {
		status             int
		method, path, body string
		says               string
	}{
		{404, "POST", "calls/9.9/consult", `{"to":"103"}`, "not under way"},
		{404, "POST", "calls/9.9/complete", "", "not under way"},
		{404, "DELETE", "calls/9.9/consult", "", "not under way"},
		{422, "POST", "calls/1.1/consult", `{"to":"999"}`, `"to"`},
		{422, "POST", "calls/1.1/consult", `{"to":"103,1"}`, `"to"`},
		{422, "POST", "calls/1.1/consult", `{"to":"103","leg":"7"}`, `"leg"`},
		{422, "POST", "calls/1.1/complete?leg=7", "", `"leg"`},
		{409, "POST", "calls/1.1/complete", "", "begin with consult"},
		{409, "DELETE", "calls/1.1/consult", "", "begin with consult"},
	} {
		if r := l.must(c.status, c.method, c.path, c.body); !strings.Contains(r.Body, c.says) {
			t.Errorf("%s %s %s answers %s", c.method, c.path, c.body, r.Body)
		}
	}
	l.asterisk.Handle("Setvar", func(c *amitest.Conn, a amitest.Action) { c.ReplyError(a, "Permission denied") })
	if r := l.must(503, "POST", "calls/1.1/consult", `{"to":"103"}`); !strings.Contains(r.Body, "class call") {
		t.Errorf("without the rights: %s", r.Body)
	}
	l.asks()
	before := len(l.asterisk.Actions(""))
	if r := l.must(200, "POST", "calls/1.1/consult", `{"to":"103"}`); !strings.Contains(r.Body, `"state":"waiting"`) || !strings.Contains(r.Body, `"state":"asking"`) {
		t.Errorf("the call is shown as %s", r.Body)
	}
	want := strings.Join([]string{a + " DIALTONE_ASKER=" + b, a + " DIALTONE_RECALL=" + b[:len(b)-9] + ",30,i",
		a + " DIALTONE_UNANSWERED=fallback-default,102,after", a + " DIALTONE_GO_ON=", a + " DIALTONE_WAITS=",
		b + " _DIALTONE_HELD=" + a, b + " _DIALTONE_ASK_ENTRY=from-default",
		"redirect " + a + " to dialtone-held,s and " + b + " to dialtone-consult,103"}, "\n")
	if got := l.asked(before); got != want {
		t.Errorf("Asterisk was told\n%s\nwant\n%s", got, want)
	}
	for path, body := range map[string]string{"consult": `{"to":"101"}`, "transfer": `{"to":"101"}`} {
		if r := l.must(409, "POST", "calls/1.1/"+path, body); !strings.Contains(r.Body, "asks somebody already") {
			t.Errorf("%s while somebody is asked answers %s", path, r.Body)
		}
	}
	l.must(409, "DELETE", "calls/1.1/consult", "") // nothing rings yet
	l.asterisk.Send("Newchannel", "Channel", "Local/103@dialtone-ask-00000001;1", "Uniqueid", "1.3", "Linkedid", "1.1", "ChannelStateDesc", "Down", "Context", "dialtone-ask", "Exten", "103")
	l.until("for the call that asks", func() bool {
		return l.do("DELETE", "calls/1.1/consult", "").Status == 200
	})
	if got := l.control.last(); got != "hang up 1.3" {
		t.Errorf("to return, Asterisk was told %q", got)
	}
	before = len(l.asterisk.Actions(""))
	l.must(200, "POST", "calls/1.1/complete", "")
	if got := l.asked(before) + "; " + l.control.last(); got != "DIALTONE_HELD of "+b+" DIALTONE_GO_ON=from-default,103,1; hang up 1.2" {
		t.Errorf("to complete, Asterisk was told %q", got)
	}
	l.asterisk.Handle("Setvar", func(c *amitest.Conn, a amitest.Action) { c.ReplyError(a, "No such channel") })
	if r := l.must(409, "POST", "calls/1.1/complete", ""); !strings.Contains(r.Body, "hung up") {
		t.Errorf("without who was held: %s", r.Body)
	}
}
