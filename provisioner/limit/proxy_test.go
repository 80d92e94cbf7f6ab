package limit

import (
	"net/netip"
	"strings"
	"testing"
)

// TestClientBehindProxies: a client's own word about its address never counts.
func TestClientBehindProxies(t *testing.T) {
	var p Proxies
	if err := p.UnmarshalText([]byte("127.0.0.1, 192.0.2.0/24,2001:db8::/64")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ from, header, want string }{
		{"127.0.0.1", "198.51.100.7", "198.51.100.7"},
		{"127.0.0.1", "", "127.0.0.1"},
		{"198.51.100.9", "203.0.113.1", "198.51.100.9"}, // no proxy
		{"127.0.0.1", "203.0.113.1, 198.51.100.7", "198.51.100.7"},
		{"127.0.0.1", "203.0.113.1, 198.51.100.7, 192.0.2.8", "198.51.100.7"}, // a proxy behind a proxy
		{"127.0.0.1", "203.0.113.1|198.51.100.7", "198.51.100.7"},             // two lines
		{"127.0.0.1", "192.0.2.9, 192.0.2.8", "192.0.2.9"},                    // proxies alone
		{"127.0.0.1", "unknown", "127.0.0.1"},
		{"127.0.0.1", "203.0.113.1, unknown", "127.0.0.1"},
		{"127.0.0.1", "198.51.100.7:4711", "198.51.100.7"},
		{"127.0.0.1", "[2001:db8:1::7]:4711", "2001:db8:1::7"},
		{"127.0.0.1", "[2001:db8:1::7]", "2001:db8:1::7"},
		{"2001:db8::1", "2001:db8:1::7", "2001:db8:1::7"},
		{"::ffff:127.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"},
	} {
		var lines []string
		if tt.header != "" {
			lines = strings.Split(tt.header, "|")
		}
		if got := p.Client(netip.MustParseAddr(tt.from), lines); got.Unmap().String() != tt.want {
			t.Errorf("from %s with %q: %s, want %s", tt.from, tt.header, got, tt.want)
		}
	}
	if got := (Proxies)(nil).Client(netip.MustParseAddr("127.0.0.1"), []string{"198.51.100.7"}); !got.IsLoopback() {
		t.Errorf("without proxies a header counts: %s", got)
	}
	for _, bad := range []string{"nginx", "192.0.2.1:80", "192.0.2.0/33", "fe80::1%eth0", "::ffff:192.0.2.0/120"} {
		if err := p.UnmarshalText([]byte(bad)); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
