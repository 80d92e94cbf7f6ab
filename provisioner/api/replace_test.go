package api

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A broken phone took a delete, a create and all its keys again.
func TestReplacePhone(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "devices/a", `{}`)
	l.must(201, "PUT", "devices/b", `{}`)
	l.must(201, "PUT", "devices/c", `{}`)
	const old, next = "phones/001565000001", "phones/001565000002"
	url := l.must(201, "PUT", old, `{"vendor":"yealink","model":"T46U","lines":[{"registration":1,"device":"a"},{"registration":2,"device":"b"},{"registration":3,"device":"c"}],
		"buttons":{"2":{"kind":"do-not-disturb"},"20":{"kind":"voicemail","label":"Box"},"m1-3":{"kind":"line"}}}`).text("provisioning_url")
	p, err := l.ctl.Phones.Get(t.Context(), "default", "001565000001")
	if err != nil {
		t.Fatal(err)
	}
	l.applied("devices/d", `{}`)
	for _, name := range []string{"-contact.xml", "-local.cfg"} {
		if _, err := l.ctl.Fleet.Uploads.Keep(p, phoneconf.FileName("001565000001"+name), []byte("of old")); err != nil {
			t.Fatal(err)
		}
	}
	l.must(201, "PUT", "phones/001565000003", `{"vendor":"yealink","model":"T46U"}`)
	l.must(201, "POST", "/v1/tenants", `{"name":"acme"}`)
	l.must(201, "PUT", "/v1/tenants/acme/phones/001565000004", `{"vendor":"yealink","model":"T46U"}`)
	runWrong(t, l, []wrong{
		{name: "itself", path: old + "/replace", body: `{"mac":"00:15:65:00:00:01"}`, status: 422, field: "mac"},
		{name: "no MAC", path: old + "/replace", body: `{"mac":""}`, status: 422, field: "mac"},
		{name: "one that is there", path: old + "/replace", body: `{"mac":"001565000003"}`, status: 409, field: "mac"},
		{name: "one of others", path: old + "/replace", body: `{"mac":"001565000004"}`, headers: []string{bearer(l.newToken(pbx.RoleTenantAdmin, "default"))}, status: 403, field: "mac"},
		{name: "unknown model", path: old + "/replace", body: `{"mac":"001565000002","model":"T99"}`, status: 422, field: "model"},
		{name: "too few lines", path: old + "/replace", body: `{"mac":"001565000002","model":"T31P"}`, status: 422, field: "model"},
		{name: "unknown phone", path: "phones/001565000009/replace", body: `{"mac":"001565000002"}`, status: 404},
		{name: "changed since", path: old + "/replace", body: `{"mac":"001565000002"}`, headers: []string{`If-Match: "r1"`}, status: 412, field: "If-Match"},
	})
	r := l.must(201, "POST", old+"/replace", `{"mac":"001565000002","model":"T43U"}`)
	for _, part := range []string{`"device":"a","registration":1`, `"model":"T43U"`, `"replaces":"00:15:65:00:00:01"`, `"2":{"kind":"do-not-disturb"`, `"provisioning_url":"http://192.0.2.1:8081/p/`} {
		if flat := strings.ReplaceAll(r.Body, `"registration":1,"device":"a"`, `"device":"a","registration":1`); !strings.Contains(flat, part) {
			t.Errorf("%s is not in %s", part, r.Body)
		}
	}
	if r.text("provisioning_url") == url {
		t.Error("the new phone has the URL of the old one")
	}
	l.must(404, "GET", old, "")
	if got := l.must(200, "GET", next, ""); got.text("replaces") == "" || strings.Contains(got.Body, "dropped") {
		t.Errorf("it is %s", got.Body)
	}
	if files := l.must(200, "GET", next+"/files", "").Body; !strings.Contains(files, "001565000002-contact.xml") ||
		strings.Contains(files, "local") {
		t.Errorf("the files of the new phone are %s", files)
	}
	l.must(200, "PATCH", next, `{"buttons":{"2":null}}`)
	if got := l.must(200, "GET", next, ""); got.text("replaces") == "" {
		t.Errorf("a change forgot the phone before: %s", got.Body)
	}
	if r := l.must(201, "POST", next+"/replace", `{"mac":"64167f000001","model":"VVX450"}`); r.text("vendor") != "polycom" ||
		r.text("replaces") != "00:15:65:00:00:02" {
		t.Errorf("another make is %s", r.Body)
	}
}

func TestReplacementNamesKeysThatTheModelLacks(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "devices/a", `{}`)
	l.must(201, "PUT", "phones/001565000001", `{"vendor":"yealink","model":"T46U","lines":[{"registration":1,"device":"a"}],"buttons":{"2":{"kind":"do-not-disturb"},"20":{"kind":"voicemail"},"m1-3":{"kind":"line"}}}`)
	r := l.must(201, "POST", "phones/001565000001/replace", `{"mac":"001565000002","model":"T31P"}`)
	dropped, _ := r.json()["dropped_buttons"].(map[string]any)
	kept, _ := r.json()["buttons"].(map[string]any)
	if len(dropped) != 2 || dropped["20"] == nil || dropped["m1-3"] == nil || len(kept) != 1 || kept["2"] == nil {
		t.Errorf("kept %v, dropped %v", kept, dropped)
	}
}
