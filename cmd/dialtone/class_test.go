package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestAllowedDevicesRealAsterisk: a device whose class its extension does not
// allow cannot register, and does not ring; once it is allowed it can.
func TestAllowedDevicesRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.extension(t, "100", "", nil)
	l.extension(t, "101", "", object{"allowed_devices": []string{"hardware"}})
	caller := l.register(t, l.device(t, "caller", "100", nil), phone.Options{})
	desk := l.register(t, l.device(t, "desk", "101", nil), phone.Options{})
	app := l.device(t, "app", "101", object{"class": "mobile"})
	l.applied(t)
	mobile := newPhone(t, phone.Options{})
	register := func() error { return mobile.Register(within(t, 10*time.Second), app) }
	var refused *phone.StatusError
	if err := register(); !errors.As(err, &refused) || refused.Code/100 != 4 {
		t.Errorf("the forbidden app registers: %v", err)
	}
	if s := l.status(t, "app"); s.Status != "FORBIDDEN" {
		t.Errorf("the status of the app is %q", s.Status)
	}
	l.do(t, "PATCH", tenant+"/extensions/101", object{"allowed_devices": []string{"mobile", "hardware"}}, nil, "Prefer", "wait=20")
	if err := register(); err != nil {
		t.Fatalf("the app is allowed now: %v", err)
	}
	l.waitStatus(t, "app", 10*time.Second, "OK", isOK)
	l.do(t, "PATCH", tenant+"/extensions/101", object{"allowed_devices": []string{"hardware"}}, nil, "Prefer", "wait=20")
	if s := l.status(t, "app"); s.Status != "FORBIDDEN" {
		t.Errorf("registered before, the status of the app is %q", s.Status)
	}
	out, in := connect(t, caller, desk, "101")
	hangUp(t, out, in)
	if len(mobile.Incoming()) != 0 {
		t.Error("the forbidden app rings")
	}
	if got := refusal(t, mobile, "100"); got/100 != 4 {
		t.Errorf("the forbidden app calls: %d", got)
	}
	for _, bad := range []struct {
		path  string
		body  object
		field string
	}{
		{"/extensions/101", object{"name": "A", "allowed_devices": []string{}}, "allowed_devices"},
		{"/extensions/101", object{"name": "A", "allowed_devices": []string{"fax"}}, "allowed_devices"},
		{"/devices/app", object{"class": "fax"}, "class"},
	} {
		if r := l.refused(t, "PUT", tenant+bad.path, bad.body); r == nil || r.Status != 422 || r.Field != bad.field {
			t.Errorf("%v is answered by %+v", bad.body, r)
		}
	}
}

// TestThirdPartyRealAsterisk: a third-party softphone registers with the user
// name and password of its owner's choice, which nobody else may have.
func TestThirdPartyRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.do(t, "PUT", "/v1/tenants/other", object{"title": "Other", "timezone": "UTC"}, nil)
	l.extension(t, "100", "", nil)
	l.extension(t, "101", "", nil)
	caller := l.register(t, l.device(t, "caller", "100", nil), phone.Options{})
	account := l.device(t, "soft", "101", object{"class": "third-party", "username": "Bob_at-home", "secret": "chosen0123456789"})
	if account.UserName != "Bob_at-home" || account.Password != "chosen0123456789" {
		t.Fatalf("the account is %s %s", account.UserName, account.Password)
	}
	soft := l.register(t, account, phone.Options{})
	out, in := connect(t, caller, soft, "101")
	talk(t, out, in)
	hangUp(t, out, in)
	var d struct{ Endpoint string }
	l.do(t, "PATCH", tenant+"/devices/soft", object{"qualify_seconds": 30}, &d)
	if d.Endpoint != "Bob_at-home" {
		t.Errorf("a change of something else makes the user name %s", d.Endpoint)
	}
	for _, bad := range []struct {
		path   string
		body   object
		status int
	}{
		{tenant + "/devices/second", object{"class": "third-party", "username": "Bob_at-home"}, 409},
		{"/v1/tenants/other/devices/second", object{"class": "third-party", "username": "Bob_at-home"}, 409},
		{tenant + "/devices/second", object{"class": "third-party", "username": "dialtone-marker"}, 422},
		{tenant + "/devices/second", object{"class": "third-party", "username": "a;b\n"}, 422},
		{tenant + "/devices/second", object{"class": "third-party", "username": 7}, 422},
		{tenant + "/devices/second", object{"class": "hardware", "username": "alice"}, 422},
	} {
		r := l.refused(t, "PUT", bad.path, bad.body)
		if r == nil || r.Status != bad.status || !strings.HasSuffix(r.Field, "username") {
			t.Errorf("%v is answered by %+v", bad.body, r)
		}
	}
}
