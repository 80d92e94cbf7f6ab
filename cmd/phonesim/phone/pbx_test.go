package phone

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

const pbxPassword = "s3cret"

// pbx is a registrar and stateful proxy: it challenges REGISTER (401) and INVITE (407) and passes calls to the registered contact.
type pbx struct {
	t      *testing.T
	host   string
	port   int
	client *sipgo.Client

	mu        sync.Mutex
	contacts  map[string]sip.Uri
	expires   int
	registers []string // "user expires" of each accepted REGISTER
	seen      *sip.Request
	changed   chan struct{}
}

func startPBX(t *testing.T) *pbx {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	a := &agent{conn: conn, served: make(chan struct{}), peers: map[string]struct{}{}, rang: map[string]bool{}} // for its way of stopping
	ua, err := sipgo.NewUA(sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet), sip.WithTransportLayerReadFilter(a.filter)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(quiet), sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) {})))
	if err != nil {
		t.Fatal(err)
	}
	b := &pbx{t: t, host: "127.0.0.1", port: conn.LocalAddr().(*net.UDPAddr).Port, contacts: map[string]sip.Uri{}, expires: 600, changed: make(chan struct{})}
	b.client, err = sipgo.NewClient(ua, sipgo.WithClientHostname(b.host), sipgo.WithClientPort(b.port))
	if err != nil {
		t.Fatal(err)
	}
	server, err := sipgo.NewServer(ua)
	if err != nil {
		t.Fatal(err)
	}
	server.OnRegister(b.register)
	server.OnInvite(b.invite)
	server.OnSubscribe(b.subscribe)
	server.OnAck(func(*sip.Request, sip.ServerTransaction) {})
	a.ua = ua
	go func() { defer close(a.served); _ = server.ServeUDP(conn) }()
	t.Cleanup(a.stop)
	return b
}

func (b *pbx) account(user string) Account {
	return Account{Index: 1, UserName: user, DisplayName: "Phone " + user, AuthName: "auth" + user, Password: pbxPassword,
		Server: b.host, Port: b.port, Transport: "udp"}
}

// authorized checks the digest and challenges if it is missing or wrong.
func (b *pbx) authorized(req *sip.Request, tx sip.ServerTransaction, code int, ask, reply string) bool {
	chal := &digest.Challenge{Realm: "asterisk", Nonce: "n1", Algorithm: "MD5", QOP: []string{"auth"}}
	if h := req.GetHeader(reply); h != nil {
		if cred, err := digest.ParseCredentials(h.Value()); err == nil {
			want, err := digest.Digest(chal, digest.Options{Method: req.Method.String(), URI: cred.URI, Username: "auth" + req.From().Address.User,
				Password: pbxPassword, Count: cred.Nc, Cnonce: cred.Cnonce})
			if err == nil && want.Response == cred.Response && cred.URI == req.Recipient.String() {
				return true
			}
		}
	}
	res := sip.NewResponseFromRequest(req, code, "Who Are You", nil)
	res.AppendHeader(sip.NewHeader(ask, `Digest realm="x",nonce="y",algorithm=NOSUCH`))
	res.AppendHeader(sip.NewHeader(ask, strings.Replace(chal.String(), "MD5", "md5", 1)))
	_ = tx.Respond(res)
	return false
}

func (b *pbx) register(req *sip.Request, tx sip.ServerTransaction) {
	if !b.authorized(req, tx, 401, "WWW-Authenticate", "Authorization") {
		return
	}
	expires := req.GetHeader("Expires").Value()
	user := req.To().Address.User
	b.mu.Lock()
	if expires == "0" {
		delete(b.contacts, user)
	} else {
		b.contacts[user] = *req.Contact().Address.Clone()
	}
	b.registers = append(b.registers, user+" "+expires)
	granted := b.expires
	close(b.changed)
	b.changed = make(chan struct{})
	b.mu.Unlock()
	res := sip.NewResponseFromRequest(req, 200, "OK", nil)
	c := req.Contact().Clone()
	c.Params.Add("expires", strconv.Itoa(granted))
	res.AppendHeader(c)
	_ = tx.Respond(res)
}

// waitRegisters waits until n REGISTERs were accepted.
func (b *pbx) waitRegisters(ctx context.Context, n int) error {
	for {
		b.mu.Lock()
		got, changed := len(b.registers), b.changed
		b.mu.Unlock()
		if got >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d REGISTERs of %d: %w", got, n, ctx.Err())
		}
	}
}

func (b *pbx) contact(user string) (sip.Uri, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, ok := b.contacts[user]
	return c, ok
}

// invite passes the call on and its answers back. There is no Record-Route: ACK and BYE go from phone to phone.
func (b *pbx) invite(in *sip.Request, tx sip.ServerTransaction) {
	if !b.authorized(in, tx, 407, "Proxy-Authenticate", "Proxy-Authorization") {
		return
	}
	to, ok := b.contact(in.Recipient.User)
	if !ok {
		_ = tx.Respond(sip.NewResponseFromRequest(in, 404, "Not Found", nil))
		return
	}
	out := in.Clone()
	out.RemoveHeader("Proxy-Authorization")
	out.Recipient = to
	out.SetDestination(fmt.Sprintf("%s:%d", to.Host, to.Port))
	out.AppendHeader(sip.NewHeader("P-Asserted-Identity", `"Boss" <sip:`+in.From().Address.User+`@pbx>`))
	cancelled := make(chan struct{})
	if !tx.OnCancel(func(*sip.Request) { close(cancelled) }) {
		return
	}
	leg, err := b.client.TransactionRequest(context.Background(), out, func(c *sipgo.Client, req *sip.Request) error {
		req.Laddr = sip.Addr{IP: net.ParseIP(b.host), Port: b.port}
		return sipgo.ClientRequestAddVia(c, req)
	})
	if err != nil {
		_ = tx.Respond(sip.NewResponseFromRequest(in, 503, "No Route", nil))
		return
	}
	leg.OnRetransmission(func(res *sip.Response) { b.back(tx, in, res) })
	for {
		select {
		case res := <-leg.Responses():
			if res.StatusCode == 100 {
				continue
			}
			b.back(tx, in, res)
			if !res.IsProvisional() {
				return
			}
		case <-cancelled:
			cancelled = nil
			go b.cancel(out)
		case <-leg.Done():
			return
		}
	}
}

func (b *pbx) back(tx sip.ServerTransaction, in *sip.Request, res *sip.Response) {
	res = res.Clone()
	res.RemoveHeader("Via")
	res.SetDestination(in.Source())
	_ = tx.Respond(res)
}

func (b *pbx) cancel(invite *sip.Request) {
	req := sip.NewRequest(sip.CANCEL, *invite.Recipient.Clone())
	req.AppendHeader(sip.HeaderClone(invite.Via()))
	for _, name := range []string{"From", "To", "Call-ID", "Max-Forwards"} {
		sip.CopyHeaders(name, invite, req)
	}
	req.AppendHeader(&sip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	req.AppendHeader(sip.NewHeader("Reason", `SIP;cause=200;text="Call completed elsewhere"`))
	req.SetDestination(invite.Destination())
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	_, _ = b.send(ctx, req)
}

func (b *pbx) send(ctx context.Context, req *sip.Request) (*sip.Response, error) {
	return b.client.Do(ctx, req, func(c *sipgo.Client, req *sip.Request) error {
		req.Laddr = sip.Addr{IP: net.ParseIP(b.host), Port: b.port}
		if req.Via() == nil {
			if err := sipgo.ClientRequestAddVia(c, req); err != nil {
				return err
			}
		}
		if req.Body() == nil {
			req.SetBody(nil)
		}
		return nil
	})
}

func (b *pbx) subscribe(req *sip.Request, tx sip.ServerTransaction) {
	if !b.authorized(req, tx, 401, "WWW-Authenticate", "Authorization") {
		return
	}
	res := sip.NewResponseFromRequest(req, 200, "OK", nil)
	res.AppendHeader(sip.NewHeader("Expires", "600"))
	res.AppendHeader(&sip.ContactHeader{Address: sip.Uri{Scheme: "sip", Host: b.host, Port: b.port}})
	b.mu.Lock()
	kept := req.Clone()
	tag, _ := res.To().Params.Get("tag")
	if !kept.To().Params.Has("tag") {
		kept.To().Params.Add("tag", tag)
	}
	b.seen = kept
	b.mu.Unlock()
	_ = tx.Respond(res)
}

// notify sends a NOTIFY to a phone, inside the subscription if there is one to name.
func (b *pbx) notify(ctx context.Context, to sip.Uri, sub *sip.Request, seq uint32, event, contentType, body string) (*sip.Response, error) {
	req := sip.NewRequest(sip.NOTIFY, to)
	from := sip.FromHeader{Address: sip.Uri{Scheme: "sip", User: "pbx", Host: b.host}}
	from.Params.Add("tag", "pbx")
	toHeader := sip.ToHeader{Address: to}
	id := sip.CallIDHeader(fmt.Sprintf("%s-%d", sip.GenerateTagN(8), seq))
	if sub != nil {
		from, toHeader, id = sub.To().AsFrom(), sub.From().AsTo(), *sub.CallID()
	}
	hops := sip.MaxForwardsHeader(70)
	for _, h := range []sip.Header{&from, &toHeader, &id, &sip.CSeqHeader{SeqNo: seq, MethodName: sip.NOTIFY}, &hops,
		sip.NewHeader("Event", event), sip.NewHeader("Subscription-State", "active"), sip.NewHeader("Content-Type", contentType)} {
		req.AppendHeader(h)
	}
	req.SetBody([]byte(body))
	req.SetDestination(fmt.Sprintf("%s:%d", to.Host, to.Port))
	return b.send(ctx, req)
}
