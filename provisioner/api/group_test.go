package api

import (
	"slices"
	"strings"
	"testing"
)

// TestKindsThatAreWrong: presence, groups, classes and anonymity sent wrong; the
// field is named and nothing changes.
func TestKindsThatAreWrong(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "/v1/tenants", `{"name":"acme","timezone":"UTC"}`)
	l.must(201, "PUT", "/v1/tenants/acme/groups/theirs", `{}`)
	l.must(201, "POST", "groups", `{"name":"sales"}`)
	l.must(201, "POST", "extensions", `{"number":"101","name":"Anna","groups":["sales"],"allowed_devices":["mobile"]}`)
	before := stable(l.must(200, "GET", "extensions/101", ""))
	var cases []wrong
	for _, c := range []struct{ name, fields, field string }{
		{"presence as text", `{"presence":"yes"}`, "presence"},
		{"anonymous as number", `{"anonymous":1}`, "anonymous"},
		{"groups as text", `{"groups":"sales"}`, "groups"},
		{"group as number", `{"groups":[1]}`, "groups[0]"},
		{"unknown group", `{"groups":["sales","support"]}`, "groups"},
		{"group of another tenant", `{"groups":["theirs"]}`, "groups"},
		{"group twice", `{"groups":["sales","sales"]}`, "groups"},
		{"group with a newline", `{"groups":["a\nb"]}`, "groups"},
		{"too long a group", `{"groups":["` + strings.Repeat("a", 41) + `"]}`, "groups"},
		{"no class", `{"allowed_devices":[]}`, "allowed_devices"},
		{"unknown class", `{"allowed_devices":["mobile","fax"]}`, "allowed_devices"},
		{"class as number", `{"allowed_devices":[7]}`, "allowed_devices[0]"},
	} {
		cases = append(cases, wrong{name: c.name, method: "PATCH", path: "extensions/101", body: c.fields, status: 422, field: c.field})
	}
	runWrong(t, l, append(cases,
		wrong{name: "group in use", method: "DELETE", path: "groups/sales", status: 409, detail: "still used"},
		wrong{name: "bad group name", method: "PUT", path: "groups/S%20x", body: `{}`, status: 422, field: "name"},
		wrong{name: "members are read-only", method: "PUT", path: "groups/sales", body: `{"members":["101"]}`, status: 422, field: "members"},
		wrong{name: "group of no tenant", method: "PUT", path: "/v1/tenants/nope/groups/a", body: `{}`, status: 404}))
	if after := stable(l.must(200, "GET", "extensions/101", "")); after != before {
		t.Errorf("was %s, is %s", before, after)
	}
}

// TestKindsMerge: what a PATCH does not name stays, null is the default, and a
// PUT resets; a group lists its members.
func TestKindsMerge(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "groups/sales", `{}`)
	l.must(201, "PUT", "groups/boss", `{}`)
	l.must(201, "PUT", "extensions/101", `{"name":"A","presence":false,"anonymous":true,"groups":["sales","boss"],"allowed_devices":["webrtc","hardware"]}`)
	shown := func() []any {
		m := l.must(200, "GET", "extensions/101", "").json()
		return []any{m["presence"], m["anonymous"], m["groups"], m["allowed_devices"]}
	}
	check := func(step string, want ...any) {
		t.Helper()
		got := shown()
		for i := range want {
			if !equalJSON(got[i], want[i]) {
				t.Errorf("%s: %v, want %v", step, got, want)
			}
		}
	}
	check("created", false, true, []any{"boss", "sales"}, []any{"hardware", "webrtc"})
	l.must(200, "PATCH", "extensions/101", `{"name":"B"}`)
	check("another field patched", false, true, []any{"boss", "sales"}, []any{"hardware", "webrtc"})
	l.must(200, "PATCH", "extensions/101", `{"presence":null,"groups":["boss"],"allowed_devices":null}`)
	check("null", true, true, []any{"boss"}, nil)
	l.until("the group lists its member", func() bool {
		return equalJSON(l.must(200, "GET", "groups/boss", "").json()["members"], []any{"101"})
	})
	l.must(200, "PUT", "extensions/101", `{"name":"B"}`)
	check("put", true, nil, nil, nil)
	l.must(200, "DELETE", "groups/boss", "")
}

// equalJSON compares decoded values: texts, truths and lists of texts.
func equalJSON(a, b any) bool {
	x, isList := a.([]any)
	y, alsoList := b.([]any)
	if isList && alsoList {
		return slices.Equal(x, y)
	}
	return !isList && !alsoList && a == b
}
