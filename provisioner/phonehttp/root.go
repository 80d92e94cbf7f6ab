package phonehttp

import "net/http"

// rootType is the content type of a certificate in PEM form (RFC 8555, section 9.1).
const rootType = "application/pem-certificate-chain"

// root answers a request for the certificate of the authority that phones are told to trust.
// It is no secret: each client that connects to Asterisk over TLS is shown what it signed.
func (h *Handler) root(a *ask) reply {
	if a.method != http.MethodGet && a.method != http.MethodHead {
		return miss()
	}
	text := []byte(h.files.o.Site.Root)
	return reply{status: http.StatusOK, ctype: rootType, cache: keepNothing, body: whole(text), size: int64(len(text))}
}
