package seeds

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

func open001(t *testing.T) (*seedOffice, []row) {
	o := openSeeds(t)
	lost := o.Device(t, "lost", "", Object{"qualify_seconds": 2})
	lost.Expires = 60 // the least that Asterisk grants
	p := o.Register(t, lost, phone.Options{})
	o.WaitStatus(t, "lost", 10*time.Second, "OK", IsOK)
	p.PullCable() // the last rows tell what became of it
	return o, o.rows001()
}

func (o *seedOffice) rows001() []row {
	rows := o.rows001Types()
	rows = append(rows, o.rows001Settings()...)
	rows = append(rows, o.rows001Outside()...)
	rows = append(rows, o.rows001More()...)
	return append(rows, o.rows001Status()...)
}

// rows001Types are what an extension is.
func (o *seedOffice) rows001Types() []row {
	return []row{
		{"Configuration Options/Alphanumeric", []written{put("extensions/60a", Object{"name": "Sixty A"}), put("devices/60a", Object{"extension": "60a"})},
			"letters can be dialled", func(t *testing.T) { o.takes(t, "60a", o.phone(t, "60a")) }},
		{"Device Type/SIP (Session Initiation Protocol) device", []written{put("extensions/600", Object{"name": "Sue", "type": "sip", "ring_seconds": 5}), put("devices/600", Object{"extension": "600"})},
			"its phone registers and rings", func(t *testing.T) { o.takes(t, "600", o.phone(t, "600")) }},
		{"Device Type/IAX2 (Inter-Asterisk eXchange) device", []written{put("extensions/300", Object{"name": "Ian", "type": "iax2"})},
			"a device registers over IAX2, is called, calls", func(t *testing.T) {
				h := o.OpenHandset(t, "iax", "300")
				o.WaitStatus(t, "iax", 20*time.Second, "OK", IsOK)
				out := Dial(t, o.caller, "300")
				if err := out.WaitAnswer(); err != nil {
					t.Fatal(err)
				}
				HearsItself(t, out)
				Leave(t, out)
				h.Dial("500")
				in := Incoming(t, o.caller)
				if in.CallerName() != "Ian" || in.CallerNumber() != "300" {
					t.Errorf("the phone sees %q <%s>", in.CallerName(), in.CallerNumber())
				}
				h.HangUp()
				Hears(t, in.Done(), in, "the hang-up")
			}},
		{"Device Type/DAHDI (Digium Asterisk Hardware Device Interface) device", []written{put("extensions/310", Object{"name": "Dan", "type": "dahdi"}),
			put("devices/port", Object{"kind": "dahdi", "dahdi_channel": 3, "extension": "310"})},
			"the file has the channel; on a machine without DAHDI the call ends as unreachable", func(t *testing.T) {
				if file := o.file(t, "chan_dahdi.conf"); !strings.Contains(file, "\ndahdichan = 3\n") || !strings.Contains(file, `<310>`) {
					t.Errorf("chan_dahdi.conf:\n%s", file)
				}
				o.ends(t, "310", 480)
				o.Do(t, "DELETE", Tenant+"/devices/port", nil, nil)
			}},
		{"Device Type/Voicemail-only or call-forwarding extension", []written{put("mailboxes/620", Object{"name": "Vic", "pin": "4711"}),
			put("extensions/620", Object{"name": "Vic", "type": "virtual", "mailbox": "620"})},
			"without a device, voicemail takes its calls; forwarded, another's phone rings", func(t *testing.T) {
				o.refuses(t, put("devices/620", Object{"extension": "620"}), 422, "extension")
				o.takesMessage(t, "620", "620")
				o.send(t, put("forwards/620", Object{"mode": "destination", "destination": "extension:600"}))
				o.Applied(t)
				o.takes(t, "620", o.phone(t, "600"))
			}},
		{"Device Type/Additional extension on a device that supports multiple extensions", []written{put("extensions/621", Object{"name": "Second", "type": "sip-virtual", "parent_device": "600"})},
			"the other extension's phone rings and is told which number was dialled", func(t *testing.T) {
				if in := o.takes(t, "621", o.phone(t, "600")); !strings.Contains(in.Header("Diversion"), "<sip:621@") {
					t.Errorf("the phone is told %q", in.Header("Diversion"))
				}
			}},
		{"Device Type/a device that supports multiple extensions", []written{put("devices/621", Object{"extension": "621"}),
			put("phones/805ec0000621", Object{"vendor": "yealink", "model": "T46U", "lines": []Object{{"registration": 1, "device": "600"}, {"registration": 2, "device": "621"}}})}, "on a line of its own of the same phone it rings and calls under its own number", func(t *testing.T) {
			own, second := o.phone(t, "600"), o.phone(t, "621")
			out, in := Connect(t, second, o.caller, "500")
			if in.CallerNumber() != "621" {
				t.Errorf("from the second line %s calls", in.CallerNumber())
			}
			HangUp(t, out, in)
			o.takes(t, "621", second)
			quiet(t, "the first line", own)
		}},
		{"Overview/A user cannot configure his or her extension", []written{put("users/sue", person(Object{"full_name": "Sue", "extension": "600"}))}, "her own extension can be read by her and not changed", func(t *testing.T) {
			sue := o.signsIn(t, "sue")
			if r := o.As(t, sue, "GET", Tenant+"/extensions/600", nil, nil); r != nil {
				t.Errorf("reading it: %v", r)
			}
			if r := o.As(t, sue, "PATCH", Tenant+"/extensions/600", Object{"name": "Boss"}, nil); r == nil || r.Status != 403 {
				t.Errorf("changing it: %v", r)
			}
		}},
		{"Additional Notes/The number of available extensions depends on your IntellaSoft licensing", nil, "one extension more than the licence is refused, with the count", func(t *testing.T) {
			defer o.licence(t, 0)
			n := o.licence(t, o.extensions(t))
			r := o.refuses(t, put("extensions/699", Object{"name": "Too many"}), 409, "")
			if want := fmt.Sprintf("%d of the %d", n, n); !strings.Contains(r.Detail, want) {
				t.Errorf("the refusal does not say %s: %v", want, r)
			}
		}},
		{"Device Type/VIRTUAL and SIP-VIRTUAL device types do not use extension licenses", nil, "with no licence left they can be made", func(t *testing.T) {
			defer o.licence(t, 0)
			o.licence(t, o.extensions(t))
			o.send(t, put("extensions/697", Object{"name": "V", "type": "virtual"}))
			o.send(t, put("extensions/698", Object{"name": "S", "type": "sip-virtual", "parent_device": "600"}))
		}},
	}
}

// extensions counts those that need a licence.
func (o *seedOffice) extensions(t *testing.T) (n int) {
	t.Helper()
	var page struct{ Items []struct{ Type string } }
	o.Do(t, "GET", Tenant+"/extensions?limit=1000", nil, &page)
	for _, e := range page.Items {
		if !strings.HasSuffix(e.Type, "virtual") {
			n++
		}
	}
	return n
}

// licence sets how many extensions there may be.
func (o *seedOffice) licence(t *testing.T, n int) int {
	t.Helper()
	o.Do(t, "PATCH", Tenant, Object{"max_extensions": n}, nil)
	return n
}

// rows001Settings are what is set beside its number.
func (o *seedOffice) rows001Settings() []row {
	return []row{
		{"Configuration Options/CallerID Name", []written{put("extensions/601", Object{"name": "Cal Callum"}), put("devices/601", Object{"extension": "601"})},
			"whom he calls sees the name", func(t *testing.T) {
				out, in := Connect(t, o.phone(t, "601"), o.caller, "500")
				if who := Identity(in); !strings.Contains(who, `"Cal Callum" <sip:601@`) {
					t.Errorf("the phone sees %s", who)
				}
				HangUp(t, out, in)
			}},
		{"Configuration Options/The portal user associated with the extension", []written{put("users/cal", person(Object{"full_name": "Cal", "extension": "601", "language": "de"}))},
			"his calls have the user's language", func(t *testing.T) {
				out := Dial(t, o.phone(t, "601"), "*11")
				Hears(t, out.Done(), out, "the refusal")
				if shown := o.Console(t, "pjsip show endpoint "+o.accounts["601"].UserName); !HasField(shown, "language", "de") {
					t.Errorf("the endpoint's language is not de:\n%s", shown)
				}
			}},
		{"Configuration Options/Enables or disables voicemail", []written{put("mailboxes/601", Object{"name": "Cal", "pin": "4711"}), patch("extensions/601", Object{"mailbox": "601"})},
			"unanswered calls reach it; without it they end", func(t *testing.T) {
				o.takesMessage(t, "601", "601")
				o.Do(t, "PATCH", Tenant+"/extensions/601", Object{"mailbox": nil}, nil)
				o.Applied(t)
				o.ends(t, "601", 480)
			}},
		{"Configuration Options/Voicemail PIN", []written{patch("extensions/601", Object{"mailbox": "601"})}, "it opens the mailbox by *97; without one no mailbox is made", func(t *testing.T) {
			OpenMailbox(t, o.phone(t, "601"), "4711")
			o.refuses(t, put("mailboxes/602", Object{"name": "No PIN"}), 422, "pin")
		}},
		{"Configuration Options/Email address where voicemail messages are sent", []written{patch("extensions/601", Object{"mailbox": "601"}),
			patch("mailboxes/601", Object{"email": "cal@example.org", "attach_recording": true})},
			"Asterisk mails the message there, with its sound", func(t *testing.T) { o.mailsMessage(t, "601", "601", "cal@example.org") }},
		{"Additional Extension Settings/All Call Forward", []written{put("forwards/601", Object{"mode": "destination", "destination": "extension:600"})},
			"another's phone rings, and not his own", func(t *testing.T) {
				own := o.phone(t, "601")
				o.takes(t, "601", o.phone(t, "600"))
				quiet(t, "601", own)
			}},
		{"Additional Extension Settings/Phone Group", []written{put("groups/sales", Object{}), patch("extensions/600", Object{"groups": []string{"sales"}}),
			patch("extensions/601", Object{"groups": []string{"sales"}})}, "*8 takes the call that rings at the other", func(t *testing.T) {
			rung, mate := o.phone(t, "600"), o.phone(t, "601")
			o.picksUp(t, "600", rung, mate)
		}},
		{"Additional Extension Settings/Secret password", []written{put("devices/603", Object{"secret": "chosen0123456789"})}, "it registers with it, and with another one not", func(t *testing.T) {
			if o.accounts["603"].Password != "chosen0123456789" || !o.registers(t, "603") {
				t.Error("it does not register with the password that was chosen")
			}
			o.Do(t, "PATCH", Tenant+"/devices/603", Object{"secret": "another0123456789"}, nil)
			o.Applied(t)
			if o.registers(t, "603") {
				t.Error("it registers with the old password")
			}
		}},
	}
}

// rows001Outside are what reaches the world outside.
func (o *seedOffice) rows001Outside() []row {
	return []row{
		{"Additional Extension Settings/Ring an external number such as a cell phone", []written{put("external-numbers/"+Mobiles["ada"], Object{}),
			patch("extensions/601", Object{"twin_number": Mobiles["ada"], "ring_seconds": 30})}, "it rings along and gets the call when it presses 1", func(t *testing.T) {
			desk, ada := o.phone(t, "601"), o.ada(t)
			out := Dial(t, o.caller, "601")
			atDesk, in := Rings(t, out, desk), Rings(t, out, ada)
			Presses1(t, out, in)
			Hears(t, atDesk.Done(), atDesk, "the end of ringing")
			converse(t, out, in)
			HangUp(t, out, in)
		}},
		{"Additional Extension Settings/Inbound DID", []written{put("numbers/"+ownNumber, Object{"destination": "extension:601"})}, "a call from outside to the number rings", func(t *testing.T) {
			out, in := Connect(t, o.ada(t), o.phone(t, "601"), ownNumber)
			converse(t, out, in)
			HangUp(t, out, in)
		}},
		{"Additional Extension Settings/What callerid to use when the extension dials out a route", []written{patch("extensions/601", Object{"presentation_number": ownNumber})},
			"the carrier is shown it", func(t *testing.T) { o.told(t, o.phone(t, "601"), outside, "+4989123456", ownNumber, ownNumber, "") }},
		{"Additional Extension Settings/Class of service when this extension makes a call", []written{put("classes-of-service/lobby", Object{"allow": []string{"+4989"}}),
			patch("extensions/601", Object{"class_of_service": "lobby"})}, "it may call what the class allows, and nothing else outside", func(t *testing.T) {
			lobby := o.phone(t, "601")
			o.told(t, lobby, outside, "+4989123456", "601", "601", "")
			if got := Refusal(t, lobby, "030123456"); got != 403 {
				t.Errorf("calling what is not allowed ends with %d", got)
			}
			out, in := Connect(t, lobby, o.caller, "500")
			HangUp(t, out, in)
		}},
	}
}

// picksUp: a call to a number rings at one phone, and another takes it.
func (o *seedOffice) picksUp(t *testing.T, number string, rung, mate *phone.Phone) {
	t.Helper()
	out := Dial(t, o.caller, number)
	in := Rings(t, out, rung)
	taken := Dial(t, mate, "*8")
	if err := taken.WaitAnswer(); err != nil {
		t.Fatalf("*8 does not get the call: %v", err)
	}
	Hears(t, in.Done(), in, "the end of ringing")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	converse(t, out, taken)
	HangUp(t, taken, out)
}

// mailsMessage leaves a message and waits until it was mailed, with what was said. The row's
// device has the extension's number.
func (o *seedOffice) mailsMessage(t *testing.T, number, device, address string) {
	t.Helper()
	owner := o.phone(t, device)
	out := Dial(t, o.caller, number)
	if err := Rings(t, out, owner).Reject(486); err != nil {
		t.Fatal(err)
	}
	LeaveMessage(t, out, owner, owner.Voicemail())
	var sound []byte
	Eventually(t, 10*time.Second, func() string {
		for _, m := range o.mail.Mails(t) {
			for name, content := range m.Files {
				if m.Header.Get("To") == "<"+address+">" && strings.HasSuffix(name, ".wav") {
					sound = content
					return ""
				}
			}
		}
		return fmt.Sprintf("no mail with sound to %s among %d", address, o.mail.Count())
	})
	if heard := Strength(Samples(t, sound), CallerTone); heard < 0.1 {
		t.Errorf("the mail's sound has %.3f of the caller's tone", heard)
	}
}

// rows001More are phones, invitations and the end of an extension.
func (o *seedOffice) rows001More() []row {
	const more = "Additional Extension Settings/"
	t46u := func(lines ...Object) Object { return Object{"vendor": "yealink", "model": "T46U", "lines": lines} }
	line := func(registration int, device string) Object {
		return Object{"registration": registration, "device": device}
	}
	return []row{
		{more + "Phone make", []written{put("extensions/605", Object{"name": "Yea"}), put("devices/605", Object{"extension": "605"}), put("phones/805ec0000605", t46u(line(1, "605"))),
			put("extensions/606", Object{"name": "Poly"}), put("devices/606", Object{"extension": "606"}),
			put("phones/64167f000606", Object{"vendor": "polycom", "model": "VVX450", "lines": []Object{line(1, "606")}})},
			"each make fetches its kind of files, registers and rings", func(t *testing.T) {
				yealink, _ := o.boots(t, "805ec0000605", "T46U", 0)
				polycom, _ := o.boots(t, "64167f000606", "VVX450", 0)
				o.takes(t, "605", yealink)
				o.takes(t, "606", polycom)
			}},
		{more + "Phone Model", []written{put("devices/607", Object{"extension": "605"}), put("phones/805ec0000607", t46u(line(1, "607"))),
			patch("phones/805ec0000607", Object{"buttons": Object{"5": Object{"kind": "speed-dial", "value": "500"}}})},
			"a T46U's file has key 5, a T31P has no such key", func(t *testing.T) {
				_, config := o.boots(t, "805ec0000607", "T46U", 0)
				if k := KeyAt(config, 5); k.Value != "500" {
					t.Errorf("key 5 is %+v", k)
				}
				r := o.Refused(t, "PATCH", Tenant+"/phones/805ec0000607", Object{"model": "T31P"})
				if r == nil || r.Status != 422 || !strings.Contains(fmt.Sprintf("%+v", *r), "buttons.5") {
					t.Errorf("a T31P with a fifth key: %+v", r)
				}
			}},
		{more + "MAC address of the phone", nil, "another address gets no file", func(t *testing.T) {
			stranger := NewPhone(t, phone.Options{MAC: "805ec0ffffff", Model: "T46U", ProvisioningURL: o.Phones + "/"})
			if config, _, err := stranger.Fetch(Within(t, 10*time.Second)); err == nil && len(config.Accounts) != 0 {
				t.Errorf("a stranger gets %+v", config.Accounts)
			}
		}},
		{more + "Registration number on the physical phone", []written{put("devices/608", Object{"extension": "605"}), put("devices/609", Object{"extension": "606"}),
			put("phones/805ec0000608", t46u(line(1, "608"), line(3, "609")))}, "the third account of its file is 606's, and rings for it", func(t *testing.T) {
			p, config := o.boots(t, "805ec0000608", "T46U", 1)
			if config.Accounts[1].Index != 3 || config.Accounts[1].UserName != o.accounts["609"].UserName {
				t.Errorf("the accounts are %+v", config.Accounts)
			}
			o.takes(t, "606", p)
		}},
		{"Controls/Opens the Phone Buttons configuration manager", []written{put("devices/610", Object{"extension": "600"}), put("phones/805ec0000610", t46u(line(1, "610"))),
			patch("phones/805ec0000610", Object{"buttons": Object{"2": Object{"kind": "blf", "value": "605"}}})}, "the file's key watches 605, and its lamp lights in a call", func(t *testing.T) {
			p, config := o.boots(t, "805ec0000610", "T46U", 0)
			if keys := config.BLF(); len(keys) != 1 || keys[0].Value != "605" {
				t.Fatalf("the phone watches %+v", keys)
			}
			lamp, err := p.Subscribe(Within(t, 10*time.Second), "605")
			if err != nil {
				t.Fatal(err)
			}
			out, in := Connect(t, o.caller, o.phone(t, "605"), "605")
			Shows(t, lamp, "busy")
			HangUp(t, out, in)
			Shows(t, lamp, "idle")
		}},
		{"Second Step: Send the Invitation Email/copy the Username from this web page", []written{put("extensions/611", Object{"name": "Ivy"}), put("devices/app", Object{"extension": "611", "class": "software"}),
			put("users/ivy", person(Object{"full_name": "Ivy", "email": "ivy@example.org", "extension": "611"})), post("devices/app/invite", Object{})},
			"a softphone registers with what the mailed page shows", o.invited},
		{"Removing an Extension/the extension may have a", []written{put("mailboxes/612", Object{"name": "Old", "pin": "4711"}),
			put("extensions/612", Object{"name": "Old", "mailbox": "612"}), put("extensions/613", Object{"name": "Friend"}), put("extensions/614", Object{"name": "Heir"}),
			put("forwards/613", Object{"mode": "destination", "destination": "extension:612"}), put("forwards/614", Object{"no_answer": "voicemail:612"})},
			"its own forward and who leads to it or to its mailbox are named; confirmed, nothing in Asterisk does", o.removed},
		{"Removing an Extension/the associated voicemail box might be being used elsewhere", []written{put("mailboxes/615", Object{"name": "Old", "pin": "4711"}),
			put("extensions/615", Object{"name": "Old", "mailbox": "615"}), put("extensions/616", Object{"name": "Heir", "mailbox": "615"}), put("devices/615", Object{"extension": "615"})},
			"the mailbox stays, and takes the other's calls", func(t *testing.T) {
				o.Do(t, "DELETE", Tenant+"/extensions/615?confirm=615", nil, nil)
				o.Applied(t)
				o.ends(t, "615", 404)
				o.takesMessage(t, "616", "615")
			}},
	}
}

// boots lets a phone fetch its files by its address and register as one of the
// accounts in them.
func (o *seedOffice) boots(t *testing.T, mac, model string, account int) (*phone.Phone, *phone.Config) {
	t.Helper()
	p := NewPhone(t, phone.Options{MAC: mac, Model: model, ProvisioningURL: o.Phones + "/"})
	config, _, err := p.Fetch(Within(t, 10*time.Second))
	if err != nil || len(config.Accounts) <= account {
		t.Fatalf("the phone's file: %v, %+v", err, config)
	}
	if err := p.Register(Within(t, 10*time.Second), config.Accounts[account]); err != nil {
		t.Fatal(err)
	}
	return p, config
}

func (o *seedOffice) invited(t *testing.T) {
	var page struct{ Items []Invitation }
	o.Do(t, "GET", Tenant+"/invitations", nil, &page)
	o.WaitInvitation(t, page.Items[0].ID, "sent", func(i Invitation) bool { return i.State == "sent" })
	header, body := o.mail.Last(t)
	if header.Get("To") != "<ivy@example.org>" {
		t.Errorf("the mail goes to %s", header.Get("To"))
	}
	shown := o.UseLink(t, regexp.MustCompile(`http://\S+`).FindString(body))
	account := o.accounts["app"]
	account.UserName, account.Password = ElementText(shown, "username"), ElementText(shown, "password")
	o.takes(t, "611", o.Register(t, account, phone.Options{}))
}

func (o *seedOffice) removed(t *testing.T) {
	o.send(t, put("forwards/612", Object{"busy": "extension:600"})) // it goes with the extension
	r := o.Refused(t, "DELETE", Tenant+"/extensions/612", nil)
	if r == nil || r.Status != 409 || fmt.Sprint(r.Refs) != "[{forward 612} {forward 613} {mailbox 612} {forward 614}]" {
		t.Errorf("deleting what is used: %+v", r)
	}
	o.Do(t, "DELETE", Tenant+"/extensions/612?confirm=612", nil, nil)
	o.Applied(t)
	o.ends(t, "612", 404)
	if hints := o.Console(t, "core show hints"); strings.Contains(hints, "612@hints") {
		t.Errorf("hints:\n%s", hints)
	}
	if plan, boxes := o.file(t, "extensions.conf"), o.file(t, "voicemail.conf"); strings.Contains(plan, "exten => 612,") || strings.Contains(boxes, "\n612 =>") {
		t.Errorf("files name it:\n%s\n%s", plan, boxes)
	}
}

// rows001Status are the words of status, and where a device is.
func (o *seedOffice) rows001Status() []row {
	return []row{
		{"Status/OK", []written{put("devices/650", Object{"extension": "600", "qualify_seconds": 2})}, "a registered phone that answers, with IP and port", func(t *testing.T) {
			o.phone(t, "650")
			if s := o.WaitStatus(t, "650", 10*time.Second, "OK", IsOK); s.IP == "" || s.Port == 0 {
				t.Errorf("shown as %+v", s)
			}
		}},
		{"Configuration Options/IP", nil, "the address that the phone really has; it cannot be written", func(t *testing.T) {
			p := NewPhone(t, phone.Options{LocalIP: MobileHost})
			if err := p.Register(Within(t, 10*time.Second), o.accounts["650"]); err != nil {
				t.Fatal(err)
			}
			o.shownAt(t, "ip", MobileHost, p)
		}},
		{"Configuration Options/Device signaling port", nil, "the port that the phone really has; it cannot be written", func(t *testing.T) {
			o.shownAt(t, "port", "127.0.0.1", o.phone(t, "650"))
		}},
		{"Status/UNMONITORED", []written{put("extensions/651", Object{"name": "Una"}), put("devices/651", Object{"extension": "651", "qualify_seconds": 0})},
			"a phone that is never asked, with IP and port, which can be called", func(t *testing.T) {
				p := o.phone(t, "651")
				s := o.WaitStatus(t, "651", 10*time.Second, "UNMONITORED", func(s Status) bool { return s.Status == "UNMONITORED" })
				if s.IP == "" || s.Port == 0 {
					t.Errorf("shown as %+v", s)
				}
				o.takes(t, "651", p)
			}},
		{"Status/BLANK", []written{put("devices/652", Object{})}, "a device that nobody has registered", func(t *testing.T) {
			if s := o.Status(t, "652"); s.Status != "" || s.IP != "" || s.Stale {
				t.Errorf("shown as %+v", s)
			}
		}},
		{"Status/UNREACHABLE", nil, "the phone that lost its power does not answer", func(t *testing.T) {
			o.WaitStatus(t, "lost", 20*time.Second, "UNREACHABLE", func(s Status) bool {
				return s.Status == "UNREACHABLE" && s.IP != "" || s.Status == "UNKNOWN"
			})
		}},
		{"Status/UNKNOWN", nil, "the system has given it up", func(t *testing.T) {
			o.WaitStatus(t, "lost", 100*time.Second, "UNKNOWN", func(s Status) bool { return s.Status == "UNKNOWN" })
		}},
	}
}

// shownAt compares what is shown of device 650 with the phone, and tries to write it.
func (o *seedOffice) shownAt(t *testing.T, field, host string, p *phone.Phone) {
	t.Helper()
	at, err := p.Listen()
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(at, ":")
	o.WaitStatus(t, "650", 10*time.Second, "at "+host+" "+port, func(s Status) bool { return IsOK(s) && s.IP == host && strconv.Itoa(s.Port) == port })
	var e Status
	o.Do(t, "GET", Tenant+"/extensions/600", nil, &e)
	if e.IP != host || strconv.Itoa(e.Port) != port {
		t.Errorf("the extension is shown as %+v", e)
	}
	if r := o.refuses(t, patch("extensions/600", Object{field: "1"}), 422, field); !strings.Contains(r.Detail, "read-only") {
		t.Errorf("writing it: %v", r)
	}
}
