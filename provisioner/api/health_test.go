package api

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

func TestHealth(t *testing.T) {
	l := newLab(t)
	l.applied("extensions/101", `{"name":"Anna"}`)
	h := l.must(200, "GET", "/v1/health", "").json()
	asterisk, apply := h["asterisk"].(map[string]any), h["apply"].(map[string]any)
	if h["status"] != "ok" || h["version"] != "test" || asterisk["connected"] != true || apply["applied"] != h["revision"] || len(h["drift"].([]any)) != 0 {
		t.Errorf("health is %v", h)
	}
	l.noCalls.Store(true)
	if h := l.do("GET", "/v1/health", ""); h.text("status") != "degraded" || h.json()["call_control"].(map[string]any)["connected"] != false {
		t.Errorf("while calls follow the fallback: %v", h.json())
	}
	l.noCalls.Store(false)
	l.asterisk.Away()
	l.until("for the loss to show", func() bool { return l.do("GET", "/v1/health", "").text("status") == "degraded" })
	asterisk = l.must(200, "GET", "/v1/health", "").json()["asterisk"].(map[string]any)
	if asterisk["connected"] != false || asterisk["away_since"] == nil {
		t.Errorf("while away: %v", asterisk)
	}
	l.must(200, "GET", "/healthz", "", "Authorization: ")
	l.must(200, "GET", "extensions/101", "")
	l.asterisk.Back()
	l.until("for the return", func() bool { return l.do("GET", "/v1/health", "").text("status") == "ok" })
}

// A trunk shows what is observed of it, and health names the trunk of each tenant that is in
// trouble.
func TestTrunkStateShows(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "/v1/tenants", `{"name":"acme"}`)
	made := l.must(201, "POST", "/v1/tenants/acme/trunks", `{"name":"carrier","host":"192.0.2.99","username":"dialtone",`+
		`"secret":"trunk-pass","register":true,"qualify_seconds":0}`)
	word := atomic.Value{}
	word.Store("Registered")
	l.asterisk.Handle("PJSIPShowRegistrationsOutbound", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "OutboundRegistrationDetail", "OutboundRegistrationDetailComplete",
			[]string{"ObjectName", made.text("endpoint"), "Status", word.Load().(string)})
	})
	shows := func(want string) {
		t.Helper()
		l.asterisk.Send("Registry")
		l.until("for "+want, func() bool {
			r := l.must(200, "GET", "/v1/tenants/acme/trunks/carrier", "")
			return r.text("status.registration")+" "+r.text("status.reach") == want
		})
	}
	shows("registered not-asked")
	if h := l.must(200, "GET", "/v1/health", "").json(); h["trunks"] != nil {
		t.Errorf("health names %v", h["trunks"])
	}
	word.Store("Rejected")
	shows("rejected not-asked")
	h := l.must(200, "GET", "/v1/health", "").json()
	list, _ := h["trunks"].([]any)
	if len(list) != 1 || h["status"] != "degraded" {
		t.Fatalf("health is %v", h)
	}
	if d := list[0].(map[string]any); d["tenant"] != "acme" || d["trunk"] != "carrier" || d["reason"] == "" {
		t.Errorf("health names %v", d)
	}
	l.asterisk.Away()
	l.until("for staleness", func() bool {
		return strings.Contains(l.must(200, "GET", "/v1/tenants/acme/trunks", "").Body, `"stale":true`)
	})
}

func TestHealthShowsHandEdits(t *testing.T) {
	l := newLab(t)
	l.applied("extensions/101", `{"name":"Anna"}`)
	file := filepath.Join(l.config, "pjsip.conf")
	if err := os.WriteFile(file, []byte("; mine\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	l.applied("devices/a", `{"extension":"101"}`)
	r := l.must(200, "GET", "/v1/health", "").json()
	list := r["drift"].([]any)
	if len(list) != 1 || r["status"] != "ok" {
		t.Fatalf("drift is %v, status %v", list, r["status"])
	}
	d := list[0].(map[string]any)
	kept, err := os.ReadFile(d["kept"].(string))
	if err != nil || string(kept) != "; mine\n" || d["file"] != "pjsip.conf" || d["at"] == "" {
		t.Errorf("drift %v, kept %q, %v", d, kept, err)
	}
	if now, _ := os.ReadFile(file); !strings.Contains(string(now), "Do not edit") {
		t.Errorf("the file is now %q", now)
	}
}

func TestPreferWait(t *testing.T) {
	l := newLab(t)
	r := l.must(201, "PUT", "extensions/101", `{"name":"Anna"}`, "Prefer: respond-async, wait=10")
	if r.text("apply.state") != "applied" || r.text("apply.error") != "" || r.Header.Get("Preference-Applied") != "wait" {
		t.Errorf("answer %s, Preference-Applied %q", r.Body, r.Header.Get("Preference-Applied"))
	}
	if r := l.must(200, "DELETE", "extensions/101", "", `Prefer: wait="10"`); r.text("apply.state") != "applied" || r.Header.Get("Preference-Applied") != "wait" {
		t.Errorf("delete answers %s", r.Body)
	}
	for _, odd := range []string{"wait=-1", "wait=x", "wait", "handling=strict", ""} {
		if r := l.must(200, "PATCH", "/v1/tenants/default", `{}`, "Prefer: "+odd); r.Header.Get("Preference-Applied") != "" {
			t.Errorf("Prefer: %s was applied", odd)
		}
	}
	l.asterisk.Away()
	l.until("for the loss", func() bool { up, _ := l.ctl.Connected(); return !up })
	r = l.must(201, "PUT", "extensions/102", `{"name":"Bert"}`, "Prefer: wait=1")
	if r.text("apply.state") != "pending" || !strings.Contains(r.text("apply.error"), "Asterisk is not connected") {
		t.Errorf("while Asterisk is away: %s", r.Body)
	}
	l.asterisk.Back()
	l.until("for the return", func() bool { return l.do("GET", "extensions/102", "").text("apply.state") == "applied" })
}

func TestPreferWaitTellsWhyItFailed(t *testing.T) {
	l := newLab(t)
	l.applied("extensions/101", `{"name":"Anna"}`)
	l.asterisk.Handle("PJSIPShowEndpoint", func(c *amitest.Conn, a amitest.Action) { c.ReplyError(a, "Permission denied") })
	r := l.must(201, "PUT", "devices/a", `{"extension":"101"}`, "Prefer: wait=10")
	if r.text("apply.state") != "failed" || !strings.Contains(r.text("apply.error"), "pjsip.conf") {
		t.Errorf("answer %s", r.Body)
	}
	if got := l.do("GET", "/v1/health", "").text("status"); got != "degraded" {
		t.Errorf("health is %s", got)
	}
	if r := l.do("GET", "/v1/changes?limit=1", ""); !strings.Contains(r.Body, `"state":"failed"`) {
		t.Errorf("the change does not tell: %s", r.Body)
	}
}
