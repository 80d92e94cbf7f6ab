package api

import "testing"

// TestTextsSayWhatToWrite: errors that sent people the wrong way before.
func TestTextsSayWhatToWrite(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/160", `{"name":"Ada"}`)
	l.must(201, "PUT", "ring-groups/sales", `{"number":"600","strategy":"all","members":[{"extension":"160"}]}`)
	for _, w := range []wrong{
		{name: "no tenant", method: "PATCH", path: "/v1/tenants/nosuch/phone-settings", body: `{}`, status: 404, detail: "tenant nosuch does not exist"},
		{name: "no tenant, codes", method: "PATCH", path: "/v1/tenants/nosuch/feature-codes", body: `{}`, status: 404, detail: "tenant nosuch does not exist"},
		{name: "a lamp on a slot", method: "PUT", path: "button-templates/T46U", body: `{"buttons":{"5":{"kind":"blf","value":"701"}}}`, status: 422, field: "buttons.5.value", detail: "use kind parked"},
		{name: "a lamp on a code", method: "PUT", path: "button-templates/T46U", body: `{"buttons":{"5":{"kind":"blf","value":"*97"}}}`, status: 422, field: "buttons.5.value", detail: "use kind voicemail, pickup"},
		{name: "a lamp on a group", method: "PUT", path: "button-templates/T46U", body: `{"buttons":{"5":{"kind":"blf","value":"sales"}}}`, status: 422, field: "buttons.5.value", detail: "is a ring group"},
		{name: "part of a model", method: "PUT", path: "phones/001565aabbcc", body: `{"vendor":"yealink","model":"T4"}`, status: 422, field: "model", detail: "did you mean T40G"},
		{name: "the other make", method: "PUT", path: "phones/001565aabbcc", body: `{"vendor":"poly","model":"SIP-T46U"}`, status: 422, field: "model", detail: "T46U is a yealink"},
		{name: "another number", method: "PATCH", path: "extensions/160", body: `{"number":"161"}`, status: 422, field: "number", detail: "renumber"},
		{name: "a URL for a host", method: "PUT", path: "trunks/carrier", body: `{"host":"sip:carrier.example.com"}`, status: 422, field: "host", detail: "write the host alone, carrier.example.com"},
		{name: "a port in a host", method: "PATCH", path: "phone-settings", body: `{"syslog_server":"192.0.2.1:514"}`, status: 422, field: "syslog_server", detail: "write the host alone, 192.0.2.1"},
	} {
		t.Run(w.name, func(t *testing.T) { w.check(t, l) })
	}
	if r := l.must(201, "PUT", "phones/64167f000009", `{"vendor":"Poly","model":"Polycom VVX 450"}`); r.text("vendor") != "polycom" {
		t.Errorf("%s", r.Body)
	}
	if r := l.must(200, "PATCH", "phone-settings", `{"ntp_server":" [2001:db8::1] "}`); r.text("ntp_server") != "2001:db8::1" {
		t.Errorf("%s", r.Body)
	}
}
