package phone

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"
)

// connect makes an answered call between two phones through the pbx.
func connect(t *testing.T, b *pbx, callee Options) (*Call, *Call) {
	t.Helper()
	return connectAs(t, b, Options{}, callee)
}

// connectAs is connect with a caller of its own.
func connectAs(t *testing.T, b *pbx, caller, callee Options) (*Call, *Call) {
	t.Helper()
	one, two := registered(t, b, "101", caller), registered(t, b, "102", callee)
	ctx := patience(t)
	out, err := one.Dial(ctx, "102")
	if err != nil {
		t.Fatal(err)
	}
	in := next(t, two.Incoming())
	if err := in.Ring(); err != nil {
		t.Fatal(err)
	}
	next(t, out.Ringing())
	if err := in.Answer(ctx); err != nil {
		t.Fatal(err)
	}
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	return out, in
}

func TestCallWithAudioBothWays(t *testing.T) {
	out, in := connect(t, startPBX(t), Options{})
	ctx := patience(t)
	if in.CallerName() != "Phone 101" || in.CallerNumber() != "101" || in.Header("p-asserted-identity") != `"Boss" <sip:101@pbx>` {
		t.Errorf("caller %q %q, identity %q", in.CallerName(), in.CallerNumber(), in.Header("P-Asserted-Identity"))
	}
	if err := in.Silent(ctx, 500*time.Millisecond); err != nil {
		t.Error(err)
	}
	out.Tone(1000)
	in.Tone(440)
	if err := in.Hear(ctx, 1000, time.Second); err != nil {
		t.Error(err)
	}
	if err := out.Hear(ctx, 440, time.Second); err != nil {
		t.Error(err)
	}
	short, cancel := context.WithTimeout(ctx, 700*time.Millisecond)
	defer cancel()
	var heard *HearError
	if err := out.Hear(short, 1000, 300*time.Millisecond); !errors.As(err, &heard) || heard.Dominant != 440 || heard.Packets == 0 {
		t.Errorf("wrong tone: %v", err)
	}
	if err := in.Silent(short, time.Second); err == nil {
		t.Error("a tone was taken for silence")
	}
	if err := out.SendDTMF("1123#"); err != nil {
		t.Error(err)
	}
	if err := in.Hear(ctx, 1000, 300*time.Millisecond); err != nil { // the tone goes on after the digits
		t.Error(err)
	}
	if got := in.DTMF(); got != "1123#" {
		t.Errorf("digits %q", got)
	}
	if err := out.Hangup(ctx); err != nil {
		t.Error(err)
	}
	next(t, in.Done())
	if !in.RemoteHungUp() || out.RemoteHungUp() || in.Err() != nil || out.Err() != nil {
		t.Errorf("ended: %v %v", in.Err(), out.Err())
	}
	if s := in.Stats(); s.Lost != 0 || s.Received < 100 || s.Sent < 100 || s.LastReceived.IsZero() || s.Codec != "PCMU" {
		t.Errorf("stats: %+v", s)
	}
}

func TestCalleeHangsUp(t *testing.T) {
	out, in := connect(t, startPBX(t), Options{})
	if err := in.Hangup(patience(t)); err != nil {
		t.Error(err)
	}
	next(t, out.Done())
	if !out.RemoteHungUp() {
		t.Error("caller does not know who hung up")
	}
	if err := out.Hangup(patience(t)); err != nil {
		t.Errorf("hanging up twice: %v", err)
	}
}

func TestBothHangUpAtOnce(t *testing.T) {
	out, in := connect(t, startPBX(t), Options{})
	ctx := patience(t)
	errs := make(chan error, 2)
	for _, c := range []*Call{out, in} {
		go func() { errs <- c.Hangup(ctx) }()
	}
	for range 2 {
		if err := next(t, errs); err != nil {
			t.Error(err)
		}
	}
}

func TestRefusals(t *testing.T) {
	b := startPBX(t)
	one := registered(t, b, "101", Options{})
	registered(t, b, "102", Options{Busy: true})
	three := registered(t, b, "103", Options{})
	ctx := patience(t)
	want := func(number string, code int) {
		t.Helper()
		_, err := one.Call(ctx, number)
		var status *StatusError
		if !errors.As(err, &status) || status.Code != code {
			t.Errorf("calling %s: got %v, want %d", number, err, code)
		}
	}
	want("102", 486)
	want("999", 404)
	go func() {
		select {
		case c := <-three.Incoming():
			_ = c.Reject(603)
		case <-ctx.Done():
		}
	}()
	want("103", 603)
	if n := len(one.Calls()); n != 0 {
		t.Errorf("%d calls left", n)
	}
	noCalls(ctx, t, three)
}

func TestCancel(t *testing.T) {
	b := startPBX(t)
	one, two := registered(t, b, "101", Options{}), registered(t, b, "102", Options{NoAnswer: true})
	ctx, cancel := context.WithCancel(patience(t))
	out, err := one.Dial(ctx, "102")
	if err != nil {
		t.Fatal(err)
	}
	in := next(t, two.Incoming())
	next(t, out.Ringing())
	cancel()
	next(t, in.Done())
	if !in.RemoteHungUp() || in.HangupReason() != `SIP;cause=200;text="Call completed elsewhere"` {
		t.Errorf("remote %v, reason %q", in.RemoteHungUp(), in.HangupReason())
	}
	if err := in.Answer(patience(t)); err == nil {
		t.Error("a cancelled call could be answered")
	}
	err = out.WaitAnswer()
	var status *StatusError
	if !errors.As(err, &status) || status.Code != 487 || !errors.Is(err, context.Canceled) {
		t.Errorf("caller got %v, want 487 because of the context", err)
	}
}

// TestAnswerAtOnce plays a server whose 180 and 200 come together: the caller has heard ringing each time.
func TestAnswerAtOnce(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go stubborn(conn, make(chan sip.RequestMethod, 1024), true)
	p := newPhone(t, Options{})
	for range 100 {
		c, err := p.DialURI(patience(t), "sip:102@"+conn.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		next(t, c.Answered())
		select {
		case <-c.Ringing():
		default:
			t.Error("answered, and it never rang")
		}
		if err := c.Hangup(patience(t)); err != nil {
			t.Error(err)
		}
	}
}

// TestAnswerCrossesCancel plays a server that answers although it got our CANCEL: the call has to be acknowledged and hung up.
func TestAnswerCrossesCancel(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	methods := make(chan sip.RequestMethod, 16)
	served := make(chan struct{})
	go func() {
		defer close(served)
		stubborn(conn, methods, false)
	}()
	ctx, cancel := context.WithCancel(patience(t))
	p := newPhone(t, Options{})
	c, err := p.DialURI(ctx, "sip:102@"+conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	next(t, c.Ringing())
	cancel()
	next(t, c.Done())
	var status *StatusError
	if err := c.WaitAnswer(); !errors.As(err, &status) || status.Code != 487 || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want 487", err)
	}
	for _, want := range []sip.RequestMethod{sip.INVITE, sip.CANCEL, sip.ACK, sip.BYE} {
		if got := next(t, methods); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	p.PowerOff()
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	<-served
}

// stubborn answers INVITE with 180, and with 200 once CANCEL has come or at once.
func stubborn(conn *net.UDPConn, methods chan<- sip.RequestMethod, atOnce bool) {
	media := []byte("v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n")
	buf := make([]byte, 4096)
	var invite *sip.Request
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		msg, err := sip.ParseMessage(buf[:n])
		req, ok := msg.(*sip.Request)
		if err != nil || !ok {
			continue
		}
		say := func(req *sip.Request, code int, body []byte) {
			res := sip.NewResponseFromRequest(req, code, "Fine", body)
			res.To().Params.Add("tag", "stubborn")
			res.AppendHeader(sip.NewHeader("Contact", "<sip:102@"+conn.LocalAddr().String()+">"))
			_, _ = conn.WriteToUDPAddrPort([]byte(res.String()), from)
		}
		methods <- req.Method
		switch req.Method {
		case sip.INVITE:
			invite = req
			say(req, 180, nil)
			if atOnce {
				say(req, 200, media)
			}
		case sip.CANCEL:
			say(req, 200, nil)
			say(invite, 200, media)
		case sip.BYE:
			say(req, 200, nil)
		}
	}
}

func TestHangupBeforeAnswer(t *testing.T) {
	b := startPBX(t)
	one, two := registered(t, b, "101", Options{}), registered(t, b, "102", Options{NoAnswer: true})
	for _, side := range []string{"caller", "callee"} {
		out, err := one.Dial(patience(t), "102")
		if err != nil {
			t.Fatal(err)
		}
		in := next(t, two.Incoming())
		next(t, out.Ringing())
		c, code := out, 487
		if side == "callee" {
			c, code = in, 486
		}
		if err := c.Hangup(patience(t)); err != nil {
			t.Error(side, err)
		}
		next(t, in.Done())
		var status *StatusError
		if err := out.WaitAnswer(); !errors.As(err, &status) || status.Code != code {
			t.Errorf("%s hung up: caller got %v, want %d", side, err, code)
		}
	}
}

func TestAutoAnswerWithoutReader(t *testing.T) {
	b := startPBX(t)
	one := registered(t, b, "101", Options{})
	registered(t, b, "102", Options{AutoAnswer: true, AutoTone: 700})
	ctx := patience(t)
	for range incomingQueue + 4 { // nobody reads Incoming
		c, err := one.Call(ctx, "102")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Hear(ctx, 700, 100*time.Millisecond); err != nil {
			t.Error(err)
		}
		if err := c.Hangup(ctx); err != nil {
			t.Error(err)
		}
	}
}

func TestDirectCall(t *testing.T) {
	one, two := newPhone(t, Options{}), newPhone(t, Options{MAC: "0004f2000001", Model: "VVX450", AutoAnswer: true, AnswerAfter: 50 * time.Millisecond})
	addr, err := two.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx := patience(t)
	if _, err := one.Call(ctx, "102"); err == nil {
		t.Error("called a number without an account")
	}
	c, err := one.CallURI(ctx, "sip:102@"+addr)
	if err != nil {
		t.Fatal(err)
	}
	if c.Header("User-Agent") != "PolycomVVX-VVX_450-UA/6.4.6.2453" || c.Status() != 200 {
		t.Errorf("answered by %q with %d", c.Header("User-Agent"), c.Status())
	}
	two.PowerOff()
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := c.Hangup(short); err == nil {
		t.Error("a dead peer acknowledged BYE")
	}
}

func TestCallToNobody(t *testing.T) {
	p := newPhone(t, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := p.CallURI(ctx, "sip:102@127.0.0.1:9")
	var status *StatusError
	if !errors.As(err, &status) || status.Code != 408 {
		t.Errorf("got %v, want 408", err)
	}
}

// reinvite sends a request inside the callee's dialog, as a server that changes the media does.
func TestReinviteHoldsAndUpdates(t *testing.T) {
	out, in := connect(t, startPBX(t), Options{})
	ctx := patience(t)
	out.Tone(1000)
	change := func(method sip.RequestMethod, direction string) *sip.Response {
		t.Helper()
		out.mu.Lock()
		req := out.dialog.request(method)
		out.mu.Unlock()
		if direction != "" {
			out.media.mu.Lock()
			out.media.version++
			d := description{host: "127.0.0.1", port: out.media.port(), id: 1, version: out.media.version, payloads: []int{payloadPCMA}, digits: 96, direction: direction,
				others: []string{"audio 1 RTP/AVP 8", "video 9 RTP/AVP 99"}}
			out.media.payload = payloadPCMA
			out.media.mu.Unlock()
			req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
			req.SetBody([]byte(d.String()))
		}
		res, err := out.agent.do(ctx, req)
		if err != nil {
			t.Fatal(err)
		}
		if method == sip.INVITE && res.IsSuccess() {
			out.mu.Lock()
			ack := out.dialog.request(sip.ACK)
			out.mu.Unlock()
			if err := out.agent.prepare(out.agent.client, ack); err != nil {
				t.Fatal(err)
			}
			out.ack.Store(ack)
			out.sendACK()
		}
		return res
	}
	if res := change(sip.INVITE, "sendonly"); res.StatusCode != 200 {
		t.Fatal(res.StatusCode)
	} else if s, err := readSDP(res.Body()); err != nil || s.direction != "recvonly" || !cmp.Equal(s.payloads, []int{payloadPCMA}) || len(s.media) != 2 || s.media[1] != "video 0 RTP/AVP 99" {
		t.Errorf("answer %q: %+v %v", res.Body(), s, err)
	}
	if !in.Stats().Held || in.Stats().Codec != "PCMA" {
		t.Errorf("not held: %+v", in.Stats())
	}
	if err := in.Hear(ctx, 1000, 300*time.Millisecond); err != nil { // music on hold still comes
		t.Error(err)
	}
	if res := change(sip.UPDATE, ""); res.StatusCode != 200 || len(res.Body()) != 0 {
		t.Errorf("session refresh: %v", res)
	}
	if res := change(sip.UPDATE, "sendrecv"); res.StatusCode != 200 || in.Stats().Held {
		t.Errorf("still held after %v", res)
	}
	if res := change(sip.INVITE, ""); res.StatusCode != 200 || len(res.Body()) == 0 {
		t.Errorf("INVITE without offer got no offer: %v", res)
	}
	in.Tone(440)
	if err := out.Hear(ctx, 440, 300*time.Millisecond); err != nil {
		t.Error(err)
	}
	if err := in.Hangup(ctx); err != nil {
		t.Error(err)
	}
}

func TestManyCallsAtOnce(t *testing.T) {
	b := startPBX(t)
	one := registered(t, b, "101", Options{})
	two := registered(t, b, "102", Options{AutoAnswer: true, AutoTone: 600})
	ctx := patience(t)
	errs := make(chan error)
	const n = 30
	for range n {
		go func() {
			errs <- func() error {
				c, err := one.Call(ctx, "102")
				if err != nil {
					return err
				}
				return errors.Join(c.Hear(ctx, 600, 400*time.Millisecond), c.Hangup(ctx))
			}()
		}()
	}
	for range n {
		if err := next(t, errs); err != nil {
			t.Error(err)
		}
	}
	noCalls(ctx, t, two)
}

// noCalls waits until a phone has forgotten its calls.
func noCalls(ctx context.Context, t *testing.T, p *Phone) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for len(p.Calls()) > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%d calls left", len(p.Calls()))
		}
	}
}
