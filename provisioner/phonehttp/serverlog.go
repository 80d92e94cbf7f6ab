package phonehttp

import (
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/limit"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// handshakeText begins net/http's line about a handshake that failed; address and reason
// follow. There is no other way to hear of one.
const handshakeText = "http: TLS handshake error from "

// handshakeRate is how many failed handshakes of a network are logged. A phone that cannot
// speak our TLS tries some times at each boot, and a scanner tries for ever.
var handshakeRate = limit.Rate{Burst: 3, Every: time.Minute}

// handshakeNetworks bounds the networks that are remembered for that.
const handshakeNetworks = 1000

// serverLog takes the lines of net/http. A failed handshake is a warning with the address:
// a phone too old for TLS 1.2, or with a certificate of an unknown authority, gets nothing
// and leaves no other trace. Other lines are about broken requests of strangers.
type serverLog struct {
	log  *slog.Logger
	seen *limit.Count[netip.Prefix]
	// failed is told of each handshake that failed; nil is told nothing.
	failed func(pbx.FailedHandshake)
}

func newServerLog(log *slog.Logger, failed func(pbx.FailedHandshake)) *serverLog {
	return &serverLog{log, limit.NewCount[netip.Prefix](handshakeRate, handshakeNetworks), failed}
}

// Write takes one line.
func (l *serverLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	from, why, ok := strings.Cut(strings.TrimPrefix(text, handshakeText), ": ")
	address := addressOf(from)
	if !strings.HasPrefix(text, handshakeText) || !ok || !address.IsValid() {
		l.log.Debug(text)
		return len(line), nil
	}
	if why == "EOF" { // it connected and left, as a probe does
		l.log.Debug("a TLS handshake of a phone was cut off", "address", address)
		return len(line), nil
	}
	now := time.Now()
	if l.failed != nil {
		l.failed(pbx.FailedHandshake{Address: address, Reason: handshakeReason(why), Detail: why, Last: now})
	}
	if l.seen.Take(limit.Network(address), now) {
		l.log.Warn("a TLS handshake of a phone failed", "address", address, "error", why)
	}
	return len(line), nil
}

// handshakeReason reads crypto/tls's words about a handshake that failed.
func handshakeReason(why string) pbx.HandshakeReason {
	for _, r := range [...]struct {
		words  string
		reason pbx.HandshakeReason
	}{
		{"unsupported versions", pbx.HandshakeVersion}, {"protocol version", pbx.HandshakeVersion},
		{"no cipher suite", pbx.HandshakeCipher}, {"handshake failure", pbx.HandshakeCipher},
		{"insufficient security", pbx.HandshakeCipher},
		{"remote error", pbx.HandshakeOurCertificate}, // bad certificate, unknown certificate authority, expired
		{"verify certificate", pbx.HandshakeItsCertificate}, {"client certificate", pbx.HandshakeItsCertificate},
		{"first record does not look like a TLS handshake", pbx.HandshakePlain},
		{"HTTP request to an HTTPS server", pbx.HandshakePlain},
	} {
		if strings.Contains(why, r.words) {
			return r.reason
		}
	}
	return pbx.HandshakeOther
}
