package phonehttp

import (
	"os"
	"path/filepath"
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
	for range maxFirmware {
		s.sending <- struct{}{}
	}
	if w := s.get("/firmware/abc/x.rom"); w.Code != 503 {
		t.Errorf("one too many: %d", w.Code)
	}
	for range maxFirmware {
		<-s.sending
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
