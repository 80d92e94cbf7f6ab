package api

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// auditedElsewhere are properties whose content the audit has under another name.
var auditedElsewhere = map[string]string{"username of device": "endpoint", "has_desk_pin of user": "desk_pin",
	"former_url of phone": "provisioning_url"}

// TestAuditSpeaksTheAPIsLanguage: what the audit has of an object are properties of
// its kind in the document, all that are stored, with the values that reading shows.
func TestAuditSpeaksTheAPIsLanguage(t *testing.T) {
	l := newLab(t)
	d, _ := l.document()
	for _, c := range []struct {
		kind, path, body string
		row, view        reflect.Type
	}{
		{"tenant", "/v1/tenants/acme", `{"title":"Acme","country":"DE","cdr_days":7,"phone_networks":["192.0.2.0/24"]}`, reflect.TypeFor[pbx.Tenant](), reflect.TypeFor[Tenant]()},
		{"mailbox", "mailboxes/101",
			`{"name":"Anna","pin":"4711","email":"a@example.org","attach_recording":true,"timezone":"Asia/Tokyo","language":"de","max_messages":9,"max_seconds":99,"min_seconds":3}`,
			reflect.TypeFor[pbx.Mailbox](), reflect.TypeFor[Mailbox]()},
		{"group", "groups/sales", `{}`, reflect.TypeFor[pbx.Group](), reflect.TypeFor[Group]()},
		{"class-of-service", "classes-of-service/home", `{"allow":["national","+49151"],"deny":["+49900"]}`, reflect.TypeFor[pbx.ClassOfService](), reflect.TypeFor[ClassOfService]()},
		{"external-number", "external-numbers/+4915112345678", `{"description":"mobile","available":true}`, reflect.TypeFor[pbx.ExternalNumber](), reflect.TypeFor[ExternalNumber]()},
		{"contact", "contacts/taxi", `{"title":"Taxi","numbers":["030 5550","+49 30 777"]}`, reflect.TypeFor[pbx.Contact](), reflect.TypeFor[Contact]()},
		{"application", "applications/menu", `{"url":"https://receiver.invalid/calls","fallback":"hangup"}`,
			reflect.TypeFor[pbx.Application](), reflect.TypeFor[Application]()},
		{"announcement", "announcements/closed", `{"title":"We are closed"}`, reflect.TypeFor[pbx.Announcement](),
			reflect.TypeFor[Announcement]()},
		{"blocked-caller", "blocked-callers/+4989", `{"begins":true,"description":"calls at night"}`,
			reflect.TypeFor[pbx.BlockedCaller](), reflect.TypeFor[BlockedCaller]()},
		{"trunk", "trunks/carrier", `{"host":"192.0.2.9","username":"u","secret":"s3cret"}`, reflect.TypeFor[pbx.Trunk](), reflect.TypeFor[Trunk]()},
		{"route", "routes/south",
			`{"match":["+4989"],"trunks":[{"trunk":"carrier","prefix":"9","format":"e164","weight":3}],"caller_id":["trunk"]}`,
			reflect.TypeFor[pbx.OutboundRoute](), reflect.TypeFor[Route]()},
		{"extension", "extensions/102", `{"name":"Bert"}`, reflect.TypeFor[pbx.Extension](), reflect.TypeFor[Extension]()},
		{"extension", "extensions/101", `{"name":"Anna","mailbox":"101","groups":["sales"],"allowed_devices":["mobile","hardware"],"call_waiting":false,"presence":false,
			"twin_number":"+4915112345678","class_of_service":"home","ring":"sequence","record":true}`, reflect.TypeFor[pbx.Extension](), reflect.TypeFor[Extension]()},
		{"device", "devices/desk", `{"extension":"101","ring_order":2}`, reflect.TypeFor[pbx.Device](), reflect.TypeFor[Device]()},
		{"phone", "phones/001565aabbcc", `{"vendor":"yealink","model":"T46U","lines":[{"registration":1,"device":"desk"}],"buttons":{"2":{"kind":"blf","value":"101"}}}`, reflect.TypeFor[pbx.Phone](), reflect.TypeFor[Phone]()},
		{"number", "numbers/+493012345678",
			`{"destination":"extension:101","rules":[{"days":["sat"],"callers":["+4989"],"destination":"hangup"}],"timezone":"Europe/Zurich","anonymous":"refuse","caller_id_prefix":"Sales:"}`,
			reflect.TypeFor[pbx.Number](), reflect.TypeFor[Number]()},
		{"user", "users/ada", `{"full_name":"Ada","role":"user","extension":"101","login":false,"desk_pin":"471147"}`, reflect.TypeFor[pbx.User](), reflect.TypeFor[User]()},
		{"forward", "forwards/101", `{"mode":"schedule","rules":[{"days":["sat"],"destination":"voicemail:101"}],"busy":"hangup","no_answer":"voicemail:101","no_answer_seconds":9,"exceptions":["0301","0300"]}`, reflect.TypeFor[pbx.Forward](), reflect.TypeFor[Forward]()},
		{"button-template", "button-templates/T46U", `{"buttons":{"3":{"kind":"none"},"m1-2":{"kind":"blf","value":"101","label":"A"}}}`, reflect.TypeFor[pbx.ButtonTemplate](), reflect.TypeFor[ButtonTemplate]()},
		{"ring-group", "ring-groups/sales", `{"number":"600","members":[{"extension":"101","delay":3}],"member_forwards":"follow","destination":"voicemail:101"}`, reflect.TypeFor[pbx.RingGroup](), reflect.TypeFor[RingGroup]()},
		{"queue", "queues/support", `{"number":"650","strategy":"sequential","ring_seconds":15,"retry_seconds":2,"wrap_up_seconds":10,"max_waiting":5,"max_wait_seconds":300,"wait_when_empty":true,"welcome":"hello-world","periodic_announcement":"hello-world","periodic_seconds":30,"announce_position":true,"announce_hold_time":true,"announce_seconds":45,"destination":"voicemail:101","full_destination":"hangup","empty_destination":"extension:102","timeout_destination":"ring-group:sales","members":[{"extension":"101","penalty":3}]}`,
			reflect.TypeFor[pbx.Queue](), reflect.TypeFor[Queue]()},
		{"phone-settings", "phone-settings", `{"language":"fr","vlan":7,"uploads":["logs"]}`, reflect.TypeFor[pbx.PhoneSettings](), reflect.TypeFor[PhoneSettings]()},
		{"feature-codes", "feature-codes", `{"voicemail":"*86","park_slots":"81-89"}`, reflect.TypeFor[pbx.FeatureCodes](), reflect.TypeFor[FeatureCodes]()},
	} {
		if r := l.do("PUT", c.path, c.body); r.Status != 200 && r.Status != 201 {
			t.Fatalf("PUT %s: %d %s", c.path, r.Status, r.Body)
		}
		after := l.lastAudit(c.kind)
		reads, writes := d.properties(t, c.view.Name()), d.properties(t, c.view.Name()+"Fields")
		for name := range after {
			if !slices.Contains(reads, name) && !slices.Contains(writes, name) {
				t.Errorf("the audit has %s of %s, which is no property", name, c.kind)
			}
		}
		for i := range c.view.NumField() {
			if link, ok := linkOf(c.row, c.view.Field(i)); ok && !c.view.Field(i).Anonymous {
				writes = append(writes, link.name)
			}
		}
		for _, name := range writes {
			if _, ok := after[name]; !ok && auditedElsewhere[name+" of "+c.kind] == "" {
				t.Errorf("the audit has no %s of %s", name, c.kind)
			}
		}
		shown := l.must(200, "GET", c.path, "").json()
		for name, value := range after {
			if have, ok := shown[name]; ok && !cmp.Equal(have, value) || !ok && value != "****" && !empty(value) {
				t.Errorf("%s of %s is %v in the audit and %v when it is read", name, c.kind, value, have)
			}
		}
	}
}

// lastAudit returns what the newest change of a kind left.
func (l *lab) lastAudit(kind string) (after map[string]any) {
	l.t.Helper()
	var page struct {
		Items []struct{ After map[string]any }
	}
	if err := json.Unmarshal([]byte(l.must(200, "GET", "/v1/changes?limit=1&kind="+kind, "").Body), &page); err != nil || len(page.Items) != 1 {
		l.t.Fatalf("%d changes of %s, %v", len(page.Items), kind, err)
	}
	return page.Items[0].After
}

// properties are those of a schema of the document.
func (d document) properties(t *testing.T, schema string) (names []string) {
	t.Helper()
	s, _ := d.Components.Schemas[schema].(map[string]any)
	all, _ := s["properties"].(map[string]any)
	if len(all) == 0 {
		t.Fatalf("the document has no schema %s", schema)
	}
	for name := range all {
		names = append(names, name)
	}
	return names
}

// empty reports what the API leaves out.
func empty(v any) bool {
	switch v := v.(type) {
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return v == nil || v == "" || v == false || v == 0.0
}
