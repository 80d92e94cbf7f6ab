package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestChangesTellWhoDidWhat(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/101", `{"name":"Anna"}`)
	l.must(200, "PATCH", "extensions/101", `{"name":"Anne","ring_seconds":30}`)
	l.must(200, "PATCH", "extensions/101", `{"name":"Anne"}`)
	l.must(201, "PUT", "devices/a", `{"extension":"101"}`)
	l.must(200, "PATCH", "devices/a", `{"secret":"An0therSecretOfMine"}`)
	l.must(201, "PUT", "phones/001565aabbcc", `{"vendor":"yealink","model":"T46U"}`)
	l.must(200, "DELETE", "devices/a", "")
	l.do("PUT", "extensions/103", `{"name":""}`)
	var list struct{ Items []Change }
	if err := json.Unmarshal([]byte(l.must(200, "GET", "/v1/changes?tenant=default&limit=6", "").Body), &list); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range list.Items {
		got = append(got, fmt.Sprintf("%s %s %s %v %v/%v", c.Action, c.Kind, c.Key, c.Fields, len(c.Before) > 0, len(c.After) > 0))
		if c.Actor != "token tester" || c.Address != "127.0.0.1" || c.At.IsZero() || c.Tenant != "default" || c.Revision == 0 || c.Apply.Revision != c.Revision {
			t.Errorf("change %+v lacks something", c)
		}
	}
	want := []string{
		"delete device a [] true/false", "create phone 00:15:65:aa:bb:cc [] false/true", "update device a [secret] true/true",
		"create device a [] false/true", "update extension 101 [name ring_seconds] true/true", "create extension 101 [] false/true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("changes:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var before, after map[string]any
	update := list.Items[4]
	if json.Unmarshal(update.Before, &before) != nil || json.Unmarshal(update.After, &after) != nil || before["name"] != "Anna" || after["name"] != "Anne" || before["ring_seconds"] != 20.0 {
		t.Errorf("before %s, after %s", update.Before, update.After)
	}
	for filter, want := range map[string]int{
		"key=101": 2, "kind=device": 3, "kind=phone&key=00:15:65:AA:BB:CC": 1, "key=00:15:65:aa:bb:cc": 1, "kind=phone&key=001565aabbcc": 1,
		"tenant=nope": 0, "kind=device&key=101": 0, fmt.Sprintf("after=%d", list.Items[4].ID): 3,
	} {
		items := l.must(200, "GET", "/v1/changes?"+filter, "").json()["items"].([]any)
		if n := len(items); n != want {
			t.Errorf("%s: %d changes, want %d", filter, n, want)
		}
	}
	if got := l.keys("/v1/changes", "id", 2); len(got) != 8 || !slices.IsSortedFunc(got,
		func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("by two: %v", got) // 6, the token's and the default tenant's creation
	}
}

func TestTokensWorkAndEndAtOnce(t *testing.T) {
	l := newLab(t)
	r := l.must(201, "POST", "/v1/tokens", `{"name":"ci"}`)
	id, bearer := r.text("id"), "Authorization: Bearer "+r.text("token")
	if r.Header.Get("Location") != "/v1/tokens/"+id {
		t.Errorf("Location is %q", r.Header.Get("Location"))
	}
	l.must(201, "PUT", "extensions/101", `{"name":"Anna"}`, bearer)
	if got := l.must(200, "GET", "/v1/changes?limit=1", "").Body; !strings.Contains(got, `"actor":"token ci"`) {
		t.Errorf("the actor is not in %s", got)
	}
	l.must(204, "DELETE", "/v1/tokens/"+id, "")
	l.must(401, "GET", "extensions", "", bearer)
	l.must(401, "PUT", "extensions/101", `{"name":"x"}`, bearer)
	list := l.must(200, "GET", "/v1/tokens", "").Body
	if !strings.Contains(list, `"revoked":`) || !strings.Contains(list, `"last_used":`) {
		t.Errorf("tokens: %s", list)
	}
	runWrong(t, l, []wrong{
		{name: "empty name", path: "/v1/tokens", body: `{"name":""}`, status: 422, field: "name", detail: "name is required"},
		{name: "no name", path: "/v1/tokens", body: `{}`, status: 422, field: "name", detail: "name is required"},
		{name: "newline", path: "/v1/tokens", body: `{"name":"a\nb"}`, status: 422, field: "name", detail: "U+000A"},
		{name: "own text", path: "/v1/tokens", body: `{"name":"x","token":"` + canary + `"}`, status: 422, field: "token", detail: "token is"},
	})
}
