package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

// theirs are the keys of one object of each kind, the same in both tenants.
var theirs = map[string]string{"extensions": "101", "devices": "desk", "mailboxes": "101", "groups": "sales", "users": "alice",
	"numbers": "+493012345600", "trunks": "carrier", "classes-of-service": "home", "ring-groups": "sales", "forwards": "101",
	"external-numbers": "+4915112345678", "button-templates": "T46U", "port-requests": "munich", "documents": "letter",
	"resellers": "below-north", "contacts": "taxi", "blocked-callers": "+498912345", "carriers": "telco", "rates": "+49",
	"webhooks": "crm", "applications": "menu", "deliveries": "1", "queues": "support", "text-messages": "1"}

// branches makes two resellers, each with a reseller below and a tenant; the tenants have the
// same extensions.
func (l *lab) branches() {
	for _, side := range []string{"north", "south"} {
		l.must(201, "PUT", "/v1/resellers/"+side, `{}`)
		l.must(201, "PUT", "/v1/resellers/below-"+side, `{"parent":"`+side+`"}`)
		for path, body := range map[string]string{"carriers/telco": `{}`, "rates/+49": `{"price":20}`,
			"users/alice": `{"full_name":"Alice","role":"reseller-admin"}`} {
			l.must(201, "PUT", "/v1/resellers/below-"+side+"/"+path, body)
		}
		shop := "/v1/tenants/shop-" + side
		l.must(201, "PUT", shop, `{"reseller":"below-`+side+`"}`)
		for path, body := range map[string]string{"mailboxes/101": `{"name":"Ada","pin":"4711"}`, "groups/sales": `{}`,
			"contacts/taxi": `{"title":"Taxi","numbers":["0305550"]}`, "blocked-callers/+498912345": `{}`,
			"trunks/carrier": `{"host":"192.0.2.9"}`, "classes-of-service/home": `{}`, "external-numbers/+4915112345678": `{}`,
			"button-templates/T46U": `{"buttons":{}}`, "port-requests/munich": `{"carrier":"Telco","numbers":[{"number":"+498912345601"}]}`,
			"applications/menu": `{"url":"https://receiver.invalid/calls","fallback":"hangup"}`,
			"webhooks/crm":      `{"url":"https://receiver.invalid/hooks"}`} {
			l.must(201, "PUT", shop+"/"+path, body)
		}
		l.must(204, "PUT", shop+"/port-requests/munich/documents/letter", "%PDF-1.7\n%%EOF\n")
		l.must(201, "PUT", shop+"/extensions/101", `{"name":"Ada","mailbox":"101"}`)
		l.must(201, "PUT", shop+"/devices/desk", `{"extension":"101"}`)
		l.must(201, "PUT", shop+"/users/alice", `{"full_name":"Alice","role":"user","extension":"101"}`)
		l.must(201, "PUT", shop+"/forwards/101", `{}`)
		l.must(201, "PUT", shop+"/queues/support", `{"number":"650","members":[{"extension":"101"}]}`)
		l.must(201, "PUT", shop+"/ring-groups/sales", `{"number":"600","members":[{"extension":"101"}]}`)
		l.must(201, "POST", "/v1/tokens", `{"name":"of `+side+`","tenant":"shop-`+side+`"}`)
	}
	l.must(201, "PUT", "/v1/tenants/shop-north/numbers/+493012345600", `{"destination":"extension:101"}`)
	l.must(201, "POST", "/v1/numbers", `{"number":"+493012345601","reseller":"below-north"}`)
}

// resellerToken makes a token of a reseller admin.
func (l *lab) resellerToken(reseller string) string {
	l.t.Helper()
	_, text, err := l.ctl.SignIn.CreateToken(l.t.Context(), &signin.Caller{},
		signin.TokenOrder{Name: reseller, Role: pbx.RoleResellerAdmin, Reseller: reseller})
	if err != nil {
		l.t.Fatal(err)
	}
	return text.Reveal()
}

// Every operation of the document, by everybody of one branch, on the objects of the other:
// the answer is the one for what does not exist, and nothing changes.
func TestNoCrossingBetweenBranches(t *testing.T) {
	l := newLab(t)
	l.branches()
	tokens := map[string]string{"south": l.resellerToken("south"), "below-south": l.resellerToken("below-south"),
		"person of south": l.resellerPerson("south", "sam")(), "person of below-south": l.resellerPerson("below-south", "sam")(),
		"tenant-admin": l.newToken(pbx.RoleTenantAdmin, "shop-south"), "operator": l.newToken(pbx.RoleOperator, "shop-south")}
	for name, token := range tokens {
		for _, p := range l.permissions() {
			foreign, nobodys := p.fill("shop-north", theirs), p.fill("nobody", map[string]string{"resellers": "nobody"})
			for _, query := range []string{"", "?tenant="} {
				if query == "" && !strings.HasPrefix(p.path, "/v1/tenants/{") && !strings.HasPrefix(p.path, "/v1/resellers/{") {
					continue // it names nobody's account
				}
				there, nowhere := foreign, nobodys
				if query != "" {
					there, nowhere = p.fill("shop-south", nil)+query+"shop-north", p.fill("shop-south", nil)+query+"nobody"
				}
				if p.method == "PUT" && slices.Contains([]string{"/v1/tenants/{name}", "/v1/resellers/{name}"}, p.path) || p.id == "end-session" {
					continue // a new one would be made of a free name
				}
				l.checkSame(t, name+": "+p.method+" ", token, p.method, there, nowhere)
			}
		}
	}
	// The same for numbers of the inventory, which are not below an account in the path.
	for _, name := range []string{"south", "below-south"} {
		for _, p := range l.permissions() {
			if strings.HasPrefix(p.path, "/v1/numbers/{number}") {
				l.checkSame(t, name+": "+p.method+" ", tokens[name], p.method, p.fill("", theirs), p.fill("", map[string]string{"numbers": "+493012345699"}))
			}
		}
		for _, do := range []string{"assign", "unassign"} {
			l.checkSameBody(t, tokens[name], "POST", "/v1/numbers/"+do, `{"numbers":["%s"]}`, "+493012345600", "+493012345699", 404)
		}
		l.checkSameBody(t, tokens[name], "POST", "/v1/tenants/shop-south/numbers/claim", `{"number":"%s"}`, "+493012345601", "+493012345699", 409)
		l.checkSame(t, name+" ", tokens[name], "GET", "/v1/numbers/available?reseller=below-north", "/v1/numbers/available?reseller=nobody")
		l.checkSameBody(t, tokens[name], "POST", "/v1/numbers", `{"number":"+493012345698","tenant":"%s"}`, "shop-north", "nobody", 422)
		l.checkSameBody(t, tokens[name], "POST", "/v1/numbers", `{"number":"+493012345698","reseller":"%s"}`, "north", "nobody", 422)
	}
	// The same for what a body or a key names.
	other := l.tokenID("of north")
	for _, name := range []string{"south", "below-south"} {
		token := tokens[name]
		l.checkSame(t, name+" ", token, "DELETE", "/v1/tokens/"+other, "/v1/tokens/nobody")
		for _, w := range []struct{ method, path, body, foreign string }{
			{"POST", "/v1/tokens", `{"name":"x","tenant":"%s"}`, "shop-north"},
			{"POST", "/v1/tokens", `{"name":"x","reseller":"%s"}`, "north"},
			{"POST", "/v1/tenants", `{"name":"new","reseller":"%s"}`, "below-north"},
			{"PATCH", "/v1/tenants/shop-south", `{"reseller":"%s"}`, "north"},
			{"PUT", "/v1/resellers/new", `{"parent":"%s"}`, "north"},
		} {
			l.checkSameBody(t, token, w.method, w.path, w.body, w.foreign, "nobody", 422)
		}
		for _, taken := range []string{"/v1/tenants/shop-north", "/v1/resellers/north", "/v1/tenants/default"} {
			l.must(409, "PUT", taken, `{}`, "Authorization: Bearer "+token)
		}
		for _, list := range []string{"/v1/tenants", "/v1/resellers", "/v1/tokens", "/v1/changes"} { // the inventory of south is empty
			if body := l.must(200, "GET", list, "", "Authorization: Bearer "+token).Body; strings.Contains(body, "north") ||
				!strings.Contains(body, "south") {
				t.Errorf("%s lists %s as %s", name, list, body)
			}
		}
	}
}

// checkSame demands one answer to two requests but for the names, and no change.
func (l *lab) checkSame(t *testing.T, at, token, method, there, nowhere string) {
	t.Helper()
	before := l.revision()
	status, body := l.head(token, method, there)
	none, nothing := l.head(token, method, nowhere)
	plain := strings.NewReplacer("shop-north", "nobody", "below-north", "nobody", l.tokenID("of north"), "nobody", "+493012345600", "+493012345699")
	if status != none || plain.Replace(body) != nothing || l.revision() != before {
		t.Errorf("%s%s: %d %s\n%s: %d %s", at, there, status, body, nowhere, none, nothing)
	}
	if status < 400 && strings.Contains(body, "north") {
		t.Errorf("%s%s: %d %s", at, there, status, body)
	}
}

// checkSameBody demands one refusal of a body that names what is another branch's and of one
// that names what does not exist.
func (l *lab) checkSameBody(t *testing.T, token, method, path, body, foreign, free string, status int) {
	t.Helper()
	auth := "Authorization: Bearer " + token
	before := l.revision()
	there, nowhere := l.do(method, path, fmt.Sprintf(body, foreign), auth), l.do(method, path, fmt.Sprintf(body, free), auth)
	if there.Status != status || strings.ReplaceAll(there.Body, foreign, free) != nowhere.Body || l.revision() != before {
		t.Errorf("%s %s: %d %s\n%d %s", method, path, there.Status, there.Body, nowhere.Status, nowhere.Body)
	}
}

// A reseller admin does in the own branch what the table says, and no more.
func TestResellerAdminInTheOwnBranch(t *testing.T) {
	l := newLab(t)
	l.branches()
	token := l.resellerToken("north")
	l.until("for the snapshot", func() bool { return l.ctl.Snapshot().Tenant("shop-north") != nil })
	for _, p := range l.permissions() {
		if p.id == "end-session" || p.id == "stream-events" {
			continue
		}
		path := p.fill("shop-north", theirs)
		status, body := l.head(token, p.method, path)
		may := len(p.roles) == 0 || slices.Contains(p.roles, "reseller-admin (own branch)") ||
			slices.Contains(p.roles, "reseller-admin")
		tenant := may && strings.HasPrefix(p.path, "/v1/tenants/{") && strings.Contains(body, "tenant shop-north does not exist")
		if p.id == "delete-inventory-number" { // the platform has uploaded this one
			continue
		}
		if len(p.roles) > 0 && may == (status == 403 || status == 401) || tenant {
			t.Errorf("%s %s: %d %s, may: %v", p.method, path, status, body, may)
		}
	}
}

// What a reseller gets is for the account above to say, and what it hands on for itself.
func TestResellerHandsOn(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "/v1/resellers/north", `{"max_extensions":10,"max_calls":30,"max_numbers":5}`)
	north := "Authorization: Bearer " + l.resellerToken("north")
	for body, field := range map[string]string{`{"max_extensions":11}`: "max_extensions", `{"max_calls":0}`: "max_calls",
		`{"max_numbers":6}`: "max_numbers", `{"parent":"x"}`: "parent"} {
		if p := l.must(403, "PATCH", "/v1/resellers/north", body, north).problem(); p.Field != field {
			t.Errorf("%s: %+v", body, p)
		}
	}
	l.must(403, "DELETE", "/v1/resellers/north", "", north)
	l.must(200, "PATCH", "/v1/resellers/north", `{"title":"North"}`, north)
	limits := `"max_extensions":1,"max_calls":20,"max_numbers":1`
	if p := l.must(422, "POST", "/v1/tenants", `{"name":"shop"}`, north).problem(); len(p.Errors) != 3 && p.Field == "" {
		t.Errorf("without limits: %+v", p)
	}
	shop := l.must(201, "POST", "/v1/tenants", `{"name":"shop",`+limits+`}`, north)
	if got := shop.json()["reseller"]; got != "north" {
		t.Errorf("the tenant of north belongs to %v", got)
	}
	l.must(403, "PATCH", "/v1/tenants/shop", `{"phone_networks":["0.0.0.0/0"]}`, north)
	l.must(201, "PUT", "/v1/resellers/below", `{"max_extensions":9,"max_calls":10,"max_numbers":4}`, north)
	l.must(422, "PATCH", "/v1/tenants/shop", `{"max_extensions":2}`, north)
	l.must(201, "PUT", "/v1/tenants/shop/extensions/101", `{"name":"Ada"}`, north)
	l.must(409, "PUT", "/v1/tenants/shop/extensions/102", `{"name":"Bob"}`, north)
	l.must(201, "PUT", "/v1/tenants/shop/numbers/+493012345601", `{}`, north)
	l.must(409, "PUT", "/v1/tenants/shop/numbers/+493012345602", `{}`, north)
	// A tenant moves within the branch, and a PUT that does not name its owner leaves it there.
	l.must(422, "PATCH", "/v1/tenants/shop", `{"reseller":"below"}`, north)
	l.must(200, "PATCH", "/v1/tenants/shop", `{"max_calls":10,"reseller":"below"}`, north)
	if got := l.must(200, "PUT", "/v1/tenants/shop", `{"max_extensions":1,"max_calls":10,"max_numbers":1}`, north).json()["reseller"]; got != "below" {
		t.Errorf("after a PUT the tenant belongs to %v", got)
	}
}

// The token of a deleted reseller ends at once, and so does a stream about a tenant that has
// left the branch.
func TestRightsEndWithTheBranch(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "/v1/resellers/north", `{}`)
	l.must(201, "PUT", "/v1/resellers/south", `{}`)
	l.must(201, "PUT", "/v1/tenants/shop", `{"reseller":"north"}`)
	north := l.resellerToken("north")
	auth := "Authorization: Bearer " + north
	made := l.must(201, "POST", "/v1/tokens", `{"name":"second"}`, auth).json()
	if made["role"] != "reseller-admin" || made["reseller"] != "north" {
		t.Errorf("a token that a reseller admin makes is %v", made)
	}
	l.must(422, "GET", "/v1/events", "", auth)
	req, err := http.NewRequestWithContext(t.Context(), "GET", l.url+"/v1/events?tenant=shop", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+north)
	res, err := noRedirect.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	l.must(200, "PATCH", "/v1/tenants/shop", `{"reseller":"south"}`)
	l.must(404, "GET", "/v1/tenants/shop", "", auth)
	text := make([]byte, 1024)
	for err == nil { // the server ends the stream; else the test ends by its time limit
		_, err = res.Body.Read(text)
	}
	l.must(200, "DELETE", "/v1/resellers/north", "")
	l.must(401, "GET", "/v1/tenants", "", auth)
	l.must(401, "GET", "/v1/tenants", "", "Authorization: Bearer "+made["token"].(string))
}
