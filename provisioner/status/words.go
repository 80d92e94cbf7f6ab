package status

import (
	"net/netip"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// reachOf maps Asterisk's word for a contact to ours. before is what the same
// contact was; monitored is whether its device is to be asked by OPTIONS. A new
// contact of a monitored device has no word until its first answer, a few
// milliseconds later.
func reachOf(s ami.ContactState, before pbx.Reachability, monitored bool) pbx.Reachability {
	switch {
	case s == ami.ContactReachable:
		return pbx.ReachOK
	case s == ami.ContactUnreachable:
		return pbx.ReachUnreachable
	case s == ami.ContactUnknown && before == pbx.ReachUnreachable:
		return pbx.ReachUnknown
	case !monitored:
		return pbx.ReachUnmonitored
	}
	return before
}

// order tells which contact speaks for an endpoint with several.
var order = map[pbx.Reachability]int{pbx.ReachOK: 4, pbx.ReachUnmonitored: 3, pbx.ReachUnreachable: 2,
	pbx.ReachUnknown: 1}

// settle derives the endpoint's status from its contacts; was is what it was.
func (o *observed) settle(was pbx.Reachability) {
	var best contact
	for _, c := range o.contacts {
		if best.URI == "" || order[c.reach] > order[best.reach] || order[c.reach] == order[best.reach] && c.URI < best.URI {
			best = c
		}
	}
	if best.URI == "" { // nothing is registered any more
		o.Reach = pbx.NeverRegistered
		if was == pbx.ReachUnreachable || was == pbx.ReachUnknown {
			o.Reach = pbx.ReachUnknown // it did not leave, it was given up
		}
		o.Address, o.RoundTrip, o.Expires = netip.AddrPort{}, 0, time.Time{}
		return
	}
	o.Reach = best.reach
	o.RoundTrip = best.RoundTrip
	if a, ok := best.where(); ok {
		o.Address = a
	}
	if best.UserAgent != "" {
		o.UserAgent = best.UserAgent
	}
	if !best.Expires.IsZero() {
		o.Expires = best.Expires
	}
}

// callState maps Asterisk's word for a device to ours.
func callState(s ami.DeviceState) pbx.CallState {
	switch s {
	case ami.DeviceRinging, ami.DeviceRingInUse:
		return pbx.CallRinging
	case ami.DeviceInUse, ami.DeviceBusy:
		return pbx.CallInUse
	case ami.DeviceOnHold:
		return pbx.CallOnHold
	case ami.DeviceNotInUse, ami.DeviceUnavailable:
		return pbx.CallIdle
	}
	return pbx.CallUnknown
}

func addressText(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
