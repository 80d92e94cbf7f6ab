package provisioner

import (
	"net"
	"strings"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newTrunks(c *Controller) *Resource[pbx.Trunk] {
	return &Resource[pbx.Trunk]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).Trunk, list: (*db.Tx).Trunks, put: (*db.Tx).PutTrunk, del: (*db.Tx).DeleteTrunk,
		revision: func(t *pbx.Trunk) int64 { return t.Revision },
		validate: func(t *pbx.Trunk) error {
			if err := t.Validate(); err != nil {
				return err
			}
			var es pbx.Errors
			if t.Transport == pbx.TransportTLS && !c.overTLS {
				es.Add(pbx.Invalidf("transport", "tls needs a transport of Asterisk that checks carriers: start dialtone serve "+
					"with --sip-tls-listen"))
			}
			for _, port := range []int{c.site.SIPPort, c.site.TLSPort} {
				es.Add(t.CheckOutside(port, ownHosts(c.site.SIPServer)))
			}
			return es.Err()
		},
	}
}

// ownHosts are the names and addresses by which this server is reached: the one that phones
// are told, and those of the machine.
func ownHosts(server string) []string {
	own := []string{strings.ToLower(server)}
	addrs, _ := net.InterfaceAddrs() // without them the server's own name is left
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			own = append(own, n.IP.String())
		}
	}
	return own
}
