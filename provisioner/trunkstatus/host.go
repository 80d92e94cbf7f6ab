package trunkstatus

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Lookup asks for the addresses of a host, as net.Resolver.LookupHost does.
type Lookup func(ctx context.Context, host string) ([]string, error)

// SystemLookup asks the resolver of this machine.
func SystemLookup(ctx context.Context, host string) ([]string, error) {
	resolver := net.Resolver{PreferGo: true} // it ends with the context
	return resolver.LookupHost(ctx, host)
}

// The hosts of trunks are looked up every lookupPause, new ones at once, lookupsAtOnce at a
// time, each for at most lookupLimit.
const (
	lookupPause   = time.Minute
	lookupLimit   = 5 * time.Second
	lookupsAtOnce = 8
)

// Run looks up the hosts of trunks until ctx ends. A port stands in each trunk's URI, so
// that Asterisk asks for addresses alone and for no SRV record (RFC 3263, 4.2).
func (w *Watcher) Run(ctx context.Context) error {
	again := time.NewTicker(lookupPause)
	defer again.Stop()
	for all := true; ; {
		w.lookUp(ctx, all)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.swapped:
			all = false
		case <-again.C:
			all = true
		}
	}
}

// lookUp looks up all hosts, or only those that never were.
func (w *Watcher) lookUp(ctx context.Context, all bool) {
	w.mu.Lock()
	known := w.unresolvable
	w.mu.Unlock()
	var (
		g      errgroup.Group
		mu     sync.Mutex // guards found
		found  = map[string]bool{}
		snap   = w.o.Snapshot()
		asking = map[string]bool{}
	)
	g.SetLimit(lookupsAtOnce)
	for _, t := range snap.Trunks {
		host := t.Peer()
		if _, err := netip.ParseAddr(host); err == nil || asking[host] {
			continue
		}
		asking[host] = true
		g.Go(func() error {
			failed, was := known[host]
			if all || !was {
				failed = !w.resolves(ctx, host)
			}
			mu.Lock()
			defer mu.Unlock()
			found[host] = failed
			return nil
		})
	}
	_ = g.Wait() // no look-up returns an error
	if ctx.Err() != nil {
		return // what was cut off says nothing
	}
	w.mu.Lock()
	w.unresolvable = found
	w.mu.Unlock()
	w.settle()
}

func (w *Watcher) resolves(ctx context.Context, host string) bool {
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	addresses, err := w.o.Lookup(ctx, host)
	return err == nil && len(addresses) > 0
}
