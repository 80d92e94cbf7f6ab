package apply

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
)

// An Asterisk that did not make the transport for TLS, as the scripted one, runs everything
// else; the answer of each change says what is missing.
func TestMissingTransportIsAWarning(t *testing.T) {
	l := newLab(t)
	l.o.Site.TLS = &asteriskconf.TLS{Listen: netip.MustParseAddrPort("127.0.0.1:5061"), Certificate: "/c", Key: "/k"}
	l.start()
	l.extension("101", "Anna")
	l.applied()
	if s := l.State(); len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "SIP over TLS does not work") || s.Error != "" {
		t.Errorf("state %+v", s)
	}
	if !strings.Contains(l.file("pjsip.conf"), "[dialtone-tls]") {
		t.Error("the file has no transport")
	}
}
