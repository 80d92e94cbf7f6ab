package asteriskconf

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// The transport for TLS stands in the file of endpoints, checks carriers, and its bytes follow
// the certificate: a new one is a reload. Without it the file has no transport.
func TestTransportForTLS(t *testing.T) {
	s := small(func(*pbx.Tenant, *pbx.Extension, *pbx.Device, *pbx.Mailbox) {})
	render := func(tls *TLS) (string, string) {
		files, err := Render(templates.MustNew(), s, Options{TLS: tls})
		if err != nil {
			t.Fatal(err)
		}
		f := files.Named(pjsipFile)
		return string(f.Content), f.Hash
	}
	with := TLS{Listen: netip.MustParseAddrPort("0.0.0.0:5061"), Certificate: "/etc/asterisk/dialtone/sip-tls.pem",
		Key: "/etc/asterisk/dialtone/sip-tls.key", Roots: "/etc/roots.crt", Hash: "abc"}
	text, first := render(&with)
	for _, line := range []string{"[dialtone-tls]", "protocol = tls", "bind = 0.0.0.0:5061", "verify_server = yes",
		"cert_file = /etc/asterisk/dialtone/sip-tls.pem", "priv_key_file = /etc/asterisk/dialtone/sip-tls.key", "ca_list_file = /etc/roots.crt"} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %q in %.1000s", line, text)
		}
	}
	files, err := Render(templates.MustNew(), s, Options{TLS: &with})
	if err != nil {
		t.Fatal(err)
	}
	if _, is := files.Objects()[tlsTransport]; is {
		t.Error("the transport is taken for an endpoint")
	}
	with.Hash = "def"
	if _, second := render(&with); second == first {
		t.Error("another certificate leaves the file as it was")
	}
	with.Roots = ""
	if text, _ := render(&with); strings.Contains(text, "ca_list_file") || !strings.Contains(text, "verify_server = yes") {
		t.Error("without authorities: it has a list, or takes every carrier")
	}
	if text, _ := render(nil); strings.Contains(text, "type = transport") {
		t.Error("a transport that nobody asked for")
	}
	if _, err := Render(templates.MustNew(), s, Options{TLS: &TLS{}}); err == nil {
		t.Error("a transport that listens nowhere")
	}
}

// A trunk over TLS, and its registration, leave by the transport that checks the carrier, with
// or without one: nothing of it goes out in clear.
func TestTrunkOverTLS(t *testing.T) {
	k := &pbx.Trunk{Tenant: "default", Name: "carrier", Endpoint: "tabc", Host: "sip.example.org", Port: 5061, Transport: pbx.TransportTLS,
		Username: "user", Secret: pbx.NewSecret("password"), Register: true}
	s := pbx.NewSnapshot(1, pbx.Rows{Tenants: []*pbx.Tenant{{Name: "default", Timezone: "UTC"}}, Trunks: []*pbx.Trunk{k}})
	for _, c := range []struct {
		transport pbx.Transport
		want      int
		contact   string
	}{{pbx.TransportTLS, 2, "contact = sip:sip.example.org:5061\\;transport=tls"}, {pbx.TransportTCP, 0, "contact = sip:sip.example.org:5061\\;transport=tcp"}} {
		k.Transport = c.transport
		files, err := Render(templates.MustNew(), s, Options{})
		if err != nil {
			t.Fatal(err)
		}
		text := string(files.Named(pjsipFile).Content)
		if n := strings.Count(text, "\ntransport = dialtone-tls\n"); n != c.want || !strings.Contains(text, c.contact) {
			t.Errorf("%s: %d objects leave by the transport, want %d:\n%s", c.transport, n, c.want, text[strings.Index(text, "[tabc]"):])
		}
	}
}
