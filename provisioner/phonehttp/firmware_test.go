package phonehttp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFirmware(t *testing.T) {
	s := newSite(t, 1, nil)
	path := filepath.Join(t.TempDir(), "x.rom")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, noon, noon); err != nil {
		t.Fatal(err)
	}
	s.opt.Firmware = func(sum, name string) (string, int64, time.Time, bool) {
		return path, 10, noon, sum == "abc" && name == "x.rom"
	}
	if w := s.get("/firmware/abc/x.rom"); w.Code != 200 || w.Body.String() != "0123456789" || w.Header().Get("ETag") != `"abc"` {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
	if w := s.get("/firmware/abc/x.rom", "Range", "bytes=4-"); w.Code != 206 || w.Body.String() != "456789" {
		t.Errorf("a part: %d %q", w.Code, w.Body)
	}
	if w := s.ask("HEAD", "/firmware/abc/x.rom"); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d %q", w.Code, w.Body)
	}
	for _, p := range []string{"/firmware/abd/x.rom", "/firmware/abc/y.rom", "/firmware/abc/", "/firmware/", "/firmware", "/firmware/abc/x.rom/", "/firmware/abc/../abc/x.rom"} {
		if w := s.get(p); w.Code != 404 || w.Body.String() != missBody {
			t.Errorf("%s: %d %q", p, w.Code, w.Body)
		}
	}
	if w := s.ask("PUT", "/firmware/abc/x.rom"); w.Code != 404 {
		t.Errorf("PUT: %d", w.Code)
	}
	fill(s.sending)
	if w := s.get("/firmware/abc/x.rom"); w.Code != 503 {
		t.Errorf("one too many: %d", w.Code)
	}
	s.sending = newPlaces(firmwares)
	for s.sending.take(requester) {
	}
	if w := s.get("/firmware/abc/x.rom"); w.Code != 503 {
		t.Errorf("one too many of an address: %d", w.Code)
	}
	s.sending.give(requester)
	if w := s.get("/firmware/abc/x.rom"); w.Code != 200 {
		t.Errorf("with a place: %d", w.Code)
	}
	if err := os.WriteFile(path, []byte("9876543210"), 0o600); err != nil {
		t.Fatal(err)
	}
	if w := s.get("/firmware/abc/x.rom"); w.Code != 404 {
		t.Errorf("other bytes at the same address: %d %q", w.Code, w.Body)
	}
	if len(s.known)+len(s.unknown) != 0 {
		t.Errorf("recorded %v %v", s.known, s.unknown)
	}
}

// Parts of a file come as asked for through each server.
func TestFirmwareInParts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.rom")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, noon, noon); err != nil {
		t.Fatal(err)
	}
	const modified, later, earlier = "Mon, 01 Jun 2026 12:00:00 GMT", "Mon, 01 Jun 2026 12:00:01 GMT", "Mon, 01 Jun 2026 11:59:59 GMT"
	for name, server := range servers {
		s := newSite(t, 1, nil)
		s.opt.Firmware = func(sum, name string) (string, int64, time.Time, bool) { return path, 10, noon, true }
		addr := served(t, server(s.Handler)).String()
		for _, c := range []struct{ method, headers, want string }{
			{"GET", "", "200 false Accept-Ranges: bytes\r\nCache-Control: public, max-age=31536000, immutable\r\nContent-Length: 10\r\nContent-Type: application/octet-stream\r\nEtag: \"abc\"\r\nLast-Modified: " + modified + "\r\n0123456789"},
			{"HEAD", "", "200 Content-Length: 10"},
			{"GET", "Range: bytes=4-\r\n", "206 Content-Length: 6\r\nContent-Range: bytes 4-9/10\r\n 456789"},
			{"GET", "Range: bytes=2-3\r\n", "206 Content-Range: bytes 2-3/10\r\n 23"},
			{"GET", "Range: bytes=-1\r\nIf-Range: \"abc\"\r\n", "206 9"},
			{"GET", "Range: bytes=-1\r\nIf-Range: \"old\"\r\n", "200 0123456789"},
			{"GET", "Range: bytes=-1\r\nIf-Range: " + modified + "\r\n", "206 9"},
			{"GET", "Range: bytes=0-1,3-4\r\n", "200 0123456789"},
			{"GET", "Range: bytes=10-\r\n", "416 Content-Length: 0\r\nContent-Range: bytes */10\r\n"},
			{"GET", "If-Modified-Since: " + modified + "\r\n", "304 Etag: \"abc\""},
			{"GET", "If-Modified-Since: " + earlier + "\r\n", "200 0123456789"},
			{"GET", "If-None-Match: \"x\", W/\"abc\"\r\n", "304 Etag: \"abc\""},
			{"GET", "If-Match: \"x\"\r\n", "412 Content-Length: 0"},
			{"GET", "If-Unmodified-Since: " + earlier + "\r\n", "412 Content-Length: 0"},
			{"GET", "If-Unmodified-Since: " + later + "\r\n", "200 0123456789"},
		} {
			got := exchange(t, addr, c.method, c.method+" /firmware/abc/x.rom HTTP/1.1\r\nHost: a\r\n"+c.headers+"\r\n")
			status, rest, _ := strings.Cut(c.want, " ")
			if len(got) != 1 || !strings.HasPrefix(got[0], status+" ") {
				t.Errorf("%s: %s %q: %q", name, c.method, c.headers, got)
				continue
			}
			for _, part := range strings.Split(rest, "\r\n") {
				if part = strings.TrimSpace(part); !strings.Contains(got[0], part) {
					t.Errorf("%s: %s %q: %q is not in %q", name, c.method, c.headers, part, got[0])
				}
			}
			if body := c.want[strings.LastIndexAny(c.want, " \n")+1:]; status == "206" && !strings.HasSuffix(got[0], "\n"+body) {
				t.Errorf("%s: %q: %q does not end with %q", name, c.headers, got[0], body)
			}
		}
		// A place is given back when the client has the whole answer already.
		within := time.After(5 * time.Second)
		for s.sending.isTaken() != 0 {
			select {
			case <-time.After(time.Millisecond):
			case <-within:
				t.Fatalf("%s: %d files are still under way", name, s.sending.isTaken())
			}
		}
	}
}

// isTaken is how many places are taken.
func (p *places) isTaken() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}
