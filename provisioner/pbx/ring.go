package pbx

import (
	"cmp"
	"slices"
	"time"
)

// RingMode says in which order the devices of an extension ring.
type RingMode string

// The ring modes.
const (
	RingAll      RingMode = "all"      // all at once
	RingSequence RingMode = "sequence" // one ring order after the other
)

// ConfirmSeconds bounds how long the called party of a leg with confirmation may
// take to press 1; the prompts of ConfirmContext end before.
const ConfirmSeconds = 16

// Leg is one device that rings.
type Leg struct {
	Endpoint   string     // endpoint of the device; for a leg of its own its name in LegContext
	Technology Technology // of the endpoint
	Device     string     // name of the device, for people; the number of an outside leg
	// Outside is the number to ring through the trunk that Endpoint is; "" for devices.
	Outside string
	// Sent is what the carrier is asked for to reach Outside; "" is Outside itself.
	Sent string
	// Server is the SIP URI of the carrier where Outside is dialled there whatever is known of
	// the trunk's contact; "" for all but calls for help.
	Server string
	// Inside is the tenant of this system whose number Endpoint is; "" for devices and trunks.
	Inside string
	// Own is set when the leg is a call of its own: one that ends at another time
	// than the others, leads outside, must wait for those that do, or is in groups.
	Own *OwnLeg
	// Charge is what the guard counts of a leg that leads outside; nil for others and for calls
	// for help.
	Charge *Charge
}

// Way is a trunk by which a leg leads outside.
type Way struct {
	Trunk  string // its PJSIP endpoint
	Number string // what its carrier is asked for
	Caller string // shown to the carrier as the caller's number; "" shows the caller's own
}

// OwnLeg is what stands in LegContext for a leg. With Number, the leg leads outside by the
// first of Ways that takes the call; otherwise it rings the endpoint of the leg's name.
type OwnLeg struct {
	Seconds int    // how long it rings
	Number  string // external number; "" for a device that registers
	Ways    []Way
	Inside  string // tenant of this system that Number belongs to; there are then no Ways
	// Groups are those in which the call can be picked up, Monitored and OnDemand the
	// extension if its calls may be monitored and recorded on demand, where the file of
	// the technology cannot say so.
	Groups              []string
	Monitored, OnDemand string
	Confirm             bool // the callee must press 1 to take the call
	// Endpoint is rung where the leg's name is not an endpoint's, as in groups.
	Endpoint string
	Delay    int    // seconds before it rings
	Tone     int    // distinctive ring of a phone, see RingWord; 0 for its own
	Record   string // number of the extension that has its calls recorded; "" for none
	Owner    string // number of the extension that answers for a call outside; "" is the tenant
}

// rings is the endpoint of the device that a leg rings; "" for one that leads outside.
func (l Leg) rings() string {
	switch {
	case l.Outside != "" || l.Inside != "" || l.Own != nil && l.Own.Number != "":
		return ""
	case l.Own != nil && l.Own.Endpoint != "":
		return l.Own.Endpoint
	}
	return l.Endpoint
}

// ownOutside reports whether a leg is a call of its own that a trunk carries.
func (l Leg) ownOutside() bool { return l.Own != nil && len(l.Own.Ways) > 0 }

// plain reports whether a leg needs no call of its own in a ring that ends after
// so many seconds.
func (o *OwnLeg) plain(seconds int) bool {
	return o.Number == "" && len(o.Groups) == 0 && o.Monitored == "" && o.OnDemand == "" && o.Seconds == seconds &&
		o.Delay == 0 && o.Record == ""
}

// tell notes what the channel of a device of e is to be told before it is called:
// chan_iax2 knows no groups, and has variables only of calls that come in.
func (o *OwnLeg) tell(e *Extension, d *Device) {
	if d.Kind != DeviceIAX2 {
		return
	}
	o.Groups = e.Groups
	if e.Monitored {
		o.Monitored = e.Number
	}
	if e.RecordOnDemand && !e.Record {
		o.OnDemand = e.Number
	}
}

// Channel is what Dial rings for the leg. /n keeps the two halves of a Local
// channel in place, or the call would lose its way back.
func (l Leg) Channel() string {
	if l.Own != nil {
		return "Local/" + l.Endpoint + "@" + LegContext + "/n"
	}
	if l.Inside != "" {
		return InsideChannel(l.Inside, l.Endpoint)
	}
	if l.Outside != "" {
		channel := "PJSIP/" + cmp.Or(l.Sent, l.Outside) + "@" + l.Endpoint
		if l.Server != "" {
			channel += "/" + l.Server
		}
		return channel
	}
	return l.Technology.Device(l.Endpoint)
}

// Ring is what rings at one time: one dial.
type Ring struct {
	Legs []Leg
	// Seconds is when the dial ends even if a leg has not, at least 1. Legs with
	// confirmation have ConfirmSeconds beyond their ring time.
	Seconds int
}

// Rings returns what an extension rings, one ring after the other, and of each the
// legs by name of device; the first maxLegs of them when there are more. A device
// that cannot ring, as an external one for whose number there is no trunk, is
// left out. Nothing rings twice at once.
func (s *Snapshot) Rings(e *Extension) []Ring {
	devices := s.RungBy(e)
	if e.Ring == RingSequence {
		devices = slices.Clone(devices)
		slices.SortStableFunc(devices, func(a, b *Device) int { return cmp.Compare(a.RingOrder, b.RingOrder) })
	}
	var out []Ring
	order, left := 0, maxLegs
	for _, d := range devices {
		leg, ok := s.legOf(e, d)
		if !ok || left == 0 {
			continue
		}
		if len(out) == 0 || e.Ring == RingSequence && d.RingOrder != order {
			out, order = append(out, Ring{}), d.RingOrder
		}
		if last := &out[len(out)-1]; !last.has(leg) {
			last.Legs = append(last.Legs, leg)
			left--
		}
	}
	if twin, ok := s.twinOf(e); ok && left > 0 {
		if len(out) == 0 {
			out = []Ring{{}}
		}
		if first := &out[0]; !first.has(twin) {
			first.Legs = append(first.Legs, twin)
		}
	}
	out = s.withTimes(e, out)
	for i := range out {
		out[i].settle()
	}
	return out
}

// has reports whether a ring rings the endpoint or the number of a leg already.
func (r *Ring) has(l Leg) bool {
	return slices.ContainsFunc(r.Legs, func(o Leg) bool {
		return o.Endpoint == l.Endpoint || l.rings() != "" && o.rings() == l.rings() || l.Own.Number != "" &&
			o.Own.Number == l.Own.Number
	})
}

// settle finds how long the dial takes. A leg of a device that rings to the
// dial's end needs no call of its own, unless it is in groups.
func (r *Ring) settle() {
	confirm := false
	for _, l := range r.Legs {
		r.Seconds = max(r.Seconds, l.Own.Delay+l.Own.Seconds)
		confirm = confirm || l.Own.Confirm
	}
	for i, l := range r.Legs {
		if l.Own.plain(r.Seconds) && !confirm {
			r.Legs[i] = Leg{Endpoint: l.rings(), Technology: l.Technology, Device: l.Device}
		}
	}
	if confirm {
		r.Seconds += ConfirmSeconds
	}
}

// legOf returns the leg of a device, with Own set, and in it how long that device rings; 0
// is as long as the extension.
func (s *Snapshot) legOf(e *Extension, d *Device) (Leg, bool) {
	own := &OwnLeg{}
	if d.Extension != e.Number { // the leg of that name is its owner's
		return Leg{Endpoint: d.Endpoint, Device: d.Name, Own: own}, dialable(d.Endpoint) && d.Kind.SIP()
	}
	own.Seconds = d.RingSeconds
	if !dialable(d.Endpoint) {
		return Leg{}, false
	}
	if d.Kind == DeviceExternal && !s.leadOut(DoorDevice, own, e, d.ExternalNumber, d.Confirm) {
		return Leg{}, false
	}
	own.tell(e, d)
	return Leg{Endpoint: d.Endpoint, Technology: d.Technology(), Device: d.Name, Own: own}, true
}

// twinOf returns the leg of an extension's twin number, which always asks for
// confirmation. No device's leg has a name like its, with dots.
func (s *Snapshot) twinOf(e *Extension) (Leg, bool) {
	own := &OwnLeg{}
	if e.TwinNumber == "" || !e.Type.HasDevices() || !s.leadOut(DoorTwin, own, e, e.TwinNumber, true) {
		return Leg{}, false
	}
	return Leg{Endpoint: "twin." + e.Tenant + "." + e.Number, Device: e.TwinNumber, Own: own}, true
}

// leadOut makes a leg of an extension lead to an external number, if there is a
// trunk for it and the rights of the extension let the number be called.
func (s *Snapshot) leadOut(door Door, own *OwnLeg, e *Extension, number string, confirm bool) bool {
	n := s.ExternalNumber(e.Tenant, number)
	if n == nil {
		return false
	}
	a := s.RightsOf(e).Ask(door, number, n)
	switch {
	case a.Refused != "":
		return false
	case a.Inside != nil:
		return own.leadInside(e, a.Inside, confirm)
	}
	if !externalPattern.MatchString(number) {
		return false
	}
	ways, _ := s.outlets(e.Tenant, n.Type, a.Reading, time.Time{})
	for _, o := range ways {
		if dialable(o.trunk.Endpoint) {
			own.Ways = append(own.Ways, Way{o.trunk.Endpoint, o.sends(number), o.shows(e)})
		}
	}
	if len(own.Ways) == 0 {
		return false
	}
	own.Number, own.Confirm, own.Owner = number, confirm, e.Number
	return true
}

// leadInside makes a leg call a number of this system, which stays in the house. A number
// that leads back to the extension itself rings nobody.
func (o *OwnLeg) leadInside(e *Extension, n *Number, confirm bool) bool {
	if n.Destination.IsZero() || n.Tenant == e.Tenant && n.Destination == (Destination{ToExtension, e.Number}) {
		return false
	}
	o.Number, o.Inside, o.Confirm = n.Number, n.Tenant, confirm
	return true
}
