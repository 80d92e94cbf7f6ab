package phoneconf

import (
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A phone plays the tones of its extension's own country, else what the tenant's
// phones are told, else those of the tenant's country.
func TestTonesOfTheExtension(t *testing.T) {
	for _, tt := range []struct{ extension, settings, tenant, want string }{
		{"CH", "DE", "FR", "Switzerland"}, {"", "DE", "FR", "Germany"}, {"", "", "FR", "France"}, {"LI", "DE", "FR", "Germany"},
	} {
		s, site := golden(t, "yealink-t46u")
		p := s.Phones[0]
		settings := *s.SettingsOf(p.Tenant)
		settings.ToneCountry = tt.settings
		s = with(s, func(r *pbx.Rows) { r.PhoneSettings = []*pbx.PhoneSettings{&settings} })
		s.Extension(p.Tenant, "101").Country, s.Tenant(p.Tenant).Country = tt.extension, tt.tenant
		b, _, err := Render(engine, s, p, site, "001565aabbcc.cfg")
		if err != nil {
			t.Fatal(err)
		}
		got, err := readYealink(b)
		if err != nil {
			t.Fatal(err)
		}
		want(t, got, map[string]string{"voice.tone.country": tt.want})
	}
}
