package ami_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/ami/amitest"
)

// TestIAXPeers: the entries are as Asterisk 22 sends them.
func TestIAXPeers(t *testing.T) {
	server := amitest.NewServer(t)
	server.Handle("IAXpeerlist", func(c *amitest.Conn, a amitest.Action) {
		c.ReplyList(a, "PeerEntry", "PeerlistComplete",
			[]string{"Channeltype", "IAX", "ObjectName", "dabc", "IPaddress", "127.0.0.1", "Port", "14569", "Status", "OK (3 ms)"},
			[]string{"Channeltype", "IAX", "ObjectName", "dlate", "IPaddress", "::1", "Port", "4569", "Status", "LAGGED (2100 ms)"},
			[]string{"Channeltype", "IAX", "ObjectName", "dgone", "IPaddress", "192.0.2.1", "Port", "4569", "Status", "UNREACHABLE"},
			[]string{"Channeltype", "IAX", "ObjectName", "dfree", "IPaddress", "192.0.2.2", "Port", "4569", "Status", "Unmonitored"},
			[]string{"Channeltype", "IAX", "ObjectName", "dnone", "IPaddress", "(null)", "Port", "(null)", "Status", "UNKNOWN"})
	})
	s := dialOnce(t, server)
	got, err := s.IAXPeers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []ami.IAXPeer{
		{"dabc", netip.MustParseAddrPort("127.0.0.1:14569"), ami.PeerReachable, 3 * time.Millisecond},
		{"dlate", netip.MustParseAddrPort("[::1]:4569"), ami.PeerLagged, 2100 * time.Millisecond},
		{"dgone", netip.MustParseAddrPort("192.0.2.1:4569"), ami.PeerUnreachable, 0},
		{"dfree", netip.MustParseAddrPort("192.0.2.2:4569"), ami.PeerUnmonitored, 0},
		{"dnone", netip.AddrPort{}, ami.PeerUnknown, 0},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
