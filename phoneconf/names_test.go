package phoneconf

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestModelsAsPeopleWriteThem: as the phone, its box and its User-Agent say.
func TestModelsAsPeopleWriteThem(t *testing.T) {
	for name, want := range map[string]string{
		"T46U": "T46U", "t46u": "T46U", "SIP-T46U": "T46U", "Yealink T46U": "T46U", "Yealink SIP-T46U": "T46U", "sip t46u": "T46U",
		"VVX 450": "VVX450", "Polycom VVX 450": "VVX450", "Poly VVX-450": "VVX450", "HP Poly VVX 450": "VVX450",
		"SoundPoint IP 650": "SPIP650", "Polycom SoundPoint IP 650": "SPIP650", "IP650": "SPIP650", "SPIP650": "SPIP650",
		"W60P": "W60B", "Yealink W60P": "W60B",
	} {
		if m, ok := LookupAny(name); !ok || m.Name != want {
			t.Errorf("%s: %s %v, want %s", name, m.Name, ok, want)
		}
	}
	for _, name := range []string{"", "SIP", "Yealink", "poly", "SIP-", "T46X", "PolyT"} {
		if m, ok := LookupAny(name); ok {
			t.Errorf("%q is %s", name, m.Name)
		}
	}
	for _, m := range Models() { // no word before a name makes it another model's
		for _, word := range beforeModel {
			if got, ok := Lookup(m.Vendor, word+" "+m.Name); !ok || got.Name != m.Name {
				t.Errorf("%s %s is %s", word, m.Name, got.Name)
			}
		}
	}
}

// TestUnknownModels: what the error offers.
func TestUnknownModels(t *testing.T) {
	for _, tt := range []struct {
		vendor     pbx.Vendor
		name, want string
	}{
		{pbx.Yealink, "T4", "did you mean T40G, T40P, T41P, T41S, T41U?"},
		{pbx.Yealink, "Yealink T4", "did you mean T40G"},
		{pbx.Yealink, "T46X", "T46U"},
		{pbx.Yealink, "46U", "T46U"},
		{pbx.Polycom, "VXV450", "did you mean VVX450"},
		{pbx.Polycom, "VVX", "VVX"},
		{pbx.Polycom, "T46U", "T46U is a yealink: set vendor to yealink"},
		{pbx.Polycom, "SIP-T46U", "T46U is a yealink: set vendor to yealink"},
		{pbx.Yealink, "IP650", "SPIP650 is a polycom: set vendor to polycom"},
	} {
		if err := UnknownModel("model", tt.vendor, tt.name); err.Field != "model" || !strings.Contains(err.Message, tt.want) {
			t.Errorf("%s %s: %s, want %s", tt.vendor, tt.name, err.Message, tt.want)
		}
	}
}
