package api

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
)

func TestConditions(t *testing.T) {
	l := newLab(t)
	tag := l.must(201, "PUT", "extensions/101", `{"name":"Anna"}`).Header.Get("ETag")
	old := tag
	tag = l.must(200, "PUT", "extensions/101", `{"name":"Anne"}`).Header.Get("ETag")
	const body = `{"name":"Anja"}`
	absent := "demands that it exists"
	runWrong(t, l, []wrong{
		{name: "old tag", method: "PUT", path: "extensions/101", body: body, headers: []string{"If-Match: " + old}, status: 412, field: "If-Match", detail: "changed meanwhile"},
		{name: "old tag in a patch", method: "PATCH", path: "extensions/101", body: body, headers: []string{"If-Match: " + old}, status: 412, field: "If-Match"},
		{name: "old tag in a delete", method: "DELETE", path: "extensions/101", headers: []string{"If-Match: " + old}, status: 412, field: "If-Match"},
		{name: "weak tag", method: "PUT", path: "extensions/101", body: body, headers: []string{"If-Match: W/" + tag}, status: 412, field: "If-Match"},
		{name: "not a tag", method: "PUT", path: "extensions/101", body: body, headers: []string{"If-Match: r1"}, status: 412, field: "If-Match"},
		{name: "any tag of nothing", method: "PUT", path: "extensions/102", body: body, headers: []string{"If-Match: *"}, status: 412, field: "If-Match", detail: absent},
		{name: "a tag of nothing", method: "PUT", path: "extensions/102", body: body, headers: []string{"If-Match: " + tag}, status: 412, field: "If-Match", detail: absent},
		{name: "exists", method: "PUT", path: "extensions/101", body: body, headers: []string{"If-None-Match: *"}, status: 412, field: "If-None-Match", detail: "demands that it does not exist"},
		{name: "a tag in If-None-Match", method: "PUT", path: "extensions/101", body: body, headers: []string{"If-None-Match: " + old}, status: 422, field: "If-None-Match", detail: "If-None-Match can only be *"},
	})
	tag = l.must(200, "PUT", "extensions/101", body, "If-Match: "+old+" , "+tag).Header.Get("ETag")
	tag = l.must(200, "PATCH", "extensions/101", `{"name":"Anna"}`, "If-Match: "+tag).Header.Get("ETag")
	l.must(200, "PUT", "extensions/101", body, "If-Match: *")
	l.must(412, "DELETE", "extensions/101", "", "If-Match: "+tag)
	l.must(201, "PUT", "extensions/102", body, "If-None-Match: *")
	l.must(200, "DELETE", "extensions/102", "", "If-Match: *")
	l.must(404, "DELETE", "extensions/102", "")
}

// A row made again never has a tag it had before.
func TestETagChangesExactlyWithTheRow(t *testing.T) {
	l := newLab(t)
	tag := func(status int, method, path, body string) string {
		t.Helper()
		got := l.must(status, method, path, body).Header.Get("ETag")
		if get := l.must(200, "GET", path, "").Header.Get("ETag"); get != got || got == "" {
			t.Fatalf("%s answered ETag %q, GET %q", method, got, get)
		}
		return got
	}
	first := tag(201, "PUT", "extensions/101", `{"name":"Anna"}`)
	for _, same := range []struct{ method, body string }{
		{"PUT", `{"name":"Anna"}`}, {"PUT", `{"name":"Anna","number":"101","ring_seconds":20}`}, {"PATCH", `{}`}, {"PATCH", `{"ring_seconds":null}`},
	} {
		if got := tag(200, same.method, "extensions/101", same.body); got != first {
			t.Errorf("%s %s changed nothing and the ETag from %s to %s", same.method, same.body, first, got)
		}
	}
	l.must(201, "PUT", "extensions/102", `{"name":"Bert"}`)
	if got := l.must(200, "GET", "extensions/101", "").Header.Get("ETag"); got != first {
		t.Errorf("a change of another row changed the ETag to %s", got)
	}
	second := tag(200, "PATCH", "extensions/101", `{"ring_seconds":30}`)
	l.must(200, "DELETE", "extensions/101", "")
	third := tag(201, "PUT", "extensions/101", `{"name":"Anna"}`)
	if first == second || second == third || first == third {
		t.Errorf("ETags repeat: %s %s %s", first, second, third)
	}
}

// stable is an object without what changes by itself or has a test of its own.
func stable(r reply) string {
	m := r.json()
	for _, name := range []string{"apply", "status", "devices", "presence", "class", "type", "enrol_until", "secret", "provisioning_url", "phone_password"} {
		delete(m, name)
	}
	b, _ := json.Marshal(m)
	return string(b)
}

func TestPatchMergesAndPutReplaces(t *testing.T) {
	l := newLab(t)
	l.must(201, "POST", "mailboxes", `{"number":"101","name":"Anna","pin":"1234","email":"a@example.org","attach_recording":true}`)
	l.must(201, "POST", "extensions", `{"number":"101","name":"Anna","ring_seconds":33,"mailbox":"101"}`)
	l.must(201, "POST", "devices", `{"name":"a","extension":"101","qualify_seconds":0}`)
	l.must(201, "POST", "devices", `{"name":"b"}`)
	l.must(201, "POST", "phones", phoneBody+`,"lines":[{"registration":2,"device":"b"},{"registration":1,"device":"a"}]}`)
	l.must(201, "POST", "/v1/tenants", `{"name":"acme","title":"Acme","timezone":"Europe/Berlin"}`)
	for _, step := range []struct{ name, method, path, body, want string }{
		{"nothing", "PATCH", "extensions/101", `{}`, `{"mailbox":"101","name":"Anna","number":"101","agent":false,"call_waiting":true,"ring":"all","ring_seconds":33}`},
		{"one field", "PATCH", "extensions/101", `{"name":"Anne"}`, `{"mailbox":"101","name":"Anne","number":"101","agent":false,"call_waiting":true,"ring":"all","ring_seconds":33}`},
		{"null is the default", "PATCH", "extensions/101", `{"ring_seconds":null}`, `{"mailbox":"101","name":"Anne","number":"101","agent":false,"call_waiting":true,"ring":"all","ring_seconds":20}`},
		{"null takes a reference away", "PATCH", "extensions/101", `{"mailbox":null}`, `{"name":"Anne","number":"101","agent":false,"call_waiting":true,"ring":"all","ring_seconds":20}`},
		{"put resets what is missing", "PUT", "extensions/101", `{"name":"Anna","mailbox":"101"}`, `{"mailbox":"101","name":"Anna","number":"101","agent":false,"call_waiting":true,"ring":"all","ring_seconds":20}`},
		{"zero is a value", "PATCH", "devices/a", `{"extension":"101"}`, `{"endpoint":"ENDPOINT","extension":"101","name":"a","qualify_seconds":0,"kind":"sip","confirm":false,"ring_order":1,"ring_seconds":0,"shared":false}`},
		{"put of nothing", "PUT", "devices/a", `{}`, `{"endpoint":"ENDPOINT","name":"a","qualify_seconds":60,"kind":"sip","confirm":false,"ring_order":1,"ring_seconds":0,"shared":false}`},
		{"false in a patch", "PATCH", "mailboxes/101", `{"attach_recording":false}`,
			`{"attach_recording":false,"delete_after_mail":false,"email":"a@example.org","email_notification":true,"greeting_heard":"standard","greetings_on_phone":[],"name":"Anna","number":"101","pin_changed_on_phone":false}`},
		{"put without a PIN", "PUT", "mailboxes/101", `{"name":"Anna"}`,
			`{"attach_recording":false,"delete_after_mail":false,"email_notification":false,"greeting_heard":"standard","greetings_on_phone":[],"name":"Anna","number":"101","pin_changed_on_phone":false}`},
		{"lines stay", "PATCH", "phones/001565aabbcc", `{"model":"t46u"}`, `{"buttons":{},"enrol_url":"http://192.0.2.1:8081/","lines":[{"device":"a","registration":1},{"device":"b","registration":2}],"mac":"00:15:65:aa:bb:cc","model":"T46U","vendor":"yealink"}`},
		{"lines are replaced", "PATCH", "phones/001565aabbcc", `{"lines":[{"registration":5,"device":"b"}]}`, `{"buttons":{},"enrol_url":"http://192.0.2.1:8081/","lines":[{"device":"b","registration":5}],"mac":"00:15:65:aa:bb:cc","model":"T46U","vendor":"yealink"}`},
		{"lines go", "PUT", "phones/001565aabbcc", `{"vendor":"Yealink","model":"T46U"}`, `{"buttons":{},"enrol_url":"http://192.0.2.1:8081/","lines":[],"mac":"00:15:65:aa:bb:cc","model":"T46U","vendor":"yealink"}`},
		{"tenant", "PATCH", "/v1/tenants/acme", `{"title":null}`,
			`{"allow_external_numbers":false,"recording_days":0,"recording_megabytes":0,"anonymous":"allow","calls_outside":"toll-free numbers with + and numbers for help alone: the tenant has neither country nor class_of_service","cdr_days":0,"claim_numbers":false,"forward_caller":"extension","max_calls":120,"max_extensions":0,"max_numbers":0,"max_texts":1000,"name":"acme","timezone":"Europe/Berlin","title":""}`},
		{"tenant put", "PUT", "/v1/tenants/acme", `{"title":"Acme"}`,
			`{"allow_external_numbers":false,"recording_days":0,"recording_megabytes":0,"anonymous":"allow","calls_outside":"toll-free numbers with + and numbers for help alone: the tenant has neither country nor class_of_service","cdr_days":0,"claim_numbers":false,"forward_caller":"extension","max_calls":120,"max_extensions":0,"max_numbers":0,"max_texts":1000,"name":"acme","timezone":"UTC","title":"Acme"}`},
	} {
		t.Run(step.name, func(t *testing.T) {
			want := step.want
			if step.path == "devices/a" {
				want = fmt.Sprintf(`{"endpoint":%q`, l.must(200, "GET", "devices/a", "").text("endpoint")) + want[len(`{"endpoint":"ENDPOINT"`):]
			}
			var a, b any
			got := stable(l.must(200, step.method, step.path, step.body))
			_ = json.Unmarshal([]byte(got), &a)
			_ = json.Unmarshal([]byte(want), &b)
			if fmt.Sprint(a) != fmt.Sprint(b) {
				t.Errorf("answer %s\nwant   %s", got, want)
			}
			if again := stable(l.must(200, "GET", step.path, "")); again != got {
				t.Errorf("GET shows %s\nthe answer was %s", again, got)
			}
		})
	}
}

func TestMACInEverySpellingIsOnePhone(t *testing.T) {
	l := newLab(t)
	for i, spelling := range []string{"00:15:65:aa:bb:cc", "00-15-65-AA-BB-CC", "0015.65aa.bbcc", "001565AABBCC", "00:15:65:AA:BB:CC"} {
		status := 200
		if i == 0 {
			status = 201
		}
		r := l.must(status, "PUT", "phones/"+spelling, `{"mac":"`+spelling+`","vendor":"yealink","model":"T46U"}`)
		if got := r.text("mac"); got != "00:15:65:aa:bb:cc" {
			t.Errorf("%s is shown as %s", spelling, got)
		}
		w := wrong{path: "phones", body: `{"mac":"` + spelling + `","vendor":"yealink","model":"T46U"}`, status: 409, field: "mac", detail: "exists already"}
		w.check(t, l)
	}
	for _, bad := range []string{"001565aabbc", "001565aabbccd", "00:15:65:aa:bb", "00:15:65:aa:bbcc", "00 15 65 aa bb cc", "g01565aabbcc", "000000000000", "ffffffffffff", "011565aabbcc"} {
		w := wrong{name: bad, path: "phones", body: `{"mac":"` + bad + `","vendor":"yealink","model":"T46U"}`, status: 422, field: "mac", detail: bad}
		t.Run(bad, func(t *testing.T) { w.check(t, l) })
	}
	if got := len(l.must(200, "GET", "phones", "").json()["items"].([]any)); got != 1 {
		t.Errorf("%d phones are listed", got)
	}
}

// Two changes of different fields at the same time are both kept.
func TestPatchesAtOnce(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/101", `{"name":"Anna"}`)
	var wg sync.WaitGroup
	for i := range 20 {
		for _, body := range []string{fmt.Sprintf(`{"name":"Anna %d"}`, i), fmt.Sprintf(`{"ring_seconds":%d}`, 10+i)} {
			wg.Go(func() { l.do("PATCH", "extensions/101", body) })
		}
		wg.Wait()
		got := l.must(200, "GET", "extensions/101", "").json()
		if got["name"] != fmt.Sprintf("Anna %d", i) || got["ring_seconds"] != float64(10+i) {
			t.Fatalf("after both: %v", got)
		}
	}
}
