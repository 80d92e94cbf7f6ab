package api

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// upload sends a file of numbers.
func (l *lab) upload(status int, path, file string, headers ...string) map[string]any {
	l.t.Helper()
	return l.must(status, "POST", path, file, append([]string{"Content-Type: text/csv"}, headers...)...).json()
}

const fileHead = "Country Code,Phone Number,Voice,SMS,Fax\r\n"

// The procedures of centralised number management, by a reseller and its tenant: upload, assign
// to the tenant, to a person, change, unassign, delete.
func TestProceduresWithNumbers(t *testing.T) {
	l := newLab(t)
	l.branches()
	north, below := "Authorization: Bearer "+l.resellerToken("north"), "Authorization: Bearer "+l.resellerToken("below-north")
	tenant := "Authorization: Bearer " + l.newToken("tenant-admin", "shop-north")
	l.must(201, "PUT", "/v1/resellers/north/carriers/telco", `{"service":"voice","default":true}`, north)
	l.must(201, "PUT", "/v1/resellers/north/carriers/texts", `{"service":"sms"}`, north)

	file := fileHead + "49,+4930555001,TRUE,TRUE,FALSE\r\n49,+4930555002,TRUE,FALSE,TRUE\r\n"
	dry := l.upload(200, "/v1/numbers/upload?dry_run=true", file, north)
	if dry["added"] != 2.0 || strings.Contains(l.must(200, "GET", "/v1/numbers", "", north).Body, "555001") {
		t.Errorf("the dry run: %v", dry)
	}
	l.upload(200, "/v1/numbers/upload?sms_profile=texts", file, north)
	number := l.must(200, "GET", "/v1/numbers/+4930555001", "", north).json()
	for field, want := range map[string]string{"state": "available", "uploaded_by": "reseller north", "reseller": "north",
		"country_code": "49", "voice_carrier": "map[defaulted:true name:telco]", "sms_profile": "map[defaulted:false name:texts]"} {
		if got := fmt.Sprint(number[field]); got != want {
			t.Errorf("%s is %s, want %s", field, got, want)
		}
	}
	l.must(404, "GET", "/v1/numbers/+4930555001", "", below)
	l.must(403, "GET", "/v1/numbers", "", tenant)
	l.must(409, "POST", "/v1/numbers", `{"number":"+4930555001"}`, below)

	l.must(200, "POST", "/v1/numbers/assign", `{"numbers":["+4930555001"],"reseller":"below-north"}`, north)
	l.must(200, "POST", "/v1/numbers/assign", `{"numbers":["+4930555001"],"tenant":"shop-north"}`, below)
	l.must(200, "PATCH", "/v1/tenants/shop-north/numbers/+4930555001", `{"destination":"extension:101"}`, tenant)
	if body := l.must(200, "GET", "/v1/numbers?contains=extension:101&tenant=shop-north&state=assigned&capability=sms", "", north).Body; !strings.Contains(body, "+4930555001") {
		t.Errorf("the search finds %s", body)
	}
	for _, refused := range []struct {
		status                            int
		method, path, body, token, detail string
	}{
		{409, "DELETE", "/v1/numbers/+4930555001", "", north, "is assigned to extension:101 of tenant shop-north: unassign it first"},
		{409, "POST", "/v1/numbers/assign", `{"numbers":["+4930555001"],"reseller":"north"}`, north, "is assigned to tenant shop-north: unassign it first"},
		{422, "POST", "/v1/numbers/assign", `{"numbers":["+4930555002"],"tenant":"shop-south"}`, north, "tenant shop-south does not exist"},
		{422, "POST", "/v1/numbers/assign", `{"numbers":["+4930555002"],"tenant":"shop-north","destination":"extension:999"}`, north, "extension 999 does not exist"},
		{403, "POST", "/v1/tenants/shop-north/numbers", `{"number":"+4930555099"}`, tenant, "allow_external_numbers"},
		{403, "POST", "/v1/tenants/shop-north/numbers/upload", file, tenant, "allow_external_numbers"},
		{422, "PATCH", "/v1/numbers/+4930555002", `{"state":"porting-out","voice_carrier":"texts"}`, north, "carrier texts does not exist, or is not for voice"},
	} {
		headers := []string{refused.token}
		if strings.HasPrefix(refused.body, "Country") {
			headers = append(headers, "Content-Type: text/csv")
		}
		if p := l.must(refused.status, refused.method, refused.path, refused.body, headers...).problem(); !strings.Contains(p.Detail, refused.detail) {
			t.Errorf("%s %s: %s, want %s", refused.method, refused.path, p.Detail, refused.detail)
		}
	}
	l.must(200, "PATCH", "/v1/numbers/+4930555001", `{"fax":true,"kind":"vanity"}`, north)
	l.must(200, "POST", "/v1/numbers/unassign", `{"numbers":["+4930555001"]}`, below)
	l.must(404, "GET", "/v1/tenants/shop-north/numbers/+4930555001", "", tenant)
	if p := l.must(403, "DELETE", "/v1/numbers/+4930555001", "", below).problem(); !strings.Contains(p.Detail, "by the account that uploaded it or by one above that") {
		t.Error(p.Detail)
	}
	if history := l.must(200, "GET", "/v1/numbers/+4930555001/history", "", north).Body; strings.Count(history, `"action"`) != 6 {
		t.Errorf("the history is %s", history)
	}
	l.must(200, "DELETE", "/v1/numbers/+4930555001", "", north)
	l.must(404, "GET", "/v1/numbers/+4930555001", "", north)

	// A tenant that may have numbers from elsewhere brings and deletes its own.
	l.must(200, "PATCH", "/v1/tenants/shop-north", `{"allow_external_numbers":true}`, north)
	l.until("for the snapshot", func() bool {
		shop := l.ctl.Snapshot().Tenant("shop-north")
		return shop != nil && shop.AllowExternalNumbers
	})
	l.upload(200, "/v1/tenants/shop-north/numbers/upload", fileHead+"49,+4930555077,TRUE,,\r\n", tenant)
	l.must(200, "PATCH", "/v1/tenants/shop-north/numbers/+4930555077", `{"destination":"extension:101"}`, tenant)
	l.must(409, "DELETE", "/v1/tenants/shop-north/numbers/+4930555077", "", tenant)
	l.must(200, "PATCH", "/v1/tenants/shop-north/numbers/+4930555077", `{"destination":null}`, tenant)
	l.must(200, "DELETE", "/v1/tenants/shop-north/numbers/+4930555077", "", tenant)
	l.must(404, "GET", "/v1/numbers/+4930555077", "", north)
	l.must(201, "PUT", "/v1/tenants/shop-north/numbers/+4930555078", `{}`, tenant)
	l.must(200, "DELETE", "/v1/numbers/+4930555078", "", north)
}

// A new tenant has a number, searches its reseller's pool for another one, claims it and gives it
// back.
func TestProceduresWithANewNumber(t *testing.T) {
	l := newLab(t)
	const limits = `"max_extensions":5,"max_calls":5,"max_numbers":3`
	l.must(201, "PUT", "/v1/resellers/north",
		`{"default_number":true,"default_number_kind":"local","default_number_prefix":"+4930","aging_days":7}`)
	l.must(201, "PUT", "/v1/resellers/south", `{}`)
	north, south := "Authorization: Bearer "+l.resellerToken("north"), "Authorization: Bearer "+l.resellerToken("south")
	if p := l.must(409, "POST", "/v1/tenants", `{"name":"shop"}`, north).problem(); !strings.Contains(p.Detail, "has none left that fits") {
		t.Error(p.Detail)
	}
	l.must(404, "GET", "/v1/tenants/shop", "", north)
	l.upload(200, "/v1/numbers/upload",
		fileHead+"1,8003569377,TRUE,,\r\n49,+4930555001,TRUE,,\r\n49,+4930555002,TRUE,TRUE,\r\n49,+4989555003,TRUE,,\r\n",
		north)
	l.upload(200, "/v1/numbers/upload", fileHead+"49,+4930555009,TRUE,,\r\n", south)
	l.must(201, "POST", "/v1/tenants", `{"name":"shop",`+limits+`}`, north)
	shop := "Authorization: Bearer " + l.newToken("tenant-admin", "shop")
	number := l.must(200, "GET", "/v1/tenants/shop/numbers/+4930555001", "", shop).json()
	if number["destination"] != "extension:201" || l.must(200, "GET", "/v1/tenants/shop/extensions/201", "",
		shop).json()["type"] != "virtual" {
		t.Errorf("the default number is %v", number)
	}

	const search, claim = "/v1/tenants/shop/numbers/available", "/v1/tenants/shop/numbers/claim"
	for _, path := range []string{search, claim} {
		method := map[string]string{search: "GET", claim: "POST"}[path]
		if p := l.must(403, method, path, map[string]string{claim: `{"number":"+4930555002"}`}[path],
			shop).problem(); !strings.Contains(p.Detail, "claim_numbers") {
			t.Error(p.Detail)
		}
	}
	l.must(403, "PATCH", "/v1/tenants/shop", `{"claim_numbers":true}`, shop)
	l.must(200, "PATCH", "/v1/tenants/shop", `{"claim_numbers":true}`, north)
	for query, want := range map[string]string{"": "+18003569377 +4930555002 +4989555003", "?country=DE&area_code=030": "+4930555002",
		"?country=49": "+4930555002 +4989555003", "?prefix=%2B49&capability=sms": "+4930555002",
		"?contains=FLOWERS&kind=toll-free": "+18003569377",
		"?contains=5500*":                  "+4930555002 +4989555003", "?contains=flow&prefix=%2B49": ""} {
		var got []string
		for _, n := range l.must(200, "GET", search+query, "", shop).json()["items"].([]any) {
			got = append(got, n.(map[string]any)["number"].(string))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s finds %v, want %s", query, got, want)
		}
	}
	flowers := l.must(200, "GET", search+"?contains=flowers", "", shop).json()["items"].([]any)[0].(map[string]any)
	if flowers["match"] != "FLOWERS" || flowers["spelled"] != "+1800FLOWERS" {
		t.Errorf("%v", flowers)
	}
	first := l.must(200, "GET", search+"?limit=2", "", shop).json()
	if rest := l.must(200, "GET", search+"?limit=2&after="+strings.Replace(first["next"].(string), "+", "%2B", 1), "",
		shop).json(); len(rest["items"].([]any)) != 1 || rest["next"] != nil {
		t.Errorf("the second page is %v", rest)
	}
	for query, field := range map[string]string{"?contains=5%2355": "contains", "?area_code=030": "country",
		"?country=XX&area_code=1": "country",
		"?prefix=030":             "prefix", "?prefix=%2B49&area_code=030": "area_code", "?kind=rare": "kind"} {
		if p := l.must(422, "GET", search+query, "", shop).problem(); !strings.Contains(p.Field, field) {
			t.Errorf("%s: %s, %s", query, p.Field, p.Detail)
		}
	}
	r := l.must(201, "POST", claim, `{"number":"+49 30 555002","destination":"extension:201","description":"sales"}`, shop)
	l.must(200, "GET", r.Header.Get("Location"), "", shop)
	for _, gone := range []string{"+4930555002", "+4930555009", "+4930555099"} {
		if p := l.must(409, "POST", claim, `{"number":"`+gone+`"}`,
			shop).problem(); p.Detail != "number "+gone+" is not available, or not any more: search again" {
			t.Error(p.Detail)
		}
	}
	l.must(422, "POST", claim, `{"number":"+18003569377","destination":"extension:999"}`, shop)
	l.must(200, "DELETE", "/v1/tenants/shop/numbers/+4930555002", "", shop)
	l.must(201, "POST", claim, `{"number":"+4930555002"}`, north)
}

// A port from its draft to the first call, by a tenant and the reseller above it.
func TestProceduresOfAPort(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "/v1/resellers/north", `{}`)
	l.must(201, "PUT", "/v1/tenants/shop", `{"reseller":"north"}`)
	north, shop := "Authorization: Bearer "+l.resellerToken("north"), "Authorization: Bearer "+l.newToken("tenant-admin", "shop")
	const one = "/v1/tenants/shop/port-requests/munich"
	l.must(201, "PUT", one,
		`{"carrier":"Old Telco","numbers":[{"number":"+49 89 12345601","destination":"hangup"},{"number":"+498912345602"}]}`,
		shop)
	for name, c := range map[string]struct {
		status int
		body   string
		says   string
	}{"letter": {204, "%PDF-1.7\n%%EOF\n", ""}, "half": {422, "%PDF-1.7\n", "document is not a complete PDF"},
		"text":    {422, "hello", "document is not a PDF, JPEG or PNG"},
		"picture": {422, "\x89PNG\r\n\x1a\nxxxx", "document is not a complete picture"}, "UPPER": {422, "%PDF-1.7\n%%EOF\n", "document"},
		"long": {413, strings.Repeat("x", 3<<20), ""}} {
		if r := l.must(c.status, "PUT", one+"/documents/"+name, c.body, shop,
			"Content-Type: application/pdf"); !strings.Contains(r.Body, c.says) {
			t.Errorf("%s: %s, want %s", name, r.Body, c.says)
		}
	}
	r := l.must(200, "GET", one+"/documents/letter", "", north)
	if r.Header.Get("Content-Type") != "application/pdf" || r.Header.Get("X-Content-Type-Options") != "nosniff" ||
		r.Body != "%PDF-1.7\n%%EOF\n" {
		t.Errorf("%v %q", r.Header, r.Body)
	}
	state := func(status int, token, body, says string) map[string]any {
		t.Helper()
		r := l.must(status, "POST", one+"/state", body, token)
		if !strings.Contains(r.Body, says) {
			t.Errorf("%s: %s, want %s", body, r.Body, says)
		}
		return r.json()
	}
	state(403, shop, `{"state":"submitted"}`, "the account above submits the request")
	state(200, north, `{"state":"submitted"}`, `"state":"submitted"`)
	state(403, shop, `{"state":"completed"}`, "is set by the account above the tenant")
	if got := l.must(200, "GET", "/v1/numbers/+498912345601", "", north).json(); got["state"] != "porting-in" ||
		got["tenant"] != "shop" || got["destination"] != "hangup" {
		t.Errorf("%v", got)
	}
	l.must(409, "PATCH", "/v1/numbers/+498912345601", `{"state":"available"}`, north)
	l.must(409, "POST", "/v1/numbers/unassign", `{"numbers":["+498912345601"]}`, north)
	l.must(409, "DELETE", "/v1/tenants/shop/numbers/+498912345601", "", shop)
	state(200, north, `{"state":"exception","numbers":["+498912345602"],"problem":"the name differs"}`, "the name differs")
	state(200, north, `{"state":"scheduled","date":"2026-12-24"}`, `"state":"scheduled"`)
	if first, err := l.db.CallsCame(t.Context(), time.Now(), []string{"+498912345601"}); err != nil || len(first) != 1 {
		t.Fatal(first, err)
	}
	if body := l.must(200, "GET", one, "", shop).Body; strings.Count(body, `"first_call"`) != 1 {
		t.Errorf("the request is %s", body)
	}
	state(200, north, `{"state":"completed"}`, `"state":"completed"`)
	state(409, north, `{"state":"cancelled"}`, "no number of it can become cancelled")
	if got := l.must(200, "GET", "/v1/numbers/+498912345601", "", north).json(); got["state"] != "assigned" {
		t.Errorf("%v", got)
	}
	if history := l.must(200, "GET", one+"/history", "", shop).Body; strings.Count(history, `"at"`) != 9 {
		t.Errorf("the history is %s", history)
	}
}

// Progress of uploads, for the admin that sent them and those above; one at a time for an account.
func TestUploadsShowTheirProgress(t *testing.T) {
	l := newLab(t)
	l.branches()
	auth := func(token string) string { return "Authorization: Bearer " + token }
	north, south, below := auth(l.resellerToken("north")), auth(l.resellerToken("south")), auth(l.resellerToken("below-north"))
	shop, foreign := auth(l.newToken("tenant-admin", "shop-north")), auth(l.newToken("tenant-admin", "shop-south"))
	file := fileHead + "49,+4930555001,TRUE,,\r\n49,030,TRUE,,\r\n"
	r := l.must(202, "POST", "/v1/numbers/upload?background=true&good_only=true&tenant=shop-north", file, "Content-Type: text/csv", below)
	at := r.Header.Get("Location")
	if got := r.json(); at != fmt.Sprint("/v1/numbers/uploads/", got["id"]) || got["rows"] != 2.0 || got["wrong_rows"] != 1.0 {
		t.Fatalf("%s: %v", at, got)
	}
	l.until("for the numbers of the file", func() bool { return l.must(200, "GET", at, "", north).json()["state"] == "done" })
	if got := l.must(200, "GET", at, "", below).json(); got["added"] != 1.0 || got["by"] != "token below-north" || got["ended"] == nil {
		t.Errorf("%v", got)
	}
	if got := l.must(200, "GET", "/v1/tenants/shop-north"+strings.TrimPrefix(at, "/v1"), "",
		shop).json(); got["by"] != nil || got["added"] != 1.0 {
		t.Errorf("the tenant is told %v", got)
	}
	l.must(404, "GET", at, "", south)
	l.must(404, "GET", "/v1/tenants/shop-south"+strings.TrimPrefix(at, "/v1"), "", foreign)
	for token, want := range map[string]int{north: 1, south: 0} {
		if got := l.must(200, "GET", "/v1/numbers/uploads", "", token).json()["items"].([]any); len(got) != want {
			t.Errorf("the list has %v, want %d", got, want)
		}
	}

	// A file on its way is seen, and makes the next one wait.
	out, in := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "POST", l.url+"/v1/numbers/upload", out)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", strings.TrimPrefix(north, "Authorization: "))
	answered := make(chan error, 1)
	go func() {
		res, err := noRedirect.Do(req)
		if err == nil {
			err = res.Body.Close()
		}
		answered <- err
	}()
	if _, err := io.WriteString(in, fileHead); err != nil {
		t.Fatal(err)
	}
	reading := func() bool {
		return strings.Contains(l.must(200, "GET", "/v1/numbers/uploads", "", north).Body, `"reading"`)
	}
	l.until("for the file to come in", reading)
	refused := l.must(429, "POST", "/v1/numbers/upload?dry_run=true", file, "Content-Type: text/csv", north)
	if p := refused.problem(); refused.Header.Get("Retry-After") != "5" ||
		p.Detail != "another upload of this account is under way: wait until it has ended" {
		t.Errorf("%s after %s", p.Detail, refused.Header.Get("Retry-After"))
	}
	l.upload(200, "/v1/numbers/upload?dry_run=true", file)
	_ = in.Close()
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	l.until("for the place to be free", func() bool { return !reading() })
	l.upload(200, "/v1/numbers/upload?dry_run=true", file, north)
	if p := l.must(413, "POST", "/v1/numbers/upload", fileHead+strings.Repeat("\r\n", 5<<20),
		"Content-Type: text/csv").problem(); p.Detail != "the body is larger than 8 MiB: split the file" {
		t.Error(p.Detail)
	}
}

// What is wrong in a file is named by row and column, and nothing or only the good is brought.
func TestUploadNamesWhatIsWrong(t *testing.T) {
	l := newLab(t)
	file := "\ufeffcountry code;Phone Number;Voice;SMS;Fax\r\n" +
		"49;'030 555 0100\u00a0;WAHR;FALSCH;\r\n" +
		"49;4.93056E+11;TRUE;;\r\n" +
		"49;+4949305550101;TRUE;;\r\n" +
		";;;;\r\n" +
		"49;+43 1 5550100;perhaps;;\r\n" +
		"XX;030 555;TRUE;;\r\n" +
		"DE;+49305550100;TRUE;;\r\n" +
		"49;=cmd|'/C calc'!A0;TRUE;;\r\n"
	got := l.upload(200, "/v1/numbers/upload", file)
	var wrong []string
	for _, e := range got["errors"].([]any) {
		m := e.(map[string]any)
		wrong = append(wrong, fmt.Sprintf("%v %v: %v", m["row"], m["column"], m["detail"]))
	}
	for i, part := range []string{"3 Phone Number: Phone Number \"4.93056E+11\" lost its last digits: Excel turned this number into scientific notation",
		"4 Phone Number: Phone Number \"+4949305550101\" has the calling code 49 twice", "6 Phone Number: Phone Number \"+43 1 5550100\" is not of the country",
		"6 Voice: Voice is \"perhaps\": write TRUE or FALSE", "7 Country Code: Country Code \"XX\" is no country",
		"8 Phone Number: number +49305550100 stands in row 2 already",
		"9 Phone Number: Phone Number \"=cmd|'/C calc'!A0\" is no telephone number"} {
		if i >= len(wrong) || !strings.HasPrefix(wrong[i], part) {
			t.Errorf("fault %d is not %s in\n%s", i, part, strings.Join(wrong, "\n"))
		}
	}
	if got["rows"] != 7.0 || got["added"] != 0.0 || got["wrong_rows"] != 6.0 || len(wrong) != 7 {
		t.Errorf("%v", got)
	}
	l.must(404, "GET", "/v1/numbers/+49305550100", "")
	if got := l.upload(200, "/v1/numbers/upload?good_only=true", file); got["added"] != 1.0 {
		t.Errorf("the good rows: %v", got)
	}
	l.must(200, "GET", "/v1/numbers/+49305550100", "")
	for file, detail := range map[string]string{"": "the file has no rows", "a,b\n": "means nothing here", "PK\x03\x04": "workbook",
		"\xff\xfeC": "UTF-16", "Phone Number\n1\n": "no column Country Code", "Phone Number,Phone Number\n": "twice"} {
		if r := l.do("POST", "/v1/numbers/upload", file, "Content-Type: text/csv"); r.Status != 422 && r.Status != 400 ||
			!strings.Contains(r.Body, detail) && file != "" {
			t.Errorf("%q: %d %s, want %s", file, r.Status, r.Body, detail)
		}
	}
	sample := l.must(200, "GET", "/v1/numbers-sample.csv", "").Body
	if got := l.upload(200, "/v1/numbers/upload?dry_run=true", sample); got["added"] != 2.0 || got["wrong_rows"] != 0.0 {
		t.Errorf("the sample itself: %v", got)
	}
	export := l.must(200, "GET", "/v1/numbers.csv?state=available", "").Body
	if !strings.HasPrefix(export, "Country Code,Phone Number,Voice,SMS,Fax,Kind,") ||
		!strings.Contains(export, "\r\n49,+49305550100,TRUE,FALSE,FALSE,local,available,") {
		t.Errorf("the export is %q", export)
	}
}
