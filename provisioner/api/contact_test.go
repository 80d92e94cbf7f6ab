package api

import (
	"strings"
	"testing"
)

// A contact is written as people write numbers, and read as they are dialled.
func TestContacts(t *testing.T) {
	l := newLab(t)
	if r := l.must(201, "POST", "contacts", `{"name":"taxi","title":"Taxi & Co","numbers":["030 555-0","+49 30 777"]}`); !strings.Contains(r.Body, `"numbers":["0305550","+4930777"]`) {
		t.Error(r.Body)
	}
	if r := l.must(200, "PATCH", "contacts/taxi", `{"numbers":["0305551"]}`); !strings.Contains(r.Body, `"numbers":["0305551"]`) || !strings.Contains(r.Body, `"title":"Taxi \u0026 Co"`) && !strings.Contains(r.Body, `"title":"Taxi & Co"`) {
		t.Error(r.Body)
	}
	if r := l.must(200, "GET", "contacts?contains=taxi", ""); strings.Count(r.Body, `"name":`) != 1 {
		t.Error(r.Body)
	}
	l.must(201, "PUT", "extensions/101", `{"name":"Anna","hidden":true}`)
	if r := l.must(200, "GET", "extensions/101", ""); !strings.Contains(r.Body, `"hidden":true`) {
		t.Error(r.Body)
	}
	l.must(201, "PUT", "/v1/tenants/acme", `{}`)
	l.must(201, "PUT", "/v1/tenants/acme/contacts/spy", `{"title":"Spy","numbers":["007007"]}`)
	runWrong(t, l, []wrong{
		{name: "no number", method: "PUT", path: "contacts/bank", body: `{"title":"Bank","numbers":[]}`, status: 422, field: "numbers", detail: "1 to 5"},
		{name: "no title", method: "PUT", path: "contacts/bank", body: `{"title":"","numbers":["030888"]}`, status: 422, field: "title"},
		{name: "a new line", method: "PUT", path: "contacts/bank", body: `{"title":"a\nb","numbers":["030888"]}`, status: 422, field: "title", detail: "control character"},
		{name: "letters", method: "PUT", path: "contacts/bank", body: `{"title":"Bank","numbers":["030888","bank"]}`, status: 422, field: "numbers[1]", detail: "3 to 20 digits"},
		{name: "a number twice", method: "PUT", path: "contacts/bank", body: `{"title":"Bank","numbers":["030888","030 888"]}`, status: 422, field: "numbers[1]", detail: "twice"},
		{name: "too many numbers", method: "PUT", path: "contacts/bank", body: `{"title":"Bank","numbers":["0301","0302","0303","0304","0305","0306"]}`, status: 422, field: "numbers", detail: "1 to 5"},
		{name: "another tenant's", method: "GET", path: "contacts/spy", status: 404, detail: "does not exist"},
		{name: "a tenant with a contact", method: "DELETE", path: "/v1/tenants/acme", status: 409, detail: "still"},
	})
}
