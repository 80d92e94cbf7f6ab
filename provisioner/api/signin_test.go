package api

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func bearer(token string) string { return "Authorization: Bearer " + token }

func TestSignIn(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/101", `{"name":"Alice"}`)
	l.person("alice", "user", "101")
	r := l.must(200, "POST", "/v1/sign-in", `{"tenant":"default","username":"alice","password":"`+chosen+`"}`, "Authorization: ")
	if r.text("actor") != "user alice" || r.text("role") != "user" || r.text("extension") != "101" || !strings.HasPrefix(r.text("token"), "dts_") || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("answer %s", r.Body)
	}
	token := r.text("token")
	if me := l.must(200, "GET", "/v1/sign-in", "", bearer(token)); me.text("username") != "alice" || me.text("token") != "" || me.text("expires") != r.text("expires") {
		t.Errorf("who am I: %s", me.Body)
	}
	l.must(204, "DELETE", "/v1/sign-in", "", bearer(token))
	if p := l.must(401, "GET", "/v1/sign-in", "", bearer(token)).problem(); !strings.Contains(p.Detail, "sign in again") {
		t.Errorf("after signing out: %+v", p)
	}
	// What is wrong does not show.
	l.must(201, "PUT", "users/dan", `{"full_name":"Dan","role":"user","login":false}`)
	want := l.must(401, "POST", "/v1/sign-in", `{"username":"alice","password":"wrong"}`, "Authorization: ").Body
	for _, body := range []string{`{"username":"nobody","password":"wrong"}`, `{"username":"dan","password":"wrong"}`, `{"tenant":"nowhere","username":"alice","password":"` + chosen + `"}`, `{"username":"!","password":""}`} {
		if got := l.must(401, "POST", "/v1/sign-in", body, "Authorization: "); got.Body != want {
			t.Errorf("%s: %s, not %s", body, got.Body, want)
		}
	}
	runWrong(t, l, []wrong{
		{name: "no password", path: "/v1/sign-in", body: `{"username":"alice"}`, status: 422, field: "password"},
		{name: "a long name", path: "/v1/sign-in", body: `{"username":"` + strings.Repeat("x", 41) + `","password":"` + canary + `"}`, status: 422, field: "username"},
		{name: "another field", path: "/v1/sign-in", body: `{"username":"a","password":"` + canary + `","role":"tenant-admin"}`, status: 422, field: "role"},
	})
	for range 20 {
		l.do("POST", "/v1/sign-in", `{"username":"alice","password":"wrong"}`, "Authorization: ")
	}
	r = l.must(429, "POST", "/v1/sign-in", `{"username":"alice","password":"`+chosen+`"}`, "Authorization: ")
	if p := r.problem(); p.Kind != "too-many" || r.Header.Get("Retry-After") != "60" {
		t.Errorf("%+v, Retry-After %q", p, r.Header.Get("Retry-After"))
	}
	if log := l.log.String(); strings.Contains(log, chosen) || strings.Contains(log, token) || strings.Contains(log, "nobody") {
		t.Error("the log has what was typed")
	}
}

// Ending a user's right to sign in ends the sessions.
func TestLoginOffEndsSessions(t *testing.T) {
	l := newLab(t)
	again := l.person("ann", "tenant-admin", "")
	for what, end := range map[string]func(){
		"login off": func() { l.must(200, "PATCH", "users/ann", `{"login":false}`) },
		"a reset":   func() { l.must(200, "POST", "users/ann/reset-password", "") },
	} {
		l.must(200, "PATCH", "users/ann", `{"login":true}`)
		token := again()
		l.must(200, "GET", "users", "", bearer(token))
		end()
		if status := l.do("GET", "users", "", bearer(token)).Status; status != 401 {
			t.Errorf("after %s: %d", what, status)
		}
		once := l.must(200, "POST", "users/ann/reset-password", "").text("password")
		l.must(200, "POST", "users/ann/password", fmt.Sprintf(`{"current":"%s","new":"%s"}`, once, chosen))
	}
	l.must(200, "PATCH", "users/ann", `{"login":true}`)
	token := again()
	l.must(200, "PATCH", "users/ann", `{"role":"operator"}`)
	l.must(403, "PUT", "extensions/101", `{"name":"Alice"}`, bearer(token)) // at once
	l.must(200, "PATCH", "users/ann", `{"role":"tenant-admin"}`)
	l.must(201, "PUT", "extensions/101", `{"name":"Alice"}`, bearer(token))
	if c := l.must(200, "GET", "/v1/changes?kind=extension", "").Body; !strings.Contains(c, `"actor":"user ann"`) {
		t.Errorf("the audit: %s", c)
	}
	l.must(200, "DELETE", "users/ann", "", bearer(token))
	l.must(401, "GET", "users", "", bearer(token))
}

func TestUserFieldsOfSignIn(t *testing.T) {
	l := newLab(t)
	put := func(fields string) wrong {
		return wrong{method: "PUT", path: "users/ada", body: `{"full_name":"Ada"` + fields + `}`, status: 422}
	}
	var table []wrong
	for field, bodies := range map[string][]string{
		"role":             {``, `,"role":""`, `,"role":"platform-admin"`, `,"role":"Operator"`, `,"role":7`},
		"second_step":      {`,"role":"user","second_step":"totp"`, `,"role":"user","second_step":7`, `,"role":"user","second_step":"email","personal_contact":"ada@example.org"`},
		"personal_contact": {`,"role":"user","personal_contact":"a@b@c"`},
	} {
		for _, b := range bodies {
			w := put(b)
			w.name, w.field = field+" in "+b, field
			table = append(table, w)
		}
	}
	runWrong(t, l, table)
}

// What a user sees and does: the own, and nothing else.
func TestUserDoesTheOwn(t *testing.T) {
	l := newLab(t)
	l.everybody()
	l.must(201, "PUT", "mailboxes/102", `{"name":"Bob","pin":"4711"}`)
	l.must(201, "PUT", "extensions/102", `{"name":"Bob","mailbox":"102"}`)
	l.must(201, "PUT", "devices/bob-desk", `{"extension":"102"}`)
	l.must(201, "PUT", "devices/desk", `{"shared":true}`)
	others := strings.Replace(aRecording, "_101_", "_102_", 1)
	l.record("default", others, 8000)
	l.recordedCall(others, "102")
	claims := strings.Replace(aRecording, "_100_", "_101_", 1) // a caller outside that claims to be 101
	l.record("default", strings.Replace(claims, "1795338632.8", "1795338632.9", 1), 8000)
	auth := bearer(l.signIn("alice", chosen))
	if e := l.must(200, "GET", "extensions/101", "", auth); !strings.Contains(e.Body, `"device":"alice-desk"`) {
		t.Errorf("the own extension: %s", e.Body)
	}
	l.must(200, "GET", "devices/alice-desk", "", auth)
	if r := l.must(200, "GET", "recordings", "", auth); !strings.Contains(r.Body, aRecording) ||
		strings.Contains(r.Body, others) || strings.Contains(r.Body, "_101_101_") {
		t.Errorf("the own recordings: %s", r.Body)
	}
	l.must(200, "GET", "recordings/"+aRecording, "", auth)
	before := l.must(200, "GET", "mailboxes/101", "", auth).Header.Get("ETag")
	if after := l.must(200, "PUT", "mailboxes/101/pin", `{"pin":"0815"}`, auth).Header.Get("ETag"); after == before {
		t.Error("the PIN was not changed")
	}
	l.must(422, "PUT", "mailboxes/101/pin", `{"pin":"abc"}`, auth)
	if u := l.must(200, "POST", "users/alice/desk", `{"device":"desk"}`, auth); u.text("desk") != "desk" {
		t.Errorf("at the desk: %s", u.Body)
	}
	l.must(200, "DELETE", "users/alice/desk", "", auth)
	for _, path := range []string{"extensions/102", "devices/bob-desk", "devices/desk", "mailboxes/102", "recordings/" + others, "users/bob", "extensions/none"} {
		if p := l.must(403, "GET", path, "", auth).problem(); p.Detail != "role user may do this with the own one only" {
			t.Errorf("%s: %s", path, p.Detail)
		}
	}
	l.must(403, "PUT", "mailboxes/102/pin", `{"pin":"0815"}`, auth)
	l.must(403, "PATCH", "extensions/101", `{"name":"Boss"}`, auth)
	l.must(403, "PATCH", "users/alice", `{"role":"tenant-admin"}`, auth)
	// A mailbox that two extensions share is nobody's own.
	l.applied("extensions/102", `{"name":"Bob","mailbox":"101"}`)
	l.must(403, "PUT", "mailboxes/101/pin", `{"pin":"1111"}`, auth)
}

// Who belongs to a tenant sees that tenant in every list.
func TestScopedLists(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "/v1/tenants/acme", `{}`)
	l.must(201, "PUT", "/v1/tenants/acme/extensions/101", `{"name":"Wile"}`)
	l.must(201, "PUT", "extensions/101", `{"name":"Alice"}`)
	auth := bearer(l.newToken(pbx.RoleTenantAdmin, "acme"))
	own := l.must(201, "POST", "/v1/tokens", `{"name":"phone book","role":"operator"}`, auth)
	if own.text("tenant") != "acme" || own.text("role") != "operator" {
		t.Errorf("token %s", own.Body)
	}
	for _, path := range []string{"/v1/changes", "/v1/changes?tenant=acme", "/v1/tokens", "/v1/resyncs"} {
		if r := l.must(200, "GET", path, "", auth); strings.Contains(r.Body, `"default"`) || strings.Contains(r.Body, `"name":"tester"`) || strings.Contains(r.Body, "Alice") {
			t.Errorf("%s: %s", path, r.Body)
		}
	}
	for _, path := range []string{"/v1/changes", "/v1/tokens", "/v1/resyncs", "/v1/events"} {
		there := l.must(404, "GET", path+"?tenant=default", "", auth).Body
		if nowhere := l.must(404, "GET", path+"?tenant=nobody", "", auth).Body; strings.ReplaceAll(there, "default", "nobody") != nowhere {
			t.Errorf("%s: %s, %s", path, there, nowhere)
		}
	}
	for body, field := range map[string]string{`{"name":"x","tenant":"default"}`: "tenant", `{"name":"x","tenant":"nobody"}`: "tenant", `{"name":"x","role":"platform-admin"}`: "role", `{"name":"x","role":"user"}`: "role"} {
		if p := l.must(422, "POST", "/v1/tokens", body, auth).problem(); p.Field != field {
			t.Errorf("%s: %+v", body, p)
		}
	}
	for _, id := range []string{"nothing", l.tokenID("tester")} {
		if p := l.must(404, "DELETE", "/v1/tokens/"+id, "", auth).problem(); p.Detail != "token "+id+" does not exist" {
			t.Errorf("%+v", p)
		}
	}
	l.must(204, "DELETE", "/v1/tokens/"+own.text("id"), "", auth)
	l.must(401, "GET", "/v1/sign-in", "", bearer(own.text("token")))
}

func (l *lab) tokenID(name string) string {
	l.t.Helper()
	tokens, err := l.ctl.SignIn.Tokens(l.t.Context(), db.Reach{})
	if err != nil {
		l.t.Fatal(err)
	}
	for _, t := range tokens {
		if t.Name == name {
			return t.ID
		}
	}
	l.t.Fatalf("there is no token %s", name)
	return ""
}

func TestTokenFields(t *testing.T) {
	l := newLab(t)
	runWrong(t, l, []wrong{
		{name: "no tenant", path: "/v1/tokens", body: `{"name":"x","role":"operator"}`, status: 422, field: "tenant"},
		{name: "no such tenant", path: "/v1/tokens", body: `{"name":"x","tenant":"nobody"}`, status: 422, field: "tenant"},
		{name: "a tenant too many", path: "/v1/tokens", body: `{"name":"x","tenant":"default","role":"platform-admin"}`, status: 422, field: "role"},
		{name: "expired at the year 1", path: "/v1/tokens", body: `{"name":"x","expires":"0001-01-01T00:00:00Z"}`, status: 422, field: "expires"},
		{name: "expired", path: "/v1/tokens", body: `{"name":"x","expires":"2020-01-01T00:00:00Z"}`, status: 422, field: "expires"},
	})
	if r := l.must(201, "POST", "/v1/tokens", `{"name":"x"}`); r.text("role") != "platform-admin" {
		t.Errorf("by default: %s", r.Body)
	}
	if r := l.must(201, "POST", "/v1/tokens", `{"name":"x","tenant":"default","expires":"2126-01-01T00:00:00Z"}`); r.text("role") != "tenant-admin" || r.text("expires") != "2126-01-01T00:00:00Z" {
		t.Errorf("of a tenant: %s", r.Body)
	}
}

// streamOf is stream for another caller; the first line of it is awaited.
func (l *lab) streamOf(token string) (lines <-chan string) {
	l.t.Helper()
	ctx, cancel := context.WithCancel(l.t.Context())
	l.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", l.url+"/v1/events", nil)
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := noRedirect.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	text := bufio.NewScanner(res.Body)
	text.Scan()
	out := make(chan string, 10_000)
	go func() {
		defer close(out)
		defer res.Body.Close()
		for text.Scan() {
			out <- text.Text()
		}
	}()
	return out
}

func TestEventsOfOneTenant(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "/v1/tenants/acme", `{}`)
	l.applied("/v1/tenants/acme/devices/w", `{}`)
	theirs := l.must(200, "GET", "/v1/tenants/acme/devices/w", "").text("endpoint")
	ours := l.applied("devices/a", `{}`).text("endpoint")
	l.applied("phones/001565aabbcc", `{"vendor":"yealink","model":"T46U"}`)
	l.applied("/v1/tenants/acme/phones/001565aabbdd", `{"vendor":"yealink","model":"T46U"}`)
	events := l.streamOf(l.newToken(pbx.RoleOperator, "acme"))
	for _, mac := range []pbx.MAC{"001565aabbcc", "001565aabbdd"} {
		l.ctl.Fleet.Record(pbx.PhoneFetch{MAC: mac, File: string(mac) + ".cfg", Status: 200, At: time.Now()})
	}
	for _, endpoint := range []string{ours, theirs} {
		l.asterisk.Send("ContactStatus", "AOR", endpoint, "EndpointName", endpoint, "URI", "sip:x@192.0.2.7:5062", "ContactStatus", "Reachable", "RoundtripUsec", "2000")
	}
	var seen []string
	for line := range events {
		seen = append(seen, line)
		if all := strings.Join(seen, " "); strings.Contains(all, theirs) && strings.Contains(all, "001565aabbdd.cfg") {
			break
		}
	}
	if slices.ContainsFunc(seen, func(s string) bool {
		return strings.Contains(s, ours) || strings.Contains(s, "001565aabbcc") || s == "event: apply"
	}) {
		t.Errorf("the stream of acme: %q", seen)
	}
}

// A stream ends with the session or token that opened it, long before the next heartbeat.
// Changes that end nobody's right leave it open.
func TestStreamEndsWithItsSession(t *testing.T) {
	l := newLab(t)
	again := l.person("otto", "operator", "")
	boss := l.person("bea", "tenant-admin", "")
	token := func() string {
		return l.must(201, "POST", "/v1/tokens", `{"name":"of bea","role":"operator"}`, bearer(boss())).text("token")
	}
	for _, c := range []struct {
		what  string
		token string
		end   func(token string)
	}{
		{"signing out", again(), func(token string) { l.must(204, "DELETE", "/v1/sign-in", "", bearer(token)) }},
		{"revoking", l.newToken(pbx.RoleOperator, "default"), func(string) { l.must(204, "DELETE", "/v1/tokens/"+l.tokenID("operator"), "") }},
		{"another password", again(), func(string) { l.must(200, "POST", "users/otto/reset-password", "") }},
		{"another role", l.person("ole", "operator", "")(), func(string) { l.must(200, "PATCH", "users/ole", `{"role":"user"}`) }},
		{"deleting the user", l.person("ida", "operator", "")(), func(string) { l.must(200, "DELETE", "users/ida", "") }},
		{"deleting the user behind a token", token(), func(string) { l.must(200, "DELETE", "users/bea", "") }},
	} {
		events := l.streamOf(c.token)
		l.must(201, "PUT", "users/nobody", `{"full_name":"Nobody","role":"user"}`)
		l.must(200, "DELETE", "users/nobody", "")
		c.end(c.token)
		l.until("for the end of the stream after "+c.what, func() bool {
			select {
			case _, open := <-events:
				return !open
			default:
				return false
			}
		})
	}
}
