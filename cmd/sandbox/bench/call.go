package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	callPairs  = 20 // callers, and as many callees
	callGroup  = 5  // members of the ring group, the first of whom answers
	groupDial  = "900"
	callP50    = 1.5
	callP95    = 2.0
	nativeWith = "9" // before an extension's number: the same devices by native Dial()
)

// calls makes real calls by sipp, from registered-like devices with passwords to
// registered ones, and takes the time from the INVITE to its 200.
//
// The reference is native Dial() in the very same Asterisk: beside the rendered
// extensions 1xxxx, the host's extensions.conf puts 91xxxx into the same context,
// which dial the same endpoints with the same options at once, without Stasis.
// Callers, callees, transport, authentication, codecs and the controller's
// following of events are the same, so the difference is the decision by ARI:
// event, two requests, two context switches. Both take turns at each rate. A ring
// group of five has its rows too, beside a Dial() of the same five.
func (b *bench) calls(ctx context.Context) (rows []row, err error) {
	r, err := b.openOffice(ctx, "call", people{count: 2*callPairs + callGroup})
	if err != nil {
		return nil, err
	}
	defer r.shut(&err)
	s, err := snapshot(ctx, r.Database)
	if err != nil {
		return nil, err
	}
	if err := r.makeGroup(ctx, s.Devices[2*callPairs:]); err != nil {
		return nil, err
	}
	if err := r.addNative(ctx, s); err != nil {
		return nil, err
	}
	tool, err := newSipp(filepath.Join(r.dir, "sipp"), r.SIP)
	if err != nil {
		return nil, err
	}
	defer tool.stop()
	group := s.Devices[2*callPairs:]
	if err := tool.listen(ctx, append(s.Devices[:callPairs:callPairs], group[0])); err != nil {
		return nil, err
	}
	if err := tool.ring(ctx, group[1:]); err != nil {
		return nil, err
	}
	for _, kind := range []struct{ what, group string }{{"INVITE → 200 by ARI", ""},
		{"the same, a ring group of five", groupDial}} {
		ours, theirs := callLines(s, "", kind.group), callLines(s, nativeWith, kind.group)
		for _, rate := range []int{20, 60} {
			got, err := b.callRate(ctx, r, tool, rate, ours, theirs)
			if err != nil {
				return rows, err
			}
			got.what = kind.what + ", " + got.what
			rows = append(rows, got)
		}
	}
	return rows, nil
}

// makeGroup makes the ring group.
func (r *room) makeGroup(ctx context.Context, members []*pbx.Device) error {
	var list []map[string]string
	for _, d := range members {
		list = append(list, map[string]string{"extension": d.Extension})
	}
	return r.client.Do(ctx, "PUT", "/v1/tenants/default/ring-groups/five",
		map[string]any{"number": groupDial, "members": list}, nil, "Prefer", "wait=20")
}

// addNative lets the same callees be dialled without Stasis.
func (r *room) addNative(ctx context.Context, s *pbx.Snapshot) error {
	// A context that is named twice is one: these stand beside the rendered ones,
	// and a number goes before a pattern.
	var text strings.Builder
	fmt.Fprintf(&text, "\n[%s]\n", pbx.EntryContext(pbx.DefaultTenant))
	for _, d := range s.Devices[:callPairs] {
		fmt.Fprintf(&text, "exten => %s%s,1,Dial(PJSIP/%s,%d,i)\n same => n,Hangup()\n", nativeWith, d.Extension, d.Endpoint,
			pbx.DefaultRingSeconds)
	}
	var legs []string
	for _, d := range s.Devices[2*callPairs:] {
		legs = append(legs, "PJSIP/"+d.Endpoint)
	}
	fmt.Fprintf(&text, "exten => %s%s,1,Dial(%s,%d,i)\n same => n,Hangup()\n", nativeWith, groupDial,
		strings.Join(legs, "&"), pbx.DefaultRingSeconds)
	return r.addDialplan(ctx, text.String())
}

// callLines pairs the second twenty devices, who call, with the first, or with the
// ring group.
func callLines(s *pbx.Snapshot, prefix, group string) (lines []string) {
	for i, caller := range s.Devices[callPairs : 2*callPairs] {
		lines = append(lines, fmt.Sprintf("%s;%s;%s%s", caller.Endpoint, credentials(caller), prefix,
			cmp.Or(group, s.Devices[i].Extension)))
	}
	return lines
}

func (b *bench) callRate(ctx context.Context, r *room, tool *sipp, rate int, ourLines,
	theirLines []string) (row, error) {
	calls := b.rounds(5*max(rate, 40), 2*rate) // a turn; there are two
	before, err := r.verdicts(ctx)
	if err != nil {
		return row{}, err
	}
	var ours, theirs []time.Duration
	for range 2 {
		got, err := tool.call(ctx, theirLines, rate, calls)
		if err != nil {
			return row{}, fmt.Errorf("native: %w", err)
		}
		theirs = append(theirs, got...)
		if got, err = tool.call(ctx, ourLines, rate, calls); err != nil {
			return row{}, fmt.Errorf("by ARI: %w", err)
		}
		ours = append(ours, got...)
		b.say("%d calls/s: by ARI p50 %s, p95 %s; native p50 %s, p95 %s", rate, ms(quantile(ours, .5)),
			ms(quantile(ours, .95)), ms(quantile(theirs, .5)), ms(quantile(theirs, .95)))
	}
	after, err := r.verdicts(ctx)
	if err != nil {
		return row{}, err
	}
	for verdict, n := range after {
		if verdict != "decided" && n > before[verdict] {
			return row{}, fmt.Errorf("%d calls were %s instead of decided", n-before[verdict], verdict)
		}
	}
	if decided := after["decided"] - before["decided"]; decided < len(ours) {
		return row{}, fmt.Errorf("only %d of %d calls were decided by the controller", decided, len(ours))
	}
	channels, bridges, err := r.leftBehind(ctx)
	if err != nil {
		return row{}, err
	}
	dropped, err := r.eventsDropped(ctx)
	if err != nil {
		return row{}, err
	}
	p50, p95 := float64(quantile(ours, .5))/float64(quantile(theirs, .5)),
		float64(quantile(ours, .95))/float64(quantile(theirs, .95))
	return row{
		what: fmt.Sprintf("%d calls/s, %d calls of 2 s", rate, len(ours)),
		result: fmt.Sprintf("p50 %s, p95 %s; 0 failed, left behind: %d channels, %d bridges; %d events dropped",
			ms(quantile(ours, .5)), ms(quantile(ours, .95)), channels, bridges, dropped),
		reference: fmt.Sprintf("native Dial(), %d calls: p50 %s, p95 %s", len(theirs), ms(quantile(theirs, .5)),
			ms(quantile(theirs, .95))),
		ratio:  fmt.Sprintf("p50 %.2f ×, p95 %.2f ×", p50, p95),
		target: fmt.Sprintf("p50 ≤ %.1f ×, p95 ≤ %.0f ×, 0 left, 0 dropped", callP50, callP95),
		holds:  p50 <= callP50 && p95 <= callP95 && channels == 0 && bridges == 0 && dropped == 0,
	}, nil
}

var lostLine = regexp.MustCompile(`(?m)^dialtone_ari_events_dropped (\d+)$`)

// eventsDropped is how many events of calls the controller has lost.
func (r *room) eventsDropped(ctx context.Context) (int, error) {
	text, err := r.metrics(ctx)
	if err != nil {
		return 0, err
	}
	m := lostLine.FindStringSubmatch(text)
	if m == nil {
		return 0, errors.New("the controller does not say how many events it lost")
	}
	return strconv.Atoi(m[1])
}

var verdictLine = regexp.MustCompile(`(?m)^dialtone_call_decision_seconds_count\{verdict="([^"]+)"\} (\d+)`)

// verdicts asks the controller what became of the calls it was asked about: a
// call that went to the fallback would be measured as a fast one.
func (r *room) verdicts(ctx context.Context) (map[string]int, error) {
	text, err := r.metrics(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]int{}
	for _, m := range verdictLine.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			return nil, fmt.Errorf("reading metrics: %w", err)
		}
		out[m[1]] = n
	}
	return out, nil
}

// leftWithin is how long channels of calls that have ended may take to go.
const leftWithin = 5 * time.Second

// leftBehind counts the channels and bridges that stay after the last call.
func (r *room) leftBehind(ctx context.Context) (channels, bridges int, err error) {
	limit, cancel := context.WithTimeout(ctx, leftWithin)
	defer cancel()
	err = waitUntil(limit, 100*time.Millisecond, "the channels to go", func() (bool, error) {
		if channels, err = r.count(ctx, "core show channels count", "active channel"); err != nil {
			return false, err
		}
		out, err := r.Asterisk.CLI(ctx, "bridge show all")
		bridges = max(strings.Count(strings.TrimSpace(out), "\n"), 0) // below the heading
		return channels == 0 && bridges == 0, err
	})
	if limit.Err() != nil && ctx.Err() == nil {
		err = nil // what is left is the result
	}
	return channels, bridges, err
}

// count reads the number that stands before a word.
func (r *room) count(ctx context.Context, command, word string) (int, error) {
	out, err := r.Asterisk.CLI(ctx, command)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(out) {
		if number, _, ok := strings.Cut(line, " "+word); ok {
			return strconv.Atoi(strings.TrimSpace(number))
		}
	}
	return 0, fmt.Errorf("%q says nothing of %ss: %.200s", command, word, out)
}
