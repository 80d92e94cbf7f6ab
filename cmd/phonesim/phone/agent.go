package phone

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

const (
	// finalWait bounds the wait for a final answer after sipgo's own 64*T1 (RFC 3261 timers B and F: 32 s).
	finalWait = 40 * time.Second
	// maxChallenges: a stale nonce may be answered by a fresh one, a third 401 means a wrong password.
	maxChallenges = 2
)

// agent is the SIP side of a phone: one UDP socket, sipgo's transactions on top of it. Over TCP and TLS it connects to
// its server, and calls come by that connection.
type agent struct {
	network string // of our requests: UDP, TCP or TLS
	ua      *sipgo.UserAgent
	client  *sipgo.Client
	conn    *net.UDPConn
	host    string
	port    int
	served  chan struct{} // closed when the reader of the socket has returned

	mu    sync.Mutex
	deaf  bool                // the cable was pulled or stop has begun: nothing more is read
	peers map[string]struct{} // every address something came from
	rang  map[string]bool     // Call-ID of calls that ring at the other side, as the socket has told
}

// Listen opens the SIP socket, if it is not open yet, and returns its host:port. Register and Call do it themselves;
// a phone that is only called directly needs it.
func (p *Phone) Listen() (string, error) {
	a, err := p.sip(Account{})
	if err != nil {
		return "", err
	}
	return net.JoinHostPort(a.host, strconv.Itoa(a.port)), nil
}

// sip gives the running agent, starting it at first use for the transport of an account.
func (p *Phone) sip(account Account) (*agent, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closing {
		return nil, errClosed
	}
	network := networkOf(account)
	if p.agent != nil && account.Transport != "" && p.agent.network != network {
		return nil, fmt.Errorf("the phone talks %s already and not %s", p.agent.network, network)
	}
	if p.agent != nil {
		return p.agent, nil
	}
	a, err := p.startAgent(network, account.Trusts)
	if err != nil {
		return nil, fmt.Errorf("starting SIP on %s: %w", p.opts.LocalIP, err)
	}
	p.agent = a
	return a, nil
}

// SendWhole lets UDP carry messages that are larger than an Ethernet frame, in fragments, as phones do: an offer of SRTP
// in two streams is, with the keys of each. The limit is one of the SIP library's for the whole program, so this is for a
// program's start, before its first phone.
func SendWhole() { sip.UDPMTUSize = 4096 }

// networkOf is the transport of an account's requests.
func networkOf(account Account) string {
	switch account.Transport {
	case "tcp", "tls":
		return strings.ToUpper(account.Transport)
	}
	return "UDP"
}

// trusting is what a phone checks its server by: one authority, and the name or address it was told.
func trusting(root string) (*tls.Config, error) {
	c := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	if root != "" && !c.RootCAs.AppendCertsFromPEM([]byte(root)) {
		return nil, errors.New("the root to trust is no certificate in PEM form")
	}
	return c, nil
}

func (p *Phone) startAgent(network, root string) (*agent, error) {
	secure, err := trusting(root)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(p.opts.LocalIP), Port: p.opts.SIPPort})
	if err != nil {
		return nil, err
	}
	if err := conn.SetReadBuffer(1 << 20); err != nil { // bursts of NOTIFY while the machine is busy
		p.log.Debug("widening the SIP socket", "err", err)
	}
	a := &agent{network: network, conn: conn, host: p.opts.LocalIP, port: conn.LocalAddr().(*net.UDPAddr).Port,
		served: make(chan struct{}), peers: map[string]struct{}{}, rang: map[string]bool{}}
	a.ua, err = sipgo.NewUA(sipgo.WithUserAgent(p.model.sipAgent()), sipgo.WithUserAgenTLSConfig(secure),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(p.log),
			sip.WithTransportLayerReadFilter(a.filter)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(p.log),
			sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) {})))
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	a.client, err = sipgo.NewClient(a.ua, sipgo.WithClientHostname(a.host), sipgo.WithClientPort(a.port),
		sipgo.WithClientNAT(), sipgo.WithClientLogger(p.log))
	if err != nil {
		return nil, errors.Join(err, conn.Close(), a.ua.Close())
	}
	server, err := sipgo.NewServer(a.ua, sipgo.WithServerLogger(p.log))
	if err != nil {
		return nil, errors.Join(err, conn.Close(), a.ua.Close())
	}
	p.handle(server)
	go func() {
		defer close(a.served)
		if err := server.ServeUDP(conn); err != nil {
			p.log.Debug("SIP socket", "err", err)
		}
	}()
	return a, a.ready()
}

// ready waits until sipgo's pool knows the socket: a request sent earlier would open a second one.
func (a *agent) ready() error {
	addr := net.JoinHostPort(a.host, strconv.Itoa(a.port))
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 10_000 {
		if c, err := a.ua.TransportLayer().GetConnection("udp", addr); err == nil {
			_, err := c.TryClose()
			return err
		}
		<-tick.C
	}
	a.stop()
	return errors.New("SIP transport did not come up in 10 s")
}

// unplug makes the filter drop everything.
func (a *agent) unplug() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.deaf = true
}

// filter notes our peers, and drops everything once the agent is deaf.
func (a *agent) filter(props sip.TransportReadProps, data []byte) ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.deaf {
		return nil, nil
	}
	a.peers[props.RemoteAddr.String()] = struct{}{}
	if bytes.HasPrefix(data, []byte("SIP/2.0 180 ")) {
		_, rest, _ := bytes.Cut(data, []byte("\r\nCall-ID: "))
		id, _, _ := bytes.Cut(rest, []byte("\r\n"))
		a.rang[string(id)] = true
	}
	return data, nil
}

// hasRung reports whether a call has rung at the other side, and forgets it. sipgo handles each message in a goroutine
// of its own: a 200 may overtake the 180, which is dropped then.
func (a *agent) hasRung(callID string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	defer delete(a.rang, callID)
	return a.rang[callID]
}

// stop closes the socket, so that nothing new comes in, then ends every transaction. sipgo handles each message in a
// goroutine nobody can wait for; one that is late would not find the socket in sipgo's pool and open another, which
// nobody would close. So the dead socket stays in the pool for every peer that ever wrote to us, and the pool is not
// cleared (nothing else is in it).
func (a *agent) stop() {
	a.mu.Lock()
	a.deaf = true
	peers := slices.Collect(maps.Keys(a.peers))
	a.mu.Unlock()
	dead := &sip.UDPConnection{PacketConn: a.conn, PacketAddr: a.conn.LocalAddr().String(), Listener: true}
	bury := func() {
		for _, peer := range peers {
			a.ua.TransportLayer().Pool("udp").Add(peer, dead)
		}
	}
	bury()
	_ = a.conn.Close() // it is being thrown away
	<-a.served
	bury() // the reader may have put itself back once
	for _, network := range []string{"tcp", "tls"} {
		_ = a.ua.TransportLayer().Pool(network).Clear() // thrown away as well
	}
	a.ua.TransactionLayer().Close()
}

// prepare fills in what every request of ours needs; sipgo calls it in place of its own defaults.
func (a *agent) prepare(c *sipgo.Client, req *sip.Request) error {
	req.SetTransport(a.network)
	if a.network == "UDP" {
		req.Laddr = sip.Addr{IP: net.ParseIP(a.host), Port: a.port}
	}
	if req.Via() == nil {
		if err := sipgo.ClientRequestAddVia(c, req); err != nil {
			return err
		}
	}
	if req.Body() == nil {
		req.SetBody(nil)
	}
	return nil
}

// send starts a client transaction. The request must not be touched afterwards: sipgo repeats it from its timers.
func (a *agent) send(ctx context.Context, req *sip.Request) (sip.ClientTransaction, error) {
	tx, err := a.client.TransactionRequest(ctx, req, a.prepare)
	if err != nil {
		return nil, fmt.Errorf("sending %s: %w", req.Method, err)
	}
	return tx, nil
}

// do sends a request other than INVITE and waits for its final answer.
func (a *agent) do(ctx context.Context, req *sip.Request) (*sip.Response, error) {
	method := req.Method
	tx, err := a.send(ctx, req)
	if err != nil {
		return nil, err
	}
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return res, nil
			}
		case <-tx.Done():
			return nil, fmt.Errorf("waiting for an answer to %s: %w", method, gone(tx))
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for an answer to %s: %w", method, ctx.Err())
		}
	}
}

// gone is why a transaction ended without an answer; sipgo leaves the error empty for a moment.
func gone(tx sip.ClientTransaction) error {
	if err := tx.Err(); err != nil {
		return err
	}
	return sip.ErrTransactionTerminated
}

// doAuth is do with an answer to 401 and 407. build makes the request anew for each try, with a new CSeq.
func (a *agent) doAuth(ctx context.Context, account Account, build func() *sip.Request) (*sip.Response, error) {
	var auth sip.Header
	for try := 0; ; try++ {
		req := build()
		if auth != nil {
			req.AppendHeader(auth)
		}
		res, err := a.do(ctx, req)
		if err != nil || !challenged(res) || account.Password == "" || try == maxChallenges {
			return res, err
		}
		if auth, err = answerChallenge(res, req.Method, req.Recipient.String(), account); err != nil {
			return nil, err
		}
	}
}

func challenged(res *sip.Response) bool {
	return res.StatusCode == sip.StatusUnauthorized || res.StatusCode == sip.StatusProxyAuthRequired
}

// answerChallenge makes the Authorization or Proxy-Authorization header for the first challenge we can answer (RFC 3261
// section 22, RFC 8760).
func answerChallenge(res *sip.Response, method sip.RequestMethod, uri string, account Account) (sip.Header, error) {
	ask, reply := "WWW-Authenticate", "Authorization"
	if res.StatusCode == sip.StatusProxyAuthRequired {
		ask, reply = "Proxy-Authenticate", "Proxy-Authorization"
	}
	for _, h := range res.GetHeaders(ask) {
		chal, err := digest.ParseChallenge(h.Value())
		if err != nil {
			continue
		}
		chal.Algorithm = strings.ToUpper(chal.Algorithm)
		if !digest.CanDigest(chal) {
			continue
		}
		cred, err := digest.Digest(chal, digest.Options{Method: method.String(), URI: uri, Username: account.authName(),
			Password: account.Password, Count: 1})
		if err != nil {
			return nil, fmt.Errorf("answering %s: %w", ask, err)
		}
		return sip.NewHeader(reply, cred.String()), nil
	}
	return nil, fmt.Errorf("%d came without a challenge we can answer", res.StatusCode)
}

// StatusError is a final refusal.
type StatusError struct {
	Code   int
	Reason string
	Cause  error // what made us give up, if it was us: the context's error after a CANCEL
}

// Error reads like "486 Busy Here".
func (e *StatusError) Error() string { return fmt.Sprintf("%d %s", e.Code, e.Reason) }

// Unwrap gives the cause.
func (e *StatusError) Unwrap() error { return e.Cause }

func refusal(res *sip.Response) error { return &StatusError{Code: res.StatusCode, Reason: res.Reason} }
