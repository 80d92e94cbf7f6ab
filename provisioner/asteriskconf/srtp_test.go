package asteriskconf

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// Only devices on a desk phone encrypt, and only if their tenant wants it.
func TestPhonesEncryptAsTheirTenantWants(t *testing.T) {
	secret := pbx.NewSecret("secretsecretsecret")
	for srtp, want := range map[string]string{"off": "", "optional": "media_encryption = sdes\nmedia_encryption_optimistic = yes\n", "required": "media_encryption = sdes\nmedia_encryption_optimistic = no\n"} {
		settings := pbx.DefaultPhoneSettings("a")
		settings.SRTP = srtp
		s := pbx.NewSnapshot(1, pbx.Rows{
			Tenants:       []*pbx.Tenant{{Name: "a"}, {Name: "b"}},
			Devices:       []*pbx.Device{{Tenant: "a", Name: "desk", Endpoint: "d1", Secret: secret}, {Tenant: "a", Name: "soft", Endpoint: "d2", Secret: secret}, {Tenant: "b", Name: "desk", Endpoint: "d3", Secret: secret}},
			Phones:        []*pbx.Phone{{Tenant: "a", MAC: "001565000001", Lines: []pbx.Line{{Registration: 1, Device: "desk"}}}, {Tenant: "b", MAC: "001565000002", Lines: []pbx.Line{{Registration: 1, Device: "desk"}}}},
			PhoneSettings: []*pbx.PhoneSettings{settings},
		})
		view, err := pjsipOf(s, Options{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := templates.MustNew().Render("asterisk/pjsip.conf", view)
		if err != nil {
			t.Fatal(err)
		}
		encrypted := "" // of the endpoints
		for section := range strings.SplitSeq(string(text), "\n[") {
			if strings.Contains(section, "media_encryption") {
				encrypted += section[:2] + " " + section[strings.Index(section, "media_encryption"):]
			}
		}
		if want != "" {
			want = "d1 " + want
		}
		if strings.TrimSpace(encrypted) != strings.TrimSpace(want) {
			t.Errorf("%s: %q, want %q", srtp, encrypted, want)
		}
	}
}
