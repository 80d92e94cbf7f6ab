package pbx

import "regexp"

// ownContext finds the tenant in the name of a context that channels of a tenant are in.
var ownContext = regexp.MustCompile(`^(?:from|trunk|inside|dial|fallback|record|play|desk)-([a-z0-9-]{1,31})$`)

// IsTenantContext reports whether a dialplan context is one that calls of a tenant pass.
func IsTenantContext(context string) bool { return ownContext.MatchString(context) }

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
