package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestAdminsBehindProxies: the admin API sees the address that its proxy says, and no other.
func TestAdminsBehindProxies(t *testing.T) {
	for _, c := range []struct{ proxies, from, header, want string }{
		{"", "127.0.0.1:4711", "198.51.100.7", "127.0.0.1:4711"},
		{"127.0.0.1", "127.0.0.1:4711", "198.51.100.7", "198.51.100.7:0"},
		{"127.0.0.1", "127.0.0.1:4711", "2001:db8::7", "[2001:db8::7]:0"},
		{"127.0.0.1", "192.0.2.5:4711", "198.51.100.7", "192.0.2.5:4711"},
	} {
		var f proxyFlags
		if err := f.TrustedProxies.UnmarshalText([]byte(c.proxies)); err != nil {
			t.Fatal(err)
		}
		got := ""
		r := httptest.NewRequest(http.MethodGet, "/v1/health", nil)
		r.RemoteAddr = c.from
		r.Header.Set("X-Forwarded-For", c.header)
		f.behindProxies(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr })).
			ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("proxies %q, from %s: %s, want %s", c.proxies, c.from, got, c.want)
		}
	}
}
