package fleet

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"
	"unicode"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func testInbox(t testing.TB) *Inbox {
	t.Helper()
	in, err := newInbox(context.Background(), openStore(t), slog.New(slog.DiscardHandler), nobodysHome)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// nobodysHome is for an installation without phones.
func nobodysHome(netip.Addr) bool { return false }

func stranger(mac, address, agent string, at time.Time) pbx.PhoneFetch {
	return pbx.PhoneFetch{MAC: pbx.MAC(mac), Address: netip.MustParseAddr(address), UserAgent: agent, Status: 404, At: at}
}

func TestInboxGuessesAndCounts(t *testing.T) {
	in := testInbox(t)
	in.record(stranger("001565aabbcc", "192.0.2.7", "Yealink SIP-T46U 108.86.0.90 00:15:65:aa:bb:cc", noon))
	in.record(stranger("001565aabbcc", "192.0.2.8", "", noon.Add(time.Second)))
	in.record(stranger("001565aabbcc", "192.0.2.8", "Yealink SIP-T54W 96.86.0.70 00:15:65:00:00:01", noon.Add(2*time.Second)))
	want := pbx.InboxPhone{MAC: "001565aabbcc", Vendor: pbx.Yealink, Model: "T46U", Firmware: "108.86.0.90", UserAgent: "Yealink SIP-T46U 108.86.0.90 00:15:65:aa:bb:cc",
		Address: netip.MustParseAddr("192.0.2.8"), Reason: pbx.RefusedNobody, FirstSeen: noon, LastSeen: noon.Add(2 * time.Second), Count: 3}
	if got := in.rows["001565aabbcc"].InboxPhone; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	store(t, in.changed)
	again, err := newInbox(t.Context(), in.db, in.log, in.home)
	if err != nil {
		t.Fatal(err)
	}
	if got := again.rows["001565aabbcc"]; got == nil || got.InboxPhone != want {
		t.Errorf("after a restart: %+v", got)
	}
	if again.Forget("001565aabbcc") != nil || pbx.KindOf(again.Forget("001565aabbcc")) != pbx.NotFound {
		t.Error("forgetting does not tell whether there was one")
	}
	store(t, again.changed)
	if rows, err := in.db.Inbox(t.Context()); err != nil || len(rows) != 0 {
		t.Errorf("after forgetting: %v %v", rows, err)
	}
}

// A scanner that invents MACs, talking like a phone from one
// address or not so from many, never displaces the
// phones of a smaller network, and memory and table stay bounded.
func TestScannerDoesNotPushPhonesOut(t *testing.T) {
	in := testInbox(t)
	for i := range 40 {
		in.record(stranger(fmt.Sprintf("001565%06x", i), "192.0.2.1", "Yealink SIP-T46U 108.86.0.90", noon))
	}
	now := noon
	for i := range 60_000 {
		now = now.Add(100 * time.Millisecond)
		in.record(stranger(fmt.Sprintf("02%010x", i), "198.51.100.66", "Yealink SIP-T46U 108.86.0.90", now))
	}
	for i := range 60_000 {
		now = now.Add(10 * time.Millisecond)
		in.record(stranger(fmt.Sprintf("06%010x", i), fmt.Sprintf("203.%d.%d.%d", i>>16&255, i>>8&255, i&255), "", now))
	}
	for i := range 40 {
		if in.rows[pbx.MAC(fmt.Sprintf("001565%06x", i))] == nil {
			t.Fatalf("phone %d was pushed out", i)
		}
	}
	if len(in.rows) > inboxRows || len(in.limits.rows) > inboxRows {
		t.Errorf("%d rows, %d networks", len(in.rows), len(in.limits.rows))
	}
	store(t, in.changed)
	if rows, err := in.db.Inbox(t.Context()); err != nil || len(rows) != len(in.rows) {
		t.Errorf("%d rows in the database, %d in memory: %v", len(rows), len(in.rows), err)
	}
}

func TestInboxLimitsNewPhones(t *testing.T) {
	in := testInbox(t)
	for i := range 1000 {
		in.record(stranger(fmt.Sprintf("02%010x", i), "198.51.100.66", "", noon))
	}
	if len(in.rows) != inboxNetworkRate.Burst {
		t.Errorf("one address brought %d", len(in.rows))
	}
	in.record(stranger("001565000001", "192.0.2.1", "", noon))
	if in.rows["001565000001"] == nil {
		t.Error("another address is refused for it")
	}
	for i := range 4 {
		in.record(stranger(fmt.Sprintf("0a%010x", i), "198.51.100.66", "", noon.Add(12*time.Second)))
	}
	if len(in.rows) != inboxNetworkRate.Burst+1+2 {
		t.Errorf("12 s later: %d rows", len(in.rows))
	}
}

// The network that has the most gives way, its oldest-seen row first.
func TestOldestSeenGoesFirst(t *testing.T) {
	in := testInbox(t)
	for i := range inboxRows {
		source := fmt.Sprintf("192.0.2.%d", 1+i%2)
		in.record(stranger(fmt.Sprintf("02%010x", i), source, "", noon.Add(time.Duration(i)*time.Second)))
	}
	in.record(stranger("020000000000", "192.0.2.1", "", noon.Add(time.Hour))) // seen again
	in.record(stranger("060000000001", "192.0.2.1", "", noon.Add(time.Hour)))
	if in.rows["020000000002"] != nil || in.rows["020000000000"] == nil || in.rows["020000000001"] == nil || len(in.rows) != inboxRows {
		t.Error("not the oldest-seen of the network that has the most went")
	}
}

// While a flood of new MACs comes from ever new networks, a phone that says its make gets in
// beside those that do not, and one from where phones of ours are beside all.
func TestFloodKeepsNoLikelyPhoneOut(t *testing.T) {
	const yealink = "Yealink SIP-T46U 108.86.0.90"
	office := netip.MustParseAddr("192.0.2.7")
	for _, c := range []struct {
		name, flood, phone string
		home               bool
	}{
		{"a known make among nameless ones", "", yealink, false},
		{"at home among nameless ones", "", "", true},
		{"at home among false makes", yealink, yealink, true},
	} {
		in := testInbox(t)
		in.home = func(a netip.Addr) bool { return c.home && a == office }
		for i := range 5 * inboxRate.Burst {
			in.record(stranger(fmt.Sprintf("02%010x", i), fmt.Sprintf("2001:db8:%x::1", i), c.flood, noon))
		}
		in.record(stranger("001565aabbcc", "192.0.2.7", c.phone, noon))
		if in.rows["001565aabbcc"] == nil {
			t.Errorf("%s: it does not get in", c.name)
		}
		for i := range 5 * inboxRate.Burst {
			in.record(stranger(fmt.Sprintf("06%010x", i), fmt.Sprintf("2001:db8:%x::1", 0x8000+i), c.flood, noon.Add(time.Hour)))
		}
		if in.rows["001565aabbcc"] == nil {
			t.Errorf("%s: it is pushed out", c.name)
		}
		if len(in.rows) > inboxRows {
			t.Errorf("%s: %d rows", c.name, len(in.rows))
		}
	}
}

// One customer of IPv6 has 65,536 networks and counts as one.
func TestNetworksOfOneCustomerCountTogether(t *testing.T) {
	in := testInbox(t)
	for i := range 2 * inboxNetworkRate.Burst {
		in.record(stranger(fmt.Sprintf("02%010x", i), fmt.Sprintf("2001:db8:7:%x::1", i), "", noon))
	}
	if len(in.rows) != inboxNetworkRate.Burst {
		t.Errorf("one customer brought %d", len(in.rows))
	}
}

// What says less of itself than all that are there does not get in when all is full.
func TestFullInboxKeepsTheLikelier(t *testing.T) {
	in := testInbox(t)
	for i := range inboxRows {
		in.record(stranger(fmt.Sprintf("001565%06x", i), fmt.Sprintf("192.0.2.%d", 1+i%4), "Yealink SIP-T46U 108.86.0.90", noon))
	}
	in.record(stranger("020000000001", "198.51.100.1", "", noon.Add(time.Hour)))
	if len(in.rows) != inboxRows || in.rows["020000000001"] != nil {
		t.Errorf("%d rows, the nameless one among them: %v", len(in.rows), in.rows["020000000001"] != nil)
	}
}

// FuzzInboxUserAgent: whatever a header says, one row with the MAC of the path
// appears, its guess is empty or a known make, and its text is printable.
func FuzzInboxUserAgent(f *testing.F) {
	for _, s := range []string{"", "Yealink SIP-T46U 108.86.0.90 00:15:65:aa:bb:cc", "FileTransport PolycomVVX-VVX_450-UA/6.4.6.2453 (SN:64167f000001) Type/Application",
		"Yealink SIP-T46U 1.2.3.4 \r\nX: y", "\x00\x1b[2J", "Yealink SIP-T46U 1.2.3.4 00:15:65:00:00:02", "\u202eabc"} {
		f.Add(s)
	}
	in := testInbox(f)
	f.Fuzz(func(t *testing.T, agent string) {
		in.limits = newInboxLimits() // each run is the first phone of its network
		in.record(stranger("001565aabbcc", "192.0.2.7", agent, noon))
		if len(in.rows) != 1 {
			t.Fatalf("%d rows", len(in.rows))
		}
		r := in.rows["001565aabbcc"]
		if r.Vendor != "" && r.Vendor != pbx.Yealink && r.Vendor != pbx.Polycom || len(r.Model) > 40 || r.Address.String() != "192.0.2.7" {
			t.Errorf("%+v", r)
		}
		for _, c := range r.UserAgent + r.Model + r.Firmware {
			if !unicode.IsPrint(c) {
				t.Errorf("%q", r.UserAgent)
			}
		}
		in.remove("001565aabbcc")
	})
}
