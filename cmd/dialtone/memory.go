package main

import (
	"context"
	"os"
	"runtime/debug"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// lessGarbage lets the heap grow by half before it is collected, not by all of
// itself: at 10,000 phones that is the difference between 220 and 170 MB resident
// for some per cent of CPU. GOGC in the environment wins.
func lessGarbage() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}

// What Go may take, in bytes, before garbage is collected more eagerly and memory
// goes back to the system at once: 160 MB with 10,000 extensions, devices and
// phones, whose live heap is 105 MB. Without the bound a boot storm leaves 280 MB
// resident for minutes. It grows with the site, because a fixed one would make the
// collector thrash on larger sites.
const (
	memoryBase   = 50 << 20
	memoryObject = 3700
)

// memoryEvery is how soon the bound follows a site that grows.
const memoryEvery = time.Minute

// boundMemory keeps the bound in proportion to the site until ctx ends. GOMEMLIMIT
// in the environment wins.
func boundMemory(ctx context.Context, snapshot func() *pbx.Snapshot) error {
	if os.Getenv("GOMEMLIMIT") != "" {
		<-ctx.Done()
		return ctx.Err()
	}
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	for {
		s := snapshot()
		debug.SetMemoryLimit(memoryBase + memoryObject*int64(len(s.Extensions)+len(s.Devices)+len(s.Phones)))
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
