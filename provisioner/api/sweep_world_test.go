package api

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// unreachable are keys that nothing in tenant default may refer to: one that does
// not exist, and one of tenant acme.
var unreachable = map[string][]any{
	"extensions": {"555", "601"}, "mailboxes": {"555", "601"}, "devices": {"nobody", "theirs"}, "groups": {"nobody", "theirs"},
	"external-numbers": {"+4900000", "+4930777"}, "trunks": {"nobody", "theirs"}, "users": {"nobody", "eve"}, "tenants": {"nobody"}, "resellers": {"nobody"},
}

// alsoRefers are properties that refer without being named after what they refer to.
var alsoRefers = map[string][]any{
	"twin_number": {"+4900000", "+4930777"}, "external": {"+4900000", "+4930777"}, "members": {[]any{map[string]any{"extension": "601"}}},
	"destination": {"extension:555", "extension:601", "voicemail:601", "ring-group:none", "ring-group:theirs", "queue:theirs"}, "unreachable": {"extension:601"}, "busy": {"voicemail:601"}, "no_answer": {"extension:555"},
	aKey: {map[string]any{"kind": "blf", "value": "555"}, map[string]any{"kind": "blf", "value": "601"}},
}

// settle fills tenant default with one of each kind, and tenant acme with others. It
// returns the password of user ada.
func (l *lab) settle() (password string) {
	l.t.Helper()
	l.must(201, "POST", "/v1/resellers", `{"name":"above"}`)
	l.must(201, "POST", "/v1/resellers", `{"name":"north"}`)
	l.must(201, "PUT", "/v1/carriers/telco", `{"service":"voice"}`)
	l.must(201, "PUT", "/v1/resellers/north/carriers/telco", `{"service":"voice"}`)
	l.must(201, "PUT", "/v1/carriers/texts", `{"service":"sms","adapter":"generic","url":"https://texts.invalid/send"}`)
	l.must(201, "PUT", "/v1/resellers/north/users/ada", `{"full_name":"Ada","role":"reseller-admin"}`)
	l.must(201, "PUT", "/v1/rates/+49", `{"price":20}`)
	l.must(201, "PUT", "/v1/resellers/north/rates/+49", `{"price":20}`)
	l.must(201, "POST", "/v1/numbers", `{"number":"+4930555001"}`)
	l.must(201, "POST", "/v1/numbers", `{"number":"+4930555002"}`)
	l.must(201, "POST", "/v1/numbers", `{"number":"+4930555004"}`)
	l.must(201, "POST", "/v1/tenants", `{"name":"acme"}`)
	for _, w := range []struct{ tenant, path, body string }{
		{"default", "groups/sales", `{}`}, {"default", "external-numbers/+4915112345678", `{}`}, {"default", "trunks/carrier", `{"host":"192.0.2.9","username":"u","secret":"trunk-pass"}`},
		{"default", "mailboxes/190", `{"name":"Other","pin":"4711"}`}, {"default", "mailboxes/101",
			`{"name":"Anna","pin":"4711"}`}, {"default", "extensions/101", `{"name":"Anna","mailbox":"101"}`}, {"default",
			"extensions/102", `{"name":"Bert"}`},
		{"default", "extensions/103", `{"name":"Cleo"}`}, {"default", "extensions/104", `{"name":"Dora"}`}, {"default", "devices/anna", `{"extension":"101"}`}, {"default", "devices/spare", `{}`}, {"default", "devices/desk", `{"shared":true}`}, {"default", "devices/later", `{}`}, {"default", "devices/last", `{}`},
		{"default", "forwards/101", `{}`}, {"default", "numbers/+493012345678", `{}`}, {"default", "classes-of-service/home",
			`{}`}, {"default", "port-requests/munich", `{"carrier":"Telco","numbers":[{"number":"+498912345601"}]}`}, {"default",
			"ring-groups/sales", `{"number":"600","members":[{"extension":"101"}]}`}, {"acme", "extensions/602",
			`{"name":"Fay"}`}, {"acme", "ring-groups/theirs", `{"number":"600","members":[{"extension":"602"}]}`}, {"default",
			"users/ada", `{"full_name":"Ada","role":"user","extension":"101","email":"ada@example.org"}`}, {"default",
			"button-templates/T46U", `{"buttons":{}}`}, {"default", "contacts/taxi", `{"title":"Taxi","numbers":["0305550"]}`},
		{"default", "blocked-callers/+498912345", `{}`},
		{"default", "classes-of-service/abroad", `{"allow":["any"]}`}, {"default", "trunks/idle", `{"host":"192.0.2.11","disabled":true}`},
		{"default", "extensions/105", `{"name":"Eli","class_of_service":"abroad"}`},
		{"default", "routes/south", `{"match":["+4989"],"trunks":[{"trunk":"carrier"}]}`},
		{"default", "announcements/closed", `{}`},
		{"default", "queues/support", `{"number":"650","members":[{"extension":"101"}]}`},
		{"acme", "queues/theirs", `{"number":"650","members":[{"extension":"602"}]}`},
		{"default", "applications/menu", `{"url":"https://receiver.invalid/calls","fallback":"hangup"}`},
		{"default", "webhooks/crm", `{"url":"https://receiver.invalid/hooks"}`},
		{"default", "phones/001565000001", `{"vendor":"yealink","model":"T46U","lines":[{"registration":1,"device":"anna"}]}`},
		{"acme", "groups/theirs", `{}`}, {"acme", "external-numbers/+4930777", `{}`}, {"acme", "trunks/theirs", `{"host":"192.0.2.9"}`}, {"acme", "mailboxes/601", `{"name":"Eve","pin":"4711"}`},
		{"acme", "extensions/601", `{"name":"Eve"}`}, {"acme", "devices/theirs", `{"extension":"601"}`}, {"acme", "users/eve", `{"full_name":"Eve","role":"user"}`},
	} {
		l.must(201, "PUT", "/v1/tenants/"+w.tenant+"/"+w.path, w.body)
	}
	l.must(201, "POST", "/v1/numbers", `{"number":"+493012345670","sms":true,"sms_profile":"texts","tenant":"default","destination":"extension:101"}`)
	password = l.must(200, "POST", "users/ada/reset-password", "").text("password")
	l.ask("64167f000001", polycomAgent)
	l.ask("64167f000002", polycomAgent)
	l.must(200, "PATCH", "/v1/tenants/default", `{"phone_networks":["192.0.2.0/24"]}`)
	l.message("101", "INBOX", 0, aMessage, `"Bert" <102>`)
	l.voicemailActions()
	l.open("")
	l.applied("extensions/103", `{"name":"Cleo"}`)
	return password
}

// kindSwept says where the writes of one kind of row are tried.
type kindSwept struct {
	keyName, existing, fresh string
	// good are bodies for the existing one; a field is tried in the first that has it.
	good []string
	// fresh body when the good ones would be in the way of themselves; "" is them.
	post []string
}

var kindsSwept = map[string]kindSwept{
	"/v1/tenants": {"name", "acme", "third",
		[]string{`{"title":"Acme","timezone":"Europe/Berlin","phone_networks":["192.0.2.0/24"],"max_extensions":9,"allow_external_numbers":true,"claim_numbers":true,"anonymous":"refuse","phone_password":"abcdefgh12","reseller":"above","max_numbers":7,"max_texts":70}`},
		nil},
	"/v1/carriers": {"name", "telco", "fresh", []string{
		`{"service":"sms","adapter":"twilio","account":"AC1","url":"https://texts.invalid","public_url":"https://pbx.invalid","secret":"0123456789abcdef","callback_key":null}`,
		`{"service":"sms","adapter":"generic","url":"https://texts.invalid","callback_key":"0123456789abcdef","account":null,"secret":null,"public_url":null}`,
		`{"service":"voice","description":"first","adapter":null,"url":null,"callback_key":null}`}, nil},
	"/v1/rates": {"prefix", "+49", "+4930", []string{`{"price":30}`}, nil},
	"/v1/resellers": {"name", "north", "fresh",
		[]string{`{"title":"North","parent":"above","max_extensions":100,"max_calls":1000,"max_numbers":100,"default_number":true,"default_number_kind":"local","default_number_prefix":"+4930","aging_days":30}`},
		nil},
	"extensions": {"number", "104", "150", []string{
		`{"name":"Anna","mailbox":"101","groups":["sales"],"twin_number":"+4915112345678","type":"sip","allowed_devices":["hardware"],"ring":"all","parent_device":null}`,
		`{"name":"Anna","type":"sip-virtual","parent_device":"desk","groups":null,"twin_number":null,"allowed_devices":null}`}, nil},
	"devices": {"name", "spare", "fresh", []string{`{"kind":"sip","extension":"101","class":"third-party","username":"some-user","secret":"abcdefgh01234567","external_number":null,"confirm":null}`,
		`{"kind":"external","external_number":"+4915112345678","extension":"101","class":null,"username":null,"secret":null}`}, []string{`{"kind":"sip","extension":"101","class":"third-party","username":"other-user","secret":"abcdefgh01234567"}`}},
	"mailboxes": {"number", "101", "150",
		[]string{`{"name":"Anna","pin":"4711","email":"a@example.org","attach_recording":true,"timezone":"Asia/Tokyo","language":"de","max_messages":9,"max_seconds":99,"min_seconds":3}`},
		nil},
	"groups":           {"name", "sales", "fresh", []string{`{}`}, nil},
	"users":            {"username", "ada", "bob", []string{`{"full_name":"Ada","role":"user","extension":"101","email":"ada@example.org","personal_contact":"a@example.com","desk_pin":"4711","language":"de","timezone":"Europe/Berlin"}`}, []string{`{"full_name":"Bob","role":"user","extension":"102"}`}},
	"external-numbers": {"number", "+4915112345678", "+4915112345679", []string{`{"description":"Anna","type":"sip","available":true}`}, nil},
	"contacts":         {"name", "taxi", "bank", []string{`{"title":"Taxi","numbers":["0305550","+4930777"]}`}, nil},
	"applications": {"name", "menu", "fresh",
		[]string{`{"url":"https://receiver.invalid/calls","description":"of the shop","fallback":"extension:101","secret":"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"}`},
		nil},
	"announcements":   {"name", "closed", "welcome", []string{`{"title":"We are closed"}`}, nil},
	"blocked-callers": {"number", "+498912345", "+498912346", []string{`{"description":"calls at night","begins":true}`}, nil},
	"routes": {"name", "south", "fresh",
		[]string{`{"description":"Munich","match":["+4989"],"priority":7,"trunks":[{"trunk":"carrier","prefix":"9","format":"e164","weight":3}],"caller_id":["trunk"]}`},
		nil},
	"trunks": {"name", "carrier", "fresh", []string{`{"host":"192.0.2.9","port":5060,"transport":"udp","username":"u","secret":"trunk-pass","register":true,"caller_number":"+4930123","addresses":["192.0.2.0/24"],"trust_id_inbound":true}`},
		[]string{`{"host":"192.0.2.9","port":5060,"transport":"udp","username":"u","secret":"trunk-pass","register":true,"caller_number":"+4930123","addresses":["192.0.2.0/24"],"trust_id_inbound":true,"teams":true,"codecs":["pcma"],"dtmf":"info","from_user":"u","from_domain":"example.org","outbound_proxy":"192.0.2.9:5080","srtp":"required","caller_id_privacy":"anonymous","identity_header":"rpid"}`}},
	"phones": {"mac", "001565000001", "001565000002", []string{`{"vendor":"yealink","model":"T46U","lines":[{"registration":1,"device":"anna"}],"settings":{"language":"de","tone_country":"DE","timezone":"Europe/Berlin","ntp_server":"192.0.2.1","syslog_server":"192.0.2.1","vlan":7,"vlan_priority":5,"srtp":"off","clock24":true,"logo":"http://192.0.2.1/x.dob","outbound_proxy":"192.0.2.1:5080","second_server":"192.0.2.8","paging":["224.0.1.75:10000"],"uploads":["calls"]},"buttons":{"2":{"kind":"blf","value":"102","label":"Bert","line":1}},"handsets":null}`,
		`{"vendor":"yealink","model":"W60B","lines":[{"registration":1,"device":"anna"}],"handsets":{"2":{"name":"Hall","lines":[1],"default_line":1}},"buttons":null}`},
		[]string{`{"vendor":"yealink","model":"T46U","lines":[{"registration":1,"device":"desk"}],"buttons":{"2":{"kind":"blf","value":"102","label":"Bert","line":1}}}`,
			`{"vendor":"yealink","model":"W60B","lines":[{"registration":1,"device":"desk"}],"handsets":{"2":{"name":"Hall","lines":[1],"default_line":1}}}`}},
	"forwards": {"extension", "101", "102", []string{
		`{"mode":"schedule","rules":[{"days":["mon"],"from":"18:00","to":"20:00","first_date":"2026-12-24","last_date":"2026-12-26","destination":"extension:102"}],"timezone":"Europe/Berlin","exceptions":["0301234"],"unreachable":"voicemail:101","busy":"external:+4915112345678","no_answer":"hangup","no_answer_seconds":10,"destination":null}`,
		`{"mode":"destination","destination":"extension:102","rules":null,"timezone":null}`}, []string{
		`{"mode":"schedule","rules":[{"days":["mon"],"from":"18:00","to":"20:00","first_date":"2026-12-24","last_date":"2026-12-26","destination":"extension:101"}],"unreachable":"voicemail:101","busy":"hangup","no_answer":"hangup"}`,
		`{"mode":"destination","destination":"voicemail:101"}`}},
	"webhooks": {"name", "crm", "fresh",
		[]string{`{"url":"https://receiver.invalid/hooks","events":["call"],"description":"of the CRM","email":"a@example.org","secret":"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz","disabled":true}`},
		nil},
	"port-requests": {"name", "munich", "berlin",
		[]string{`{"carrier":"Telco","account":"K1","wish":"2026-12-24","note":"soon","numbers":[{"number":"+498912345601","destination":"hangup"}]}`},
		nil},
	"numbers": {"number", "+493012345678", "+493012345679",
		[]string{`{"description":"front","destination":"extension:102","rules":[{"days":["mon"],"from":"18:00","to":"20:00","first_date":"2026-12-24","last_date":"2026-12-26","callers":["+4989"],"destination":"extension:101"}],"timezone":"Europe/Berlin","anonymous":"extension:101","caller_id_prefix":"Sales:"}`},
		nil},
	"classes-of-service": {"name", "home", "fresh", []string{`{"description":"home","allow":["national"],"deny":["+49900"]}`}, nil},
	"button-templates":   {"model", "T46U", "VVX450", []string{`{"buttons":{"2":{"kind":"blf","value":"102","label":"Bert","line":1}}}`}, nil},
	"queues": {"name", "support", "fresh", []string{`{"number":"650","strategy":"sequential","ring_seconds":15,"retry_seconds":2,"wrap_up_seconds":10,"max_waiting":5,"max_wait_seconds":300,"wait_when_empty":true,"welcome":"hello-world","periodic_announcement":"hello-world","periodic_seconds":30,"announce_position":true,"announce_hold_time":true,"announce_seconds":45,"destination":"voicemail:101","full_destination":"hangup","empty_destination":"extension:102","timeout_destination":"ring-group:sales","members":[{"extension":"101","penalty":3}]}`}, []string{
		`{"number":"651","strategy":"sequential","ring_seconds":15,"retry_seconds":2,"wrap_up_seconds":10,"max_waiting":5,"max_wait_seconds":300,"wait_when_empty":true,"welcome":"hello-world","periodic_announcement":"hello-world","periodic_seconds":30,"announce_position":true,"announce_hold_time":true,"announce_seconds":45,"destination":"voicemail:101","full_destination":"hangup","empty_destination":"extension:102","timeout_destination":"queue:support","members":[{"extension":"101","penalty":3}]}`}},
	"ring-groups": {"name", "sales", "fresh", []string{
		`{"number":"600","strategy":"weighted","ring_seconds":20,"timeout":60,"destination":"voicemail:101","skip_busy":true,"member_forwards":"follow","confirm":"all","caller_id_prefix":"Sales:","ring_tone":3,"waiting":"music","announcement":"hello-world","members":[{"extension":"101","delay":3,"ring_seconds":10,"weight":2,"external":null}]}`,
		`{"number":"600","members":[{"external":"+4915112345678","extension":null,"weight":null}]}`}, []string{
		`{"number":"601","strategy":"weighted","ring_seconds":20,"timeout":60,"destination":"ring-group:sales","skip_busy":true,"member_forwards":"follow","confirm":"all","caller_id_prefix":"Sales:","ring_tone":3,"waiting":"music","announcement":"hello-world","members":[{"extension":"101","delay":3,"ring_seconds":10,"weight":2,"external":null}]}`,
		`{"number":"601","members":[{"external":"+4915112345678","extension":null,"weight":null}]}`}},
}

// actionsSwept are the writes that belong to no row's kind, by operation.
var actionsSwept = map[string][]string{
	"put-feature-codes":       {"feature-codes", `{"voicemail":"*86","pickup":"*7","directed_pickup":"*6","sign_in":"*21","sign_out":"*22","forward_all":"*31","forward_all_off":"*32","forward_busy":"*33","forward_busy_off":"*34","forward_no_answer":"*35","forward_no_answer_off":"*36","forward_unreachable":"*37","forward_unreachable_off":"*38","do_not_disturb":"*41","do_not_disturb_off":"*42","call_waiting":"*43","call_waiting_off":"*44","intercom":"*45","echo_test":"*46","monitor":"*47","record":"#1","park_slots":"81-89","park_seconds":30}`},
	"patch-feature-codes":     {"feature-codes", `{"voicemail":"*86","pickup":"*7","directed_pickup":"*6","sign_in":"*21","sign_out":"*22","forward_all":"*31","forward_all_off":"*32","forward_busy":"*33","forward_busy_off":"*34","forward_no_answer":"*35","forward_no_answer_off":"*36","forward_unreachable":"*37","forward_unreachable_off":"*38","do_not_disturb":"*41","do_not_disturb_off":"*42","call_waiting":"*43","call_waiting_off":"*44","intercom":"*45","echo_test":"*46","monitor":"*47","record":"#1","park_slots":"81-89","park_seconds":30}`},
	"put-phone-settings":      {"phone-settings", `{"language":"de","tone_country":"DE","ntp_server":"192.0.2.1","syslog_server":"192.0.2.1","vlan":7,"vlan_priority":5,"codecs":["g722"],"srtp":"off","logo":"http://192.0.2.1/x.dob","paging":["224.0.1.75:10000"],"outbound_proxy":"192.0.2.1:5080","second_server":"192.0.2.8","firmware":{"T46U":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/T46U.rom"},"uploads":["calls"]}`},
	"patch-phone-settings":    {"phone-settings", `{"language":"de","tone_country":"DE","ntp_server":"192.0.2.1","syslog_server":"192.0.2.1","vlan":7,"vlan_priority":5,"codecs":["g722"],"srtp":"off","logo":"http://192.0.2.1/x.dob","paging":["224.0.1.75:10000"],"outbound_proxy":"192.0.2.1:5080","second_server":"192.0.2.8","firmware":{"T46U":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/T46U.rom"},"uploads":["calls"]}`},
	"clone-external-number":   {"external-numbers/+4915112345678/clone", `{"number":"+4915112345670"}`},
	"duplicate-extension":     {"extensions/103/duplicate", `{"number":"160"}`},
	"renumber-extension":      {"extensions/103/renumber", `{"number":"170"}`},
	"duplicate-user":          {"users/ada/duplicate", `{"username":"dora"}`},
	"sign-in":                 {"users/ada/desk", `{"device":"desk"}`},
	"invite-device":           {"devices/anna/invite", `{"email":"x@example.org"}`},
	"resync-phones":           {"resync", `{"action":"resync","per_second":5,"filter":{"macs":["001565000001"],"model":"T46U","vendor":"yealink","drifted":false}}`},
	"enrol-phones":            {"enrol", `{"hours":24,"until_first_fetch":false,"again":false,"filter":{"macs":["001565000001"],"model":"T46U","vendor":"yealink"}}`},
	"adopt-phone":             {"/v1/inbox/64167f000001/adopt", `{"tenant":"default","vendor":"polycom","model":"VVX450","lines":[{"registration":1,"device":"later"}]}`},
	"simulate":                {"simulate", `{"from":"101","to":"102","when":"2026-11-28T12:00:00Z","busy":["102"]}`},
	"add-inventory-number":    {"/v1/numbers", `{"number":"+4930555003","kind":"local","voice":true,"sms":true,"fax":true,"voice_carrier":"telco","sms_profile":null,"tenant":"default","destination":"hangup"}`},
	"patch-inventory-number":  {"/v1/numbers/+4930555001", `{"kind":"local","voice":true,"sms":true,"fax":true,"voice_carrier":"telco","state":"reserved","brand":"B1","campaign":"C1","registered":true}`},
	"assign-numbers":          {"/v1/numbers/assign", `{"numbers":["+4930555002"],"tenant":"default","destination":"hangup"}`},
	"step-port-request":       {"port-requests/munich/state", `{"state":"submitted","numbers":["+498912345601"]}`},
	"claim-number":            {"numbers/claim", `{"number":"+4930555004","description":"second","destination":"hangup"}`},
	"create-reseller-carrier": {"/v1/resellers/north/carriers", `{"name":"fresh","service":"voice","description":"first"}`},
	"put-reseller-carrier":    {"/v1/resellers/north/carriers/telco", `{"service":"voice","description":"first"}`},
	"patch-reseller-carrier":  {"/v1/resellers/north/carriers/telco", `{"service":"voice","description":"first"}`},
	"add-number-block": {"/v1/numbers/block",
		`{"first":"+4930556000","count":2,"kind":"local","voice":true,"sms":true,"fax":true,"voice_carrier":"telco","sms_profile":null,"tenant":"default","destination":"hangup"}`},
	"lead-numbers": {"numbers/lead", `{"numbers":["+493012345678"],"destination":"hangup"}`},
	"create-reseller-user": {"/v1/resellers/north/users",
		`{"username":"bob","full_name":"Bob","role":"reseller-admin","email":"ada@example.org","personal_contact":"a@example.com","login":true}`},
	"put-reseller-user": {"/v1/resellers/north/users/ada",
		`{"full_name":"Ada","role":"reseller-admin","email":"ada@example.org","personal_contact":"a@example.com","login":true}`},
	"patch-reseller-user": {"/v1/resellers/north/users/ada",
		`{"full_name":"Ada","role":"reseller-admin","email":"ada@example.org","personal_contact":"a@example.com","login":true}`},
	"reseller-duplicate-user": {"/v1/resellers/north/users/ada/duplicate", `{"username":"dora"}`},
	"create-reseller-rate":    {"/v1/resellers/north/rates", `{"prefix":"+4930","price":30}`},
	"put-reseller-rate":       {"/v1/resellers/north/rates/+49", `{"price":30}`},
	"patch-reseller-rate":     {"/v1/resellers/north/rates/+49", `{"price":30}`},
	"unblock-guard":           {"guard/unblock", `{"extension":"101"}`},
	"unassign-numbers":        {"/v1/numbers/unassign", `{"numbers":["+4930555002"]}`},
	"create-token":            {"/v1/tokens", `{"name":"ci"}`},
	"place-call":              {"calls", `{"extension":"101","to":"102"}`},
	"test-trunk":              {"trunks/idle/test-call", `{"to":"+4989123456","from":"105"}`},
	"replace-phone":           {"phones/001565000001/replace", `{"mac":"001565000008","model":"T46U"}`},
	"adopt-tenant-phone":      {"inbox/64167f000002/adopt", `{"vendor":"polycom","model":"VVX450","lines":[{"registration":1,"device":"last"}]}`},
	"set-ringing":             {"users/ada/ringing", `{"do_not_disturb":true,"call_waiting":false,"ring":"all","ring_seconds":20,"devices":{"anna":{"ring_seconds":5,"ring_order":1}}}`},
	"create-seat":             {"seats", `{"name":"Gina","number":"180","username":"gina","role":"user","email":"g@example.org","language":"de","timezone":"Europe/Berlin","voicemail":true,"pin":"4711","ring_seconds":20,"groups":["sales"],"class_of_service":"home","country":"DE","did":"+493012345676","device_name":"gina","device_class":"hardware","mac":"001565000009","vendor":"yealink","model":"T46U"}`},
	"create-seats":            {"seats/batch", `{"seats":[{"name":"Hugo","number":"181","username":"hugo","role":"user","email":"h@example.org","language":"de","timezone":"Europe/Berlin","voicemail":true,"pin":"4711","ring_seconds":20,"groups":["sales"],"class_of_service":"home","country":"DE","did":"+493012345677","device_name":"hugo","device_class":"hardware","mac":"00156500000a","vendor":"yealink","model":"T46U"}]}`},
	"forward-message":         {"mailboxes/101/messages/" + aMessage + "/forward", `{"mailbox":"190"}`},
	"send-text-message":       {"extensions/101/text-messages", `{"to":"+4915112345678","text":"hi","from":"+493012345670"}`},
	"put-mailbox-pin":         {"mailboxes/101/pin", `{"pin":"4711"}`},
}

// alike are the operations that must not tell what of their input was wrong, that
// let nobody try so often, or that need a call under way.
var alike = map[string]bool{"begin-session": true, "confirm-session": true, "change-password": true,
	"reseller-change-password": true, "transfer-call": true, "consult-call": true}

// sweptOperations pairs each write that takes a JSON body with good ones.
func sweptOperations(t *testing.T, d document) (out []sweptOperation) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range []string{"post", "put", "patch"} {
			op, ok := d.Paths[path][method]
			if !ok || op.RequestBody == nil || alike[op.OperationID] {
				continue
			}
			schema := op.RequestBody.Content["application/json"].Schema
			if method == "patch" {
				schema = op.RequestBody.Content["application/merge-patch+json"].Schema
			}
			if schema == nil {
				continue // a picture
			}
			o := sweptOperation{id: op.OperationID, method: strings.ToUpper(method), schema: schema}
			if o.find(path); o.path == "" {
				t.Errorf("%s is not swept: give its kind a line in kindsSwept, or the operation one in actionsSwept", o.id)
				continue
			}
			out = append(out, o)
		}
	}
	return out
}

// find looks up where and with what to try the operation.
func (o *sweptOperation) find(path string) {
	if a, ok := actionsSwept[o.id]; ok {
		o.path = a[0]
		o.take(a[1:], "", "")
		return
	}
	collection, one, _ := strings.Cut(strings.TrimPrefix(path, "/v1/tenants/{tenant}/"), "/{")
	if strings.HasPrefix(path, "/v1/tenants/{name}") || path == "/v1/tenants" {
		collection, one = "/v1/tenants", strings.TrimPrefix(path, "/v1/tenants")
	}
	k, ok := kindsSwept[collection]
	switch {
	case !ok || strings.Contains(strings.Trim(one, "/"), "/"):
	case o.method == "POST":
		o.path = collection
		if o.take(k.good, k.keyName, k.fresh); k.post != nil {
			o.good = nil
			o.take(k.post, k.keyName, k.fresh)
		}
	default:
		o.path = collection + "/" + k.existing
		o.take(k.good, "", "")
	}
}

func (o *sweptOperation) take(bodies []string, keyName, key string) {
	for _, text := range bodies {
		var g map[string]any
		if err := json.Unmarshal([]byte(text), &g); err != nil {
			panic(text)
		}
		if keyName != "" {
			g[keyName] = key
		}
		o.good = append(o.good, g)
	}
}
