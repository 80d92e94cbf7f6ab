package phone

import (
	"context"
	"fmt"
	"net/url"

	"github.com/emiago/sipgo/sip"
)

// Refer asks the PBX to connect the other party with a number (RFC 3515), as the
// transfer key of a phone does. What comes of it shows in the calls.
func (c *Call) Refer(ctx context.Context, number string) error {
	return c.refer(ctx, "<sip:"+number+"@"+c.account.Server+">")
}

// ReferTo connects the other parties of two calls with each other (RFC 3891), as
// the transfer key does after the transfer was announced.
func (c *Call) ReferTo(ctx context.Context, consult *Call) error {
	consult.mu.Lock()
	local, _ := consult.dialog.local.Params.Get("tag")
	remote, _ := consult.dialog.remote.Params.Get("tag")
	replaces := consult.dialog.callID + ";to-tag=" + remote + ";from-tag=" + local
	target := consult.dialog.remote.Address.User
	consult.mu.Unlock()
	return c.refer(ctx, "<sip:"+target+"@"+c.account.Server+"?Replaces="+url.QueryEscape(replaces)+">")
}

func (c *Call) refer(ctx context.Context, target string) error {
	ctx, cancel := context.WithTimeout(ctx, finalWait)
	defer cancel()
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
