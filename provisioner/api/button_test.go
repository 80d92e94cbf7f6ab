package api

import (
	"strings"
	"testing"
)

const blf = `{"kind":"blf","value":"101"}`

// setUpPhone makes extension 101 and a phone with one line.
func setUpPhone(l *lab) {
	l.must(201, "PUT", "extensions/101", `{"name":"Anna"}`)
	l.must(201, "PUT", "devices/a", `{"extension":"101"}`)
	l.must(201, "PUT", "phones/001565aabbcc", `{"vendor":"yealink","model":"t46u","lines":[{"registration":1,"device":"a"}],"buttons":{"2":`+blf+`,"m1-3":{"kind":"voicemail","label":"Post"}}}`)
}

// A merge patch changes one key, gives one back with null, and leaves the others.
func TestPatchChangesOneButton(t *testing.T) {
	l := newLab(t)
	setUpPhone(l)
	for _, step := range []struct{ patch, want string }{
		{`{}`, `"buttons":{"2":{"kind":"blf","value":"101","line":1},"m1-3":{"kind":"voicemail","label":"Post","line":1}}`},
		{`{"buttons":{"5":{"kind":"dtmf","value":"*1"}}}`, `"buttons":{"2":{"kind":"blf","value":"101","line":1},"5":{"kind":"dtmf","value":"*1","line":1},"m1-3":{"kind":"voicemail","label":"Post","line":1}}`},
		{`{"buttons":{"2":null,"m1-3":{"label":"Mail"}}}`, `"buttons":{"5":{"kind":"dtmf","value":"*1","line":1},"m1-3":{"kind":"voicemail","label":"Mail","line":1}}`},
		{`{"model":"T48U"}`, `"buttons":{"5":{"kind":"dtmf"`},
	} {
		if r := l.must(200, "PATCH", "phones/001565aabbcc", step.patch); !strings.Contains(r.Body, step.want) {
			t.Errorf("after %s: %s", step.patch, r.Body)
		}
	}
	if r := l.must(200, "GET", "phones/001565aabbcc", ""); !strings.Contains(r.Body, `"model":"T48U"`) {
		t.Error(r.Body)
	}
}

func TestButtonsThatAreWrong(t *testing.T) {
	l := newLab(t)
	setUpPhone(l)
	l.must(201, "PUT", "/v1/tenants/acme", `{}`)
	phone := func(buttons string) string { return `{"buttons":{` + buttons + `}}` }
	runWrong(t, l, []wrong{
		{name: "no place", method: "PATCH", path: "phones/001565aabbcc", body: phone(`"x5":` + blf), status: 422, field: "buttons", detail: "x5"},
		{name: "key zero", method: "PATCH", path: "phones/001565aabbcc", body: phone(`"0":` + blf), status: 422, field: "buttons", detail: "names no key"},
		{name: "beyond the model", method: "PATCH", path: "phones/001565aabbcc", body: phone(`"28":` + blf), status: 422, field: "buttons.28", detail: "keys 1 to 27"},
		{name: "beyond the module", method: "PATCH", path: "phones/001565aabbcc", body: phone(`"m1-61":` + blf), status: 422, field: "buttons.m1-61", detail: "EXP43"},
		{name: "no such extension", method: "PATCH", path: "phones/001565aabbcc", body: phone(`"3":{"kind":"blf","value":"999"}`), status: 422, field: "buttons.3.value", detail: "does not exist"},
		{name: "extension of another tenant", method: "PUT", path: "/v1/tenants/acme/button-templates/default", body: phone(`"3":` + blf), status: 422, field: "buttons.3.value", detail: "does not exist in tenant acme"},
		{name: "a new line", method: "PATCH", path: "phones/001565aabbcc", body: phone(`"3":{"kind":"speed-dial","value":"1\nlinekey.1.type = 0"}`), status: 422, field: "buttons.3.value", detail: "cannot be dialled"},
		{name: "a new line in a label", method: "PATCH", path: "phones/001565aabbcc", body: phone(`"3":{"kind":"speed-dial","value":"1","label":"a\nb"}`), status: 422, field: "buttons.3.label", detail: "control character"},
		{name: "a macro", method: "PATCH", path: "phones/001565aabbcc", body: phone(`"3":{"kind":"url","value":"http://h/$Tinvite$"}`), status: 422, field: "buttons.3.value", detail: "web address"},
		{name: "a line without registration", method: "PATCH", path: "phones/001565aabbcc", body: phone(`"3":{"kind":"line","line":2}`), status: 422, field: "buttons.3.line", detail: "no line"},
		{name: "a template of no model", method: "PUT", path: "button-templates/T46X", body: phone(``), status: 422, field: "model", detail: "T46U"},
		{name: "a smaller model", method: "PATCH", path: "phones/001565aabbcc", body: `{"model":"T31G"}`, status: 422, field: "buttons.m1-3", detail: "no expansion modules"},
		{name: "a watched extension", method: "DELETE", path: "extensions/101", status: 409, detail: "still used by"},
	})
}

// A key that does nothing is taken, since what it needs may come later, and named until then;
// one of a kind that the make has not is refused.
func TestKeysThatDoNothingAreNamed(t *testing.T) {
	l := newLab(t)
	setUpPhone(l)
	const page, record = `"5":{"kind":"paging","value":"224.0.1.75:10000"}`, `"6":{"kind":"record"}`
	for _, step := range []struct{ path, body, named, not string }{
		{"phones/001565aabbcc", `{"buttons":{"3":{"kind":"hold"},"4":{"kind":"transfer","value":"101"},` + page + `,` + record + `}}`, `"buttons.5: nobody listens at 224.0.1.75:10000`, "buttons.3"},
		{"phones/001565aabbcc", `{}`, `"buttons.6: line 1 records nothing on demand`, "buttons.4"},
		{"phone-settings", `{"paging":["224.0.1.75:10000"]}`, `"paging":["224.0.1.75:10000"]`, "unfollowed"},
		{"extensions/101", `{"record_on_demand":true}`, `"record_on_demand":true`, "unfollowed"},
		{"phones/001565aabbcc", `{}`, `"5":{"kind":"paging","value":"224.0.1.75:10000","line":1}`, "unfollowed"},
	} {
		if r := l.must(200, "PATCH", step.path, step.body); !strings.Contains(r.Body, step.named) ||
			strings.Contains(r.Body, step.not+": ") || step.not == "unfollowed" && strings.Contains(r.Body, step.not) {
			t.Errorf("PATCH %s %s: %s", step.path, step.body, r.Body)
		}
	}
	l.must(201, "PUT", "button-templates/default", `{"buttons":{"7":{"kind":"redial"}}}`)
	if r := l.must(200, "GET", "phones/001565aabbcc", ""); !strings.Contains(r.Body, `"buttons.7: a T46U has no key of kind redial"`) {
		t.Error(r.Body)
	}
	runWrong(t, l, []wrong{
		{name: "redial on a Yealink", method: "PATCH", path: "phones/001565aabbcc", body: `{"buttons":{"7":{"kind":"redial"}}}`, status: 422, field: "buttons.7.kind", detail: "redial"},
		{name: "a page to one phone", method: "PATCH", path: "phones/001565aabbcc", body: `{"buttons":{"7":{"kind":"paging","value":"192.0.2.1:5000"}}}`, status: 422, field: "buttons.7.value", detail: "224.0.1.75:10000"},
	})
}

func TestPhoneSettings(t *testing.T) {
	l := newLab(t)
	r := l.must(200, "GET", "phone-settings", "")
	if !strings.Contains(r.Body, `"codecs":["g722","pcma","pcmu"],"srtp":"off","clock24":true`) || strings.Contains(r.Body, "vlan") {
		t.Errorf("the defaults are %s", r.Body)
	}
	tag := r.Header.Get("ETag")
	r = l.must(200, "PATCH", "phone-settings", `{"vlan":0,"language":"de","clock24":false}`, "If-Match: "+tag)
	if !strings.Contains(r.Body, `"vlan":0`) || !strings.Contains(r.Body, `"clock24":false`) || r.Header.Get("ETag") == tag {
		t.Error(r.Body)
	}
	l.must(412, "PATCH", "phone-settings", `{"vlan":5}`, "If-Match: "+tag)
	sum := strings.Repeat("a", 64)
	if r = l.must(200, "PATCH", "phone-settings", `{"uploads":[],"firmware":{"t46u":"`+sum+`/a.rom"}}`); !strings.Contains(r.Body, `"uploads":[]`) || !strings.Contains(r.Body, `"firmware":{"T46U":"`+sum+`/a.rom"}`) {
		t.Errorf("%s", r.Body)
	}
	if r = l.must(200, "PATCH", "phone-settings", `{"uploads":null,"firmware":{"T46U":null}}`); !strings.Contains(r.Body, `"uploads":["contacts","calls"]`) || strings.Contains(r.Body, sum) {
		t.Errorf("%s", r.Body)
	}
	if r = l.must(200, "PATCH", "phone-settings", `{"vlan":null}`); strings.Contains(r.Body, "vlan") || !strings.Contains(r.Body, `"language":"de"`) {
		t.Error(r.Body)
	}
	runWrong(t, l, []wrong{
		{name: "upload", method: "PATCH", path: "phone-settings", body: `{"uploads":["logs","secrets"]}`, status: 422, field: "uploads[1]", detail: "contacts, calls"},
		{name: "upload twice", method: "PATCH", path: "phone-settings", body: `{"uploads":["logs","logs"]}`, status: 422, field: "uploads[1]", detail: "twice"},
		{name: "firmware of no model", method: "PATCH", path: "phone-settings", body: `{"firmware":{"T46V":"x.rom"}}`, status: 422, field: "firmware", detail: "T46U"},
		{name: "firmware that is not there", method: "PATCH", path: "phone-settings", body: `{"firmware":{"t46u":"x.rom"}}`, status: 422, field: "firmware.T46U", detail: "/v1/firmware"},
		{name: "hostile firmware", method: "PATCH", path: "phone-settings", body: `{"firmware":{"t46u":"../../etc/passwd"}}`, status: 422, field: "firmware.T46U", detail: "hash"},
		{name: "firmware twice", method: "PATCH", path: "phone-settings", body: `{"firmware":{"t46u":"` + strings.Repeat("a", 64) + `/a.rom","T46U":"` + strings.Repeat("a", 64) + `/a.rom"}}`, status: 422, field: "firmware.T46U", detail: "twice"},
		{name: "language", method: "PATCH", path: "phone-settings", body: `{"language":"tlh"}`, status: 422, field: "language", detail: "de, en"},
		{name: "country", method: "PATCH", path: "phone-settings", body: `{"tone_country":"XX"}`, status: 422, field: "tone_country", detail: "DE"},
		{name: "host", method: "PATCH", path: "phone-settings", body: `{"ntp_server":"a\nb"}`, status: 422, field: "ntp_server", detail: "host name"},
		{name: "VLAN", method: "PATCH", path: "phone-settings", body: `{"vlan":4095}`, status: 422, field: "vlan", detail: "4094"},
		{name: "negative VLAN", method: "PATCH", path: "phone-settings", body: `{"vlan":-1}`, status: 422, field: "vlan", detail: "at least 0"},
		{name: "priority without VLAN", method: "PATCH", path: "phone-settings", body: `{"vlan_priority":3}`, status: 422, field: "vlan_priority", detail: "needs"},
		{name: "codec", method: "PATCH", path: "phone-settings", body: `{"codecs":["pcma","mp3"]}`, status: 422, field: "codecs[1]", detail: "mp3"},
		{name: "no common codec", method: "PATCH", path: "phone-settings", body: `{"codecs":["opus"]}`, status: 422, field: "codecs", detail: "pcma"},
		{name: "proxy", method: "PATCH", path: "phone-settings", body: `{"outbound_proxy":"sip:sbc.example.com"}`, status: 422, field: "outbound_proxy", detail: "192.0.2.1:5080"},
		{name: "second server", method: "PATCH", path: "phone-settings", body: `{"second_server":"a\nb"}`, status: 422, field: "second_server", detail: "sbc.example.com"},
		{name: "unicast page", method: "PATCH", path: "phone-settings", body: `{"paging":["224.0.1.75:10000","192.0.2.1:10000"]}`, status: 422, field: "paging[1]", detail: "224.0.1.75:10000"},
		{name: "page twice", method: "PATCH", path: "phone-settings", body: `{"paging":["224.0.1.75:10000","224.0.1.75:10000"]}`, status: 422, field: "paging[1]", detail: "twice"},
		{name: "logo", method: "PATCH", path: "phone-settings", body: `{"logo":"file:///etc/passwd"}`, status: 422, field: "logo", detail: "web address"},
		{name: "unknown tenant", method: "PATCH", path: "/v1/tenants/nope/phone-settings", body: `{}`, status: 404, detail: "does not exist"},
	})
}

func TestPhoneModelsSayWhatIsUncertain(t *testing.T) {
	l := newLab(t)
	if r := l.must(200, "GET", "/v1/phone-models?contains=w60p", ""); !strings.Contains(r.Body, `"model":"W60B"`) || strings.Contains(r.Body, "T46U") {
		t.Error(r.Body)
	}
	if r := l.must(200, "GET", "/v1/phone-models?vendor=polycom", ""); !strings.Contains(r.Body, `"uncertain":"`) || strings.Contains(r.Body, "T46U") || strings.Count(r.Body, `"model":`) < 50 {
		t.Error(r.Body)
	}
}
