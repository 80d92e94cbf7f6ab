package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/manual"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// document is the part of /openapi.json that the tests look at.
type document struct {
	OpenAPI    string
	Info       struct{ Title, Version string }
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]any }
}

type operation struct {
	OperationID string
	Summary     string
	Tags        []string
	Roles       []string `json:"x-roles"`
	Parameters  []struct {
		Name, In string
		Required bool
	}
	RequestBody *struct {
		Content map[string]struct{ Schema any }
	}
	Responses map[string]struct {
		Description string
		Content     map[string]struct{ Schema any }
	}
}

func (l *lab) document() (d document, text string) {
	l.t.Helper()
	text = l.must(200, "GET", "/openapi.json", "", "Authorization: ").Body
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		l.t.Fatal(err)
	}
	return d, text
}

// pages are the routes that are no API: pages, machinery, and the document itself.
var pages = []string{"/", "/docs", "/docs/api", "/docs/{topic}", "/healthz", "/metrics", "/openapi.json", "/openapi.yaml", "/openapi-3.0.json", "/openapi-3.0.yaml", "/schemas/{schema}"}

func TestDocumentAndRouterAgree(t *testing.T) {
	l := newLab(t)
	d, _ := l.document()
	var routed, described []string
	for _, r := range newAPI(Options{Controller: l.ctl, Metrics: http.NotFoundHandler()}).router.Routes() {
		path := regexp.MustCompile(`:(\w+)`).ReplaceAllString(r.Path, "{$1}")
		if !slices.Contains(pages, path) {
			routed = append(routed, r.Method+" "+path)
		}
	}
	for path, ops := range d.Paths {
		for method := range ops {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(routed)
	slices.Sort(described)
	if !slices.Equal(routed, described) {
		t.Errorf("the router has\n%s\nthe document\n%s", strings.Join(routed, "\n"), strings.Join(described, "\n"))
	}
}

func TestDocumentIsWellFormed(t *testing.T) {
	l := newLab(t)
	d, text := l.document()
	if !strings.HasPrefix(d.OpenAPI, "3.1.") || d.Info.Title == "" || d.Info.Version != "test" {
		t.Errorf("openapi %q, info %+v", d.OpenAPI, d.Info)
	}
	for _, m := range regexp.MustCompile(`"\$ref":"([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if d.Components.Schemas[strings.TrimPrefix(m[1], "#/components/schemas/")] == nil {
			t.Errorf("%s leads nowhere", m[1])
		}
	}
	ids := map[string]string{}
	for path, ops := range d.Paths {
		for method, op := range ops {
			at := method + " " + path
			if op.OperationID == "" || ids[op.OperationID] != "" || op.Summary == "" || len(op.Tags) != 1 {
				t.Errorf("%s: operation %q (also %s), summary %q, tags %v", at, op.OperationID, ids[op.OperationID], op.Summary, op.Tags)
			}
			ids[op.OperationID] = at
			checkParameters(t, at, path, op)
			checkResponses(t, at, op)
		}
	}
}

func checkParameters(t *testing.T, at, path string, op operation) {
	t.Helper()
	var template, declared []string
	for _, m := range regexp.MustCompile(`{(\w+)}`).FindAllStringSubmatch(path, -1) {
		template = append(template, m[1])
	}
	for _, p := range op.Parameters {
		if p.In == "path" {
			declared = append(declared, p.Name)
			if !p.Required {
				t.Errorf("%s: path parameter %s is not required", at, p.Name)
			}
		}
	}
	slices.Sort(template)
	slices.Sort(declared)
	if !slices.Equal(template, declared) {
		t.Errorf("%s declares the path parameters %v", at, declared)
	}
}

func checkResponses(t *testing.T, at string, op operation) {
	t.Helper()
	good := 0
	for code, r := range op.Responses {
		if strings.HasPrefix(code, "2") {
			good++
			continue
		}
		if r.Content["application/problem+json"].Schema == nil {
			t.Errorf("%s answers %s with %v", at, code, r.Content)
		}
	}
	if good == 0 || len(op.Responses) < 2 {
		t.Errorf("%s describes %d good answers among %d", at, good, len(op.Responses))
	}
}

// Every answer is what the document says, and every operation is tried.
func TestAnswersFollowTheirSchemas(t *testing.T) {
	l := newLab(t)
	d, _ := l.document()
	declared := newAPI(Options{Controller: l.ctl, Metrics: http.NotFoundHandler()}).hu.OpenAPI()
	// No JSON; TestEventStream, TestRecordings, TestMessages, TestAnnouncements, TestPhoto, TestProceduresOfAPort,
	// TestCalls and TestUploadNamesWhatIsWrong read them.
	tried := map[string]bool{"stream-events": true, "get-recording": true, "get-message-audio": true,
		"get-announcement-audio": true, "get-photo": true, "get-port-document": true, "export-cdrs": true,
		"get-number-sample": true, "export-inventory": true}
	ask := func(status int, method, path, template, body string) {
		t.Helper()
		r := l.must(status, method, path, body)
		op := operationOf(declared.Paths[template], method)
		if op == nil {
			t.Fatalf("the document has no %s %s", method, template)
		}
		answer := op.Responses[fmt.Sprint(status)]
		if answer == nil {
			t.Errorf("%s %s answers %d, the document does not say so", method, template, status)
			return
		}
		tried[op.OperationID] = true
		if r.Body == "" {
			return
		}
		content := answer.Content[r.Header.Get("Content-Type")]
		if content == nil {
			t.Errorf("%s %s: no schema for %d %s", method, template, status, r.Header.Get("Content-Type"))
			return
		}
		var v any
		if err := json.Unmarshal([]byte(r.Body), &v); err != nil {
			t.Fatal(err)
		}
		var result huma.ValidateResult
		huma.Validate(declared.Components.Schemas, content.Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, v, &result)
		for _, err := range result.Errors {
			t.Errorf("%s %s: %v in %s", method, path, err, r.Body)
		}
	}
	const tenant = "/v1/tenants/{tenant}/"
	ask(201, "POST", "/v1/tenants", "/v1/tenants", `{"name":"acme"}`)
	ask(201, "POST", "/v1/resellers", "/v1/resellers", `{"name":"north"}`)
	askInventory(ask)
	ask(201, "POST", "mailboxes", tenant+"mailboxes", `{"number":"101","name":"Anna","pin":"1234"}`)
	ask(201, "POST", "extensions", tenant+"extensions", `{"number":"101","name":"Anna","mailbox":"101"}`)
	askTexts(ask)
	ask(201, "POST", "devices", tenant+"devices", `{"name":"a","extension":"101"}`)
	ask(201, "POST", "phones", tenant+"phones", phoneBody+`,"lines":[{"registration":1,"device":"a"}]}`)
	ask(201, "POST", "external-numbers", tenant+"external-numbers", mobile)
	ask(201, "POST", "external-numbers/+4915112345678/clone", tenant+"external-numbers/{number}/clone", `{"number":"0301234"}`)
	ask(201, "POST", "trunks", tenant+"trunks", carrier)
	ask(201, "POST", "numbers", tenant+"numbers", `{"number":"+493012345678","destination":"extension:101"}`)
	ask(201, "POST", "port-requests", tenant+"port-requests", `{"name":"munich","carrier":"Telco","numbers":[{"number":"+498912345601"}]}`)
	ask(422, "PUT", "port-requests/munich/documents/letter", tenant+"port-requests/{name}/documents/{document}", "no paper")
	ask(204, "PUT", "port-requests/munich/documents/letter", tenant+"port-requests/{name}/documents/{document}", "%PDF-1.7\n%%EOF\n")
	ask(200, "GET", "port-requests/munich/documents", tenant+"port-requests/{name}/documents", "")
	ask(200, "DELETE", "port-requests/munich/documents/letter", tenant+"port-requests/{name}/documents/{document}", "")
	ask(201, "POST", "webhooks", tenant+"webhooks", `{"name":"crm","url":"https://receiver.invalid/hooks"}`)
	ask(422, "POST", "webhooks", tenant+"webhooks", `{"name":"local","url":"http://127.0.0.1/"}`)
	ask(200, "POST", "webhooks/crm/rotate-secret", tenant+"webhooks/{name}/rotate-secret", "")
	ask(200, "POST", "webhooks/crm/test", tenant+"webhooks/{name}/test", "")
	ask(200, "GET", "webhooks/crm/deliveries?limit=1", tenant+"webhooks/{name}/deliveries", "")
	ask(200, "POST", "webhooks/crm/deliveries/"+lastDelivery(l)+"/replay", tenant+"webhooks/{name}/deliveries/{delivery}/replay", "")
	ask(404, "POST", "webhooks/crm/deliveries/x/replay", tenant+"webhooks/{name}/deliveries/{delivery}/replay", "")
	ask(201, "POST", "classes-of-service", tenant+"classes-of-service", `{"name":"home","allow":["national"]}`)
	ask(201, "POST", "/v1/tokens", "/v1/tokens", `{"name":"ci"}`)
	ask(201, "POST", "forwards", tenant+"forwards", `{"extension":"101","mode":"schedule","rules":[{"days":["sat"],"destination":"voicemail:101"}]}`)
	l.until("for the forward", func() bool { return l.ctl.Snapshot().Forward("default", "101") != nil })
	ask(200, "POST", "simulate", tenant+"simulate", `{"from":"+4930123","to":"101","when":"2026-11-28T12:00:00Z"}`)
	ask(422, "POST", "simulate", tenant+"simulate", `{"from":"101","to":"101","busy":["999"]}`)
	ask(201, "POST", "groups", tenant+"groups", `{"name":"sales"}`)
	ask(200, "PUT", "mailboxes/101/pin", tenant+"mailboxes/{number}/pin", `{"pin":"4712"}`)
	ask(201, "POST", "applications", tenant+"applications", `{"name":"menu","url":"https://receiver.invalid/calls","fallback":"hangup"}`)
	ask(422, "POST", "applications", tenant+"applications", `{"name":"local","url":"http://127.0.0.1/","fallback":"hangup"}`)
	ask(200, "POST", "applications/menu/test", tenant+"applications/{name}/test", "")
	ask(200, "GET", "applications/menu/errors", tenant+"applications/{name}/errors", "")
	ask(201, "POST", "announcements", tenant+"announcements", `{"name":"closed"}`)
	ask(201, "POST", "ring-groups", tenant+"ring-groups", `{"name":"sales","number":"600","members":[{"extension":"101"}]}`)
	ask(201, "POST", "queues", tenant+"queues", `{"name":"support","number":"650","members":[{"extension":"101"}]}`)
	l.record("default", aRecording, 8000)
	ask(200, "GET", "recordings", tenant+"recordings", "")
	ask(200, "DELETE", "recordings/"+aRecording, tenant+"recordings/{name}", "")
	askMessages(l, ask, tenant)
	ask(201, "POST", "contacts", tenant+"contacts", `{"name":"taxi","title":"Taxi","numbers":["0305550"]}`)
	ask(201, "POST", "blocked-callers", tenant+"blocked-callers", `{"number":"+498912345"}`)
	ask(201, "POST", "routes", tenant+"routes", `{"name":"south","match":["+4989"],"trunks":[{"trunk":"carrier"}]}`)
	ask(409, "DELETE", "trunks/carrier", tenant+"trunks/{name}", "")
	ask(201, "POST", "button-templates", tenant+"button-templates", `{"model":"T46U","buttons":{"2":{"kind":"blf","value":"101"}}}`)
	ask(201, "PUT", "extensions/102", tenant+"extensions/{number}", `{"name":"Bert"}`)
	l.until("for the snapshot", func() bool { return l.ctl.Snapshot().Device("default", "a") != nil })
	l.until("for the queue", func() bool { return l.ctl.Snapshot().Queue("default", "support") != nil })
	ask(503, "GET", "queues/support/status", tenant+"queues/{name}/status", "")
	l.fleetAnswers(ask)
	askCalls(l, ask, tenant)
	askTestCall(l, ask, tenant)
	for plural, c := range map[string]struct{ path, key, keyName, put string }{
		"tenants": {"/v1/tenants", "acme", "name", `{}`}, "resellers": {"/v1/resellers", "north", "name", `{}`}, "mailboxes": {tenant + "mailboxes", "101", "number", `{"name":"Anna"}`},
		"extensions": {tenant + "extensions", "101", "number", `{"name":"Anna","mailbox":"101"}`}, "devices": {tenant + "devices", "a", "name", `{"extension":"101"}`},
		"forwards":         {tenant + "forwards", "101", "extension", `{"no_answer":"hangup","no_answer_seconds":9}`},
		"ring-groups":      {tenant + "ring-groups", "sales", "name", `{"number":"600","members":[{"extension":"101"}]}`},
		"queues":           {tenant + "queues", "support", "name", `{"number":"650","members":[{"extension":"101"}]}`},
		"contacts":         {tenant + "contacts", "taxi", "name", `{"title":"Taxi","numbers":["0305551"]}`},
		"webhooks":         {tenant + "webhooks", "crm", "name", `{"url":"https://receiver.invalid/hooks","events":["call"]}`},
		"blocked-callers":  {tenant + "blocked-callers", "+498912345", "number", `{"begins":true}`},
		"routes":           {tenant + "routes", "south", "name", `{"match":["+4989"],"trunks":[{"trunk":"carrier"}]}`},
		"groups":           {tenant + "groups", "sales", "name", `{}`},
		"button-templates": {tenant + "button-templates", "T46U", "model", `{"buttons":{}}`},
		"phones":           {tenant + "phones", "001565aabbcc", "mac", phoneBody + `,"lines":[{"registration":1,"device":"a"}]}`},
		"external-numbers": {tenant + "external-numbers", "0301234", "number", `{}`}, "trunks": {tenant + "trunks", "carrier", "name", `{"host":"192.0.2.9"}`},
		"port-requests":      {tenant + "port-requests", "munich", "name", `{"carrier":"Telco","numbers":[{"number":"+498912345601"}]}`},
		"applications":       {tenant + "applications", "menu", "name", `{"url":"https://receiver.invalid/calls","fallback":"hangup"}`},
		"announcements":      {tenant + "announcements", "closed", "name", `{"title":"Closed"}`},
		"numbers":            {tenant + "numbers", "+493012345678", "number", `{}`},
		"classes-of-service": {tenant + "classes-of-service", "home", "name", `{}`},
	} {
		path, one := strings.Replace(c.path, "{tenant}", "default", 1), c.path+"/{"+c.keyName+"}"
		ask(200, "GET", path, c.path, "")
		ask(200, "GET", path+"/"+c.key, one, "")
		ask(200, "PUT", path+"/"+c.key, one, c.put)
		ask(200, "PATCH", path+"/"+c.key, one, `{}`)
		ask(422, "PATCH", path+"/"+c.key, one, `{"colour":1}`)
		if plural == "phones" {
			ask(200, "GET", path+"/"+c.key+"/fetches", one+"/fetches", "")
			ask(200, "POST", path+"/"+c.key+"/enrol", one+"/enrol", "")
		}
	}
	const settings = tenant + "phone-settings"
	ask(200, "GET", "phone-settings", settings, "")
	ask(200, "PUT", "phone-settings", settings, `{"language":"fr","vlan":7}`)
	ask(200, "PATCH", "phone-settings", settings, `{"srtp":"optional"}`)
	ask(422, "PATCH", "phone-settings", settings, `{"colour":1}`)
	const codes = tenant + "feature-codes"
	ask(200, "GET", "feature-codes", codes, "")
	ask(200, "PUT", "feature-codes", codes, `{"voicemail":"*86"}`)
	ask(200, "PATCH", "feature-codes", codes, `{"park_slots":"81-89"}`)
	ask(422, "PATCH", "feature-codes", codes, `{"colour":1}`)
	ask(201, "POST", "seats", tenant+"seats", `{"name":"Gina","number":"180","mac":"001565aabbdd","model":"T46U"}`)
	ask(201, "POST", "phones/001565aabbdd/replace", tenant+"phones/{mac}/replace", `{"mac":"001565aabbde"}`)
	ask(201, "POST", "seats/batch", tenant+"seats/batch", `{"seats":[{"name":"Hugo","number":"181","voicemail":false}]}`)
	ask(200, "GET", "seats", tenant+"seats", "")
	ask(200, "GET", "/v1/phone-models", "/v1/phone-models", "")
	l.ctl.Fleet.Refused.Handshake(pbx.FailedHandshake{Address: netip.MustParseAddr("192.0.2.9"),
		Reason: pbx.HandshakeVersion, Last: time.Now()})
	ask(200, "GET", "/v1/handshakes", "/v1/handshakes", "")
	ask(200, "POST", "enrol", tenant+"enrol", `{"hours":2,"again":true}`)
	ask(200, "GET", "/v1/templates", "/v1/templates", "")
	ask(200, "DELETE", "button-templates/T46U", tenant+"button-templates/{model}", "")
	ask(200, "POST", "port-requests/munich/state", tenant+"port-requests/{name}/state", `{"state":"submitted"}`)
	ask(409, "DELETE", "port-requests/munich", tenant+"port-requests/{name}", "")
	ask(200, "POST", "port-requests/munich/state", tenant+"port-requests/{name}/state", `{"state":"cancelled"}`)
	ask(200, "GET", "port-requests/munich/history", tenant+"port-requests/{name}/history", "")
	askPeople(l, ask, tenant)
	ask(200, "PUT", "announcements/closed/audio", tenant+"announcements/{name}/audio", wavFile(1600))
	ask(422, "PUT", "announcements/closed/audio", tenant+"announcements/{name}/audio", "no sound")
	ask(409, "DELETE", "devices/a", tenant+"devices/{name}", "")
	for _, p := range []struct{ path, template string }{{"phones/001565aabbcc", "phones/{mac}"}, {"devices/a", "devices/{name}"}, {"forwards/101", "forwards/{extension}"}, {"ring-groups/sales", "ring-groups/{name}"}, {"queues/support", "queues/{name}"}, {"extensions/101", "extensions/{number}"}, {"mailboxes/101", "mailboxes/{number}"}, {"groups/sales", "groups/{name}"},
		{"external-numbers/0301234", "external-numbers/{number}"}, {"contacts/taxi", "contacts/{name}"},
		{"port-requests/munich", "port-requests/{name}"}, {"blocked-callers/+498912345", "blocked-callers/{number}"},
		{"routes/south", "routes/{name}"}, {"trunks/carrier", "trunks/{name}"},
		{"announcements/closed", "announcements/{name}"}, {"applications/menu", "applications/{name}"}, {"webhooks/crm", "webhooks/{name}"},
		{"numbers/+493012345678", "numbers/{number}"}, {"classes-of-service/home", "classes-of-service/{name}"}} {
		ask(200, "DELETE", p.path, tenant+p.template, "")
	}
	ask(200, "DELETE", "/v1/tenants/acme", "/v1/tenants/{name}", "")
	ask(200, "DELETE", "/v1/resellers/north", "/v1/resellers/{name}", "")
	ask(200, "GET", "status", tenant+"status", "")
	ask(200, "GET", "guard", tenant+"guard", "")
	ask(200, "GET", "emergency", tenant+"emergency", "")
	ask(200, "POST", "guard/unblock", tenant+"guard/unblock", `{}`)
	ask(200, "GET", "/v1/changes", "/v1/changes", "")
	ask(200, "GET", "/v1/health", "/v1/health", "")
	ask(200, "GET", "/v1/tokens", "/v1/tokens", "")
	ask(204, "DELETE", "/v1/tokens/"+l.must(201, "POST", "/v1/tokens", `{"name":"x"}`).text("id"), "/v1/tokens/{id}", "")
	ask(401, "POST", "/v1/sign-in", "/v1/sign-in", `{"username":"nobody","password":"x"}`)
	ask(401, "POST", "/v1/sign-in/code", "/v1/sign-in/code", `{"sign_in":"x","code":"x"}`)
	ask(200, "GET", "/v1/sign-in", "/v1/sign-in", "")
	ask(409, "DELETE", "/v1/sign-in", "/v1/sign-in", "") // an API token
	checkTried(t, d, tried)
}

func checkTried(t *testing.T, d document, tried map[string]bool) {
	t.Helper()
	for _, ops := range d.Paths {
		for _, op := range ops {
			if !tried[op.OperationID] {
				t.Errorf("%s was not tried", op.OperationID)
			}
		}
	}
}

// askInventory tries what can be done with numbers before a tenant uses them.
func askInventory(ask func(status int, method, path, template, body string)) {
	const numbers, one, carriers, theirs = "/v1/numbers", "/v1/numbers/{number}", "/v1/carriers", "/v1/resellers/{reseller}/carriers"
	ask(201, "POST", carriers, carriers, `{"name":"telco","service":"voice","default":true}`)
	ask(201, "POST", "/v1/resellers/north/carriers", theirs, `{"name":"telco","service":"sms"}`)
	ask(201, "POST", carriers, carriers, `{"name":"texts","service":"sms","adapter":"generic","url":"https://texts.invalid/send"}`)
	ask(401, "POST", carriers+"/texts/callback", carriers+"/{name}/callback", `[]`)
	ask(401, "POST", "/v1/resellers/north/carriers/telco/callback", theirs+"/{name}/callback", `[]`)
	ask(201, "POST", numbers, numbers, `{"number":"+4930555001"}`)
	ask(200, "GET", numbers, numbers, "")
	ask(200, "GET", numbers+"/+4930555001", one, "")
	ask(200, "PATCH", numbers+"/+4930555001", one, `{"kind":"vanity"}`)
	ask(200, "POST", numbers+"/assign", numbers+"/assign", `{"numbers":["+4930555001"],"tenant":"acme"}`)
	ask(200, "POST", numbers+"/unassign", numbers+"/unassign", `{"numbers":["+4930555001"]}`)
	ask(200, "GET", numbers+"/+4930555001/history", one+"/history", "")
	ask(201, "POST", numbers+"/block", numbers+"/block", `{"first":"+4930556000","count":2,"tenant":"acme"}`)
	ask(200, "POST", "/v1/tenants/acme/numbers/lead", "/v1/tenants/{tenant}/numbers/lead",
		`{"first":"+4930556000","last":"+4930556001","destination":"hangup"}`)
	ask(200, "POST", numbers+"/unassign", numbers+"/unassign", `{"first":"+4930556000","count":2}`)
	ask(200, "DELETE", numbers+"/+4930556000", one, "")
	ask(200, "DELETE", numbers+"/+4930556001", one, "")
	ask(200, "DELETE", numbers+"/+4930555001", one, "")
	const file = "Country Code,Phone Number,Voice,SMS,Fax\n49,+4930555001,TRUE,FALSE,FALSE\n49,x,TRUE,FALSE,FALSE\n"
	ask(200, "POST", numbers+"/upload", numbers+"/upload", file)
	ask(200, "POST", "/v1/tenants/acme/numbers/upload", "/v1/tenants/{tenant}/numbers/upload", file)
	for _, c := range []struct{ path, template string }{{"/v1/rates", "/v1/rates"}, {"/v1/resellers/north/rates",
		"/v1/resellers/{reseller}/rates"}} {
		ask(201, "POST", c.path, c.template, `{"prefix":"+49","price":20}`)
		ask(200, "GET", c.path, c.template, "")
		ask(200, "GET", c.path+"/+49", c.template+"/{prefix}", "")
		ask(200, "PUT", c.path+"/+49", c.template+"/{prefix}", `{"price":30}`)
		ask(200, "PATCH", c.path+"/+49", c.template+"/{prefix}", `{}`)
		ask(200, "POST", c.path+"/upload", c.template+"/upload", "+49,20\n")
		ask(200, "DELETE", c.path+"/+49", c.template+"/{prefix}", "")
	}
	ask(202, "POST", "/v1/tenants/acme/numbers/upload?background=true", "/v1/tenants/{tenant}/numbers/upload", file)
	ask(200, "GET", numbers+"/available?contains=555", numbers+"/available", "")
	ask(201, "POST", numbers, numbers, `{"number":"+4930555005","voice":false}`)
	ask(200, "GET", "/v1/tenants/acme/numbers/available", "/v1/tenants/{tenant}/numbers/available", "")
	ask(201, "POST", "/v1/tenants/acme/numbers/claim", "/v1/tenants/{tenant}/numbers/claim", `{"number":"+4930555005"}`)
	ask(200, "DELETE", "/v1/tenants/acme/numbers/+4930555005", "/v1/tenants/{tenant}/numbers/{number}", "")
	ask(200, "GET", numbers+"/uploads", numbers+"/uploads", "")
	ask(404, "GET", numbers+"/uploads/none", numbers+"/uploads/{id}", "")
	ask(200, "GET", "/v1/tenants/acme/numbers/uploads", "/v1/tenants/{tenant}/numbers/uploads", "")
	ask(404, "GET", "/v1/tenants/acme/numbers/uploads/none", "/v1/tenants/{tenant}/numbers/uploads/{id}", "")
	for _, c := range []struct{ path, template string }{{carriers, carriers}, {"/v1/resellers/north/carriers", theirs}} {
		ask(200, "GET", c.path, c.template, "")
		ask(200, "GET", c.path+"/telco", c.template+"/{name}", "")
		ask(200, "PUT", c.path+"/telco", c.template+"/{name}", `{"service":"voice"}`)
		ask(200, "PATCH", c.path+"/telco", c.template+"/{name}", `{}`)
		ask(200, "DELETE", c.path+"/telco", c.template+"/{name}", "")
	}
}

// askSessions tries the sessions of a user, signed in for that.
func askSessions(l *lab, ask func(status int, method, path, template, body string), user, template, credentials string) {
	l.must(200, "POST", "/v1/sign-in", credentials, "Authorization: ")
	ask(200, "GET", user+"/sessions", template+"/sessions", "")
	id := l.must(200, "GET", user+"/sessions", "").items()[0]["id"].(string)
	ask(204, "DELETE", user+"/sessions/"+id, template+"/sessions/{id}", "")
}

// askPeople tries what users can do, and what extensions can do beside being written.
func askPeople(l *lab, ask func(status int, method, path, template, body string), tenant string) {
	const one = "users/{username}"
	ask(201, "POST", "users", tenant+"users", `{"username":"ada","full_name":"Ada","role":"user"}`)
	ask(200, "GET", "users", tenant+"users", "")
	ask(200, "GET", "users/ada", tenant+one, "")
	ask(200, "PUT", "users/ada", tenant+one, `{"full_name":"Ada","role":"user","extension":"102"}`)
	ask(200, "PATCH", "users/ada", tenant+one, `{}`)
	ask(200, "POST", "users/ada/reset-password", tenant+one+"/reset-password", "")
	password := l.must(200, "POST", "users/ada/reset-password", "").text("password")
	ask(200, "POST", "users/ada/password", tenant+one+"/password", `{"current":"`+password+`","new":"0123456789"}`)
	ask(201, "POST", "users/ada/duplicate", tenant+one+"/duplicate", `{"username":"bob"}`)
	ask(200, "POST", "users/ada/unregister", tenant+one+"/unregister", "")
	ask(422, "PUT", "users/ada/photo", tenant+one+"/photo", "no picture")
	ask(200, "DELETE", "users/ada/photo", tenant+one+"/photo", "")
	l.must(201, "PUT", "devices/desk", `{"shared":true}`)
	ask(200, "POST", "users/ada/desk", tenant+one+"/desk", `{"device":"desk"}`)
	ask(200, "GET", "users/ada/desk", tenant+one+"/desk", "")
	ask(200, "PATCH", "users/ada/ringing", tenant+one+"/ringing", `{"do_not_disturb":false}`)
	ask(200, "GET", "inbox", tenant+"inbox", "")
	ask(404, "POST", "inbox/64167f0000aa/adopt", tenant+"inbox/{mac}/adopt", `{}`)
	ask(200, "DELETE", "users/ada/desk", tenant+one+"/desk", "")
	ask(200, "POST", "extensions/102/renumber", tenant+"extensions/{number}/renumber", `{"number":"103"}`)
	ask(201, "POST", "extensions/103/duplicate", tenant+"extensions/{number}/duplicate", `{"number":"104"}`)
	askSessions(l, ask, "users/ada", tenant+one, `{"username":"ada","password":"0123456789"}`)
	ask(200, "DELETE", "users/ada", tenant+one, "")
	const theirs, ofReseller = "/v1/resellers/north/users", "/v1/resellers/{reseller}/users"
	ask(201, "POST", theirs, ofReseller, `{"username":"ada","full_name":"Ada","role":"reseller-admin"}`)
	ask(200, "GET", theirs, ofReseller, "")
	ask(200, "GET", theirs+"/ada", ofReseller+"/{username}", "")
	ask(200, "PUT", theirs+"/ada", ofReseller+"/{username}", `{"full_name":"Ada King","role":"reseller-admin"}`)
	ask(200, "PATCH", theirs+"/ada", ofReseller+"/{username}", `{}`)
	ask(200, "POST", theirs+"/ada/reset-password", ofReseller+"/{username}/reset-password", "")
	password = l.must(200, "POST", theirs+"/ada/reset-password", "").text("password")
	ask(200, "POST", theirs+"/ada/password", ofReseller+"/{username}/password", `{"current":"`+password+`","new":"0123456789"}`)
	ask(201, "POST", theirs+"/ada/duplicate", ofReseller+"/{username}/duplicate", `{"username":"bob"}`)
	askSessions(l, ask, theirs+"/ada", ofReseller+"/{username}", `{"reseller":"north","username":"ada","password":"0123456789"}`)
	ask(200, "DELETE", theirs+"/ada", ofReseller+"/{username}", "")
	ask(503, "POST", "devices/desk/invite", tenant+"devices/{name}/invite", `{"email":"x@example.org"}`) // no mail server
	ask(200, "GET", "invitations", tenant+"invitations", "")
}

func operationOf(p *huma.PathItem, method string) *huma.Operation {
	if p == nil {
		return nil
	}
	return map[string]*huma.Operation{"GET": p.Get, "POST": p.Post, "PUT": p.Put, "PATCH": p.Patch, "DELETE": p.Delete}[method]
}

// The pages work on a network without the Internet, and need no token.
func TestDocsLoadNothingFromElsewhere(t *testing.T) {
	l := newLab(t)
	paths := []string{"/docs", "/docs/api"}
	for _, p := range manual.Pages() {
		paths = append(paths, "/docs/"+p.Topic)
	}
	for _, path := range paths {
		r := l.must(200, "GET", path, "", "Authorization: ")
		for _, m := range regexp.MustCompile(`(?i)(src|href|url|import)\s*[=(]\s*["']?(https?:)?//`).FindAllString(r.Body, -1) {
			t.Errorf("%s refers to %s", path, m)
		}
		policy, scripts := r.Header.Get("Content-Security-Policy"), strings.Contains(r.Body, "<script")
		if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "script-src") != scripts {
			t.Errorf("%s: the policy is %q; it has scripts: %v", path, policy, scripts)
		}
	}
	if !strings.Contains(l.must(200, "GET", "/docs/api", "", "Authorization: ").Body, "fetch('/openapi.json')") {
		t.Error("the reference does not read the document")
	}
	if to := l.must(302, "GET", "/", "").Header.Get("Location"); to != "/docs" {
		t.Errorf("/ leads to %q", to)
	}
}

// The start page leads to every page, each page has its text, and each link on them
// is answered.
func TestManualPages(t *testing.T) {
	l := newLab(t)
	start := l.must(200, "GET", "/docs", "", "Authorization: ").Body
	for _, p := range manual.Pages() {
		if !strings.Contains(start, `<dt><a href="/docs/`+p.Topic+`">`+p.Title+"</a></dt>") {
			t.Errorf("the start page does not lead to %s", p.Topic)
		}
		body := l.must(200, "GET", "/docs/"+p.Topic, "", "Authorization: ").Body
		if !strings.Contains(body, ">"+p.Title+"</h1>") || strings.Count(body, "<h2") != strings.Count(p.Text, "\n## ") {
			t.Errorf("/docs/%s does not show the whole page", p.Topic)
		}
		start += body
	}
	asked := map[string]bool{}
	for _, link := range regexp.MustCompile(`href="([^"#]*)`).FindAllStringSubmatch(start, -1) {
		if !asked[link[1]] && link[1] != "" {
			l.must(200, "GET", link[1], "", "Authorization: ")
		}
		asked[link[1]] = true
	}
	if r := l.must(404, "GET", "/docs/nonsense", "", "Authorization: "); !strings.Contains(r.Body, "/docs lists its pages") {
		t.Errorf("an unknown page: %s", r.Body)
	}
}
