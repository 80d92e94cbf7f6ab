package api

import (
	"strings"
	"testing"
)

// mobile and carrier are what most of these tests refer to.
const (
	mobile  = `{"number":"+4915112345678","description":"Anna's mobile"}`
	carrier = `{"name":"carrier","host":"sip.example.org","username":"dialtone","secret":"trunk-pass"}`
)

func TestExternalNumbers(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "external-numbers", mobile)
	got := stable(l.must(200, "PATCH", "external-numbers/+4915112345678", `{"available":true,"type":"teams"}`))
	if want := `{"available":true,"description":"Anna's mobile","number":"+4915112345678"}`; got != want {
		t.Errorf("answer %s\nwant   %s", got, want)
	}
	r := l.must(201, "POST", "external-numbers/+4915112345678/clone", `{"number":"015187654321"}`)
	if at := r.Header.Get("Location"); at != "/v1/tenants/default/external-numbers/015187654321" {
		t.Errorf("the clone is at %s", at)
	}
	got = stable(l.must(200, "GET", "external-numbers/015187654321", ""))
	if want := `{"available":true,"description":"Anna's mobile","number":"015187654321"}`; got != want {
		t.Errorf("clone  %s\nwant   %s", got, want)
	}
	if got := l.must(200, "GET", "external-numbers/015187654321", "").text("type"); got != "teams" {
		t.Errorf("the clone is of type %q", got)
	}
	l.must(409, "POST", "external-numbers/+4915112345678/clone", `{"number":"015187654321"}`)
	l.must(404, "POST", "external-numbers/0199999/clone", `{"number":"0151876"}`)
	if p := l.must(422, "POST", "external-numbers/+4915112345678/clone", `{"number":"1,2"}`).problem(); p.Field != "number" {
		t.Errorf("a bad number is blamed on %q: %s", p.Field, p.Detail)
	}
	if p := l.must(422, "PATCH", "external-numbers/015187654321", `{"number":"0151999"}`).problem(); p.Field != "number" {
		t.Errorf("a new number is blamed on %q: %s", p.Field, p.Detail)
	}
	l.must(200, "DELETE", "external-numbers/015187654321", "")
}

func TestExternalNumberInUseStays(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "external-numbers", mobile)
	l.must(201, "POST", "trunks", carrier)
	l.must(201, "POST", "extensions", `{"number":"101","name":"Anna","twin_number":"+4915112345678"}`)
	l.must(201, "POST", "devices", `{"name":"mobile","kind":"external","external_number":"+4915112345678","extension":"101"}`)
	for _, path := range []string{"external-numbers/+4915112345678", "trunks/carrier"} {
		refs := l.must(409, "DELETE", path, "").problem().Refs
		if len(refs) != 2 || refs[0].Kind != "device" || refs[0].Key != "mobile" || refs[1].Kind != "extension" || refs[1].Key != "101" {
			t.Errorf("deleting %s lists %+v", path, refs)
		}
	}
	l.must(200, "DELETE", "devices/mobile", "")
	l.must(200, "PATCH", "extensions/101", `{"twin_number":null}`)
	l.must(200, "DELETE", "trunks/carrier", "")
	l.must(200, "DELETE", "external-numbers/+4915112345678", "")
}

// TestExternalDeviceHasNoAccount: nothing to register with is shown or taken, and
// one that becomes a phone's shows its password once.
func TestExternalDeviceHasNoAccount(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "external-numbers", mobile)
	got := stable(l.must(201, "POST", "devices", `{"name":"mobile","kind":"external","external_number":"+4915112345678","ring_seconds":12,"ring_order":3}`))
	if want := `{"confirm":true,"external_number":"+4915112345678","kind":"external","name":"mobile","qualify_seconds":0,"ring_order":3,"ring_seconds":12,"shared":false}`; got != want {
		t.Errorf("answer %s\nwant   %s", got, want)
	}
	phone := l.must(200, "PATCH", "devices/mobile", `{"kind":null,"external_number":null,"confirm":null}`)
	if phone.text("secret") == "" || phone.text("endpoint") == "" {
		t.Errorf("a device that registers now shows %s", stable(phone))
	}
	again := l.must(200, "PATCH", "devices/mobile", `{"kind":"external","external_number":"+4915112345678"}`).json()
	if again["secret"] != nil || again["endpoint"] != nil || again["confirm"] != true {
		t.Errorf("a device that is external again shows %v", again)
	}
}

func TestTrunkKeepsItsSecretToItself(t *testing.T) {
	l := newLab(t)
	got := stable(l.must(201, "POST", "trunks", carrier))
	if strings.Contains(got, "trunk-pass") ||
		!strings.Contains(got,
			`"port":5060,"priority":50,"qualify_seconds":30,"register":false,"srtp":"off","teams":false,"transport":"udp","trust_id_inbound":true,"username":"dialtone"`) {
		t.Errorf("answer %s", got)
	}
	l.must(200, "PATCH", "trunks/carrier", `{"register":true}`) // needs the secret it has
	l.must(200, "PATCH", "trunks/carrier", `{"username":null,"register":null}`)
	if p := l.must(422, "PATCH", "trunks/carrier", `{"username":"dialtone"}`).problem(); p.Field != "secret" {
		t.Errorf("a user without his lost secret is blamed on %q: %s", p.Field, p.Detail)
	}
	if all := l.must(200, "GET", "/v1/changes", ""); strings.Contains(all.Body, "trunk-pass") {
		t.Error("the audit trail shows the trunk's secret")
	}
}

// TestOutsideRefuses: each wrong field is named, and nothing is changed.
func TestOutsideRefuses(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "external-numbers", mobile)
	l.must(201, "POST", "trunks", carrier)
	l.must(201, "POST", "/v1/tenants", `{"name":"acme"}`)
	l.must(201, "POST", "/v1/tenants/acme/external-numbers", `{"number":"0777777"}`)
	l.must(201, "POST", "extensions", `{"number":"101","name":"Anna"}`)
	before := l.revision()
	for _, c := range []struct {
		status            int
		path, body, field string
	}{
		{422, "external-numbers", `{"number":"12"}`, "number"},
		{422, "external-numbers", `{"number":"+49 x151"}`, "number"},
		{422, "external-numbers", `{"number":"0151&PJSIP"}`, "number"},
		{422, "external-numbers", `{"number":"0151123","type":"fax"}`, "type"},
		{422, "external-numbers", `{"number":"0151123","description":"a\nb"}`, "description"},
		{422, "external-numbers", `{"number":"0151123","description":"` + strings.Repeat("a", 101) + `"}`, "description"},
		{422, "external-numbers", `{"number":"0151123","available":"yes"}`, "available"},
		{422, "trunks", `{"name":"b"}`, "host"},
		{422, "trunks", `{"name":"b","host":"a b","teams":true}`, "host"},
		{422, "trunks", `{"name":"b","host":"a.1","teams":true}`, "host"},
		{422, "trunks", `{"name":"b","host":"a\n[x]","teams":true}`, "host"},
		{422, "trunks", `{"name":"b","host":"a.example","teams":true,"port":0}`, "port"},
		{422, "trunks", `{"name":"b","host":"a.example","teams":true,"transport":"tls"}`, "transport"},
		{422, "trunks", `{"name":"b","host":"a.example","teams":true,"secret":"x"}`, "username"},
		{422, "trunks", `{"name":"b","host":"a.example","teams":true,"username":"a;b","secret":"x"}`, "username"},
		{422, "trunks", `{"name":"b","host":"a.example","teams":true,"username":"a","secret":"x y"}`, "secret"},
		{422, "trunks", `{"name":"b","host":"a.example","teams":true,"username":"a"}`, "secret"},
		{422, "trunks", `{"name":"b","host":"a.example","teams":true,"register":true}`, "register"},
		{422, "trunks", `{"name":"b","host":"a.example","teams":true,"caller_number":"me"}`, "caller_number"},
		{422, "devices", `{"name":"m","kind":"fax"}`, "kind"},
		{422, "devices", `{"name":"m","kind":"external"}`, "external_number"},
		{422, "devices", `{"name":"m","kind":"external","external_number":"0777777"}`, "external_number"},
		{422, "devices", `{"name":"m","kind":"external","external_number":"+4915112345678","secret":"0123456789abcdef"}`, "secret"},
		{422, "devices", `{"name":"m","kind":"external","external_number":"+4915112345678","qualify_seconds":9}`, "qualify_seconds"},
		{422, "devices", `{"name":"m","kind":"external","external_number":"+4915112345678","shared":true}`, "shared"},
		{422, "devices", `{"name":"m","external_number":"+4915112345678"}`, "external_number"},
		{422, "devices", `{"name":"m","confirm":true}`, "confirm"},
		{422, "devices", `{"name":"m","ring_seconds":301}`, "ring_seconds"},
		{422, "devices", `{"name":"m","ring_order":0}`, "ring_order"},
		{422, "devices", `{"name":"m","ring_order":100}`, "ring_order"},
		{422, "extensions", `{"number":"102","name":"B","ring":"random"}`, "ring"},
		{422, "extensions", `{"number":"102","name":"B","twin_number":"x"}`, "twin_number"},
		{422, "extensions", `{"number":"102","name":"B","twin_number":"0777777"}`, "twin_number"},
	} {
		if p := l.must(c.status, "POST", c.path, c.body).problem(); p.Field != c.field {
			t.Errorf("%s %s is blamed on %q: %s", c.path, c.body, p.Field, p.Detail)
		}
	}
	if now := l.revision(); now != before {
		t.Errorf("refused writes made revision %d of %d", now, before)
	}
	l.must(201, "POST", "devices", `{"name":"m","kind":"external","external_number":"+4915112345678"}`)
	if p := l.must(422, "POST", "phones", phoneBody+`,"lines":[{"registration":1,"device":"m"}]}`).problem(); p.Field != "lines[0].device" {
		t.Errorf("a mobile on a phone is blamed on %q: %s", p.Field, p.Detail)
	}
}
