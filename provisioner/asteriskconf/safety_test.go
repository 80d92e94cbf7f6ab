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
		Trunks:    []*pbx.Trunk{{Tenant: "default", Name: "carrier", Endpoint: "tcarrier", Host: carrierAddress, Port: 5060, Transport: pbx.TransportUDP}},
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
	c.send(t, 1, "")
	status, answer := c.final(t)
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

// fromCarrier is a socket at the carrier's address.
func (r *realAsterisk) fromCarrier(t *testing.T) call {
	t.Helper()
	here := net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(carrierAddress), 0))
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
