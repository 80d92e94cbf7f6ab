package api

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A phone that was served something else than it would get now shows up, and
// bulk orders can choose it; what it would get is rendered as the listener does
// (the whole-program test compares with a real fetch).
func TestDriftList(t *testing.T) {
	l := newLab(t)
	l.deskPhones("001565000001", "001565000002", "001565000003")
	fetch := func(mac, hash string) {
		l.ctl.Fleet.Record(pbx.PhoneFetch{MAC: pbx.MAC(mac), File: mac + ".cfg", Status: 200, Hash: hash, Own: true, Address: netip.MustParseAddr("192.0.2.7"), UserAgent: "Yealink SIP-T46U 108.87.0.15", At: time.Now()})
	}
	if r := l.must(200, "GET", "drift", ""); !strings.Contains(r.Body, `"items":[]`) {
		t.Errorf("phones in their window: %s", r.Body)
	}
	fetch("001565000001", "0000")
	fetch("001565000003", "0000")
	r := l.must(200, "GET", "drift?limit=1", "")
	if !strings.Contains(r.Body, `"mac":"00:15:65:00:00:01","vendor":"yealink","model":"T46U","reasons":[{"kind":"old-file"`) || r.text("next") != "00:15:65:00:00:01" {
		t.Errorf("%s", r.Body)
	}
	if r := l.must(200, "GET", "drift?kind=old-file&after="+r.text("next"), ""); strings.Contains(r.Body, "00:01") || !strings.Contains(r.Body, "00:03") || strings.Contains(r.Body, "next") {
		t.Errorf("%s", r.Body)
	}
	if r := l.must(200, "GET", "drift?kind=silent", ""); !strings.Contains(r.Body, `"items":[]`) {
		t.Errorf("%s", r.Body)
	}
	if r := l.must(202, "POST", "resync", `{"filter":{"drifted":true}}`); !strings.Contains(r.Body, `"total":3`) { // 2 never fetched anything
		t.Errorf("%s", r.Body)
	}
	for _, w := range []wrong{
		{name: "no such tenant", method: "GET", path: "/v1/tenants/nobody/drift", status: 404},
		{name: "no days", method: "GET", path: "drift?days=0", status: 422, field: "days"},
		{name: "no such kind", method: "GET", path: "drift?kind=x", status: 422, field: "kind"},
		{name: "after nothing", method: "GET", path: "drift?after=x", status: 422, field: "after"},
	} {
		t.Run(w.name, func(t *testing.T) { w.check(t, l) })
	}
}
