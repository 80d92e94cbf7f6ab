package api

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestGuard: the smaller bound of tenant and account above is shown, the ceiling is the
// account's above to set and to lift, an extension's block the tenant admin's.
func TestGuard(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/101", `{"name":"Ada","guard":{"calls":2,"minutes_per_day":30}}`)
	l.must(200, "PATCH", "/v1/tenants/default", `{"guard":{"calls":9,"calls_per_minute":5},"guard_ceiling":{"calls":4}}`)
	l.must(200, "PUT", "extensions/101", `{"name":"Ada","guard":{"calls":2,"minutes_per_day":31}}`)
	got := l.must(200, "GET", "/v1/tenants/default/guard", "").Body
	want := `{"items":[{"bounds":{"calls":4,"calls_per_minute":5},"calls":0,"calls_in_minute":0,"talked_seconds":0,"used_seconds":0,"paid":0,"spent":0},` +
		`{"extension":"101","bounds":{"calls":2,"minutes_per_day":31},"calls":0,"calls_in_minute":0,"talked_seconds":0,"used_seconds":0,"paid":0,"spent":0}]}`
	if strings.TrimSpace(got) != want {
		t.Errorf("the guard is %s", got)
	}
	admin := "Authorization: Bearer " + l.newToken(pbx.RoleTenantAdmin, "default")
	for _, c := range []struct {
		status             int
		method, path, body string
	}{
		{403, "PATCH", "/v1/tenants/default", `{"guard_ceiling":{"calls":5}}`},
		{200, "PATCH", "/v1/tenants/default", `{"guard":{"calls":5}}`},
		{403, "POST", "/v1/tenants/default/guard/unblock", `{}`},
		{200, "POST", "/v1/tenants/default/guard/unblock", `{"extension":"101"}`},
		{422, "POST", "/v1/tenants/default/guard/unblock", `{"extension":"999"}`},
		{404, "POST", "/v1/tenants/acme/guard/unblock", `{}`},
		{404, "GET", "/v1/tenants/acme/guard", ""},
		{422, "PATCH", "/v1/tenants/default", `{"guard":{"calls":10001}}`},
		{422, "PATCH", "/v1/tenants/default", `{"guard":{"calls":null,"shoes":1}}`},
	} {
		if r := l.do(c.method, c.path, c.body, admin); r.Status != c.status {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, r.Status, r.Body)
		}
	}
	l.must(200, "POST", "/v1/tenants/default/guard/unblock", `{}`)
}

// TestRatesUpload: a file replaces all rates of its account, and a wrong row none.
func TestRatesUpload(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "/v1/resellers/north", `{}`)
	l.must(201, "PUT", "/v1/rates/+1", `{"price":5}`)
	l.must(201, "PUT", "/v1/rates/+49", `{"price":5}`)
	for _, path := range []string{"/v1/rates", "/v1/resellers/north/rates"} {
		csv := "Content-Type: text/csv"
		if got := l.must(200, "POST", path+"/upload", "\ufeffPrefix;Price\r\n49;20\r\n'+4915;70\r\n+; 900\r\n",
			csv).Body; strings.TrimSpace(got) != `{"rates":3}` {
			t.Errorf("%s: %s", path, got)
		}
		for file, detail := range map[string]string{"+49,20\n+49,30\n": "prefix +49 in rows 1 and 2",
			"+49,0.2\n":         "row 1: price \"0.2\" is no whole number",
			"+49,20\n\n+0,20\n": "row 3: prefix \"+0\" is not", "+49\n": "row 1: has 1 cells", "prefix,price\n+49,-1\n": "row 2: price must be"} {
			if p := l.must(422, "POST", path+"/upload", file, csv).problem(); !strings.Contains(p.Detail, detail) {
				t.Errorf("%q: %s", file, p.Detail)
			}
		}
		if got := l.must(200, "GET", path, "").Body; strings.Count(got, `"prefix"`) != 3 ||
			!strings.Contains(got, `{"prefix":"+4915","price":70`) || strings.Contains(got, `"+1"`) {
			t.Errorf("%s: %s", path, got)
		}
	}
	if p := l.must(409, "DELETE", "/v1/resellers/north", "").problem(); !strings.Contains(p.Detail, "rate") {
		t.Errorf("deleting a reseller with rates: %s", p.Detail)
	}
	l.must(200, "POST", "/v1/resellers/north/rates/upload", "+,1", "Content-Type: text/csv")
	l.must(200, "DELETE", "/v1/resellers/north/rates/+", "")
	l.must(200, "DELETE", "/v1/resellers/north", "")
}
