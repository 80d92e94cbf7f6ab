package limit

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks of HTTP proxies whose word about a client's address counts. The
// zero value trusts nobody.
type Proxies []netip.Prefix

// UnmarshalText reads a list such as "127.0.0.1, 192.0.2.0/24, 2001:db8::/64".
func (p *Proxies) UnmarshalText(text []byte) error {
	out := Proxies{}
	for word := range strings.FieldsFuncSeq(string(text), func(r rune) bool { return r == ',' || r == ' ' }) {
		network, err := netip.ParsePrefix(word)
		if a, bad := netip.ParseAddr(word); bad == nil && a.Zone() == "" {
			network, err = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
		}
		if err != nil || network.Addr().Is4In6() {
			return fmt.Errorf("%q is no network: write addresses and networks with commas between, such as "+
				"127.0.0.1,192.0.2.0/24,2001:db8::/64", word)
		}
		out = append(out, network.Masked())
	}
	*p = out
	return nil
}

// Trusts reports whether an address is a proxy's.
func (p Proxies) Trusts(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// Client is the sender of a request that came from an address with these lines of
// X-Forwarded-For. Each proxy appends the address that it was asked from, so the right-most
// one that is not a proxy's counts: what stands to the left of it is the client's own word.
// Where a proxy wrote no address, such as "unknown", the proxy itself counts.
func (p Proxies) Client(from netip.Addr, lines []string) netip.Addr {
	if !p.Trusts(from) {
		return from
	}
	hops := strings.Split(strings.Join(lines, ","), ",")
	for _, hop := range slices.Backward(hops) {
		a, ok := hopAddress(strings.TrimSpace(hop))
		if !ok {
			return from
		}
		if from = a; !p.Trusts(a) {
			return a
		}
	}
	return from
}

// hopAddress reads an address with or without a port, as proxies write it.
func hopAddress(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return a.Unmap().WithZone(""), err == nil
}
