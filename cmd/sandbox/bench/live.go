package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// liveMost is how many times as long as Asterisk's own reload a change may take.
const liveMost = 3.0

// live changes a ring time and makes a device in offices of three sizes, and takes the time
// from the API's answer until Asterisk runs the change. The references are Asterisk's own
// reloads of the same modules: of the unchanged dialplan, which it reads whole each time,
// and of pjsip.conf after one endpoint was changed by hand. All take turns.
func (b *bench) live(ctx context.Context) (rows []row, err error) {
	sizes := []int{1000, 5000, 10_000}
	if b.Short {
		sizes = sizes[:2]
	}
	for _, n := range sizes {
		got, err := b.liveAt(ctx, n)
		if err != nil {
			return rows, err
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

func (b *bench) liveAt(ctx context.Context, n int) (rows []row, err error) {
	r, err := b.openOffice(ctx, fmt.Sprintf("live-%d", n), people{count: n, qualify: pbx.DefaultQualifySeconds})
	if err != nil {
		return nil, err
	}
	defer r.shut(&err)
	session, err := r.dialAMI(ctx)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	if err := r.waitApplied(ctx); err != nil {
		return nil, err
	}
	hand, err := r.newHand(ctx)
	if err != nil {
		return nil, err
	}
	var rings, devices, dialplans, endpoints []time.Duration
	for i := range b.rounds(3, 2) {
		if err := measure(&rings, func() (time.Duration, error) { return r.ringTime(ctx, i) }); err != nil {
			return nil, err
		}
		if err := measure(&dialplans, func() (time.Duration, error) { return reloaded(ctx, session) }); err != nil {
			return nil, err
		}
	}
	// These come last: the first pass after a change by hand puts the file back, and reloads it.
	for i := range b.rounds(3, 2) {
		if err := measure(&devices, func() (time.Duration, error) { return r.newDevice(ctx, i) }); err != nil {
			return nil, err
		}
		if err := measure(&endpoints, func() (time.Duration, error) { return hand.rename(ctx, session, i) }); err != nil {
			return nil, err
		}
	}
	dialplan, endpoint := quantile(dialplans, .5), quantile(endpoints, .5)
	return []row{
		liveRow("changed ring time", n, rings, "the unchanged dialplan", dialplan),
		liveRow("new device", n, devices, "pjsip.conf with one change and of the dialplan", dialplan+endpoint),
	}, nil
}

// measure adds a time to a list.
func measure(to *[]time.Duration, f func() (time.Duration, error)) error {
	took, err := f()
	*to = append(*to, took)
	return err
}

func liveRow(what string, n int, took []time.Duration, modules string, reference time.Duration) row {
	p50, worst := quantile(took, .5), quantile(took, 1)
	return row{
		what:      fmt.Sprintf("%s → Asterisk runs it, %d extensions", what, n),
		result:    fmt.Sprintf("p50 %s, slowest %s of %d", ms(p50), ms(worst), len(took)),
		reference: fmt.Sprintf("Asterisk's own reload of %s: p50 %s", modules, ms(reference)),
		ratio:     times(float64(p50), float64(reference)),
		target:    fmt.Sprintf("≤ %.0f × + %s", liveMost, ms(changeAllowance)),
		holds:     float64(p50) <= liveMost*float64(reference)+float64(changeAllowance),
	}
}

// ringTime changes how long an extension rings.
func (r *room) ringTime(ctx context.Context, i int) (time.Duration, error) {
	if err := r.client.Do(ctx, "PATCH", "/v1/tenants/default/extensions/"+numberOf(i),
		map[string]any{"ring_seconds": 30 + i}, nil); err != nil {
		return 0, err
	}
	return r.untilApplied(ctx)
}

// newDevice gives an extension one more device.
func (r *room) newDevice(ctx context.Context, i int) (time.Duration, error) {
	if err := r.client.Do(ctx, "PUT", fmt.Sprintf("/v1/tenants/default/devices/second-%d", i),
		map[string]any{"extension": numberOf(i)}, nil); err != nil {
		return 0, err
	}
	return r.untilApplied(ctx)
}

// untilApplied is the time from now until Asterisk runs the last change.
func (r *room) untilApplied(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	err := r.waitApplied(ctx)
	return time.Since(start), err
}

// reloaded is how long Asterisk's reload of the dialplan takes.
func reloaded(ctx context.Context, s *ami.Session) (time.Duration, error) {
	start := time.Now()
	err := s.Reload(ctx, "pbx_config.so")
	return time.Since(start), err
}
