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
		// A device from before, whose name is the number of a caller.
		Devices: []*pbx.Device{{Tenant: "beta", Name: "app", Extension: "301", Endpoint: "491709999999",
			Secret: pbx.NewSecret("0123456789abcdef"), Class: pbx.ThirdParty}},
		Extensions: []*pbx.Extension{{Tenant: "beta", Number: "301", Name: "App", RingSeconds: 20},
			{Tenant: "beta", Number: "302", Name: "Has a mailbox", RingSeconds: 20, Mailbox: "201"}},
		Mailboxes: []*pbx.Mailbox{{Tenant: "alpha", Number: "101", Name: "A", PIN: pbx.NewSecret("4711")},
			{Tenant: "beta", Number: "201", Name: "B", PIN: pbx.NewSecret("4711")}},
		Trunks: []*pbx.Trunk{
			{Tenant: "alpha", Name: "carrier", Endpoint: "talpha", Host: carrierAddress, Port: 5060, Transport: pbx.TransportUDP,
				TrustIDInbound: true, MaxCalls: 2, Addresses: []string{"127.0.0.8/32", "127.0.9.0/24"},
				Username: "account.77-x", Secret: pbx.NewSecret("secret"), Register: true},
			{Tenant: "beta", Name: "carrier", Endpoint: "tbeta", Host: carrierAddress, Port: 5060, Transport: pbx.TransportUDP,
				Username: "4930777", Secret: pbx.NewSecret("secret"), Register: true},
		},
		Numbers: []*pbx.Number{number("alpha", "+493012345601", "101"), number("beta", "+493012345602", "201"),
			number("beta", "+493012345603", ""),
			{Tenant: "alpha", Number: "+493012345604", Anonymous: pbx.AnonymousRefused,
				Destination: pbx.Destination{Kind: pbx.ToVoicemail, Key: "101"}},
			{Tenant: "alpha", Number: "+493012345605", Anonymous: "hangup", Destination: pbx.Destination{Kind: pbx.ToVoicemail, Key: "101"}}},
		BlockedCallers: []*pbx.BlockedCaller{{Tenant: "alpha", Number: "+44207", Begins: true}, {Tenant: "alpha", Number: "0891234567"}},
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
			r.leads(t, r.from(t, "127.0.0.8"), "%2B493012345601", "101@alpha")
			r.leads(t, r.from(t, "127.0.9.9"), "%2B493012345602", "201@beta")
			if got, _ := r.from(t, "127.0.10.9").dial(t, "%2B493012345601"); got != 401 {
				t.Errorf("an address that is no carrier's is answered with %d", got)
			}
			r.findsNumbersOfAccounts(t)
			r.hearsCallersOfThatName(t)
			r.takesTheWordOfCarriers(t)
			r.refusesCallers(t)
			r.holdsTheLimit(t)
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

// findsNumbersOfAccounts: where the carrier calls the account that we register, the number
// is in P-Called-Party-ID or in To. (Asterisk 16 refuses a tel URI in To.)
func (r *realAsterisk) findsNumbersOfAccounts(t *testing.T) {
	for _, tt := range []struct{ account, to, party, want string }{
		{"account.77-x", "<sip:+493012345601@carrier.example>", "", "101@alpha"},
		{"4930777", "<sip:+493012345602@carrier.example;user=phone>", "", "201@beta"},
		{"account.77-x", "\"Desk, main: \" <sip:%2B493012345602;npdi@carrier.example>", "", "201@beta"},
		{"account.77-x", "<sip:account.77-x@carrier.example>", "<sip:+493012345602@carrier.example>", "201@beta"},
		{"4930777", "<sip:4930777@carrier.example>", "sip:%2B493012345601@carrier.example", "101@alpha"},
		{"account.77-x", "<sip:+493012345601@carrier.example>", "<tel:+493012345602>;x=y", "201@beta"},
		{"account.77-x", "<sip:account.77-x@carrier.example>", "", ""},
		{"account.77-x", "<sip:carrier.example>", "", ""},
		{"account.77-x", "<sip:101@carrier.example>", "", ""},
		{"%2B493012345699", "<sip:+493012345601@carrier.example>", "", ""},
	} {
		c := r.fromCarrier(t)
		if c.toHeader = tt.to; tt.party != "" {
			c.headers = "P-Called-Party-ID: " + tt.party + "\r\n"
		}
		r.leads(t, c, tt.account, tt.want)
	}
}

// holdsTheLimit: a trunk carries no more calls than it may, and again as many when they have
// ended. Nobody but Asterisk counts them.
func (r *realAsterisk) holdsTheLimit(t *testing.T) {
	for _, want := range []int{200, 200, 503, 503} {
		if got, _ := r.fromCarrier(t).dial(t, "%2B493012345601"); got != want {
			t.Errorf("a further call of the trunk is answered with %d, want %d", got, want)
		}
	}
	r.console(t, "channel request hangup all")
	eventually(t, "all hang up", func() bool { return inMailbox(r.console(t, "core show channels concise")) == "" })
	r.leads(t, r.fromCarrier(t), "%2B493012345601", "101@alpha")
}

// takesTheWordOfCarriers: the caller is the one that the carrier asserts, for the tenant that
// trusts it; for the other it is From, whichever trunk Asterisk takes the call for.
func (r *realAsterisk) takesTheWordOfCarriers(t *testing.T) {
	for _, tt := range []struct{ headers, to, want string }{
		{"P-Asserted-Identity: \"Jane\" <sip:+4917012345@carrier.example>\r\n", "%2B493012345601", "+4917012345"},
		{"Remote-Party-ID: <sip:+4917012346@carrier.example>;party=calling\r\n", "%2B493012345601", "+4917012346"},
		{"P-Asserted-Identity: <sip:+4917012345@carrier.example>\r\n", "%2B493012345602", "account77"},
		{"", "%2B493012345601", "account77"},
	} {
		c := r.fromCarrier(t)
		c.user, c.headers = "account77", tt.headers
		if got, _ := c.dial(t, tt.to); got != 200 {
			t.Errorf("a call to %s is answered with %d", tt.to, got)
		}
		if out := r.console(t, "core show channels concise"); !strings.Contains(out, "!"+tt.want+"!") {
			t.Errorf("a call to %s with %q is not shown as %s:\n%s", tt.to, tt.headers, tt.want, out)
		}
		r.console(t, "channel request hangup all")
		eventually(t, "all hang up", func() bool { return inMailbox(r.console(t, "core show channels concise")) == "" })
	}
}

// refusesCallers: blocked callers in every spelling, and anonymous ones, are refused as the
// version of Asterisk can.
func (r *realAsterisk) refusesCallers(t *testing.T) {
	blocked, anonymous := 603, 433
	if strings.Contains(r.console(t, "core show application PJSIPHangup"), "not registered") {
		blocked, anonymous = 403, 403
	}
	for _, tt := range []struct {
		from, headers, to string
		want              int
	}{
		{"+442071234", "", "%2B493012345601", blocked}, {"00442071234", "", "03012345604", blocked}, {"442071234", "",
			"%2B493012345605", blocked},
		{"0891234567", "", "%2B493012345601", blocked}, {"+49891234567", "", "%2B493012345601", blocked}, {"49891234567", "",
			"%2B493012345604", blocked},
		{"+442071234", "", "%2B493012345602", 200}, {"+442081234", "", "%2B493012345601", 200}, {"08912345678", "", "%2B493012345604", 200},
		{"anonymous", "", "%2B493012345604", anonymous}, {"+49891234", "Privacy: id\r\n", "%2B493012345604", anonymous},
		{"unavailable", "", "%2B493012345605", 480}, {"anonymous", "", "%2B493012345601", 200},
		{"anonymous", "P-Asserted-Identity: <sip:+442071234@carrier.example>\r\nPrivacy: id\r\n", "%2B493012345601", blocked},
	} {
		c := r.fromCarrier(t)
		c.user, c.headers = tt.from, tt.headers
		if got, _ := c.dial(t, tt.to); got != tt.want {
			t.Errorf("%s with %q calls %s: %d, want %d", tt.from, tt.headers, tt.to, got, tt.want)
		}
		r.console(t, "channel request hangup all")
		eventually(t, "all hang up", func() bool { return inMailbox(r.console(t, "core show channels concise")) == "" })
	}
}

// hearsCallersOfThatName: a device whose name is a number keeps no caller of that number
// from being heard, and can call with its password all the same.
func (r *realAsterisk) hearsCallersOfThatName(t *testing.T) {
	c := r.fromCarrier(t)
	c.user = "491709999999"
	r.leads(t, c, "%2B493012345601", "101@alpha")
	if got := invite(t, r.sip, "491709999999", "0123456789abcdef", "302"); got != 200 {
		t.Errorf("the device calls: %d, want 200", got)
	}
	if got := invite(t, r.sip, "491709999999", "wrong", "302"); got != 401 {
		t.Errorf("the device calls with another password: %d, want 401", got)
	}
	r.console(t, "channel request hangup all")
}
