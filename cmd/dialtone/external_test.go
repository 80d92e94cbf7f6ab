package main

import (
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// outdoors is an office with a trunk, a caller, and two mobiles outside.
type outdoors struct {
	*lab
	*carrier
	caller, ada *phone.Phone
}

// openOutdoors has extension 101 to call from and, in each with a desk phone's
// place free, 210 with Ada's mobile, 211 with a mobile's mailbox, 212 with a twin,
// 213 in sequence: desk, mobile, desk.
func openOutdoors(t *testing.T, suite box.Suite) *outdoors {
	t.Helper()
	o := &outdoors{lab: openLab(t, suite), carrier: openCarrier(t)}
	o.trunk(o.lab, "carrier", object{"register": true})
	o.extension(t, "101", "", object{"name": "Caller"})
	o.extension(t, "210", "", object{"ring_seconds": 40})
	o.external(t, "mobile-210", "210", mobiles["ada"], nil)
	o.extension(t, "211", "4711", object{"ring_seconds": 5})
	o.external(t, "mobile-211", "211", silentMailbox, nil)
	o.extension(t, "212", "", object{"ring_seconds": 40, "twin_number": mobiles["ada"]})
	o.extension(t, "213", "4713", object{"ring": "sequence", "ring_seconds": 20})
	o.external(t, "mobile-213", "213", mobiles["ada"], object{"ring_seconds": 3, "ring_order": 2})
	o.extension(t, "214", "", object{"ring_seconds": 20})
	o.external(t, "mobile-214", "214", eagerMobile, nil)
	o.extension(t, "215", "", object{"ring_seconds": 20})
	o.external(t, "mobile-215", "215", busyMobile, nil)
	o.caller = o.register(t, o.device(t, "caller", "101", nil), phone.Options{})
	o.ada = o.mobile(t, "ada", phone.Options{})
	return o
}

// TestExternalRealAsterisk rings numbers outside through a carrier, decided by ARI
// and by the fallback.
func TestExternalRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			o := openOutdoors(t, suite)
			desks := map[string]*phone.Phone{}
			for number, more := range map[string]object{"210": nil, "211": nil, "212": nil, "213": {"ring_seconds": 2, "ring_order": 1}} {
				desks[number] = o.register(t, o.device(t, "desk-"+number, number, more), phone.Options{})
			}
			last := o.register(t, o.device(t, "last-213", "213", object{"ring_seconds": 2, "ring_order": 3}), phone.Options{})
			o.registered()
			t.Run("inbound", func(t *testing.T) { o.inbound(t) })
			t.Run("teams", func(t *testing.T) { o.teams(t) })
			ways := []string{"decided", "fallback"}
			if suite.Name != box.Asterisk22.Name {
				ways = ways[1:] // what differs between versions is in the dialplan
			}
			for _, way := range ways {
				t.Run(way, func(t *testing.T) {
					if way == "fallback" {
						o.kill(t)
					}
					before := 0
					if way == "decided" {
						before = o.decisions(t)
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
						if got := refusal(t, o.caller, "215"); got != 486 {
							t.Errorf("a busy mobile ends with %d, want 486", got)
						}
					})
					if way == "decided" && o.decisions(t)-before < 10 {
						t.Errorf("ARI decided only %d calls and steps", o.decisions(t)-before)
					}
				})
			}
		})
	}
}

// asked waits until who answered outside hears the prompt, and checks that nobody
// else noticed that he did.
func (o *outdoors) asked(t *testing.T, out, desk *phone.Call, mobile *phone.Call) {
	t.Helper()
	if err := mobile.Answer(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	hearsSpeech(t, mobile)
	stillRings(t, out, desk)
}

// stillRings fails if the call has been answered or the phone has stopped.
func stillRings(t *testing.T, out, desk *phone.Call) {
	t.Helper()
	select {
	case <-out.Answered():
		t.Fatal("the caller was answered before anybody accepted")
	case <-out.Done():
		t.Fatalf("the call ended: %v", out.Err())
	case <-desk.Done():
		t.Fatalf("the desk phone stopped ringing: %v", desk.Err())
	default:
	}
}

// accepted: the mobile's 1 takes the call, and only then the desk phone stops.
func (o *outdoors) accepted(t *testing.T, desk *phone.Phone, number string) {
	out := dial(t, o.caller, number)
	atDesk, mobile := rings(t, out, desk), rings(t, out, o.ada)
	if mobile.CallerNumber() != "101" {
		t.Errorf("the mobile shows %q %s", mobile.CallerName(), mobile.CallerNumber())
	}
	o.asked(t, out, atDesk, mobile)
	press(t, mobile, "1")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	hears(t, atDesk.Done(), atDesk, "the end of ringing")
	talk(t, out, mobile)
	hangUp(t, out, mobile)
	o.noChannels(t)
}

// refusedLeg: the mobile's 2 ends its leg; the desk phone rings on and answers.
func (o *outdoors) refusedLeg(t *testing.T, desk *phone.Phone) {
	out := dial(t, o.caller, "210")
	atDesk, mobile := rings(t, out, desk), rings(t, out, o.ada)
	o.asked(t, out, atDesk, mobile)
	_ = mobile.SendDTMF("2") // the leg ends while the key is still down
	hears(t, mobile.Done(), mobile, "the end of the refused leg")
	stillRings(t, out, atDesk)
	answer(t, out, atDesk)
	talk(t, out, atDesk)
	hangUp(t, atDesk, out)
	o.noChannels(t)
}

// hungUp: so does hanging up, and not answering at all.
func (o *outdoors) hungUp(t *testing.T, desk *phone.Phone) {
	out := dial(t, o.caller, "210")
	atDesk, mobile := rings(t, out, desk), rings(t, out, o.ada)
	o.asked(t, out, atDesk, mobile)
	if err := mobile.Hangup(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	stillRings(t, out, atDesk)
	answer(t, out, atDesk)
	hangUp(t, out, atDesk)

	out = dial(t, o.caller, "210")
	atDesk, mobile = rings(t, out, desk), rings(t, out, o.ada)
	if err := mobile.Reject(486); err != nil {
		t.Fatal(err)
	}
	stillRings(t, out, atDesk)
	answer(t, out, atDesk)
	hangUp(t, out, atDesk)
	o.noChannels(t)
}

// deskFirst: the desk phone answers while the mobile still hears the prompt; the
// call is the desk's, and the mobile is let go after its prompt.
func (o *outdoors) deskFirst(t *testing.T, desk *phone.Phone) {
	out := dial(t, o.caller, "210")
	atDesk, mobile := rings(t, out, desk), rings(t, out, o.ada)
	o.asked(t, out, atDesk, mobile)
	start := time.Now()
	answer(t, out, atDesk)
	talk(t, out, atDesk)
	hears(t, mobile.Done(), mobile, "the end of the leg that came too late")
	if d := time.Since(start); d > 8*time.Second {
		t.Errorf("the mobile was let go after %v", d)
	}
	hangUp(t, out, atDesk)
	o.noChannels(t)
}

// callerGivesUp while the mobile hears the prompt.
func (o *outdoors) callerGivesUp(t *testing.T, desk *phone.Phone) {
	out := dial(t, o.caller, "210")
	atDesk, mobile := rings(t, out, desk), rings(t, out, o.ada)
	o.asked(t, out, atDesk, mobile)
	hangUp(t, out, atDesk)
	hears(t, mobile.Done(), mobile, "the end of the leg without a caller")
	o.noChannels(t)
}

// silent: a mobile's mailbox answers and says nothing. It does not get the call;
// after its time it falls to our own mailbox.
func (o *outdoors) silent(t *testing.T, desk *phone.Phone) {
	start := time.Now()
	out := dial(t, o.caller, "211")
	atDesk := rings(t, out, desk)
	hears(t, atDesk.Done(), atDesk, "the end of the desk phone's time")
	took(t, "the desk phone's ringing", start, 5*time.Second)
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, func() string {
		if shown := o.console(t, "core show channels concise"); !strings.Contains(shown, "!VoiceMail!211@default,u!") {
			return "not the own mailbox:\n" + shown
		}
		return ""
	})
	if d := time.Since(start); d < 10*time.Second || d > 22*time.Second {
		t.Errorf("the mailbox answered after %v", d)
	}
	if err := out.Hangup(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	o.noChannels(t)
}

// inSequence: the desk, then the mobile, then another desk, each for its time.
func (o *outdoors) inSequence(t *testing.T, first, last *phone.Phone) {
	start := time.Now()
	out := dial(t, o.caller, "213")
	for _, leg := range []struct {
		name  string
		phone *phone.Phone
		until time.Duration
	}{{"first", first, 2 * time.Second}, {"mobile", o.ada, 5 * time.Second}, {"last", last, 7 * time.Second}} {
		in := rings(t, out, leg.phone)
		hears(t, in.Done(), in, "the end of the ringing of "+leg.name)
		took(t, "ringing until the end of "+leg.name, start, leg.until)
	}
	if err := out.WaitAnswer(); err != nil {
		t.Fatalf("the mailbox: %v", err)
	}
	if err := out.Hangup(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}

	out = dial(t, o.caller, "213")
	in := rings(t, out, first)
	if err := in.Reject(486); err != nil { // busy goes on at once
		t.Fatal(err)
	}
	mobile := rings(t, out, o.ada)
	if err := mobile.Answer(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	hearsSpeech(t, mobile)
	press(t, mobile, "1")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	talk(t, out, mobile)
	hangUp(t, mobile, out)
	o.noChannels(t)
}

// eager: the carrier's own Asterisk presses 1 and sounds 1004 Hz.
func (o *outdoors) eager(t *testing.T) {
	out := dial(t, o.caller, "214")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	if err := out.Hear(within(t, 10*time.Second), 1004, time.Second); err != nil {
		t.Error(err)
	}
	if err := out.Hangup(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	o.noChannels(t)
}

// inbound: a call from the carrier to what is no number of the tenant is refused.
func (o *outdoors) inbound(t *testing.T) {
	for _, number := range []string{"101", "999"} {
		if got := refusal(t, o.ada, number); got != 404 {
			t.Errorf("a call from outside to %s ends with %d, want 404", number, got)
		}
	}
}

// teams: a number of that type takes the trunk for Teams, here over TCP, which
// shows a number of its own; with a wrong password nobody is reached.
func (o *outdoors) teams(t *testing.T) {
	o.trunk(o.lab, "teams", object{"teams": true, "transport": "tcp", "caller_number": "+493099999"})
	o.extension(t, "216", "", object{"ring_seconds": 20})
	o.external(t, "teams-216", "216", mobiles["bob"], object{"confirm": false})
	o.do(t, "PATCH", tenant+"/external-numbers/"+mobiles["bob"], object{"type": "teams"}, nil)
	bob := o.mobile(t, "bob", phone.Options{})
	o.applied(t)
	out := dial(t, o.caller, "216")
	in := rings(t, out, bob)
	if in.CallerNumber() != "+493099999" {
		t.Errorf("in Teams the caller is %q %s", in.CallerName(), in.CallerNumber())
	}
	answer(t, out, in) // without a question
	talk(t, out, in)
	hangUp(t, out, in)
	o.do(t, "PATCH", tenant+"/trunks/teams", object{"secret": "wrong"}, nil)
	o.applied(t)
	if got := refusal(t, o.caller, "216"); got != 480 {
		t.Errorf("with a wrong password the call ends with %d, want 480", got)
	}
	o.noChannels(t)
}
