package seeds

import (
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

func open000(t *testing.T) (*seedOffice, []row) {
	o := openSeeds(t)
	o.Do(t, "PATCH", Tenant, Object{"first_extension": "510"}, nil)
	return o, o.rows000()
}

func (o *seedOffice) rows000() []row { return append(o.rows000Devices(), o.rows000Numbers()...) }

// The headings of the document, and Jane's mobile in the API.
const (
	difference  = "What Is the Difference Between an Extension and a Device?/"
	details     = "External Number Details/"
	janesMobile = "external-numbers/+4915111111111"
)

// rows000Devices are about Jane of the document: extension 510, a desk phone 330,
// a softphone 821 and a mobile.
func (o *seedOffice) rows000Devices() []row {
	ada, bob := Mobiles["ada"], Mobiles["bob"]
	return []row{
		{"Example/user profile is created, she receives the extension 510", []written{put("users/jane", person(Object{"full_name": "Jane", "extension": "auto"}))},
			"her extension is there, with her name and the tenant's first free number", func(t *testing.T) {
				var u struct{ Extension string }
				o.Do(t, "GET", Tenant+"/users/jane", nil, &u)
				var e struct{ Name string }
				o.Do(t, "GET", Tenant+"/extensions/510", nil, &e)
				if u.Extension != "510" || e.Name != "Jane" {
					t.Errorf("she receives %s, of %s", u.Extension, e.Name)
				}
			}},
		{difference + "unique user identification", []written{put("extensions/510", Object{"name": "Jane", "ring_seconds": 30})},
			"a second user of 510 is refused", func(t *testing.T) {
				o.refuses(t, put("users/john", person(Object{"full_name": "John", "extension": "510"})), 409, "extension")
			}},
		{difference + "internal hardware SIP phone", []written{put("devices/330", Object{"extension": "510", "class": "hardware"})},
			"it registers, and rings for 510", func(t *testing.T) { o.takes(t, "510", o.phone(t, "330")) }},
		{difference + "internal software SIP phone", []written{put("devices/821", Object{"extension": "510", "class": "software"})},
			"it registers, and rings for 510", func(t *testing.T) { o.takes(t, "510", o.phone(t, "821")) }},
		{difference + "WebRTC", []written{put("extensions/511", Object{"name": "Web"}), put("devices/browser", Object{"extension": "511", "class": "webrtc"})},
			"a browser registers over a WebSocket and is called", o.callsBrowser},
		{details + "Device / Number", []written{put(janesMobile, Object{}),
			put("devices/jane-mobile", Object{"kind": "external", "external_number": ada, "extension": "510"})},
			"the carrier is asked for the number with its prefix; another number is refused", func(t *testing.T) {
				ada := o.ada(t)
				out := Dial(t, o.caller, "510")
				in := Rings(t, out, ada)
				if to := in.Header("X-Office-To"); !strings.HasPrefix(to, "sip:"+Mobiles["ada"]+"@") {
					t.Errorf("the carrier is asked for %s", to)
				}
				HangUp(t, out, in)
				o.refuses(t, patch(janesMobile, Object{"number": bob}), 422, "number")
			}},
		{difference + "external phone", nil, "the mobile gets the call when it presses 1", func(t *testing.T) {
			ada := o.ada(t)
			out := Dial(t, o.caller, "510")
			in := Rings(t, out, ada)
			Presses1(t, out, in)
			converse(t, out, in)
			HangUp(t, in, out)
		}},
		{difference + "A device is not reachable – only an extension is", nil, "the names of her devices lead nowhere", func(t *testing.T) {
			for _, device := range []string{"330", "821", "jane-mobile"} {
				if got := Refusal(t, o.caller, device); got/100 != 4 {
					t.Errorf("calling device %s ends with %d", device, got)
				}
			}
		}},
		{difference + "The extension number can be the same as the device number", []written{
			put("extensions/520", Object{"name": "Same"}), put("devices/520", Object{"extension": "520"})},
			"the device rings for the extension of its name", func(t *testing.T) { o.takes(t, "520", o.phone(t, "520")) }},
		{difference + "all her devices will ring either at once", []written{patch("extensions/510", Object{"ring": "all"})},
			"three ring, one takes the call, the others stop", o.ringAtOnce},
		{difference + "in the sequence set up in her user detail", []written{patch("extensions/510", Object{"ring": "sequence"}),
			patch("devices/330", Object{"ring_order": 1, "ring_seconds": 2}), patch("devices/821", Object{"ring_order": 2, "ring_seconds": 3}),
			patch("devices/jane-mobile", Object{"ring_order": 3})}, "one rings after the other, and the last takes the call", o.ringInTurn},
		{difference + "how long a call will ring on each of them", []written{patch("devices/330", Object{"ring_seconds": 2}), patch("devices/821", Object{"ring_seconds": 4})},
			"each stops after its own time", o.ringTimes},
		{difference + "can only be changed when the user is logged out", []written{
			put("extensions/512", Object{"name": "Joe"}), put("devices/desk-a", Object{"shared": true}), put("devices/desk-b", Object{"shared": true}),
			put("users/joe", person(Object{"full_name": "Joe", "extension": "512", "desk_pin": "4711"})), post("users/joe/desk", Object{"device": "desk-a"})},
			"512 becomes 513 after Joe has left his desk, not before", o.renumbersWhenOut},
		{difference + "they can choose a device dynamically after logging in", nil,
			"Joe's extension rings at the desk where he dialled *11, until he dials *12", o.hotDesk},
	}
}

// rows000Numbers are what is set of an external number.
func (o *seedOffice) rows000Numbers() []row {
	ada, bob := Mobiles["ada"], Mobiles["bob"]
	return []row{
		{details + "Description (optional)", []written{patch(janesMobile, Object{"description": "Jane's mobile"})}, "the list finds the number by it", func(t *testing.T) {
			var page struct {
				Items []struct{ Number, Description string }
			}
			o.Do(t, "GET", Tenant+"/external-numbers?contains=Jane%27s", nil, &page)
			if len(page.Items) != 1 || page.Items[0].Number != ada {
				t.Errorf("found %+v", page.Items)
			}
		}},
		{"External Numbers/To use an existing External number as a template for your new one, click Clone", []written{patch(janesMobile, Object{"description": "of the office"}),
			post(janesMobile+"/clone", Object{"number": bob}), put("extensions/514", Object{"name": "Bob"}),
			put("devices/bob-mobile", Object{"kind": "external", "external_number": bob, "extension": "514", "confirm": false})},
			"the new number has the settings of the old one, and rings", func(t *testing.T) {
				var n struct{ Description, Type string }
				o.Do(t, "GET", Tenant+"/external-numbers/"+bob, nil, &n)
				if n.Description != "of the office" || n.Type != "sip" {
					t.Errorf("the clone is %+v", n)
				}
				o.takes(t, "514", o.Mobile(t, "bob", phone.Options{}))
			}},
		{details + "SIP if your external number is a phone number such as a mobile phone", []written{patch("external-numbers/"+bob, Object{"type": "sip"})},
			"it rings through the trunk, which shows who calls", func(t *testing.T) {
				if in := o.takes(t, "514", o.Mobile(t, "bob", phone.Options{})); in.CallerNumber() != "500" {
					t.Errorf("the mobile shows %s", in.CallerNumber())
				}
			}},
		{details + "Microsoft teams if your external number is a MS Teams device", []written{patch("external-numbers/"+bob, Object{"type": "teams"}),
			put("trunks/teams", Object{"host": CarrierHost, "port": o.carrierPort(), "username": "dialtone", "secret": TrunkSecret, "teams": true, "caller_number": "+493099999"})},
			"it rings through the trunk for Teams, which shows a number of its own", func(t *testing.T) {
				if in := o.takes(t, "514", o.Mobile(t, "bob", phone.Options{})); in.CallerNumber() != "+493099999" {
					t.Errorf("in Teams the caller is %s", in.CallerNumber())
				}
			}},
		{details + "Available for dynamic selection", []written{put("extensions/516", Object{"name": "Eve"}), put("users/eve", person(Object{"full_name": "Eve", "extension": "516"})),
			put("external-numbers/+4989123456", Object{"available": false})}, "only an available number can be chosen as a user's device", func(t *testing.T) {
			choose := post("users/eve/desk", Object{"external_number": "+4989123456"})
			if r := o.Refused(t, choose.method, Tenant+"/"+choose.path, choose.body); r == nil || r.Status != 409 {
				t.Errorf("choosing a number that is not available: %v", r)
			}
			o.send(t, patch("external-numbers/+4989123456", Object{"available": true}))
			o.send(t, choose)
		}},
		{"Working With Devices/select it dynamically in the static panel", nil, "the number that Eve chose rings for her, until she leaves it", func(t *testing.T) {
			o.Applied(t)
			ada := o.ada(t)
			out := Dial(t, o.caller, "516")
			in := Rings(t, out, ada)
			if to := in.Header("X-Office-To"); !strings.HasPrefix(to, "sip:+4989123456@") {
				t.Errorf("the carrier is asked for %s", to)
			}
			Presses1(t, out, in)
			converse(t, out, in)
			HangUp(t, out, in)
			o.Do(t, "DELETE", Tenant+"/users/eve/desk", nil, nil)
			o.Applied(t)
			o.ends(t, "516", 480)
		}},
		{"Working With Devices/assign it to a user", []written{put("devices/spare", Object{}), patch("devices/spare", Object{"extension": "520"})},
			"it rings for the user's extension, and no longer once it is taken away", func(t *testing.T) {
				spare := o.phone(t, "spare")
				o.takes(t, "520", spare)
				o.Do(t, "PATCH", Tenant+"/devices/spare", Object{"extension": nil}, nil)
				o.Applied(t)
				o.ends(t, "520", 480)
				quiet(t, "the device that was taken away", spare)
			}},
	}
}

// carrierPort is where the carrier listens; there is none while only names are read.
func (o *seedOffice) carrierPort() int {
	if o.Carrier == nil {
		return 0
	}
	return o.Port
}

func (o *seedOffice) callsBrowser(t *testing.T) {
	b := o.Browse(t, o.accounts["browser"])
	b.Register(t)
	out := Dial(t, o.caller, "511")
	b.Answer(t, b.Next(t, "INVITE "), "486 Busy Here")
	if got := StatusOf(t, out.WaitAnswer()); got != 486 {
		t.Errorf("refused by the browser it ends with %d", got)
	}
}

// jane is her three devices.
func (o *seedOffice) jane(t *testing.T) [3]*phone.Phone {
	t.Helper()
	return [3]*phone.Phone{o.phone(t, "330"), o.phone(t, "821"), o.ada(t)}
}

func (o *seedOffice) ringAtOnce(t *testing.T) {
	ps := o.jane(t)
	start := time.Now()
	out := Dial(t, o.caller, "510")
	desk, soft, mobile := Rings(t, out, ps[0]), Rings(t, out, ps[1]), Rings(t, out, ps[2])
	Took(t, "to ring all three", start, 0)
	Answer(t, out, soft)
	Hears(t, desk.Done(), desk, "the end of ringing")
	Hears(t, mobile.Done(), mobile, "the end of ringing")
	converse(t, out, soft)
	HangUp(t, out, soft)
}

func (o *seedOffice) ringInTurn(t *testing.T) {
	ps := o.jane(t)
	start := time.Now()
	out := Dial(t, o.caller, "510")
	in := Rings(t, out, ps[0])
	quiet(t, "the second device", ps[1])
	Hears(t, in.Done(), in, "the end of ringing")
	Took(t, "ringing of the first", start, 2*time.Second)
	in = Rings(t, out, ps[1])
	quiet(t, "the third device", ps[2])
	Hears(t, in.Done(), in, "the end of ringing")
	Took(t, "ringing until the end of the second", start, 5*time.Second)
	in = Rings(t, out, ps[2])
	Presses1(t, out, in)
	converse(t, out, in)
	HangUp(t, out, in)
}

func (o *seedOffice) ringTimes(t *testing.T) {
	ps := o.jane(t)
	start := time.Now()
	out := Dial(t, o.caller, "510")
	desk, soft, mobile := Rings(t, out, ps[0]), Rings(t, out, ps[1]), Rings(t, out, ps[2])
	Hears(t, desk.Done(), desk, "the end of ringing")
	Took(t, "ringing of the first", start, 2*time.Second)
	Hears(t, soft.Done(), soft, "the end of ringing")
	Took(t, "ringing of the second", start, 4*time.Second)
	HangUp(t, out, mobile)
}

func (o *seedOffice) renumbersWhenOut(t *testing.T) {
	desk := o.phone(t, "desk-a")
	o.takes(t, "512", desk)
	renumber := post("extensions/512/renumber", Object{"number": "513"})
	if r := o.Refused(t, renumber.method, Tenant+"/"+renumber.path, renumber.body); r == nil || r.Status != 409 {
		t.Errorf("renumbering while Joe is at a desk: %v", r)
	}
	o.Do(t, "DELETE", Tenant+"/users/joe/desk", nil, nil)
	o.send(t, renumber)
	o.send(t, post("users/joe/desk", Object{"device": "desk-a"}))
	o.Applied(t)
	o.takes(t, "513", desk)
	o.ends(t, "512", 404)
	o.Do(t, "DELETE", Tenant+"/users/joe/desk", nil, nil)
}

func (o *seedOffice) hotDesk(t *testing.T) {
	a, b := o.phone(t, "desk-a"), o.phone(t, "desk-b")
	TypeAt(t, a, "*11", "513", "4711")
	o.isAt(t, "joe", "desk-a")
	o.takes(t, "513", a)
	TypeAt(t, b, "*11", "513", "4711")
	o.isAt(t, "joe", "desk-b")
	o.takes(t, "513", b)
	quiet(t, "the desk that Joe has left", a)
	out, in := Connect(t, b, o.caller, "500")
	if in.CallerNumber() != "513" {
		t.Errorf("from Joe's desk %s calls", in.CallerNumber())
	}
	HangUp(t, out, in)
	TypeAt(t, b, "*12")
	o.isAt(t, "joe", "")
	o.ends(t, "513", 480)
}

// isAt waits until a user is at a desk and Asterisk knows.
func (o *seedOffice) isAt(t *testing.T, username, desk string) {
	t.Helper()
	Eventually(t, 10*time.Second, func() string {
		if got := o.Desk(t, username); got != desk {
			return username + " is at " + got + ", want " + desk
		}
		return ""
	})
	o.Applied(t)
}
