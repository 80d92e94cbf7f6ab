package phoneconf

import (
	"maps"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestModelsWithLDAP: each model that can is told where to search and with a password that
// gives nothing else away. Without a server it searches nowhere.
func TestModelsWithLDAP(t *testing.T) {
	site := testSite
	site.LDAPPort = 3389
	for _, m := range Models() {
		s, p := office(m, nil)
		got, off := filesAt(t, s, p, site), filesOf(t, s, p)
		password := p.BookPassword().Reveal()
		if strings.Contains(p.URLSecret.Reveal(), password) || len(password) < 20 {
			t.Fatalf("%s: password %q", m.Name, password)
		}
		switch {
		case m.Vendor == pbx.Yealink:
			want(t, got, map[string]string{"ldap.enable": "1", "ldap.host": "pbx.example.com", "ldap.port": "3389", "ldap.tls_mode": "0",
				"ldap.base": "dc=default,dc=dialtone", "ldap.user": "uid=" + string(p.MAC) + ",dc=default,dc=dialtone", "ldap.password": password,
				"ldap.name_filter": "(|(cn=%)(sn=%))", "ldap.call_in_lookup": "1", "ldap.display_name": "%cn",
				"ldap.number_filter": "(|(telephoneNumber=%)(mobile=%)(homePhone=%)(otherTelephone=%)(ipPhone=%))"})
			want(t, off, map[string]string{"ldap.enable": "0", "ldap.host": "", "ldap.user": "", "ldap.password": ""})
			if m.Era == YealinkV80 {
				want(t, got, map[string]string{"search_in_dialing.ldap.enable": "1", "directory_setting.ldap.enable": "1"})
				want(t, off, map[string]string{"search_in_dialing.ldap.enable": "0", "directory_setting.ldap.enable": "0"})
			}
		case m.Era == PolycomSIP3:
			if !maps.Equal(got, off) {
				t.Errorf("%s has no such feature", m.Name)
			}
		default:
			want(t, got, map[string]string{"feature.corporateDirectory.enabled": "1", "dir.corp.address": "pbx.example.com", "dir.corp.port": "3389",
				"dir.corp.transport": "TCP", "dir.corp.user": "uid=" + string(p.MAC) + ",dc=default,dc=dialtone", "dir.corp.password": password,
				"dir.corp.attribute.1.name": "cn", "dir.corp.attribute.2.name": "telephoneNumber", "dir.corp.attribute.6.name": "ipPhone"})
			want(t, off, map[string]string{"feature.corporateDirectory.enabled": "0", "dir.corp.address": "", "dir.corp.password": ""})
		}
	}
}

// TestLDAPOverTLS: a phone that knows no TLS 1.2 is not sent where nothing else is spoken.
func TestLDAPOverTLS(t *testing.T) {
	site := testSite
	site.LDAPPort, site.LDAPTLS = 636, true
	for name, words := range map[string]string{
		"T46U": "ldap.enable=1 ldap.tls_mode=2 ldap.port=636", "T28P": "ldap.enable=0",
		"VVX450": "dir.corp.transport=TLS dir.corp.port=636", "SPIP650": "feature.corporateDirectory.enabled=0",
	} {
		m, _ := LookupAny(name)
		s, p := office(m, nil)
		got := filesAt(t, s, p, site)
		for word := range strings.FieldsSeq(words) {
			if parameter, value, _ := strings.Cut(word, "="); got[parameter] != value {
				t.Errorf("%s: %s is %q, want %s", name, parameter, got[parameter], value)
			}
		}
	}
}
