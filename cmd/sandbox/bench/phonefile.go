package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	phoneCount   = 10_000
	phoneClients = 64
	warmLeast    = 0.5     // of nginx's requests/s
	warmMost     = 3.0     // times nginx's p99
	coldLeast    = 2_000.0 // files/s
	memoryMost   = 200 << 20
)

// phoneFiles serves the files of 10,000 phones, half Yealink and half Polycom,
// each from its own URL. The reference is nginx, serving the same bytes under the
// same paths to the same clients, on as many processors. Then the same cold, and
// how much memory all of it took.
func (b *bench) phoneFiles(ctx context.Context) (rows []row, err error) {
	serve, ask, err := splitCPUs()
	if err != nil {
		return nil, err
	}
	r, err := b.openOffice(ctx, "phone", people{count: phoneCount, mailboxes: true, phones: true,
		qualify: pbx.DefaultQualifySeconds, others: bystanders}, serve...)
	if err != nil {
		return nil, err
	}
	defer r.shut(&err)
	all, err := r.fetchAll(ctx)
	if err != nil {
		return nil, err
	}
	n, err := startNginx(ctx, filepath.Join(r.dir, "nginx"), serve)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, n.stop()) }()
	o, err := b.startOverNetHTTP(ctx, r, all.clocks[0].path, serve)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, o.stop()) }()
	servers := func() []*webServer {
		return []*webServer{newWebServer("fasthttp", r.Phones, r.ControllerPID()), newWebServer("net/http", o.base, o.pid()),
			newWebServer("nginx", "http://"+n.addr, n.pid())}
	}
	for _, measure := range []func() ([]row, error){
		func() ([]row, error) { return b.warm(ctx, servers(), all.clocks, ask) },
		func() ([]row, error) { return b.bootStorm(ctx, servers(), all.boots, ask) },
		func() ([]row, error) { return nil, o.stop() }, // the rest has the machine for itself
		one(func() (row, error) { return b.cold(ctx, r, all.clocks, ask) }),
		one(func() (row, error) { return b.coldBoot(ctx, r, all.boots, all.others, ask) }),
		one(func() (row, error) { return r.servedRow(ctx) }),
	} {
		got, err := measure()
		if err != nil {
			return rows, err
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

func one(measure func() (row, error)) func() ([]row, error) {
	return func() ([]row, error) {
		r, err := measure()
		return []row{r}, err
	}
}

// phoneFile is one file on both servers.
type phoneFile struct {
	path string // of the URL
	size int
}

// clockFile is the name of the file that sets a phone's clock: the whole
// configuration of a Yealink, the site's part of a Polycom's. A change of the
// tenant's time zone touches it.
func clockFile(p *pbx.Phone) string {
	if p.Vendor == pbx.Polycom {
		return string(p.MAC) + "-site.cfg"
	}
	return string(p.MAC) + ".cfg"
}

// allFiles is what there is to be asked for.
type allFiles struct {
	clocks []phoneFile // of each phone of the tenant that changes
	boots  []bootPhone
	others []phoneFile // of phones of another tenant
}

// fetchAll asks Dialtone once for each file that a phone boots with and lays the
// bytes out for nginx under the same path.
func (r *room) fetchAll(ctx context.Context) (all allFiles, err error) {
	s, err := snapshot(ctx, r.Database)
	if err != nil {
		return all, err
	}
	for _, p := range s.Phones {
		var boot bootPhone
		for _, name := range bootFiles(p) {
			f := phoneFile{path: "/p/" + p.URLSecret.Reveal() + "/" + name}
			if f.size, err = r.layOut(ctx, f.path); err != nil {
				return all, err
			}
			boot = append(boot, f)
			switch {
			case p.Tenant != pbx.DefaultTenant:
				all.others = append(all.others, f)
			case name == clockFile(p):
				all.clocks = append(all.clocks, f)
			}
		}
		if p.Tenant == pbx.DefaultTenant {
			all.boots = append(all.boots, boot)
		}
	}
	return all, nil
}

// layOut fetches a file for nginx.
func (r *room) layOut(ctx context.Context, path string) (size int, err error) {
	body, err := fetch(ctx, r.Phones+path)
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(filepath.Dir(r.static(path)), 0o700); err != nil {
		return 0, fmt.Errorf("folder for nginx: %w", err)
	}
	if err := os.WriteFile(r.static(path), body, 0o600); err != nil {
		return 0, fmt.Errorf("file for nginx: %w", err)
	}
	return len(body), nil
}

func fetch(ctx context.Context, address string) (_ []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("a phone's file: %s", resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// newLoad prepares the requests as a phone would write them. sizes are not
// checked where they may have changed.
func newLoad(base string, files []phoneFile, cpus []int, checkSizes bool) (*load, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	to, err := netip.ParseAddrPort(u.Host)
	if err != nil {
		return nil, fmt.Errorf("address of a web server: %w", err)
	}
	l := &load{to: to, connections: phoneClients, cpus: cpus}
	for _, f := range files {
		mac := strings.ToUpper(filepath.Base(f.path)[:12])
		agent := "Yealink SIP-T46U 108.86.0.90 " + pbx.MAC(strings.ToLower(mac)).Colons()
		if strings.HasPrefix(mac, "0004F2") {
			agent = "FileTransport PolycomVVX-VVX_450-UA/6.4.5.2145 (SN:" + mac + ") Type/Application"
		}
		l.requests = append(l.requests, fmt.Appendf(nil,
			"GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: */*\r\n\r\n", f.path, u.Host, agent))
		size := 0
		if checkSizes {
			size = f.size
		}
		l.sizes = append(l.sizes, size)
	}
	return l, nil
}

// served is what one server did in all rounds.
type served struct {
	latency *histogram
	took    time.Duration
	cpu     time.Duration
}

func (s *served) add(l loaded, cpu time.Duration) {
	s.latency.merge(l.latency)
	s.took += l.took
	s.cpu += cpu
}

func (s *served) perSecond() float64 { return float64(s.latency.total) / s.took.Seconds() }

// each is the processor time of one request.
func (s *served) each() time.Duration { return s.cpu / time.Duration(max(s.latency.total, 1)) }

func (s *served) String() string {
	return fmt.Sprintf("%.0f req/s, p99 %s, %d µs of CPU each, busy %.0f %%", s.perSecond(), ms(s.latency.quantile(.99)),
		s.each().Microseconds(), 100*float64(s.cpu)/float64(s.took))
}

// webServer is one of the servers that are asked for the same files in turn.
type webServer struct {
	name, base string
	pid        int
	seen       served
}

func newWebServer(name, base string, pid int) *webServer {
	return &webServer{name: name, base: base, pid: pid, seen: served{latency: newHistogram()}}
}

// turns gives each server the same load, one after the other, in several rounds.
func (b *bench) turns(rounds int, what string, servers []*webServer, ask func(base string) (loaded, error)) error {
	for range rounds {
		for _, s := range servers {
			before, err := cpuTime(s.pid)
			if err != nil {
				return err
			}
			got, err := ask(s.base)
			if err != nil {
				return fmt.Errorf("%s at %s: %w", what, s.name, err)
			}
			after, err := cpuTime(s.pid)
			if err != nil {
				return err
			}
			s.seen.add(got, after-before)
			b.say("%s at %s: %.0f req/s, p99 %s, busy %.0f %%, the load %.0f %%", what, s.name, got.perSecond(),
				ms(got.latency.quantile(.99)),
				100*float64(after-before)/float64(got.took), 100*float64(got.cpu)/float64(got.took))
		}
	}
	return nil
}

// warm asks each server for the files over connections that stay open. The last one is
// the reference; the first one makes the promise.
func (b *bench) warm(ctx context.Context, servers []*webServer, files []phoneFile, cpus []int) ([]row, error) {
	for _, s := range servers { // files come into the page cache, or ours
		l, err := newLoad(s.base, files, cpus, true)
		if err != nil {
			return nil, err
		}
		if _, err := l.once(ctx); err != nil {
			return nil, fmt.Errorf("warming %s up: %w", s.name, err)
		}
	}
	err := b.turns(b.rounds(3, 1), "files", servers, func(base string) (loaded, error) {
		l, err := newLoad(base, files, cpus, true)
		if err != nil {
			return loaded{}, err
		}
		return l.during(ctx, time.Duration(b.rounds(8, 3))*time.Second)
	})
	if err != nil {
		return nil, err
	}
	return compare(fmt.Sprintf("phone files by per-phone URL, %d phones, %d connections", phoneCount, phoneClients),
		servers), nil
}

// cold changes the tenant's time zone, which is in every phone's file, and asks
// for each file once while Dialtone also tells every phone about it.
func (b *bench) cold(ctx context.Context, r *room, files []phoneFile, cpus []int) (row, error) {
	l, err := newLoad(r.Phones, files, cpus, false)
	if err != nil {
		return row{}, err
	}
	all, worst := served{latency: newHistogram()}, time.Duration(0)
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Asia/Tokyo"}[:b.rounds(3, 1)] {
		before, err := fetch(ctx, r.Phones+files[0].path)
		if err != nil {
			return row{}, err
		}
		if err := r.client.Do(ctx, "PATCH", "/v1/tenants/default", map[string]any{"timezone": zone}, nil, "Prefer",
			"wait=60"); err != nil {
			return row{}, err
		}
		got, cpu, err := r.using(func() (loaded, error) { return l.once(ctx) })
		if err != nil {
			return row{}, fmt.Errorf("asking for cold files: %w", err)
		}
		if after, err := fetch(ctx, r.Phones+files[0].path); err != nil || bytes.Equal(before, after) {
			return row{}, errors.Join(err, errors.New("the change did not reach the phones' files"))
		}
		b.say("cold: %.0f files/s, the slowest took %s", got.perSecond(), ms(got.worst))
		all.add(got, cpu)
		worst = max(worst, got.worst)
	}
	return row{
		what: "the same cold: each phone's first request after a change that touches all",
		result: fmt.Sprintf("%.0f files/s, p99 %s, slowest %s, %d µs of CPU each", all.perSecond(),
			ms(all.latency.quantile(.99)), ms(worst), all.each().Microseconds()),
		reference: "–", ratio: "–", target: fmt.Sprintf("≥ %.0f files/s", coldLeast),
		holds: all.perSecond() >= coldLeast,
	}, nil
}

// using also says how much processor time the controller took meanwhile.
func (r *room) using(load func() (loaded, error)) (loaded, time.Duration, error) {
	before, err := cpuTime(r.ControllerPID())
	if err != nil {
		return loaded{}, 0, err
	}
	got, err := load()
	if err != nil {
		return loaded{}, 0, err
	}
	after, err := cpuTime(r.ControllerPID())
	return got, after - before, err
}

// memoryRow looks at the controller after everything was asked of it.
func (r *room) memoryRow(what string) (row, error) { return sizeRow(what, r.ControllerPID()) }

// servedRow also says how many requests were not recorded.
func (r *room) servedRow(ctx context.Context) (row, error) {
	lost, err := r.dropped(ctx)
	if err != nil {
		return row{}, err
	}
	out,
		err := r.memoryRow(fmt.Sprintf("memory of the controller, %d extensions, mailboxes and phones, all files served; requests that it did not record", phoneCount))
	out.result, out.target, out.holds = fmt.Sprintf("%s; %d not recorded", out.result, lost), out.target+", 0",
		out.holds && lost == 0
	return out, err
}

func sizeRow(what string, pid int) (row, error) {
	now, peak, err := memory(pid)
	return row{
		what:      what,
		result:    fmt.Sprintf("%d MB resident, %d MB at most", now>>20, peak>>20),
		reference: "–", ratio: "–", target: fmt.Sprintf("≤ %d MB", memoryMost>>20), holds: now <= memoryMost,
	}, err
}
