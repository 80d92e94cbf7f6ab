package phonehttp

import (
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/limit"
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
}

func newServerLog(log *slog.Logger) *serverLog {
	return &serverLog{log, limit.NewCount[netip.Prefix](handshakeRate, handshakeNetworks)}
}

// Write takes one line.
func (l *serverLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	from, why, ok := strings.Cut(strings.TrimPrefix(text, handshakeText), ": ")
	address := addressOf(from)
	switch {
	case !strings.HasPrefix(text, handshakeText) || !ok || !address.IsValid():
		l.log.Debug(text)
	case why == "EOF": // it connected and left, as a probe does
		l.log.Debug("a TLS handshake of a phone was cut off", "address", address)
	case l.seen.Take(limit.Network(address), time.Now()):
		l.log.Warn("a TLS handshake of a phone failed", "address", address, "error", why)
	}
	return len(line), nil
}
