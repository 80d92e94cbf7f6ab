package main

import (
	"testing"

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
			a := &askers{lab: o.lab, anna: o.caller}
			o.extension(t, "102", "", object{"ring_seconds": 60})
			o.extension(t, "103", "", object{"ring_seconds": 60})
			a.bob = o.register(t, o.device(t, "bob", "102", nil), phone.Options{})
			a.carol = o.register(t, o.device(t, "carol", "103", nil), phone.Options{})
			o.do(t, "PUT", tenant+"/ring-groups/late", object{"number": "600", "ring_seconds": 60, "members": []object{{"extension": "102", "delay": 1}}}, nil)
			o.do(t, "PUT", tenant+"/numbers/+493012345678", object{"destination": "extension:102"}, nil)
			o.registered()
			o.applied(t)
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
	anna = dial(t, a.anna, "210")
	mobile = rings(t, anna, o.ada)
	presses1(t, anna, mobile)
	talk(t, anna, mobile)
	return anna, mobile, a.live(t, "up", answeredCall).ID
}

// mobileHeld: the caller asks while who is held is behind a leg of its own.
func (o *outdoors) mobileHeld(t *testing.T, a *askers) {
	anna, mobile, id := o.onMobile(t, a)
	o.do(t, "POST", tenant+"/calls/"+id+"/consult", object{"to": "103", "leg": id}, nil)
	carol := incoming(t, a.carol)
	hearsMusic(t, mobile)
	a.shows(t, "caller asking, mobile-210 waiting, carol ringing")
	take(t, carol)
	talk(t, anna, carol)
	hangUp(t, anna, anna)
	talk(t, mobile, carol)
	a.ends(t, mobile, carol, "101/caller dialled 210: answered by 210/mobile-210; called 103/carol ANSWER, 210/mobile-210 ANSWER; via transfer")
}

// mobileAsked: who asks is behind a leg of its own, and so is who is asked, and he
// has to confirm.
func (o *outdoors) mobileAsked(t *testing.T, a *askers) {
	anna := dial(t, a.anna, "600")
	bob := rings(t, anna, a.bob)
	answer(t, anna, bob)
	talk(t, anna, bob)
	id := a.live(t, "up", answeredCall).ID
	mobile := a.ask(t, anna, bob, id, "210", o.ada)
	take(t, mobile)
	hearsSpeech(t, mobile)
	hearsMusic(t, anna)
	press(t, mobile, "1")
	talk(t, bob, mobile)
	a.shows(t, "caller waiting, bob asking, mobile-210 up")
	o.do(t, "POST", tenant+"/calls/"+id+"/complete", nil, nil)
	hears(t, bob.Done(), bob, "being let go")
	talk(t, anna, mobile)
	a.ends(t, anna, mobile, "101/caller dialled 600: answered by 102/bob; called 102/bob ANSWER, 210/mobile-210 ANSWER; via group transfer")
}

func (o *outdoors) mobileRefuses(t *testing.T, a *askers) {
	anna, bob := connect(t, a.anna, a.bob, "102")
	talk(t, anna, bob)
	id := a.live(t, "up", answeredCall).ID
	mobile := a.ask(t, anna, bob, id, "210", o.ada)
	take(t, mobile)
	hearsSpeech(t, mobile)
	_ = mobile.SendDTMF("2") // whose end may come before that of the key
	hears(t, mobile.Done(), mobile, "the end")
	talk(t, anna, bob)
	a.ends(t, bob, anna, "101/caller dialled 102: answered by 102/bob; called 102/bob ANSWER, 210/mobile-210 BUSY")
}

// outsiderHeld: a caller from outside is held, gets who was asked, who asks in turn
// and comes back.
func (o *outdoors) outsiderHeld(t *testing.T, a *askers) {
	outside := dial(t, o.ada, "+493012345678")
	bob := rings(t, outside, a.bob)
	answer(t, outside, bob)
	talk(t, outside, bob)
	id := a.live(t, "up", answeredCall).ID
	carol := a.ask(t, outside, bob, id, "103", a.carol)
	take(t, carol)
	talk(t, bob, carol)
	hangUp(t, bob, bob)
	talk(t, outside, carol)
	a.live(t, "bob let go", func(c liveCall) bool {
		return len(c.Legs) == 3 && c.Legs[1].State == "ended" && c.Legs[2].State == "up"
	})
	anna := a.ask(t, outside, carol, id, "101", a.anna)
	take(t, anna)
	talk(t, carol, anna)
	hangUp(t, anna, anna)
	talk(t, outside, carol)
	hangUp(t, carol, outside)
	a.noChannels(t)
	a.untracked(t)
}

// mobileAsks: what comes from outside has no rights to dial with.
func (o *outdoors) mobileAsks(t *testing.T, a *askers) {
	anna, mobile, id := o.onMobile(t, a)
	if r := o.refused(t, "POST", tenant+"/calls/"+id+"/consult", object{"to": "103"}); r == nil || r.Status != 409 {
		t.Errorf("a mobile asks: %+v", r)
	}
	talk(t, anna, mobile)
	hangUp(t, anna, mobile)
	a.noChannels(t)
}
