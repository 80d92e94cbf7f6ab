package seeds

import (
	"strings"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// The headings of the document, the developer's account and its numbers.
const (
	settingUp = "Setting Up Phone Numbers and Extensions/"
	adding    = "Adding a Phone Number/"
	removes   = "Deleting a Phone Number/"
	editing   = "Editing Extension Settings for a Phone Number/"
	dev       = "/v1/tenants/dev"
	devLine   = "+12125550101"
)

// devFile are the numbers of the developer's provider.
const devFile = "Country Code,Phone Number,Voice,SMS,Fax\r\n1,2125550101,TRUE,TRUE,FALSE\r\n1,2125550102,TRUE,TRUE,FALSE\r\n" +
	"1,8009687249,TRUE,FALSE,FALSE\r\n1,8885550104,TRUE,FALSE,FALSE\r\n49,030 5550105,TRUE,FALSE,FALSE\r\n"

// open004 has a reseller that gives each new account a number, and the carrier's mobile.
func open004(t *testing.T) (*seedOffice, []row) {
	o := openSeeds(t)
	o.Do(t, "PUT", "/v1/resellers/provider", Object{"default_number": true, "default_number_kind": "local",
		"default_number_prefix": "+1212"}, nil)
	o.tokens["provider"] = o.resellerAdmin(t, "provider")
	o.may(t, "provider", "POST", "/v1/numbers/upload", []byte(devFile))
	return o, o.rows004()
}

func (o *seedOffice) rows004() []row {
	return []row{
		{settingUp + "you will be assigned a local U.S. phone number", nil,
			"a new account has a number; a call to it reaches the mailbox of a virtual extension", func(t *testing.T) {
				o.may(t, "provider", "POST", "/v1/tenants", Object{"name": "dev", "country": "US", "max_extensions": 9,
					"max_calls": 9, "max_numbers": 9, "claim_numbers": true})
				var made struct{ Token string }
				o.Do(t, "POST", "/v1/tokens", Object{"name": "dev", "tenant": "dev"}, &made)
				o.tokens["dev"] = made.Token
				var n struct{ Destination string }
				o.Do(t, "GET", dev+"/numbers/"+devLine, nil, &n)
				var e struct{ Type, Mailbox string }
				o.Do(t, "GET", dev+"/extensions/"+strings.TrimPrefix(n.Destination, "extension:"), nil, &e)
				if e.Type != "virtual" || e.Mailbox == "" {
					t.Fatalf("the number leads to %s, which is %+v", n.Destination, e)
				}
				o.Applied(t)
				out := Dial(t, o.ada(t), devLine)
				if err := out.WaitAnswer(); err != nil {
					t.Fatal(err)
				}
				o.ShowsChannel(t, "!VoiceMail!"+e.Mailbox+"@dev,")
				Leave(t, out)
			}},
		{settingUp + "you can configure your number to be routed to a Device extension", nil,
			"a call to it rings the device", func(t *testing.T) {
				o.ExtensionOf(t, "dev", "101", "", Object{"name": "Developer", "ring_seconds": 30})
				o.accounts["developer"] = o.DeviceOf(t, "dev", "developer", "101", nil)
				o.may(t, "dev", "PATCH", dev+"/numbers/"+devLine, Object{"destination": "extension:101"})
				o.ringsDeveloper(t, devLine)
			}},
		{adding + "simply select the area code and phone number you want to use", nil,
			"it is found by its area code and ordered; calls to it ring", func(t *testing.T) {
				o.orders(t, "country=US&area_code=212", "+12125550102")
			}},
		{adding + "Toll Free: 800, 888, 877, 866 or 855", nil,
			"a toll-free number is ordered; calls to it ring", func(t *testing.T) {
				o.orders(t, "kind=toll-free&contains=888", "+18885550104")
			}},
		{adding + "Vanity Toll Free: 800-YOUR-BIZ", nil,
			"a number is found by its letters; calls to it ring", func(t *testing.T) {
				o.orders(t, "kind=toll-free&contains=YOURBIZ", "+18009687249")
			}},
		{adding + "Global: For purchase", nil,
			"a number abroad is ordered; calls to it ring", func(t *testing.T) {
				o.orders(t, "country=DE&area_code=030", "+49305550105")
			}},
		{adding + "You can also choose to transfer (port) an existing number to", nil,
			"a number on its way rings with its first call", func(t *testing.T) {
				const ported = "+12125559999"
				o.may(t, "dev", "PUT", dev+"/port-requests/old", Object{"carrier": "Old Telco",
					"numbers": []Object{{"number": ported}}})
				o.may(t, "provider", "POST", dev+"/port-requests/old/state", Object{"state": "submitted"})
				o.may(t, "dev", "PATCH", dev+"/numbers/"+ported, Object{"destination": "extension:101"})
				o.ringsDeveloper(t, ported)
				var v struct {
					Numbers []struct {
						FirstCall string `json:"first_call"`
					}
				}
				Eventually(t, Patience, func() string {
					if o.Do(t, "GET", dev+"/port-requests/old", nil, &v); len(v.Numbers) != 1 || v.Numbers[0].FirstCall == "" {
						return "the request does not tell of the call"
					}
					return ""
				})
			}},
		{removes + "click the Delete icon", nil,
			"it is called in vain, and may be ordered again", func(t *testing.T) {
				o.may(t, "dev", "DELETE", dev+"/numbers/+12125550102", nil)
				o.Applied(t)
				if got := Refusal(t, o.ada(t), "+12125550102"); got != 404 {
					t.Errorf("the call ends with %d", got)
				}
				o.orders(t, "country=US&area_code=212", "+12125550102")
			}},
		{editing + "Call Handling Rules", nil,
			"callers from Germany ring the device, all others are sent elsewhere", func(t *testing.T) {
				o.may(t, "dev", "PUT", dev+"/forwards/101", Object{"mode": "schedule", "rules": []Object{
					{"callers": []string{"+49151"}, "destination": "devices"}, {"destination": "hangup"}}})
				o.ringsDeveloper(t, devLine)
				o.may(t, "dev", "PATCH", dev+"/forwards/101", Object{"rules": []Object{
					{"callers": []string{"+1", "internal"}, "destination": "devices"}, {"destination": "hangup"}}})
				o.Applied(t)
				if got := Refusal(t, o.ada(t), devLine); got != 480 {
					t.Errorf("the call ends with %d", got)
				}
			}},
	}
}

// orders finds one number in the pool, claims it and is called by it.
func (o *seedOffice) orders(t *testing.T, query, number string) {
	t.Helper()
	var found struct{ Items []struct{ Number string } }
	if r := o.As(t, o.tokens["dev"], "GET", dev+"/numbers/available?"+query, nil, &found); r != nil {
		t.Fatal(r)
	}
	if len(found.Items) != 1 || found.Items[0].Number != number {
		t.Fatalf("%s finds %+v, want %s", query, found.Items, number)
	}
	o.may(t, "dev", "POST", dev+"/numbers/claim", Object{"number": number, "destination": "extension:101"})
	o.ringsDeveloper(t, number)
}

// ringsDeveloper is a call from outside that rings the developer's phone.
func (o *seedOffice) ringsDeveloper(t *testing.T, number string) {
	t.Helper()
	o.Applied(t)
	out, in := Connect(t, o.ada(t), o.phone(t, "developer"), number)
	HangUp(t, out, in)
}
