package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// outsideNumber is dialled by the callers; the carrier takes every number.
const outsideNumber = "08912345678"

// outside makes calls through a trunk to a carrier that answers at once, and takes the time from
// the INVITE to its 200. The reference is native Dial() of the same number at the same endpoint
// of the same Asterisk, as in calls.
func (b *bench) outside(ctx context.Context) (rows []row, err error) {
	r, err := b.openOffice(ctx, "outside", people{count: 2 * callPairs})
	if err != nil {
		return nil, err
	}
	defer r.shut(&err)
	tool, err := newSipp(filepath.Join(r.dir, "sipp"), r.SIP)
	if err != nil {
		return nil, err
	}
	defer tool.stop()
	if err := tool.carry(ctx); err != nil {
		return nil, err
	}
	country := map[string]any{"country": "DE", "max_calls": 0}
	trunk := map[string]any{"host": "127.0.0.1", "port": tool.carrierPort(), "qualify_seconds": 0, "max_calls": 0}
	if err := r.client.Do(ctx, "PATCH", "/v1/tenants/default", country, nil); err != nil {
		return nil, err
	}
	if err := r.client.Do(ctx, "PUT", "/v1/tenants/default/trunks/carrier", trunk, nil, "Prefer", "wait=20"); err != nil {
		return nil, err
	}
	s, err := snapshot(ctx, r.Database)
	if err != nil {
		return nil, err
	}
	const native = nativeWith + outsideNumber
	text := fmt.Sprintf("\n[%s]\nexten => %s,1,Dial(PJSIP/+49%s@%s,%d,i)\n same => n,Hangup()\n",
		pbx.EntryContext(pbx.DefaultTenant), native, outsideNumber[1:], s.Trunks[0].Endpoint, pbx.DefaultRingSeconds)
	if err := r.addDialplan(ctx, text); err != nil {
		return nil, err
	}
	for _, rate := range []int{20, 60} {
		got, err := b.callRate(ctx, r, tool, rate, outsideLines(s, outsideNumber), outsideLines(s, native))
		if err != nil {
			return rows, err
		}
		got.what = "INVITE → 200 through a trunk, " + got.what
		rows = append(rows, got)
	}
	return rows, nil
}

// addDialplan puts a context beside the rendered ones of Asterisk.
func (r *room) addDialplan(ctx context.Context, text string) error {
	f, err := os.OpenFile(filepath.Join(r.dir, "asterisk", "etc", "extensions.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("adding native calls: %w", err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		return fmt.Errorf("adding native calls: %w", err)
	}
	session, err := r.dialAMI(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	return session.Reload(ctx, "pbx_config.so")
}

// outsideLines are the callers, which all dial the same.
func outsideLines(s *pbx.Snapshot, dialled string) (lines []string) {
	for _, caller := range s.Devices[callPairs : 2*callPairs] {
		lines = append(lines, fmt.Sprintf("%s;%s;%s", caller.Endpoint, credentials(caller), dialled))
	}
	return lines
}
