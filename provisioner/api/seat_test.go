package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// mixedModels are of both makes and of several eras.
var mixedModels = []string{"T46U", "T31P", "T27G", "T54W", "CP920", "VVX450", "VVX250", "IP650", "W60P"}

// mixedOffice is the body that orders twenty seats with phones of nine models.
func mixedOffice() string {
	var seats []string
	for i := range 20 {
		model := mixedModels[i%len(mixedModels)]
		seats = append(seats, fmt.Sprintf(`{"name":"Person %d","number":"%d","mac":"0015650000%02x","model":%q,"email":"p%d@example.org"}`,
			i, 201+i, i, model, i))
	}
	return `{"seats":[` + strings.Join(seats, ",") + `]}`
}

// madeSeats decodes the answer to a batch.
func madeSeats(r reply) (out MadeSeats) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(r.Body), &out); err != nil {
		r.t.Fatal(err)
	}
	return out
}

// Four objects a seat took eighty calls before, and six more for tenant and settings.
func TestOfficeOfTwentyPhonesInOneCall(t *testing.T) {
	l := newLab(t)
	calls := 0
	call := func(status int, method, path, body string) reply {
		calls++
		return l.must(status, method, path, body)
	}
	before := l.revision()
	call(200, "PATCH", "/v1/tenants/default", `{"country":"DE","timezone":"Europe/Berlin"}`)
	made := madeSeats(call(201, "POST", "seats/batch", mixedOffice()))
	if calls > 2 {
		t.Errorf("it took %d calls", calls)
	}
	if now := l.revision(); now != before+2 {
		t.Errorf("the office is %d revisions, want 2", now-before)
	}
	once := map[string]bool{}
	for i, s := range made.Items {
		if s.Password == "" || s.Secret == "" || s.ProvisioningURL == "" || len(s.PIN) != 6 || s.EnrolURL == "" {
			t.Fatalf("seat %d shows not all that is shown once: %+v", i, s)
		}
		once[s.Password+s.Secret+s.ProvisioningURL] = true
		p := l.must(200, "GET", "phones/"+s.Devices[0].MAC, "").json()
		want := []any{map[string]any{"registration": 1.0, "device": s.Devices[0].Name}}
		if fmt.Sprint(p["lines"]) != fmt.Sprint(want) || p["vendor"] == "" {
			t.Errorf("phone of seat %d is %v", i, p)
		}
	}
	if len(made.Items) != 20 || len(once) != 20 {
		t.Errorf("%d seats with %d sets of secrets", len(made.Items), len(once))
	}
	first := made.Items[0]
	var in struct {
		MustChange bool `json:"must_change_password"`
	}
	r := l.must(200, "POST", "/v1/sign-in", `{"tenant":"default","username":"201","password":"`+first.Password+`"}`, "Authorization: ")
	if err := json.Unmarshal([]byte(r.Body), &in); err != nil || !in.MustChange {
		t.Errorf("the first password signs in with %s", r.Body)
	}
	for _, secret := range []string{first.Password, first.PIN, first.Secret, first.ProvisioningURL} {
		if listed := l.must(200, "GET", "seats", "").Body; strings.Contains(listed, secret) {
			t.Error("the list shows a secret again")
		}
	}
}

// seatNumbers are the numbers of a list of seats, in its order.
func seatNumbers(r reply) (out []string) {
	for _, item := range r.json()["items"].([]any) {
		out = append(out, item.(map[string]any)["number"].(string))
	}
	return out
}

func TestSeatsAreListedToPrint(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "seats/batch", mixedOffice())
	l.must(201, "PUT", "extensions/300", `{"name":"Lobby"}`)
	for query, want := range map[string]int{"": 21, "?contains=person+1": 11, "?contains=00:15:65:00:00:0a": 1, "?contains=vvx": 4,
		"?contains=p7@example": 1, "?status=OK": 0, "?contains=nobody": 0} {
		items := l.must(200, "GET", "seats"+query, "").json()["items"].([]any)
		if len(items) != want {
			t.Errorf("%q lists %d seats, want %d", query, len(items), want)
		}
	}
	s := l.must(200, "GET", "seats?limit=1", "").json()
	got, _ := json.Marshal(s)
	for _, part := range []string{`"number":"201"`, `"name":"Person 0"`, `"username":"201"`, `"email":"p0@example.org"`, `"mac":"00:15:65:00:00:00"`,
		`"model":"T46U"`, `"status":""`, `"next":"201"`} {
		if !strings.Contains(string(got), part) {
			t.Errorf("%s is not in %s", part, got)
		}
	}
	l.must(201, "PUT", "extensions/301", `{"name":"attic"}`)
	l.must(201, "PUT", "extensions/302", `{"name":"Barred","allowed_devices":["webrtc"]}`)
	l.must(201, "PUT", "devices/barred", `{"extension":"302"}`)
	for query, want := range map[string]string{"?sort=name&limit=2": "301 302", "?sort=name&limit=1&after=301": "302",
		"?sort=number&limit=2&after=2990": "300 301", "?status=none&contains=lobby": "300"} {
		if got := seatNumbers(l.must(200, "GET", "seats"+query, "")); strings.Join(got, " ") != want {
			t.Errorf("%q lists %v, want %s", query, got, want)
		}
	}
	l.until("for the status of a forbidden device", func() bool {
		got := seatNumbers(l.must(200, "GET", "seats?sort=status&limit=1", ""))
		return got[0] == "302" && strings.Join(seatNumbers(l.must(200, "GET", "seats?status=FORBIDDEN", "")), " ") == "302"
	})
	runWrong(t, l, []wrong{
		{name: "no order", method: "GET", path: "seats?sort=colour", status: 422, field: "sort"},
		{name: "gone from the list", method: "GET", path: "seats?sort=name&after=999", status: 422, field: "after"},
	})
	for _, number := range []string{"301", "302"} {
		l.must(200, "DELETE", "extensions/"+number+"?confirm="+number, "")
	}
	var numbers []string
	for after := ""; ; {
		r := l.must(200, "GET", "seats?limit=4&after="+after, "")
		numbers = append(numbers, seatNumbers(r)...)
		if after = r.text("next"); after == "" {
			break
		}
	}
	if len(numbers) != 21 || !slices.IsSorted(numbers) {
		t.Errorf("pages have %v", numbers)
	}
}

func TestWrongSeatsMakeNothing(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "seats", `{"name":"Anna","number":"201","mac":"001565aabb01","model":"T46U","username":"anna","device_name":"anna"}`)
	l.must(201, "PUT", "numbers/+4930100", `{"destination":"extension:201"}`)
	l.must(201, "POST", "/v1/tenants", `{"name":"acme"}`)
	l.must(201, "PUT", "/v1/tenants/acme/phones/001565aabb02", `{"vendor":"yealink","model":"T46U"}`)
	l.must(201, "PUT", "ring-groups/sales", `{"number":"600","members":[{"extension":"201"}]}`)
	table := []wrong{
		{name: "no name", body: `{"name":""}`, status: 422, field: "name"},
		{name: "long name", body: `{"name":"` + strings.Repeat("x", 61) + `"}`, status: 422, field: "name", only: true},
		{name: "number taken", body: `{"name":"Bert","number":"201"}`, status: 409, field: "number"},
		{name: "number of a group", body: `{"name":"Bert","number":"600"}`, status: 409, field: "number"},
		{name: "number for help", body: `{"name":"Bert","number":"112"}`, status: 422, field: "number"},
		{name: "user taken", body: `{"name":"Bert","username":"anna"}`, status: 409, field: "username"},
		{name: "wrong user", body: `{"name":"Bert","username":"B B"}`, status: 422, field: "username"},
		{name: "device taken", body: `{"name":"Bert","device_name":"anna"}`, status: 409, field: "device_name"},
		{name: "wrong device", body: `{"name":"Bert","device_name":"A B"}`, status: 422, field: "device_name", detail: "device_name "},
		{name: "phone taken", body: `{"name":"Bert","mac":"001565aabb01","model":"T46U"}`, status: 409, field: "mac"},
		{name: "phone of others", body: `{"name":"Bert","mac":"001565aabb02","model":"T46U"}`, status: 409, field: "mac"},
		{name: "wrong MAC", body: `{"name":"Bert","mac":"0015","model":"T46U"}`, status: 422, field: "mac"},
		{name: "no model", body: `{"name":"Bert","mac":"001565aabb03"}`, status: 422, field: "model"},
		{name: "unknown model", body: `{"name":"Bert","mac":"001565aabb03","model":"T99"}`, status: 422, field: "model"},
		{name: "model of another make", body: `{"name":"Bert","mac":"001565aabb03","model":"T46U","vendor":"polycom"}`, status: 422, field: "model"},
		{name: "model without MAC", body: `{"name":"Bert","model":"T46U"}`, status: 422, field: "mac"},
		{name: "wrong PIN", body: `{"name":"Bert","pin":"12"}`, status: 422, field: "pin"},
		{name: "PIN of nothing", body: `{"name":"Bert","pin":"1234","voicemail":false}`, status: 422, field: "pin"},
		{name: "wrong e-mail", body: `{"name":"Bert","email":"bert"}`, status: 422, field: "email", only: true},
		{name: "wrong zone", body: `{"name":"Bert","timezone":"Berlin"}`, status: 422, field: "timezone"},
		{name: "wrong language", body: `{"name":"Bert","language":"German"}`, status: 422, field: "language"},
		{name: "number leads elsewhere", body: `{"name":"Bert","did":"+4930100"}`, status: 409, field: "did", detail: "extension:201"},
		{name: "wrong DID", body: `{"name":"Bert","did":"030100"}`, status: 422, field: "did"},
		{name: "unknown class", body: `{"name":"Bert","class_of_service":"gold"}`, status: 422, field: "class_of_service"},
		{name: "unknown group", body: `{"name":"Bert","groups":["gold"]}`, status: 422, field: "groups"},
		{name: "short ring", body: `{"name":"Bert","ring_seconds":2}`, status: 422, field: "ring_seconds"},
		{name: "second of two", path: "seats/batch", body: `{"seats":[{"name":"Bert"},{"name":"Carl","number":"201"}]}`, status: 409, field: "seats[1].number"},
		{name: "both of two", path: "seats/batch", body: `{"seats":[{"name":"Bert","mac":"001565aabb01","model":"T46U"},{"name":"Carl","email":"x"}]}`,
			status: 409, field: "seats[0].mac", alsoFields: []string{"seats[1].email"}},
		{name: "one MAC twice", path: "seats/batch", body: `{"seats":[{"name":"Bert","mac":"001565aabb03","model":"T46U"},{"name":"Carl","mac":"001565aabb03","model":"T46U"}]}`,
			status: 409, field: "seats[1].mac"},
		{name: "none", path: "seats/batch", body: `{"seats":[]}`, status: 422, field: "seats"},
	}
	for i := range table {
		if table[i].path == "" {
			table[i].path = "seats"
		}
	}
	runWrong(t, l, table)
}

func TestSeatsTakeFreeNumbers(t *testing.T) {
	l := newLab(t)
	number := func(body string) string { return l.must(201, "POST", "seats", body).text("number") }
	if got := number(`{"name":"Anna"}`); got != "201" {
		t.Errorf("the first seat has number %s", got)
	}
	l.must(201, "PUT", "extensions/108", `{"name":"Bert"}`)
	l.must(201, "PUT", "mailboxes/109", `{"name":"Carl","pin":"1234"}`)
	l.must(201, "PUT", "ring-groups/sales", `{"number":"114","members":[{"extension":"108"}]}`)
	r := l.must(200, "POST", "seats/batch?dry_run=true", `{"seats":[{"name":"Emil"},{"name":"Fritz"}]}`)
	s := madeSeats(r)
	if s.Items[0].Number != "121" || s.Items[1].Number != "126" || !s.DryRun || s.Items[0].Password+s.Items[0].Secret != "" {
		t.Errorf("a dry run in a tenant that may be in any country says %s", r.Body) // 110 to 119 reach help somewhere
	}
	l.must(200, "PATCH", "/v1/tenants/default", `{"country":"DE"}`)
	for _, want := range []string{"111", "113", "115"} { // 110 and 112 are for help, 114 is a group
		if got := number(`{"name":"Emil"}`); got != want {
			t.Errorf("the next seat has number %s, want %s", got, want)
		}
	}
}

// A tenant's own admin makes seats within the same bounds as by the single calls.
func TestSeatsOfATenantAdmin(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "/v1/tenants", `{"name":"acme"}`)
	l.must(201, "PUT", "/v1/tenants/acme/phones/001565aabb02", `{"vendor":"yealink","model":"T46U"}`)
	l.must(201, "PUT", "numbers/+4930100", `{}`)
	as := bearer(l.newToken(pbx.RoleTenantAdmin, "default"))
	runWrong(t, l, []wrong{
		{name: "phone of another tenant", path: "seats", body: `{"name":"Bert","mac":"001565aabb02","model":"T46U"}`, headers: []string{as}, status: 403, field: "mac"},
		{name: "number of nobody", path: "seats", body: `{"name":"Bert","did":"+4930200"}`, headers: []string{as}, status: 422, field: "did"},
		{name: "another tenant", path: "/v1/tenants/acme/seats", body: `{"name":"Bert"}`, headers: []string{as}, status: 404},
	})
	r := l.must(201, "POST", "seats", `{"name":"Bert","did":"+49 30 100"}`, as)
	if got := l.must(200, "GET", "numbers/+4930100", "").text("destination"); got != "extension:"+r.text("number") {
		t.Errorf("the number leads to %s", got)
	}
	if got := l.must(200, "GET", "extensions/"+r.text("number"), "").text("presentation_number"); got != "+4930100" {
		t.Errorf("the extension shows %s", got)
	}
}
