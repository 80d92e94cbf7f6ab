package phonehttp

import (
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/limit"
)

// requester is the network of the requests that tests make by httptest.
var requester = limit.NetworkOf("192.0.2.1")

// fill takes all places, each for a network of its own.
func fill(p *places) {
	for i := range p.room.total {
		p.take(limit.NetworkOf(fmt.Sprintf("198.51.%d.%d", i>>8, i&255)))
	}
}

// One network gets what nobody else wants, and never keeps all others out.
func TestOneNetworkLeavesPlacesToOthers(t *testing.T) {
	for name, r := range map[string]room{"connections": connections, "firmware": firmwares, "uploads": bodies} {
		p := newPlaces(r)
		greedy, office := limit.NetworkOf("2001:db8::1"), limit.NetworkOf("192.0.2.1")
		for range 10 * r.total {
			p.take(greedy)
		}
		if p.of[greedy] != r.open || r.open < r.total/2 || r.total-r.open < r.total/4 {
			t.Errorf("%s: one network has %d of %d places", name, p.of[greedy], r.total)
		}
		if p.take(limit.NetworkOf("2001:db8::2")) {
			t.Errorf("%s: another address of the same network gets one more", name)
		}
		for i := range r.share {
			if !p.take(office) {
				t.Fatalf("%s: the office gets %d of its %d places", name, i, r.share)
			}
		}
		if p.take(office) {
			t.Errorf("%s: the office takes more than its share of the rest", name)
		}
		for i := range r.total {
			p.take(limit.NetworkOf(fmt.Sprintf("203.0.%d.%d", i>>8, i&255)))
		}
		if p.taken != r.total {
			t.Errorf("%s: %d of %d places are taken by many", name, p.taken, r.total)
		}
		for network, n := range p.of {
			for range n {
				p.give(network)
			}
		}
		if p.taken != 0 || len(p.of) != 0 {
			t.Errorf("%s: %d places of %d networks are never given back", name, p.taken, len(p.of))
		}
	}
}

// A connection without a place is closed; one that ends makes room.
func TestConnectionsAreShared(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	proxies := limit.Proxies{netip.MustParsePrefix("127.0.0.9/32")}
	l := &sharedListener{inner, newPlaces(room{total: 4, share: 1, open: 2}), proxies}
	t.Cleanup(func() { l.Close() })
	accepted := make(chan net.Conn, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func(from string) net.Conn {
		t.Helper()
		d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 0))}
		c, err := d.DialContext(t.Context(), "tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	dial("127.0.0.2")
	first := <-accepted
	dial("127.0.0.2")
	<-accepted
	if n, err := dial("127.0.0.2").Read(make([]byte, 1)); err == nil {
		t.Errorf("a third of one address lives: %d", n)
	}
	dial("127.0.0.3")
	<-accepted
	for range 5 { // all phones behind a proxy come from its address
		dial("127.0.0.9")
		<-accepted
	}
	for range 2 {
		_ = first.Close()
	}
	if l.places.taken != 2 {
		t.Errorf("%d places are taken", l.places.taken)
	}
	if l.places.take(limit.NetworkOf("127.0.0.3")); l.places.taken != 2 {
		t.Error("127.0.0.3 takes more than its share")
	}
}
