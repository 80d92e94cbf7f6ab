package api

import (
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Users see the calls of their own extension, and of others only what they met of them.
func TestUsersSeeTheirCalls(t *testing.T) {
	l := newLab(t)
	for _, w := range [][2]string{
		{"extensions/101", `{"name":"Ada"}`}, {"extensions/102", `{"name":"Bob"}`}, {"extensions/103", `{"name":"Shy","anonymous":true}`},
		{"users/ada", `{"full_name":"Ada","role":"user","extension":"101"}`}, {"users/nobody", `{"full_name":"No","role":"user"}`},
		{"users/olga", `{"full_name":"Olga","role":"operator","extension":"102"}`},
	} {
		l.must(201, "PUT", w[0], w[1])
	}
	at := func(number, extension, device string) pbx.CallParty {
		return pbx.CallParty{Number: number, Extension: extension, Device: device}
	}
	record := func(id string, from, by pbx.CallParty, dialled string, called ...pbx.CallParty) {
		now := time.Now()
		c := &pbx.CDR{CallID: id, Tenant: "default", Started: now, Answered: now, Ended: now, From: from, By: by, Dialled: dialled,
			Outcome: pbx.CallAnswered, Rules: []string{"extension 102 forwards to +49170999"}}
		for _, p := range called {
			c.Called = append(c.Called, pbx.CallLeg{CallParty: p})
		}
		l.ctl.Records.Add(c)
	}
	desk, mobile := at("101", "101", "ada-desk"), at("+49170999", "102", "bob-mobile")
	record("c-out", desk, mobile, "102", mobile, at("102", "102", "bob-desk"))
	record("c-in", at("+49301", "", ""), desk, "101", desk)
	record("c-shy", at("103", "103", "shy-desk"), desk, "101", desk)
	record("c-others", at("+49302", "", ""), mobile, "102", mobile)
	l.until("for the records", func() bool { return strings.Count(l.must(200, "GET", "cdrs", "").Body, `"call"`) == 4 })
	ada, nobody, olga := l.signedIn("ada"), l.signedIn("nobody"), l.signedIn("olga")

	list := l.must(200, "GET", "cdrs", "", ada).Body
	for text, want := range map[string]bool{"c-out": true, "c-in": true, "c-shy": true, "c-others": false, "ada-desk": true, "+49301": true,
		"+49170999": false, "bob-": false, "shy-desk": false, `"103"`: false, "forwards": false} {
		if strings.Contains(list, text) != want {
			t.Errorf("she sees %s: %v in %s", text, !want, list)
		}
	}
	for query, want := range map[string]int{"": 3, "?number=%2B49301": 1, "?number=170999": 0, "?extension=102": 1, "?outcome=busy": 0, "?limit=2": 2} {
		if got := strings.Count(l.must(200, "GET", "cdrs"+query, "", ada).Body, `"call"`); got != want {
			t.Errorf("%q finds %d calls of hers, want %d", query, got, want)
		}
	}
	if text := l.must(200, "GET", "cdrs.csv", "", ada).Body; strings.Count(text, "\n") != 4 || strings.Contains(text, "+49170999") {
		t.Errorf("she exports %s", text)
	}
	if body := l.must(200, "GET", "cdrs", "", nobody).Body; strings.Contains(body, "c-") {
		t.Errorf("without an extension one sees %s", body)
	}
	if body := l.must(200, "GET", "cdrs", "", olga).Body; strings.Count(body, `"call"`) != 4 || !strings.Contains(body, "+49170999") {
		t.Errorf("an operator sees %s", body)
	}

	// The next owner of the number does not get the calls; Ada keeps them under another number.
	l.must(204, "DELETE", "/v1/sign-in", "", ada)
	l.must(200, "POST", "extensions/101/renumber", `{"number":"111"}`)
	l.must(201, "PUT", "extensions/101", `{"name":"New"}`)
	l.must(201, "PUT", "users/new", `{"full_name":"New","role":"user","extension":"101"}`)
	for username, want := range map[string]int{"ada": 3, "new": 0} {
		if got := strings.Count(l.must(200, "GET", "cdrs", "", l.signedIn(username)).Body, `"call"`); got != want {
			t.Errorf("after the renumbering %s sees %d calls, want %d", username, got, want)
		}
	}
}
