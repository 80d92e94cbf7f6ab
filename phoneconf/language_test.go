package phoneconf

import (
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// For each model and language either the file names it, or the phone is said not to follow.
func TestPhonesThatDoNotFollowAreNamed(t *testing.T) {
	site := testSite
	site.Transport, site.TLSPort = "tls", 5061
	settings := pbx.DefaultPhoneSettings("default")
	settings.ToneCountry, settings.Codecs, settings.Logo = "DE", []string{"opus", "g722"}, "http://pbx.example.com/logo.png"
	for _, m := range Models() {
		for _, l := range pbx.PhoneLanguages {
			settings.Language = l
			s, p := office(m, settings)
			got, said := filesAt(t, s, p, site), strings.Join(Unfollowed(s, p, site), "\n")
			language := got["lcl.ml.lang"]
			if m.Vendor == pbx.Yealink {
				if language = got["lang.gui"]; m.Era == YealinkDECT || m.Era == YealinkMulticell {
					language = got["custom.handset.language"]
				}
			}
			opus := got["account.1.codec.opus.enable"] == "1" || got["voice.codecPref.Opus"] != ""
			over := got["account.1.sip_server.1.transport_type"] == "2" || got["template.1.sip_server.1.transport_type"] == "2" ||
				got["reg.1.server.1.transport"] == "TLS"
			for setting, follows := range map[string]bool{"language": language != "", "tone_country": got["voice.tone.country"] == "Germany",
				"codecs": opus, "transport": over} {
				if strings.Contains(said, setting+": ") == follows {
					t.Errorf("%s, %s: follows %s: %v, but it says %q", m.Name, l, setting, follows, said)
				}
			}
		}
	}
}

// The language and the clock are those of the first line's user, whatever number it has; a
// language that no phone has leaves the tenant's.
func TestPhoneSpeaksItsUsersLanguage(t *testing.T) {
	m, _ := LookupAny("T46U")
	for user, want := range map[string]string{"": "German", "fr": "French", "pt_BR": "Portuguese", "fr_CA": "French_CA", "hu": "German"} {
		settings := pbx.DefaultPhoneSettings("default")
		settings.Language = "de"
		s, p := office(m, settings)
		p.Lines[0].Registration = 2
		s = with(s, func(r *pbx.Rows) {
			r.Users = []*pbx.User{{Tenant: "default", Username: "anna", Extension: "101", Language: user, Timezone: "Asia/Tokyo"}}
		})
		got := filesOf(t, s, p)
		if got["lang.gui"] != want || got["lang.wui"] != want || got["local_time.time_zone"] != "+9" {
			t.Errorf("user's language %q: %q %q, zone %q; want %s and Tokyo's", user,
				got["lang.gui"], got["lang.wui"], got["local_time.time_zone"], want)
		}
	}
}

// With nothing asked nothing is unfollowed: phones of a fresh tenant are not noise.
func TestFreshTenantIsFollowed(t *testing.T) {
	for _, m := range Models() {
		s, p := office(m, nil)
		if said := Unfollowed(s, p, testSite); len(said) != 0 {
			t.Errorf("%s: %v", m.Name, slices.Clip(said))
		}
	}
}
