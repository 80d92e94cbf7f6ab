package api

import "testing"

// A shared device that somebody is at must stay one that Asterisk knows: its class
// can be forbidden neither from the extension's side nor from the device's.
func TestDeskCannotBeForbiddenWhileTaken(t *testing.T) {
	l := newLab(t)
	l.must(201, "PUT", "extensions/101", `{"name":"Anna"}`)
	l.must(201, "PUT", "users/anna", `{"full_name":"Anna","role":"user","extension":"101"}`)
	l.must(201, "PUT", "devices/desk", `{"shared":true,"class":"hardware"}`)
	l.must(200, "POST", "users/anna/desk", `{"device":"desk"}`)
	runWrong(t, l, []wrong{
		{name: "by the extension", method: "PATCH", path: "extensions/101", body: `{"allowed_devices":["software"]}`, status: 409, field: "allowed_devices", detail: "signed in: device desk"},
	})
	l.must(200, "PATCH", "extensions/101", `{"allowed_devices":["hardware"]}`)
	runWrong(t, l, []wrong{
		{name: "by the device", method: "PATCH", path: "devices/desk", body: `{"class":"software"}`, status: 409, field: "class", detail: "not allowed by extension 101"},
	})
	l.must(200, "DELETE", "users/anna/desk", "")
	l.must(200, "PATCH", "extensions/101", `{"allowed_devices":["software"]}`)
}
