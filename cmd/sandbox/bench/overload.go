package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	ariv6 "github.com/CyCoreSystems/ari/v6"

	"github.com/dialtone-pbx/dialtone/ari"
	"github.com/dialtone-pbx/dialtone/ari/aritest"
	"github.com/dialtone-pbx/dialtone/ari/callflow"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	overloadTakes    = 5 * time.Millisecond   // each request
	overloadDeadline = 500 * time.Millisecond // callflow's own, three times over
)

// overload has thousands of calls come into Stasis at once, in front of an Asterisk
// whose every answer takes a while: more than can be decided before their time is
// up. The others are to go to the fallback, and no call is to wait longer than is
// stated. The flow and its connection are the controller's own, in this process.
func (b *bench) overload(ctx context.Context) (rows []row, err error) {
	dir := filepath.Join(b.Dir, "overload")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of the overload: %w", err)
	}
	defer b.removeAll(dir)
	if err := seed(ctx, filepath.Join(dir, "dialtone.db"), people{count: 2 * callPairs}); err != nil {
		return nil, err
	}
	s, err := snapshot(ctx, filepath.Join(dir, "dialtone.db"))
	if err != nil {
		return nil, err
	}
	for _, calls := range []int{2000, 6000} {
		got, err := b.overloadBy(ctx, s, calls)
		if err != nil {
			return rows, err
		}
		rows = append(rows, got)
	}
	return rows, nil
}

// crowd is an Asterisk with calls in Stasis.
type crowd struct {
	*aritest.Server
	snapshot *pbx.Snapshot

	mu      sync.Mutex
	waiting map[string]time.Time // since when
	waits   []time.Duration      // of those that are through
	to      map[string]int       // how many went to which kind of context
	done    chan struct{}        // closed when none waits
}

func (b *bench) overloadBy(ctx context.Context, s *pbx.Snapshot, calls int) (row, error) {
	host := &amiHost{}
	c := &crowd{Server: aritest.NewServer(host), snapshot: s, waiting: map[string]time.Time{}, to: map[string]int{},
		done: make(chan struct{})}
	defer host.end()
	c.Handle("POST /channels/*/variable", func(aritest.Request) aritest.Answer { return c.after(aritest.Answer{}) })
	c.Handle("POST /channels/*/continue", c.moved)
	c.Handle("DELETE /channels/*", c.moved)
	c.Handle("GET /channels", c.list)
	var flow *callflow.Flow
	var client *ari.Client
	client = ari.New(ari.Options{URL: c.URL(), Username: aritest.Username, Password: aritest.Password, App: pbx.StasisApp,
		OnUp:    func(ctx context.Context, gen uint64) error { return flow.Up(ctx, gen) },
		OnEvent: func(e ariv6.Event) { flow.HandleEvent(e, client.EventRead()) }})
	flow = callflow.New(callflow.Options{Client: client, Snapshot: func() *pbx.Snapshot { return s },
		Deadline: overloadDeadline})
	run, end := context.WithCancel(ctx)
	flowRun, endFlow := context.WithCancel(ctx)
	var owned sync.WaitGroup
	owned.Go(func() {
		defer endFlow()
		_ = client.Run(run) // it ends when it is told to
	})
	owned.Go(func() { _ = flow.Run(flowRun) })
	defer owned.Wait()
	defer end()
	c.WaitSessions(1)
	c.come(calls)
	select {
	case <-c.done:
	case <-ctx.Done():
		return row{}, fmt.Errorf("%d of %d calls still wait: %w", len(c.waiting), calls, ctx.Err())
	}
	return c.row(b, calls, flow.Stats(), client.Dropped())
}

// come lets calls in, as fast as the socket takes them.
func (c *crowd) come(calls int) {
	frames := make([]string, calls)
	for i := range frames {
		frames[i] = aritest.StasisStart(pbx.StasisApp, c.channel(i), pbx.ArgCall, pbx.DefaultTenant)
	}
	c.mu.Lock() // none leaves before all are known
	for i := range frames {
		c.waiting[c.channel(i).ID] = time.Now()
	}
	c.mu.Unlock()
	for i, f := range frames {
		c.mu.Lock()
		if id := c.channel(i).ID; !c.waiting[id].IsZero() {
			c.waiting[id] = time.Now()
		}
		c.mu.Unlock()
		c.Send(f)
	}
}

// channel is the i-th caller, who calls a device of another extension.
func (c *crowd) channel(i int) aritest.Channel {
	from, to := c.snapshot.Devices[callPairs+i%callPairs], c.snapshot.Devices[i%callPairs]
	return aritest.Channel{ID: fmt.Sprintf("crowd.%d", i), Name: fmt.Sprintf("PJSIP/%s-%08x", from.Endpoint, i),
		Context: pbx.EntryContext(pbx.DefaultTenant), Exten: to.Extension, Priority: 2}
}

// after is an answer that takes as long as each here.
func (c *crowd) after(a aritest.Answer) aritest.Answer {
	timer := time.NewTimer(overloadTakes)
	<-timer.C
	return a
}

// moved takes a call out of Stasis.
func (c *crowd) moved(r aritest.Request) aritest.Answer {
	id := r.Segment(1)
	kind, _, _ := strings.Cut(r.Field("context"), "-")
	c.after(aritest.Answer{})
	c.mu.Lock()
	since, here := c.waiting[id]
	if here {
		delete(c.waiting, id)
		c.waits = append(c.waits, time.Since(since))
		c.to[kind]++
		if len(c.waiting) == 0 {
			close(c.done)
		}
	}
	c.mu.Unlock()
	if !here {
		return aritest.Failure(404, "Channel not found")
	}
	c.Send(aritest.StasisEnd(pbx.StasisApp, aritest.Channel{ID: id}))
	return aritest.Answer{}
}

// list is every call that waits, as Asterisk lists channels.
func (c *crowd) list(aritest.Request) aritest.Answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	var items []string
	for i := range len(c.waiting) + len(c.waits) {
		ch := c.channel(i)
		if _, here := c.waiting[ch.ID]; here {
			items = append(items,
				fmt.Sprintf(`{"id":%q,"name":%q,"state":"Ring","caller":{"name":"","number":""},"connected":{"name":"","number":""},`+
					`"accountcode":"","creationtime":"2026-11-22T05:44:15.000+0000","language":"en",`+
					`"dialplan":{"context":%q,"exten":%q,"priority":2,"app_name":"Stasis","app_data":"%s,%s,%s"}}`,
					ch.ID, ch.Name, ch.Context, ch.Exten, pbx.StasisApp, pbx.ArgCall, pbx.DefaultTenant))
		}
	}
	return c.after(aritest.Answer{Body: "[" + strings.Join(items, ",") + "]"})
}

func (c *crowd) row(b *bench, calls int, stats callflow.Stats, dropped uint64) (row, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	decided, fell, hungUp, longest := c.to["dial"], c.to["fallback"], c.to[""], quantile(c.waits, 1)
	if decided+fell+hungUp != calls {
		return row{}, errors.New("calls went to places that are none of ours")
	}
	b.say("%d calls at once: %d decided, %d to the fallback, %d hung up, %d waited for a list, %d stranded, longest %s",
		calls, decided, fell, hungUp, stats.Postponed, stats.Stranded, ms(longest))
	return row{
		what: fmt.Sprintf("%d calls at once, an Asterisk whose every answer takes %d ms", calls,
			overloadTakes.Milliseconds()),
		result: fmt.Sprintf("%d decided, %d to the fallback (%d of them found by a list), %d hung up; in Stasis p50 %s, longest %s; %d events dropped",
			decided, fell, stats.Postponed, hungUp, ms(quantile(c.waits, .5)), ms(longest), dropped),
		reference: "–", ratio: "–", target: "longest ≤ " + ms(3*overloadDeadline) + ", 0 hung up, 0 dropped",
		holds: longest <= 3*overloadDeadline && hungUp == 0 && dropped == 0,
	}, nil
}
