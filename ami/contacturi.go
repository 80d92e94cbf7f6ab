package ami

import (
	"net/netip"
	"strconv"
	"strings"
)

// uriAddress takes IP address and port out of a SIP URI (RFC 3261, 19.1): scheme, user@, host, :port, ;parameters. An
// IPv6 address stands in brackets. Without a port it is the scheme's: 5060, or 5061 for TLS. A host name is no address.
func uriAddress(uri string) (netip.AddrPort, bool) {
	scheme, rest, ok := strings.Cut(strings.Trim(uri, "<> "), ":")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "sip" && scheme != "sips" {
		return netip.AddrPort{}, false
	}
	if _, afterUser, ok := strings.Cut(rest, "@"); ok {
		rest = afterUser
	}
	hostPort, parameters := rest, ""
	if i := strings.IndexAny(rest, ";?"); i >= 0 {
		hostPort, parameters = rest[:i], strings.ToLower(rest[i:])
	}
	host, port := splitPort(hostPort)
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.AddrPort{}, false
	}
	if port == "" {
		port = "5060"
		if scheme == "sips" || strings.Contains(parameters+";", ";transport=tls;") {
			port = "5061"
		}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(address.Unmap(), uint16(n)), true
}

// splitPort parts host and port, and takes the brackets of an IPv6 address away.
func splitPort(hostPort string) (host, port string) {
	if inside, ok := strings.CutPrefix(hostPort, "["); ok {
		host, after, closed := strings.Cut(inside, "]")
		if port, ok := strings.CutPrefix(after, ":"); closed && (ok || after == "") {
			return host, port
		}
		return "", ""
	}
	host, port, _ = strings.Cut(hostPort, ":")
	return host, port
}
