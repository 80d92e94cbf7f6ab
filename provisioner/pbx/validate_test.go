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
	return &Device{Tenant: "acme", Name: "desk", Extension: "101", Endpoint: NewEndpointName(), Secret: NewDeviceSecret(), QualifySeconds: 60, RingOrder: 1}
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
	number := func() *ExternalNumber { return &ExternalNumber{Number: "+4915112345678", Type: NumberTeams} }
	trunk := func() *Trunk {
		return &Trunk{Name: "carrier", Host: "sip.example.org", Port: 5060, Transport: TransportTCP, Username: "user", Secret: NewSecret("p;\"x"), Register: true, CallerNumber: "030123"}
	}
	external := func(d *Device) { d.Kind, d.ExternalNumber, d.Confirm = DeviceExternal, "0151123", true }
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
		{"external device", change(goodDevice(), external), nil},
		{"external device of no number", change(goodDevice(), func(d *Device) { d.Kind = DeviceExternal }), []string{"external_number"}},
		{"external device of a bad number", change(change(goodDevice(), external), func(d *Device) { d.ExternalNumber = "1)" }), []string{"external_number"}},
		{"shared external device", change(change(goodDevice(), external), func(d *Device) { d.Shared = true }), []string{"shared"}},
		{"device with a number", change(change(goodDevice(), external), func(d *Device) { d.Kind = DeviceSIP }), []string{"external_number"}},
		{"device that asks", change(goodDevice(), func(d *Device) { d.Confirm = true }), []string{"confirm"}},
		{"device of another kind", change(goodDevice(), func(d *Device) { d.Kind = "fax" }), []string{"kind"}},
		{"device rings too long, too late", change(goodDevice(), func(d *Device) { d.RingSeconds, d.RingOrder = 301, 100 }), []string{"ring_seconds", "ring_order"}},
		{"extension rings oddly", change(extension(), func(e *Extension) { e.Ring, e.TwinNumber = "random", "x" }), []string{"ring", "twin_number"}},
		{"external number", number(), nil},
		{"handsets", &Phone{MAC: "001565000001", Vendor: Yealink, Model: "W60B", Handsets: []Handset{{Number: 1, Name: "Hall", Lines: []int{2, 1}, DefaultLine: 1}, {Number: 10, Lines: []int{250}}}}, nil},
		{"handset 0 and 11", &Phone{MAC: "001565000001", Vendor: Yealink, Model: "W60B", Handsets: []Handset{{Lines: []int{1}}, {Number: 11, Lines: []int{1}}}}, []string{"handsets.0", "handsets.11"}},
		{"handset without line, and with one twice", &Phone{MAC: "001565000001", Vendor: Yealink, Model: "W60B", Handsets: []Handset{{Number: 1}, {Number: 2, Lines: []int{1, 1}}, {Number: 3, Lines: []int{0}}}}, []string{"handsets.1.lines", "handsets.2.lines[1]", "handsets.3.lines[0]"}},
		{"handset of a name in two lines, with another line", &Phone{MAC: "001565000001", Vendor: Yealink, Model: "W60B", Handsets: []Handset{{Number: 1, Name: "a\nb", Lines: []int{1}, DefaultLine: 2}}}, []string{"handsets.1.name", "handsets.1.default_line"}},
		{"external number empty", &ExternalNumber{}, []string{"number", "type"}},
		{"external number with a newline", change(number(), func(n *ExternalNumber) { n.Number += "\n"; n.Description = "\n" }), []string{"number", "description"}},
		{"trunk", trunk(), nil},
		{"trunk by address", &Trunk{Name: "a", Host: "2001:db8::1", Port: 1, Transport: TransportUDP}, nil},
		{"trunk empty", &Trunk{}, []string{"name", "host", "port", "transport"}},
		{"trunk to everywhere", change(trunk(), func(t *Trunk) { t.Host = "0.0.0.0" }), []string{"host"}},
		{"trunk with networks", change(trunk(), func(t *Trunk) { t.Addresses = []string{"192.0.2.1/32", "198.16.0.0/12", "2001:db8::/29"} }), nil},
		{"trunk with wide networks", change(trunk(), func(t *Trunk) { t.Addresses = []string{"0.0.0.0/0", "10.0.0.0/11", "::/0"} }), []string{"addresses[0]", "addresses[1]", "addresses[2]"}},
		{"trunk with names for addresses", change(trunk(), func(t *Trunk) { t.Addresses = []string{"sip.example.org"} }), []string{"addresses[0]"}},
		{"trunk to an address in hexadecimal", change(trunk(), func(t *Trunk) { t.Host = "0x7f000001" }), []string{"host"}},
		{"trunk to a part in hexadecimal", change(trunk(), func(t *Trunk) { t.Host = "127.0.0.0x1" }), []string{"host"}},
		{"trunk to half an address", change(trunk(), func(t *Trunk) { t.Host = "192.0.2" }), []string{"host"}},
		{"trunk to a zone", change(trunk(), func(t *Trunk) { t.Host = "fe80::1%eth0" }), []string{"host"}},
		{"trunk with a parameter", change(trunk(), func(t *Trunk) { t.Host = "a;transport=tls" }), []string{"host"}},
		{"trunk with a long label", change(trunk(), func(t *Trunk) { t.Host = strings.Repeat("a", 64) }), []string{"host"}},
		{"trunk registers as nobody", change(trunk(), func(t *Trunk) { t.Username, t.Secret = "", Secret{} }), []string{"register"}},
		{"trunk without a secret", change(trunk(), func(t *Trunk) { t.Secret = Secret{} }), []string{"secret"}},
		{"trunk with a newline in its secret", change(trunk(), func(t *Trunk) { t.Secret = NewSecret("a\nb") }), []string{"secret"}},
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

// TestTrunkToItself: what leads to this server itself is refused, and nothing else is.
func TestTrunkToItself(t *testing.T) {
	own := []string{"pbx.example.com", "192.0.2.1", "2001:db8::1"}
	for host, here := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true, "localhost": true, "LOCALHOST": true,
		"pbx.localhost": true, "PBX.example.com": true, "192.0.2.1": true, "::ffff:192.0.2.1": true, "2001:DB8:0::1": true,
		"192.0.2.2": false, "sip.example.com": false, "2001:db8::2": false,
	} {
		trunk := &Trunk{Host: host, Port: 5060}
		if got := trunk.CheckOutside(5060, own) != nil; got != here {
			t.Errorf("%s at the port of this server: refused %v, want %v", host, got, here)
		}
		if trunk.CheckOutside(5062, own) != nil {
			t.Errorf("%s at another port is refused", host)
		}
	}
}
