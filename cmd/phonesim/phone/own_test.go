package phone

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// keeper serves files and keeps those that are put.
type keeper struct {
	mu    sync.Mutex
	files map[string]string
}

func (k *keeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if r.Method == http.MethodPut {
		body, _ := io.ReadAll(r.Body)
		k.files[r.URL.Path] = string(body)
		w.WriteHeader(http.StatusCreated)
		return
	}
	body, ok := k.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = io.WriteString(w, body) // the phone may be gone
}

func keep(t *testing.T, files map[string]string) (*keeper, string) {
	k := &keeper{files: files}
	srv := httptest.NewServer(k)
	t.Cleanup(srv.Close)
	return k, srv.URL + "/"
}

func (k *keeper) put(name, body string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.files[name] = body
}

func fetched(t *testing.T, p *Phone) *Config {
	t.Helper()
	c, _, err := p.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A Yealink keeps whatever was ever set; a file changes what it names, and a person's setting
// is lost to it unless the files protect that.
func TestYealinkFlash(t *testing.T) {
	const head = "#!version:1.0.0.1\n"
	k, url := keep(t, map[string]string{"/805ec0aabb01.cfg": head + "a.b = 1\nc.d =\ne.f = %NULL%\n"})
	p := newPhone(t, Options{ProvisioningURL: url, Left: map[string]string{"a.b": "old", "c.d": "old", "e.f": "old", "g.h": "old"}})
	c := fetched(t, p)
	for name, want := range map[string]string{"a.b": "1", "c.d": "old", "e.f": "%NULL%", "g.h": "old"} {
		if got := c.Value(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if err := p.Set(t.Context(), "a.b", "mine"); err != nil {
		t.Fatal(err)
	}
	if got := fetched(t, p).Value("a.b"); got != "1" {
		t.Errorf("a person's setting that the files name is %s", got)
	}
	k.put("/805ec0aabb01.cfg", head+"a.b = 1\nstatic.auto_provision.custom.protect = 1\nstatic.auto_provision.custom.sync = 1\nstatic.auto_provision.custom.sync.path = "+url+"own/\n")
	fetched(t, p)
	if err := p.Set(t.Context(), "a.b", "mine"); err != nil {
		t.Fatal(err)
	}
	if got := fetched(t, p).Value("a.b"); got != "mine" || !strings.Contains(k.files["/own/805ec0aabb01-local.cfg"], "a.b = mine\n") {
		t.Errorf("a protected setting is %s; sent %q", got, k.files)
	}
}

// A Polycom's own settings count before all files. An empty file clears them, none does not.
func TestPolycomOverrides(t *testing.T) {
	k, url := keep(t, map[string]string{"/0004f2aabb01.cfg": `<APPLICATION CONFIG_FILES="all.cfg"/>`, "/all.cfg": `<x a.b="1" c.d="1"/>`})
	p := newPhone(t, Options{MAC: "0004f2aabb01", Model: "VVX450", ProvisioningURL: url, Left: map[string]string{"a.b": "old"}})
	if got := fetched(t, p).Value("a.b"); got != "old" {
		t.Errorf("what another system left is %s", got)
	}
	if err := p.Set(t.Context(), "c.d", `"<mine>`); err != nil {
		t.Fatal(err)
	}
	if c := fetched(t, p); c.Value("c.d") != `"<mine>` || c.Value("a.b") != "old" {
		t.Errorf("%v of %q", c.Values, k.files)
	}
	k.put("/0004f2aabb01-phone.cfg", `<PHONE_CONFIG><OVERRIDES/></PHONE_CONFIG>`)
	if c := fetched(t, p); c.Value("c.d") != "1" || c.Value("a.b") != "1" {
		t.Errorf("after an empty file: %v", c.Values)
	}
}
