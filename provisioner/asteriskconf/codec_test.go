package asteriskconf

import (
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// withCodecs are a tenant's settings with other codecs.
func withCodecs(tenant string, codecs ...string) *pbx.PhoneSettings {
	p := pbx.DefaultPhoneSettings(tenant)
	p.Codecs = codecs
	return p
}

// Endpoints have the codecs of their tenant in its order, without those that Asterisk only
// hands through; each of these is named once, and no tenant with it.
func TestEndpointsSpeakTheTenantsCodecs(t *testing.T) {
	s := pbx.NewSnapshot(1, pbx.Rows{
		Tenants:       []*pbx.Tenant{{Name: "a"}, {Name: "b"}, {Name: "plain"}},
		PhoneSettings: []*pbx.PhoneSettings{withCodecs("a", "opus", "pcma", "g729", "g722"), withCodecs("b", "g729", "pcmu")},
	})
	for _, c := range []struct {
		translates []string
		a, b       string
		unspoken   []string // words of the sentences
	}{
		{nil, "alaw,g722", "ulaw", []string{"codec g729 ", "codec opus "}},
		{[]string{"opus"}, "opus,alaw,g722", "ulaw", []string{"codec g729 "}},
		{[]string{"g729", "opus"}, "opus,alaw,g729,g722", "g729,ulaw", nil},
	} {
		o := Options{Translates: c.translates}
		view, err := pjsipOf(s, o)
		if err != nil {
			t.Fatal(err)
		}
		text, err := templates.MustNew().Render("asterisk/pjsip.conf", view)
		if err != nil {
			t.Fatal(err)
		}
		for tenant, want := range map[string]string{"a": c.a, "b": c.b, "plain": "ulaw,alaw,g722"} {
			_, section, _ := strings.Cut(string(text), "[dialtone-of-"+tenant+"]")
			if _, list, _ := strings.Cut(section, "allow = !all,"); !strings.HasPrefix(list, want+"\n") {
				t.Errorf("Asterisk translates %v: tenant %s speaks %.30q, want %s", c.translates, tenant, list, want)
			}
		}
		said := o.Unspoken(s)
		if len(said) != len(c.unspoken) || !slices.EqualFunc(said, c.unspoken, strings.Contains) {
			t.Errorf("Asterisk translates %v: it says %q", c.translates, said)
		}
	}
}

// Each codec that phones may be told has a format here: one without would be left out in silence.
func TestEveryCodecOfPhonesHasAFormat(t *testing.T) {
	for _, name := range pbx.PhoneCodecs {
		if codecNamed(name).format == "" {
			t.Errorf("%s has no format", name)
		}
	}
	if len(codecs) != len(pbx.PhoneCodecs) {
		t.Errorf("formats of %d codecs for the %d of phones", len(codecs), len(pbx.PhoneCodecs))
	}
}
