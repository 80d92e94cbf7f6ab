package main

import (
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

func open000(t *testing.T) (*seedOffice, []row) {
	o := openSeeds(t)
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
	ada, bob := mobiles["ada"], mobiles["bob"]
	return []row{
		{difference + "unique user identification", []written{
			put("extensions/510", object{"name": "Jane", "ring_seconds": 30}), put("users/jane", person(object{"full_name": "Jane", "extension": "510"}))},
			"a second user of 510 is refused", func(t *testing.T) {
				o.refuses(t, put("users/john", person(object{"full_name": "John", "extension": "510"})), 409, "extension")
			}},
		{difference + "internal hardware SIP phone", []written{put("devices/330", object{"extension": "510", "class": "hardware"})},
			"it registers, and rings for 510", func(t *testing.T) { o.takes(t, "510", o.phone(t, "330")) }},
		{difference + "internal software SIP phone", []written{put("devices/821", object{"extension": "510", "class": "software"})},
			"it registers, and rings for 510", func(t *testing.T) { o.takes(t, "510", o.phone(t, "821")) }},
		{difference + "WebRTC", []written{put("extensions/511", object{"name": "Web"}), put("devices/browser", object{"extension": "511", "class": "webrtc"})},
			"a browser registers over a WebSocket and is called", o.callsBrowser},
		{details + "Device / Number", []written{put(janesMobile, object{}),
			put("devices/jane-mobile", object{"kind": "external", "external_number": ada, "extension": "510"})},
			"the carrier is asked for the number with its prefix; another number is refused", func(t *testing.T) {
				ada := o.ada(t)
				out := dial(t, o.caller, "510")
				in := rings(t, out, ada)
				if to := in.Header("X-Office-To"); !strings.HasPrefix(to, "sip:"+mobiles["ada"]+"@") {
					t.Errorf("the carrier is asked for %s", to)
				}
				hangUp(t, out, in)
				o.refuses(t, patch(janesMobile, object{"number": bob}), 422, "number")
			}},
		{difference + "external phone", nil, "the mobile gets the call when it presses 1", func(t *testing.T) {
			ada := o.ada(t)
			out := dial(t, o.caller, "510")
			in := rings(t, out, ada)
			presses1(t, out, in)
			converse(t, out, in)
			hangUp(t, in, out)
		}},
		{difference + "A device is not reachable – only an extension is", nil, "the names of her devices lead nowhere", func(t *testing.T) {
			for _, device := range []string{"330", "821", "jane-mobile"} {
				if got := refusal(t, o.caller, device); got/100 != 4 {
					t.Errorf("calling device %s ends with %d", device, got)
				}
			}
		}},
		{difference + "The extension number can be the same as the device number", []written{
			put("extensions/520", object{"name": "Same"}), put("devices/520", object{"extension": "520"})},
			"the device rings for the extension of its name", func(t *testing.T) { o.takes(t, "520", o.phone(t, "520")) }},
		{difference + "all her devices will ring either at once", []written{patch("extensions/510", object{"ring": "all"})},
			"three ring, one takes the call, the others stop", o.ringAtOnce},
		{difference + "in the sequence set up in her user detail", []written{patch("extensions/510", object{"ring": "sequence"}),
			patch("devices/330", object{"ring_order": 1, "ring_seconds": 2}), patch("devices/821", object{"ring_order": 2, "ring_seconds": 3}),
			patch("devices/jane-mobile", object{"ring_order": 3})}, "one rings after the other, and the last takes the call", o.ringInTurn},
		{difference + "how long a call will ring on each of them", []written{patch("devices/330", object{"ring_seconds": 2}), patch("devices/821", object{"ring_seconds": 4})},
			"each stops after its own time", o.ringTimes},
		{difference + "can only be changed when the user is logged out", []written{
			put("extensions/512", object{"name": "Joe"}), put("devices/desk-a", object{"shared": true}), put("devices/desk-b", object{"shared": true}),
			put("users/joe", person(object{"full_name": "Joe", "extension": "512", "desk_pin": "4711"})), post("users/joe/desk", object{"device": "desk-a"})},
			"512 becomes 513 after Joe has left his desk, not before", o.renumbersWhenOut},
		{difference + "they can choose a device dynamically after logging in", nil,
			"Joe's extension rings at the desk where he dialled *11, until he dials *12", o.hotDesk},
	}
}

// rows000Numbers are what is set of an external number.
func (o *seedOffice) rows000Numbers() []row {
	ada, bob := mobiles["ada"], mobiles["bob"]
	return []row{
		{details + "Description (optional)", []written{patch(janesMobile, object{"description": "Jane's mobile"})}, "the list finds the number by it", func(t *testing.T) {
			var page struct {
				Items []struct{ Number, Description string }
			}
			o.do(t, "GET", tenant+"/external-numbers?contains=Jane%27s", nil, &page)
			if len(page.Items) != 1 || page.Items[0].Number != ada {
				t.Errorf("found %+v", page.Items)
			}
		}},
		{"External Numbers/To use an existing External number as a template for your new one, click Clone", []written{patch(janesMobile, object{"description": "of the office"}),
			post(janesMobile+"/clone", object{"number": bob}), put("extensions/514", object{"name": "Bob"}),
			put("devices/bob-mobile", object{"kind": "external", "external_number": bob, "extension": "514", "confirm": false})},
			"the new number has the settings of the old one, and rings", func(t *testing.T) {
				var n struct{ Description, Type string }
				o.do(t, "GET", tenant+"/external-numbers/"+bob, nil, &n)
				if n.Description != "of the office" || n.Type != "sip" {
					t.Errorf("the clone is %+v", n)
				}
				o.takes(t, "514", o.mobile(t, "bob", phone.Options{}))
			}},
		{details + "SIP if your external number is a phone number such as a mobile phone", []written{patch("external-numbers/"+bob, object{"type": "sip"})},
			"it rings through the trunk, which shows who calls", func(t *testing.T) {
				if in := o.takes(t, "514", o.mobile(t, "bob", phone.Options{})); in.CallerNumber() != "500" {
					t.Errorf("the mobile shows %s", in.CallerNumber())
				}
			}},
		{details + "Microsoft teams if your external number is a MS Teams device", []written{patch("external-numbers/"+bob, object{"type": "teams"}),
			put("trunks/teams", object{"host": carrierHost, "port": o.carrierPort(), "username": "dialtone", "secret": trunkSecret, "teams": true, "caller_number": "+493099999"})},
			"it rings through the trunk for Teams, which shows a number of its own", func(t *testing.T) {
				if in := o.takes(t, "514", o.mobile(t, "bob", phone.Options{})); in.CallerNumber() != "+493099999" {
					t.Errorf("in Teams the caller is %s", in.CallerNumber())
				}
			}},
		{details + "Available for dynamic selection", []written{put("extensions/516", object{"name": "Eve"}), put("users/eve", person(object{"full_name": "Eve", "extension": "516"})),
			put("external-numbers/+4989123456", object{"available": false})}, "only an available number can be chosen as a user's device", func(t *testing.T) {
			choose := post("users/eve/desk", object{"external_number": "+4989123456"})
			if r := o.refused(t, choose.method, tenant+"/"+choose.path, choose.body); r == nil || r.Status != 409 {
				t.Errorf("choosing a number that is not available: %v", r)
			}
			o.send(t, patch("external-numbers/+4989123456", object{"available": true}))
			o.send(t, choose)
		}},
		{"Working With Devices/select it dynamically in the static panel", nil, "the number that Eve chose rings for her, until she leaves it", func(t *testing.T) {
			o.applied(t)
			ada := o.ada(t)
			out := dial(t, o.caller, "516")
			in := rings(t, out, ada)
			if to := in.Header("X-Office-To"); !strings.HasPrefix(to, "sip:+4989123456@") {
				t.Errorf("the carrier is asked for %s", to)
			}
			presses1(t, out, in)
			converse(t, out, in)
			hangUp(t, out, in)
			o.do(t, "DELETE", tenant+"/users/eve/desk", nil, nil)
			o.applied(t)
			o.ends(t, "516", 480)
		}},
		{"Working With Devices/assign it to a user", []written{put("devices/spare", object{}), patch("devices/spare", object{"extension": "520"})},
			"it rings for the user's extension, and no longer once it is taken away", func(t *testing.T) {
				spare := o.phone(t, "spare")
				o.takes(t, "520", spare)
				o.do(t, "PATCH", tenant+"/devices/spare", object{"extension": nil}, nil)
				o.applied(t)
				o.ends(t, "520", 480)
				quiet(t, "the device that was taken away", spare)
			}},
	}
}

// carrierPort is where the carrier listens; there is none while only names are read.
func (o *seedOffice) carrierPort() int {
	if o.carrier == nil {
		return 0
	}
	return o.port
}

func (o *seedOffice) callsBrowser(t *testing.T) {
	b := o.browse(t, o.accounts["browser"])
	b.register(t)
	out := dial(t, o.caller, "511")
	b.answer(t, b.read(t, "INVITE "), "486 Busy Here")
	if got := statusOf(t, out.WaitAnswer()); got != 486 {
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
	out := dial(t, o.caller, "510")
	desk, soft, mobile := rings(t, out, ps[0]), rings(t, out, ps[1]), rings(t, out, ps[2])
	took(t, "to ring all three", start, 0)
	answer(t, out, soft)
	hears(t, desk.Done(), desk, "the end of ringing")
	hears(t, mobile.Done(), mobile, "the end of ringing")
	converse(t, out, soft)
	hangUp(t, out, soft)
}

func (o *seedOffice) ringInTurn(t *testing.T) {
	ps := o.jane(t)
	start := time.Now()
	out := dial(t, o.caller, "510")
	in := rings(t, out, ps[0])
	quiet(t, "the second device", ps[1])
	hears(t, in.Done(), in, "the end of ringing")
	took(t, "ringing of the first", start, 2*time.Second)
	in = rings(t, out, ps[1])
	quiet(t, "the third device", ps[2])
	hears(t, in.Done(), in, "the end of ringing")
	took(t, "ringing until the end of the second", start, 5*time.Second)
	in = rings(t, out, ps[2])
	presses1(t, out, in)
	converse(t, out, in)
	hangUp(t, out, in)
}

func (o *seedOffice) ringTimes(t *testing.T) {
	ps := o.jane(t)
	start := time.Now()
	out := dial(t, o.caller, "510")
	desk, soft, mobile := rings(t, out, ps[0]), rings(t, out, ps[1]), rings(t, out, ps[2])
	hears(t, desk.Done(), desk, "the end of ringing")
	took(t, "ringing of the first", start, 2*time.Second)
	hears(t, soft.Done(), soft, "the end of ringing")
	took(t, "ringing of the second", start, 4*time.Second)
	hangUp(t, out, mobile)
}

func (o *seedOffice) renumbersWhenOut(t *testing.T) {
	desk := o.phone(t, "desk-a")
	o.takes(t, "512", desk)
	renumber := post("extensions/512/renumber", object{"number": "513"})
	if r := o.refused(t, renumber.method, tenant+"/"+renumber.path, renumber.body); r == nil || r.Status != 409 {
		t.Errorf("renumbering while Joe is at a desk: %v", r)
	}
	o.do(t, "DELETE", tenant+"/users/joe/desk", nil, nil)
	o.send(t, renumber)
	o.send(t, post("users/joe/desk", object{"device": "desk-a"}))
	o.applied(t)
	o.takes(t, "513", desk)
	o.ends(t, "512", 404)
	o.do(t, "DELETE", tenant+"/users/joe/desk", nil, nil)
}

func (o *seedOffice) hotDesk(t *testing.T) {
	a, b := o.phone(t, "desk-a"), o.phone(t, "desk-b")
	typeAt(t, a, "*11", "513", "4711")
	o.isAt(t, "joe", "desk-a")
	o.takes(t, "513", a)
	typeAt(t, b, "*11", "513", "4711")
	o.isAt(t, "joe", "desk-b")
	o.takes(t, "513", b)
	quiet(t, "the desk that Joe has left", a)
	out, in := connect(t, b, o.caller, "500")
	if in.CallerNumber() != "513" {
		t.Errorf("from Joe's desk %s calls", in.CallerNumber())
	}
	hangUp(t, out, in)
	typeAt(t, b, "*12")
	o.isAt(t, "joe", "")
	o.ends(t, "513", 480)
}

// isAt waits until a user is at a desk and Asterisk knows.
func (o *seedOffice) isAt(t *testing.T, username, desk string) {
	t.Helper()
	eventually(t, 10*time.Second, func() string {
		if got := o.desk(t, username); got != desk {
			return username + " is at " + got + ", want " + desk
		}
		return ""
	})
	o.applied(t)
}
