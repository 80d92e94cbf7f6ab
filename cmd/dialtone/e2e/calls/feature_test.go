package calls

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

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
	f.Do(t, "PUT", "/v1/tenants/other", Object{"title": "Other", "timezone": "UTC"}, nil)
	f.Extension(t, "101", "4711", nil)
	f.Extension(t, "102", "", Object{"ring_seconds": 30})
	f.Extension(t, "103", "", nil)
	f.ExtensionOf(t, "other", "101", "", nil)
	f.caller = f.Register(t, f.Device(t, "caller", "101", nil), phone.Options{})
	f.second = f.Register(t, f.Device(t, "second", "102", nil), phone.Options{})
	f.third = f.Register(t, f.Device(t, "third", "103", nil), phone.Options{})
	f.stranger = f.Register(t, f.DeviceOf(t, "other", "stranger", "101", nil), phone.Options{})
	f.Feature(t, "pickupexten = *0")
	t.Run("do not disturb", f.doNotDisturb)
	t.Run("forwards", f.forwards)
	t.Run("call waiting", f.callWaiting)
	t.Run("directed pickup", f.directedPickup)
	t.Run("intercom", f.intercom)
	t.Run("echo", f.echo)
	t.Run("parking", f.parking)
	t.Run("other codes", f.otherCodes)
	t.Run("no controller", f.noController)
	f.NoChannels(t)
}

// dials a code that changes a setting and listens to what it says.
func (f *features) dials(t *testing.T, from *phone.Phone, code string) {
	t.Helper()
	out := Dial(t, from, code)
	Hears(t, out.Answered(), out, "an answer to "+code)
	HearsSpeech(t, out)
	Hears(t, out.Done(), out, "the end of what is said")
	f.Applied(t)
}

func (f *features) watch(t *testing.T, at string) *phone.Subscription {
	t.Helper()
	lamp, err := f.third.Subscribe(Within(t, 10*time.Second), at)
	if err != nil {
		t.Fatalf("watching %s: %v", at, err)
	}
	return lamp
}

func (f *features) extensionIs(t *testing.T, number, field string) any {
	t.Helper()
	var e Object
	f.Do(t, "GET", Tenant+"/extensions/"+number, nil, &e)
	return e[field]
}

func (f *features) doNotDisturb(t *testing.T) {
	lamp := f.watch(t, "*78102")
	Shows(t, lamp, "idle")
	f.dials(t, f.second, "*78")
	Shows(t, lamp, "busy")
	if got := Refusal(t, f.caller, "102"); got != 486 {
		t.Errorf("an extension that does not want to be disturbed answers %d", got)
	}
	var told struct {
		Place struct{ Steps []struct{ Does, Rule string } }
	}
	f.Do(t, "POST", Tenant+"/simulate", Object{"from": "102", "to": "*79"}, &told)
	if s := told.Place.Steps; len(s) != 1 || s[0].Does != "setting" || s[0].Rule != "switches do not disturb of extension 102 off" {
		t.Errorf("the simulator says %+v", s)
	}
	if got := Refusal(t, f.caller, "*50102"); got != 486 {
		t.Errorf("so does its intercom: %d", got)
	}
	f.dials(t, f.second, "*79")
	Shows(t, lamp, "idle")
	out, in := Connect(t, f.caller, f.second, "102")
	HangUp(t, out, in)
	f.dials(t, f.second, "*78102") // what the key with the lamp dials
	Shows(t, lamp, "busy")
	f.dials(t, f.caller, "*78102") // is not the caller's own
	if f.extensionIs(t, "102", "do_not_disturb") != true {
		t.Error("another extension's setting was changed")
	}
	f.dials(t, f.second, "*78102")
	Shows(t, lamp, "idle")
	var trail struct {
		Items []struct{ Actor, Action string }
	}
	f.Do(t, "GET", "/v1/changes?kind=extension&key=102&limit=1", nil, &trail)
	if len(trail.Items) != 1 || trail.Items[0].Actor != "phone second" {
		t.Errorf("the audit says %+v", trail.Items)
	}
	// The API lights it as well, and a restarted controller puts right what is wrong.
	f.Do(t, "PATCH", Tenant+"/extensions/102", Object{"do_not_disturb": true}, nil)
	Shows(t, lamp, "busy")
	f.Extension(t, "109", "", Object{"do_not_disturb": true})
	f.Extension(t, "108", "", Object{"do_not_disturb": true, "presence": false})
	f.areLit(t, "default.102", "default.109")
	f.Do(t, "DELETE", Tenant+"/extensions/109?confirm=109", nil, nil)
	f.areLit(t, "default.102")
	f.Kill(t)
	if err := f.ari(t).SetDeviceState(t.Context(), "Stasis:dialtone.do_not_disturb.default.999", "INUSE"); err != nil {
		t.Fatal(err)
	}
	if err := f.ari(t).DeleteDeviceState(t.Context(), "Stasis:dialtone.do_not_disturb.default.102"); err != nil {
		t.Fatal(err)
	}
	f.Restart(t)
	f.areLit(t, "default.102")
	f.Do(t, "PATCH", Tenant+"/extensions/102", Object{"do_not_disturb": nil}, nil)
	Shows(t, lamp, "idle")
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
	Eventually(t, 10*time.Second, func() string {
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
	f.Do(t, "PUT", Tenant+"/phones/"+NewMAC(), Object{"vendor": "yealink", "model": "T46U",
		"lines":   []Object{{"registration": 1, "device": "second"}},
		"buttons": Object{"2": Object{"kind": "forward", "value": "101"}}}, nil)
	f.Applied(t)
	lamp, key := f.watch(t, "*72102"), f.watch(t, "*72102*101")
	f.Do(t, "PUT", Tenant+"/forwards/102", Object{"busy": "extension:101", "mode": "schedule", "rules": []Object{{"last_date": "2020-01-01", "destination": "voicemail:101"}}}, nil)
	f.Applied(t)
	Shows(t, lamp, "idle")
	f.dials(t, f.second, "*72103")
	Shows(t, lamp, "busy")
	Shows(t, key, "busy")
	reached := func(from *phone.Phone, number string, at *phone.Phone) {
		t.Helper()
		out := Dial(t, from, number)
		in := Rings(t, out, at)
		Answer(t, out, in)
		Talk(t, out, in)
		HangUp(t, in, out)
	}
	reached(f.caller, "102", f.third)
	f.dials(t, f.second, "*73")
	Shows(t, lamp, "idle")
	Shows(t, key, "idle")
	f.Do(t, "PUT", Tenant+"/ring-groups/hall", Object{"number": "600", "strategy": "all", "members": []Object{{"extension": "103"}}}, nil)
	f.Applied(t)
	f.dials(t, f.second, "*72600")
	reached(f.caller, "102", f.third)
	f.dials(t, f.second, "*73")
	reached(f.caller, "102", f.second)
	var forward struct {
		Mode, Busy string
		Rules      []Object
	}
	f.Do(t, "GET", Tenant+"/forwards/102", nil, &forward)
	if forward.Mode != "schedule" || forward.Busy != "extension:101" || len(forward.Rules) != 1 {
		t.Errorf("switching off left %+v", forward)
	}
	f.dials(t, f.second, "*72102*101") // a key that switches on and off
	Shows(t, key, "busy")
	f.dials(t, f.second, "*72102*101")
	Shows(t, key, "idle")
	for _, refusedCode := range []string{"*72", "*72102", "*72199", "*72101*103", "*73", "*90199"} {
		f.dials(t, f.second, refusedCode)
	}
	f.dials(t, f.second, "*90103")
	out := Dial(t, f.caller, "102")
	if err := Rings(t, out, f.second).Reject(486); err != nil {
		t.Fatal(err)
	}
	HangUp(t, Rings(t, out, f.third), out)
	f.dials(t, f.second, "*91")
	f.dials(t, f.second, "*92103")
	f.dials(t, f.second, "*94101")
	var both struct {
		NoAnswer    string `json:"no_answer"`
		Unreachable string
		Busy        string
	}
	if f.Do(t, "GET", Tenant+"/forwards/102", nil, &both); both.NoAnswer != "extension:103" || both.Unreachable != "extension:101" || both.Busy != "" {
		t.Errorf("the forwards are %+v", both)
	}
	for _, code := range []string{"*93", "*95"} {
		f.dials(t, f.second, code)
	}
	f.Do(t, "DELETE", Tenant+"/forwards/102", nil, nil)
	f.Applied(t)
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
	if got := Refusal(t, f.third, "**102"); got/100 != 4 {
		t.Errorf("with nothing to pick up it ended with %d", got)
	}
	out := Dial(t, f.caller, "102")
	in := Rings(t, out, f.second)
	for _, code := range []string{"**102", "**101"} {
		if got := Refusal(t, f.stranger, code); got/100 != 4 {
			t.Errorf("the other tenant dialled %s: %d", code, got)
		}
	}
	taken := Dial(t, f.third, "**102")
	if err := taken.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	Hears(t, in.Done(), in, "the end of the ringing")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	Talk(t, out, taken)
	HangUp(t, out, taken)
}

func (f *features) intercom(t *testing.T) {
	out := Dial(t, f.caller, "*50102")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	in := <-f.second.Incoming()
	if !strings.Contains(in.Header("Alert-Info"), "info=alert-autoanswer") {
		t.Errorf("Alert-Info: %s", in.Header("Alert-Info"))
	}
	Talk(t, out, in)
	HangUp(t, out, in)
	if got := Refusal(t, f.caller, "*50199"); got != 404 {
		t.Errorf("intercom to nobody: %d", got)
	}
}

func (f *features) echo(t *testing.T) {
	out := Dial(t, f.caller, "*43")
	Hears(t, out.Answered(), out, "an answer")
	HearsItself(t, out)
	Leave(t, out)
}

// parking: a call waits at a slot whose lamp is lit, is taken from there, or rings
// who parked it.
func (f *features) parking(t *testing.T) {
	f.Do(t, "PATCH", Tenant+"/feature-codes", Object{"park_seconds": 10}, nil)
	f.Applied(t)
	lamp := f.watch(t, "703")
	Shows(t, lamp, "idle")
	if got := Refusal(t, f.third, "703"); got/100 != 4 {
		t.Errorf("an empty slot answers %d", got)
	}
	park := func() (out *phone.Call) {
		t.Helper()
		out, in := Connect(t, f.caller, f.second, "102")
		Talk(t, out, in)
		if err := in.Refer(Within(t, 10*time.Second), "703"); err != nil {
			t.Fatal(err)
		}
		Shows(t, lamp, "busy")
		return out
	}
	out := park()
	if got := Refusal(t, f.stranger, "703"); got/100 != 4 {
		t.Errorf("the other tenant gets the parked call: %d", got)
	}
	taken := Dial(t, f.third, "703")
	if err := taken.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	Shows(t, lamp, "idle")
	Talk(t, out, taken)
	HangUp(t, taken, out)

	out = park()
	back := Incoming(t, f.second)
	Shows(t, lamp, "idle")
	if err := back.Answer(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	Talk(t, out, back)
	HangUp(t, back, out)
}

// otherCodes: a tenant's own codes count, and those before do not.
func (f *features) otherCodes(t *testing.T) {
	f.Do(t, "PATCH", Tenant+"/feature-codes", Object{"echo_test": "800", "voicemail": "#5", "pickup": "", "directed_pickup": "*6"}, nil)
	f.Applied(t)
	for _, code := range []string{"*43", "*97", "*8", "**102"} {
		if got := Refusal(t, f.caller, code); got != 404 {
			t.Errorf("%s still answers %d", code, got)
		}
	}
	for _, code := range []string{"800", "#5"} {
		out := Dial(t, f.caller, code)
		Hears(t, out.Answered(), out, "an answer to "+code)
		HearsSpeech(t, out)
		Leave(t, out)
	}
	if got := Refusal(t, f.stranger, "*43"); got != 200 {
		t.Errorf("the other tenant's code answers %d", got)
	}
	f.Do(t, "PUT", Tenant+"/feature-codes", Object{}, nil)
	f.Applied(t)
}

// noController: what needs none goes on, and a code that changes a setting says
// that it has not.
func (f *features) noController(t *testing.T) {
	f.Kill(t)
	f.echo(t)
	out := Dial(t, f.caller, "102")
	in := Rings(t, out, f.second)
	taken := Dial(t, f.third, "**102")
	if err := taken.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	Hears(t, in.Done(), in, "the end of the ringing")
	Talk(t, out, taken)
	HangUp(t, out, taken)
	said := Dial(t, f.second, "*78")
	Hears(t, said.Answered(), said, "an answer")
	HearsSpeech(t, said)
	Hears(t, said.Done(), said, "the end")
	f.Restart(t)
	if f.extensionIs(t, "102", "do_not_disturb") == true {
		t.Error("the setting was changed without a controller")
	}
}
