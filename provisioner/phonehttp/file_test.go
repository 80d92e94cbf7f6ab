package phonehttp

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestCacheFollowsWhatAFileDependsOn(t *testing.T) {
	s := newSite(t, 4, nil)
	before := s.get(own(0)).Header().Get("ETag")
	steps := []struct {
		name    string
		change  func(*rows)
		renders int64
		same    bool
	}{
		{"the same again", nil, 0, true},
		{"an unrelated extension", func(r *rows) { r.extensions[1].Name = "Somebody" }, 0, true},
		{"an unrelated phone", func(r *rows) { r.phones[2].Model = "gone"; r.phones[2].URLSecret = pbx.NewSecret("new") }, 0, true},
		{"its own enrolment window", func(r *rows) { r.phones[0].EnrolUntil = noon }, 0, true},
		{"its extension's name", func(r *rows) { r.extensions[0].Name = "Somebody" }, 1, false},
		{"its device's secret", func(r *rows) { r.devices[0].Secret = pbx.NewSecret("new") }, 1, false},
		{"its tenant's zone", func(r *rows) { r.tenant.Timezone = "Asia/Kolkata" }, 1, false},
		{"as it was", nil, 1, true},
	}
	for _, step := range steps {
		s.swap(4, step.change)
		n := s.Renders()
		w := s.get(own(0))
		if w.Code != 200 || s.Renders()-n != step.renders || (w.Header().Get("ETag") == before) != step.same {
			t.Errorf("after %s: %d, %d renders, same bytes %v", step.name, w.Code, s.Renders()-n, w.Header().Get("ETag") == before)
		}
	}
	s.clock(noon.AddDate(1, 0, 0))
	if n := s.Renders(); s.get(own(0)).Code != 200 || s.Renders() != n+1 {
		t.Error("a new year has the rules of the old one")
	}
}

// A directory follows every name of its tenant, and nothing else has to be
// rendered for that.
func TestDirectoryFollowsItsTenantsPeople(t *testing.T) {
	s := newSite(t, 4, nil)
	for i, ending := range []string{"-phonebook.xml", "-directory.xml"} {
		path := "/p/" + secretOf(i) + "/" + string(macOf(i)) + ending
		s.swap(4, nil)
		if w := s.get(path); w.Code != 200 || !strings.Contains(w.Body.String(), "Person 1003") || w.Header().Get("Content-Type") != "text/xml; charset=utf-8" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		s.get(own(i))
		n := s.Renders()
		s.swap(4, func(r *rows) { r.extensions[3].Name = "Somebody" })
		if w := s.get(path); !strings.Contains(w.Body.String(), "Somebody") || s.Renders() != n+1 {
			t.Errorf("%s after a new name: %d renders\n%s", path, s.Renders()-n, w.Body)
		}
		if s.get(own(i)); s.get(path).Code != 200 || s.Renders() != n+1 {
			t.Errorf("%d renders for one name", s.Renders()-n)
		}
		if s.get("/p/"+secretOf(2)+"/"+string(macOf(i))+ending).Code != 404 {
			t.Error("another phone's secret opens the directory")
		}
	}
}

func TestBrokenDataKeepsTheLastGoodFile(t *testing.T) {
	s := newSite(t, 2, nil)
	good := s.get(own(0)).Body.String()
	broken := func(r *rows) { r.devices[0].Secret = pbx.NewSecret("line\nbreak") }
	s.swap(2, broken)
	for range 3 {
		if w := s.get(own(0)); w.Code != 200 || w.Body.String() != good {
			t.Fatalf("%d", w.Code)
		}
	}
	if n := strings.Count(s.log.String(), "cannot be rendered"); n != 1 || strings.Contains(s.log.String(), "break") || strings.Contains(s.log.String(), "urlsecret") {
		t.Errorf("logged %d times: %s", n, &s.log)
	}
	// Enrolled anew with another secret, the phone is another owner: nothing of the
	// old one is for it.
	s.swap(2, func(r *rows) { broken(r); r.phones[0].URLSecret = pbx.NewSecret("replaced") })
	w := s.get("/p/replaced/" + string(macOf(0)) + ".cfg")
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Body.Len() != 0 {
		t.Errorf("no good file: %d %v", w.Code, w.Header())
	}
	if w := s.get(own(1)); w.Code != 200 {
		t.Errorf("the other phone: %d", w.Code)
	}
	s.swap(2, nil)
	if w := s.get(own(0)); w.Code != 200 || w.Body.String() != good {
		t.Errorf("mended: %d", w.Code)
	}
}

func TestCacheStaysWithinItsBound(t *testing.T) {
	const bound = 40_000
	s := newBoundSite(50, bound, nil)
	for range 2 {
		for i := range 50 {
			if w := s.get(own(i)); w.Code != 200 {
				t.Fatal(w.Code)
			}
			var sum int64
			for el := s.cache.order.Front(); el != nil; el = el.Next() {
				sum += el.Value.(*file).cost()
			}
			if sum != s.cache.used || sum > bound || len(s.cache.files) != s.cache.order.Len() {
				t.Fatalf("holds %d bytes, says %d, bound %d", sum, s.cache.used, bound)
			}
		}
	}
	n := s.Renders()
	s.get(own(49))
	if s.Renders() != n {
		t.Error("the last file is gone already")
	}
	if s.get(own(0)); s.Renders() != n+1 {
		t.Error("the first file is still there")
	}
	tiny := newBoundSite(1, 1, nil)
	if w := tiny.get(own(0)); w.Code != 200 || tiny.cache.used != 0 {
		t.Errorf("a bound below one file: %d, %d bytes", w.Code, tiny.cache.used)
	}
}

// Many phones at once while the state changes: each answer is one of the two
// states, never a mixture and never a miss.
func TestConcurrentRequestsAndSwaps(t *testing.T) {
	const phones = 20
	s := newSite(t, phones, nil)
	rename := func(r *rows) {
		for _, e := range r.extensions {
			e.Name = "Renamed " + e.Number
		}
	}
	stop := make(chan struct{})
	var swaps, clients sync.WaitGroup
	swaps.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				s.swap(phones, map[bool]func(*rows){true: rename}[i%2 == 0])
				runtime.Gosched()
			}
		}
	})
	for c := range 8 {
		clients.Go(func() {
			for i := range 150 {
				n := (i*7 + c) % phones
				body := s.get(own(n)).Body.String()
				old, new := strings.Contains(body, fmt.Sprint("Person ", 1000+n)), strings.Contains(body, fmt.Sprint("Renamed ", 1000+n))
				if old == new {
					t.Errorf("phone %d: old %v new %v", n, old, new)
				}
				s.get(fmt.Sprintf("/%s.cfg", macOf(n)))
			}
		})
	}
	clients.Wait()
	close(stop)
	swaps.Wait()
	if len(s.known) != 8*150*2 {
		t.Errorf("%d requests recorded", len(s.known))
	}
}

// However many ask for one cold file, it is rendered once for each state.
func TestColdFileIsRenderedOnce(t *testing.T) {
	s := newSite(t, 1, nil)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { s.get(own(0)) })
	}
	wg.Wait()
	if s.Renders() != 1 {
		t.Errorf("rendered %d times", s.Renders())
	}
}
