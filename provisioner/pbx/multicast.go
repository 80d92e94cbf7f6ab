package pbx

import "net/netip"

// CheckMulticast refuses what is no address and port that a page can be sent to: an IPv4
// multicast address (RFC 5771) beyond those of the network itself, 224.0.0.0/24, and a port
// of 1024 to 65535.
func CheckMulticast(field, s string) *Error {
	to, err := netip.ParseAddrPort(s)
	if err != nil || to.String() != s || !to.Addr().Is4() || !to.Addr().IsMulticast() ||
		to.Addr().IsLinkLocalMulticast() || to.Port() < 1024 {
		return Invalidf(field, "%s is no multicast address with a port: use 224.0.1.0 to 239.255.255.255, ':' and "+
			"1024 to 65535, such as 224.0.1.75:10000", quote(s))
	}
	return nil
}
