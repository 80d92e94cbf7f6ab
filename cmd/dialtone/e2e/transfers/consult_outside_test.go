package transfers

import (
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestConsultOutsideRealAsterisk: people ask and are asked where legs are calls of
// their own, or lead outside.
func TestConsultOutsideRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			o := openOutdoors(t, suite)
			a := &askers{lab: &lab{o.Lab}, anna: o.Caller}
			o.Extension(t, "102", "", Object{"ring_seconds": 60})
			o.Extension(t, "103", "", Object{"ring_seconds": 60})
			a.bob = o.Register(t, o.Device(t, "bob", "102", nil), phone.Options{})
			a.carol = o.Register(t, o.Device(t, "carol", "103", nil), phone.Options{})
			o.Do(t, "PUT", Tenant+"/ring-groups/late", Object{"number": "600", "ring_seconds": 60, "members": []Object{{"extension": "102", "delay": 1}}}, nil)
			o.Do(t, "PUT", Tenant+"/numbers/+493012345678", Object{"destination": "extension:102"}, nil)
			o.Registered()
			o.Applied(t)
			t.Run("a mobile is held", func(t *testing.T) { o.mobileHeld(t, a) })
			t.Run("a mobile is asked", func(t *testing.T) { o.mobileAsked(t, a) })
			t.Run("a mobile is asked and does not confirm", func(t *testing.T) { o.mobileRefuses(t, a) })
			t.Run("a caller from outside", func(t *testing.T) { o.outsiderHeld(t, a) })
			t.Run("a mobile cannot ask", func(t *testing.T) { o.mobileAsks(t, a) })
		})
	}
}

// onMobile calls 210, whose mobile confirms.
func (o *outdoors) onMobile(t *testing.T, a *askers) (anna, mobile *phone.Call, id string) {
	t.Helper()
	anna = Dial(t, a.anna, "210")
	mobile = Rings(t, anna, o.Ada)
	Presses1(t, anna, mobile)
	Talk(t, anna, mobile)
	return anna, mobile, a.Live(t, "up", AnsweredCall).ID
}

// mobileHeld: the caller asks while who is held is behind a leg of its own.
func (o *outdoors) mobileHeld(t *testing.T, a *askers) {
	anna, mobile, id := o.onMobile(t, a)
	o.Do(t, "POST", Tenant+"/calls/"+id+"/consult", Object{"to": "103", "leg": id}, nil)
	carol := Incoming(t, a.carol)
	hearsMusic(t, mobile)
	a.shows(t, "caller asking, mobile-210 waiting, carol ringing")
	Take(t, carol)
	Talk(t, anna, carol)
	HangUp(t, anna, anna)
	Talk(t, mobile, carol)
	a.ends(t, mobile, carol, "101/caller dialled 210: answered by 210/mobile-210; called 103/carol ANSWER, 210/mobile-210 ANSWER; via transfer")
}

// mobileAsked: who asks is behind a leg of its own, and so is who is asked, and he
// has to confirm.
func (o *outdoors) mobileAsked(t *testing.T, a *askers) {
	anna := Dial(t, a.anna, "600")
	bob := Rings(t, anna, a.bob)
	Answer(t, anna, bob)
	Talk(t, anna, bob)
	id := a.Live(t, "up", AnsweredCall).ID
	mobile := a.ask(t, anna, bob, id, "210", o.Ada)
	Take(t, mobile)
	HearsSpeech(t, mobile)
	hearsMusic(t, anna)
	Press(t, mobile, "1")
	Talk(t, bob, mobile)
	a.shows(t, "caller waiting, bob asking, mobile-210 up")
	o.Do(t, "POST", Tenant+"/calls/"+id+"/complete", nil, nil)
	Hears(t, bob.Done(), bob, "being let go")
	Talk(t, anna, mobile)
	a.ends(t, anna, mobile, "101/caller dialled 600: answered by 102/bob; called 102/bob ANSWER, 210/mobile-210 ANSWER; via group transfer")
}

func (o *outdoors) mobileRefuses(t *testing.T, a *askers) {
	anna, bob := Connect(t, a.anna, a.bob, "102")
	Talk(t, anna, bob)
	id := a.Live(t, "up", AnsweredCall).ID
	mobile := a.ask(t, anna, bob, id, "210", o.Ada)
	Take(t, mobile)
	HearsSpeech(t, mobile)
	_ = mobile.SendDTMF("2") // whose end may come before that of the key
	Hears(t, mobile.Done(), mobile, "the end")
	Talk(t, anna, bob)
	a.ends(t, bob, anna, "101/caller dialled 102: answered by 102/bob; called 102/bob ANSWER, 210/mobile-210 BUSY")
}

// outsiderHeld: a caller from outside is held, gets who was asked, who asks in turn
// and comes back.
func (o *outdoors) outsiderHeld(t *testing.T, a *askers) {
	outside := Dial(t, o.Ada, "+493012345678")
	bob := Rings(t, outside, a.bob)
	Answer(t, outside, bob)
	Talk(t, outside, bob)
	id := a.Live(t, "up", AnsweredCall).ID
	carol := a.ask(t, outside, bob, id, "103", a.carol)
	Take(t, carol)
	Talk(t, bob, carol)
	HangUp(t, bob, bob)
	Talk(t, outside, carol)
	a.Live(t, "bob let go", func(c LiveCall) bool {
		return len(c.Legs) == 3 && c.Legs[1].State == "ended" && c.Legs[2].State == "up"
	})
	anna := a.ask(t, outside, carol, id, "101", a.anna)
	Take(t, anna)
	Talk(t, carol, anna)
	HangUp(t, anna, anna)
	Talk(t, outside, carol)
	HangUp(t, carol, outside)
	a.NoChannels(t)
	a.Untracked(t)
}

// mobileAsks: what comes from outside has no rights to dial with.
func (o *outdoors) mobileAsks(t *testing.T, a *askers) {
	anna, mobile, id := o.onMobile(t, a)
	if r := o.Refused(t, "POST", Tenant+"/calls/"+id+"/consult", Object{"to": "103"}); r == nil || r.Status != 409 {
		t.Errorf("a mobile asks: %+v", r)
	}
	Talk(t, anna, mobile)
	HangUp(t, anna, mobile)
	a.NoChannels(t)
}
