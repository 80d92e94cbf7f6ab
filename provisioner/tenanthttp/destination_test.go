package tenanthttp

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// Every form of an address that is not public, as it is connected to.
func TestPrivateAddresses(t *testing.T) {
	own := netip.MustParseAddr("198.19.0.1")
	d := destinations{own: func() []netip.Addr { return []netip.Addr{own, netip.MustParseAddr("8.8.4.4")} }}
	for _, host := range []string{"127.0.0.1", "127.1.2.3", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1",
		"169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
		"239.1.1.1", "240.0.0.1",
		"255.255.255.255", "8.8.4.4", "[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]",
		"[64:ff9b::7f00:1]", "[fe80::1%eth0]",
		"[fe80::1]", "[fc00::1]", "[fd00::1]", "[ff02::1]", "[2001:db8::1]", "[2002:7f00:1::]", "[2001::1]", "[100::1]",
		"[fec0::1]", "nonsense"} {
		if err := d.overHTTPS("tcp", host+":443", nil); err != errNotPublic {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{"8.8.8.8", "172.32.0.1", "100.63.255.255", "[2606:4700::1111]", "[::ffff:8.8.8.8]"} {
		if err := d.overHTTPS("tcp", host+":443", nil); err != nil {
			t.Errorf("%s: %v", host, err)
		}
		if err := d.overHTTP("tcp", host+":80", nil); err != errPlain {
			t.Errorf("%s over http: %v", host, err)
		}
	}
	d.listed = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for host, want := range map[string]error{"10.1.2.3": nil, "[::ffff:10.0.0.1]": nil, "192.168.0.1": errNotPublic} {
		if err := d.overHTTP("tcp", host+":80", nil); err != want {
			t.Errorf("%s, with a list: %v", host, err)
		}
	}
}

// Whatever form a loopback address has in a URL, nothing gets there.
func TestHostileURLs(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came") }))
	defer srv.Close()
	port := srv.URL[strings.LastIndex(srv.URL, ":"):]
	client := New(Options{})
	for _, host := range []string{"127.0.0.1", "127.1", "0x7f000001", "0x7f.1", "2130706433", "017700000001", "localhost", "LOCALHOST.",
		"ip6-localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0", "0.0.0.0", "[::]", "127.0.0.1.", "%31%32%37.0.0.1"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+host+port, nil)
		if err != nil {
			continue // not a URL
		}
		if res, err := client.Do(req); err == nil {
			_ = res.Body.Close()
			t.Errorf("%s was reached", host)
		}
	}
}

// A name is judged by the address that is connected to, each time: here one that has a public and a
// private address, of which the dialer tries both.
func TestNameWithTwoAddresses(t *testing.T) {
	var tried []string
	d := destinations{own: ownAddresses}
	for _, a := range []string{"127.0.0.1:443", "8.8.8.8:443", "127.0.0.1:443"} { // rebinding in between
		if d.overHTTPS("tcp", a, nil) == nil {
			tried = append(tried, a)
		}
	}
	if strings.Join(tried, " ") != "8.8.8.8:443" {
		t.Errorf("connected to %v", tried)
	}
}

// What no attempt could lead to is refused when it is written.
func TestCheck(t *testing.T) {
	none, listed := New(Options{}), New(Options{Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	for text, want := range map[string]struct{ none, listed bool }{
		"https://example.com/hooks": {true, true}, "http://example.com/hooks": {false, true}, "https://10.0.0.1/": {false, true},
		"http://10.0.0.1/": {false, true}, "https://[::1]/": {}, "http://8.8.8.8/": {}, "https://8.8.8.8/": {true, true},
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := none.Check("url", u) == nil; got != want.none {
			t.Errorf("%s: %v", text, got)
		}
		if got := listed.Check("url", u) == nil; got != want.listed {
			t.Errorf("%s with a list: %v", text, got)
		}
	}
}
