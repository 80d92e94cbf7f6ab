package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The numbers of the tenant in these rows, and one outside.
const (
	ownNumber, otherNumber = "+493012345601", "+493012345602"
	outside                = "089123456"
)

// rows002Number are the number settings.
func (o *seedOffice) rows002Number() []row {
	const settings = "Number settings/"
	return []row{
		{settings + "Insert the extension in Short number", []written{put("extensions/204", object{"name": "Dan"}), put("devices/204", object{"extension": "204"}),
			post("extensions/204/renumber", object{"number": "205"})}, "the new number rings, the old one does not exist, he calls by the new one", func(t *testing.T) {
			dan := o.phone(t, "204")
			o.takes(t, "205", dan)
			o.ends(t, "204", 404)
			o.shows(t, dan, `"Dan" <sip:205@`)
		}},
		{settings + "Select the presentation number from the drop-down menu", []written{put("numbers/"+ownNumber, object{}), patch("extensions/201", object{"presentation_number": ownNumber})},
			"a carrier shows it, a colleague sees the extension", func(t *testing.T) {
				ann := o.phone(t, "201")
				o.told(t, ann, outside, "+4989123456", ownNumber, ownNumber, "")
				o.shows(t, ann, `"Ann" <sip:201@`)
			}},
		{settings + "Select the dial plan profile from the drop-down menu", []written{put("classes-of-service/home", object{"allow": []string{"national"}, "deny": []string{"+49900"}}),
			patch("extensions/201", object{"class_of_service": "home"})}, "it says what may be called", func(t *testing.T) {
			ann := o.phone(t, "201")
			o.told(t, ann, outside, "+4989123456", "201", "201", "")
			for number, want := range map[string]int{"0900123456": 403, "004489123456": 403} {
				if got := refusal(t, ann, number); got != want {
					t.Errorf("calling %s ends with %d, want %d", number, got, want)
				}
			}
		}},
		{settings + "Select the country from the drop-down menu", []written{patch("extensions/201", object{"country": "CH"})},
			"numbers are dialled as there, and its tones are those of there", func(t *testing.T) {
				o.told(t, o.phone(t, "201"), "0446681800", "+41446681800", "201", "201", "")
				if shown := o.console(t, "pjsip show endpoint "+o.accounts["201"].UserName); !hasField(shown, "tone_zone", "ch") {
					t.Errorf("the endpoint's tones are not of Switzerland:\n%s", shown)
				}
			}},
		// No port number holds six digits by chance.
		{settings + "Display presentation number", []written{put("extensions/987654", object{"name": "Shy Sheila", "anonymous": true, "presentation_number": ownNumber}),
			put("devices/shy", object{"extension": "987654"})}, "neither a colleague nor a carrier's callee sees name or number; switched off, both do", o.anonymous},
		{settings + "Presence, if the extension can be monitored", []written{patch("extensions/201", object{"presence": false})},
			"a lamp for it is refused; allowed, it follows a call", o.watched},
		{settings + "Recorded calls, if the extension can be recorded", []written{patch("extensions/201", object{"record": true})},
			"its call leaves a file with both voices, another's call none", o.recordedCall},
		{"On open the Number settings pop-up window:/Select the numbers you want to add", []written{put("numbers/"+otherNumber, object{"destination": "extension:201"})},
			"who calls it from outside reaches the extension", func(t *testing.T) {
				out, in := connect(t, o.ada(t), o.phone(t, "201"), otherNumber)
				if in.CallerNumber() != mobiles["ada"] {
					t.Errorf("the phone shows %s", in.CallerNumber())
				}
				converse(t, out, in)
				hangUp(t, out, in)
			}},
		{"On open the Number settings pop-up window:/to delete numbers from the extension's list", []written{patch("numbers/"+otherNumber, object{"destination": nil})},
			"who calls it from outside reaches nobody", func(t *testing.T) {
				if got := refusal(t, o.ada(t), otherNumber); got != 404 {
					t.Errorf("the call ends with %d", got)
				}
			}},
	}
}

// shows calls extension 500 and checks which headers its phone gets.
func (o *seedOffice) shows(t *testing.T, from *phone.Phone, want string) {
	t.Helper()
	out, in := connect(t, from, o.caller, "500")
	if who := identity(in); !strings.Contains(who, want) {
		t.Errorf("the callee sees %s, want %s", who, want)
	}
	hangUp(t, out, in)
}

// told calls a number outside and checks what the carrier was asked for and which
// headers it got.
func (o *seedOffice) told(t *testing.T, from *phone.Phone, number, to, caller, pai, privacy string) {
	t.Helper()
	ada := o.ada(t)
	out := dial(t, from, number)
	in := rings(t, out, ada)
	for header, want := range map[string]string{"X-Office-To": "sip:" + to + "@", "X-Office-From": "sip:" + caller + "@", "X-Office-PAI": "sip:" + pai + "@"} {
		if got := in.Header(header); !strings.Contains(got, want) {
			t.Errorf("calling %s: %s is %q, want %s", number, header, got, want)
		}
	}
	if got := in.Header("X-Office-Privacy"); got != privacy {
		t.Errorf("calling %s: Privacy is %q, want %q", number, got, privacy)
	}
	answer(t, out, in)
	converse(t, out, in)
	hangUp(t, out, in)
}

func (o *seedOffice) anonymous(t *testing.T) {
	shy, ada := o.phone(t, "shy"), o.ada(t)
	out, in := connect(t, shy, o.caller, "500")
	if who := identity(in); strings.Contains(who, "987654") || strings.Contains(who, "Sheila") || !strings.Contains(strings.ToLower(who), "anonymous") {
		t.Errorf("the callee sees %s", who)
	}
	hangUp(t, out, in)
	out = dial(t, shy, outside)
	in = rings(t, out, ada)
	if who := in.Header("X-Office-From") + identity(in); strings.Contains(who, "987654") || strings.Contains(who, "Sheila") || strings.Contains(who, ownNumber) {
		t.Errorf("outside the callee sees %s", who)
	}
	if in.Header("X-Office-Privacy") != "id" {
		t.Errorf("Privacy is %q", in.Header("X-Office-Privacy"))
	}
	hangUp(t, out, in)
	o.do(t, "PATCH", tenant+"/extensions/987654", object{"anonymous": false}, nil)
	o.applied(t)
	o.shows(t, shy, `"Shy Sheila" <sip:987654@`)
	o.told(t, shy, outside, "+4989123456", ownNumber, ownNumber, "")
}

func (o *seedOffice) watched(t *testing.T) {
	watch := func() (*phone.Subscription, error) { return o.caller.Subscribe(within(t, 10*time.Second), "201") }
	var refused *phone.StatusError
	if _, err := watch(); !errors.As(err, &refused) || refused.Code != 404 {
		t.Errorf("it must not be watched, the answer is %v", err)
	}
	o.do(t, "PATCH", tenant+"/extensions/201", object{"presence": true}, nil)
	o.applied(t)
	lamp, err := watch()
	if err != nil {
		t.Fatal(err)
	}
	out, in := connect(t, o.caller, o.phone(t, "201"), "201")
	shows(t, lamp, "busy")
	hangUp(t, out, in)
	shows(t, lamp, "idle")
	if err := lamp.Close(within(t, 10*time.Second)); err != nil {
		t.Error(err)
	}
}

func (o *seedOffice) recordedCall(t *testing.T) {
	o.takes(t, "202", o.phone(t, "202"))
	o.takes(t, "201", o.phone(t, "201"))
	var got []recording
	eventually(t, 10*time.Second, func() string {
		if got = o.recordings(t); len(got) == 0 || !got[0].Finished {
			return "no recording is finished"
		}
		return ""
	})
	if len(got) != 1 || got[0].From+" "+got[0].To != "500 201" {
		t.Fatalf("the recordings are %+v", got)
	}
	sound := samples(t, []byte(o.get(t, tenant+"/recordings/"+got[0].Name)))
	if caller, callee, nobody := strength(sound, callerTone), strength(sound, calleeTone), strength(sound, 1730); caller < 20*nobody || callee < 20*nobody {
		t.Errorf("caller %.4f, callee %.4f, nobody %.4f", caller, callee, nobody)
	}
}

// rows002Voicemail are the voicemail settings.
func (o *seedOffice) rows002Voicemail() []row {
	const voicemail = "Configure voicemail/"
	box := patch("extensions/202", object{"mailbox": "202"})
	return []row{
		{voicemail + "Select if unanswered calls are ended or sent to voicemail", []written{put("mailboxes/202", object{"name": "Ben", "pin": "4711"}), box},
			"voicemail takes the call; without it the call ends", func(t *testing.T) {
				o.takesMessage(t, "202", "202")
				o.do(t, "PATCH", tenant+"/extensions/202", object{"mailbox": nil}, nil)
				o.applied(t)
				o.ends(t, "202", 480)
			}},
		{voicemail + "Insert a PIN number", []written{box, patch("mailboxes/202", object{"pin": "8642"})}, "it opens the mailbox", func(t *testing.T) {
			openMailbox(t, o.phone(t, "202"), "8642")
		}},
		{voicemail + "Email notification, if an email is sent when a voicemail is received", []written{box,
			patch("mailboxes/202", object{"email": "ben@example.org", "attach_recording": true})}, "Asterisk mails the message to the address", func(t *testing.T) {
			o.mailsMessage(t, "202", "202", "ben@example.org")
		}},
	}
}

// rows002Monitoring are the monitoring settings: 201 listens to 202.
func (o *seedOffice) rows002Monitoring() []row {
	const monitoring = "Configure monitoring/"
	monitors, monitored := patch("extensions/201", object{"monitors": true}), patch("extensions/202", object{"monitored": true})
	return []row{
		{monitoring + "Monitor user's calls, if the extension can listen to other user's calls", []written{monitors, monitored},
			"*55202 lets it hear both; another extension, and it without the setting, are refused", func(t *testing.T) {
				ann, cid := o.phone(t, "201"), o.phone(t, "203")
				out, in := connect(t, o.caller, o.phone(t, "202"), "202")
				converse(t, out, in)
				boss := dial(t, ann, "*55202")
				if err := boss.WaitAnswer(); err != nil {
					t.Fatal(err)
				}
				out.Tone(0)
				in.Tone(0)
				speaks(t, "the caller", out, callerTone, []*phone.Call{in, boss}, nil)
				speaks(t, "the extension", in, calleeTone, []*phone.Call{out, boss}, nil)
				if got := refusal(t, cid, "*55202"); got != 403 {
					t.Errorf("another one is answered %d", got)
				}
				hangUp(t, out, in)
				hears(t, boss.Done(), boss, "the end of the monitored call")
				o.send(t, patch("extensions/201", object{"monitors": false}))
				o.applied(t)
				out, in = connect(t, o.caller, o.phone(t, "202"), "202")
				converse(t, out, in)
				if got := refusal(t, ann, "*55202"); got != 403 {
					t.Errorf("without the setting it is answered %d", got)
				}
				hangUp(t, out, in)
			}},
		{monitoring + "Allow calls to be monitored, if other users can listen to this extension calls", []written{monitors},
			"who may monitor is refused at an extension without the setting", func(t *testing.T) {
				ann := o.phone(t, "201")
				out, in := connect(t, o.caller, o.phone(t, "202"), "202")
				converse(t, out, in)
				if got := refusal(t, ann, "*55202"); got != 403 {
					t.Errorf("the answer is %d", got)
				}
				hangUp(t, out, in)
			}},
	}
}

// rows002Forwarding are the forwarding settings of 201.
func (o *seedOffice) rows002Forwarding() []row {
	const unconditional, exceptions, conditional = "User unconditional forward/", "Exception numbers/", "Conditional forward/"
	forward := func(body object) []written { return []written{put("forwards/201", body)} }
	rings := func(number string) func(*testing.T) {
		return func(t *testing.T) {
			own := o.phone(t, "201")
			if number == "201" {
				o.takes(t, "201", own)
				return
			}
			o.takes(t, "201", o.phone(t, number))
			quiet(t, "201", own)
		}
	}
	now := time.Now().UTC()
	days := []string{now.AddDate(0, 0, -1).Format("Mon"), now.Format("Mon"), now.AddDate(0, 0, 1).Format("Mon")}
	for i := range days {
		days[i] = strings.ToLower(days[i])
	}
	atHour := object{"days": days, "from": now.Add(-time.Hour).Format("15:04"), "to": now.Add(time.Hour).Format("15:04"), "destination": "extension:202"}
	never := object{"last_date": "2020-01-01", "destination": "extension:203"}
	many := []string{"500"}
	for i := range pbx.MaxExceptions - 1 {
		many = append(many, fmt.Sprintf("+4930%06d", i))
	}
	return []row{
		{unconditional + "Don't forward calls", forward(object{"mode": "off"}), "201 rings", rings("201")},
		{unconditional + "Forward calls to a destination number", forward(object{"mode": "destination", "destination": "extension:202"}), "202 rings, 201 does not", rings("202")},
		{unconditional + "Select a destination number from the drop-down menu", forward(object{"mode": "destination", "destination": "external:" + outside}),
			"a number outside rings", func(t *testing.T) { o.takes(t, "201", o.ada(t)) }},
		{unconditional + "Forward calls according to schedule rules", forward(object{"mode": "schedule", "rules": []object{never}}), "outside of the rules 201 rings", rings("201")},
		{unconditional + "configure the time and days", forward(object{"mode": "schedule", "timezone": "UTC", "rules": []object{never, atHour}}), "within a rule's hours 202 rings", rings("202")},
		{exceptions + "ADD NUMBER", forward(object{"mode": "destination", "destination": "extension:202", "exceptions": []string{mobiles["ada"], "500"}}),
			"who is on the list reaches 201, others 202", func(t *testing.T) {
				ann, ben := o.phone(t, "201"), o.phone(t, "202")
				o.takes(t, "201", ann)
				out, in := connect(t, o.phone(t, "203"), ben, "201")
				hangUp(t, out, in)
				quiet(t, "201", ann)
			}},
		{exceptions + "You can add as much numbers as you want to the exception numbers list", forward(object{"mode": "destination", "destination": "extension:202", "exceptions": many}),
			"one of five hundred reaches 201; one more than that is refused", func(t *testing.T) {
				rings("201")(t)
				o.refuses(t, patch("forwards/201", object{"exceptions": append(many, "203")}), 422, "exceptions")
			}},
		{exceptions + "to delete a number from the exception numbers list", append(forward(object{"mode": "destination", "destination": "extension:202", "exceptions": []string{"500"}}),
			patch("forwards/201", object{"exceptions": []string{}})), "he is forwarded as others are", rings("202")},
		{conditional + "Forward calls when not reachable", forward(object{"unreachable": "extension:202"}), "without a phone 202 rings; without the setting the call ends", func(t *testing.T) {
			o.takes(t, "201", o.phone(t, "202"))
			o.send(t, patch("forwards/201", object{"unreachable": nil}))
			o.applied(t)
			o.ends(t, "201", 480)
		}},
		{conditional + "Forward calls when number is busy", forward(object{"busy": "extension:202"}), "202 rings once 201 refuses; without the setting the call ends", func(t *testing.T) {
			o.rejects(t, "202")
			o.send(t, patch("forwards/201", object{"busy": nil}))
			o.applied(t)
			o.rejects(t, "")
		}},
		{conditional + "Forward calls when number doesn't answer", forward(object{"no_answer": "extension:202"}), "202 rings after the extension's time", o.unanswered(5 * time.Second)},
		{conditional + "Set the Extension ring time", forward(object{"no_answer": "extension:202", "no_answer_seconds": 8}), "202 rings after that time", o.unanswered(8 * time.Second)},
		{conditional + "configuring unconditional forwarding will override conditional forwarding configuration",
			forward(object{"mode": "schedule", "timezone": "UTC", "rules": []object{atHour}, "busy": "extension:203"}), "within its hours 202 rings at once; outside of them 203 when busy", func(t *testing.T) {
				rings("202")(t)
				o.send(t, patch("forwards/201", object{"rules": []object{never}}))
				o.applied(t)
				o.rejects(t, "203")
			}},
	}
}

// rejects calls 201, which refuses, and checks who rings then; "" for nobody.
func (o *seedOffice) rejects(t *testing.T, then string) {
	t.Helper()
	busy := o.phone(t, "201")
	out := dial(t, o.caller, "201")
	in := rings(t, out, busy)
	var next *phone.Phone
	if then != "" {
		next = o.phone(t, then)
	}
	if err := in.Reject(486); err != nil {
		t.Fatal(err)
	}
	if next == nil {
		if got := statusOf(t, out.WaitAnswer()); got != 486 {
			t.Errorf("the call ends with %d, want 486", got)
		}
		return
	}
	in = rings(t, out, next)
	answer(t, out, in)
	converse(t, out, in)
	hangUp(t, out, in)
}

// unanswered calls 201, which rings for that time before 202 does.
func (o *seedOffice) unanswered(after time.Duration) func(*testing.T) {
	return func(t *testing.T) {
		first, second := o.phone(t, "201"), o.phone(t, "202")
		start := time.Now()
		out := dial(t, o.caller, "201")
		in := rings(t, out, first)
		hears(t, in.Done(), in, "the end of ringing")
		in = rings(t, out, second)
		took(t, "until 202 rings", start, after)
		answer(t, out, in)
		converse(t, out, in)
		hangUp(t, out, in)
	}
}
