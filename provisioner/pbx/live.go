package pbx

import "slices"

// Live answers what rules ask about the present; it is observed state, which a
// snapshot never has.
type Live interface {
	// InUse reports whether an endpoint is in a call; a call that only rings there
	// does not count. It is false where nothing is known.
	InUse(endpoint string) bool
	// Ringing reports whether an endpoint rings.
	Ringing(endpoint string) bool
	// Registered reports whether Asterisk knows an address of an endpoint that registers. It
	// is true where nothing is known.
	Registered(endpoint string) bool
	// Answers reports whether the carrier of a trunk's endpoint answers OPTIONS. It is true
	// where nothing is known.
	Answers(endpoint string) bool
	// SignedIn reports whether a trunk that registers is registered. It is true where nothing
	// is known.
	SignedIn(endpoint string) bool
	// Calls returns how many calls a trunk's endpoint carries. A call that is being decided
	// counts where it came in by that trunk.
	Calls(endpoint string) int
	// CallsAt returns how many calls are or ring at any of several endpoints.
	CallsAt(endpoints []string) int
	// Usage returns what was observed of calls outside of an extension, or with extension "" of
	// its whole tenant.
	Usage(tenant, extension string) Usage
	// CalledForHelp returns the calls for help of a tenant's devices that can be called back.
	CalledForHelp(tenant string) []HelpCall
	// Turn returns what was observed of a ring group.
	Turn(tenant, group string) Turn
}

// inUse reports whether any device of an extension but the calling one is in a call.
func (r routing) inUse(e *Extension) bool {
	if r.c.Live == nil {
		return false
	}
	for _, d := range r.s.RungBy(e) {
		if d.Kind != DeviceExternal && d.Endpoint != r.c.Endpoint && r.c.Live.InUse(d.Endpoint) {
			return true
		}
	}
	return false
}

// engaged reports whether an extension without call waiting is busy: in a call, or ringing
// where that counts. What a plan has rung itself does not count when it goes on.
func (r routing) engaged(e *Extension) bool {
	if !e.NoCallWaiting || r.c.Live == nil {
		return false
	}
	return r.inUse(e) || !e.BusyOnlyInCall && !r.c.Resumed &&
		slices.ContainsFunc(r.s.RungBy(e), func(d *Device) bool {
			return d.Kind != DeviceExternal && r.c.Live.Ringing(d.Endpoint)
		})
}

// atLimit reports whether an extension has as many calls as it may have at once. A call that
// has been let in, and goes on there, is one of them. The caller's own device counts with the
// call that it makes.
func (r routing) atLimit(e *Extension) bool {
	if e.MaxCalls == 0 || r.c.Live == nil || r.c.Resumed {
		return false
	}
	var at []string
	for _, d := range r.s.RungBy(e) {
		if d.Kind != DeviceExternal {
			at = append(at, d.Endpoint)
		}
	}
	return r.c.Live.CallsAt(at) >= e.MaxCalls
}

// unreachable reports whether none of an extension's devices can ring, as far as is known.
func (r routing) unreachable(e *Extension) bool {
	return r.c.Live != nil && !slices.ContainsFunc(r.s.RungBy(e), func(d *Device) bool {
		return !d.Kind.Registers() || r.c.Live.Registered(d.Endpoint)
	})
}
