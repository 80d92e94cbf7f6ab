package phonehttp

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// shelf is what an owner keeps of uploads.
type shelf struct {
	mu    sync.Mutex
	files map[string]string // mac/name
	fail  error
}

func (s *site) keepUploads() *shelf {
	k := &shelf{files: map[string]string{}}
	s.opt.Upload = func(p *pbx.Phone, name phoneconf.FileName, body []byte) (bool, error) {
		k.mu.Lock()
		defer k.mu.Unlock()
		key := string(p.MAC) + "/" + string(name)
		_, replaced := k.files[key]
		if k.fail == nil {
			k.files[key] = string(body)
		}
		return replaced, k.fail
	}
	s.opt.Uploaded = func(p *pbx.Phone, name phoneconf.FileName) ([]byte, error) {
		k.mu.Lock()
		defer k.mu.Unlock()
		if text, ok := k.files[string(p.MAC)+"/"+string(name)]; ok {
			return []byte(text), k.fail
		}
		return nil, k.fail
	}
	return k
}

func (s *site) put(path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPut, "http://pbx.example.com/", strings.NewReader(body))
	r.URL.Path = path
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestUploads(t *testing.T) {
	s := newSite(t, 2, nil)
	k := s.keepUploads()
	mac := string(macOf(1))
	polycom := "/p/" + secretOf(1) + "/" + mac
	for _, c := range []struct {
		path, body string
		want       int
	}{
		{polycom + "-app.log", "one", 201},
		{polycom + "-app.log", "two", 204},
		{polycom + "-phone.cfg", "<X a=\"1\"/>", 201},
		{"/p/" + secretOf(1) + "/" + strings.ToUpper(mac) + "-DIRECTORY.XML", "<d/>", 201},
		{"/p/" + secretOf(0) + "/" + string(macOf(0)) + "-contact.xml", "<c/>", 201},
		{polycom + "-app.log", strings.Repeat("x", 1<<20), 204},
		{polycom + "-boot.log", strings.Repeat("x", 1<<20+1), 413},
		{polycom + "-phone.cfg", strings.Repeat("x", 256<<10+1), 413},
	} {
		if w := s.put(c.path, c.body); w.Code != c.want || w.Body.Len() != 0 {
			t.Errorf("%s with %d bytes: %d %s", c.path, len(c.body), w.Code, w.Body)
		}
	}
	if len(k.files) != 4 || k.files[mac+"/"+mac+"-phone.cfg"] != "<X a=\"1\"/>" || len(k.files[mac+"/"+mac+"-app.log"]) != 1<<20 {
		t.Errorf("kept %d files", len(k.files))
	}
	w := s.get(polycom + "-phone.cfg")
	if w.Code != 200 || w.Body.String() != "<X a=\"1\"/>" || w.Header().Get("Content-Type") != "application/octet-stream" {
		t.Errorf("given back: %d %s %v", w.Code, w.Body, w.Header())
	}
	if w := s.get(polycom+"-phone.cfg", "If-None-Match", w.Header().Get("ETag")); w.Code != 304 {
		t.Errorf("again: %d", w.Code)
	}
	if w := s.ask(http.MethodHead, polycom+"-phone.cfg"); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d %s", w.Code, w.Body)
	}
	for _, path := range []string{polycom + "-app.log", polycom + "-web.cfg", "/" + mac + "-phone.cfg", "/p/" + secretOf(0) + "/" + mac + "-phone.cfg"} {
		if w := s.get(path); w.Code != 404 || w.Body.String() != missBody {
			t.Errorf("GET %s: %d %s", path, w.Code, w.Body)
		}
	}
}

// Nobody else can send anything, nor the phone itself under other names; the
// answer is the one to everything.
func TestUploadsOfOthersAreMissed(t *testing.T) {
	s := newSite(t, 2, nil)
	k := s.keepUploads()
	mac, other := string(macOf(1)), string(macOf(0))
	for _, path := range []string{
		"/" + mac + "-app.log", "/001565ffffff-app.log", "/p/" + secretOf(7) + "/" + mac + "-app.log", "/p/" + secretOf(0) + "/" + mac + "-app.log", "/p/" + secretOf(1) + "/" + other + "-contact.xml",
		"/p/" + secretOf(1) + "/" + mac + ".cfg", "/p/" + secretOf(1) + "/" + mac + "-dialtone.cfg", "/p/" + secretOf(1) + "/" + mac + "-other.log", "/p/" + secretOf(1) + "/" + mac + "-contact.xml",
		"/p/" + secretOf(1) + "/../" + mac + "-app.log", "/p/" + secretOf(1) + "/x/" + mac + "-app.log", "/p/" + secretOf(1) + "/app.log", "/p/" + secretOf(1) + "/",
	} {
		if w := s.put(path, "x"); w.Code != 404 || w.Body.String() != missBody {
			t.Errorf("PUT %s: %d %s", path, w.Code, w.Body)
		}
	}
	if len(k.files) != 0 {
		t.Errorf("kept %v", k.files)
	}
	k.fail = errors.New("disk full")
	if w := s.put("/p/"+secretOf(1)+"/"+mac+"-app.log", "x"); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("an error: %d %v", w.Code, w.Header())
	}
	if w := s.get("/p/" + secretOf(1) + "/" + mac + "-phone.cfg"); w.Code != 503 {
		t.Errorf("an error: %d", w.Code)
	}
	if strings.Contains(s.log.String(), "urlsecret") {
		t.Error("a secret is in the log")
	}
}

func TestOnlySoManyUploadsAtOnce(t *testing.T) {
	s := newSite(t, 2, nil)
	s.keepUploads()
	fill(s.uploads)
	path := "/p/" + secretOf(1) + "/" + string(macOf(1)) + "-app.log"
	if w := s.put(path, "x"); w.Code != 503 {
		t.Errorf("one too many: %d", w.Code)
	}
	s.uploads = newPlaces(bodies)
	for s.uploads.take(requester) {
	}
	full := s.uploads.taken
	if w := s.put(path, "x"); w.Code != 503 || full >= bodies.total {
		t.Errorf("one too many of an address: %d, %d taken", w.Code, full)
	}
	s.uploads.give(requester)
	if w := s.put(path, "x"); w.Code != 201 || s.uploads.taken != full-1 {
		t.Errorf("with a place: %d, %d taken", w.Code, s.uploads.taken)
	}
}

// A Polycom has one file for its user's contacts and for the tenant's people, and takes the
// server's at each boot: it must have both.
func TestAUsersContactsComeBack(t *testing.T) {
	s := newSite(t, 2, nil)
	k := s.keepUploads()
	path := "/p/" + secretOf(1) + "/" + string(macOf(1)) + "-directory.xml"
	before := s.get(path)
	sent := strings.Replace(before.Body.String(), "<item_list>", "<item_list><item><fn>Mum</fn><ct>0301111111</ct></item>", 1)
	if w := s.put(path, sent); w.Code != 201 {
		t.Fatalf("sent: %d", w.Code)
	}
	if kept := k.files[string(macOf(1))+"/"+string(macOf(1))+"-directory.xml"]; !strings.Contains(kept, "Mum") ||
		strings.Contains(kept, "Person") {
		t.Errorf("kept as the user's own:\n%s", kept)
	}
	after := s.get(path)
	for _, text := range []string{"<fn>Mum</fn><ct>0301111111</ct>", "<ct>1000</ct>", "<ct>1001</ct>"} {
		if !strings.Contains(after.Body.String(), text) {
			t.Errorf("%s is not in\n%s", text, after.Body)
		}
	}
	etag := after.Header().Get("Etag")
	if w := s.get(path, "If-None-Match", etag); w.Code != 304 || etag == before.Header().Get("Etag") {
		t.Errorf("asked again: %d, ETag %s", w.Code, etag)
	}
	// A colleague who leaves does not become the user's.
	s.swap(2, func(r *rows) { r.extensions[0].Name, r.extensions[0].Number = "Somebody", "1999" })
	if w := s.get(path); strings.Contains(w.Body.String(), "1000") || !strings.Contains(w.Body.String(), "Mum") ||
		!strings.Contains(w.Body.String(), "1999") {
		t.Errorf("after a colleague left:\n%s", w.Body)
	}
	k.fail = errors.New("the disk is broken")
	if w := s.get(path); w.Code != 503 {
		t.Errorf("without the user's contacts: %d, and the phone would lose them", w.Code)
	}
}
