package phoneconf

import (
	"slices"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestOverridesAreNamed: parameters by name, and never what they are set to.
func TestOverridesAreNamed(t *testing.T) {
	for _, tt := range []struct {
		vendor pbx.Vendor
		body   string
		want   []string
	}{
		{pbx.Yealink, "#!version:1.0.0.1\nphone_setting.ring_type = Ring2.wav\nstatic.security.user_password = admin:secret\r\n\n[x]\nno line\n= 1\n",
			[]string{"phone_setting.ring_type", "static.security.user_password"}},
		{pbx.Polycom, `<?xml version="1.0"?><PHONE_CONFIG><OVERRIDES se.pat.misc.x="1" up.backlight.timeout="0" se.pat.misc.x="2"/></PHONE_CONFIG>`,
			[]string{"se.pat.misc.x", "up.backlight.timeout"}},
		{pbx.Polycom, `<PHONE_CONFIG><OVERRIDES a.b="1" c.d="`, nil},
		{pbx.Polycom, `<PHONE_CONFIG><ALL a.b="1"/><ALL c.d=`, []string{"a.b"}},
		{pbx.Polycom, "", nil}, {pbx.Yealink, "", nil}, {pbx.Yealink, "\x00\xff = 1", nil},
	} {
		if got := Overrides(tt.vendor, []byte(tt.body)); !slices.Equal(got, tt.want) {
			t.Errorf("%s %q: %q, want %q", tt.vendor, tt.body, got, tt.want)
		}
	}
	p := &pbx.Phone{MAC: "001565000001", Vendor: pbx.Yealink}
	for name, want := range map[FileName]bool{"001565000001-local.cfg": true, "001565000001-contact.xml": false,
		"001565000001-phone.cfg": false, "-local.cfg": false} {
		if Overriding(p, name) != want {
			t.Errorf("%s", name)
		}
	}
}

// A Polycom gets an empty file in place of its own settings, a Yealink goes without.
func TestNoOverrides(t *testing.T) {
	for name, want := range map[FileName]bool{"0004f2000001-phone.cfg": true, "0004f2000001-web.cfg": true, "0004f2000001-app.log": false} {
		p := &pbx.Phone{MAC: "0004f2000001", Vendor: pbx.Polycom}
		b := NoOverrides(p, name)
		if (b != nil) != want || want && len(Overrides(pbx.Polycom, b)) > 0 {
			t.Errorf("%s: %s", name, b)
		}
	}
	if NoOverrides(&pbx.Phone{MAC: "001565000001", Vendor: pbx.Yealink}, "001565000001-local.cfg") != nil {
		t.Error("a Yealink gets one")
	}
}
