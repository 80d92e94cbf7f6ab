package phonehttp

import (
	"net"
	"net/netip"
	"sync"

	"github.com/dialtone-pbx/dialtone/provisioner/limit"
)

// room says how many places there are of something that clients take for a while, and how
// they are shared. A network (limit.Network) has share of them. It may take more while
// fewer than open are taken: a large site behind one address gets what nobody else wants,
// and never the last of it.
type room struct{ total, share, open int }

// places are the places of a room. They are safe for concurrent use.
type places struct {
	room room

	mu    sync.Mutex
	taken int
	of    map[netip.Prefix]int
}

func newPlaces(r room) *places { return &places{room: r, of: map[netip.Prefix]int{}} }

// take takes a place for a network, if there is one for it.
func (p *places) take(network netip.Prefix) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken >= p.room.total || p.of[network] >= p.room.share && p.taken >= p.room.open {
		return false
	}
	p.taken++
	p.of[network]++
	return true
}

// give gives back a place of a network.
func (p *places) give(network netip.Prefix) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if p.of[network]--; p.of[network] == 0 {
		delete(p.of, network)
	}
}

// sharedListener closes connections for which there is no place.
type sharedListener struct {
	net.Listener
	places  *places
	proxies limit.Proxies
}

// Accept returns the next connection that has a place.
func (l *sharedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		address := addressOf(c.RemoteAddr().String())
		if l.proxies.Trusts(address) {
			return c, nil
		}
		network := limit.Network(address)
		if l.places.take(network) {
			return &placedConn{Conn: c, leave: sync.OnceFunc(func() { l.places.give(network) })}, nil
		}
		_ = c.Close() // nobody has written to it
	}
}

// placedConn gives its place back when it is closed.
type placedConn struct {
	net.Conn
	leave func()
}

// Close closes the connection.
func (c *placedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
