package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/office"
)

// systemd is the socket of one, and the environment that names it.
func systemd(t *testing.T, limit string) (socket *net.UnixConn, env map[string]string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "notify-") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	socket, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	return socket, map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": limit}
}

// told is what systemd hears next, "" for nothing within the limit.
func told(t *testing.T, socket *net.UnixConn, limit time.Duration) string {
	t.Helper()
	if err := socket.SetReadDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 100)
	n, err := socket.Read(text)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	return string(text[:n])
}

func TestWatchdog(t *testing.T) {
	socket, env := systemd(t, "30000")
	for name, value := range env {
		t.Setenv(name, value)
	}
	every := watchdogEvery()
	if every != 10*time.Millisecond {
		t.Fatalf("every %v", every)
	}
	ctx, end := context.WithCancel(t.Context())
	asked, done := make(chan bool), make(chan error)
	go func() { done <- feedWatchdog(ctx, every, func() bool { return <-asked }) }()
	for range 2 {
		asked <- true
		if got := told(t, socket, 10*time.Second); got != "WATCHDOG=1" {
			t.Errorf("systemd is told %q", got)
		}
	}
	for range 3 {
		asked <- false
	}
	if got := told(t, socket, time.Millisecond); got != "" {
		t.Errorf("of one that hangs systemd is told %q", got)
	}
	end()
	select {
	case asked <- false:
		<-done
	case <-done:
	}
	t.Setenv("WATCHDOG_PID", "1")
	if watchdogEvery() != 0 {
		t.Error("it feeds the watchdog of another process")
	}
}

// TestWatchdogRealAsterisk: a controller that is stopped keeps its calls waiting. It
// is silent, systemd kills it, and the next one decides them.
func TestWatchdogRealAsterisk(t *testing.T) {
	t.Parallel()
	socket, env := systemd(t, "1500000")
	l := openLabWith(t, box.Asterisk22, office.Options{Env: env})
	l.Extension(t, "101", "", nil)
	l.Extension(t, "102", "", nil)
	caller := l.Register(t, l.Device(t, "caller", "101", nil), phone.Options{})
	callee := l.Register(t, l.Device(t, "callee", "102", nil), phone.Options{})
	for _, want := range []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1"} {
		if got := told(t, socket, 10*time.Second); got != want {
			t.Errorf("systemd is told %q, not %q", got, want)
		}
	}
	l.Suspend(t)
	out := Dial(t, caller, "102")
	for got := "x"; got != ""; got = told(t, socket, 1500*time.Millisecond) {
		continue
	}
	Eventually(t, Patience, func() string {
		if shown := l.Console(t, "core show channels concise"); !strings.Contains(shown, "!Stasis!") {
			return "the call does not wait:\n" + shown
		}
		return ""
	})
	l.Kill(t)
	l.Restart(t)
	in := Rings(t, out, callee)
	Answer(t, out, in)
	HangUp(t, out, in)
	l.NoChannels(t)
}
