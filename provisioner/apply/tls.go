package apply

import (
	"context"

	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
)

// missingTLS says that Asterisk did not make our transport for TLS: its port is taken, or it
// cannot read the certificate. All else of the file is in force then.
func (l *Loop) missingTLS(ctx context.Context) []string {
	session := l.currentSession()
	if l.o.Site.TLS == nil || session == nil {
		return nil
	}
	if made, err := session.Getvar(ctx, asteriskconf.TLSMarker); err != nil || made == "tls" {
		return nil
	}
	return []string{"SIP over TLS does not work: Asterisk did not make the transport " + l.o.Site.TLS.Listen.String() +
		"; its log says why, and it may have to be restarted"}
}
