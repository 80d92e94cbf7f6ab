package api

import (
	"fmt"
	"strings"
	"testing"
)

// TestNumbersAndClasses: what is written is read, follows what it refers to, and is
// not deleted while it is used.
func TestNumbersAndClasses(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "numbers/+493012345678", `{"description":"front desk"}`)
	l.must(201, "PUT", "classes-of-service/home", `{"allow":["national","+41"],"deny":["+49900","internal"]}`)
	got := stable(l.must(201, "PUT", "extensions/101", `{"name":"Anna","country":"CH","class_of_service":"home","presentation_number":"+493012345678"}`))
	if !strings.Contains(got, `"class_of_service":"home","country":"CH"`) || !strings.Contains(got, `"presentation_number":"+493012345678"`) {
		t.Errorf("the extension is %s", got)
	}
	l.must(200, "PATCH", "/v1/tenants/default", `{"country":"DE","class_of_service":"home"}`)
	got = stable(l.must(200, "PATCH", "numbers/+493012345678", `{"destination":"extension:101"}`))
	if want := `{"description":"front desk","destination":"extension:101","number":"+493012345678"}`; got != want {
		t.Errorf("the number is %s", got)
	}
	if got := stable(l.must(200, "GET", "classes-of-service/home", "")); !strings.Contains(got, `"allow":["+41","national"],"deny":["+49900","internal"]`) {
		t.Errorf("the class is %s", got)
	}
	for path, refs := range map[string]string{"numbers/+493012345678": "extension 101", "classes-of-service/home": "extension 101, tenant default", "extensions/101": "number +493012345678"} {
		if p := l.must(409, "DELETE", path, ""); !strings.Contains(p.Body, refs) && !strings.Contains(fmt.Sprint(p.json()), "101") {
			t.Errorf("deleting %s: %s", path, p.Body)
		}
	}
	l.must(200, "POST", "extensions/101/renumber", `{"number":"201"}`)
	if got := stable(l.must(200, "GET", "numbers/+493012345678", "")); !strings.Contains(got, `"extension:201"`) {
		t.Errorf("after renumbering: %s", got)
	}
	l.must(201, "POST", "extensions/201/duplicate", `{"number":"301"}`)
	if got := stable(l.must(200, "GET", "extensions/301", "")); !strings.Contains(got, `"class_of_service":"home"`) || !strings.Contains(got, `"presentation_number"`) {
		t.Errorf("the duplicate is %s", got)
	}
	l.must(200, "DELETE", "extensions/201?confirm=201", "")
	if got := stable(l.must(200, "GET", "numbers/+493012345678", "")); strings.Contains(got, "destination") {
		t.Errorf("after its extension is gone: %s", got)
	}
}

// TestNumbersRefuse: each wrong field is named, and nothing is changed.
func TestNumbersRefuse(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "/v1/tenants", `{"name":"acme"}`)
	l.must(201, "PUT", "/v1/tenants/acme/numbers/+4930777777", `{}`)
	l.must(201, "PUT", "/v1/tenants/acme/classes-of-service/theirs", `{}`)
	l.must(201, "PUT", "/v1/tenants/acme/extensions/777", `{"name":"Other"}`)
	before := l.revision()
	for _, c := range []struct {
		status            int
		path, body, field string
	}{
		{422, "numbers", `{"number":"030123456"}`, "number"},
		{422, "numbers", `{"number":"+0301234567"}`, "number"},
		{422, "numbers", `{"number":"+9991234567"}`, "number"},
		{422, "numbers", `{"number":"+4930123456&x"}`, "number"},
		{422, "numbers", `{"number":"+49301234567890123"}`, "number"},
		{409, "numbers", `{"number":"+4930777777"}`, "number"},
		{422, "numbers", `{"number":"+4930123456","description":"a\nb"}`, "description"},
		{422, "numbers", `{"number":"+4930123456","destination":"external:+4930123"}`, "destination"},
		{422, "numbers", `{"number":"+4930123456","destination":"extension:"}`, "destination"},
		{422, "numbers", `{"number":"+4930123456","destination":"extension:777"}`, "destination"},
		{422, "numbers", `{"number":"+4930123456","destination":"voicemail:1 2"}`, "destination"},
		{422, "numbers", `{"number":"+4930123456","destination":101}`, "destination"},
		{422, "classes-of-service", `{"name":"A B"}`, "name"},
		{422, "classes-of-service", `{"name":"a","allow":["49"]}`, "allow[0]"},
		{422, "classes-of-service", `{"name":"a","allow":["internal"]}`, "allow[0]"},
		{422, "classes-of-service", `{"name":"a","deny":["emergency"]}`, "deny[0]"},
		{422, "classes-of-service", `{"name":"a","deny":["+49","+49"]}`, "deny[1]"},
		{422, "classes-of-service", `{"name":"a","deny":["+49 1"]}`, "deny[0]"},
		{422, "classes-of-service", `{"name":"a","allow":[""]}`, "allow[0]"},
		{422, "classes-of-service", `{"name":"a","allow":"national"}`, "allow"},
		{422, "classes-of-service", `{"name":"a","description":"` + strings.Repeat("a", 101) + `"}`, "description"},
		{422, "extensions", `{"number":"101","name":"A","country":"de"}`, "country"},
		{422, "extensions", `{"number":"101","name":"A","country":"XX"}`, "country"},
		{422, "extensions", `{"number":"101","name":"A","class_of_service":"theirs"}`, "class_of_service"},
		{422, "extensions", `{"number":"101","name":"A","class_of_service":"A B"}`, "class_of_service"},
		{422, "extensions", `{"number":"101","name":"A","presentation_number":"+4930777777"}`, "presentation_number"},
		{422, "extensions", `{"number":"101","name":"A","presentation_number":"030"}`, "presentation_number"},
		{422, "extensions", `{"number":"101","name":"A","type":"virtual","country":"DE"}`, "country"},
		{422, "/v1/tenants", `{"name":"b","country":"001"}`, "country"},
		{422, "/v1/tenants", `{"name":"b","class_of_service":"theirs"}`, "class_of_service"},
	} {
		if p := l.must(c.status, "POST", c.path, c.body).problem(); p.Field != c.field {
			t.Errorf("%s %s is blamed on %q: %s", c.path, c.body, p.Field, p.Detail)
		}
	}
	if now := l.revision(); now != before {
		t.Errorf("refused writes made revision %d of %d", now, before)
	}
}

// TestChosenNumbers: a user has one desk or one external number, a number has one
// user, and a number that is not available nobody.
func TestChosenNumbers(t *testing.T) {
	l := newLab(t)
	for number, available := range map[string]bool{"+4915111111": true, "+4915122222": true, "+4915133333": false, "+4915144444": true} {
		l.must(201, "PUT", "external-numbers/"+number, fmt.Sprintf(`{"available":%v}`, available))
	}
	for name, number := range map[string]string{"ada": "101", "bob": "102"} {
		l.must(201, "PUT", "extensions/"+number, `{"name":"`+name+`"}`)
		l.must(201, "PUT", "users/"+name, `{"full_name":"`+name+`","role":"user","extension":"`+number+`"}`)
	}
	l.must(201, "PUT", "devices/desk", `{"shared":true}`)
	l.must(201, "PUT", "devices/fixed", `{"kind":"external","external_number":"+4915144444","extension":"102"}`)
	choose := func(status int, user, number string) reply {
		t.Helper()
		return l.must(status, "POST", "users/"+user+"/desk", `{"external_number":"`+number+`"}`)
	}
	for number, status := range map[string]int{"+4915133333": 409, "+4915144444": 409, "+4915199999": 422, "x": 422} {
		if p := choose(status, "ada", number).problem(); p.Field != "external_number" {
			t.Errorf("choosing %s is blamed on %q: %s", number, p.Field, p.Detail)
		}
	}
	if p := l.must(422, "POST", "users/ada/desk", `{"device":"desk","external_number":"+4915111111"}`).problem(); p.Field != "external_number" {
		t.Errorf("both are blamed on %q", p.Field)
	}
	if got := choose(200, "ada", "+4915111111").text("desk"); got != "external-4915111111" {
		t.Errorf("the desk is %q", got)
	}
	choose(200, "ada", "+4915111111") // again
	if p := choose(409, "bob", "+4915111111").problem(); !strings.Contains(p.Detail, "101") {
		t.Errorf("a taken number: %s", p.Detail)
	}
	if d := l.must(200, "GET", "devices/external-4915111111", "").json(); d["extension"] != "101" || d["confirm"] != true || d["shared"] != true {
		t.Errorf("the device is %v", d)
	}
	l.must(409, "DELETE", "external-numbers/+4915111111", "")
	l.must(409, "DELETE", "users/ada", "")
	choose(200, "ada", "+4915122222") // leaves the other
	choose(200, "bob", "+4915111111")
	l.must(200, "POST", "users/bob/desk", `{"device":"desk"}`)
	l.must(404, "GET", "devices/external-4915111111", "")
	l.must(200, "DELETE", "users/ada/desk", "")
	l.must(404, "GET", "devices/external-4915122222", "")
	choose(200, "ada", "+4915122222")
	l.must(200, "DELETE", "extensions/101?confirm=101", "")
	l.must(404, "GET", "devices/external-4915122222", "")
}
