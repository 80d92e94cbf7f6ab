package limit

import "net/netip"

// Network is the network that an address counts for: an IPv4 address itself, and of
// IPv6 the first 64 bits, which one customer has at least (RFC 6177). The invalid
// address has the zero Prefix, which is a network too.
func Network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // fails for the invalid address only
	return p
}

// NetworkOf is Network of an address in text. Texts that are no address are one network.
func NetworkOf(address string) netip.Prefix {
	a, _ := netip.ParseAddr(address) // the invalid address for other texts
	return Network(a)
}
