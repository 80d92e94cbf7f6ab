package phone

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Refer asks the PBX to connect the other party with a number (RFC 3515), as the
// transfer key of a phone does. What comes of it shows in the calls.
func (c *Call) Refer(ctx context.Context, number string) error {
	return c.refer(ctx, "<sip:"+number+"@"+c.account.Server+">")
}

// ReferTo connects the other parties of two calls with each other (RFC 3891), as
// the transfer key does after the transfer was announced, or while the target still rings.
func (c *Call) ReferTo(ctx context.Context, consult *Call) error {
	consult.mu.Lock()
	local, _ := consult.dialog.local.Params.Get("tag")
	remote, known := consult.dialog.remote.Params.Get("tag")
	if !known {
		remote = consult.earlyTag
	}
	replaces := consult.dialog.callID + ";to-tag=" + remote + ";from-tag=" + local
	target := consult.dialog.remote.Address.User
	consult.mu.Unlock()
	return c.refer(ctx, "<sip:"+target+"@"+c.account.Server+"?Replaces="+url.QueryEscape(replaces)+">")
}

func (c *Call) refer(ctx context.Context, target string) error {
	ctx, cancel := context.WithTimeout(ctx, finalWait)
	defer cancel()
	c.mu.Lock()
	key := c.dialog.key()
	c.mu.Unlock()
	c.phone.mu.Lock()
	c.phone.refers[key] = c
	c.phone.mu.Unlock()
	res, err := c.agent.doAuth(ctx, c.account, func() *sip.Request {
		c.mu.Lock()
		defer c.mu.Unlock()
		req := c.dialog.request(sip.REFER)
		req.AppendHeader(sip.NewHeader("Refer-To", target))
		return req
	})
	if err != nil {
		return fmt.Errorf("transferring: %w", err)
	}
	if !res.IsSuccess() {
		return fmt.Errorf("transferring: %w", refusal(res))
	}
	return nil
}

// Transfer are the SIP statuses that the PBX tells of a transfer, such as 180, 200 or 486
// (RFC 3515, section 2.4.4), in their order. The call itself may be over by then.
func (c *Call) Transfer() <-chan int { return c.transfer }

// notifyTransfer reads "SIP/2.0 486 Busy Here".
func (p *Phone) notifyTransfer(req *sip.Request) {
	key, _ := keyOf(req)
	p.mu.Lock()
	c := p.refers[key]
	p.mu.Unlock()
	version, rest, _ := strings.Cut(string(req.Body()), " ")
	code, _, _ := strings.Cut(rest, " ")
	if status, err := strconv.Atoi(strings.TrimSpace(code)); c != nil && version == "SIP/2.0" && err == nil {
		offer(c.transfer, status)
	}
}
