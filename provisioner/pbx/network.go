package pbx

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// maxNetworks bounds the networks of one tenant: each request is compared with all.
const maxNetworks = 64

// CleanNetworks writes networks in one form: CIDR with the host bits cleared,
// sorted, each once, nil for none. An address alone is a network of one. What is
// neither stays as it is, for Tenant.Validate to refuse.
func CleanNetworks(in []string) []string {
	var out []string
	for _, s := range in {
		s = strings.TrimSpace(s)
		if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
			a = a.Unmap()
			s = netip.PrefixFrom(a, a.BitLen()).String()
		} else if p, err := netip.ParsePrefix(s); err == nil {
			s = p.Masked().String()
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// checkNetworks refuses networks that are not in the form of CleanNetworks.
func checkNetworks(field string, networks []string) (es Errors) {
	if len(networks) > maxNetworks {
		es.Add(Invalidf(field, "has %d networks, at most %d are allowed", len(networks), maxNetworks))
	}
	for i, s := range networks {
		p, err := netip.ParsePrefix(s)
		if err != nil || p.Addr().Is4In6() || p.Masked().String() != s {
			es.Add(Invalidf(fmt.Sprintf("%s[%d]", field, i), "%s is not a network: write it as 192.0.2.0/24 or 2001:db8::/64",
				quote(s)))
		}
	}
	return es
}

// Carriers call from networks of these sizes at most. What comes from there is let in
// without a password, to all numbers.
const (
	widestCarrier4 = 12
	widestCarrier6 = 29
)

// checkCarrierNetworks refuses networks too wide to be a carrier's.
func checkCarrierNetworks(field string, networks []string) Errors {
	es := checkNetworks(field, networks)
	for i, s := range networks {
		p, err := netip.ParsePrefix(s)
		if err == nil && (p.Addr().Is4() && p.Bits() < widestCarrier4 || p.Addr().Is6() && p.Bits() < widestCarrier6) {
			es.Add(Invalidf(fmt.Sprintf("%s[%d]", field, i), "%s is wider than a carrier's network: at most /%d, IPv6 /%d",
				quote(s), widestCarrier4, widestCarrier6))
		}
	}
	return es
}

// Networks returns the networks that the tenant's phones may ask from; none means
// anywhere.
func (t *Tenant) Networks() []netip.Prefix {
	var out []netip.Prefix
	for _, s := range t.PhoneNetworks {
		if p, err := netip.ParsePrefix(s); err == nil {
			out = append(out, p)
		}
	}
	return out
}
