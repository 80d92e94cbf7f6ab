package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	textCarrier = "/v1/carriers/texts"
	textInbox   = "extensions/101/text-messages"
	keyOfTexts  = "0123456789abcdef"
)

// texting gives extension 101 of tenant default a number with a generic carrier profile, which
// leads nowhere.
func (l *lab) texting() {
	l.t.Helper()
	l.must(201, "PUT", textCarrier,
		`{"service":"sms","adapter":"generic","url":"https://texts.invalid/send","callback_key":"`+keyOfTexts+`","public_url":"https://pbx.example.com"}`)
	l.must(201, "POST", "/v1/numbers",
		`{"number":"+493012345670","sms":true,"sms_profile":"texts","tenant":"default","destination":"extension:101"}`)
}

// comes lets a text message come in and returns its id.
func (l *lab) comes(id, text string) string {
	l.t.Helper()
	l.must(204, "POST", textCarrier+"/callback",
		fmt.Sprintf(`{"id":%q,"state":"received","from":"+4915112345678","to":"+493012345670","text":%q}`, id, text),
		"Authorization: Bearer "+keyOfTexts)
	return fmt.Sprint(l.must(200, "GET", textInbox, "").items()[0]["id"])
}

// An inbox is its user's and the admins': others learn nothing.
func TestInboxOfTexts(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/101", `{"name":"Ada"}`)
	l.must(201, "PUT", "extensions/102", `{"name":"Bob"}`)
	l.texting()
	id := l.comes("SM1", "hello")
	if l.comes("SM1", "hello"); len(l.must(200, "GET", textInbox+"?unread=true", "").items()) != 1 {
		t.Error("a repeated message came twice")
	}
	ada, bob := "Authorization: Bearer "+l.person("ada", "user", "101")(), "Authorization: Bearer "+l.person("bob", "user", "102")()
	for _, path := range []string{textInbox, textInbox + "/" + id} {
		if body := l.must(200, "GET", path, "", ada).Body; !strings.Contains(body, `"text":"hello"`) {
			t.Errorf("its user sees %s", body)
		}
		l.must(403, "GET", path, "", bob)
		l.must(403, "GET", path, "", "Authorization: Bearer "+l.newToken("operator", "default"))
	}
	l.must(404, "GET", "extensions/102/text-messages/"+id, "")
	if body := l.must(200, "PATCH", textInbox+"/"+id, `{"read":true}`, ada).Body; !strings.Contains(body, `"read":true`) {
		t.Error(body)
	}
	if n := len(l.must(200, "GET", textInbox+"?unread=true", "").items()); n != 0 {
		t.Errorf("%d are not read", n)
	}
	l.must(403, "POST", textInbox, `{"to":"+4915112345678","text":"hi"}`, bob)
	sent := l.must(201, "POST", textInbox, `{"to":"+49 151 12345678","text":"hi"}`, ada)
	if sent.text("number") != "+493012345670" || sent.text("peer") != "+4915112345678" || sent.text("sent_by") != "user ada" {
		t.Error(sent.Body)
	}
	l.must(409, "PATCH", textInbox+fmt.Sprint("/", sent.json()["id"]), `{"read":true}`)
	l.until("for an attempt", func() bool {
		return strings.Contains(l.must(200, "GET", textInbox, "").Body, "the name of the host leads to no address")
	})
	l.must(200, "DELETE", textInbox+"/"+id, "", ada)
	l.must(404, "GET", textInbox+"/"+id, "", ada)
	for body, field := range map[string]string{`{"to":"x","text":"hi"}`: "to", `{"to":"+4915112345678","text":" "}`: "text",
		`{"to":"+4915112345678","text":"hi","from":"+4930999"}`: "from"} {
		if got := l.must(422, "POST", textInbox, body).text("field"); got != field {
			t.Errorf("%s: %s", body, got)
		}
	}
	if body := l.must(200, "GET", "/v1/changes?limit=100", "").Body; strings.Contains(body, keyOfTexts) {
		t.Error("the key is in the list of changes")
	}
}

// The key for callbacks is shown by the write that set it; a callback without it is refused like
// one of a profile that does not exist.
func TestKeyOfCallbacks(t *testing.T) {
	l := newLab(t)
	made := l.must(201, "PUT", textCarrier, `{"service":"sms","adapter":"generic","url":"https://texts.invalid/send"}`)
	if len(made.text("callback_key")) < 32 || made.text("callback_url") != "/v1/carriers/texts/callback" {
		t.Error(made.Body)
	}
	if body := l.must(200, "GET", textCarrier, "").Body; strings.Contains(body, "callback_key") {
		t.Error(body)
	}
	none := l.must(401, "POST", textCarrier+"/callback", `[]`, "Authorization: none").Body
	if other := l.must(401, "POST", "/v1/carriers/nobody/callback", `[]`, "Authorization: none").Body; other != none {
		t.Errorf("%s\n%s", none, other)
	}
	l.must(204, "POST", textCarrier+"/callback", `[]`, "Authorization: Bearer "+made.text("callback_key"))
	l.must(413, "POST", textCarrier+"/callback", strings.Repeat("x", 70_000), "Authorization: none")
	l.must(422, "PATCH", textCarrier, `{"url":"http://127.0.0.1/"}`)
	l.must(422, "PATCH", textCarrier, `{"adapter":"twilio"}`)
	if again := l.must(200, "PATCH", textCarrier, `{"adapter":null,"url":null}`); strings.Contains(again.Body, "callback") {
		t.Error(again.Body)
	}
}

// A key for callbacks goes with its adapter: the public one of Telnyx must not open the door of another
// carrier. Bandwidth asks first without a password, and is told that one is needed.
func TestKeyOfAnotherAdapter(t *testing.T) {
	l := newLab(t)
	const public = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
	telnyx := `{"service":"sms","adapter":"telnyx","secret":"KEY0123456789abcdef","public_url":"https://pbx.example.com",` +
		`"callback_key":"` + public + `"}`
	l.must(422, "PUT", textCarrier, strings.Replace(telnyx, public, "0123456789abcdef", 1))
	l.must(201, "PUT", textCarrier, telnyx)
	l.must(200, "PATCH", textCarrier, `{"description":"keeps its key"}`)
	l.must(422, "PATCH", textCarrier, `{"adapter":"bandwidth","account":"5500001"}`)
	made := l.must(200, "PATCH", textCarrier, `{"adapter":"bandwidth","account":"5500001:app","secret":"user:0123456789abcdef"}`)
	key := made.text("callback_key")
	if len(key) < 32 || key == public {
		t.Error(made.Body)
	}
	none := l.must(401, "POST", textCarrier+"/callback", `[]`, "Authorization: "+pbx.BasicAuth("x", pbx.NewSecret(public)))
	if got := none.Header.Get("WWW-Authenticate"); got != `Basic realm="dialtone"` {
		t.Errorf("WWW-Authenticate is %q", got)
	}
	l.must(204, "POST", textCarrier+"/callback", `[]`, "Authorization: "+pbx.BasicAuth("x", pbx.NewSecret(key)))
	l.must(422, "PATCH", textCarrier, `{"adapter":"telnyx"}`)
}

// askTexts tries what can be done with text messages of extension 101.
func askTexts(ask func(status int, method, path, template, body string)) {
	const tenant = "/v1/tenants/{tenant}/"
	const texts, one = tenant + "extensions/{number}/text-messages", tenant + "extensions/{number}/text-messages/{id}"
	ask(201, "POST", "/v1/numbers", "/v1/numbers",
		`{"number":"+493012345670","sms":true,"sms_profile":"texts","tenant":"default","destination":"extension:101"}`)
	ask(201, "POST", textInbox, texts, `{"to":"+4915112345678","text":"hi"}`)
	ask(422, "POST", textInbox, texts, `{"to":"+4915112345678","text":"hi","from":"+4930999"}`)
	ask(200, "GET", textInbox, texts, "")
	ask(200, "GET", "text-messages", tenant+"text-messages", "")
	ask(200, "GET", textInbox+"/1", one, "")
	ask(409, "PATCH", textInbox+"/1", one, `{"read":true}`)
	ask(200, "DELETE", textInbox+"/1", one, "")
	ask(404, "GET", textInbox+"/x", one, "")
	ask(200, "DELETE", "numbers/+493012345670", tenant+"numbers/{number}", "")
}
