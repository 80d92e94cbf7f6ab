package pbx

// Live answers what rules ask about the present; it is observed state, which a
// snapshot never has.
type Live interface {
	// InUse reports whether an endpoint is in a call; a call that only rings there
	// does not count. It is false where nothing is known.
	InUse(endpoint string) bool
	// Calls returns how many calls a trunk's endpoint carries. A call that is being decided
	// counts where it came in by that trunk.
	Calls(endpoint string) int
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
