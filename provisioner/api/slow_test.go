package api

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A client that asks and reads nothing is let go. One that reads slowly gets it all.
func TestAnswersHaveADeadline(t *testing.T) {
	l := newLab(t)
	server := httptest.NewUnstartedServer(nil)
	server.Config = Server(New(Options{Controller: l.ctl, Logger: slog.New(slog.DiscardHandler),
		Metrics: http.NotFoundHandler(), patience: 50 * time.Millisecond}))
	var ended atomic.Int64
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateClosed {
			ended.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// More than buffers of both ends hold.
	if _, err := conn.Write([]byte(strings.Repeat("GET /openapi.json HTTP/1.1\r\nHost: pbx\r\n\r\n", 80))); err != nil {
		t.Fatal(err)
	}
	l.until("for the end of the connection", func() bool { return ended.Load() == 1 })
}

// One token has a bound of streams, and a place is free again when one ends.
func TestStreamsOfOneTokenAreBounded(t *testing.T) {
	l := newLab(t)
	token := l.newToken(pbx.RoleOperator, "default")
	open := func(token string) (status int, end func()) {
		conn, err := net.Dial("tcp", l.server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprintf(conn, "GET /v1/events HTTP/1.1\r\nHost: pbx\r\nAuthorization: Bearer %s\r\n\r\n", token)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, func() { conn.Close() }
	}
	var last func()
	for i := range streamsOfOne {
		status, end := open(token)
		if status != 200 {
			t.Fatalf("stream %d: %d", i, status)
		}
		last = end
	}
	if status, _ := open(token); status != 429 {
		t.Errorf("one more: %d", status)
	}
	if status, _ := open(l.newToken(pbx.RoleOperator, "default")); status != 200 {
		t.Errorf("another token: %d", status)
	}
	last()
	l.until("for the place of a stream that has ended", func() bool { status, _ := open(token); return status == 200 })
}
