package asteriskconf

import (
	"net/netip"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TLS is a transport for SIP over TLS. Files are named as Asterisk sees them.
type TLS struct {
	Listen           netip.AddrPort // of Asterisk
	Certificate, Key string         // files in PEM form
	// Roots is the file with the authorities of carriers; "" trusts no carrier.
	Roots string
	// Hash changes with the content of the certificate: Asterisk reads it again at a reload.
	Hash string
}

// tlsTransport is the transport's name; trunks name it, so that nothing but a transport that
// checks the carrier's certificate takes them out.
const tlsTransport = "dialtone-tls"

// TLSMarker is a function of the dialplan: "tls" once Asterisk has the transport.
const TLSMarker = "AST_SORCERY(res_pjsip,transport," + tlsTransport + ",protocol)"

// pjsipTLS becomes the transport.
type pjsipTLS struct {
	Name                          contextName
	Listen                        netip.AddrPort
	Certificate, Key, Roots, Hash confValue
	HasRoots                      bool
}

func pjsipTLSOf(t *TLS) (*pjsipTLS, error) {
	if t == nil {
		return nil, nil //nolint:nilnil // no transport is one of the two answers asked for
	}
	v := &pjsipTLS{Name: contextName{tlsTransport}, Listen: t.Listen, HasRoots: t.Roots != ""}
	var es pbx.Errors
	if !t.Listen.IsValid() || t.Listen.Addr().Zone() != "" || t.Listen.Port() == 0 {
		es.Add(pbx.Invalidf("listen", "is not an address and a port"))
	}
	into(&es, &v.Certificate)(newConfValue("certificate", t.Certificate))
	into(&es, &v.Key)(newConfValue("key", t.Key))
	into(&es, &v.Roots)(newConfValue("roots", t.Roots))
	into(&es, &v.Hash)(newConfValue("hash", t.Hash))
	return v, es.Err()
}
