package pbx

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fields is which fields err complains about, in order.
func fields(err error) []string {
	var es Errors
	if !errors.As(err, &es) {
		return nil
	}
	var names []string
	for _, e := range es {
		names = append(names, e.Field)
	}
	return names
}

type validator interface{ Validate() error }

func goodDevice() *Device {
	return &Device{Tenant: "acme", Name: "desk", Extension: "101", Endpoint: NewEndpointName(), Secret: NewDeviceSecret(), QualifySeconds: 60}
}

func goodPhone() *Phone {
	return &Phone{Tenant: "acme", MAC: "001565aabbcc", Vendor: Yealink, Model: "T46U", Lines: []Line{{1, "desk"}, {2, "hall"}}}
}

// change returns a copy of a good value with one thing wrong.
func change[T any](good *T, f func(*T)) *T { f(good); return good }

func TestValidate(t *testing.T) {
	extension := func() *Extension { return &Extension{Number: "101", Name: "Front Desk", RingSeconds: 20} }
	mailbox := func() *Mailbox {
		return &Mailbox{Number: "101", Name: "Desk", PIN: NewSecret("1234"), Email: "a@example.com", AttachRecording: true, DeleteAfterMail: true}
	}
	tenant := func() *Tenant {
		return &Tenant{Name: "acme", Timezone: "Europe/Berlin", PhonePassword: NewSecret("abcd1234")}
	}
	tests := []struct {
		name string
		v    validator
		want []string
	}{
		{"extension", extension(), nil},
		{"extension empty", &Extension{}, []string{"number", "name", "ring_seconds"}},
		{"extension rings too long", change(extension(), func(e *Extension) { e.RingSeconds = 301 }), []string{"ring_seconds"}},
		{"extension name over Asterisk's buffer", change(extension(), func(e *Extension) { e.Name = strings.Repeat("東", 26) }), []string{"name"}},
		{"extension reserved mailbox", change(extension(), func(e *Extension) { e.Mailbox = "s" }), []string{"mailbox"}},
		{"device", goodDevice(), nil},
		{"device unassigned", change(goodDevice(), func(d *Device) { d.Extension = "" }), nil},
		{"device empty", &Device{}, []string{"name", "secret"}},
		{"device asks too seldom", change(goodDevice(), func(d *Device) { d.QualifySeconds = 3601 }), []string{"qualify_seconds"}},
		{"device of no class", change(goodDevice(), func(d *Device) { d.Class = "fax" }), []string{"class"}},
		{"device bad extension", change(goodDevice(), func(d *Device) { d.Extension = "1 0" }), []string{"extension"}},
		{"device short secret", change(goodDevice(), func(d *Device) { d.Secret = NewSecret(strings.Repeat("a", 15)) }), []string{"secret"}},
		{"device long secret", change(goodDevice(), func(d *Device) { d.Secret = NewSecret(strings.Repeat("a", 65)) }), []string{"secret"}},
		{"device secret with a sign", change(goodDevice(), func(d *Device) { d.Secret = NewSecret(strings.Repeat("a", 16) + ";") }), []string{"secret"}},
		{"mailbox", mailbox(), nil},
		{"mailbox empty", &Mailbox{}, []string{"number", "name", "pin"}},
		{"mailbox letters in PIN", change(mailbox(), func(m *Mailbox) { m.PIN = NewSecret("12a4") }), []string{"pin"}},
		{"mailbox long PIN", change(mailbox(), func(m *Mailbox) { m.PIN = NewSecret("12345678901") }), []string{"pin"}},
		{"mailbox attaches to nothing", change(mailbox(), func(m *Mailbox) { m.Email = "" }), []string{"attach_recording"}},
		{"mailbox loses messages", change(mailbox(), func(m *Mailbox) { m.AttachRecording = false }), []string{"delete_after_mail"}},
		{"tenant", tenant(), nil},
		{"tenant empty", &Tenant{}, []string{"name", "timezone", "phone_password"}},
		{"tenant of this machine's zone", change(tenant(), func(t *Tenant) { t.Timezone = "Local" }), []string{"timezone"}},
		{"tenant zone out of the database", change(tenant(), func(t *Tenant) { t.Timezone = "../etc/passwd" }), []string{"timezone"}},
		{"tenant long title", change(tenant(), func(t *Tenant) { t.Title = strings.Repeat("a", 101) }), []string{"title"}},
		{"phone", goodPhone(), nil},
		{"phone empty", &Phone{}, []string{"mac", "vendor", "model"}},
		{"phone with a line twice", change(goodPhone(), func(p *Phone) { p.Lines[1].Registration = 1 }), []string{"lines[1].registration"}},
		{"phone with a device twice", change(goodPhone(), func(p *Phone) { p.Lines[1].Device = "desk" }), []string{"lines[1].device"}},
		{"phone with line 0", change(goodPhone(), func(p *Phone) { p.Lines[0].Registration = 0 }), []string{"lines[0].registration"}},
		{"phone with line 251", change(goodPhone(), func(p *Phone) { p.Lines[0].Registration = 251 }), []string{"lines[0].registration"}},
		{"phone of another make", change(goodPhone(), func(p *Phone) { p.Vendor = "snom" }), []string{"vendor"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.v.Validate()
			if diff := cmp.Diff(tt.want, fields(err)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if err != nil && KindOf(err) != Invalid {
				t.Errorf("kind is %s", KindOf(err))
			}
		})
	}
}

func TestCheckEmail(t *testing.T) {
	for _, good := range []string{"a@example.com", "first.last+box@sub.example.org", "用户@example.com"} {
		checkMessage(t, CheckEmail("email", good), "email", "")
	}
	for _, bad := range []string{"", "a", "a@", "@b", "Ann <a@example.com>", "a@example.com,b@example.com", "a|b@example.com",
		`"a b"@example.com`, "a;b@example.com", " a@example.com", "a@example.com\n", "a@example.com\r\nBcc: x@y.z", strings.Repeat("a", 250) + "@b.cc"} {
		checkMessage(t, CheckEmail("email", bad), "email", "not an e-mail address")
	}
}

func FuzzCheckEmail(f *testing.F) {
	for _, s := range []string{"a@example.com", "a,b@c", `"x"@y`, "a@[127.0.0.1]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if CheckEmail("email", s) != nil {
			return
		}
		noControls(t, s)
		if strings.ContainsAny(s, ",|;\"\\ ") || len(s) > 254 {
			t.Errorf("%q passed", s)
		}
	})
}
