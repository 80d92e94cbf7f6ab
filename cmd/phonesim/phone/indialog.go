package phone

import (
	"context"

	"github.com/emiago/sipgo/sip"
)

func (p *Phone) noSuchCall(req *sip.Request, tx sip.ServerTransaction) {
	p.respond(tx, p.reply(req, sip.StatusCallTransactionDoesNotExists, "Call Does Not Exist"))
}

// onAck ends the waiting of the 200 it belongs to. ACK is never answered.
func (p *Phone) onAck(req *sip.Request, _ sip.ServerTransaction) {
	c := p.callOf(req)
	if c == nil || req.CSeq() == nil {
		return
	}
	c.mu.Lock()
	acked := c.acks[req.CSeq().SeqNo]
	delete(c.acks, req.CSeq().SeqNo)
	c.mu.Unlock()
	if acked != nil {
		acked <- req.Body()
	}
}

func (p *Phone) onBye(req *sip.Request, tx sip.ServerTransaction) {
	c := p.callOf(req)
	if c == nil {
		p.noSuchCall(req, tx)
		return
	}
	how := ending{remote: true}
	if h := req.GetHeader("Reason"); h != nil {
		how.reason = h.Value()
	}
	c.end(how)
	p.respond(tx, p.reply(req, sip.StatusOK, "OK"))
}

// onStray gets a CANCEL whose INVITE is unknown; sipgo handles the others.
func (p *Phone) onStray(req *sip.Request, tx sip.ServerTransaction) { p.noSuchCall(req, tx) }

func (p *Phone) onInfo(req *sip.Request, tx sip.ServerTransaction) {
	if p.callOf(req) == nil {
		p.noSuchCall(req, tx)
		return
	}
	p.respond(tx, p.reply(req, sip.StatusOK, "OK"))
}

// onReinvite follows a change of media (direct media, hold) or a session timer's refresh.
func (p *Phone) onReinvite(req *sip.Request, tx sip.ServerTransaction) {
	c := p.callOf(req)
	if c == nil {
		p.noSuchCall(req, tx)
		return
	}
	res, ok := c.renegotiated(req, true)
	if !ok {
		p.respond(tx, res)
		return
	}
	acked := c.expectACK(req.CSeq().SeqNo)
	p.respond(tx, res)
	ctx, cancel := p.crew.within(context.Background())
	defer cancel()
	if err := c.awaitACK(ctx, tx, res, acked); err != nil {
		p.log.Debug("after a re-INVITE", "err", err)
	}
}

// onUpdate is a re-INVITE without ACK (RFC 3311); without a body it only refreshes.
func (p *Phone) onUpdate(req *sip.Request, tx sip.ServerTransaction) {
	c := p.callOf(req)
	if c == nil {
		p.noSuchCall(req, tx)
		return
	}
	res, _ := c.renegotiated(req, len(req.Body()) > 0)
	p.respond(tx, res)
}

// renegotiated takes an offer and builds the answer to it; false: refused with 488 and the old media go on.
// An INVITE without an offer gets ours, and the ACK brings their answer.
func (c *Call) renegotiated(req *sip.Request, media bool) (*sip.Response, bool) {
	if len(req.Body()) > 0 {
		if err := c.media.accept(req.Body()); err != nil {
			return c.phone.reply(req, sip.StatusNotAcceptableHere, "Not Acceptable Here"), false
		}
	}
	res := c.phone.reply(req, sip.StatusOK, "OK")
	c.mu.Lock()
	if contact := req.Contact(); contact != nil {
		c.dialog.target = *contact.Address.Clone() // target refresh, RFC 3261 section 12.2.2
	}
	res.AppendHeader(&sip.ContactHeader{Address: c.dialog.contact})
	c.mu.Unlock()
	if media {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		res.SetBody(c.media.describe(req.Body()))
	}
	return res, true
}
