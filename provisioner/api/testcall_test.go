package api

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// testTrunks makes a trunk in use, one that is disabled, and an extension that may call anywhere.
func (l *lab) testTrunks() {
	l.t.Helper()
	l.must(201, "PUT", "classes-of-service/abroad", `{"allow":["any"]}`)
	l.must(201, "PUT", "extensions/105", `{"name":"Eli","class_of_service":"abroad"}`)
	l.must(201, "PUT", "trunks/idle", `{"host":"192.0.2.11","disabled":true}`)
	l.must(201, "PUT", "trunks/used", `{"host":"192.0.2.12","qualify_seconds":0}`)
	l.until("for AMI", func() bool { up, _ := l.ctl.Connected(); return up })
}

// askTestCall tries a test call by a trunk that is disabled.
func askTestCall(l *lab, ask func(status int, method, path, template, body string), tenant string) {
	l.testTrunks()
	path := tenant + "trunks/{name}/test-call"
	ask(200, "POST", "trunks/idle/test-call", path, `{"to":"+4989123456","from":"105"}`)
	ask(422, "POST", "trunks/idle/test-call", path, `{"to":"+4989123456"}`)
	ask(404, "POST", "trunks/none/test-call", path, `{"to":"+4989123456"}`)
	for _, made := range []string{"trunks/idle", "trunks/used", "extensions/105", "classes-of-service/abroad"} {
		l.must(200, "DELETE", made, "")
	}
}

// TestTestCall: a test call is answered with what became of it, a tenant has one at a time, and
// one that may not be made is refused.
func TestTestCall(t *testing.T) {
	l := newLab(t)
	l.testTrunks()
	for _, c := range []struct {
		status     int
		path, body string
		says       string
	}{
		{404, "trunks/none/test-call", `{"to":"+4989123456","from":"105"}`, "trunk none does not exist"},
		{404, "/v1/tenants/none/trunks/used/test-call", `{"to":"+4989123456"}`, "none"},
		{422, "trunks/used/test-call", `{"to":"+4989123456"}`, `"to"`},
		{422, "trunks/used/test-call", `{"to":"1&2","from":"105"}`, `"to"`},
		{422, "trunks/used/test-call", `{"to":"112","from":"105"}`, "emergencies"},
		{422, "trunks/used/test-call", `{"to":"+4989123456","from":"999"}`, `"from"`},
		{200, "trunks/idle/test-call", `{"to":"+4989123456","from":"105"}`, `"detail":"trunk idle is disabled"`},
	} {
		if r := l.must(c.status, "POST", c.path, c.body); !strings.Contains(r.Body, c.says) {
			t.Errorf("%s %s answers %s", c.path, c.body, r.Body)
		}
	}
	if l.control.last() != "" {
		t.Errorf("Asterisk was told %v", l.control.orders)
	}
	const order = `{"to":"+4989123456","from":"105"}`
	answers := make(chan string, 1)
	go func() { answers <- l.do("POST", "trunks/used/test-call", order).Body }()
	l.until("for the order", func() bool { return l.control.last() != "" })
	if r := l.must(409, "POST", "trunks/used/test-call", order); !strings.Contains(r.Body, "another test call") {
		t.Errorf("a second one is answered %s", r.Body)
	}
	words := strings.Fields(l.control.last())
	if got := strings.Join(words[2:], " "); got != "Local/s@dialtone-test/n dialtone-test talk" {
		t.Errorf("Asterisk is told %s", got)
	}
	if u := l.ctl.Guard.Usage("default", "105"); u.Calls != 1 {
		t.Errorf("the guard counts %+v", u)
	}
	l.ctl.Calls.Tested(words[1], pbx.ParseTestEnd([]string{"BUSY", "17", "486"}))
	got := <-answers
	for _, part := range []string{`"state":"busy"`, `"dialled":true`, `"answer":486`, `"cause":17`, `"trunk":"used"`, words[1]} {
		if !strings.Contains(got, part) {
			t.Errorf("%s lacks %s", got, part)
		}
	}
	if u := l.ctl.Guard.Usage("default", "105"); u.Calls != 0 {
		t.Errorf("afterwards the guard counts %+v", u)
	}
}
