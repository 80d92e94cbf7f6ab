package phone

import (
	"bytes"
	"context"
	"fmt"

	"github.com/emiago/sipgo/sip"
)

// Hold puts an answered call on hold, or takes it off, by an offer that sends only (RFC 3264 section
// 8.4). The phone goes on talking; whether that is heard is the other side's to say.
func (c *Call) Hold(ctx context.Context, on bool) error {
	ctx, cancel := context.WithTimeout(ctx, finalWait)
	defer cancel()
	offer := c.media.describe(nil)
	if on {
		offer = bytes.Replace(offer, []byte("a=sendrecv"), []byte("a=sendonly"), 1)
	}
	res, err := c.agent.doAuth(ctx, c.account, func() *sip.Request { return c.newInvite(offer, nil) })
	if err != nil {
		return fmt.Errorf("holding the call: %w", err)
	}
	if !res.IsSuccess() {
		return fmt.Errorf("holding the call: %w", refusal(res))
	}
	c.mu.Lock()
	ack := c.dialog.request(sip.ACK)
	c.mu.Unlock()
	if err := c.agent.prepare(c.agent.client, ack); err != nil {
		return fmt.Errorf("holding the call: %w", err)
	}
	c.ack.Store(ack)
	c.sendACK()
	return nil
}
