package phone

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Incoming delivers calls to this phone. Sixteen wait; further ones get 486. When Options answer by themselves, calls
// come through here too, but then the oldest makes room and nobody has to read.
func (p *Phone) Incoming() <-chan *Call { return p.incoming }

// onInvite runs as long as the call is undecided: sipgo ends the transaction when its handler returns without a final
// answer.
func (p *Phone) onInvite(req *sip.Request, tx sip.ServerTransaction) {
	if _, ok := keyOf(req); ok {
		p.onReinvite(req, tx)
		return
	}
	p.respond(tx, sip.NewResponseFromRequest(req, sip.StatusTrying, "Trying", nil))
	c, err := p.newIncoming(req, tx)
	if err != nil {
		p.log.Warn("taking a call", "err", err)
		p.respond(tx, p.reply(req, sip.StatusNotAcceptableHere, "Not Acceptable Here"))
		return
	}
	if !tx.OnCancel(c.cancelled) {
		c.end(ending{remote: true})
		return
	}
	p.route(c)
	select {
	case <-c.decided.ch:
	case <-tx.Done():
		c.end(ending{cause: errors.New("the INVITE's transaction ended before an answer")})
	}
}

// newIncoming keeps a private copy of the INVITE: sipgo goes on reading its own from timers.
func (p *Phone) newIncoming(req *sip.Request, tx sip.ServerTransaction) (*Call, error) {
	a, err := p.sip(Account{})
	if err != nil {
		return nil, err
	}
	invite := req.Clone()
	if invite.From() == nil || invite.To() == nil || invite.CallID() == nil || invite.Contact() == nil {
		return nil, errors.New("INVITE lacks From, To, Call-ID or Contact")
	}
	account := p.currentLine()
	c, err := p.newCall(a, account)
	if err != nil {
		return nil, err
	}
	invite.To().Params.Add("tag", randomToken())
	local := invite.To().AsFrom()
	c.incoming, c.invite, c.tx = true, invite, tx
	c.dialog = dialog{
		callID: invite.CallID().Value(), local: local, remote: invite.From().AsTo(),
		target: *invite.Contact().Address.Clone(),
		cseq:   1, contact: p.contact(a, account), dest: firstOf(p.opts.OutboundProxy), userAgent: p.model.sipAgent(),
	}
	for _, h := range invite.GetHeaders("Record-Route") {
		c.dialog.routes = append(c.dialog.routes, h.Value())
	}
	c.name, c.number = unquoted(invite.From().DisplayName), invite.From().Address.User
	c.keepHeaders(invite)
	if len(invite.Body()) > 0 {
		err = c.media.accept(invite.Body())
	}
	if err == nil {
		err = p.enlist(c)
	}
	if err != nil {
		c.media.close()
		return nil, err
	}
	return c, nil
}

// Own is what a phone does with a call by itself.
type Own struct {
	Status  int    // refuses with that; 0 lets it ring
	Contact string // URI in the answer when Status is 302
	Answers bool   // as to an intercom
}

// ownWay is what the phone does with a call before its user hears of it.
func (p *Phone) ownWay(c *Call) Own {
	if p.opts.OwnWay != nil {
		return p.opts.OwnWay(c)
	}
	return Own{Answers: c.wantsIntercom()}
}

// route decides what happens to a new call. One that the phone refuses by itself is still told to Incoming.
func (p *Phone) route(c *Call) {
	o := p.opts
	own := p.ownWay(c)
	intercom := own.Answers
	if own.Status == sip.StatusMovedTemporarily {
		if err := c.Redirect(own.Contact); err != nil {
			p.log.Debug("redirecting", "err", err)
		}
	} else if own.Status != 0 {
		c.rejectLogged(own.Status)
	}
	if own.Status != 0 {
		offer(p.incoming, c)
		return
	}
	if o.Busy {
		c.rejectLogged(sip.StatusBusyHere)
		return
	}
	if !o.AutoAnswer && !o.NoAnswer && !intercom {
		select {
		case p.incoming <- c:
		default:
			c.rejectLogged(sip.StatusBusyHere)
		}
		return
	}
	if err := c.Ring(); err != nil {
		p.log.Debug("ringing", "err", err)
	}
	offer(p.incoming, c)
	if o.AutoAnswer || intercom {
		delay := o.AnswerAfter
		if intercom {
			delay = 0
		}
		p.crew.spawn(context.Background(), func(ctx context.Context) { c.answerAfter(ctx, delay) })
	}
}

// wantsIntercom: a Yealink answers by itself on Alert-Info with info=alert-autoanswer or Call-Info with answer-after=0
// (yealink.md 4.10).
func (c *Call) wantsIntercom() bool {
	return strings.Contains(c.Header("Alert-Info"), "alert-autoanswer") ||
		strings.Contains(c.Header("Call-Info"), "answer-after=0")
}

func (c *Call) answerAfter(ctx context.Context, d time.Duration) {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.done.ch:
			return
		case <-ctx.Done():
			return
		}
	}
	if f := c.phone.opts.AutoTone; f > 0 {
		c.Tone(f)
	}
	if err := c.Answer(ctx); err != nil {
		c.phone.log.Debug("answering by itself", "err", err)
	}
}

func (c *Call) rejectLogged(code int) {
	if err := c.Reject(code); err != nil {
		c.phone.log.Debug("refusing", "code", code, "err", err)
	}
}

// cancelled runs inside sipgo's state machine: it may not call the transaction, only note what happened.
func (c *Call) cancelled(req *sip.Request) {
	how := ending{remote: true}
	if h := req.GetHeader("Reason"); h != nil {
		how.reason = h.Value()
	}
	c.mu.Lock()
	c.final = true
	c.mu.Unlock()
	c.end(how)
}

// Ring sends 180.
func (c *Call) Ring() error {
	if !c.incoming || c.answered.fired() || c.done.fired() {
		return errors.New("ringing: the call is not waiting to be answered")
	}
	if err := c.tx.Respond(c.response(sip.StatusRinging, "Ringing", nil)); err != nil {
		return fmt.Errorf("ringing: %w", err)
	}
	c.ringing.fire()
	return nil
}

// Reject refuses the call with a final status such as 486, 603 or 480.
func (c *Call) Reject(code int) error {
	if !c.incoming || code < 300 || code > 699 {
		return fmt.Errorf("refusing with %d: not an incoming call or not a refusal", code)
	}
	if !c.claim(code) {
		return fmt.Errorf("refusing with %d: %w", code, c.over())
	}
	err := c.tx.Respond(c.response(code, reasonPhrase(code), nil))
	c.end(ending{cause: &StatusError{Code: code, Reason: reasonPhrase(code)}})
	if err != nil {
		return fmt.Errorf("refusing with %d: %w", code, err)
	}
	return nil
}

// Redirect answers 302 with a URI in Contact, such as "sip:131@192.0.2.1", as a phone does
// whose own forward is on.
func (c *Call) Redirect(uri string) error {
	if !c.incoming {
		return errors.New("redirecting: the call is ours")
	}
	if !c.claim(sip.StatusMovedTemporarily) {
		return fmt.Errorf("redirecting: %w", c.over())
	}
	res := c.phone.reply(c.invite, sip.StatusMovedTemporarily, "Moved Temporarily")
	res.AppendHeader(sip.NewHeader("Contact", "<"+uri+">"))
	err := c.tx.Respond(res)
	c.end(ending{cause: &StatusError{Code: sip.StatusMovedTemporarily, Reason: "Moved Temporarily"}})
	if err != nil {
		return fmt.Errorf("redirecting: %w", err)
	}
	return nil
}

// claim makes the caller the one who answers the INVITE finally.
func (c *Call) claim(code int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.final {
		return false
	}
	c.final, c.status = true, code
	return true
}

// Answer accepts the call and returns when the caller has acknowledged, repeating the 200 until then (at most 32 s).
func (c *Call) Answer(ctx context.Context) error {
	if !c.incoming {
		return errors.New("answering: the call is ours")
	}
	if !c.claim(sip.StatusOK) {
		return fmt.Errorf("answering: %w", c.over())
	}
	ctx, cancel := c.phone.crew.within(ctx)
	defer cancel()
	res := c.response(sip.StatusOK, "OK", c.media.describe(c.invite.Body()))
	seq := c.invite.CSeq().SeqNo
	acked := c.expectACK(seq)
	if err := c.tx.Respond(res); err != nil {
		c.end(ending{cause: err, remote: errors.Is(err, sip.ErrTransactionCanceled)})
		return fmt.Errorf("answering: %w", err)
	}
	c.media.talk()
	c.answered.fire()
	c.decided.fire()
	return c.awaitACK(ctx, c.tx, res, acked)
}

// response answers their INVITE with our tag and contact.
func (c *Call) response(code int, reason string, sdp []byte) *sip.Response {
	res := c.phone.reply(c.invite, code, reason)
	c.mu.Lock()
	contact := c.dialog.contact
	c.mu.Unlock()
	res.AppendHeader(&sip.ContactHeader{Address: contact})
	if sdp != nil {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		res.SetBody(sdp)
	}
	return res
}

func (c *Call) expectACK(seq uint32) chan []byte {
	acked := make(chan []byte, 1)
	c.mu.Lock()
	c.acks[seq] = acked
	c.mu.Unlock()
	return acked
}

// awaitACK repeats a 200 until its ACK comes (RFC 3261 section 13.3.1.4); without one the call is hung up.
func (c *Call) awaitACK(ctx context.Context, tx sip.ServerTransaction, res *sip.Response, acked chan []byte) error {
	interval := sip.T1
	timer, limit := time.NewTimer(interval), time.NewTimer(64*sip.T1)
	defer timer.Stop()
	defer limit.Stop()
	for {
		select {
		case body := <-acked:
			if len(body) > 0 {
				if err := c.media.accept(body); err != nil {
					return fmt.Errorf("reading the media of the ACK: %w", err)
				}
			}
			return nil
		case <-timer.C:
			c.phone.respond(tx, res)
			interval = min(2*interval, sip.T2)
			timer.Reset(interval)
		case <-c.done.ch: // their BYE says that they saw the 200
			return nil
		case <-ctx.Done():
			return fmt.Errorf("waiting for ACK: %w", ctx.Err())
		case <-limit.C:
			err := c.bye(ctx)
			return errors.Join(errors.New("waiting for ACK: none came in 32 s"), err)
		}
	}
}

func reasonPhrase(code int) string {
	switch code {
	case sip.StatusBusyHere:
		return "Busy Here"
	case sip.StatusGlobalDecline:
		return "Decline"
	case sip.StatusTemporarilyUnavailable:
		return "Temporarily Unavailable"
	case sip.StatusNotFound:
		return "Not Found"
	case sip.StatusNotAcceptableHere:
		return "Not Acceptable Here"
	}
	return "Refused"
}
