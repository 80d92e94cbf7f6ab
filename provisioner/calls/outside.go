package calls

import (
	"cmp"
	"slices"
	"time"
)

// OutsideLeg is a leg at a trunk that has ended and did not place its call.
type OutsideLeg struct {
	Tenant    string
	Extension string   // whose leg it was, or that called; "" where it is not known
	Channel   string   // its Uniqueid
	Channels  []string // Uniqueids of the call's channels, those that have ended too
	Number    string   // that was called, where Called
	Called    bool     // Asterisk was seen to call it
	Up, At    time.Time
}

// leftOutside tells of a leg at a trunk that ends. The lock is held.
func (t *Tracker) leftOutside(ch *channel, at time.Time) {
	if ch.leg == nil || ch.leg.Caller || t.o.Snapshot().TrunkOf(ch.endpoint) == nil {
		return
	}
	e := OutsideLeg{Tenant: ch.call.Tenant, Extension: cmp.Or(ch.leg.Extension, ch.call.From.Extension), Channel: ch.id,
		Number: ch.leg.Number, Called: ch.called, Up: ch.upAt, At: at}
	for id := range ch.call.channels {
		e.Channels = append(e.Channels, id)
	}
	for _, l := range ch.call.legs {
		if !slices.Contains(e.Channels, l.ID) {
			e.Channels = append(e.Channels, l.ID)
		}
	}
	t.o.OutsideEnded(e)
}

// Outside returns the Uniqueids of all channels, and the numbers that are called by trunks
// now. It is false where some may be unknown.
func (t *Tracker) Outside() (channels, numbers map[string]bool, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.o.Snapshot()
	channels, numbers = make(map[string]bool, len(t.channels)), map[string]bool{}
	for id, ch := range t.channels {
		channels[id] = true
		if ch.leg != nil && !ch.leg.Caller && s.TrunkOf(ch.endpoint) != nil {
			numbers[ch.leg.Number] = true
		}
	}
	return channels, numbers, t.listed
}
