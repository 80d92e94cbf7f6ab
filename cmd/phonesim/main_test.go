package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// screen collects output and lets a test wait for a line.
type screen struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func newScreen() *screen { return &screen{changed: make(chan struct{})} }

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
	return s.text.Write(b)
}

func (s *screen) wait(ctx context.Context, t *testing.T, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for {
		s.mu.Lock()
		text, changed := s.text.String(), s.changed
		s.mu.Unlock()
		if m := re.FindStringSubmatch(text); m != nil {
			return m
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("no %s in:\n%s", pattern, text)
		}
	}
}

// phonesim runs the program with arguments.
func phonesim(ctx context.Context, out *screen, args ...string) error {
	var c cli
	parser, err := kong.New(&c)
	if err != nil {
		return err
	}
	k, err := parser.Parse(args)
	if err != nil {
		return err
	}
	return run(ctx, k, &c, out)
}

func TestFetchCommand(t *testing.T) {
	const file = "#!version:1.0.0.1\naccount.1.enable = 1\naccount.1.user_name = 101\naccount.1.password = s3cret\naccount.1.sip_server.1.address = 192.0.2.1\n"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/805ec0aabb01.cfg" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, file)
	}))
	defer srv.Close()
	out := newScreen()
	if err := phonesim(t.Context(), out, "--mac=80:5e:c0:aa:bb:01", "--url="+srv.URL, "fetch"); err != nil {
		t.Fatal(err)
	}
	out.wait(t.Context(), t, `(?s)\.boot 404.*y000000000000\.boot 404.*y000000000108\.cfg 404.*805ec0aabb01\.cfg 200.*<sip:101@192\.0\.2\.1>.*\*\*\*\*`)
	if strings.Contains(out.text.String(), "s3cret") {
		t.Error("the password is on the screen")
	}
	if err := phonesim(t.Context(), out, "--mac=80:5e:c0:aa:bb:02", "--url="+srv.URL, "fetch"); err == nil {
		t.Error("a phone without a file was content")
	}
}

func TestCallAndAnswerCommands(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	answering, stop := context.WithCancel(ctx)
	callee, caller := newScreen(), newScreen()
	done := make(chan error, 1)
	go func() {
		done <- phonesim(answering, callee, "--mac=0004f2aabb01", "--model=VVX450", "answer", "--after=50ms")
	}()
	uri := callee.wait(ctx, t, `waiting for calls at (sip:\S+)`)[1]
	if err := phonesim(ctx, caller, "--mac=805ec0aabb01", "call", strings.Replace(uri, "sip:", "sip:102@", 1), "--talk=2s", "--dtmf=42#"); err != nil {
		t.Error(err)
	}
	caller.wait(ctx, t, `(?s)ringing.*answered.*pressed 42#.*hear 440 Hz.*we hung up: \d+ packets sent, \d+ received, 0 lost`)
	callee.wait(ctx, t, `(?s)call from .*answered.*hear 1000 Hz.*heard digits 42#.*they hung up`)
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A phone out of the box types digit by digit, and presses keys of its own.
func TestFactoryFlags(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/0004f2aabb02.cfg":
			fmt.Fprint(w, `<?xml version="1.0"?><APPLICATION CONFIG_FILES="all.cfg"/>`)
		case "/all.cfg":
			fmt.Fprint(w, `<x reg.1.address="101" reg.1.server.1.address="127.0.0.1" reg.1.server.1.port="1"/>`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	out := newScreen()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	d, err := (&cli{MAC: "0004f2aabb02", Model: "SPIP430", URL: srv.URL, LocalIP: "127.0.0.1",
		Factory: true, DND: true, Forward: "102"}).desk(out)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if _, err := d.fetch(ctx); err != nil {
		t.Fatal(err)
	}
	if err := d.ownKeys(ctx); err != nil {
		t.Fatal(err)
	}
	out.wait(ctx, t, `(?s)pressed its own key to do not disturb.*pressed its own key to forward`)
	if sent := d.box.Settings().OffHook("112", time.Second).Number; sent != "11" {
		t.Errorf("112 leaves as %s", sent)
	}
}
