package phoneconf

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Each model is told the tenant's proxy and second server, with their own ports or the usual
// one, and takes calls from the proxy.
func TestModelsWithProxyAndSecondServer(t *testing.T) {
	settings := pbx.DefaultPhoneSettings("default")
	settings.OutboundProxy, settings.SecondServer = "sbc.example.com:5080", "192.0.2.8"
	for _, m := range Models() {
		s, p := office(m, settings)
		got := filesOf(t, s, p)
		switch m.Era {
		case YealinkV70:
			want(t, got, map[string]string{"account.1.outbound_proxy_enable": "1", "account.1.outbound_host": "sbc.example.com", "account.1.outbound_port": "5080",
				"account.1.sip_server.2.address": "192.0.2.8", "account.1.sip_server.2.port": "5060", "account.1.sip_server.1.address": "pbx.example.com"})
		case YealinkMulticell:
			want(t, got, map[string]string{"account.1.outbound_proxy_enable": "0", "account.1.sip_server.2.address": "",
				"template.1.sip_server.2.address": "192.0.2.8", "template.1.sip_server.2.port": "5060", "template.1.sip_server.2.transport_type": "0"})
		case YealinkV80, YealinkDECT:
			want(t, got, map[string]string{"account.1.outbound_proxy_enable": "1", "account.1.outbound_proxy.1.address": "sbc.example.com", "account.1.outbound_proxy.1.port": "5080",
				"account.1.sip_server.1.outbound_proxy_enable": "1", "account.1.sip_server.2.outbound_proxy_enable": "1", "account.1.fallback.redundancy_type": "1",
				"account.1.sip_server.2.address": "192.0.2.8", "account.1.sip_server.2.port": "5060", "account.1.sip_server.2.transport_type": "0", "account.1.sip_server.2.expires": "3600"})
		default:
			want(t, got, map[string]string{"reg.1.outboundProxy.address": "sbc.example.com", "reg.1.outboundProxy.port": "5080", "reg.1.outboundProxy.transport": "UDPOnly",
				"reg.1.server.2.address": "192.0.2.8", "reg.1.server.2.port": "5060", "reg.1.server.2.transport": "UDPOnly", "reg.1.server.2.register": "1",
				"reg.1.server.1.failOver.reRegisterOn": "1", "reg.1.server.1.address": "pbx.example.com",
				"voIpProt.SIP.requestValidation.1.method": "", "voIpProt.SIP.requestValidation.2.method": ""})
		}
		if got["account.2.enable"] == "0" && got["account.2.sip_server.2.address"]+got["account.2.outbound_host"] != "" {
			t.Errorf("%s: an account that is off has servers", m.Name)
		}
	}
}

// Over TLS a server without a port of its own is asked at the port of TLS.
func TestSecondServerOverTLS(t *testing.T) {
	site := testSite
	site.Transport, site.TLSPort = "tls", 5061
	settings := pbx.DefaultPhoneSettings("default")
	settings.OutboundProxy, settings.SecondServer = "sbc.example.com", "pbx2.example.com"
	for name, words := range map[string]string{
		"T46U":   "account.1.sip_server.2.port=5061 account.1.sip_server.2.transport_type=2 account.1.outbound_proxy.1.port=5061",
		"VVX450": "reg.1.server.2.port=5061 reg.1.server.2.transport=TLS reg.1.outboundProxy.port=5061 reg.1.outboundProxy.transport=TLS",
	} {
		m, _ := LookupAny(name)
		s, p := office(m, settings)
		got := filesAt(t, s, p, site)
		for word := range strings.FieldsSeq(words) {
			if parameter, value, _ := strings.Cut(word, "="); got[parameter] != value {
				t.Errorf("%s: %s is %q, want %s", name, parameter, got[parameter], value)
			}
		}
	}
}
