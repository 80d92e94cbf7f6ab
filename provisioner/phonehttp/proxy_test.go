package phonehttp

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestProxiesSayWhoAsks: behind a trusted proxy the network of the phone counts, on each
// server, in the answer and in the record; nobody else's header changes anything.
func TestProxiesSayWhoAsks(t *testing.T) {
	for name, server := range servers {
		for _, c := range []struct {
			proxies, header, from string
			status                string
		}{
			{"", "", "127.0.0.1", "404"},
			{"", "198.51.100.7", "127.0.0.1", "404"},
			{"192.0.2.0/24", "198.51.100.7", "127.0.0.1", "404"},
			{"127.0.0.0/8", "198.51.100.7", "198.51.100.7", "200"},
			{"127.0.0.0/8", "198.51.100.7, 203.0.113.5", "203.0.113.5", "404"}, // the left one is the client's own word
			{"127.0.0.0/8", "203.0.113.5\r\nx-forwarded-for: 198.51.100.7", "198.51.100.7", "200"},
			{"127.0.0.0/8", "", "127.0.0.1", "404"},
		} {
			s := newSite(t, 1, func(r *rows) { r.tenant.PhoneNetworks = []string{"198.51.100.0/24"} })
			seen := make(chan netip.Addr, 10)
			s.opt.Record = func(f pbx.PhoneFetch) { seen <- f.Address }
			if err := s.opt.Proxies.UnmarshalText([]byte(c.proxies)); err != nil {
				t.Fatal(err)
			}
			head := "GET " + own(0) + " HTTP/1.1\r\nHost: pbx\r\nConnection: close\r\n"
			if c.header != "" {
				head += "X-Forwarded-For: " + c.header + "\r\n"
			}
			answers := exchange(t, served(t, server(s.Handler)).String(), http.MethodGet, head+"\r\n")
			if len(answers) != 1 || !strings.HasPrefix(answers[0], c.status) {
				t.Errorf("%s, proxies %s, header %q: %.40q, want %s", name, c.proxies, c.header, answers, c.status)
			}
			if from := <-seen; from.String() != c.from { // recorded once the answer was written
				t.Errorf("%s, proxies %s, header %q: recorded from %v, want %s", name, c.proxies, c.header, from, c.from)
			}
		}
	}
}
