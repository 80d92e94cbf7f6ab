package phonehttp

import "testing"

// The root is where the phones' files say, to be read by everybody, and nowhere else.
func TestRoot(t *testing.T) {
	s := newSite(t, 1, nil)
	if w := s.get("/root/0123456789abcdef/root.pem"); w.Code != 404 || w.Body.String() != missBody {
		t.Errorf("without a root: %d %q", w.Code, w.Body)
	}
	s.o.Site.Root = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
	path := s.o.Site.RootPath()
	if w := s.get(path); w.Code != 200 || w.Body.String() != s.o.Site.Root || w.Header().Get("Content-Type") != rootType {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
	for _, c := range [][2]string{{"PUT", path}, {"POST", path}, {"GET", path + "/"}, {"GET", "/root/"}, {"GET", "/root/0123456789abcdef/root.pem"}} {
		if w := s.ask(c[0], c[1]); w.Code != 404 {
			t.Errorf("%s %s: %d", c[0], c[1], w.Code)
		}
	}
}
