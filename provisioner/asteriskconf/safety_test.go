package asteriskconf_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// carrierAddress is where the tests send from what a carrier sends.
const carrierAddress = "127.0.0.7"

// safetyOffice has an extension with a mailbox, which answers, a number that leads
// to it, and a trunk to a carrier at the address of the tests.
func safetyOffice() *pbx.Snapshot {
	return pbx.NewSnapshot(1, pbx.Rows{
		Tenants: []*pbx.Tenant{{Name: "default", Timezone: "UTC", Country: "DE"}},
		Extensions: []*pbx.Extension{
			{Tenant: "default", Number: "100", Name: "Caller", RingSeconds: 20},
			{Tenant: "default", Number: "103", Name: "Has a mailbox", RingSeconds: 20, Mailbox: "103"},
		},
		Devices: []*pbx.Device{
			{Tenant: "default", Name: "caller", Extension: "100", Endpoint: "dcaller", Secret: pbx.NewSecret("0123456789abcdef")},
		},
		Mailboxes: []*pbx.Mailbox{{Tenant: "default", Number: "103", Name: "M", PIN: pbx.NewSecret("4711")}},
		Trunks: []*pbx.Trunk{{Tenant: "default", Name: "carrier", Endpoint: "tcarrier", Host: carrierAddress, Port: 5060,
			Transport: pbx.TransportUDP}},
		Numbers: []*pbx.Number{{Tenant: "default", Number: "+493012345601",
			Destination: pbx.Destination{Kind: pbx.ToExtension, Key: "103"}}},
	})
}

// TestStrangersRealAsterisk: what a phone, a carrier or a caller writes runs
// nothing but calls to numbers.
func TestStrangersRealAsterisk(t *testing.T) {
	s := safetyOffice()
	files := render(t, templates.MustNew(), s)
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			r := startReal(t, suite, files)
			r.loaded(t, files)
			t.Run("message", r.refusesMessages)
			t.Run("refer", r.refusesTransfers)
			t.Run("written", func(t *testing.T) { r.refusesStrangeNumbers(t, s.Devices[0]) })
			t.Run("callers", r.hearsStrangeCallers)
		})
	}
}

// refusesMessages: a SIP MESSAGE from the carrier's address is answered 404
// whatever it names, and makes no channel.
func (r *realAsterisk) refusesMessages(t *testing.T) {
	for _, to := range []string{"103", "%2B493012345601", "*43", "999"} {
		if got := r.fromCarrier(t).message(t, to); got != 404 {
			t.Errorf("MESSAGE to %s: %d, want 404", to, got)
		}
		if out := r.console(t, "core show channels concise"); strings.Contains(out, "Message/") {
			t.Errorf("MESSAGE to %s runs the dialplan:\n%s", to, out)
		}
	}
}

// refusesTransfers: a carrier that transfers our party is refused and nothing is
// dialled.
func (r *realAsterisk) refusesTransfers(t *testing.T) {
	c := r.fromCarrier(t)
	c.to = "%2B493012345601"
	status, answer := c.dial(t, "%2B493012345601")
	if status != 200 {
		t.Fatalf("the number is answered with %d", status)
	}
	if got := c.transfer(t, answer, "+493012345601"); got != 603 {
		t.Errorf("REFER from the carrier: %d, want 603", got)
	}
	if out := r.console(t, "core show channels concise"); strings.Contains(out, "!Transferred") || strings.Count(out, "PJSIP/") != 1 {
		t.Errorf("after the REFER there are other channels than the call:\n%s", out)
	}
	r.console(t, "channel request hangup all")
}

// refusesStrangeNumbers: what no number is written with is nobody, from phones and
// from carriers; what numbers are written with is asked for as before.
func (r *realAsterisk) refusesStrangeNumbers(t *testing.T, d *pbx.Device) {
	for to, want := range map[string]int{
		"103": 200, "1%FC": 404, "103%FC": 404, "103%0d%0a": 404, "103%0d%0a%0d%0aEvent%3a%20Hangup%0d%0a": 404,
		"103%22%20%26%20%220": 404, "103%C3%BC": 404, "103%01": 404, "*43%0a": 404, "103)%0a": 404,
		"1%29%3A0%3A1%FC": 404, "103%29%3A%FC": 404, "103%2C%FC": 404, "103%28%FC": 404, "1-0.3": 200,
	} {
		if got := invite(t, r.sip, d.Endpoint, d.Secret.Reveal(), to); got != want {
			t.Errorf("a phone calls %s: %d, want %d", to, got, want)
		}
	}
	for to, want := range map[string]int{"%2B493012345601": 200, "%2B493012345601%FC": 404, "493012345601%0d%0a": 404, "a1%0a": 404} {
		if got, _ := r.fromCarrier(t).dial(t, to); got != want {
			t.Errorf("the carrier calls %s: %d, want %d", to, got, want)
		}
	}
	r.console(t, "channel request hangup all")
}

// hearsStrangeCallers: a caller whose number has odd letters is heard, under what is
// left of it; one with control characters is not.
func (r *realAsterisk) hearsStrangeCallers(t *testing.T) {
	for _, tt := range []struct {
		user, shown string
		want        int
	}{
		{"+4915111111111", "+4915111111111", 200}, {"anna.m%2Dx_1", "anna.m-x_1", 200}, {"4915%FC11", "491511", 200}, {"%FC%FC", "", 200},
		{"4915%29%3A0%3A1%FC", "4", 200}, // bends the cleaning, and is clean all the same
		{"4915%0d%0aEvent%3a%20Hangup", "", 404}, {"%0a", "", 404}, {"1%0d", "", 404}, {"1%7F", "", 404},
	} {
		c := r.fromCarrier(t)
		c.user = tt.user
		if got, _ := c.dial(t, "%2B493012345601"); got != tt.want {
			t.Errorf("the caller %s is answered with %d, want %d", tt.user, got, tt.want)
		}
		if out := r.console(t, "core show channels concise"); tt.want == 200 && !strings.Contains(out, "!"+tt.shown+"!") {
			t.Errorf("the caller %s is not shown as %q:\n%s", tt.user, tt.shown, out)
		}
		r.console(t, "channel request hangup all")
		eventually(t, "all hang up", func() bool { return strings.Contains(r.console(t, "core show channels count"), "0 active channels") })
	}
}

// fromCarrier is a socket at the carrier's address.
func (r *realAsterisk) fromCarrier(t *testing.T) call {
	t.Helper()
	return r.from(t, carrierAddress)
}

// from is a socket at an address.
func (r *realAsterisk) from(t *testing.T, address string) call {
	t.Helper()
	here := net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 0))
	conn, err := net.DialUDP("udp", here, net.UDPAddrFromAddrPort(r.sip))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return call{conn: conn, user: "+4915111111111", id: newID()}
}
