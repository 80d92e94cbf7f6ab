package fleet

import (
	"context"
	"log/slog"
	"runtime"
	"syscall"
)

// backgroundNice is the niceness of loops that put away what phones did: beside a
// thread that answers phones, such a loop gets a quarter of a processor and not half
// of it. It still gets that much, for it holds the one connection that writes.
const backgroundNice = 5

// inBackground runs a loop on a thread of its own that others go before. Only what
// the goroutine itself computes counts, so its statements must not have a context that
// can end: the driver would run them elsewhere.
func inBackground(ctx context.Context, log *slog.Logger, loop func(context.Context) error) error {
	runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
	// On Linux 0 is the calling thread (sched(7)).
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, backgroundNice); err != nil {
		log.Debug("a background loop keeps the priority of all others", "error", err)
	}
	return loop(ctx)
}
