package api

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner"
)

// What a client can get wrong around the body.
func TestRequestThatIsWrong(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "extensions", `{"number":"101","name":"Anna"}`)
	put := `{"name":"Bert"}`
	no := []string{"Authorization: "}
	runWrong(t, l, []wrong{
		{name: "no token", method: "GET", path: "extensions", headers: no, status: 401, detail: "a token is needed"},
		{name: "no token in a write", method: "PUT", path: "extensions/101", body: put, headers: no, status: 401, detail: "a token is needed"},
		{name: "no token for events", method: "GET", path: "/v1/events", headers: no, status: 401, detail: "a token is needed"},
		{name: "no token for health", method: "GET", path: "/v1/health", headers: no, status: 401, detail: "a token is needed"},
		{name: "garbage token", method: "GET", path: "extensions", headers: []string{"Authorization: Bearer " + canary}, status: 401, detail: "unknown or revoked"},
		{name: "other scheme", method: "GET", path: "extensions", headers: []string{"Authorization: Basic YTpi"}, status: 401, detail: "a token is needed"},
		{name: "unknown path", method: "GET", path: "/v1/nothing", status: 404, detail: "there is nothing at /v1/nothing"},
		{name: "unknown path of a tenant", method: "GET", path: "nothing", status: 404, detail: "/docs/api lists"},
		{name: "unknown method", method: "POST", path: "extensions/101", body: put, status: 405, detail: "POST is not possible here"},
		{name: "unknown method of a list", method: "DELETE", path: "extensions", status: 405, detail: "DELETE is not possible here"},
		{name: "newline in the key", method: "PUT", path: "extensions/10%0a1", body: put, status: 422, field: "number", detail: "is not an extension number"},
		{name: "slash in the key", method: "PUT", path: "extensions/10%2f1", body: put, status: 422, field: "number", detail: `"10/1" is not an extension number`},
		{name: "unicode in the key", method: "PUT", path: "extensions/%C3%BC", body: put, status: 422, field: "number", detail: `"ü"`},
		{name: "bad UTF-8 in the key", method: "PUT", path: "extensions/%ff", body: put, status: 422, field: "number"},
		{name: "reserved number", method: "PUT", path: "extensions/fax", body: put, status: 422, field: "number", detail: "meaning of its own"},
		{name: "long key", method: "GET", path: "extensions/" + strings.Repeat("1", 400), status: 422, field: "number", detail: "1…"},
		{name: "device name", method: "PUT", path: "devices/Anna", body: `{}`, status: 422, field: "name", detail: "lower-case"},
		{name: "unknown parameter", method: "GET", path: "extensions?foo=1", status: 422, field: "foo", detail: "foo is not a parameter"},
		{name: "unknown parameter in a write", method: "PUT", path: "extensions/101?dry_run=1", body: put, status: 422, field: "dry_run"},
		{name: "limit 0", method: "GET", path: "extensions?limit=0", status: 422, field: "limit", detail: "limit must be at least 1"},
		{name: "limit beyond", method: "GET", path: "extensions?limit=1001", status: 422, field: "limit", detail: "limit must be at most 1000"},
		{name: "limit in letters", method: "GET", path: "extensions?limit=x", status: 422, field: "limit", detail: "limit must be a whole number"},
		{name: "bad cursor", method: "GET", path: "extensions?after=%0a", status: 422, field: "after"},
		{name: "long search", method: "GET", path: "extensions?contains=" + strings.Repeat("a", 61), status: 422, field: "contains", detail: "at most 60"},
		{name: "kind of changes", method: "GET", path: "/v1/changes?kind=foo", status: 422, field: "kind", detail: "must be one of"},
		{name: "tenant of a list", method: "GET", path: "/v1/tenants/nope/extensions", status: 404, detail: "tenant nope does not exist"},
		{name: "tenant of phones", method: "GET", path: "/v1/tenants/nope/phones", status: 404, detail: "tenant nope does not exist"},
		{name: "tenant of a status", method: "GET", path: "/v1/tenants/nope/status", status: 404, detail: "does not exist"},
		{name: "tenant of a get", method: "GET", path: "/v1/tenants/nope/extensions/101", status: 404, detail: "tenant nope does not exist"},
		{name: "tenant of a put", method: "PUT", path: "/v1/tenants/nope/extensions/101", body: put, status: 404, detail: "tenant nope does not exist"},
		{name: "tenant of a post", path: "/v1/tenants/nope/devices", body: `{"name":"x"}`, status: 404, detail: "tenant nope does not exist"},
		{name: "tenant of a delete", method: "DELETE", path: "/v1/tenants/nope/extensions/101", status: 404, detail: "tenant nope does not exist"},
		{name: "no such extension", method: "GET", path: "extensions/999", status: 404, detail: "extension 999 does not exist in tenant default"},
		{name: "no such phone to enrol", path: "phones/001565aabbcc/enrol", status: 404, detail: "does not exist"},
		{name: "no such phone to list", method: "GET", path: "phones/001565aabbcc/fetches", status: 404, detail: "does not exist"},
		{name: "no such token", method: "DELETE", path: "/v1/tokens/nope", status: 404, detail: "token nope does not exist"},
	})
}

func TestUnauthorizedSaysHow(t *testing.T) {
	l := newLab(t)
	r := l.must(401, "GET", "extensions", "", "Authorization: Bearer nonsense")
	if got := r.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer ") {
		t.Errorf("WWW-Authenticate is %q", got)
	}
	l.must(200, "GET", "extensions", "", "Authorization: bearer "+l.token)
}

func TestEscapedKeysAreTheSameKeys(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/%31%301", `{"name":"Anna"}`)
	if got := l.must(200, "GET", "extensions/101", "").text("number"); got != "101" {
		t.Errorf("the number is %q", got)
	}
	l.must(201, "PUT", "phones/00%3A15%3A65%3Aaa%3Abb%3Acc", `{"vendor":"yealink","model":"T46U"}`)
	l.must(200, "GET", "phones/001565AABBCC", "")
	l.must(200, "GET", "/v1/tenants/%64efault/status", "")
}

func TestHeadAndOptions(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/101", `{"name":"Anna"}`)
	get, head := l.must(200, "GET", "extensions/101", ""), l.must(200, "HEAD", "extensions/101", "")
	if head.Body != "" || head.Header.Get("ETag") != get.Header.Get("ETag") || head.Header.Get("Content-Type") != "application/json" {
		t.Errorf("HEAD: %q, ETag %q and %q", head.Body, head.Header.Get("ETag"), get.Header.Get("ETag"))
	}
	l.must(404, "HEAD", "extensions/999", "")
	l.must(401, "HEAD", "extensions/101", "", "Authorization: ")
	l.must(405, "HEAD", "/v1/events", "")
	r := l.must(204, "OPTIONS", "extensions/101", "", "Authorization: ")
	for _, m := range []string{"GET", "PUT", "PATCH", "DELETE"} {
		if !strings.Contains(r.Header.Get("Allow"), m) {
			t.Errorf("Allow is %q, without %s", r.Header.Get("Allow"), m)
		}
	}
	if got := l.must(405, "POST", "extensions/101", "{}").Header.Get("Allow"); !strings.Contains(got, "PATCH") {
		t.Errorf("a 405 allows %q", got)
	}
}

func TestPanicShowsNothing(t *testing.T) {
	log := &safeBuffer{}
	l := newLab(t, func(s *http.Server) {
		// An API over a controller without a database: whatever it is asked panics.
		s.Handler = New(Options{Controller: &provisioner.Controller{}, Metrics: http.NotFoundHandler(), Logger: slog.New(slog.NewTextHandler(log, nil))})
	})
	p := l.must(500, "GET", "extensions", "").problem()
	if p.Kind != "internal" || strings.Contains(p.Detail, "nil pointer") {
		t.Errorf("the problem is %+v", p)
	}
	if !strings.Contains(log.String(), "panic in GET") || !strings.Contains(log.String(), "goroutine") {
		t.Errorf("the log has no stack: %s", log)
	}
}
