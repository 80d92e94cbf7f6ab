package pbx

import (
	"regexp"
	"strings"
)

// ownContext finds the tenant in the name of a context that channels of a tenant are in.
var ownContext = regexp.MustCompile(`^(?:from|inside|dial|fallback|record|play|desk)-([a-z0-9-]{1,31})$`)

// IsTenantContext reports whether a dialplan context is one that calls of a tenant pass.
func IsTenantContext(context string) bool { return ownContext.MatchString(context) }

// IsInbound reports whether a dialplan context is where calls from trunks wait for their
// tenant.
func IsInbound(context string) bool { return context == TrunkContext || context == InboundContext }

// CalledNumber is the number in the user part of a URI that a carrier calls: without the
// parameters that RFC 3966 and RFC 4694 add behind ';', and without visual separators. It
// is "" for what has no digit.
func CalledNumber(user string) string {
	user, _, _ = strings.Cut(user, ";")
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, user)
}

// NumberOfInbound returns the number that a channel from a trunk calls; nil while no number is
// called.
func (s *Snapshot) NumberOfInbound(name, context, exten string) *Number {
	t := s.TrunkOf(EndpointOfChannel(name))
	if t == nil || !IsInbound(context) {
		return nil
	}
	return s.NumberCalled(t.Tenant, CalledNumber(exten))
}

// TenantOfChannel returns the tenant of a channel by its device, else by its dialplan
// context; "" for a channel of another PBX on the same Asterisk.
func (s *Snapshot) TenantOfChannel(name, context string) string {
	if d := s.DeviceOf(EndpointOfChannel(name)); d != nil {
		return d.Tenant
	}
	if part := ownContext.FindStringSubmatch(context); part != nil && s.Tenant(part[1]) != nil {
		return part[1]
	}
	return ""
}
