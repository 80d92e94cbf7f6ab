package phonehttp

import (
	"context"
	"net"
	"time"

	"golang.org/x/net/netutil"

	"github.com/dialtone-pbx/dialtone/provisioner/limit"
)

// MaxConnections is how many phones may be connected at once. More wait in the kernel's
// queue. A file takes milliseconds, an idle connection ends by itself.
const MaxConnections = 8192

// The limits of both servers, for a network of strangers.
const (
	headWithin   = 5 * time.Second  // how long the head of a request may take
	bodyWithin   = 10 * time.Second // how long the body of an upload may take, with its head
	answerWithin = 30 * time.Second // how long a phone may take to read an answer
	idleWithin   = 30 * time.Second // how long a connection may wait for its next request
	headBytes    = 8 << 10          // the longest head of a request
)

// connections shares them: a site of 5,000 phones that boot at once gets in, and one address
// cannot keep the others out.
var connections = room{total: MaxConnections, share: MaxConnections / 16, open: MaxConnections * 3 / 4}

// Listen opens the address for phones. A connection that says nothing ends by the
// server's own limits within half a minute, so the kernel need not probe it: to tell it
// to takes four system calls, and each phone of a boot storm opens a connection.
//
// Connections of proxies are not shared: all phones behind one come from its address.
func Listen(addr string, proxies limit.Proxies) (net.Listener, error) {
	l, err := (&net.ListenConfig{KeepAlive: -1}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &sharedListener{netutil.LimitListener(l, MaxConnections), newPlaces(connections), proxies}, nil
}
