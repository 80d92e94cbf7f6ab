package api

import (
	"strings"
	"testing"
)

// The actor that makes or ends a token is named in the audit trail, in the log and, for
// the maker, in the list. The text of the token is nowhere.
func TestTokensAreAudited(t *testing.T) {
	l := newLab(t)
	ada := bearer(l.person("ada", "tenant-admin", "")())
	made := l.must(201, "POST", "/v1/tokens", `{"name":"phone book","role":"operator"}`, ada)
	id, text := made.text("id"), made.text("token")
	if made.text("created_by") != "user ada" || made.text("username") != "ada" {
		t.Errorf("the token is shown as %s", made.Body)
	}
	l.must(204, "DELETE", "/v1/tokens/"+id, "")
	changes := l.must(200, "GET", "/v1/changes?kind=token&key="+id, "").Body
	for _, want := range []string{`"action":"create"`, `"actor":"user ada"`, `"action":"update"`, `"actor":"token tester"`, `"fields":["revoked"]`,
		`"created_by":"user ada"`, `"name":"phone book"`} {
		if !strings.Contains(changes, want) {
			t.Errorf("%s is not in the audit trail: %s", want, changes)
		}
	}
	log := l.log.String()
	for _, want := range []string{`msg="made a token" id=` + id, `by="user ada"`, `msg="revoked a token" id=` + id + ` by="token tester"`} {
		if !strings.Contains(log, want) {
			t.Errorf("%s is not in the log", want)
		}
	}
	if strings.Contains(log+changes, text) {
		t.Error("the text of the token is in the log or the audit trail")
	}
	if n := strings.Count(l.must(200, "GET", "/v1/changes?kind=token", "", ada).Body, `"id":`); n < 2 {
		t.Errorf("the tenant's admin sees %d changes of tokens", n)
	}
	l.must(204, "DELETE", "/v1/tokens/"+id, "")
	if again := l.must(200, "GET", "/v1/changes?kind=token&key="+id, "").Body; strings.Count(again, `"action":`) != strings.Count(changes, `"action":`) {
		t.Errorf("revoking a second time is audited: %s", again)
	}
}

// A user's tokens end with the user, and with the right to make any; so do those that such
// a token has made. A platform admin's stay.
func TestTokensEndWithTheirUser(t *testing.T) {
	for what, end := range map[string]func(*lab){
		"deleted": func(l *lab) { l.must(200, "DELETE", "users/ada", "") },
		"demoted": func(l *lab) { l.must(200, "PATCH", "users/ada", `{"role":"operator"}`) },
		"locked":  func(l *lab) { l.must(200, "PATCH", "users/ada", `{"login":false}`) },
	} {
		l := newLab(t)
		ada := l.person("ada", "tenant-admin", "")()
		first := l.must(201, "POST", "/v1/tokens", `{"name":"first"}`, bearer(ada)).text("token")
		second := l.must(201, "POST", "/v1/tokens", `{"name":"second"}`, bearer(first)).text("token")
		others := l.must(201, "POST", "/v1/tokens", `{"name":"others","tenant":"default"}`).text("token")
		l.must(200, "PATCH", "users/ada", `{"full_name":"Ada Lovelace"}`)
		for _, token := range []string{first, second, others} {
			l.must(200, "GET", "extensions", "", bearer(token))
		}
		end(l)
		for name, token := range map[string]string{"first": first, "second": second} {
			if r := l.do("GET", "extensions", "", bearer(token)); r.Status != 401 {
				t.Errorf("%s: token %s still gets %d", what, name, r.Status)
			}
		}
		l.must(200, "GET", "extensions", "", bearer(others))
		if list := l.must(200, "GET", "/v1/tokens?tenant=default", "").Body; strings.Count(list, `"revoked":`) != 2 {
			t.Errorf("%s: %s", what, list)
		}
	}
}
