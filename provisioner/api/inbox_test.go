package api

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ask lets an unknown phone ask for a file.
func (l *lab) ask(mac, agent string) {
	l.ctl.Fleet.RecordUnknown(pbx.PhoneFetch{MAC: pbx.MAC(mac), File: mac + ".cfg", Status: 404, Address: netip.MustParseAddr("192.0.2.7"), UserAgent: agent, At: time.Now()})
}

const (
	yealinkAgent = "Yealink SIP-T46U 108.86.0.90 00:15:65:aa:bb:cc"
	polycomAgent = "FileTransport PolycomVVX-VVX_450-UA/6.4.6.2453 Type/Application"
)

func TestInboxListsAndForgets(t *testing.T) {
	l := newLab(t)
	if r := l.must(200, "GET", "/v1/inbox", ""); !strings.Contains(r.Body, `"items":[]`) {
		t.Errorf("empty: %s", r.Body)
	}
	l.ask("001565aabbcc", yealinkAgent)
	l.ask("64167f000001", polycomAgent)
	l.ask("64167f000001", polycomAgent)
	r := l.must(200, "GET", "/v1/inbox", "")
	for _, want := range []string{`"mac":"64:16:7f:00:00:01","vendor":"polycom","model":"VVX450","firmware":"6.4.6.2453","address":"192.0.2.7"`, `"count":2`, `"mac":"00:15:65:aa:bb:cc","vendor":"yealink","model":"T46U"`} {
		if !strings.Contains(r.Body, want) {
			t.Errorf("no %s in %s", want, r.Body)
		}
	}
	if strings.Index(r.Body, "64:16") > strings.Index(r.Body, "00:15") {
		t.Error("not the last seen first")
	}
	l.must(200, "DELETE", "/v1/inbox/00-15-65-AA-BB-CC", "")
	if p := l.must(404, "DELETE", "/v1/inbox/001565aabbcc", "").problem(); p.Kind != "not-found" {
		t.Errorf("%+v", p)
	}
	if p := l.must(422, "DELETE", "/v1/inbox/nonsense", "").problem(); p.Field != "mac" {
		t.Errorf("%+v", p)
	}
	if r := l.must(200, "GET", "/v1/inbox", ""); strings.Contains(r.Body, "00:15") || !strings.Contains(r.Body, "64:16") {
		t.Errorf("after forgetting: %s", r.Body)
	}
}

func TestAdopt(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "devices/desk", `{}`)
	l.ask("001565aabbcc", yealinkAgent)
	r := l.must(201, "POST", "/v1/inbox/00:15:65:aa:bb:cc/adopt", `{"tenant":"default","lines":[{"registration":1,"device":"desk"}]}`)
	if r.text("vendor") != "yealink" || r.text("model") != "T46U" || r.text("mac") != "00:15:65:aa:bb:cc" || !strings.HasPrefix(r.text("provisioning_url"), "http://192.0.2.1:8081/p/") ||
		r.Header.Get("Location") != "/v1/tenants/default/phones/001565aabbcc" {
		t.Errorf("%v %s", r.Header, r.Body)
	}
	if until, err := time.Parse(time.RFC3339, r.text("enrol_until")); err != nil || time.Until(until) < 23*time.Hour {
		t.Errorf("the window ends %v", until)
	}
	l.must(404, "POST", "/v1/inbox/00:15:65:aa:bb:cc/adopt", `{"tenant":"default"}`)
	l.until("for the phone to be known", func() bool { return l.ctl.Snapshot().Phone("001565aabbcc") != nil })
	l.ask("001565aabbcc", yealinkAgent) // its User-Agent beside a path without MAC
	if r := l.must(200, "GET", "/v1/inbox", ""); !strings.Contains(r.Body, `"items":[]`) {
		t.Errorf("an adopted phone is in the inbox: %s", r.Body)
	}
}

func TestAdoptNeedsAMakeAndATenant(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "/v1/tenants/acme", `{}`)
	l.must(201, "PUT", "/v1/tenants/acme/devices/theirs", `{}`)
	l.ask("020000000001", "curl/8")
	l.ask("001565aabbcc", yealinkAgent)
	l.ask("001565000001", "Yealink SIP-T99X 1.2.3.4")
	for _, w := range []wrong{
		{name: "no make", path: "/v1/inbox/020000000001/adopt", body: `{"tenant":"default"}`, status: 422, field: "vendor"},
		{name: "no model", path: "/v1/inbox/020000000001/adopt", body: `{"tenant":"default","vendor":"yealink"}`, status: 422, field: "model"},
		{name: "model of another make", path: "/v1/inbox/001565aabbcc/adopt", body: `{"tenant":"default","vendor":"polycom"}`, status: 422, field: "model"},
		{name: "unknown model", path: "/v1/inbox/001565000001/adopt", body: `{"tenant":"default"}`, status: 422, field: "model"},
		{name: "no tenant", path: "/v1/inbox/001565aabbcc/adopt", body: `{}`, status: 422, field: "tenant"},
		{name: "missing tenant", path: "/v1/inbox/001565aabbcc/adopt", body: `{"tenant":"nobody"}`, status: 422, field: "tenant", detail: "does not exist"},
		{name: "another tenant's device", path: "/v1/inbox/001565aabbcc/adopt", body: `{"tenant":"default","lines":[{"registration":1,"device":"theirs"}]}`, status: 422, field: "lines[0].device"},
		{name: "never seen", path: "/v1/inbox/001565ffffff/adopt", body: `{"tenant":"default"}`, status: 404},
	} {
		t.Run(w.name, func(t *testing.T) { w.check(t, l) })
	}
	l.must(201, "POST", "/v1/inbox/001565000001/adopt", `{"tenant":"acme","model":"T46U"}`)
}
