package api

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestTenantAdminTakesNothing: a tenant's admin takes no number and no phone that may be
// another's. Whether another tenant has it does not show in the answer.
func TestTenantAdminTakesNothing(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "/v1/tenants/acme", `{}`)
	l.must(201, "PUT", "/v1/tenants/acme/extensions/101", `{"name":"Wile"}`)
	l.must(201, "PUT", "numbers/+493012345678", `{}`)
	l.must(201, "PUT", "phones/001565000001", `{"vendor":"yealink","model":"T46U"}`)
	auth := bearer(l.newToken(pbx.RoleTenantAdmin, "acme"))
	const phone = `{"vendor":"yealink","model":"T46U"}`

	theirs := l.must(403, "PUT", "/v1/tenants/acme/numbers/+493012345678", `{}`, auth).Body
	nobodys := l.must(403, "PUT", "/v1/tenants/acme/numbers/+493012345699", `{}`, auth).Body
	if theirs != strings.ReplaceAll(nobodys, "45699", "45678") {
		t.Errorf("a number of another tenant is told from one of nobody:\n%s\n%s", theirs, nobodys)
	}
	l.must(403, "POST", "/v1/tenants/acme/numbers", `{"number":"+493012345699"}`, auth)
	l.must(404, "PATCH", "/v1/tenants/acme/numbers/+493012345678", `{"description":"x"}`, auth)
	l.must(201, "PUT", "/v1/tenants/acme/numbers/+493012345699", `{}`)
	l.must(200, "PUT", "/v1/tenants/acme/numbers/+493012345699", `{"destination":"extension:101"}`, auth)
	l.must(200, "PATCH", "/v1/tenants/acme/numbers/+493012345699", `{"description":"main"}`, auth)

	l.ask("001565000002", yealinkAgent) // from 192.0.2.7
	theirs = l.must(403, "PUT", "/v1/tenants/acme/phones/001565000001", phone, auth).Body
	waiting := l.must(403, "POST", "/v1/tenants/acme/phones", `{"mac":"001565000002","vendor":"yealink","model":"T46U"}`, auth).Body
	if theirs != strings.ReplaceAll(waiting, "00:15:65:00:00:02", "00:15:65:00:00:01") {
		t.Errorf("a phone of another tenant is told from one of nobody:\n%s\n%s", theirs, waiting)
	}
	l.must(201, "PUT", "/v1/tenants/acme/phones/001565000003", phone, auth)
	l.must(200, "PATCH", "/v1/tenants/acme", `{"phone_networks":["198.51.100.0/24"]}`)
	l.must(403, "PUT", "/v1/tenants/acme/phones/001565000002", phone, auth)
	l.must(200, "PATCH", "/v1/tenants/acme", `{"phone_networks":["192.0.2.0/24"]}`)
	l.must(201, "PUT", "/v1/tenants/acme/phones/001565000002", phone, auth)
	l.must(403, "PUT", "/v1/tenants/acme/phones/001565000001", phone, auth)
	for _, name := range []string{"491709999999", "201", "1-2_3", "anonymous", "Restricted"} {
		if p := l.must(422, "PUT", "/v1/tenants/acme/devices/app", `{"class":"third-party","username":"`+name+`"}`, auth).problem(); p.Field != "username" {
			t.Errorf("the user name %s of a caller is refused by %+v", name, p)
		}
	}
	l.must(201, "PUT", "/v1/tenants/acme/devices/app", `{"class":"third-party","username":"app201"}`, auth)
}
