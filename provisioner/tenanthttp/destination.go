package tenanthttp

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"syscall"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// destinations says where connections may lead.
type destinations struct {
	listed []netip.Prefix // of the platform's own
	own    func() []netip.Addr
}

// forbiddenError is a connection that was refused before it was made.
type forbiddenError struct{ text string }

func (e *forbiddenError) Error() string { return e.text }

var (
	errNotPublic = &forbiddenError{"the host is not on the public internet; the platform admin may list its network with " +
		"--webhook-networks"}
	errPlain = &forbiddenError{"http is for networks that the platform admin listed with --webhook-networks: use https"}
)

// notPublic are networks that no receiver on the public internet has an address in (RFC 6890 and
// the registries of IANA that it began), beside those that netip knows. Networks of IPv6 that carry
// an IPv4 address lead to any of those.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"),
}

// global6 is all of IPv6 that is given to hosts on the public internet.
var global6 = netip.MustParsePrefix("2000::/3")

func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Zone() != "" || a.Is6() && !global6.Contains(a) {
		return false
	}
	return !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(a) })
}

// overHTTPS is a net.Dialer's Control: it sees the very address that is connected to, whatever
// form the host had and whatever its name has led to before.
func (d destinations) overHTTPS(_, address string, _ syscall.RawConn) error {
	a, listed := d.parse(address)
	if listed || public(a) && !slices.Contains(d.own(), a) {
		return nil
	}
	return errNotPublic
}

// overHTTP is the same for plain HTTP.
func (d destinations) overHTTP(network, address string, c syscall.RawConn) error {
	if _, listed := d.parse(address); listed {
		return nil
	}
	if err := d.overHTTPS(network, address, c); err != nil {
		return err
	}
	return errPlain
}

// parse reads an address and reports whether the platform lists it. What cannot be read is public
// in no way.
func (d destinations) parse(address string) (a netip.Addr, listed bool) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return a, false
	}
	a = at.Addr().Unmap()
	return a, slices.ContainsFunc(d.listed, func(p netip.Prefix) bool { return p.Contains(a) })
}

// ownAddresses are those of this machine, which may be public ones. Without a list of them the
// others are still refused.
func ownAddresses() (out []netip.Addr) {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if n, is := a.(*net.IPNet); is {
			if own, ok := netip.AddrFromSlice(n.IP); ok {
				out = append(out, own.Unmap())
			}
		}
	}
	return out
}

// Check refuses an address that no request would ever lead to. Where a name leads is seen at each
// request.
func (c *Client) Check(field string, u *url.URL) *pbx.Error {
	d := c.leads
	control, host := d.overHTTPS, u.Hostname()
	if u.Scheme == "http" {
		control = d.overHTTP
	}
	var err error
	if a, perr := netip.ParseAddr(host); perr == nil {
		err = control("tcp", netip.AddrPortFrom(a, 443).String(), nil)
	} else if u.Scheme == "http" && len(d.listed) == 0 {
		err = errPlain
	}
	if err != nil {
		return &pbx.Error{Kind: pbx.Invalid, Field: field, Message: err.Error()}
	}
	return nil
}
