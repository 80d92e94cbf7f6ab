package seeds

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

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
		{settings + "Insert the extension in Short number", []written{put("extensions/204", Object{"name": "Dan"}), put("devices/204", Object{"extension": "204"}),
			post("extensions/204/renumber", Object{"number": "205"})}, "the new number rings, the old one does not exist, he calls by the new one", func(t *testing.T) {
			dan := o.phone(t, "204")
			o.takes(t, "205", dan)
			o.ends(t, "204", 404)
			o.shows(t, dan, `"Dan" <sip:205@`)
		}},
		{settings + "Select the presentation number from the drop-down menu", []written{put("numbers/"+ownNumber, Object{}), patch("extensions/201", Object{"presentation_number": ownNumber})},
			"a carrier shows it, a colleague sees the extension", func(t *testing.T) {
				ann := o.phone(t, "201")
				o.told(t, ann, outside, "+4989123456", ownNumber, ownNumber, "")
				o.shows(t, ann, `"Ann" <sip:201@`)
			}},
		{settings + "Select the dial plan profile from the drop-down menu", []written{put("classes-of-service/home", Object{"allow": []string{"national"}, "deny": []string{"+49900"}}),
			patch("extensions/201", Object{"class_of_service": "home"})}, "it says what may be called", func(t *testing.T) {
			ann := o.phone(t, "201")
			o.told(t, ann, outside, "+4989123456", "201", "201", "")
			for number, want := range map[string]int{"0900123456": 403, "004489123456": 403} {
				if got := Refusal(t, ann, number); got != want {
					t.Errorf("calling %s ends with %d, want %d", number, got, want)
				}
			}
		}},
		{settings + "Select the country from the drop-down menu", []written{patch("extensions/201", Object{"country": "CH"})},
			"numbers are dialled as there, and its tones are those of there", func(t *testing.T) {
				o.told(t, o.phone(t, "201"), "0446681800", "+41446681800", "201", "201", "")
				if shown := o.Console(t, "pjsip show endpoint "+o.accounts["201"].UserName); !HasField(shown, "tone_zone", "ch") {
					t.Errorf("the endpoint's tones are not of Switzerland:\n%s", shown)
				}
			}},
		// No port number holds six digits by chance.
		{settings + "Display presentation number", []written{put("extensions/987654", Object{"name": "Shy Sheila", "anonymous": true, "presentation_number": ownNumber}),
			put("devices/shy", Object{"extension": "987654"})}, "neither a colleague nor a carrier's callee sees name or number; switched off, both do", o.anonymous},
		{settings + "Presence, if the extension can be monitored", []written{patch("extensions/201", Object{"presence": false})},
			"a lamp for it is refused; allowed, it follows a call", o.watched},
		{settings + "Recorded calls, if the extension can be recorded", []written{patch("extensions/201", Object{"record": true})},
			"its call leaves a file with both voices, another's call none", o.recordedCall},
		{"On open the Number settings pop-up window:/Select the numbers you want to add", []written{put("numbers/"+otherNumber, Object{"destination": "extension:201"})},
			"who calls it from outside reaches the extension", func(t *testing.T) {
				out, in := Connect(t, o.ada(t), o.phone(t, "201"), otherNumber)
				if in.CallerNumber() != Mobiles["ada"] {
					t.Errorf("the phone shows %s", in.CallerNumber())
				}
				converse(t, out, in)
				HangUp(t, out, in)
			}},
		{"On open the Number settings pop-up window:/to delete numbers from the extension's list", []written{patch("numbers/"+otherNumber, Object{"destination": nil})},
			"who calls it from outside reaches nobody", func(t *testing.T) {
				if got := Refusal(t, o.ada(t), otherNumber); got != 404 {
					t.Errorf("the call ends with %d", got)
				}
			}},
	}
}

// shows calls extension 500 and checks which headers its phone gets.
func (o *seedOffice) shows(t *testing.T, from *phone.Phone, want string) {
	t.Helper()
	out, in := Connect(t, from, o.caller, "500")
	if who := Identity(in); !strings.Contains(who, want) {
		t.Errorf("the callee sees %s, want %s", who, want)
	}
	HangUp(t, out, in)
}

// told calls a number outside and checks what the carrier was asked for and which
// headers it got.
func (o *seedOffice) told(t *testing.T, from *phone.Phone, number, to, caller, pai, privacy string) {
	t.Helper()
	ada := o.ada(t)
	out := Dial(t, from, number)
	in := Rings(t, out, ada)
	for header, want := range map[string]string{"X-Office-To": "sip:" + to + "@", "X-Office-From": "sip:" + caller + "@", "X-Office-PAI": "sip:" + pai + "@"} {
		if got := in.Header(header); !strings.Contains(got, want) {
			t.Errorf("calling %s: %s is %q, want %s", number, header, got, want)
		}
	}
	if got := in.Header("X-Office-Privacy"); got != privacy {
		t.Errorf("calling %s: Privacy is %q, want %q", number, got, privacy)
	}
	Answer(t, out, in)
	converse(t, out, in)
	HangUp(t, out, in)
}

func (o *seedOffice) anonymous(t *testing.T) {
	shy, ada := o.phone(t, "shy"), o.ada(t)
	out, in := Connect(t, shy, o.caller, "500")
	if who := Identity(in); strings.Contains(who, "987654") || strings.Contains(who, "Sheila") || !strings.Contains(strings.ToLower(who), "anonymous") {
		t.Errorf("the callee sees %s", who)
	}
	HangUp(t, out, in)
	out = Dial(t, shy, outside)
	in = Rings(t, out, ada)
	if who := in.Header("X-Office-From") + Identity(in); strings.Contains(who, "987654") || strings.Contains(who, "Sheila") || strings.Contains(who, ownNumber) {
		t.Errorf("outside the callee sees %s", who)
	}
	if in.Header("X-Office-Privacy") != "id" {
		t.Errorf("Privacy is %q", in.Header("X-Office-Privacy"))
	}
	HangUp(t, out, in)
	o.Do(t, "PATCH", Tenant+"/extensions/987654", Object{"anonymous": false}, nil)
	o.Applied(t)
	o.shows(t, shy, `"Shy Sheila" <sip:987654@`)
	o.told(t, shy, outside, "+4989123456", ownNumber, ownNumber, "")
}

func (o *seedOffice) watched(t *testing.T) {
	watch := func() (*phone.Subscription, error) { return o.caller.Subscribe(Within(t, 10*time.Second), "201") }
	var refused *phone.StatusError
	if _, err := watch(); !errors.As(err, &refused) || refused.Code != 404 {
		t.Errorf("it must not be watched, the answer is %v", err)
	}
	o.Do(t, "PATCH", Tenant+"/extensions/201", Object{"presence": true}, nil)
	o.Applied(t)
	lamp, err := watch()
	if err != nil {
		t.Fatal(err)
	}
	out, in := Connect(t, o.caller, o.phone(t, "201"), "201")
	Shows(t, lamp, "busy")
	HangUp(t, out, in)
	Shows(t, lamp, "idle")
	if err := lamp.Close(Within(t, 10*time.Second)); err != nil {
		t.Error(err)
	}
}

func (o *seedOffice) recordedCall(t *testing.T) {
	o.takes(t, "202", o.phone(t, "202"))
	o.takes(t, "201", o.phone(t, "201"))
	var got []Recording
	Eventually(t, 10*time.Second, func() string {
		if got = o.Recordings(t); len(got) == 0 || !got[0].Finished {
			return "no recording is finished"
		}
		return ""
	})
	if len(got) != 1 || got[0].From+" "+got[0].To != "500 201" {
		t.Fatalf("the recordings are %+v", got)
	}
	sound := Samples(t, []byte(o.Get(t, Tenant+"/recordings/"+got[0].Name)))
	if caller, callee, nobody := Strength(sound, CallerTone), Strength(sound, CalleeTone), Strength(sound, 1730); caller < 20*nobody || callee < 20*nobody {
		t.Errorf("caller %.4f, callee %.4f, nobody %.4f", caller, callee, nobody)
	}
}

// rows002Voicemail are the voicemail settings.
func (o *seedOffice) rows002Voicemail() []row {
	const voicemail = "Configure voicemail/"
	box := patch("extensions/202", Object{"mailbox": "202"})
	return []row{
		{voicemail + "Select if unanswered calls are ended or sent to voicemail", []written{put("mailboxes/202", Object{"name": "Ben", "pin": "4711"}), box},
			"voicemail takes the call; without it the call ends", func(t *testing.T) {
				o.takesMessage(t, "202", "202")
				o.Do(t, "PATCH", Tenant+"/extensions/202", Object{"mailbox": nil}, nil)
				o.Applied(t)
				o.ends(t, "202", 480)
			}},
		{voicemail + "Insert a PIN number", []written{box, patch("mailboxes/202", Object{"pin": "8642"})}, "it opens the mailbox", func(t *testing.T) {
			OpenMailbox(t, o.phone(t, "202"), "8642")
		}},
		{voicemail + "Email notification, if an email is sent when a voicemail is received", []written{box,
			patch("mailboxes/202", Object{"email": "ben@example.org", "attach_recording": true})},
			"the message is mailed to the address, with what was said; without an address that is refused", func(t *testing.T) {
				o.refuses(t, patch("mailboxes/202", Object{"email": "", "email_notification": true}), 422, "email")
				o.mailsMessage(t, "202", "202", "ben@example.org")
			}},
	}
}

// rows002Monitoring are the bound of calls, and the monitoring settings: 201 listens to 202.
func (o *seedOffice) rows002Monitoring() []row {
	const monitoring = "Configure monitoring/"
	monitors, monitored := patch("extensions/201", Object{"monitors": true}), patch("extensions/202", Object{"monitored": true})
	return []row{
		{"Call waiting & holding/Set the maximum simultaneous calls allowed", []written{patch("extensions/201", Object{"max_calls": 1})},
			"while it has one call a second caller finds it busy", func(t *testing.T) {
				out, in := Connect(t, o.caller, o.phone(t, "201"), "201")
				if got := Refusal(t, o.phone(t, "203"), "201"); got != 486 {
					t.Errorf("the second caller is answered %d", got)
				}
				HangUp(t, out, in)
			}},
		{monitoring + "Monitor user's calls, if the extension can listen to other user's calls", []written{monitors, monitored},
			"*55202 lets it hear both; another extension, and it without the setting, are refused", func(t *testing.T) {
				ann, cid := o.phone(t, "201"), o.phone(t, "203")
				out, in := Connect(t, o.caller, o.phone(t, "202"), "202")
				converse(t, out, in)
				boss := Dial(t, ann, "*55202")
				if err := boss.WaitAnswer(); err != nil {
					t.Fatal(err)
				}
				out.Tone(0)
				in.Tone(0)
				Speaks(t, "the caller", out, CallerTone, []*phone.Call{in, boss}, nil)
				Speaks(t, "the extension", in, CalleeTone, []*phone.Call{out, boss}, nil)
				if got := Refusal(t, cid, "*55202"); got != 403 {
					t.Errorf("another one is answered %d", got)
				}
				HangUp(t, out, in)
				Hears(t, boss.Done(), boss, "the end of the monitored call")
				o.send(t, patch("extensions/201", Object{"monitors": false}))
				o.Applied(t)
				out, in = Connect(t, o.caller, o.phone(t, "202"), "202")
				converse(t, out, in)
				if got := Refusal(t, ann, "*55202"); got != 403 {
					t.Errorf("without the setting it is answered %d", got)
				}
				HangUp(t, out, in)
			}},
		{monitoring + "Allow calls to be monitored, if other users can listen to this extension calls", []written{monitors},
			"who may monitor is refused at an extension without the setting", func(t *testing.T) {
				ann := o.phone(t, "201")
				out, in := Connect(t, o.caller, o.phone(t, "202"), "202")
				converse(t, out, in)
				if got := Refusal(t, ann, "*55202"); got != 403 {
					t.Errorf("the answer is %d", got)
				}
				HangUp(t, out, in)
			}},
	}
}

// rows002Forwarding are the forwarding settings of 201.
func (o *seedOffice) rows002Forwarding() []row {
	const unconditional, exceptions, conditional = "User unconditional forward/", "Exception numbers/", "Conditional forward/"
	forward := func(body Object) []written { return []written{put("forwards/201", body)} }
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
	atHour := Object{"days": days, "from": now.Add(-time.Hour).Format("15:04"), "to": now.Add(time.Hour).Format("15:04"), "destination": "extension:202"}
	never := Object{"last_date": "2020-01-01", "destination": "extension:203"}
	many := []string{"500"}
	for i := range pbx.MaxExceptions - 1 {
		many = append(many, fmt.Sprintf("+4930%06d", i))
	}
	return []row{
		{unconditional + "Don't forward calls", forward(Object{"mode": "off"}), "201 rings", rings("201")},
		{unconditional + "Forward calls to a destination number", forward(Object{"mode": "destination", "destination": "extension:202"}), "202 rings, 201 does not", rings("202")},
		{unconditional + "Select a destination number from the drop-down menu", forward(Object{"mode": "destination", "destination": "external:" + outside}),
			"a number outside rings", func(t *testing.T) { o.takes(t, "201", o.ada(t)) }},
		{unconditional + "Forward calls according to schedule rules", forward(Object{"mode": "schedule", "rules": []Object{never}}), "outside of the rules 201 rings", rings("201")},
		{unconditional + "configure the time and days", forward(Object{"mode": "schedule", "timezone": "UTC", "rules": []Object{never, atHour}}), "within a rule's hours 202 rings", rings("202")},
		{exceptions + "ADD NUMBER", forward(Object{"mode": "destination", "destination": "extension:202", "exceptions": []string{Mobiles["ada"], "500"}}),
			"who is on the list reaches 201, others 202", func(t *testing.T) {
				ann, ben := o.phone(t, "201"), o.phone(t, "202")
				o.takes(t, "201", ann)
				out, in := Connect(t, o.phone(t, "203"), ben, "201")
				HangUp(t, out, in)
				quiet(t, "201", ann)
			}},
		{exceptions + "You can add as much numbers as you want to the exception numbers list", forward(Object{"mode": "destination", "destination": "extension:202", "exceptions": many}),
			"one of ten thousand reaches 201; one more than that is refused", func(t *testing.T) {
				rings("201")(t)
				o.refuses(t, patch("forwards/201", Object{"exceptions": append(many, "203")}), 422, "exceptions")
			}},
		{exceptions + "to delete a number from the exception numbers list", append(forward(Object{"mode": "destination", "destination": "extension:202", "exceptions": []string{"500"}}),
			patch("forwards/201", Object{"exceptions": []string{}})), "he is forwarded as others are", rings("202")},
		{conditional + "Forward calls when not reachable", forward(Object{"unreachable": "extension:202"}), "without a phone 202 rings; without the setting the call ends", func(t *testing.T) {
			o.takes(t, "201", o.phone(t, "202"))
			o.send(t, patch("forwards/201", Object{"unreachable": nil}))
			o.Applied(t)
			o.ends(t, "201", 480)
		}},
		{conditional + "Forward calls when number is busy", forward(Object{"busy": "extension:202"}), "202 rings once 201 refuses; without the setting the call ends", func(t *testing.T) {
			o.rejects(t, "202")
			o.send(t, patch("forwards/201", Object{"busy": nil}))
			o.Applied(t)
			o.rejects(t, "")
		}},
		{conditional + "Forward calls when number doesn't answer", forward(Object{"no_answer": "extension:202"}), "202 rings after the extension's time", o.unanswered(5 * time.Second)},
		{conditional + "Set the Extension ring time", forward(Object{"no_answer": "extension:202", "no_answer_seconds": 8}), "202 rings after that time", o.unanswered(8 * time.Second)},
		{conditional + "configuring unconditional forwarding will override conditional forwarding configuration",
			forward(Object{"mode": "schedule", "timezone": "UTC", "rules": []Object{atHour}, "busy": "extension:203"}), "within its hours 202 rings at once; outside of them 203 when busy", func(t *testing.T) {
				rings("202")(t)
				o.send(t, patch("forwards/201", Object{"rules": []Object{never}}))
				o.Applied(t)
				o.rejects(t, "203")
			}},
	}
}

// rejects calls 201, which refuses, and checks who rings then; "" for nobody.
func (o *seedOffice) rejects(t *testing.T, then string) {
	t.Helper()
	busy := o.phone(t, "201")
	out := Dial(t, o.caller, "201")
	in := Rings(t, out, busy)
	var next *phone.Phone
	if then != "" {
		next = o.phone(t, then)
	}
	if err := in.Reject(486); err != nil {
		t.Fatal(err)
	}
	if next == nil {
		if got := StatusOf(t, out.WaitAnswer()); got != 486 {
			t.Errorf("the call ends with %d, want 486", got)
		}
		return
	}
	in = Rings(t, out, next)
	Answer(t, out, in)
	converse(t, out, in)
	HangUp(t, out, in)
}

// unanswered calls 201, which rings for that time before 202 does.
func (o *seedOffice) unanswered(after time.Duration) func(*testing.T) {
	return func(t *testing.T) {
		first, second := o.phone(t, "201"), o.phone(t, "202")
		start := time.Now()
		out := Dial(t, o.caller, "201")
		in := Rings(t, out, first)
		Hears(t, in.Done(), in, "the end of ringing")
		in = Rings(t, out, second)
		Took(t, "until 202 rings", start, after)
		Answer(t, out, in)
		converse(t, out, in)
		HangUp(t, out, in)
	}
}
