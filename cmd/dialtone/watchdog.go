package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

// A controller that hangs without dying keeps its websocket, and Asterisk has its
// calls wait for it. Only somebody outside can end it: systemd does, when it is not
// told in time that all goes on (sd_notify(3), WatchdogSec=).

// notifySystemd tells systemd a state such as READY=1, where there is a systemd
// that wants to know.
func notifySystemd(state string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	socket, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("telling systemd %s: %w", state, err)
	}
	defer socket.Close()
	if _, err := socket.Write([]byte(state)); err != nil {
		return fmt.Errorf("telling systemd %s: %w", state, err)
	}
	return nil
}

// watchdogEvery is how often systemd wants to hear: three times within its limit. 0
// is never.
func watchdogEvery() time.Duration {
	limit, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if pid := os.Getenv("WATCHDOG_PID"); err != nil || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	return time.Duration(limit) * time.Microsecond / 3
}

// feedWatchdog says that the controller goes on for as long as alive does; a
// deadlock keeps alive from returning.
func feedWatchdog(ctx context.Context, every time.Duration, alive func() bool) error {
	if every <= 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if alive() {
			_ = notifySystemd("WATCHDOG=1") // a systemd that is gone for a moment is told the next time
		}
	}
}
