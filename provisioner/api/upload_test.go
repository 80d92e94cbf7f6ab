package api

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestPhoneFiles(t *testing.T) {
	l := newLab(t)
	l.deskPhones("64167f000001")
	p := &pbx.Phone{Tenant: "default", MAC: "64167f000001", Vendor: pbx.Polycom}
	if r := l.must(200, "GET", "phones/64167f000001/files", ""); !strings.Contains(r.Body, `"items":[]`) {
		t.Errorf("%s", r.Body)
	}
	if _, err := l.ctl.Fleet.Uploads.Keep(p, "64167f000001-app.log", []byte("<script>")); err != nil {
		t.Fatal(err)
	}
	if r := l.must(200, "GET", "phones/64:16:7f:00:00:01/files", ""); !strings.Contains(r.Body, `"name":"64167f000001-app.log","size":8`) {
		t.Errorf("%s", r.Body)
	}
	r := l.must(200, "GET", "phones/64167f000001/files/64167f000001-app.log", "")
	if r.Body != "<script>" || r.Header.Get("Content-Type") != "application/octet-stream" || r.Header.Get("Content-Disposition") != "attachment" || r.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%q %v", r.Body, r.Header)
	}
	l.must(201, "PUT", "/v1/tenants/acme", `{}`)
	for _, w := range []wrong{
		{name: "another tenant", method: "GET", path: "/v1/tenants/acme/phones/64167f000001/files", status: 404},
		{name: "another tenant's file", method: "GET", path: "/v1/tenants/acme/phones/64167f000001/files/64167f000001-app.log", status: 404},
		{name: "not sent", method: "GET", path: "phones/64167f000001/files/64167f000001-boot.log", status: 404},
		{name: "no such name", method: "GET", path: "phones/64167f000001/files/..%2f..%2fx", status: 404},
		{name: "no MAC", method: "GET", path: "phones/x/files", status: 422, field: "mac"},
	} {
		t.Run(w.name, func(t *testing.T) { w.check(t, l) })
	}
	if _, err := l.ctl.Fleet.Uploads.Keep(p, "64167f000001-phone.cfg",
		[]byte(`<PHONE_CONFIG><OVERRIDES a.secret="hidden" se.ring="3"/></PHONE_CONFIG>`)); err != nil {
		t.Fatal(err)
	}
	r = l.must(200, "GET", "phones/64167f000001/files", "")
	if !strings.Contains(r.Body, `"parameters":["a.secret","se.ring"]`) || strings.Contains(r.Body, "hidden") {
		t.Errorf("what is set at the phone itself: %s", r.Body)
	}
	if r := l.must(200, "GET", "drift?kind=overrides", ""); !strings.Contains(r.Body, "a.secret, se.ring") {
		t.Errorf("drift: %s", r.Body)
	}
	l.must(200, "DELETE", "phones/64167f000001/files/64167f000001-phone.cfg", "")
	l.must(404, "DELETE", "phones/64167f000001/files/64167f000001-phone.cfg", "")
	if r := l.must(200, "GET", "drift?kind=overrides", ""); strings.Contains(r.Body, "overrides") {
		t.Errorf("drift after the delete: %s", r.Body)
	}
	l.must(200, "DELETE", "phones/64167f000001", "")
	l.must(201, "PUT", "phones/64167f000001", `{"vendor":"polycom","model":"VVX450"}`)
	if r := l.must(200, "GET", "phones/64167f000001/files", ""); !strings.Contains(r.Body, `"items":[]`) {
		t.Errorf("a new phone has the files of an earlier one: %s", r.Body)
	}
}
