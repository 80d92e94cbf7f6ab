package api

import (
	"strings"
	"testing"
)

const phoneBody = `{"mac":"00:15:65:aa:bb:cc","vendor":"yealink","model":"T46U"`

// What a client can send wrong in a body: 400 when it is no JSON, 422 when it is,
// 413 when it is too long, and never a change.
func TestBodyThatIsWrong(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "extensions", `{"number":"101","name":"Anna"}`)
	l.must(201, "POST", "devices", `{"name":"anna","extension":"101"}`)
	l.must(201, "POST", "devices", `{"name":"bert"}`)
	l.must(201, "POST", "phones", `{"mac":"00:15:65:00:00:01","vendor":"yealink","model":"T46U","lines":[{"registration":2,"device":"anna"}]}`)
	ext := func(fields string) string { return `{"number":"102","name":"Bert"` + fields + `}` }
	runWrong(t, l, []wrong{
		{name: "bad JSON", path: "extensions", body: `{bad`, status: 400, detail: "the body is not JSON: "},
		{name: "bad JSON in a patch", method: "PATCH", path: "extensions/101", body: `{bad`, status: 400, detail: "the body is not JSON: "},
		{name: "bad JSON with a secret", path: "devices", body: `{"name":"x","secret":"` + canary + `"`, status: 400, detail: "the body is not JSON: "},
		{name: "trailing text", path: "extensions", body: ext("") + " x", status: 400, detail: "after top-level value"},
		{name: "empty body", path: "extensions", status: 400, detail: "the body is empty"},
		{name: "empty patch", method: "PATCH", path: "extensions/101", status: 400, detail: "the body is empty"},
		{name: "not UTF-8", path: "extensions", body: "{\"number\":\"102\",\"name\":\"B\xffrt\"}", status: 400, detail: "not valid UTF-8"},
		{name: "not UTF-8 in a patch", method: "PATCH", path: "extensions/101", body: "{\"name\":\"B\xffrt\"}", status: 400, detail: "not valid UTF-8"},
		{name: "array", path: "extensions", body: `[1]`, status: 422, detail: "the body must be an object"},
		{name: "text", path: "extensions", body: `"x"`, status: 422, detail: "the body must be an object"},
		{name: "null", path: "extensions", body: `null`, status: 422, detail: "the body must be an object"},
		{name: "array as a patch", method: "PATCH", path: "extensions/101", body: `[]`, status: 422, detail: "the body must be an object"},
		{name: "other content", path: "extensions", body: ext(""), headers: []string{"Content-Type: text/plain"}, status: 415, detail: "application/json"},
		{name: "2 MB", path: "extensions", body: `{"name":"` + strings.Repeat("a", 2<<20) + `"}`, status: 413, detail: "larger than 1 MiB"},
		{name: "2 MB in a patch", method: "PATCH", path: "extensions/101", body: `{"name":"` + strings.Repeat("a", 2<<20) + `"}`, status: 413, detail: "larger than 1 MiB"},
		{name: "unknown field", path: "extensions", body: ext(`,"colour":"red"`), status: 422, field: "colour", detail: "colour is not a field of this object"},
		{name: "another casing", path: "extensions", body: ext(`,"NAME":"x"`), status: 422, field: "NAME", detail: "NAME is not a field of this object"},
		{name: "a letter that folds to another", path: "extensions", body: ext(`,"deſcription":"x"`), status: 422, field: "deſcription", detail: "is not a field"},
		{name: "another casing of a secret", path: "devices", body: `{"name":"x","SECRET":"` + canary + `"}`, status: 422, field: "SECRET"},
		{name: "another casing in a PUT", method: "PUT", path: "ring-groups/r", body: `{"number":"601","members":[{"extension":"101"}],"RING_ORDER":0}`, status: 422, field: "RING_ORDER"},
		{name: "another casing in a patch", method: "PATCH", path: "extensions/101", body: `{"Name":"x"}`, status: 422, field: "Name", detail: "Name is not a field"},
		{name: "null for an unknown field in a patch", method: "PATCH", path: "extensions/101", body: `{"colour":null}`, status: 422, field: "colour", detail: "colour is not a field"},
		{name: "null in another casing in a patch", method: "PATCH", path: "extensions/101", body: `{"Name":null}`, status: 422, field: "Name"},
		{name: "a field twice", path: "extensions", body: ext(`,"name":"a","name":"b"`), status: 400, field: "name", detail: "name is there twice"},
		{name: "a field twice, written differently", path: "extensions", body: ext(`,"name":"a","n\u0061me":"b"`), status: 400, field: "name", detail: "name is there twice"},
		{name: "a field twice in a PUT", method: "PUT", path: "extensions/101", body: `{"name":"a","name":"a"}`, status: 400, field: "name"},
		{name: "a secret twice", path: "devices", body: `{"name":"x","secret":"` + canary + `","secret":"` + canary + `"}`, status: 400, field: "secret"},
		{name: "a nested field twice", path: "phones", body: phoneBody + `,"lines":[{"registration":1,"device":"bert"},{"registration":2,"device":"x","device":"y"}]}`, status: 400, field: "lines[1].device"},
		{name: "a field twice in a patch", method: "PATCH", path: "extensions/101", body: `{"name":"a","name":null}`, status: 400, detail: "name is there twice"},
		{name: "a long name twice", path: "extensions", body: ext(`,"` + strings.Repeat("x", 9000) + `":1,"` + strings.Repeat("x", 9000) + `":1`), status: 400, field: strings.Repeat("x", maxNamed)},
		{name: "unknown field in a patch", method: "PATCH", path: "extensions/101", body: `{"colour":1}`, status: 422, field: "colour", detail: "colour is not a field"},
		{name: "unknown field beside a secret", path: "devices", body: `{"name":"x","secret":"` + canary + `","colour":1}`, status: 422, field: "colour"},
		{name: "unknown nested field", path: "phones", body: phoneBody + `,"lines":[{"registration":1,"device":"bert"},{"registration":2,"device":"x","x":1}]}`, status: 422, field: "lines[1].x"},
		{name: "read-only field", path: "extensions", body: ext(`,"devices":[]`), status: 422, field: "devices", detail: "devices is read-only"},
		{name: "read-only field in a put", method: "PUT", path: "devices/anna", body: `{"endpoint":"x"}`, status: 422, field: "endpoint", detail: "endpoint is read-only"},
		{name: "read-only field in a patch", method: "PATCH", path: "phones/001565000001", body: `{"provisioning_url":"` + canary + `"}`, status: 422, field: "provisioning_url", detail: "provisioning_url is read-only"},
		{name: "wrong types", path: "extensions", body: `{"number":101,"name":7,"ring_seconds":"x"}`, status: 422, field: "name",
			detail: "name must be a text in quotes; and 2 more", alsoFields: []string{"number", "ring_seconds"}},
		{name: "secret of a wrong type", path: "devices", body: `{"name":"x","secret":{"` + canary + `":1}}`, status: 422, field: "secret", detail: "secret must be a text"},
		{name: "fraction", path: "extensions", body: ext(`,"ring_seconds":7.5`), status: 422, field: "ring_seconds", detail: "must be a whole number", only: true},
		{name: "huge number", path: "extensions", body: ext(`,"ring_seconds":1e99`), status: 422, field: "ring_seconds", detail: "must be at most 300"},
		{name: "small number", path: "extensions", body: ext(`,"ring_seconds":4`), status: 422, field: "ring_seconds", detail: "must be at least 5"},
		{name: "truth as text", path: "mailboxes", body: `{"number":"1","name":"x","pin":"1234","attach_recording":"yes"}`, status: 422, field: "attach_recording", detail: "must be true or false"},
		{name: "missing name", path: "extensions", body: `{"number":"102"}`, status: 422, field: "name", detail: "name is required"},
		{name: "missing key", path: "extensions", body: `{"name":"Bert"}`, status: 422, field: "number", detail: "number is required"},
		{name: "key and more wrong at once", path: "extensions", body: `{"number":"x y","name":" Bert"}`, status: 422, field: "number", detail: "; and 1 more", alsoFields: []string{"name"}},
		{name: "null name", path: "extensions", body: `{"number":"102","name":null}`, status: 422, field: "name"},
		{name: "patch that takes the name away", method: "PATCH", path: "extensions/101", body: `{"name":null}`, status: 422, field: "name", detail: "name is required"},
		{name: "duplicate", path: "extensions", body: `{"number":"101","name":"Anna"}`, status: 409, field: "number", detail: "exists already"},
		{name: "duplicate although If-Match", path: "extensions", body: ext(""), headers: []string{`If-Match: "r1"`}, status: 412, field: "If-Match"},
		{name: "key differs from path", method: "PUT", path: "extensions/101", body: ext(""), status: 422, field: "number", detail: "differs from the path"},
		{name: "patch of the key", method: "PATCH", path: "extensions/101", body: `{"number":"102"}`, status: 422, field: "number", detail: "differs from the path"},
		{name: "patch of nothing", method: "PATCH", path: "extensions/999", body: `{"name":"x"}`, status: 404, detail: "does not exist"},
	})
	if got := l.must(200, "GET", "extensions/101", "").text("name"); got != "Anna" {
		t.Errorf("name is now %q", got)
	}
}

func TestNamesThatNoFileCarries(t *testing.T) {
	l := newLab(t)
	for _, c := range []struct{ name, text, detail string }{
		{"newline", `A\nB`, "U+000A"}, {"NUL", `A\u0000B`, "U+0000"}, {"line separator", `A\u2028B`, "U+2028"}, {"bidi override", `A\u202eB`, "U+202E"},
		{"too long", strings.Repeat("a", 61), "has 61 characters, at most 60"}, {"too many bytes", strings.Repeat("ä", 60), "bytes in UTF-8"},
		{"empty", "", "is required"}, {"padded", " Anna", "starts or ends with a space"}, {"padded behind", `Anna `, "starts or ends with a space"}, {"blank", "  ", "space"},
	} {
		w := wrong{method: "PUT", path: "extensions/101", body: `{"name":"` + c.text + `"}`, status: 422, field: "name", detail: c.detail}
		t.Run(c.name, func(t *testing.T) { w.check(t, l) })
	}
	if l.must(201, "PUT", "extensions/101", `{"name":"Zoë \"Z\" O'Neill; [x] \\ ,|ü"}`).text("name") != `Zoë "Z" O'Neill; [x] \ ,|ü` {
		t.Error("an unusual name was changed")
	}
}

func TestReferencesThatAreWrong(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "extensions", `{"number":"101","name":"Anna"}`)
	l.must(201, "POST", "mailboxes", `{"number":"101","name":"Anna","pin":"1234"}`)
	l.must(200, "PATCH", "extensions/101", `{"mailbox":"101"}`)
	l.must(201, "POST", "devices", `{"name":"anna","extension":"101"}`)
	l.must(201, "POST", "devices", `{"name":"bert"}`)
	l.must(201, "POST", "phones", `{"mac":"00:15:65:00:00:01","vendor":"yealink","model":"T46U","lines":[{"registration":2,"device":"anna"}]}`)
	l.must(201, "POST", "/v1/tenants", `{"name":"acme"}`)
	runWrong(t, l, []wrong{
		{name: "extension of a device", path: "devices", body: `{"name":"x","extension":"555"}`, status: 422, field: "extension", detail: "extension 555 does not exist in tenant default"},
		{name: "mailbox of an extension", path: "extensions", body: `{"number":"102","name":"x","mailbox":"555"}`, status: 422, field: "mailbox", detail: "mailbox 555 does not exist"},
		{name: "device of a line", path: "phones", body: phoneBody + `,"lines":[{"registration":3,"device":"bert"},{"registration":1,"device":"nobody"}]}`, status: 422, field: "lines[1].device", detail: "device nobody does not exist"},
		{name: "device on another phone", path: "phones", body: phoneBody + `,"lines":[{"registration":3,"device":"bert"},{"registration":1,"device":"anna"}]}`, status: 409, field: "lines[1].device", detail: "device anna is already line 2 of phone 00:15:65:00:00:01"},
		{name: "device twice", path: "phones", body: phoneBody + `,"lines":[{"registration":3,"device":"bert"},{"registration":1,"device":"bert"}]}`, status: 422, field: "lines[1].device", detail: "used twice"},
		{name: "registration twice", path: "phones", body: phoneBody + `,"lines":[{"registration":3,"device":"bert"},{"registration":3,"device":"anna"}]}`, status: 422, field: "lines[1].registration", detail: "used twice"},
		{name: "registration 0", path: "phones", body: phoneBody + `,"lines":[{"registration":0,"device":"bert"}]}`, status: 422, field: "lines[0].registration", detail: "at least 1"},
		{name: "registration beyond the model", path: "phones", body: phoneBody + `,"lines":[{"registration":17,"device":"bert"},{"registration":1,"device":"anna"}]}`, status: 422, field: "lines[0].registration", detail: "a T46U has registrations 1 to 16"},
		{name: "unknown model", path: "phones", body: `{"mac":"00:15:65:aa:bb:cc","vendor":"yealink","model":"T46X"}`, status: 422, field: "model", detail: "T46U"},
		{name: "unknown vendor", path: "phones", body: `{"mac":"00:15:65:aa:bb:cc","vendor":"cisco","model":"7940"}`, status: 422, field: "vendor", detail: "yealink or polycom"},
		{name: "phone of another tenant", path: "/v1/tenants/acme/phones", body: `{"mac":"00:15:65:00:00:01","vendor":"yealink","model":"T46U"}`, status: 409, field: "mac", detail: "belongs to another tenant"},
		{name: "mail without address", path: "mailboxes", body: `{"number":"102","name":"x","pin":"1234","attach_recording":true}`, status: 422, field: "attach_recording", detail: "needs an email"},
		{name: "notification without address", path: "mailboxes",
			body: `{"number":"102","name":"x","pin":"1234","email_notification":true}`, status: 422, field: "email",
			detail: "required while email_notification is on"},
		{name: "mail with a field that is none", method: "PATCH", path: "/v1/tenants/acme",
			body: `{"voicemail_text":"From ${caller}\n${callerid}"}`, status: 422, field: "voicemail_text",
			detail: "names ${callerid}, which does not exist: use ${caller}"},
		{name: "PIN", path: "mailboxes", body: `{"number":"102","name":"x","pin":"` + canary + `"}`, status: 422, field: "pin", detail: "4 to 10 digits"},
		{name: "no PIN", path: "mailboxes", body: `{"number":"102","name":"x"}`, status: 422, field: "pin", detail: "pin is required"},
		{name: "weak password", path: "devices", body: `{"name":"x","secret":"` + canary + `"}`, status: 422, field: "secret", detail: "16 to 64"},
		{name: "time zone", path: "/v1/tenants", body: `{"name":"Bad One","timezone":"Mars/City"}`, status: 422, field: "name", alsoFields: []string{"timezone"}},
		{name: "delete an extension in use", method: "DELETE", path: "extensions/101", status: 409, detail: "extension 101 is still used by device anna"},
		{name: "delete a device in use", method: "DELETE", path: "devices/anna", status: 409, detail: "device anna is still used by phone 00:15:65:00:00:01"},
		{name: "delete a mailbox in use", method: "DELETE", path: "mailboxes/101", status: 409, detail: "mailbox 101 is still used by extension 101"},
		{name: "delete the default tenant", method: "DELETE", path: "/v1/tenants/default", status: 409, detail: "cannot be deleted"},
	})
	p := l.do("DELETE", "devices/anna", "").problem()
	if p.Kind != "in-use" || len(p.Refs) != 1 || p.Refs[0].Kind != "phone" || p.Refs[0].Key != "00:15:65:00:00:01" {
		t.Errorf("refs are %+v of kind %s", p.Refs, p.Kind)
	}
}
