package phone

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// Call calls a number on the current account's server and waits for the answer. When ctx ends first the call is
// cancelled. A refusal is a *StatusError: 486 for busy, 487 with the context's error as cause after our own CANCEL.
// The refused call is returned with the error, for its Header and Status. Once answered, the call no longer depends on
// ctx.
func (p *Phone) Call(ctx context.Context, number string) (*Call, error) {
	c, err := p.Dial(ctx, number)
	if err != nil {
		return nil, err
	}
	return c, c.WaitAnswer()
}

// CallURI is Call to a SIP URI, such as sip:101@127.0.0.1:5070.
func (p *Phone) CallURI(ctx context.Context, uri string) (*Call, error) {
	c, err := p.DialURI(ctx, uri)
	if err != nil {
		return nil, err
	}
	return c, c.WaitAnswer()
}

// Dial starts a call and returns at once; follow it by Ringing, Answered, Done. ctx bounds the time until the answer.
func (p *Phone) Dial(ctx context.Context, number string) (*Call, error) {
	account := p.currentLine()
	if account.Server == "" {
		return nil, errors.New("calling a number needs an account: Register or UseAccount first")
	}
	return p.dial(ctx, sip.Uri{Scheme: "sip", User: number, Host: account.Server, Port: account.Port})
}

// DialURI is Dial to a SIP URI.
func (p *Phone) DialURI(ctx context.Context, uri string) (*Call, error) {
	var to sip.Uri
	if err := sip.ParseUri(uri, &to); err != nil {
		return nil, fmt.Errorf("reading %q: %w", uri, err)
	}
	return p.dial(ctx, to)
}

func (p *Phone) dial(ctx context.Context, to sip.Uri) (*Call, error) {
	account := p.currentLine()
	a, err := p.sip(account)
	if err != nil {
		return nil, err
	}
	c, err := p.newCall(a, account)
	if err != nil {
		return nil, err
	}
	c.dialog = p.newDialog(a, account, to)
	c.name, c.number = account.DisplayName, p.user(account)
	if err := p.enlist(c); err != nil {
		c.media.close()
		return nil, err
	}
	if !p.crew.spawn(ctx, c.run) {
		c.end(ending{cause: errClosed})
		return nil, errClosed
	}
	return c, nil
}

// WaitAnswer waits until the call is answered (nil) or over (its error). Dial's context bounds it.
func (c *Call) WaitAnswer() error {
	select {
	case <-c.answered.ch:
		return nil
	case <-c.done.ch:
	}
	if c.answered.fired() {
		return nil
	}
	if err := c.Err(); err != nil {
		return err
	}
	return errors.New("call ended before it was answered")
}

// run places the INVITE, again with credentials when asked for them, and ends with an answered or a finished call.
func (c *Call) run(ctx context.Context) {
	var auth sip.Header
	offer := c.media.describe(nil)
	for try := 0; ; try++ {
		req := c.newInvite(offer, auth)
		uri := req.Recipient.String()
		tx, err := c.agent.send(ctx, req)
		if err != nil {
			c.end(ending{cause: err})
			return
		}
		tx.OnRetransmission(func(*sip.Response) { c.sendACK() })
		f := &following{call: c, tx: tx, invite: req}
		res, err := f.final(ctx)
		switch {
		case err != nil:
			c.end(ending{cause: err})
		case res.IsSuccess():
			c.confirm(ctx, res, f.given)
		case f.given && challenged(res): // we gave up before the real INVITE was out
			c.end(ending{cause: &StatusError{sip.StatusRequestTerminated, "Request Terminated", gaveUp(ctx)}})
		case f.given:
			c.end(ending{cause: &StatusError{res.StatusCode, res.Reason, gaveUp(ctx)}})
		case challenged(res) && c.account.Password != "" && try < maxChallenges:
			if auth, err = answerChallenge(res, sip.INVITE, uri, c.account); err == nil {
				continue
			}
			c.end(ending{cause: err})
		default:
			c.end(ending{cause: refusal(res)})
		}
		return
	}
}

// deadPeer is how long we still wait for a sign of life of a server that said nothing at all before we gave up.
const deadPeer = 3 * time.Second

// errHungUp is the cause of a cancelled call that Hangup ended, not a context.
var errHungUp = errors.New("hung up before the answer")

func gaveUp(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return errHungUp
}

func (c *Call) newInvite(offer []byte, auth sip.Header) *sip.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	req := c.dialog.request(sip.INVITE)
	req.AppendHeader(sip.NewHeader("Allow", allowed))
	if auth != nil {
		req.AppendHeader(auth)
	}
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody(offer)
	return req
}

// following waits for the final answer to one INVITE and cancels it when it must.
type following struct {
	call        *Call
	tx          sip.ClientTransaction
	invite      *sip.Request
	given       bool // we gave up
	provisional bool // CANCEL may be sent only after a provisional answer (RFC 3261 section 9.1)
	cancelled   bool
}

func (f *following) final(ctx context.Context) (*sip.Response, error) {
	quit, hangup := ctx.Done(), f.call.abort.ch
	patience := time.NewTimer(time.Hour)
	defer patience.Stop()
	giveUp := func() {
		f.given, quit, hangup = true, nil, nil
		patience.Reset(deadPeer)
		if f.provisional {
			patience.Reset(finalWait)
		}
		f.cancel()
	}
	for {
		select {
		case res := <-f.tx.Responses():
			f.call.note(res)
			if !res.IsProvisional() {
				if f.call.agent.hasRung(f.call.dialog.callID) {
					f.call.ringing.fire()
				}
				return res, nil
			}
			f.provisional = true
			f.call.progress(res)
			if f.given {
				patience.Reset(finalWait)
			}
			f.cancel()
		case <-f.tx.Done():
			return nil, &StatusError{sip.StatusRequestTimeout, "No Answer To INVITE", gone(f.tx)}
		case <-quit:
			giveUp()
		case <-hangup:
			giveUp()
		case <-patience.C:
			f.tx.Terminate()
			return nil, &StatusError{sip.StatusRequestTimeout, "No Final Answer After CANCEL", ctx.Err()}
		}
	}
}

// cancel sends CANCEL once it is wanted and allowed. Its answer says nothing; the INVITE's own final answer counts.
func (f *following) cancel() {
	if !f.given || !f.provisional || f.cancelled {
		return
	}
	f.cancelled = true
	req := sip.NewRequest(sip.CANCEL, *f.invite.Recipient.Clone())
	req.AppendHeader(sip.HeaderClone(f.invite.Via())) // same branch: that is how the server finds the INVITE
	for _, name := range []string{"Route", "From", "To", "Call-ID", "Max-Forwards"} {
		sip.CopyHeaders(name, f.invite, req)
	}
	req.AppendHeader(&sip.CSeqHeader{SeqNo: f.invite.CSeq().SeqNo, MethodName: sip.CANCEL})
	req.SetDestination(f.invite.Destination())
	f.call.phone.crew.spawn(context.Background(), func(ctx context.Context) {
		ctx, stop := context.WithTimeout(ctx, finalWait)
		defer stop()
		if _, err := f.call.agent.do(ctx, req); err != nil {
			f.call.phone.log.Debug("cancelling", "err", err)
		}
	})
}

// note keeps status and headers of an answer.
func (c *Call) note(res *sip.Response) {
	c.keepHeaders(res)
	c.mu.Lock()
	c.status = res.StatusCode
	c.mu.Unlock()
}

// progress follows a provisional answer.
func (c *Call) progress(res *sip.Response) {
	if to := res.To(); to != nil {
		c.mu.Lock()
		if tag, ok := to.Params.Get("tag"); ok { // a 100 has none, and may be handled after the 180
			c.earlyTag = tag
		}
		c.mu.Unlock()
	}
	if len(res.Body()) > 0 {
		if err := c.media.accept(res.Body()); err == nil {
			c.early.fire()
		}
	}
	if res.StatusCode == sip.StatusRinging {
		c.ringing.fire()
	}
}

// confirm acknowledges a 200 and starts talking; a 200 that came too late, or whose media we cannot use, is hung up at
// once.
func (c *Call) confirm(ctx context.Context, res *sip.Response, late bool) {
	c.mu.Lock()
	c.dialog.accept(res)
	ack := c.dialog.request(sip.ACK)
	c.mu.Unlock()
	if err := c.agent.prepare(c.agent.client, ack); err != nil {
		c.end(ending{cause: err})
		return
	}
	c.ack.Store(ack)
	c.sendACK()
	err := c.media.accept(res.Body())
	switch {
	case late:
		err = &StatusError{sip.StatusRequestTerminated, "Answered Too Late", gaveUp(ctx)}
	case err != nil:
		err = fmt.Errorf("reading the answer's media: %w", err)
	default:
		c.media.talk() // first: who waits for the answer may press keys at once
		c.answered.fire()
		return
	}
	bye, cancel := context.WithTimeout(context.Background(), finalWait)
	defer cancel()
	bye, stop := c.phone.crew.within(bye)
	defer stop()
	c.mu.Lock()
	req := c.dialog.request(sip.BYE)
	c.mu.Unlock()
	if _, berr := c.agent.do(bye, req); berr != nil {
		c.phone.log.Debug("hanging up a late answer", "err", berr)
	}
	c.end(ending{cause: err})
}

// sendACK sends the ACK of our INVITE, again for each repeated 200. A copy each time: sipgo writes into what it sends.
func (c *Call) sendACK() {
	ack := c.ack.Load()
	if ack == nil {
		return
	}
	if err := c.agent.client.WriteRequest(ack.Clone(), func(_ *sipgo.Client,
		req *sip.Request) error {
		req.SetBody(nil)
		return nil
	}); err != nil {
		c.phone.log.Debug("sending ACK", "err", err)
	}
}
