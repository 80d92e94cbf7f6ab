package outside

import (
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestExternalRealAsterisk rings numbers outside through a carrier, decided by ARI
// and by the fallback.
func TestExternalRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			o := openOutdoors(t, suite)
			desks := map[string]*phone.Phone{}
			for number, more := range map[string]Object{"210": nil, "211": nil, "212": nil, "213": {"ring_seconds": 2, "ring_order": 1}} {
				desks[number] = o.Register(t, o.Device(t, "desk-"+number, number, more), phone.Options{})
			}
			last := o.Register(t, o.Device(t, "last-213", "213", Object{"ring_seconds": 2, "ring_order": 3}), phone.Options{})
			o.Registered()
			t.Run("inbound", func(t *testing.T) { o.inbound(t) })
			t.Run("teams", func(t *testing.T) { o.teams(t) })
			ways := []string{"decided", "fallback"}
			if suite.Name != box.Asterisk22.Name {
				ways = ways[1:] // what differs between versions is in the dialplan
			}
			for _, way := range ways {
				t.Run(way, func(t *testing.T) {
					if way == "fallback" {
						o.Kill(t)
					}
					before := 0
					if way == "decided" {
						before = o.Decisions(t)
					}
					t.Run("accepted", func(t *testing.T) { o.accepted(t, desks["210"], "210") })
					t.Run("twin", func(t *testing.T) { o.accepted(t, desks["212"], "212") })
					t.Run("refused", func(t *testing.T) { o.refusedLeg(t, desks["210"]) })
					t.Run("hung up", func(t *testing.T) { o.hungUp(t, desks["210"]) })
					t.Run("desk first", func(t *testing.T) { o.deskFirst(t, desks["210"]) })
					t.Run("caller gives up", func(t *testing.T) { o.callerGivesUp(t, desks["210"]) })
					t.Run("silent mailbox", func(t *testing.T) { o.silent(t, desks["211"]) })
					t.Run("in sequence", func(t *testing.T) { o.inSequence(t, desks["213"], last) })
					t.Run("carrier presses 1", func(t *testing.T) { o.eager(t) })
					t.Run("busy", func(t *testing.T) {
						if got := Refusal(t, o.Caller, "215"); got != 486 {
							t.Errorf("a busy mobile ends with %d, want 486", got)
						}
					})
					if way == "decided" {
						o.Decided(t, before, 10)
					}
				})
			}
		})
	}
}

// accepted: the mobile's 1 takes the call, and only then the desk phone stops.
func (o *outdoors) accepted(t *testing.T, desk *phone.Phone, number string) {
	out := Dial(t, o.Caller, number)
	atDesk, mobile := Rings(t, out, desk), Rings(t, out, o.Ada)
	if mobile.CallerNumber() != "101" {
		t.Errorf("the mobile shows %q %s", mobile.CallerName(), mobile.CallerNumber())
	}
	o.Asked(t, out, atDesk, mobile)
	Press(t, mobile, "1")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	Hears(t, atDesk.Done(), atDesk, "the end of ringing")
	Talk(t, out, mobile)
	HangUp(t, out, mobile)
	o.NoChannels(t)
}

// refusedLeg: the mobile's 2 ends its leg; the desk phone rings on and answers.
func (o *outdoors) refusedLeg(t *testing.T, desk *phone.Phone) {
	out := Dial(t, o.Caller, "210")
	atDesk, mobile := Rings(t, out, desk), Rings(t, out, o.Ada)
	o.Asked(t, out, atDesk, mobile)
	_ = mobile.SendDTMF("2") // the leg ends while the key is still down
	Hears(t, mobile.Done(), mobile, "the end of the refused leg")
	StillRings(t, out, atDesk)
	Answer(t, out, atDesk)
	Talk(t, out, atDesk)
	HangUp(t, atDesk, out)
	o.NoChannels(t)
}

// hungUp: so does hanging up, and not answering at all.
func (o *outdoors) hungUp(t *testing.T, desk *phone.Phone) {
	out := Dial(t, o.Caller, "210")
	atDesk, mobile := Rings(t, out, desk), Rings(t, out, o.Ada)
	o.Asked(t, out, atDesk, mobile)
	if err := mobile.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	StillRings(t, out, atDesk)
	Answer(t, out, atDesk)
	HangUp(t, out, atDesk)

	out = Dial(t, o.Caller, "210")
	atDesk, mobile = Rings(t, out, desk), Rings(t, out, o.Ada)
	if err := mobile.Reject(486); err != nil {
		t.Fatal(err)
	}
	StillRings(t, out, atDesk)
	Answer(t, out, atDesk)
	HangUp(t, out, atDesk)
	o.NoChannels(t)
}

// deskFirst: the desk phone answers while the mobile still hears the prompt; the
// call is the desk's, and the mobile is let go after its prompt.
func (o *outdoors) deskFirst(t *testing.T, desk *phone.Phone) {
	out := Dial(t, o.Caller, "210")
	atDesk, mobile := Rings(t, out, desk), Rings(t, out, o.Ada)
	o.Asked(t, out, atDesk, mobile)
	start := time.Now()
	Answer(t, out, atDesk)
	Talk(t, out, atDesk)
	Hears(t, mobile.Done(), mobile, "the end of the leg that came too late")
	if d := time.Since(start) - Late(start); d > 8*time.Second {
		t.Errorf("the mobile was let go after %v", d)
	}
	HangUp(t, out, atDesk)
	o.NoChannels(t)
}

// callerGivesUp while the mobile hears the prompt.
func (o *outdoors) callerGivesUp(t *testing.T, desk *phone.Phone) {
	out := Dial(t, o.Caller, "210")
	atDesk, mobile := Rings(t, out, desk), Rings(t, out, o.Ada)
	o.Asked(t, out, atDesk, mobile)
	HangUp(t, out, atDesk)
	Hears(t, mobile.Done(), mobile, "the end of the leg without a caller")
	o.NoChannels(t)
}

// silent: a mobile's mailbox answers and says nothing. It does not get the call;
// after its time it falls to our own mailbox.
func (o *outdoors) silent(t *testing.T, desk *phone.Phone) {
	start := time.Now()
	out := Dial(t, o.Caller, "211")
	atDesk := Rings(t, out, desk)
	Hears(t, atDesk.Done(), atDesk, "the end of the desk phone's time")
	Took(t, "the desk phone's ringing", start, 5*time.Second)
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	Eventually(t, 5*time.Second, func() string {
		if shown := o.Console(t, "core show channels concise"); !strings.Contains(shown, "!VoiceMail!211@default,u!") {
			return "not the own mailbox:\n" + shown
		}
		return ""
	})
	if d := time.Since(start); d < 10*time.Second || d > 22*time.Second+Late(start) {
		t.Errorf("the mailbox answered after %v", d)
	}
	if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	o.NoChannels(t)
}

// inSequence: the desk, then the mobile, then another desk, each for its time.
func (o *outdoors) inSequence(t *testing.T, first, last *phone.Phone) {
	start := time.Now()
	out := Dial(t, o.Caller, "213")
	for _, leg := range []struct {
		name  string
		phone *phone.Phone
		until time.Duration
	}{{"first", first, 2 * time.Second}, {"mobile", o.Ada, 5 * time.Second}, {"last", last, 7 * time.Second}} {
		in := Rings(t, out, leg.phone)
		Hears(t, in.Done(), in, "the end of the ringing of "+leg.name)
		Took(t, "ringing until the end of "+leg.name, start, leg.until)
	}
	if err := out.WaitAnswer(); err != nil {
		t.Fatalf("the mailbox: %v", err)
	}
	if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}

	out = Dial(t, o.Caller, "213")
	in := Rings(t, out, first)
	if err := in.Reject(486); err != nil { // busy goes on at once
		t.Fatal(err)
	}
	mobile := Rings(t, out, o.Ada)
	if err := mobile.Answer(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	HearsSpeech(t, mobile)
	Press(t, mobile, "1")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	Talk(t, out, mobile)
	HangUp(t, mobile, out)
	o.NoChannels(t)
}

// eager: the carrier's own Asterisk presses 1 and sounds 1004 Hz.
func (o *outdoors) eager(t *testing.T) {
	out := Dial(t, o.Caller, "214")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	if err := out.Hear(Within(t, 10*time.Second), 1004, time.Second); err != nil {
		t.Error(err)
	}
	if err := out.Hangup(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	o.NoChannels(t)
}

// inbound: a call from the carrier to what is no number of the tenant is refused.
func (o *outdoors) inbound(t *testing.T) {
	for _, number := range []string{"101", "999"} {
		if got := Refusal(t, o.Ada, number); got != 404 {
			t.Errorf("a call from outside to %s ends with %d, want 404", number, got)
		}
	}
}

// teams: a number of that type takes the trunk for Teams, here over TCP, which
// shows a number of its own; with a wrong password nobody is reached.
func (o *outdoors) teams(t *testing.T) {
	o.Trunk(o.Lab, "teams", Object{"teams": true, "transport": "tcp", "caller_number": "+493099999"})
	o.Extension(t, "216", "", Object{"ring_seconds": 20})
	o.External(t, "teams-216", "216", Mobiles["bob"], Object{"confirm": false})
	o.Do(t, "PATCH", Tenant+"/external-numbers/"+Mobiles["bob"], Object{"type": "teams"}, nil)
	bob := o.Mobile(t, "bob", phone.Options{})
	o.Applied(t)
	out := Dial(t, o.Caller, "216")
	in := Rings(t, out, bob)
	if in.CallerNumber() != "+493099999" {
		t.Errorf("in Teams the caller is %q %s", in.CallerName(), in.CallerNumber())
	}
	Answer(t, out, in) // without a question
	Talk(t, out, in)
	HangUp(t, out, in)
	o.Do(t, "PATCH", Tenant+"/trunks/teams", Object{"secret": "wrong"}, nil)
	o.Applied(t)
	if got := Refusal(t, o.Caller, "216"); got != 480 {
		t.Errorf("with a wrong password the call ends with %d, want 480", got)
	}
	o.NoChannels(t)
}
