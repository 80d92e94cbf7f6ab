package calls

import (
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// mobileGroup is an office with two mobiles outside, a member's desk phone, 201,
// and a group.
type mobileGroup struct {
	*lab
	*Carrier
	caller, desk, ada, bob *phone.Phone
}

// TestRingGroupConfirmRealAsterisk: who answers outside must press 1, whatever the
// strategy, and the others ring on until somebody has.
func TestRingGroupConfirmRealAsterisk(t *testing.T) {
	t.Parallel()
	g := &mobileGroup{lab: openLab(t, box.Asterisk22), Carrier: OpenCarrier(t)}
	g.Trunk(g.lab.Lab, "carrier", Object{"register": true})
	g.Extension(t, "101", "", Object{"name": "Caller"})
	g.Extension(t, "201", "", nil)
	for _, number := range []string{Mobiles["ada"], Mobiles["bob"], SilentMailbox} {
		g.Do(t, "PUT", Tenant+"/external-numbers/"+number, Object{"description": "a mobile"}, nil)
	}
	g.caller = g.Register(t, g.Device(t, "caller", "101", nil), phone.Options{})
	g.desk = g.Register(t, g.Device(t, "desk", "201", nil), phone.Options{})
	g.ada, g.bob = g.Mobile(t, "ada", phone.Options{}), g.Mobile(t, "bob", phone.Options{})
	g.Registered()
	for _, strategy := range []string{"sequential", "round-robin", "least-recent", "fewest-calls", "random", "weighted"} {
		t.Run(strategy, func(t *testing.T) { g.oneByOne(t, strategy) })
	}
	t.Run("memory-hunt", g.hunted)
	g.group(t, "all", nil)
	t.Run("all", g.atOnce)
	t.Run("two at once", g.twoAtOnce)
	t.Run("everybody", g.everybody)
	t.Run("mailbox", g.mailbox)
	g.group(t, "all", nil)
	t.Run("no controller", func(t *testing.T) {
		g.Kill(t)
		g.atOnce(t)
		g.twoAtOnce(t)
	})
	g.NoChannels(t)
}

func (g *mobileGroup) group(t *testing.T, strategy string, more Object) {
	t.Helper()
	body := Object{"number": "600", "strategy": strategy, "ring_seconds": 25,
		"members": []Object{{"extension": "201"}, {"external": Mobiles["ada"]}, {"external": Mobiles["bob"]}}}
	for k, v := range more {
		body[k] = v
	}
	g.Do(t, "PUT", Tenant+"/ring-groups/sales", body, nil)
	g.Applied(t)
}

// asks answers at a phone that must confirm, and waits for its prompt.
func (g *mobileGroup) asks(t *testing.T, out, in *phone.Call) {
	t.Helper()
	if err := in.Answer(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	HearsSpeech(t, in)
	select {
	case <-out.Answered():
		t.Fatal("the caller was answered before anybody accepted")
	default:
	}
}

// accepts presses 1 and talks.
func (g *mobileGroup) accepts(t *testing.T, out, in *phone.Call) {
	t.Helper()
	Press(t, in, "1")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	Talk(t, out, in)
	HangUp(t, out, in)
	g.lab.NoChannels(t)
}

// oneByOne: a mobile that does not press 1 is passed over, the next one accepts.
func (g *mobileGroup) oneByOne(t *testing.T, strategy string) {
	g.group(t, strategy, Object{"members": []Object{{"external": Mobiles["ada"]}, {"external": Mobiles["bob"]}}})
	out := Dial(t, g.caller, "600")
	var first *phone.Call
	other := g.bob
	select {
	case first = <-g.ada.Incoming():
	case first = <-g.bob.Incoming():
		other = g.ada
	case <-time.After(Patience):
		t.Fatal("no mobile rings")
	}
	g.asks(t, out, first)
	_ = first.SendDTMF("2")
	Hears(t, first.Done(), first, "the end of the refused leg")
	second := Rings(t, out, other)
	g.asks(t, out, second)
	g.accepts(t, out, second)
}

// hunted: the desk alone, then the desk and a mobile, which accepts.
func (g *mobileGroup) hunted(t *testing.T) {
	g.group(t, "memory-hunt", Object{"members": []Object{{"extension": "201", "ring_seconds": 2}, {"external": Mobiles["ada"]}}})
	out := Dial(t, g.caller, "600")
	desk := Rings(t, out, g.desk)
	Hears(t, desk.Done(), desk, "the end of the first round")
	desk, ada := Rings(t, out, g.desk), Rings(t, out, g.ada)
	g.asks(t, out, ada)
	g.accepts(t, out, ada)
	Hears(t, desk.Done(), desk, "the end of ringing")
}

// atOnce: all ring; one is asked, the others ring on until 1 is pressed.
func (g *mobileGroup) atOnce(t *testing.T) {
	out := Dial(t, g.caller, "600")
	desk, ada, bob := Rings(t, out, g.desk), Rings(t, out, g.ada), Rings(t, out, g.bob)
	g.asks(t, out, ada)
	for _, in := range []*phone.Call{desk, bob} {
		select {
		case <-in.Done():
			t.Fatalf("another stopped ringing: %v", in.Err())
		default:
		}
	}
	Press(t, ada, "1")
	Hears(t, desk.Done(), desk, "the end of the desk's ringing")
	Hears(t, bob.Done(), bob, "the end of the other mobile's ringing")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	Talk(t, out, ada)
	HangUp(t, ada, out)
	g.lab.NoChannels(t)
}

// twoAtOnce: both mobiles are asked and press 1 at the same time. One gets the
// call, the other hears that it is too late.
func (g *mobileGroup) twoAtOnce(t *testing.T) {
	for range 3 {
		out := Dial(t, g.caller, "600")
		Rings(t, out, g.desk)
		ins := []*phone.Call{Rings(t, out, g.ada), Rings(t, out, g.bob)}
		for _, in := range ins {
			g.asks(t, out, in)
		}
		pressed := make(chan error, len(ins))
		for _, in := range ins {
			go func() { pressed <- in.SendDTMF("1") }()
		}
		for range ins {
			if err := <-pressed; err != nil {
				t.Fatal(err)
			}
		}
		if err := out.WaitAnswer(); err != nil {
			t.Fatal(err)
		}
		var late *phone.Call
		select {
		case <-ins[0].Done():
			t.Fatal("let go without a word")
		case <-ins[1].Done():
			t.Fatal("let go without a word")
		default:
		}
		Eventually(t, 5*time.Second, func() string {
			shown := g.Console(t, "core show channels concise")
			if n := strings.Count(shown, "!Playback!im-sorry&cancelled!"); n != 1 {
				return "not exactly one hears that it is too late:\n" + shown
			}
			return ""
		})
		winner := ins[0]
		select {
		case <-ins[0].Done():
			late, winner = ins[0], ins[1]
		case <-ins[1].Done():
			late = ins[1]
		case <-time.After(Patience):
			t.Fatal("the one who was too late is not let go")
		}
		if !late.RemoteHungUp() {
			t.Errorf("the one who was too late ended by %v", late.Err())
		}
		Talk(t, out, winner)
		HangUp(t, out, winner)
		g.lab.NoChannels(t)
	}
}

// everybody: with confirmation for all the desk phone is asked as well.
func (g *mobileGroup) everybody(t *testing.T) {
	g.group(t, "all", Object{"confirm": "all", "ring_tone": 2})
	out := Dial(t, g.caller, "600")
	desk, ada := Rings(t, out, g.desk), Rings(t, out, g.ada)
	Rings(t, out, g.bob)
	if got := desk.Header("Alert-Info"); !strings.HasSuffix(got, ";info=ring2") {
		t.Errorf("Alert-Info %q", got)
	}
	if got := ada.Header("Alert-Info"); got != "" {
		t.Errorf("the carrier gets Alert-Info %q", got)
	}
	g.asks(t, out, desk)
	g.accepts(t, out, desk)
	g.group(t, "all", Object{"confirm": "none"})
	out = Dial(t, g.caller, "600")
	desk, ada = Rings(t, out, g.desk), Rings(t, out, g.ada)
	Rings(t, out, g.bob)
	Answer(t, out, ada)
	Hears(t, desk.Done(), desk, "the end of ringing")
	HangUp(t, out, ada)
	g.lab.NoChannels(t)
}

// mailbox: a mobile's mailbox takes no call; the desk phone does.
func (g *mobileGroup) mailbox(t *testing.T) {
	g.group(t, "sequential", Object{"members": []Object{{"external": SilentMailbox, "ring_seconds": 3}, {"extension": "201"}}})
	out := Dial(t, g.caller, "600")
	desk := Rings(t, out, g.desk)
	Answer(t, out, desk)
	Talk(t, out, desk)
	HangUp(t, out, desk)
	g.lab.NoChannels(t)
}
