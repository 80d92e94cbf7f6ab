package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/ari"
	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// features is an office of three, beside another tenant with one phone.
type features struct {
	*lab
	caller, second, third, stranger *phone.Phone
}

// TestFeaturesRealAsterisk dials every feature code.
func TestFeaturesRealAsterisk(t *testing.T) {
	t.Parallel()
	f := &features{lab: openLab(t, box.Asterisk22)}
	f.do(t, "PUT", "/v1/tenants/other", object{"title": "Other", "timezone": "UTC"}, nil)
	f.extension(t, "101", "4711", nil)
	f.extension(t, "102", "", object{"ring_seconds": 30})
	f.extension(t, "103", "", nil)
	f.extensionOf(t, "other", "101", "", nil)
	f.caller = f.register(t, f.device(t, "caller", "101", nil), phone.Options{})
	f.second = f.register(t, f.device(t, "second", "102", nil), phone.Options{})
	f.third = f.register(t, f.device(t, "third", "103", nil), phone.Options{})
	f.stranger = f.register(t, f.deviceOf(t, "other", "stranger", "101", nil), phone.Options{})
	f.feature(t, "pickupexten = *0")
	t.Run("do not disturb", f.doNotDisturb)
	t.Run("forwards", f.forwards)
	t.Run("call waiting", f.callWaiting)
	t.Run("directed pickup", f.directedPickup)
	t.Run("intercom", f.intercom)
	t.Run("echo", f.echo)
	t.Run("parking", f.parking)
	t.Run("other codes", f.otherCodes)
	t.Run("no controller", f.noController)
	f.noChannels(t)
}

// dials a code that changes a setting and listens to what it says.
func (f *features) dials(t *testing.T, from *phone.Phone, code string) {
	t.Helper()
	out := dial(t, from, code)
	hears(t, out.Answered(), out, "an answer to "+code)
	hearsSpeech(t, out)
	hears(t, out.Done(), out, "the end of what is said")
	f.applied(t)
}

func (f *features) watch(t *testing.T, at string) *phone.Subscription {
	t.Helper()
	lamp, err := f.third.Subscribe(within(t, 10*time.Second), at)
	if err != nil {
		t.Fatalf("watching %s: %v", at, err)
	}
	return lamp
}

func (f *features) extensionIs(t *testing.T, number, field string) any {
	t.Helper()
	var e object
	f.do(t, "GET", tenant+"/extensions/"+number, nil, &e)
	return e[field]
}

func (f *features) doNotDisturb(t *testing.T) {
	lamp := f.watch(t, "*78102")
	shows(t, lamp, "idle")
	f.dials(t, f.second, "*78")
	shows(t, lamp, "busy")
	if got := refusal(t, f.caller, "102"); got != 486 {
		t.Errorf("an extension that does not want to be disturbed answers %d", got)
	}
	var told struct {
		Place struct{ Steps []struct{ Does, Rule string } }
	}
	f.do(t, "POST", tenant+"/simulate", object{"from": "102", "to": "*79"}, &told)
	if s := told.Place.Steps; len(s) != 1 || s[0].Does != "setting" || s[0].Rule != "switches do not disturb of extension 102 off" {
		t.Errorf("the simulator says %+v", s)
	}
	if got := refusal(t, f.caller, "*50102"); got != 486 {
		t.Errorf("so does its intercom: %d", got)
	}
	f.dials(t, f.second, "*79")
	shows(t, lamp, "idle")
	out, in := connect(t, f.caller, f.second, "102")
	hangUp(t, out, in)
	f.dials(t, f.second, "*78102") // what the key with the lamp dials
	shows(t, lamp, "busy")
	f.dials(t, f.caller, "*78102") // is not the caller's own
	if f.extensionIs(t, "102", "do_not_disturb") != true {
		t.Error("another extension's setting was changed")
	}
	f.dials(t, f.second, "*78102")
	shows(t, lamp, "idle")
	var trail struct {
		Items []struct{ Actor, Action string }
	}
	f.do(t, "GET", "/v1/changes?kind=extension&key=102&limit=1", nil, &trail)
	if len(trail.Items) != 1 || trail.Items[0].Actor != "phone second" {
		t.Errorf("the audit says %+v", trail.Items)
	}
	// The API lights it as well, and a restarted controller puts right what is wrong.
	f.do(t, "PATCH", tenant+"/extensions/102", object{"do_not_disturb": true}, nil)
	shows(t, lamp, "busy")
	f.extension(t, "109", "", object{"do_not_disturb": true})
	f.extension(t, "108", "", object{"do_not_disturb": true, "presence": false})
	f.areLit(t, "default.102", "default.109")
	f.do(t, "DELETE", tenant+"/extensions/109?confirm=109", nil, nil)
	f.areLit(t, "default.102")
	f.kill(t)
	if err := f.ari(t).SetDeviceState(t.Context(), "Stasis:dialtone.do_not_disturb.default.999", "INUSE"); err != nil {
		t.Fatal(err)
	}
	if err := f.ari(t).DeleteDeviceState(t.Context(), "Stasis:dialtone.do_not_disturb.default.102"); err != nil {
		t.Fatal(err)
	}
	f.restart(t)
	f.areLit(t, "default.102")
	f.do(t, "PATCH", tenant+"/extensions/102", object{"do_not_disturb": nil}, nil)
	shows(t, lamp, "idle")
}

// ari is a connection of the test's own.
func (f *features) ari(t *testing.T) *ari.Client {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(f.Asterisk.Dir(), "etc", "ari.conf"))
	found := regexp.MustCompile(`(?m)^password = (\S+)$`).FindSubmatch(text)
	if err != nil || found == nil {
		t.Fatal("no password in ari.conf", err)
	}
	return ari.New(ari.Options{URL: "http://" + f.ARI + "/ari", Username: "dialtone", Password: string(found[1]), App: "test"})
}

// areLit waits until the lamps of do not disturb in Asterisk are these.
func (f *features) areLit(t *testing.T, want ...string) {
	t.Helper()
	eventually(t, 10*time.Second, func() string {
		states, err := f.ari(t).DeviceStates(t.Context())
		if err != nil {
			return err.Error()
		}
		var lit []string
		for name, state := range states {
			lit = append(lit, strings.TrimPrefix(name, "Stasis:dialtone.do_not_disturb."))
			if state != "INUSE" {
				return name + " is " + state
			}
		}
		if slices.Sort(lit); !slices.Equal(lit, want) {
			return fmt.Sprintf("lit are %v, not %v", lit, want)
		}
		return ""
	})
}

func (f *features) forwards(t *testing.T) {
	lamp, key := f.watch(t, "*72102"), f.watch(t, "*72102*101")
	f.do(t, "PUT", tenant+"/forwards/102", object{"busy": "extension:101", "mode": "schedule", "rules": []object{{"last_date": "2020-01-01", "destination": "voicemail:101"}}}, nil)
	f.applied(t)
	shows(t, lamp, "idle")
	f.dials(t, f.second, "*72103")
	shows(t, lamp, "busy")
	shows(t, key, "busy")
	reached := func(from *phone.Phone, number string, at *phone.Phone) {
		t.Helper()
		out := dial(t, from, number)
		in := rings(t, out, at)
		answer(t, out, in)
		talk(t, out, in)
		hangUp(t, in, out)
	}
	reached(f.caller, "102", f.third)
	f.dials(t, f.second, "*73")
	shows(t, lamp, "idle")
	shows(t, key, "idle")
	f.do(t, "PUT", tenant+"/ring-groups/hall", object{"number": "600", "strategy": "all", "members": []object{{"extension": "103"}}}, nil)
	f.applied(t)
	f.dials(t, f.second, "*72600")
	reached(f.caller, "102", f.third)
	f.dials(t, f.second, "*73")
	reached(f.caller, "102", f.second)
	var forward struct {
		Mode, Busy string
		Rules      []object
	}
	f.do(t, "GET", tenant+"/forwards/102", nil, &forward)
	if forward.Mode != "schedule" || forward.Busy != "extension:101" || len(forward.Rules) != 1 {
		t.Errorf("switching off left %+v", forward)
	}
	f.dials(t, f.second, "*72102*101") // a key that switches on and off
	shows(t, key, "busy")
	f.dials(t, f.second, "*72102*101")
	shows(t, key, "idle")
	for _, refusedCode := range []string{"*72", "*72102", "*72199", "*72101*103", "*73", "*90199"} {
		f.dials(t, f.second, refusedCode)
	}
	f.dials(t, f.second, "*90103")
	out := dial(t, f.caller, "102")
	if err := rings(t, out, f.second).Reject(486); err != nil {
		t.Fatal(err)
	}
	hangUp(t, rings(t, out, f.third), out)
	f.dials(t, f.second, "*91")
	f.dials(t, f.second, "*92103")
	f.dials(t, f.second, "*94101")
	var both struct {
		NoAnswer    string `json:"no_answer"`
		Unreachable string
		Busy        string
	}
	if f.do(t, "GET", tenant+"/forwards/102", nil, &both); both.NoAnswer != "extension:103" || both.Unreachable != "extension:101" || both.Busy != "" {
		t.Errorf("the forwards are %+v", both)
	}
	for _, code := range []string{"*93", "*95"} {
		f.dials(t, f.second, code)
	}
	f.do(t, "DELETE", tenant+"/forwards/102", nil, nil)
	f.applied(t)
}

func (f *features) callWaiting(t *testing.T) {
	f.dials(t, f.second, "*71")
	if f.extensionIs(t, "102", "call_waiting") != false {
		t.Error("call waiting is still on")
	}
	f.dials(t, f.second, "*70")
	if f.extensionIs(t, "102", "call_waiting") == false {
		t.Error("call waiting is still off")
	}
}

// directedPickup: a call that rings at one extension is taken by another, and by
// nobody of another tenant.
func (f *features) directedPickup(t *testing.T) {
	if got := refusal(t, f.third, "**102"); got/100 != 4 {
		t.Errorf("with nothing to pick up it ended with %d", got)
	}
	out := dial(t, f.caller, "102")
	in := rings(t, out, f.second)
	for _, code := range []string{"**102", "**101"} {
		if got := refusal(t, f.stranger, code); got/100 != 4 {
			t.Errorf("the other tenant dialled %s: %d", code, got)
		}
	}
	taken := dial(t, f.third, "**102")
	if err := taken.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	hears(t, in.Done(), in, "the end of the ringing")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	talk(t, out, taken)
	hangUp(t, out, taken)
}

func (f *features) intercom(t *testing.T) {
	out := dial(t, f.caller, "*50102")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	in := <-f.second.Incoming()
	if !strings.Contains(in.Header("Alert-Info"), "info=alert-autoanswer") {
		t.Errorf("Alert-Info: %s", in.Header("Alert-Info"))
	}
	talk(t, out, in)
	hangUp(t, out, in)
	if got := refusal(t, f.caller, "*50199"); got != 404 {
		t.Errorf("intercom to nobody: %d", got)
	}
}

func (f *features) echo(t *testing.T) {
	out := dial(t, f.caller, "*43")
	hears(t, out.Answered(), out, "an answer")
	out.Tone(callerTone)
	if err := out.Hear(within(t, 30*time.Second), callerTone, time.Second); err != nil {
		t.Errorf("no echo: %v", err)
	}
	leave(t, out)
}

// parking: a call waits at a slot whose lamp is lit, is taken from there, or rings
// who parked it.
func (f *features) parking(t *testing.T) {
	f.do(t, "PATCH", tenant+"/feature-codes", object{"park_seconds": 10}, nil)
	f.applied(t)
	lamp := f.watch(t, "703")
	shows(t, lamp, "idle")
	if got := refusal(t, f.third, "703"); got/100 != 4 {
		t.Errorf("an empty slot answers %d", got)
	}
	park := func() (out *phone.Call) {
		t.Helper()
		out, in := connect(t, f.caller, f.second, "102")
		talk(t, out, in)
		if err := in.Refer(within(t, 10*time.Second), "703"); err != nil {
			t.Fatal(err)
		}
		shows(t, lamp, "busy")
		return out
	}
	out := park()
	if got := refusal(t, f.stranger, "703"); got/100 != 4 {
		t.Errorf("the other tenant gets the parked call: %d", got)
	}
	taken := dial(t, f.third, "703")
	if err := taken.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	shows(t, lamp, "idle")
	talk(t, out, taken)
	hangUp(t, taken, out)

	out = park()
	back := parkedRings(t, f.second)
	shows(t, lamp, "idle")
	if err := back.Answer(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	talk(t, out, back)
	hangUp(t, back, out)
}

// parkedRings waits for a call that nobody in the test has dialled.
func parkedRings(t *testing.T, at *phone.Phone) *phone.Call {
	t.Helper()
	select {
	case in := <-at.Incoming():
		if err := in.Ring(); err != nil {
			t.Fatal(err)
		}
		return in
	case <-time.After(30 * time.Second):
		t.Fatal("the phone does not ring")
	}
	return nil
}

// otherCodes: a tenant's own codes count, and those before do not.
func (f *features) otherCodes(t *testing.T) {
	f.do(t, "PATCH", tenant+"/feature-codes", object{"echo_test": "800", "voicemail": "#5", "pickup": "", "directed_pickup": "*6"}, nil)
	f.applied(t)
	for _, code := range []string{"*43", "*97", "*8", "**102"} {
		if got := refusal(t, f.caller, code); got != 404 {
			t.Errorf("%s still answers %d", code, got)
		}
	}
	for _, code := range []string{"800", "#5"} {
		out := dial(t, f.caller, code)
		hears(t, out.Answered(), out, "an answer to "+code)
		hearsSpeech(t, out)
		leave(t, out)
	}
	if got := refusal(t, f.stranger, "*43"); got != 200 {
		t.Errorf("the other tenant's code answers %d", got)
	}
	f.do(t, "PUT", tenant+"/feature-codes", object{}, nil)
	f.applied(t)
}

// noController: what needs none goes on, and a code that changes a setting says
// that it has not.
func (f *features) noController(t *testing.T) {
	f.kill(t)
	f.echo(t)
	out := dial(t, f.caller, "102")
	in := rings(t, out, f.second)
	taken := dial(t, f.third, "**102")
	if err := taken.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	hears(t, in.Done(), in, "the end of the ringing")
	talk(t, out, taken)
	hangUp(t, out, taken)
	said := dial(t, f.second, "*78")
	hears(t, said.Answered(), said, "an answer")
	hearsSpeech(t, said)
	hears(t, said.Done(), said, "the end")
	f.restart(t)
	if f.extensionIs(t, "102", "do_not_disturb") == true {
		t.Error("the setting was changed without a controller")
	}
}
