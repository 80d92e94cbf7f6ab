package seeds

import (
	"strings"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

func open003(t *testing.T) (*seedOffice, []row) {
	o := openSeeds(t)
	for _, name := range []string{"master", "north"} {
		body := Object{}
		if name == "north" {
			body["parent"] = "master"
		}
		o.Do(t, "PUT", "/v1/resellers/"+name, body, nil)
		o.tokens[name] = o.resellerAdmin(t, name)
	}
	o.Do(t, "PUT", shop, Object{"reseller": "north"}, nil)
	var made struct{ Token string }
	o.Do(t, "POST", "/v1/tokens", Object{"name": "shop", "tenant": "shop"}, &made)
	o.tokens["shop"] = made.Token
	o.ExtensionOf(t, "shop", "101", "", Object{"name": "Clerk", "ring_seconds": 30})
	o.clerk = o.Register(t, o.DeviceOf(t, "shop", "clerk", "101", nil), phone.Options{})
	return o, o.rows003()
}

// The words of the document, the enterprise of the table and its numbers. A reseller, north,
// stands below a master reseller; both have an admin that has signed in.
const (
	uploading  = "Uploading Phone Numbers/"
	assigning  = "Assigning a Phone Number/"
	deleting   = "Deleting a Phone Number/"
	enterprise = "Uploading Phone Numbers at the Enterprise Level/"
	shop       = "/v1/tenants/shop"
	shopLine   = "+4930555001"
	ownLine    = "+4930555009"
	numberFile = "Country Code,Phone Number,Voice,SMS,Fax\r\n49,030 555001,TRUE,TRUE,FALSE\r\n49,+4930555002,TRUE,FALSE,FALSE\r\n"
)

func (o *seedOffice) rows003() []row {
	return []row{
		{uploading + "a default carrier will be assigned to Voice and SMS carriers", nil, "the two numbers of the file are there, with the default carrier", func(t *testing.T) {
			o.may(t, "north", "PUT", "/v1/resellers/north/carriers/telco", Object{"service": "voice", "default": true})
			o.may(t, "north", "POST", "/v1/numbers/upload", []byte(numberFile))
			var n struct {
				State        string
				VoiceCarrier struct {
					Name      string
					Defaulted bool
				} `json:"voice_carrier"`
			}
			o.Do(t, "GET", "/v1/numbers/"+shopLine, nil, &n)
			if n.State != "available" || n.VoiceCarrier.Name != "telco" || !n.VoiceCarrier.Defaulted {
				t.Errorf("%+v", n)
			}
		}},
		{assigning + "Select the Reseller or Enterprise from the dropdown, then click Assign", nil,
			"the enterprise sees the number; a call to it rings nobody yet", func(t *testing.T) {
				o.may(t, "north", "POST", "/v1/numbers/assign", Object{"numbers": []string{shopLine}, "tenant": "shop"})
				o.may(t, "shop", "GET", shop+"/numbers/"+shopLine, nil)
				o.Applied(t)
				if got := Refusal(t, o.ada(t), shopLine); got != 404 {
					t.Errorf("the call ends with %d", got)
				}
			}},
		{assigning + "The Enterprise admin assigns the Phone Number/s to users", nil, "a call from outside rings the user", func(t *testing.T) {
			o.may(t, "shop", "PATCH", shop+"/numbers/"+shopLine, Object{"destination": "extension:101"})
			o.Applied(t)
			out, in := Connect(t, o.ada(t), o.clerk, shopLine)
			converse(t, out, in)
			HangUp(t, out, in)
		}},
		{assigning + "The Reseller assigns the Phone Number/s to an Enterprise", nil,
			"a block of numbers leads to the extensions by its last digits; each is called by its own", func(t *testing.T) {
				o.ExtensionOf(t, "shop", "102", "", Object{"name": "Second"})
				block := Object{"first": "+4930555101", "last": "+4930555102"}
				o.may(t, "north", "POST", "/v1/numbers/block", block)
				block["tenant"], block["extension_digits"] = "shop", 3
				o.may(t, "north", "POST", "/v1/numbers/assign", block)
				o.Applied(t)
				out, in := Connect(t, o.ada(t), o.clerk, "+4930555101")
				HangUp(t, out, in)
				o.mayNot(t, "shop", "POST", shop+"/numbers/lead", Object{"first": "+4930555101", "count": 4, "extension_digits": 3}, 404)
				o.may(t, "shop", "POST", shop+"/numbers/lead", Object{"first": "+4930555101", "count": 2})
				o.Applied(t)
				if got := Refusal(t, o.ada(t), "+4930555101"); got != 404 {
					t.Errorf("the call ends with %d", got)
				}
			}},
		{deleting + "This option is applicable for unassigned DIDs only", nil, "the delete is refused, and the user is still called", func(t *testing.T) {
			o.mayNot(t, "north", "DELETE", "/v1/numbers/"+shopLine, nil, 409)
			out, in := Connect(t, o.ada(t), o.clerk, shopLine)
			HangUp(t, out, in)
		}},
		{deleting + "The same rule applies to phone numbers uploaded by the Master Reseller", nil,
			"the reseller cannot delete what the master uploaded; the master can", func(t *testing.T) {
				const masters = "+4930555003"
				o.may(t, "master", "POST", "/v1/numbers", Object{"number": masters, "reseller": "north"})
				o.mayNot(t, "north", "DELETE", "/v1/numbers/"+masters, nil, 403)
				o.may(t, "master", "DELETE", "/v1/numbers/"+masters, nil)
			}},
		{deleting + "Search for the Phone Number you want to delete, then click delete", nil, "unassigned and deleted, it is called in vain", func(t *testing.T) {
			o.may(t, "north", "POST", "/v1/numbers/unassign", Object{"numbers": []string{shopLine}})
			o.may(t, "north", "DELETE", "/v1/numbers/"+shopLine, nil)
			o.Applied(t)
			if got := Refusal(t, o.ada(t), shopLine); got != 404 {
				t.Errorf("the call ends with %d", got)
			}
		}},
		{assigning + "When the Allow External Numbers checkbox", nil, "without it an added number is refused; with it, calls to it ring", func(t *testing.T) {
			own := Object{"destination": "extension:101"}
			o.mayNot(t, "shop", "PUT", shop+"/numbers/"+ownLine, own, 403)
			o.may(t, "north", "PATCH", shop, Object{"allow_external_numbers": true})
			o.Applied(t)
			o.may(t, "shop", "PUT", shop+"/numbers/"+ownLine, own)
			o.Applied(t)
			out, in := Connect(t, o.ada(t), o.clerk, ownLine)
			HangUp(t, out, in)
		}},
		{uploading + "Download and fill out the sample file", nil, "the sample has the columns of the document", func(t *testing.T) {
			want := "Country Code,Phone Number,Voice,SMS,Fax"
			if got := o.Get(t, "/v1/numbers-sample.csv"); !strings.Contains(got, want) {
				t.Errorf("the sample is %q", got)
			}
		}},
		{assigning + "Search for the Phone Numbers, then click Assign", nil, "the number is found by some of its digits, with whose it is", func(t *testing.T) {
			var found struct {
				Items []struct{ Number, Tenant string }
			}
			o.Do(t, "GET", "/v1/numbers?contains=55509", nil, &found)
			if len(found.Items) != 0 {
				t.Errorf("there are %+v", found.Items)
			}
			o.Do(t, "GET", "/v1/numbers?contains=555101", nil, &found)
			if len(found.Items) != 1 || found.Items[0].Number != "+4930555101" || found.Items[0].Tenant != "shop" {
				t.Errorf("there are %+v", found.Items)
			}
		}},
		{enterprise + "the carrier can be changed as long as the DID number is not yet assigned to a Teams user", nil,
			"the carrier changes, and not any more when the extension has a Teams number", func(t *testing.T) {
				const number = "/v1/numbers/+4930555102"
				o.may(t, "north", "PUT", "/v1/resellers/north/carriers/other", Object{"service": "voice"})
				o.may(t, "north", "PATCH", number, Object{"voice_carrier": "other"})
				o.may(t, "north", "PATCH", shop, Object{"country": "DE"})
				o.may(t, "shop", "PATCH", shop+"/numbers/+4930555102", Object{"destination": "extension:102"})
				o.may(t, "shop", "PUT", shop+"/external-numbers/+4930777102", Object{"type": "teams"})
				o.may(t, "shop", "PUT", shop+"/devices/teams-102", Object{"kind": "external", "external_number": "+4930777102",
					"extension": "102"})
				o.mayNot(t, "north", "PATCH", number, Object{"voice_carrier": "telco"}, 409)
			}},
		{enterprise + "Select the phone number from the Default DID drop-down menu", nil,
			"a call of the trunk to a number that nobody has rings the user of the default number", func(t *testing.T) {
				o.Do(t, "PUT", Tenant+"/numbers/+4930555200", Object{"destination": "extension:500"}, nil)
				o.Do(t, "PATCH", Tenant+"/trunks/carrier", Object{"default_number": "+4930555200"}, nil)
				o.Applied(t)
				out, in := Connect(t, o.ada(t), o.caller, "+4930555299")
				HangUp(t, out, in)
			}},
		{enterprise + "The phone numbers are uploaded to the enterprise level", nil, "the enterprise has them and deletes them itself", func(t *testing.T) {
			o.may(t, "shop", "POST", shop+"/numbers/upload", []byte("Country Code;Phone Number;Voice;SMS;Fax\r\n49;'030555007;WAHR;;\r\n"))
			o.may(t, "shop", "GET", shop+"/numbers/+4930555007", nil)
			o.may(t, "shop", "DELETE", shop+"/numbers/+4930555007", nil)
		}},
	}
}

// resellerAdmin makes a user of a reseller, chooses a password for it, and returns the session.
func (o *seedOffice) resellerAdmin(t *testing.T, reseller string) string {
	t.Helper()
	path, chosen := "/v1/resellers/"+reseller+"/users/nora", "correct horse"
	o.Do(t, "PUT", path, Object{"full_name": "Nora", "role": "reseller-admin"}, nil)
	var once struct{ Password string }
	o.Do(t, "POST", path+"/reset-password", nil, &once)
	o.Do(t, "POST", path+"/password", Object{"current": once.Password, "new": chosen}, nil)
	var session struct{ Token string }
	o.Do(t, "POST", "/v1/sign-in", Object{"reseller": reseller, "username": "nora", "password": chosen}, &session)
	return session.Token
}

// may sends a request as an account of the document, which is allowed.
func (o *seedOffice) may(t *testing.T, who, method, path string, body any) {
	t.Helper()
	if r := o.As(t, o.tokens[who], method, path, body, nil); r != nil {
		t.Fatalf("%s: %s %s: %v", who, method, path, r)
	}
}

// mayNot sends one that is refused.
func (o *seedOffice) mayNot(t *testing.T, who, method, path string, body any, status int) {
	t.Helper()
	if r := o.As(t, o.tokens[who], method, path, body, nil); r == nil || r.Status != status {
		t.Errorf("%s: %s %s: %v, want %d", who, method, path, r, status)
	}
}
