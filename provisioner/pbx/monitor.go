package pbx

import "fmt"

// monitor lets the caller hear the call that a phone of an extension is in, and talk
// in it. Which phone and which call, only Asterisk knows: it looks among channels that
// carry the extension's SpyGroup, and ends the monitoring with that call.
//
// A call of a device that does not register, such as a mobile, is not reached. Nor is
// one that is no talk of two: voicemail, or monitoring in its turn.
func monitor(r routing, number string) Plan {
	from, e := r.c.Extension(r.s), r.s.Extension(r.c.Tenant, number)
	switch {
	case r.c.By != "":
		return hangup(CauseRefused, "monitoring is dialled, and nobody is transferred to it")
	case from == nil:
		return hangup(CauseRefused, "%s monitors a call, and the caller is no extension's device", quote(r.c.Dialled))
	case !from.Monitors:
		return hangup(CauseRefused, "extension %s may not monitor calls", from.Number)
	case e == nil:
		return hangup(CauseUnallocated, "monitoring: no extension of tenant %s has the number %s", r.c.Tenant, quote(number))
	case e == from:
		return hangup(CauseRefused, "extension %s does not monitor itself", e.Number)
	case !e.Monitored:
		return hangup(CauseRefused, "calls of extension %s may not be monitored", e.Number)
	case !r.inUse(e):
		return hangup(CauseAbsent, "monitoring: extension %s is in no call", e.Number)
	}
	rule := fmt.Sprintf("extension %s monitors the call of extension %s", from.Number, e.Number)
	return Plan{Steps: []Step{{Kind: StepMonitor, Of: e.Number, Rule: rule}}}
}

// SpyGroup is the value of SPYGROUP on channels of a monitored extension's phones. No
// other tenant has it: a name of a channel would not do, because that of one endpoint
// may begin with that of another.
func SpyGroup(tenant, number string) string { return number + "." + tenant }

// monitorArgument is the argument of ChanSpy for an extension: only talks of two (b),
// with the keys 4, 5 and 6 (d), until the one that it has found ends (E) or there is
// no such talk (S), without announcing the channel (q).
func monitorArgument(tenant, number string) string {
	return ",bdqESg(" + SpyGroup(tenant, number) + ")"
}
