package api

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// fleetAnswers tries the operations about phones that are no row; a phone with a
// line exists.
func (l *lab) fleetAnswers(ask func(status int, method, path, template, body string)) {
	l.t.Helper()
	const phones = "/v1/tenants/{tenant}/phones/{mac}"
	l.ask("64167f000001", polycomAgent)
	l.ask("64167f000002", polycomAgent)
	ask(200, "GET", "drift", "/v1/tenants/{tenant}/drift", "")
	ask(200, "GET", "/v1/firmware", "/v1/firmware", "")
	ask(200, "GET", "/v1/inbox", "/v1/inbox", "")
	ask(201, "POST", "/v1/inbox/64167f000001/adopt", "/v1/inbox/{mac}/adopt", `{"tenant":"default"}`)
	ask(200, "DELETE", "/v1/inbox/64167f000002", "/v1/inbox/{mac}", "")
	if _, err := l.ctl.Fleet.Uploads.Keep(&pbx.Phone{Tenant: "default", MAC: "001565aabbcc", Vendor: pbx.Yealink}, "001565aabbcc-sys.log", []byte(`"a line"`)); err != nil {
		l.t.Fatal(err)
	}
	ask(200, "GET", "phones/001565aabbcc/files", phones+"/files", "")
	ask(200, "GET", "phones/001565aabbcc/files/001565aabbcc-sys.log", phones+"/files/{name}", "")
	ask(200, "DELETE", "phones/001565aabbcc/files/001565aabbcc-sys.log", phones+"/files/{name}", "")
	ask(202, "POST", "phones/001565aabbcc/resync", phones+"/resync", "")
	ask(202, "POST", "phones/001565aabbcc/reboot", phones+"/reboot", "")
	ask(200, "GET", "phones/001565aabbcc/resyncs", phones+"/resyncs", "")
	ask(202, "POST", "resync", "/v1/tenants/{tenant}/resync", `{"filter":{"model":"T46U"}}`)
	ask(200, "GET", "/v1/resyncs", "/v1/resyncs", "")
	ask(200, "GET", "/v1/resyncs/"+l.must(202, "POST", "resync", `{}`).text("batch"), "/v1/resyncs/{batch}", "")
}

// deskPhones makes phones with a line each; the scripted Asterisk knows of no
// registration, so every NOTIFY reaches nobody unless one is told otherwise.
func (l *lab) deskPhones(macs ...string) {
	l.t.Helper()
	for _, mac := range macs {
		l.must(201, "PUT", "devices/d"+mac, `{}`)
		vendor := map[bool]string{true: `"polycom","model":"VVX450"`, false: `"yealink","model":"T46U"`}[strings.HasPrefix(mac, "64167f")]
		l.must(201, "PUT", "phones/"+mac, `{"vendor":`+vendor+`,"lines":[{"registration":1,"device":"d`+mac+`"}]}`, "Prefer: wait=10")
	}
}

func TestResyncOfAPhoneThatIsNotRegistered(t *testing.T) {
	l := newLab(t)
	l.deskPhones("001565aabbcc")
	r := l.must(202, "POST", "phones/001565aabbcc/resync", "")
	if r.text("mac") != "00:15:65:aa:bb:cc" || r.text("reason") != "request" || r.text("action") != "resync" {
		t.Errorf("%s", r.Body)
	}
	l.until("for the order to wait", func() bool {
		return strings.Contains(l.must(200, "GET", "phones/001565aabbcc/resyncs", "").Body, `"state":"away"`)
	})
	told := l.asterisk.Actions("PJSIPNotify")
	if len(told) != 1 || told[0].Get("Variable") != "Event=check-sync;reboot=false" {
		t.Errorf("%v", told)
	}
	l.must(202, "POST", "phones/001565aabbcc/reboot", "")
	l.until("for the reboot", func() bool {
		told := l.asterisk.Actions("PJSIPNotify")
		return len(told) == 2 && told[1].Get("Variable") == "Event=check-sync;reboot=true"
	})
}

func TestResyncRefusals(t *testing.T) {
	l := newLab(t)
	l.deskPhones("64167f000001")
	l.must(201, "PUT", "/v1/tenants/acme", `{}`, "Prefer: wait=10")
	l.must(201, "PUT", "phones/001565000009", `{"vendor":"yealink","model":"T46U"}`)
	for _, w := range []wrong{
		{name: "another tenant's", path: "/v1/tenants/acme/phones/64167f000001/resync", status: 404},
		{name: "no such phone", path: "phones/001565ffffff/resync", status: 404},
		{name: "no MAC", path: "phones/x/resync", status: 422, field: "mac"},
		{name: "no line", path: "phones/001565000009/resync", status: 422, detail: "no line"},
		{name: "reboot of a Polycom", path: "phones/64167f000001/reboot", status: 422, detail: "Polycom"},
		{name: "missing tenant", path: "/v1/tenants/nobody/resync", body: `{}`, status: 404},
		{name: "another tenant's in bulk", path: "/v1/tenants/acme/resync", body: `{"filter":{"macs":["64167f000001"]}}`, status: 422, field: "filter.macs"},
		{name: "no MAC in bulk", path: "resync", body: `{"filter":{"macs":["64167f000001","x"]}}`, status: 422, field: "filter.macs[1]"},
		{name: "too fast", path: "resync", body: `{"per_second":51}`, status: 422, field: "per_second"},
		{name: "no such action", path: "resync", body: `{"action":"explode"}`, status: 422, field: "action"},
		{name: "no such batch", method: "GET", path: "/v1/resyncs/nonsense", status: 404},
	} {
		t.Run(w.name, func(t *testing.T) { w.check(t, l) })
	}
}

func TestBulkResyncShowsProgress(t *testing.T) {
	l := newLab(t)
	l.deskPhones("001565000001", "001565000002", "64167f000001")
	r := l.must(202, "POST", "resync", `{"filter":{"vendor":"yealink"},"per_second":50}`)
	if !strings.Contains(r.Body, `"total":2`) {
		t.Fatalf("%s", r.Body)
	}
	path := "/v1/resyncs/" + r.text("batch")
	l.until("for the end", func() bool {
		return strings.Contains(l.must(200, "GET", path, "").Body, `"away":2,"sent":0,"fetched":0,"timed_out":0,"failed":0,"done":true`)
	})
	if r := l.must(200, "GET", "/v1/resyncs?limit=1&batch="+r.text("batch"), ""); !strings.Contains(r.Body, `"next":`) || strings.Contains(r.Body, "64:16") {
		t.Errorf("%s", r.Body)
	}
	r = l.must(202, "POST", "resync", `{"action":"reboot","filter":{"vendor":"polycom"}}`)
	if !strings.Contains(r.Body, `"failed":1,"done":true`) {
		t.Errorf("rebooting a Polycom: %s", r.Body)
	}
}

// A slow bulk order waits, and what proves an order is a fetch of the full file
// by the phone itself. The phones are not registered; one gets its file all the same.
func TestBulkResyncIsPaced(t *testing.T) {
	l := newLab(t)
	l.deskPhones("001565000001", "001565000002")
	start := time.Now()
	r := l.must(202, "POST", "resync", `{"per_second":1}`)
	l.until("for both", func() bool {
		return strings.Contains(l.must(200, "GET", "/v1/resyncs/"+r.text("batch"), "").Body, `"away":2,`)
	})
	if d := time.Since(start); d < time.Second {
		t.Errorf("two phones at one a second took %v", d)
	}
	l.ctl.Fleet.Record(pbx.PhoneFetch{MAC: "001565000001", File: "001565000001.cfg", Status: 200, Hash: "aa", Own: true, Address: netip.MustParseAddr("192.0.2.7"), At: time.Now()})
	if r := l.must(200, "GET", "/v1/resyncs?state=fetched", ""); strings.Count(r.Body, `"state":"fetched"`) != 1 || !strings.Contains(r.Body, "00:15:65:00:00:01") {
		t.Errorf("a fetch of one phone proves: %s", r.Body)
	}
}
