package api

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestEnrolManyPhones: one call opens the windows of phones that have no files yet, and with
// again of all; a phone that works keeps a URL that serves.
func TestEnrolManyPhones(t *testing.T) {
	l := newLab(t)
	for _, mac := range []string{"001565aabb01", "001565aabb02"} {
		l.must(201, "PUT", "phones/"+mac, `{"vendor":"yealink","model":"T46U"}`, "Prefer: wait=10")
	}
	l.must(201, "PUT", "phones/64167f000001", `{"vendor":"polycom","model":"VVX450"}`, "Prefer: wait=10")
	l.ctl.Fleet.Record(pbx.PhoneFetch{MAC: "001565aabb02", File: "001565aabb02.cfg", Status: 200, Hash: "aa",
		Own:     true,
		Address: netip.MustParseAddr("192.0.2.7"), At: time.Now()})
	r := l.must(200, "POST", "enrol", `{"until_first_fetch":true}`)
	if strings.Count(r.Body, `"enrol_until":"9999-12-31T23:59:59Z"`) != 2 || strings.Contains(r.Body, "00:15:65:aa:bb:02") ||
		strings.Contains(r.Body, "provisioning_url") {
		t.Errorf("all of the tenant: %s", r.Body)
	}
	if r := l.must(200, "GET", "phones/64167f000001", ""); r.text("enrol_until") != "9999-12-31T23:59:59Z" {
		t.Errorf("%s", r.Body)
	}
	r = l.must(200, "POST", "enrol", `{"hours":72,"again":true,"filter":{"vendor":"yealink","macs":["00:15:65:AA:BB:02"]}}`)
	if strings.Count(r.Body, `"mac"`) != 1 || !strings.Contains(r.Body, `"provisioning_url":"http`) {
		t.Errorf("one that has its files, again: %s", r.Body)
	}
	one := l.must(200, "GET", "phones/001565aabb02", "")
	if !strings.Contains(one.Body, `"former_url":true`) || one.text("enrolled_at") != "" {
		t.Errorf("the URL before is to serve on: %s", one.Body)
	}
	if r := l.must(200, "POST", "phones/001565aabb01/enrol?until_first_fetch=true", ""); !strings.Contains(r.Body, "9999-12-31") {
		t.Errorf("one phone: %s", r.Body)
	}
	for _, w := range []wrong{
		{name: "both", method: "POST", path: "enrol", body: `{"hours":1,"until_first_fetch":true}`, status: 422, field: "hours"},
		{name: "nobody's", method: "POST", path: "enrol", body: `{"filter":{"macs":["001565ffffff"]}}`, status: 422, field: "filter.macs"},
		{name: "no MAC", method: "POST", path: "enrol", body: `{"filter":{"macs":["desk"]}}`, status: 422, field: "filter.macs[0]"},
		{name: "no tenant", method: "POST", path: "/v1/tenants/nosuch/enrol", body: `{}`, status: 404},
	} {
		t.Run(w.name, func(t *testing.T) { w.check(t, l) })
	}
}

// TestRefusalsAreShown: the inbox, the list of handshakes and the drift say why a phone gets
// nothing.
func TestRefusalsAreShown(t *testing.T) {
	l := newLab(t)
	from, now := netip.MustParseAddr("192.0.2.7"), time.Now()
	l.ctl.Fleet.RecordUnknown(pbx.PhoneFetch{MAC: "001565aabb09", Status: 404, Reason: pbx.RefusedURL, Address: from, At: now})
	l.ctl.Fleet.RecordUnknown(pbx.PhoneFetch{MAC: "001565aabb08", Status: 404, Reason: pbx.RefusedFile, Address: from, At: now})
	if r := l.must(200, "GET", "/v1/inbox", ""); !strings.Contains(r.Body, `"reason":"other-url"`) ||
		!strings.Contains(r.Body, `"reason":"not-adopted"`) {
		t.Errorf("the inbox: %s", r.Body)
	}
	l.must(201, "PUT", "phones/001565aabb01", `{"vendor":"yealink","model":"T46U"}`, "Prefer: wait=10")
	l.ctl.Fleet.Record(pbx.PhoneFetch{MAC: "001565aabb01", File: "001565aabb01.cfg", Status: 200, Hash: "aa",
		Own: true, Address: from, At: now})
	l.ctl.Fleet.Record(pbx.PhoneFetch{MAC: "001565aabb01", File: "001565aabb01.cfg", Status: 404,
		Reason: pbx.RefusedWindow, Address: from, At: now.Add(time.Second)})
	l.ctl.Fleet.Refused.Handshake(pbx.FailedHandshake{Address: from, Reason: pbx.HandshakeCipher,
		Detail: "tls: no cipher suite", Last: now.Add(time.Second)})
	if r := l.must(200, "GET", "/v1/handshakes", ""); !strings.Contains(r.Body, `"reason":"no-common-cipher"`) ||
		!strings.Contains(r.Body, `"phones":["00:15:65:aa:bb:01"]`) || !strings.Contains(r.Body, "--phone-tls-old") {
		t.Errorf("handshakes: %s", r.Body)
	}
	for _, kind := range []string{"refused", "handshake"} {
		if r := l.must(200, "GET", "drift?kind="+kind, ""); !strings.Contains(r.Body, `"kind":"`+kind+`"`) {
			t.Errorf("drift %s: %s", kind, r.Body)
		}
	}
}
