package api

import (
	"strings"
	"testing"
)

// Handsets of a base are told their lines one by one.
func TestHandsets(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/101", `{"name":"Anna"}`)
	l.must(201, "PUT", "devices/a", `{"extension":"101"}`)
	l.must(201, "PUT", "devices/b", `{"extension":"101"}`)
	l.must(201, "PUT", "phones/001565aabbcc", `{"vendor":"yealink","model":"W60P","lines":[{"registration":1,"device":"a"},{"registration":2,"device":"b"}],"handsets":{"2":{"lines":[1,2],"default_line":2},"1":{"name":"Hall","lines":[2]}}}`)
	for _, step := range []struct{ patch, want string }{
		{`{}`, `"handsets":{"1":{"name":"Hall","lines":[2]},"2":{"lines":[1,2],"default_line":2}}`},
		{`{"handsets":{"1":null,"2":{"default_line":null}}}`, `"handsets":{"2":{"lines":[1,2]}}`},
	} {
		if r := l.must(200, "PATCH", "phones/001565aabbcc", step.patch); !strings.Contains(r.Body, step.want) {
			t.Errorf("after %s: %s", step.patch, r.Body)
		}
	}
	set := func(text string) string { return `{"handsets":{` + text + `}}` }
	runWrong(t, l, []wrong{
		{name: "no number", method: "PATCH", path: "phones/001565aabbcc", body: set(`"x":{"lines":[1]}`), status: 422, field: "handsets", detail: "1 to 10"},
		{name: "beyond the base", method: "PATCH", path: "phones/001565aabbcc", body: set(`"9":{"lines":[1]}`), status: 422, field: "handsets.9", detail: "1 to 8"},
		{name: "no line", method: "PATCH", path: "phones/001565aabbcc", body: set(`"3":{"lines":[]}`), status: 422, field: "handsets.3.lines", detail: "at least one"},
		{name: "a line that is not there", method: "PATCH", path: "phones/001565aabbcc", body: set(`"3":{"lines":[3]}`), status: 422, field: "handsets.3.lines", detail: "no registration"},
		{name: "a name in two lines", method: "PATCH", path: "phones/001565aabbcc", body: set(`"3":{"lines":[1],"name":"a\nb"}`), status: 422, field: "handsets.3.name", detail: "control character"},
		{name: "a desk phone", method: "PATCH", path: "phones/001565aabbcc", body: `{"model":"T46U"}`, status: 422, field: "handsets.2", detail: "has no handsets"},
		{name: "a base that is shared", method: "PATCH", path: "phones/001565aabbcc", body: `{"model":"W80B"}`, status: 422, field: "handsets.2", detail: "when it is subscribed"},
	})
	if r := l.must(201, "POST", "phones/001565aabbcc/replace", `{"mac":"001565aabbdd","model":"T46U"}`); strings.Contains(r.Body, "handsets") {
		t.Error(r.Body)
	}
}
