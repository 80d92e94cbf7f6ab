package pbx

import (
	"strings"
	"testing"
)

func TestTextSegments(t *testing.T) {
	for _, c := range []struct {
		text     string
		encoding TextEncoding
		segments int
	}{
		{"", GSM7, 1}, {strings.Repeat("a", 160), GSM7, 1}, {strings.Repeat("a", 161), GSM7, 2},
		{strings.Repeat("a", 306), GSM7, 2}, {strings.Repeat("a", 307), GSM7, 3},
		{strings.Repeat("€", 80), GSM7, 1}, {strings.Repeat("€", 81), GSM7, 2},
		// 153 septets are odd: the pair that would be torn begins the next segment.
		{strings.Repeat("€", 152), GSM7, 2}, {strings.Repeat("€", 153), GSM7, 3},
		{"ÄÖÜäöüß@£$ñ¿\n", GSM7, 1}, {"ç", UCS2, 1}, {"Ç", GSM7, 1}, {"`", UCS2, 1},
		{strings.Repeat("я", 70), UCS2, 1}, {strings.Repeat("я", 71), UCS2, 2}, {strings.Repeat("я", 134), UCS2, 2},
		{strings.Repeat("я", 135), UCS2, 3}, {strings.Repeat("😀", 35), UCS2, 1}, {strings.Repeat("😀", 36), UCS2, 2},
		{strings.Repeat("😀", 66), UCS2, 2}, {strings.Repeat("😀", 67), UCS2, 3},
	} {
		if enc, n := TextSegments(c.text); enc != c.encoding || n != c.segments {
			t.Errorf("%d of %.4q: %s, %d segments; want %s, %d", len([]rune(c.text)), c.text, enc, n, c.encoding, c.segments)
		}
	}
}

func TestConsentOf(t *testing.T) {
	for text, want := range map[string]TextConsent{"STOP": TextStops, " stop\n": TextStops, "Stop.": TextStops, "\"STOP\"": TextStops,
		"unsubscribe": TextStops, "Stop all": TextStops, "START": TextStarts, "yes": TextStarts, "unstop!": TextStarts, "": TextSaysNothing,
		"please stop": TextSaysNothing, "STOP IT": TextSaysNothing, "stopp": TextSaysNothing, "HELP": TextSaysNothing} {
		if got := ConsentOf(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestCheckMessageText(t *testing.T) {
	for text, good := range map[string]bool{"hello": true, "two\nlines\t!": true, "": false, " \n": false, "\x00": false, "a\x1b[0m": false,
		"\xff": false, strings.Repeat("a", 1530): true, strings.Repeat("a", 1531): false, strings.Repeat("я", 670): true,
		strings.Repeat("я", 671): false, strings.Repeat("😀", 330): true, strings.Repeat("😀", 331): false} {
		if got := CheckMessageText("text", text) == nil; got != good {
			t.Errorf("%d bytes of %.8q: %v", len(text), text, got)
		}
	}
	for peer, good := range map[string]bool{"+493012345678": true, "12345": true, "12": false, "123456789": false, "": false,
		"0301234": true, "+4930<x>": false, "sales": false, "+": false} {
		if got := CheckPeer("to", peer) == nil; got != good {
			t.Errorf("%q: %v", peer, got)
		}
	}
}

// Carriers of the United States block local numbers that are not registered; nobody else does.
func TestCheckRegistered(t *testing.T) {
	local := InventoryNumber{Number: "+12125550100", Kind: "local"}
	registered, free := local, InventoryNumber{Number: "+18005550100", Kind: "toll-free"}
	registered.Registered = true
	for n, good := range map[*InventoryNumber]bool{&local: false, &registered: true, &free: true,
		{Number: "+493012345678", Kind: "local"}: true} {
		if got := n.CheckRegistered(true) == nil; got != good {
			t.Errorf("%+v: %v", n, got)
		}
		if err := n.CheckRegistered(false); err != nil {
			t.Errorf("%+v to elsewhere: %v", n, err)
		}
	}
}

func TestCarrierProfiles(t *testing.T) {
	twilio := func(change func(*Carrier)) Carrier {
		c := Carrier{Name: "texts", Service: "sms", Adapter: AdapterTwilio, Account: "AC1", PublicURL: "https://pbx.example.com",
			Secret: NewSecret("0123456789abcdef")}
		change(&c)
		return c
	}
	telnyx := func(change func(*Carrier)) Carrier {
		return twilio(func(c *Carrier) {
			c.Adapter, c.Account = AdapterTelnyx, ""
			c.CallbackKey = NewSecret("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=") // RFC 8032 7.1, test 1
			change(c)
		})
	}
	bandwidth := func(change func(*Carrier)) Carrier {
		return twilio(func(c *Carrier) {
			c.Adapter, c.Account, c.PublicURL = AdapterBandwidth, "5500001:93de2206-9669-4e07-948d-329f4b722ee2", ""
			c.Secret, c.CallbackKey = NewSecret("user:0123456789abcdef"), NewSecret("0123456789abcdef")
			change(c)
		})
	}
	for name, c := range map[string]struct {
		carrier Carrier
		want    string
	}{
		"a name":            {Carrier{Name: "telco", Service: "voice"}, ""},
		"twilio":            {twilio(func(*Carrier) {}), ""},
		"for calls":         {twilio(func(c *Carrier) { c.Service = "voice" }), "an adapter is for the service sms: calls are carried by trunks"},
		"no account":        {twilio(func(c *Carrier) { c.Account = "" }), "account is required with the adapter twilio"},
		"another account":   {twilio(func(c *Carrier) { c.Account = "AC1/../AC2" }), "account has a character in it that no account has"},
		"no address":        {twilio(func(c *Carrier) { c.PublicURL = "" }), "public_url is required with the adapter twilio"},
		"an odd address":    {twilio(func(c *Carrier) { c.PublicURL = "https://pbx.example.com/?x" }), "public_url ends in a query or a slash"},
		"a secret too weak": {twilio(func(c *Carrier) { c.Secret = NewSecret("short") }), "secret must have at least 16 characters"},
		"an odd secret": {twilio(func(c *Carrier) { c.Secret = NewSecret("0123456789\r\nabcdef") }),
			"secret must be at most 200 printable ASCII characters without spaces"},
		"nobody's adapter": {twilio(func(c *Carrier) { c.Adapter = "pigeon" }), `adapter "pigeon" is not a choice: use generic, twilio, telnyx or bandwidth`},
		"telnyx":           {telnyx(func(*Carrier) {}), ""},
		"no public key": {telnyx(func(c *Carrier) { c.CallbackKey = NewCallbackKey() }),
			"callback_key must be the public key of the Telnyx account: 44 characters of base64"},
		"telnyx without an address": {telnyx(func(c *Carrier) { c.PublicURL = "" }), "public_url is required with the adapter telnyx"},
		"bandwidth":                 {bandwidth(func(*Carrier) {}), ""},
		"no application": {bandwidth(func(c *Carrier) { c.Account = "5500001" }), "account must be the id of the Bandwidth account, " +
			"a colon and the id of the application, such as 5500001:93de2206-9669-4e07-948d-329f4b722ee2"},
		"a path for an account": {bandwidth(func(c *Carrier) { c.Account = "..:app" }), "account must be the id of the Bandwidth " +
			"account, a colon and the id of the application, such as 5500001:93de2206-9669-4e07-948d-329f4b722ee2"},
		"no user": {bandwidth(func(c *Carrier) { c.Secret = NewSecret("0123456789abcdef") }),
			"secret must be the user name of Bandwidth's API, a colon and the password"},
		"without one": {twilio(func(c *Carrier) { *c = Carrier{Name: "x", Service: "sms", URL: "https://example.com"} }),
			"url is of no use without an adapter"},
	} {
		got := ""
		if err := c.carrier.Validate(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestTextReference(t *testing.T) {
	for s, want := range map[string]int64{TextReference(7): 7, "dialtone-7x": 0, "dialtone-+7": 0, "": 0, "7": 0, "dialtone-07": 0} {
		if got := ReadTextReference(s); got != want {
			t.Errorf("%q: %d", s, got)
		}
	}
}
