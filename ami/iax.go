package ami

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// PeerState is the word of an event PeerStatus, and of IAX2's list of peers in the same words.
type PeerState string

// The states of a peer. chan_pjsip sends Reachable and Unreachable only.
const (
	PeerRegistered   PeerState = "Registered"
	PeerUnregistered PeerState = "Unregistered" // signed off or expired
	PeerReachable    PeerState = "Reachable"
	PeerLagged       PeerState = "Lagged" // answers, but late
	PeerUnreachable  PeerState = "Unreachable"
	PeerUnknown      PeerState = "Unknown"     // not registered, or not asked yet
	PeerUnmonitored  PeerState = "Unmonitored" // never asked
)

// IAXPeer is one peer of chan_iax2.
type IAXPeer struct {
	Name      string
	Address   netip.AddrPort // invalid while it is not registered
	Status    PeerState
	RoundTrip time.Duration // 0 when it is not known
}

// IAXPeers lists the peers of chan_iax2, those of other people's files included. An Asterisk without the module answers
// ErrNotFound. Class system or reporting.
func (s *Session) IAXPeers(ctx context.Context) ([]IAXPeer, error) {
	frames, err := s.list(ctx, listSpec{action: "IAXpeerlist", item: "PeerEntry", complete: "PeerlistComplete"})
	if err != nil {
		return nil, err
	}
	peers := make([]IAXPeer, len(frames))
	for i, f := range frames {
		peers[i] = newIAXPeer(f)
	}
	return peers, nil
}

// newIAXPeer reads a PeerEntry. Its status is prose: "OK (3 ms)", "LAGGED (2100 ms)", "UNREACHABLE".
func newIAXPeer(f Frame) IAXPeer {
	word, rest, _ := strings.Cut(f.Get("Status"), " ")
	states := map[string]PeerState{"OK": PeerReachable, "LAGGED": PeerLagged, "UNREACHABLE": PeerUnreachable,
		"Unmonitored": PeerUnmonitored}
	p := IAXPeer{Name: f.Get("ObjectName"), Status: states[word],
		RoundTrip: milliseconds(strings.TrimSuffix(strings.TrimPrefix(rest, "("), " ms)"))}
	if p.Status == "" {
		p.Status = PeerUnknown
	}
	p.Address, _ = hostPort(f.Get("IPaddress"), f.Get("Port"))
	return p
}

// AddrPort is the address that an event tells; false where it tells none.
func (p PeerStatus) AddrPort() (netip.AddrPort, bool) { return hostPort(p.Address, p.Port) }

// hostPort joins an address and a port. chan_iax2 writes the port behind the address as well, in events.
func hostPort(address, port string) (netip.AddrPort, bool) {
	if a, err := netip.ParseAddrPort(address); err == nil {
		return a, a.Port() != 0
	}
	a, err := netip.ParseAddr(address)
	n, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil || n == 0 || a.IsUnspecified() {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(a, uint16(n)), true
}

// milliseconds reads a whole number of them; 0 when it is none.
func milliseconds(s string) time.Duration {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}
