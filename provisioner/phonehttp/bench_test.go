package phonehttp

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// sink is a ResponseWriter that costs nothing.
type sink struct {
	head   http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.head }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Flush()                      {}
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }

// benchSite drops what is recorded.
func benchSite(phones int) (*site, []*http.Request) {
	s := newBoundSite(phones, 0, nil)
	s.opt.Record = func(pbx.PhoneFetch) {}
	requests := make([]*http.Request, phones)
	for i := range requests {
		requests[i] = httptest.NewRequest(http.MethodGet, own(i), nil)
		requests[i].Header.Set("User-Agent", "Yealink SIP-T46U 108.87.0.15 00:15:65:00:00:01")
	}
	return s, requests
}

func (s *site) mustServe(b *testing.B, r *http.Request, want int) {
	w := sink{head: make(http.Header, 8)}
	s.ServeHTTP(&w, r)
	if w.status != want {
		b.Fatal(w.status)
	}
}

// BenchmarkWarm is a file that is in the cache, of 10,000 phones.
func BenchmarkWarm(b *testing.B) {
	s, requests := benchSite(10_000)
	for _, r := range requests {
		s.mustServe(b, r, 200)
	}
	n := s.Renders()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		s.mustServe(b, requests[i%len(requests)], 200)
		i++
	}
	if s.Renders() != n {
		b.Fatalf("%d files were rendered: the cache does not hold 10,000 phones", s.Renders()-n)
	}
	b.ReportMetric(float64(s.cache.used)/(1<<20), "MiB")
}

// BenchmarkCold is each phone's first request after a change that touches all.
func BenchmarkCold(b *testing.B) {
	s, requests := benchSite(1_000)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if i%len(requests) == 0 {
			s.cache = newCache(DefaultCacheBytes)
		}
		s.mustServe(b, requests[i%len(requests)], 200)
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
}

// BenchmarkMiss is a stranger's request.
func BenchmarkMiss(b *testing.B) {
	s, _ := benchSite(10_000)
	s.opt.RecordUnknown = func(pbx.PhoneFetch) {}
	r := httptest.NewRequest(http.MethodGet, "/001565ffffff.cfg", nil)
	b.ReportAllocs()
	for b.Loop() {
		s.mustServe(b, r, 404)
	}
}

// BenchmarkIndex is what the first request after a change waits for.
func BenchmarkIndex(b *testing.B) {
	s, _ := benchSite(10_000)
	b.ReportAllocs()
	for b.Loop() {
		newIndex(s.current.Load())
	}
}
