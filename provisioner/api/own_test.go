package api

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// signedIn begins a session of a user, who has chosen a password, and returns its header.
func (l *lab) signedIn(username string) string {
	l.t.Helper()
	password := l.must(200, "POST", "users/"+username+"/reset-password", "").text("password")
	in := l.must(200, "POST", "/v1/sign-in", `{"tenant":"default","username":"`+username+`","password":"`+password+`"}`, "Authorization: ")
	as := "Authorization: Bearer " + in.text("token")
	l.must(200, "POST", "users/"+username+"/password", `{"current":"`+password+`","new":"a long password"}`, as)
	return as
}

// Users saw nothing of what they could choose, and set nothing of how they are rung.
func TestUsersSeeAndSetTheirOwn(t *testing.T) {
	l := newLab(t)
	for _, w := range [][2]string{
		{"extensions/101", `{"name":"Ada"}`}, {"extensions/102", `{"name":"Bob"}`}, {"users/ada", `{"full_name":"Ada","role":"user","extension":"101"}`},
		{"devices/ada-desk", `{"extension":"101"}`}, {"devices/bob-desk", `{"extension":"102"}`}, {"devices/hot-1", `{"shared":true}`}, {"devices/hot-2", `{"shared":true}`},
		{"external-numbers/+491511", `{"available":true,"description":"mobile"}`}, {"external-numbers/+491512", `{"available":true}`}, {"external-numbers/+491513", `{}`},
		{"devices/bob-mobile", `{"kind":"external","external_number":"+491512","extension":"102"}`}, {"users/bob", `{"full_name":"Bob","role":"user","extension":"102"}`},
	} {
		l.must(201, "PUT", w[0], w[1])
	}
	l.must(200, "PATCH", "/v1/tenants/default", `{"country":"DE"}`)
	ada := l.signedIn("ada")
	l.must(200, "POST", "users/bob/desk", `{"device":"hot-2"}`)
	r := l.must(200, "GET", "users/ada/desk", "", ada)
	if want := `"shared":["hot-1"],"external_numbers":[{"number":"+491511","description":"mobile"}]`; !strings.Contains(r.Body, want) ||
		!strings.Contains(r.Body, `"name":"ada-desk"`) || strings.Contains(r.Body, "bob") {
		t.Errorf("she may choose of %s", r.Body)
	}
	r = l.must(200, "PATCH", "users/ada/ringing", `{"do_not_disturb":true,"call_waiting":false,"ring":"sequence","ring_seconds":40,"devices":{"ada-desk":{"ring_seconds":15,"ring_order":2}}}`, ada)
	if !strings.Contains(r.Body, `"ring_seconds":15,"ring_order":2`) {
		t.Errorf("her device rings %s", r.Body)
	}
	e := l.must(200, "GET", "extensions/101", "", ada).json()
	if e["do_not_disturb"] != true || e["call_waiting"] != false || e["ring"] != "sequence" || e["ring_seconds"] != 40.0 {
		t.Errorf("her extension is %v", e)
	}
	l.must(200, "PATCH", "users/ada/ringing", `{"do_not_disturb":false}`, ada)
	if e := l.must(200, "GET", "extensions/101", "", ada).json(); e["do_not_disturb"] == true || e["ring_seconds"] != 40.0 {
		t.Errorf("one field changed others: %v", e)
	}
	l.must(201, "PUT", "users/nobody", `{"full_name":"No Body","role":"user"}`)
	runWrong(t, l, []wrong{
		{name: "another's", method: "PATCH", path: "users/bob/ringing", body: `{"do_not_disturb":true}`, headers: []string{ada}, status: 403},
		{name: "another's device", method: "PATCH", path: "users/ada/ringing", body: `{"ring_seconds":30,"devices":{"bob-desk":{"ring_seconds":5}}}`, headers: []string{ada}, status: 422, field: "devices"},
		{name: "too short", method: "PATCH", path: "users/ada/ringing", body: `{"ring_seconds":1}`, headers: []string{ada}, status: 422, field: "ring_seconds"},
		{name: "another's choice", method: "GET", path: "users/bob/desk", headers: []string{ada}, status: 403},
		{name: "no extension", method: "PATCH", path: "users/nobody/ringing", body: `{"ring_seconds":30}`, status: 409},
	})
}

// A session of the API counts as signed in.
func TestNumberStaysWhileItsUserIsSignedIn(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/101", `{"name":"Ada"}`)
	l.must(201, "PUT", "extensions/102", `{"name":"Free"}`)
	l.must(201, "PUT", "users/ada", `{"full_name":"Ada","role":"user","extension":"101"}`)
	ada := l.signedIn("ada")
	runWrong(t, l, []wrong{
		{name: "renumbered", path: "extensions/101/renumber", body: `{"number":"103"}`, status: 409, detail: "user ada"},
		{name: "another one", method: "PATCH", path: "users/ada", body: `{"extension":"102"}`, status: 409, detail: "user ada"},
	})
	l.must(200, "PATCH", "users/ada", `{"email":"ada@example.org"}`)
	l.must(204, "DELETE", "/v1/sign-in", "", ada)
	l.must(200, "POST", "extensions/101/renumber", `{"number":"103"}`)
	l.must(200, "PATCH", "users/ada", `{"extension":"102"}`)
}

// A tenant's own country, zone and class took a call to the provider.
func TestTenantAdminSetsTheTenant(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "classes-of-service/home", `{}`)
	l.must(200, "PATCH", "/v1/tenants/default", `{"phone_networks":["192.0.2.0/24"]}`)
	as := []string{bearer(l.newToken(pbx.RoleTenantAdmin, "default"))}
	r := l.must(200, "PATCH", "/v1/tenants/default", `{"title":"Office","country":"DE","timezone":"Europe/Berlin","class_of_service":"home","forward_caller":"caller"}`, as...)
	if r.text("country") != "DE" || r.text("class_of_service") != "home" || r.text("timezone") != "Europe/Berlin" {
		t.Errorf("the tenant is %s", r.Body)
	}
	l.must(201, "POST", "/v1/tenants", `{"name":"acme"}`)
	const tenant = "/v1/tenants/default"
	runWrong(t, l, []wrong{
		{name: "licence", method: "PATCH", path: tenant, body: `{"max_extensions":9}`, headers: as, status: 403, field: "max_extensions"},
		{name: "calls", method: "PATCH", path: tenant, body: `{"max_calls":0,"cdr_days":3}`, headers: as, status: 403, field: "cdr_days", alsoFields: []string{"max_calls"}},
		{name: "networks", method: "PATCH", path: tenant, body: `{"phone_networks":null}`, headers: as, status: 403, field: "phone_networks"},
		{name: "whole", method: "PUT", path: tenant, body: `{"title":"x"}`, headers: as, status: 403},
		{name: "another", method: "PATCH", path: "/v1/tenants/acme", body: `{"title":"x"}`, headers: as, status: 404},
	})
}

// A tenant's own people see and adopt phones of the tenant's networks, and no others.
func TestTenantInbox(t *testing.T) {
	l := newLab(t)
	l.ask("64167f000001", polycomAgent)
	l.ask("64167f000002", polycomAgent)
	from := l.must(200, "GET", "/v1/inbox", "").json()["items"].([]any)[0].(map[string]any)["address"].(string)
	l.must(201, "POST", "/v1/tenants", `{"name":"acme","phone_networks":["`+from+`/32"]}`)
	l.must(201, "POST", "/v1/tenants", `{"name":"other","phone_networks":["198.51.100.0/24"]}`)
	for tenant, want := range map[string]int{"acme": 2, "other": 0, "default": 0} {
		items := l.must(200, "GET", "/v1/tenants/"+tenant+"/inbox", "", bearer(l.newToken(pbx.RoleTenantAdmin, tenant))).json()["items"].([]any)
		if len(items) != want {
			t.Errorf("tenant %s sees %v", tenant, items)
		}
	}
	l.must(404, "POST", "/v1/tenants/other/inbox/64167f000001/adopt", `{}`, bearer(l.newToken(pbx.RoleTenantAdmin, "other")))
	l.must(404, "POST", "/v1/tenants/default/inbox/64167f000001/adopt", `{}`, bearer(l.newToken(pbx.RoleTenantAdmin, "default")))
	r := l.must(201, "POST", "/v1/tenants/acme/inbox/64167f000001/adopt", `{}`, bearer(l.newToken(pbx.RoleTenantAdmin, "acme")))
	if r.text("vendor") != "polycom" || r.text("provisioning_url") == "" {
		t.Errorf("adopted %s", r.Body)
	}
	l.must(200, "GET", "/v1/tenants/acme/phones/64167f000001", "")
}

// Answers followed what Asterisk had, not what was written.
func TestSimulateKnowsWhatWasWrittenBefore(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/101", `{"name":"Ada"}`)
	l.must(201, "PUT", "devices/ada", `{"extension":"101"}`)
	for _, name := range []string{"a", "b", "c", "d"} {
		l.must(201, "PUT", "extensions/10"+name, `{"name":"New"}`)
		l.must(201, "PUT", "devices/"+name, `{"extension":"10`+name+`"}`)
		if r := l.must(200, "POST", "simulate", `{"from":"101","to":"10`+name+`"}`); !strings.Contains(r.Body, `"`+name+`"`) {
			t.Errorf("it knows nothing of device %s: %s", name, r.Body)
		}
	}
}

func TestDeleteTellsOfConfirm(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "mailboxes/101", `{"name":"Ada","pin":"4711"}`)
	l.must(201, "PUT", "extensions/101", `{"name":"Ada","mailbox":"101"}`)
	l.must(201, "PUT", "devices/ada", `{"extension":"101"}`)
	runWrong(t, l, []wrong{
		{name: "extension", method: "DELETE", path: "extensions/101", status: 409, detail: "?confirm=101"},
		{name: "no other way", method: "DELETE", path: "mailboxes/101", status: 409, detail: "extension 101"},
	})
	if p := l.must(409, "DELETE", "mailboxes/101", "").problem(); strings.Contains(p.Detail, "confirm") {
		t.Errorf("a mailbox has no such way: %s", p.Detail)
	}
	l.must(200, "DELETE", "extensions/101?confirm=101", "")
}

func TestDuplicateHasAPINOfItsOwn(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "mailboxes/101", `{"name":"Ada","pin":"4711"}`)
	l.must(201, "PUT", "extensions/101", `{"name":"Ada","mailbox":"101"}`)
	l.must(201, "POST", "extensions/101/duplicate", `{"number":"102"}`)
	m, err := l.ctl.Mailboxes.Get(t.Context(), "default", "102")
	if err != nil || m.PIN.Reveal() == "4711" || len(m.PIN.Reveal()) != 6 {
		t.Errorf("its mailbox has the PIN %q (%v)", m.PIN.Reveal(), err)
	}
}
