package phonehttp

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// onTheWire returns the answer that an adapter makes of a reply, its header fields in
// lower case and without the date, and the error of reading it as a client does.
func onTheWire(t *testing.T, adapter func(*Handler) server, method string, r func() reply) (answer string, err error) {
	t.Helper()
	s := newSite(t, 0, nil)
	s.core = func(context.Context, *ask) (reply, note) { return r(), note{} }
	c, err := net.Dial("tcp", served(t, adapter(s.Handler)).String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := fmt.Fprintf(c, "%s /x HTTP/1.1\r\nHost: a\r\n\r\n", method); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(resp.Body)
	lines := []string{fmt.Sprint(resp.StatusCode)}
	for name, values := range resp.Header {
		if name != "Date" {
			lines = append(lines, fmt.Sprintf("%s: %s", strings.ToLower(name), strings.Join(values, ",")))
		}
	}
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n") + "\n\n" + string(body), err
}

// A field of reply that an adapter drops changes nothing on the wire.
func TestEveryFieldOfAReplyReachesTheWire(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.rom")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	// What each field becomes on the wire. A new field has to be added here.
	samples := map[string]struct {
		set  func(*reply)
		want []string
	}{
		"status":   {func(r *reply) { r.status = 413 }, []string{"413\n"}},
		"ctype":    {func(r *reply) { r.ctype = "text/odd" }, []string{"\ncontent-type: text/odd\n"}},
		"cache":    {func(r *reply) { r.cache = "odd" }, []string{"\ncache-control: odd\n"}},
		"etag":     {func(r *reply) { r.etag = `"odd"` }, []string{"\netag: \"odd\"\n"}},
		"retry":    {func(r *reply) { r.retry = "77" }, []string{"\nretry-after: 77\n"}},
		"modified": {func(r *reply) { r.modified = "Mon, 01 Jun 2026 12:00:00 GMT" }, []string{"\nlast-modified: Mon, 01 Jun 2026 12:00:00 GMT\n"}},
		"portion":  {func(r *reply) { r.portion = "bytes 3-4/10" }, []string{"\ncontent-range: bytes 3-4/10\n"}},
		"ranges":   {func(r *reply) { r.ranges = "bytes" }, []string{"\naccept-ranges: bytes\n"}},
		"guard":    {func(r *reply) { r.guard = true }, []string{"\ncontent-security-policy: default-src 'none'", "\nreferrer-policy: no-referrer\n", "\nx-content-type-options: nosniff\n", "\nx-robots-tag: noindex\n"}},
		"size":     {func(r *reply) { r.size, r.body = 5, whole([]byte("hello")) }, []string{"\ncontent-length: 5\n"}},
		"body":     {func(r *reply) { r.size, r.body = 5, whole([]byte("hello")) }, []string{"\n\nhello"}},
		"file": {func(r *reply) {
			f, err := os.Open(path)
			if err != nil {
				t.Error(err)
			}
			r.size, r.file = 2, &sentFile{File: f, from: 3, done: func() {}}
		}, []string{"\ncontent-length: 2\n", "\n\n34"}},
	}
	plain := func() reply { return reply{status: http.StatusOK, ctype: "text/plain"} }
	for name, adapter := range servers {
		t.Run(name, func(t *testing.T) {
			bare, err := onTheWire(t, adapter, http.MethodGet, plain)
			if err != nil || bare != "200\ncontent-length: 0\ncontent-type: text/plain\n\n" {
				t.Fatalf("%q %v", bare, err)
			}
			for _, field := range reflect.VisibleFields(reflect.TypeFor[reply]()) {
				sample, ok := samples[field.Name]
				if !ok {
					t.Errorf("no sample shows what reply.%s is on the wire", field.Name)
					continue
				}
				got, err := onTheWire(t, adapter, http.MethodGet, func() reply {
					r := plain()
					sample.set(&r)
					return r
				})
				for _, want := range sample.want {
					if err != nil || !strings.Contains(got, want) || strings.Contains(bare, want) {
						t.Errorf("reply.%s: %q is not in %q, %v", field.Name, want, got, err)
					}
				}
			}
		})
	}
}

// A body of another length than declared is not sent: it would end in the middle of the
// next answer, or that in the middle of it.
func TestDeclaredLengthIsTheWrittenOne(t *testing.T) {
	short := filepath.Join(t.TempDir(), "x.rom")
	if err := os.WriteFile(short, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused, body := "503\ncache-control: no-store\ncontent-length: 0\nretry-after: 30\n\n", whole([]byte("hello"))
	for name, adapter := range servers {
		t.Run(name, func(t *testing.T) {
			for _, r := range []reply{
				{status: 200, size: 4, body: body}, {status: 200, size: 6, body: body}, {status: 200, size: 1},
				{status: 304, size: 5, body: body}, {status: 204, size: 0, body: body},
			} {
				if got, err := onTheWire(t, adapter, http.MethodGet, func() reply { return r }); err != nil || got != refused {
					t.Errorf("%d, %d bytes declared: %q %v", r.status, r.size, got, err)
				}
			}
			// A file can only be found out when its head is gone: the connection ends.
			_, err := onTheWire(t, adapter, http.MethodGet, func() reply {
				f, err := os.Open(short)
				if err != nil {
					t.Error(err)
				}
				return reply{status: 200, size: 20, file: &sentFile{File: f, done: func() {}}}
			})
			if err == nil {
				t.Error("a file that ended early looks whole")
			}
		})
	}
}

// A request is recorded when its answer is written, and with no hash when it could not be.
func TestRecordFollowsTheAnswer(t *testing.T) {
	for name, adapter := range servers {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, 1, nil)
			recorded := make(chan string, 1)
			s.opt.Record = func(f pbx.PhoneFetch) { recorded <- f.Hash }
			exchange(t, served(t, adapter(s.Handler)).String(), http.MethodGet, "GET "+own(0)+" HTTP/1.1\r\nHost: a\r\n\r\n")
			if hash := <-recorded; len(hash) != 64 {
				t.Errorf("hash %q", hash)
			}
			core := s.core
			s.core = func(ctx context.Context, a *ask) (reply, note) {
				r, n := core(ctx, a)
				r.size++
				return r, n
			}
			exchange(t, served(t, adapter(s.Handler)).String(), http.MethodGet, "GET "+own(0)+" HTTP/1.1\r\nHost: a\r\n\r\n")
			if hash := <-recorded; hash != "" {
				t.Errorf("hash %q of an answer that was not sent", hash)
			}
			s.core = func(context.Context, *ask) (reply, note) { panic("odd") }
			if got := exchange(t, served(t, adapter(s.Handler)).String(), http.MethodGet, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"); len(got) > 1 || len(got) == 1 && !strings.HasSuffix(got[0], "\r\nRetry-After: 30\r\n") {
				t.Errorf("after a panic: %q", got)
			}
		})
	}
}

// A reply that is not written into its buffer does not become another phone's.
func TestBuffersAreEmpty(t *testing.T) {
	for range 1000 {
		secret := []byte("another phone's")
		buffers.Put(&secret)
		if b := emptyBuffer(); len(*b) > 0 {
			t.Fatalf("%q", *b)
		}
	}
}
