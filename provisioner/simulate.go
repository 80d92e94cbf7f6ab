package provisioner

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Question is a call to simulate.
type Question struct {
	Tenant string
	// From is an extension, a device by its name, or any other caller's number.
	From string
	To   string    // the dialled number
	When time.Time // at which time
	// Busy are extensions taken to be in a call. All others are taken to be free, whatever
	// their present state.
	Busy     []string
	Out      []string        // trunks taken to be out of order, by name
	Carriers []CarrierAnswer // what carriers are taken to answer
	// Turn is the observed state of a ring group; nil knows nothing.
	Turn func(tenant, group string) pbx.Turn
}

// CarrierAnswer is the SIP answer that the carrier of a trunk is taken to give to every call.
type CarrierAnswer struct {
	Trunk  string // its name
	Answer int
}

// Simulate says what would happen to a call, by all that was written before it.
func (c *Controller) Simulate(ctx context.Context, q Question) (*pbx.Place, error) {
	q.Turn = c.Calls.Turns.Turn
	s, err := c.written(ctx)
	if err != nil {
		return nil, err
	}
	return Simulate(s, q)
}

// written returns all that was written so far. It may be newer than what is in force: a change
// is on its way to Asterisk, or was refused there.
func (c *Controller) written(ctx context.Context) (*pbx.Snapshot, error) {
	s := c.Snapshot()
	revision, err := c.db.Revision(ctx)
	if err == nil && revision != s.Revision {
		s, err = c.db.Snapshot(ctx)
	}
	return s, err
}

// Simulate says what would happen to a call by a snapshot. A missing extension is an
// Invalid error that names the field.
func Simulate(s *pbx.Snapshot, q Question) (*pbx.Place, error) {
	if s.Tenant(q.Tenant) == nil {
		return nil, pbx.NotFoundf("tenant %s does not exist", q.Tenant)
	}
	call := pbx.Call{Tenant: q.Tenant, Dialled: q.To, Caller: pbx.NamedCaller(pbx.CallParty{Number: q.From}).Number}
	if d := callingDevice(s, q.Tenant, q.From); d != nil {
		call.Endpoint = d.Endpoint
	} else if s.Extension(q.Tenant, q.From) != nil {
		return nil, pbx.Refusedf("from", "extension %s has no device that could call", q.From)
	}
	live := assumed{busy: map[string]bool{}, turn: q.Turn}
	if err := q.ofTrunks(s, &call); err != nil {
		return nil, err
	}
	for _, number := range q.Busy {
		e := s.Extension(q.Tenant, number)
		if e == nil {
			return nil, pbx.Refusedf("busy", "extension %s does not exist in tenant %s", number, q.Tenant)
		}
		for _, d := range s.RungBy(e) {
			live.busy[d.Endpoint] = true
		}
	}
	call.Live = live
	return pbx.Simulate(s, call, q.When), nil
}

// ofTrunks reads what is taken of trunks.
func (q Question) ofTrunks(s *pbx.Snapshot, call *pbx.Call) error {
	call.Out, call.Carriers = map[string]bool{}, map[string]int{}
	for i, name := range q.Out {
		t := s.Trunk(q.Tenant, name)
		if t == nil {
			return pbx.Refusedf(fmt.Sprintf("trunks_out[%d]", i), "trunk %s does not exist in tenant %s", name, q.Tenant)
		}
		call.Out[t.Endpoint] = true
	}
	for i, c := range q.Carriers {
		t := s.Trunk(q.Tenant, c.Trunk)
		if t == nil {
			return pbx.Refusedf(fmt.Sprintf("carriers[%d].trunk", i), "trunk %s does not exist in tenant %s", c.Trunk, q.Tenant)
		}
		call.Carriers[t.Endpoint] = c.Answer
	}
	return nil
}

// callingDevice returns the first device of an extension that can call. If from is no
// extension, it is the device of that name, or nil.
func callingDevice(s *pbx.Snapshot, tenant, from string) *pbx.Device {
	if e := s.Extension(tenant, from); e != nil {
		for _, d := range s.DevicesOf(tenant, from) {
			if d.Kind != pbx.DeviceExternal && d.Extension == from {
				return d
			}
		}
		return nil
	}
	if d := s.Device(tenant, from); d != nil && d.Kind != pbx.DeviceExternal {
		return d
	}
	return nil
}

// assumed is the assumed state of a simulation. It says which endpoints are in a call, and
// which member has the turn.
type assumed struct {
	busy map[string]bool
	turn func(tenant, group string) pbx.Turn
}

// InUse implements pbx.Live.
func (a assumed) InUse(endpoint string) bool { return a.busy[endpoint] }

// Ringing implements pbx.Live: only the call itself rings.
func (a assumed) Ringing(string) bool { return false }

// Registered implements pbx.Live: every device is there.
func (a assumed) Registered(string) bool { return true }

// Answers implements pbx.Live: every carrier does.
func (a assumed) Answers(string) bool { return true }

// SignedIn implements pbx.Live: every trunk is registered.
func (a assumed) SignedIn(string) bool { return true }

// CallsAt implements pbx.Live: an endpoint that is in use has one call.
func (a assumed) CallsAt(endpoints []string) int {
	if slices.ContainsFunc(endpoints, func(e string) bool { return a.busy[e] }) {
		return 1
	}
	return 0
}

// Calls implements pbx.Live: no trunk carries a call.
func (a assumed) Calls(string) int { return 0 }

// Usage implements pbx.Live: nobody has called outside yet.
func (a assumed) Usage(string, string) pbx.Usage { return pbx.Usage{} }

// CalledForHelp implements pbx.Live: nobody did.
func (a assumed) CalledForHelp(string) []pbx.HelpCall { return nil }

// Turn implements pbx.Live.
func (a assumed) Turn(tenant, group string) pbx.Turn {
	if a.turn == nil {
		return pbx.Turn{}
	}
	return a.turn(tenant, group)
}
