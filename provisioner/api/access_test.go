package api

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

var update = flag.Bool("update", false, "rewrite testdata/access.txt from the declarations")

// permission is one operation of the document.
type permission struct {
	id, method, path string
	roles            []string
}

// permissions reads role × operation from the document, by path.
func (l *lab) permissions() (out []permission) {
	l.t.Helper()
	d, _ := l.document()
	for path, ops := range d.Paths {
		for method, op := range ops {
			out = append(out, permission{op.OperationID, strings.ToUpper(method), path, op.Roles})
		}
	}
	slices.SortFunc(out, func(a, b permission) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return out
}

// The whole table, for who reviews it.
func TestAccessTable(t *testing.T) {
	l := newLab(t)
	var b strings.Builder
	for _, p := range l.permissions() {
		if p.roles == nil {
			t.Errorf("the document does not say who may use %s", p.id)
		}
		who := strings.Join(p.roles, ", ")
		if who == "" {
			who = "everybody"
		}
		fmt.Fprintf(&b, "%-6s %-62s %s\n", p.method, p.path, who)
	}
	golden := filepath.Join("testdata", "access.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("who may do what has changed (-update accepts it):\n%s", diff)
	}
}

// asked is somebody who tries everything.
type asked struct {
	name, role, tenant string
	extension          string // of a user; "" has nothing of its own
	token              func() string
}

// fixed is for a token that does not end.
func fixed(text string) func() string { return func() string { return text } }

func (l *lab) newToken(role pbx.Role, tenant string) string {
	l.t.Helper()
	_, text, err := l.ctl.SignIn.CreateToken(l.t.Context(), &signin.Caller{},
		signin.TokenOrder{Name: string(role), Role: role, Tenant: tenant})
	if err != nil {
		l.t.Fatal(err)
	}
	return text.Reveal()
}

const chosen = "chosen by nobody else"

// person makes a user with a password and returns how to sign in.
func (l *lab) person(username, role, extension string) func() string {
	l.t.Helper()
	l.must(201, "PUT", "users/"+username, fmt.Sprintf(`{"full_name":"%s","role":"%s","extension":"%s"}`, username, role, extension))
	once := l.must(200, "POST", "users/"+username+"/reset-password", "").text("password")
	l.must(200, "POST", "users/"+username+"/password", fmt.Sprintf(`{"current":"%s","new":"%s"}`, once, chosen))
	return func() string { return l.signIn(username, chosen) }
}

func (l *lab) signIn(username, password string) string {
	l.t.Helper()
	return l.must(200, "POST", "/v1/sign-in", fmt.Sprintf(`{"username":"%s","password":"%s"}`, username, password), "Authorization: ").text("token")
}

// head sends a request and returns status and, unless it is a stream, body.
func (l *lab) head(token, method, path string) (int, string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 20*time.Second)
	defer cancel()
	var body io.Reader
	if method != "GET" && method != "DELETE" {
		body = strings.NewReader(`{}`)
	}
	req, err := http.NewRequestWithContext(ctx, method, l.url+path, body)
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := noRedirect.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get("Content-Type") == "text/event-stream" {
		return res.StatusCode, ""
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// own are alice's objects by the collection they are in; absent keys are nobody's.
var own = map[string]string{"users": "alice", "extensions": "101", "devices": "alice-desk", "mailboxes": "101",
	"forwards": "101", "recordings": aRecording, "messages": aMessage}

// fill puts a tenant and a key into the path of an operation.
func (p permission) fill(tenant string, keys map[string]string) string {
	path := p.path
	if rest, ok := strings.CutPrefix(path, "/v1/tenants/{"); ok {
		name, _, _ := strings.Cut(rest, "}")
		path = strings.Replace(path, "{"+name+"}", tenant, 1)
	}
	return regexp.MustCompile(`(\w[\w-]*)/{\w+}`).ReplaceAllStringFunc(path, func(s string) string {
		collection, param, _ := strings.Cut(s, "/")
		key := keys[collection]
		if key == "" {
			key = map[string]string{"{mac}": "00156500ffff"}[param]
		}
		if key == "" {
			key = "999"
		}
		return collection + "/" + key
	})
}

func (l *lab) everybody() []asked {
	l.must(201, "PUT", "/v1/tenants/acme", `{}`)
	l.must(201, "PUT", "mailboxes/101", `{"name":"Alice","pin":"4711"}`)
	l.must(201, "PUT", "extensions/101", `{"name":"Alice","mailbox":"101"}`)
	l.must(201, "PUT", "devices/alice-desk", `{"extension":"101"}`)
	l.record("default", aRecording, 8000)
	l.recordedCall(aRecording, "101")
	l.message("101", "INBOX", 0, aMessage, `"Bob" <102>`)
	who := []asked{{"a platform token", "platform-admin", "", "", fixed(l.token)}}
	for _, role := range []pbx.Role{pbx.RoleTenantAdmin, pbx.RoleOperator} {
		who = append(who, asked{"a token of a " + string(role), string(role), "default", "", fixed(l.newToken(role, "default"))})
	}
	for username, role := range map[string]string{"ann": "tenant-admin", "otto": "operator"} {
		who = append(who, asked{"user " + username, role, "default", "", l.person(username, role, "")})
	}
	who = append(who, asked{"user alice", "user", "default", "101", l.person("alice", "user", "101")})
	l.until("for the snapshot", func() bool {
		return l.ctl.Snapshot().Device("default", "alice-desk") != nil && l.ctl.Snapshot().UserOf("default", "101") != nil
	})
	return who
}

// narrowed are the lists of which users see their own part.
var narrowed = map[string]bool{"list-recordings": true, "list-cdrs": true, "export-cdrs": true}

// Everybody tries every operation of the document, on what is within reach, on
// what is not the own one, on another tenant, and on one that does not exist.
func TestEveryRoleTriesEverything(t *testing.T) {
	l := newLab(t)
	for _, who := range l.everybody() {
		token := who.token()
		for _, p := range l.permissions() {
			at := fmt.Sprintf("%s: %s %s", who.name, p.method, p.path)
			may := len(p.roles) == 0 || slices.Contains(p.roles, who.role)
			mayOwn := who.extension != "" && slices.Contains(p.roles, who.role+" (own)")
			if status, _ := l.head("", p.method, p.fill("default", nil)); len(p.roles) > 0 && status != 401 {
				t.Errorf("%s %s without a token: %d", p.method, p.path, status)
			}
			before := l.revision()
			status, body := l.head(token, p.method, p.fill("default", nil))
			switch {
			case narrowed[p.id] && mayOwn: // of which only the own ones are listed
			case may && strings.Contains(body, "claim_numbers"): // which the tenant does not have
			case may == (status == 403), !may && !strings.Contains(body, `"kind":"forbidden"`), !may && l.revision() != before:
				t.Errorf("%s: %d %s, may: %v", at, status, body, may)
			}
			if who.tenant != "" && strings.Contains(p.path, "/v1/tenants/{") {
				l.checkOtherTenants(t, at, token, p)
			}
			if mayOwn {
				if status, body := l.head(token, p.method, p.fill("default", own)); status == 403 || status == 401 {
					t.Errorf("%s, the own one: %d %s", at, status, body)
				}
			}
			if p.id == "end-session" {
				token = who.token()
			}
		}
	}
}

// checkOtherTenants demands one answer for a tenant that exists and one that does
// not, whatever the key.
func (l *lab) checkOtherTenants(t *testing.T, at, token string, p permission) {
	t.Helper()
	before := l.revision()
	there, theirs := l.head(token, p.method, p.fill("acme", own))
	nowhere, nobodys := l.head(token, p.method, p.fill("nobody", nil))
	if there != nowhere || there != 403 && there != 404 || strings.ReplaceAll(theirs, "acme", "nobody") != nobodys {
		t.Errorf("%s: %d %s for another tenant, %d %s for none", at, there, theirs, nowhere, nobodys)
	}
	if l.revision() != before {
		t.Errorf("%s: it changed something", at)
	}
}

// Nothing works before a password was chosen.
func TestOneTimePasswordOpensNothingElse(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "users/ann", `{"full_name":"Ann","role":"tenant-admin"}`)
	once := l.must(200, "POST", "users/ann/reset-password", "").text("password")
	token := l.signIn("ann", once)
	works := []string{"begin-session", "confirm-session", "get-session", "change-password",
		"take-callback", "reseller-take-callback"} // those need no token
	for _, p := range l.permissions() {
		if p.id == "end-session" {
			continue
		}
		status, body := l.head(token, p.method, p.fill("default", map[string]string{"users": "ann"}))
		if slices.Contains(works, p.id) == (status == 403) {
			t.Errorf("%s: %d %s", p.id, status, body)
		}
	}
	auth := "Authorization: Bearer " + token
	if !l.must(200, "GET", "/v1/sign-in", "", auth).json()["must_change_password"].(bool) {
		t.Error("the session does not say that a password must be chosen")
	}
	l.must(403, "POST", "users/bob/password", `{"current":"x","new":"0123456789"}`, auth)
	l.must(200, "POST", "users/ann/password", fmt.Sprintf(`{"current":"%s","new":"%s"}`, once, chosen), auth)
	l.must(200, "GET", "users", "", auth)
}

// Who can do nothing cannot be forgotten.
func TestAnOperationNeedsAWord(t *testing.T) {
	op := func(path string) huma.Operation {
		return huma.Operation{Method: "GET", Path: path, OperationID: "new"}
	}
	handler := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	for what, c := range map[string]struct {
		register func(*api)
		panics   bool
	}{
		"no word":                   {func(a *api) { declare(a, access{}, op("/v1/tenants/{tenant}/x"), handler) }, true},
		"past declare":              {func(a *api) { huma.Register(a.hu, op("/v1/tenants/{tenant}/x"), handler) }, true},
		"a tenant's without tenant": {func(a *api) { declare(a, operators, op("/v1/x"), handler) }, true},
		"a kind without words":      {func(a *api) { declare(a, kindAccess{}.list, op("/v1/tenants/{tenant}/x"), handler) }, true},
		"the platform's":            {func(a *api) { declare(a, platformAdmins, op("/v1/x"), handler) }, false},
		"about no tenant":           {func(a *api) { declare(a, operators.aboutNoTenant(), op("/v1/x"), handler) }, false},
		"of a tenant":               {func(a *api) { declare(a, operators, op("/v1/tenants/{tenant}/x"), handler) }, false},
	} {
		t.Run(what, func(t *testing.T) {
			a := newAPI(Options{Controller: newLab(t).ctl, Metrics: http.NotFoundHandler()})
			defer func() {
				if r := recover(); (r != nil) != c.panics {
					t.Errorf("panic: %v", r)
				}
			}()
			c.register(a)
			a.checkDeclared()
		})
	}
}
