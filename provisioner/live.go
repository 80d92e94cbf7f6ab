package provisioner

import (
	"cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/calls"
	"github.com/dialtone-pbx/dialtone/provisioner/emergency"
	"github.com/dialtone-pbx/dialtone/provisioner/guard"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/status"
	"github.com/dialtone-pbx/dialtone/provisioner/trunkstatus"
)

// Live implements pbx.Live with the states of endpoints and the turns of ring groups.
type Live struct {
	status *status.Watcher
	trunks *trunkstatus.Watcher
	calls  *calls.Tracker
	guard  *guard.Guard
	help   *emergency.Watch
}

// Live returns the present state that rules may ask for.
func (c *Controller) Live() Live { return Live{c.Status, c.TrunkStatus, c.Calls, c.Guard, c.Emergency} }

// Routed takes over which step a call was given.
func (c *Controller) Routed(channel string, call pbx.Call, step pbx.Step) {
	c.Calls.Routed(channel, call, step)
	if step.Unknown {
		c.TrunkStatus.Unknown(cmp.Or(call.By, call.Endpoint), call.Dialled)
	}
	c.callsForHelp(channel, call, step)
	if len(step.Reached) > 0 {
		c.Guard.Refused(call.Tenant, step.Reached)
	}
}

// InUse reports whether an endpoint is in a call, as far as Asterisk has said.
func (l Live) InUse(endpoint string) bool {
	s, _ := l.status.Of(endpoint)
	return s.Call == pbx.CallInUse || s.Call == pbx.CallOnHold
}

// Ringing reports whether an endpoint rings, as far as Asterisk has said.
func (l Live) Ringing(endpoint string) bool {
	s, _ := l.status.Of(endpoint)
	return s.Call == pbx.CallRinging
}

// Registered reports whether an endpoint has an address, or nobody can say.
func (l Live) Registered(endpoint string) bool {
	s, stale := l.status.Of(endpoint)
	return !stale.IsZero() || s.Address.IsValid()
}

// Answers reports whether a carrier answers, or nobody can say.
func (l Live) Answers(endpoint string) bool {
	s, stale := l.trunks.Of(endpoint)
	return !stale.IsZero() || s.Reach != pbx.TrunkUnreachable
}

// SignedIn reports whether a trunk is registered, or nobody can say.
func (l Live) SignedIn(endpoint string) bool {
	s, stale := l.trunks.Of(endpoint)
	return !stale.IsZero() || s.Registration == pbx.Registered || s.Registration == pbx.RegistrationUnseen
}

// Calls returns how many calls a trunk carries, as far as Asterisk has said.
func (l Live) Calls(endpoint string) int { return l.calls.OnEndpoint(endpoint) }

// CallsAt returns how many calls have a channel at any of the endpoints.
func (l Live) CallsAt(endpoints []string) int { return l.calls.AtEndpoints(endpoints) }

// Usage returns what calls outside have used.
func (l Live) Usage(tenant, extension string) pbx.Usage { return l.guard.Usage(tenant, extension) }

// CalledForHelp returns the calls for help that can be called back.
func (l Live) CalledForHelp(tenant string) []pbx.HelpCall { return l.help.Lately(tenant) }

// Turn returns the observed state of a ring group.
func (l Live) Turn(tenant, group string) pbx.Turn { return l.calls.Turns.Turn(tenant, group) }
