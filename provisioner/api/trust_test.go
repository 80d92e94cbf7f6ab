package api

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestTenantNetworks(t *testing.T) {
	l := newLab(t)
	r := l.must(200, "PATCH", "/v1/tenants/default", `{"phone_networks":["192.0.2.7","198.51.100.77/24","2001:db8::1/64","192.0.2.7/32"]}`)
	if !strings.Contains(r.Body, `"phone_networks":["192.0.2.7/32","198.51.100.0/24","2001:db8::/64"]`) {
		t.Errorf("%s", r.Body)
	}
	if r := l.must(200, "PATCH", "/v1/tenants/default", `{"title":"x"}`); !strings.Contains(r.Body, "198.51.100.0/24") {
		t.Errorf("a patch of something else: %s", r.Body)
	}
	for _, w := range []wrong{
		{name: "no network", method: "PATCH", path: "/v1/tenants/default", body: `{"phone_networks":["192.0.2.0/24","everywhere"]}`, status: 422, field: "phone_networks[1]"},
		{name: "too long a mask", method: "PATCH", path: "/v1/tenants/default", body: `{"phone_networks":["192.0.2.0/33"]}`, status: 422, field: "phone_networks[0]"},
		{name: "two words", method: "PATCH", path: "/v1/tenants/default", body: `{"phone_networks":["192.0.2.0/24 10.0.0.0/8"]}`, status: 422, field: "phone_networks[0]"},
	} {
		t.Run(w.name, func(t *testing.T) { w.check(t, l) })
	}
	if r := l.must(200, "PATCH", "/v1/tenants/default", `{"phone_networks":null}`); strings.Contains(r.Body, "phone_networks") {
		t.Errorf("%s", r.Body)
	}
}

func TestPhoneShowsItsEnrolment(t *testing.T) {
	l := newLab(t)
	path := "phones/001565aabbcc"
	l.must(201, "PUT", path, `{"vendor":"yealink","model":"T46U"}`, "Prefer: wait=10")
	l.ctl.Fleet.Record(pbx.PhoneFetch{MAC: "001565aabbcc", File: "001565aabbcc.cfg", Status: 200, Hash: "aa", Own: true, Address: netip.MustParseAddr("192.0.2.7"), At: time.Now()})
	if l.must(200, "GET", path, "").text("enrolled_at") == "" {
		t.Error("not enrolled")
	}
	again := l.must(200, "POST", path+"/enrol", "", "Prefer: wait=10")
	if again.text("enrolled_at") != "" || !strings.Contains(again.Body, `"former_url":true`) {
		t.Errorf("to enrol again, and the URL in use is to serve on: %s", again.Body)
	}
	l.ctl.Fleet.Record(pbx.PhoneFetch{MAC: "001565aabbcc", File: "001565aabbcc.boot", Status: 200, Own: true,
		Address: netip.MustParseAddr("192.0.2.7"), At: time.Now()})
	if r := l.must(200, "GET", path, ""); strings.Contains(r.Body, `"former_url"`) {
		t.Errorf("the new URL was used: %s", r.Body)
	}
	if r := l.must(200, "POST", path+"/enrol?forget=true", ""); strings.Contains(r.Body, `"former_url"`) {
		t.Errorf("the URL of a stolen phone serves on: %s", r.Body)
	}
	l.until("for the fetch", func() bool { return strings.Contains(l.must(200, "GET", path+"/fetches", "").Body, `"own":true`) })
	l.ctl.Fleet.Record(pbx.PhoneFetch{MAC: "001565aabbcc", File: "001565aabbcc.cfg", Status: 404,
		Reason: pbx.RefusedNetwork, Address: netip.MustParseAddr("203.0.113.7"), At: time.Now()})
	l.until("for the refusal", func() bool {
		return strings.Contains(l.must(200, "GET", path+"/fetches", "").Body, `"own":false,"reason":"other-network"`)
	})
}
