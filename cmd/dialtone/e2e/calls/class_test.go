package calls

import (
	"errors"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestAllowedDevicesRealAsterisk: a device whose class its extension does not
// allow cannot register, and does not ring; once it is allowed it can.
func TestAllowedDevicesRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.Extension(t, "100", "", nil)
	l.Extension(t, "101", "", Object{"allowed_devices": []string{"hardware"}})
	caller := l.Register(t, l.Device(t, "caller", "100", nil), phone.Options{})
	desk := l.Register(t, l.Device(t, "desk", "101", nil), phone.Options{})
	app := l.Device(t, "app", "101", Object{"class": "mobile"})
	l.Applied(t)
	mobile := NewPhone(t, phone.Options{})
	register := func() error { return mobile.Register(Within(t, 10*time.Second), app) }
	var refused *phone.StatusError
	if err := register(); !errors.As(err, &refused) || refused.Code/100 != 4 {
		t.Errorf("the forbidden app registers: %v", err)
	}
	if s := l.Status(t, "app"); s.Status != "FORBIDDEN" {
		t.Errorf("the status of the app is %q", s.Status)
	}
	l.Do(t, "PATCH", Tenant+"/extensions/101", Object{"allowed_devices": []string{"mobile", "hardware"}}, nil, "Prefer", "wait=20")
	if err := register(); err != nil {
		t.Fatalf("the app is allowed now: %v", err)
	}
	l.WaitStatus(t, "app", 10*time.Second, "OK", IsOK)
	l.Do(t, "PATCH", Tenant+"/extensions/101", Object{"allowed_devices": []string{"hardware"}}, nil, "Prefer", "wait=20")
	if s := l.Status(t, "app"); s.Status != "FORBIDDEN" {
		t.Errorf("registered before, the status of the app is %q", s.Status)
	}
	out, in := Connect(t, caller, desk, "101")
	HangUp(t, out, in)
	if len(mobile.Incoming()) != 0 {
		t.Error("the forbidden app rings")
	}
	if got := Refusal(t, mobile, "100"); got/100 != 4 {
		t.Errorf("the forbidden app calls: %d", got)
	}
	for _, bad := range []struct {
		path  string
		body  Object
		field string
	}{
		{"/extensions/101", Object{"name": "A", "allowed_devices": []string{}}, "allowed_devices"},
		{"/extensions/101", Object{"name": "A", "allowed_devices": []string{"fax"}}, "allowed_devices"},
		{"/devices/app", Object{"class": "fax"}, "class"},
	} {
		if r := l.Refused(t, "PUT", Tenant+bad.path, bad.body); r == nil || r.Status != 422 || r.Field != bad.field {
			t.Errorf("%v is answered by %+v", bad.body, r)
		}
	}
}

// TestThirdPartyRealAsterisk: a third-party softphone registers with the user
// name and password of its owner's choice, which nobody else may have.
func TestThirdPartyRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.Do(t, "PUT", "/v1/tenants/other", Object{"title": "Other", "timezone": "UTC"}, nil)
	l.Extension(t, "100", "", nil)
	l.Extension(t, "101", "", nil)
	caller := l.Register(t, l.Device(t, "caller", "100", nil), phone.Options{})
	account := l.Device(t, "soft", "101", Object{"class": "third-party", "username": "Bob_at-home", "secret": "chosen0123456789"})
	if account.UserName != "Bob_at-home" || account.Password != "chosen0123456789" {
		t.Fatalf("the account is %s %s", account.UserName, account.Password)
	}
	soft := l.Register(t, account, phone.Options{})
	out, in := Connect(t, caller, soft, "101")
	Talk(t, out, in)
	HangUp(t, out, in)
	var d struct{ Endpoint string }
	l.Do(t, "PATCH", Tenant+"/devices/soft", Object{"qualify_seconds": 30}, &d)
	if d.Endpoint != "Bob_at-home" {
		t.Errorf("a change of something else makes the user name %s", d.Endpoint)
	}
	for _, bad := range []struct {
		path   string
		body   Object
		status int
	}{
		{Tenant + "/devices/second", Object{"class": "third-party", "username": "Bob_at-home"}, 409},
		{"/v1/tenants/other/devices/second", Object{"class": "third-party", "username": "Bob_at-home"}, 409},
		{Tenant + "/devices/second", Object{"class": "third-party", "username": "dialtone-marker"}, 422},
		{Tenant + "/devices/second", Object{"class": "third-party", "username": "a;b\n"}, 422},
		{Tenant + "/devices/second", Object{"class": "third-party", "username": 7}, 422},
		{Tenant + "/devices/second", Object{"class": "hardware", "username": "alice"}, 422},
	} {
		r := l.Refused(t, "PUT", bad.path, bad.body)
		if r == nil || r.Status != bad.status || !strings.HasSuffix(r.Field, "username") {
			t.Errorf("%v is answered by %+v", bad.body, r)
		}
	}
}
