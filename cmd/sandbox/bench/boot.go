package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// bootConnections is how many phones of a boot storm ask at once: after a power
	// cut they come within some seconds, as the switches that feed them do.
	bootConnections = 1000
	// bystanders are phones of another tenant, which a change does not touch.
	bystanders = 200
)

// bootPhone is a phone that boots: the files that its make asks for, one after the
// other over one connection.
type bootPhone []phoneFile

// bootFiles are the names of those of its own URL that are there. A Yealink that
// gets a boot file asks for no common one.
func bootFiles(p *pbx.Phone) []string {
	mac := string(p.MAC)
	if p.Vendor == pbx.Polycom {
		return []string{mac + ".cfg", mac + "-reg.cfg", mac + "-site.cfg", mac + "-directory.xml"}
	}
	return []string{mac + ".boot", mac + ".cfg"}
}

// bootLoad is the storm at one of the servers.
func bootLoad(base string, phones []bootPhone, cpus []int, checkSizes bool) (*load, error) {
	var files []phoneFile
	var ends []int
	for _, p := range phones {
		files = append(files, p...)
		ends = append(ends, len(files))
	}
	l, err := newLoad(base, files, cpus, checkSizes)
	if err != nil {
		return nil, err
	}
	l.connections, l.phones = bootConnections, ends
	return l, nil
}

// bootStorm lets all phones boot at each server in turn.
func (b *bench) bootStorm(ctx context.Context, servers []*webServer, phones []bootPhone, cpus []int) ([]row, error) {
	err := b.turns(b.rounds(4, 1), "boot storm", servers, func(base string) (loaded, error) {
		l, err := bootLoad(base, phones, cpus, true)
		if err != nil {
			return loaded{}, err
		}
		return l.once(ctx)
	})
	if err != nil {
		return nil, err
	}
	return compare(fmt.Sprintf("boot storm: %d phones, a connection each, %d at once, 2 files a Yealink and 4 a Polycom",
		len(phones), bootConnections), servers), nil
}

// compare makes rows of what the servers did under the same load, beside the last one.
// Only the first one has promised something.
func compare(what string, servers []*webServer) (rows []row) {
	last := len(servers) - 1
	theirs := &servers[last].seen
	for i, s := range servers[:last] {
		rate, tail := s.seen.perSecond()/theirs.perSecond(),
			float64(s.seen.latency.quantile(.99))/float64(theirs.latency.quantile(.99))
		r := row{
			what: what, result: s.seen.String(), reference: "nginx, the same bytes as static files: " + theirs.String(),
			// By processor time the ratio stays right on a machine that something else
			// keeps busy, where no server gets to its limit.
			ratio: fmt.Sprintf("%.2f × req/s (%.2f × by CPU), %.1f × p99", rate,
				float64(theirs.each())/float64(s.seen.each()), tail),
			target: fmt.Sprintf("≥ %.1f × req/s, p99 ≤ %.0f ×", warmLeast, warmMost), holds: rate >= warmLeast &&
				tail <= warmMost,
		}
		if i > 0 {
			r.what, r.reference, r.target, r.holds = "the same through "+s.name, "the same nginx", "–", true
		}
		rows = append(rows, r)
	}
	return rows
}

// coldBoot changes the tenant's time zone and lets all its phones boot while
// Dialtone also tells each about it. Phones of another tenant ask for what they
// have meanwhile, over one connection without a pause.
func (b *bench) coldBoot(ctx context.Context, r *room, phones []bootPhone, others []phoneFile,
	cpus []int) (row, error) {
	storm, beside := served{latency: newHistogram()}, served{latency: newHistogram()}
	var worst, worstBeside time.Duration
	for _, zone := range []string{"Asia/Kolkata", "America/Sao_Paulo", "Pacific/Chatham"}[:b.rounds(3, 1)] {
		quiet, err := newLoad(r.Phones, others, cpus, true)
		if err != nil {
			return row{}, err
		}
		quiet.connections = len(cpus)
		if _, err := quiet.once(ctx); err != nil { // these are warm
			return row{}, err
		}
		if err := r.client.Do(ctx, "PATCH", "/v1/tenants/default", map[string]any{"timezone": zone}, nil, "Prefer",
			"wait=60"); err != nil {
			return row{}, err
		}
		l, err := bootLoad(r.Phones, phones, cpus, false)
		if err != nil {
			return row{}, err
		}
		var got loaded
		var cpu time.Duration
		var stormErr error
		done := make(chan struct{})
		go func() {
			defer close(done)
			got, cpu, stormErr = r.using(func() (loaded, error) { return l.once(ctx) })
			quiet.stop.Store(true)
		}()
		calm, err := quiet.during(ctx, time.Minute)
		<-done
		if err := errors.Join(err, stormErr); err != nil {
			return row{}, fmt.Errorf("booting after a change: %w", err)
		}
		storm.add(got, cpu)
		beside.add(calm, 0)
		worst, worstBeside = max(worst, got.worst), max(worstBeside, calm.worst)
		b.say("cold boot storm: %.0f files/s, p99 %s; %d requests beside it, p99 %s", got.perSecond(),
			ms(got.latency.quantile(.99)), calm.latency.total, ms(calm.latency.quantile(.99)))
	}
	return row{
		what: "the same cold, right after a change that touches all; phones of another tenant ask beside it",
		result: fmt.Sprintf("%.0f files/s, p99 %s, slowest %s, %d µs of CPU each; the others' p99 %s, slowest %s",
			storm.perSecond(), ms(storm.latency.quantile(.99)), ms(worst), storm.each().Microseconds(),
			ms(beside.latency.quantile(.99)), ms(worstBeside)),
		reference: "–", ratio: "–", target: fmt.Sprintf("≥ %.0f files/s", coldLeast),
		holds: storm.perSecond() >= coldLeast,
	}, nil
}

// static is where nginx has a file.
func (r *room) static(path string) string {
	return filepath.Join(r.dir, "nginx", "root", filepath.FromSlash(path))
}

var droppedLine = regexp.MustCompile(`(?m)^dialtone_fetch_records_dropped (\S+)`)

// dropped is how many requests were answered and not recorded.
func (r *room) dropped(ctx context.Context) (int, error) {
	text, err := r.metrics(ctx)
	if err != nil {
		return 0, err
	}
	m := droppedLine.FindStringSubmatch(text)
	if m == nil {
		return 0, errors.New("metrics do not tell of dropped records")
	}
	n := 0
	_, err = fmt.Sscan(m[1], &n)
	return n, err
}
