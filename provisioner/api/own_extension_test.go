package api

import (
	"strings"
	"testing"
)

// A user is given the next free extension where one is asked for, once.
func TestUserReceivesAnExtension(t *testing.T) {
	l := newLab(t)
	l.must(200, "PATCH", "/v1/tenants/default", `{"country":"DE","first_extension":"510"}`)
	l.must(201, "PUT", "extensions/201", `{"name":"Reception"}`)
	l.must(201, "PUT", "mailboxes/511", `{"name":"Old","pin":"4711"}`)
	jane := `{"full_name":"Jane","role":"user","extension":"auto"}`
	if got := l.must(201, "POST", "users", `{"username":"jane","full_name":"Jane","role":"user","extension":"auto"}`).text("extension"); got != "510" {
		t.Errorf("Jane receives %s", got)
	}
	if e := l.must(200, "GET", "extensions/510", "").json(); e["name"] != "Jane" || e["type"] != "sip" {
		t.Errorf("her extension is %v", e)
	}
	if got := l.must(200, "PUT", "users/jane", jane).text("extension"); got != "510" {
		t.Errorf("asked again, she gets %s", got)
	}
	l.must(201, "PUT", "users/joe", `{"full_name":"Joe","role":"user"}`)
	if got := l.must(200, "PATCH", "users/joe", `{"extension":"auto"}`).text("extension"); got != "512" {
		t.Errorf("a user without one gets %s; 511 is a mailbox", got)
	}
	long := strings.Repeat("Ünicöde ", 12) + "x"
	number := l.must(201, "PUT", "users/long", `{"full_name":"`+long+`","role":"user","extension":"auto"}`).text("extension")
	if name := l.must(200, "GET", "extensions/"+number, "").text("name"); !strings.HasPrefix(long, name) || len(name) < 60 || len(name) > 76 {
		t.Errorf("a long name becomes %q", name)
	}
	if got := l.must(201, "POST", "seats", `{"name":"Seat","voicemail":false}`).text("number"); got != "514" {
		t.Errorf("a seat gets %s", got)
	}
	l.must(201, "PUT", "extensions/auto", `{"name":"Auto"}`)
	if got := l.must(201, "PUT", "users/car", `{"full_name":"Car","role":"user","extension":"auto"}`).text("extension"); got != "auto" {
		t.Errorf("an extension named auto is not taken: %s", got)
	}
	l.must(201, "POST", "/v1/tenants", `{"name":"tiny","country":"DE","first_extension":"99"}`)
	l.must(201, "PUT", "/v1/tenants/tiny/users/a", jane)
	runWrong(t, l, []wrong{
		{name: "all taken", method: "PUT", path: "/v1/tenants/tiny/users/b", body: jane, status: 409, field: "extension"},
		{name: "no digits", method: "PATCH", path: "/v1/tenants/default", body: `{"first_extension":"5a0"}`, status: 422, field: "first_extension"},
		{name: "a zero in front", method: "PATCH", path: "/v1/tenants/default", body: `{"first_extension":"010"}`, status: 422, field: "first_extension"},
	})
}

// A new tenant dials as the first one does, and its answer says what it may call.
func TestTenantSaysWhatItMayCall(t *testing.T) {
	l := newLab(t)
	says := func(r reply, country string, words ...string) {
		t.Helper()
		text := r.text("calls_outside")
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("calls_outside is %q, without %q", text, w)
			}
		}
		if got, _ := r.json()["country"].(string); got != country {
			t.Errorf("its country is %q, want %q", got, country)
		}
	}
	says(l.must(201, "POST", "/v1/tenants", `{"name":"bare"}`), "", "neither country nor class_of_service")
	l.must(200, "PATCH", "/v1/tenants/default", `{"country":"DE"}`)
	says(l.must(201, "PUT", "/v1/tenants/acme", `{}`), "DE", "numbers of DE")
	says(l.must(200, "PUT", "/v1/tenants/acme", `{}`), "DE", "numbers of DE")
	says(l.must(201, "PUT", "/v1/tenants/swiss", `{"country":"CH"}`), "CH", "numbers of CH")
	l.must(201, "PUT", "/v1/tenants/acme/classes-of-service/home", `{"allow":["any"]}`)
	says(l.must(200, "PATCH", "/v1/tenants/acme", `{"class_of_service":"home"}`), "DE", "class of service home")
}
