package phone

import (
	"context"
	"fmt"

	"github.com/emiago/sipgo/sip"
)

// PressRecord sends what the record key of a Yealink sends: an INFO with a Record header,
// on or off, and no body.
func (c *Call) PressRecord(ctx context.Context, on bool) error {
	ctx, cancel := context.WithTimeout(ctx, finalWait)
	defer cancel()
	res, err := c.agent.doAuth(ctx, c.account, func() *sip.Request {
		c.mu.Lock()
		defer c.mu.Unlock()
		req := c.dialog.request(sip.INFO)
		req.AppendHeader(sip.NewHeader("Record", map[bool]string{true: "on", false: "off"}[on]))
		return req
	})
	if err != nil {
		return fmt.Errorf("pressing the record key: %w", err)
	}
	if !res.IsSuccess() {
		return fmt.Errorf("pressing the record key: %w", refusal(res))
	}
	return nil
}
