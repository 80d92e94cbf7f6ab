package asteriskconf_test

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// carrierOffice has two tenants at one carrier, each with a mailbox that its number
// leads to.
func carrierOffice() *pbx.Snapshot {
	number := func(tenant, e164, to string) *pbx.Number {
		n := &pbx.Number{Tenant: tenant, Number: e164}
		if to != "" {
			n.Destination = pbx.Destination{Kind: pbx.ToVoicemail, Key: to}
		}
		return n
	}
	return pbx.NewSnapshot(1, pbx.Rows{
		Tenants: []*pbx.Tenant{{Name: "alpha", Timezone: "UTC", Country: "DE"}, {Name: "beta", Timezone: "UTC", Country: "DE"}},
		Mailboxes: []*pbx.Mailbox{{Tenant: "alpha", Number: "101", Name: "A", PIN: pbx.NewSecret("4711")},
			{Tenant: "beta", Number: "201", Name: "B", PIN: pbx.NewSecret("4711")}},
		Trunks: []*pbx.Trunk{
			{Tenant: "alpha", Name: "carrier", Endpoint: "talpha", Host: carrierAddress, Port: 5060, Transport: pbx.TransportUDP},
			{Tenant: "beta", Name: "carrier", Endpoint: "tbeta", Host: carrierAddress, Port: 5060, Transport: pbx.TransportUDP},
		},
		Numbers: []*pbx.Number{number("alpha", "+493012345601", "101"), number("beta", "+493012345602", "201"),
			number("beta", "+493012345603", "")},
	})
}

// TestCarriersRealAsterisk: without a controller, what a carrier brings is led by the
// number called, whichever of the trunks at its address Asterisk takes it for.
func TestCarriersRealAsterisk(t *testing.T) {
	files := render(t, templates.MustNew(), carrierOffice())
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			r := startReal(t, suite, files)
			r.loaded(t, files)
			for to, want := range map[string]string{
				"%2B493012345601": "101@alpha", "493012345602": "201@beta", "030-12345602": "201@beta", "004930%2012345601": "101@alpha",
				"%2B493012345601;npdi=yes": "101@alpha", "%2B493012345602;rn=%2B49199123;npdi": "201@beta",
				"3012345602;phone-context=%2B49": "201@beta", "03012345601;isub=12345;ext=77": "101@alpha",
				"%2B493012345603": "", "%2B493012345699": "", "201": "", "abc": "", ";npdi": "",
			} {
				r.leads(t, r.fromCarrier(t), to, want)
			}
		})
	}
}

// leads calls as a carrier and checks which mailbox answers, "" for none.
func (r *realAsterisk) leads(t *testing.T, c call, to, want string) {
	t.Helper()
	got, _ := c.dial(t, to)
	if (got == 200) != (want != "") || got != 200 && got != 404 {
		t.Errorf("the carrier calls %s: %d, want %q", to, got, want)
	}
	if at := inMailbox(r.console(t, "core show channels concise")); got == 200 && at != want {
		t.Errorf("the carrier calls %s and gets %q, want %q", to, at, want)
	}
	r.console(t, "channel request hangup all")
	eventually(t, "all hang up", func() bool { return inMailbox(r.console(t, "core show channels concise")) == "" })
}

// inMailbox is the mailbox in a list of channels, "" for none.
func inMailbox(channels string) string {
	_, args, found := strings.Cut(channels, "!VoiceMail!")
	if !found {
		return ""
	}
	return args[:strings.IndexAny(args, ",!")]
}
