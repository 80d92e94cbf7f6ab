package phoneconf

import (
	"strings"
	"testing"
)

// Where phones use TLS, each model is told so, with the port of TLS and the root to trust.
// Software that ends at TLS 1.0 keeps its UDP and the other port, or it would have no calls.
func TestModelsOverTLS(t *testing.T) {
	site := testSite
	site.Transport, site.TLSPort = "tls", 5061
	site.Root = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
	if err := site.Validate(); err != nil {
		t.Fatal(err)
	}
	plain := 0
	for _, m := range Models() {
		s, p := office(m, nil)
		got := filesAt(t, s, p, site)
		yealink := map[string]string{"account.1.sip_server.1.transport_type": "2", "account.1.sip_server.1.port": "5061",
			"static.trusted_certificates.url": site.BaseURL + site.RootPath(), "static.security.ca_cert": "2"}
		polycom := map[string]string{"reg.1.server.1.transport": "TLS", "reg.1.server.1.port": "5061",
			"tcpIpApp.keepalive.tcp.sip.persistentConnection.enable": "1", "device.sec.TLS.customCaCert1": site.Root,
			"device.sec.TLS.customCaCert1.set": "1", "device.sec.TLS.profile.caCertList1": "All",
			"device.sec.TLS.profile.caCertList1.set": "1", "sec.TLS.profileSelection.SIP": "PlatformProfile1"}
		switch m.Era {
		case YealinkV80, YealinkDECT:
			want(t, got, yealink)
		case YealinkMulticell:
			delete(yealink, "account.1.sip_server.1.transport_type")
			delete(yealink, "account.1.sip_server.1.port")
			yealink["template.1.sip_server.1.transport_type"], yealink["template.1.sip_server.1.port"] = "2", "5061"
			want(t, got, yealink)
		case PolycomUCS:
			want(t, got, polycom)
		case YealinkV70:
			plain++
			want(t, got, map[string]string{"account.1.transport": "0", "account.1.sip_server_port": "5060",
				"trusted_certificates.url": site.BaseURL + site.RootPath()})
		default:
			plain++
			want(t, got, map[string]string{"reg.1.server.1.transport": "UDPOnly", "reg.1.server.1.port": "5060"})
		}
	}
	if plain == 0 {
		t.Error("no model has old software")
	}
}

// The address of a root changes with it, so that a new one reaches phones.
func TestRootPathFollowsTheRoot(t *testing.T) {
	a, b := Site{Root: "a"}, Site{Root: "b"}
	if a.RootPath() == b.RootPath() || !strings.HasPrefix(a.RootPath(), "/root/") || (Site{}).RootPath() != "" {
		t.Errorf("%q %q %q", a.RootPath(), b.RootPath(), Site{}.RootPath())
	}
}
