package api

import (
	"strings"
	"testing"
)

// A queue is a destination that cannot be deleted while something leads to it, the simulator
// follows it, and its members are agents.
func TestQueues(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/101", `{"name":"Anna"}`)
	l.must(201, "PUT", "extensions/102", `{"name":"Bert"}`)
	l.must(201, "PUT", "queues/support", `{"number":"650","members":[{"extension":"101"}],"empty_destination":"extension:102"}`)
	l.must(201, "PUT", "forwards/102", `{"mode":"destination","destination":"queue:support"}`)
	l.until("for the queue", func() bool { return l.ctl.Snapshot().Forward("default", "102") != nil })
	for number, agent := range map[string]string{"101": `"agent":true`, "102": `"agent":false`} {
		if r := l.must(200, "GET", "extensions/"+number, ""); !strings.Contains(r.Body, agent) {
			t.Errorf("extension %s: %s", number, r.Body)
		}
	}
	if r := l.must(409, "DELETE", "queues/support", ""); !strings.Contains(r.Body, `"key":"102"`) {
		t.Errorf("the refusal does not name the forward: %s", r.Body)
	}
	if r := l.must(409, "DELETE", "extensions/101", ""); !strings.Contains(r.Body, `"kind":"queue"`) {
		t.Errorf("the refusal does not name the queue: %s", r.Body)
	}
	place := l.must(200, "POST", "simulate", `{"from":"+4930123","to":"650"}`)
	for _, want := range []string{`"does":"queue"`, `"empty":3`, "the call waits in queue support for extension 101",
		"queue support has no member that could be rung: forwarded to extension:102"} {
		if !strings.Contains(place.Body, want) {
			t.Errorf("the simulator does not say %s: %s", want, place.Body)
		}
	}
	l.must(200, "DELETE", "forwards/102", "")
	l.must(200, "DELETE", "queues/support", "")
}
