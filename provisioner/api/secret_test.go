package api

import (
	"strings"
	"testing"
)

// A secret is in the answer to the write that set it and nowhere after.
func TestSecretsAreShownOnce(t *testing.T) {
	l := newLab(t)
	const given = "c4n4ry5ecretc4n4ry5ecret"
	var known []string
	shown := func(r reply, field string) string {
		t.Helper()
		s := r.text(field)
		if s == "" {
			t.Fatalf("%s is not in %s", field, r.Body)
		}
		known = append(known, s)
		return s
	}
	hidden := func(r reply) {
		t.Helper()
		for _, s := range known {
			if strings.Contains(r.Body, s) {
				t.Errorf("a secret shows again in %s", r.Body)
			}
		}
	}
	l.must(201, "POST", "extensions", `{"number":"101","name":"Anna"}`)
	random := shown(l.must(201, "POST", "devices", `{"name":"a","extension":"101"}`), "secret")
	if got := shown(l.must(201, "PUT", "devices/b", `{"secret":"`+given+`"}`), "secret"); got != given {
		t.Errorf("the device's secret is %q", got)
	}
	url := shown(l.must(201, "POST", "phones", phoneBody+`}`), "provisioning_url")
	password := shown(l.must(201, "POST", "/v1/tenants", `{"name":"acme"}`), "phone_password")
	token := shown(l.must(201, "POST", "/v1/tokens", `{"name":"ci"}`), "token")
	known = append(known, "73519284")
	hidden(l.must(201, "POST", "mailboxes", `{"number":"101","name":"Anna","pin":"73519284"}`))
	for _, r := range []reply{
		l.must(200, "PUT", "devices/a", `{"extension":"101"}`), l.must(200, "PATCH", "devices/b", `{"qualify_seconds":30}`), l.must(200, "PATCH", "devices/b", `{"secret":null}`),
		l.must(200, "PUT", "phones/001565aabbcc", `{"vendor":"yealink","model":"T46U"}`), l.must(200, "PUT", "/v1/tenants/acme", `{}`),
		l.must(200, "PUT", "mailboxes/101", `{"name":"Anna"}`), l.must(200, "PATCH", "mailboxes/101", `{"name":"Anne"}`),
	} {
		hidden(r)
	}
	if again := shown(l.must(200, "PATCH", "devices/a", `{"secret":"An0therSecretOfMine"}`), "secret"); again != "An0therSecretOfMine" || again == random {
		t.Errorf("the new secret is %q", again)
	}
	if again := shown(l.must(200, "POST", "phones/001565aabbcc/enrol", ""), "provisioning_url"); again == url {
		t.Error("enrolling again did not make a new URL")
	}
	if again := shown(l.must(200, "PATCH", "/v1/tenants/acme", `{"phone_password":"An0therOne"}`), "phone_password"); again == password || token == "" {
		t.Errorf("the new password is %q", again)
	}
	l.do("PATCH", "devices/b", `{"secret":"`+given+`!"}`)
	for _, path := range []string{"devices", "devices/a", "devices/b", "phones", "phones/001565aabbcc", "mailboxes", "mailboxes/101", "extensions", "extensions/101",
		"/v1/tenants", "/v1/tenants/acme", "/v1/tokens", "/v1/changes", "status", "/v1/health", "/metrics", "phones/001565aabbcc/fetches"} {
		hidden(l.must(200, "GET", path, ""))
	}
	for _, s := range known {
		if strings.Contains(l.log.String(), strings.TrimSuffix(strings.TrimPrefix(s, "http://192.0.2.1:8081/p/"), "/")) {
			t.Error("a secret is in the log")
		}
	}
	// What was kept is what was set.
	d := l.ctl.Snapshot
	l.until("for the snapshot", func() bool {
		dev := d().Device("default", "a")
		return dev != nil && dev.Secret.Reveal() == "An0therSecretOfMine"
	})
	if got := d().Device("default", "b").Secret.Reveal(); got != given {
		t.Errorf("device b has %q", got)
	}
	if got := d().Mailbox("default", "101").PIN.Reveal(); got != "73519284" {
		t.Errorf("the PIN is %q", got)
	}
}
