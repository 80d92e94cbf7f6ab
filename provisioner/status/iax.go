package status

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A device that registers over IAX2 has one contact, which Asterisk calls a peer.
// peerKey is its place among the contacts of an endpoint, and peerScheme begins its
// URI, which is no SIP URI.
const (
	peerKey    = "iax2"
	peerScheme = "iax2:"
)

// where is the address of a contact or peer.
func (c contact) where() (netip.AddrPort, bool) {
	if address, ok := strings.CutPrefix(c.URI, peerScheme); ok {
		a, err := netip.ParseAddrPort(address)
		return a, err == nil
	}
	return c.ContactStatus.Address()
}

// isPeer reports whether the endpoint is one of IAX2.
func (o *observed) isPeer() bool { return o.contacts[peerKey].URI != "" }

// peerOf makes the contact of a peer.
func peerOf(reach pbx.Reachability, address netip.AddrPort, roundTrip time.Duration) contact {
	return contact{reach, ami.ContactStatus{URI: peerScheme + addressText(address), RoundTrip: roundTrip}}
}

// peerChanged follows one IAX2 device through its life. Registered tells an address
// without a port, and no event tells of the first answer after it (seen on 22), so
// the list is asked for both. A device that answers late still answers.
func (w *Watcher) peerChanged(v ami.PeerStatus, at time.Time) {
	if v.Technology != string(pbx.IAX2) {
		return
	}
	name := pbx.EndpointOfDevice(v.Peer)
	w.update(name, at, func(o *observed) {
		was, known := o.Reach, o.contacts[peerKey]
		address, _ := known.where()
		switch v.Status {
		case ami.PeerRegistered:
			if now, ok := v.AddrPort(); ok {
				address = now
			}
			reach := known.reach
			if !w.monitored(name) {
				reach = pbx.ReachUnmonitored
			}
			o.keep(peerKey, peerOf(reach, address, known.RoundTrip))
			w.wantDetails(name)
		case ami.PeerReachable, ami.PeerLagged:
			o.keep(peerKey, peerOf(pbx.ReachOK, address, v.RoundTrip))
		case ami.PeerUnreachable:
			o.keep(peerKey, peerOf(pbx.ReachUnreachable, address, 0))
		case ami.PeerUnregistered:
			delete(o.contacts, peerKey)
		default:
			return
		}
		o.settle(was)
	})
}

// listPeers lists IAX2's peers; an Asterisk without chan_iax2 has none.
func listPeers(ctx context.Context, s *ami.Session) ([]ami.IAXPeer, error) {
	peers, err := s.IAXPeers(ctx)
	if errors.Is(err, ami.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing IAX2 peers: %w", err)
	}
	return peers, nil
}

// peerPause is how long after a registration IAX2's peers are listed. Asterisk's first
// question to a peer and its answer come in between.
const peerPause = 500 * time.Millisecond

// peerTimer lists peers soon, once for many registrations.
type peerTimer struct {
	*time.Timer
	running bool
}

func (p *peerTimer) soon() {
	if !p.running {
		p.running = true
		p.Reset(peerPause)
	}
}

// isPeer reports whether an endpoint is an IAX2 device's.
func (w *Watcher) isPeer(endpoint string) bool {
	d := w.o.Device(endpoint)
	return d != nil && d.Technology() == pbx.IAX2
}

// askPeers takes over Asterisk's list of IAX2 peers. It reports whether one of them has
// still to answer for the first time. After a failed list the next sweep corrects the
// state.
func (w *Watcher) askPeers(ctx context.Context, s *ami.Session) (again bool) {
	began := time.Now()
	peers, err := listPeers(ctx, s)
	if err != nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	listed := map[string]map[string]contact{}
	w.addPeers(listed, peers)
	for name, contacts := range listed {
		if !w.isPeer(name) {
			continue
		}
		if o := w.observed[name]; o == nil || !o.SeenAt.After(began) {
			w.update(name, time.Now(), func(o *observed) {
				was := o.Reach
				o.contacts = contacts
				o.settle(was)
			})
		}
		again = again || w.monitored(name) && w.observed[name].Reach == pbx.NeverRegistered
	}
	return again
}

// addPeers adds the registered peers to the contacts of all endpoints.
func (w *Watcher) addPeers(listed map[string]map[string]contact, peers []ami.IAXPeer) {
	for _, p := range peers {
		if !p.Address.IsValid() {
			continue // not registered
		}
		reach := pbx.NeverRegistered // registered, not asked yet
		switch {
		case p.Status == ami.PeerReachable || p.Status == ami.PeerLagged:
			reach = pbx.ReachOK
		case p.Status == ami.PeerUnreachable:
			reach = pbx.ReachUnreachable
		case !w.monitored(p.Name):
			reach = pbx.ReachUnmonitored
		}
		listed[p.Name] = map[string]contact{peerKey: peerOf(reach, p.Address, p.RoundTrip)}
	}
}

// callStateOf is callState of a device. chan_iax2 does not report the state of a device
// without calls.
func callStateOf(d ami.DeviceStateChange) pbx.CallState {
	if d.State == ami.DeviceUnknown && strings.HasPrefix(d.Device, string(pbx.IAX2)+"/") {
		return pbx.CallIdle
	}
	return callState(d.State)
}
