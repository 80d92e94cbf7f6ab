package phones

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// watcher is a desk phone with a key that watches an extension.
type watcher struct {
	*phone.Phone
	path string // of the phone in the API
	lamp *phone.Subscription
}

// TestButtonsRealAsterisk: the key that a phone of each make finds in its file
// lights up with a real call; a changed key reaches the phone by NOTIFY, which
// no other phone gets; a template fills what the phones leave.
func TestButtonsRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	for _, number := range []string{"101", "102", "103", "104", "105"} {
		l.Extension(t, number, "", nil)
	}
	alice, bob := l.Device(t, "alice", "101", nil), l.Device(t, "bob", "102", nil)
	caller, called := l.Register(t, alice, phone.Options{}), l.Register(t, bob, phone.Options{})
	yealink, polycom := l.watcher(t, "103", "T46U"), l.watcher(t, "104", "VVX450")
	bystander := l.watcher(t, "105", "T46U")
	for _, w := range []*watcher{yealink, polycom} {
		w.watch(t, "102")
	}
	out := Dial(t, caller, "102")
	in := Rings(t, out, called)
	for _, w := range []*watcher{yealink, polycom} {
		w.shows(t, "ringing")
	}
	Answer(t, out, in)
	for _, w := range []*watcher{yealink, polycom} {
		w.shows(t, "busy")
	}
	HangUp(t, out, in)
	for _, w := range []*watcher{yealink, polycom} {
		w.shows(t, "idle")
	}
	for _, w := range []*watcher{yealink, polycom} {
		l.Do(t, "PATCH", w.path, Object{"buttons": Object{"2": Object{"kind": "blf", "value": "101"}}}, nil)
		if keys := w.refetched(t).BLF(); len(keys) != 1 || keys[0].Value != "101" {
			t.Errorf("after the change the phone watches %+v", keys)
		}
	}
	bystander.leftAlone(t)
	l.templates(t, yealink, polycom)
	l.encryption(t, called, yealink)
	l.buttonRefusals(t, yealink)
}

// templates: the tenant's default puts a key on every phone, the model's covers
// it, and each change tells exactly the phones that it touches.
func (l *lab) templates(t *testing.T, yealink, polycom *watcher) {
	l.Do(t, "PUT", Tenant+"/button-templates/default", Object{"buttons": Object{"7": Object{"kind": "speed-dial", "value": "105"}}}, nil)
	for _, w := range []*watcher{yealink, polycom} {
		if k := KeyAt(w.refetched(t), 7); k.Kind != "speed-dial" {
			t.Errorf("key 7 of %s is %+v", w.path, k)
		}
	}
	l.Do(t, "PUT", Tenant+"/button-templates/t46u", Object{"buttons": Object{"7": Object{"kind": "blf", "value": "102"}}}, nil)
	if k := KeyAt(yealink.refetched(t), 7); k.Kind != "blf" || k.Value != "102" {
		t.Errorf("key 7 is %+v", k)
	}
	polycom.leftAlone(t)
	l.Do(t, "PATCH", Tenant+"/phone-settings", Object{"language": "de"}, nil)
	if lang := yealink.refetched(t).Value("lang.gui"); lang != "German" {
		t.Errorf("the menus speak %s", lang)
	}
	if lang := polycom.refetched(t).Value("lcl.ml.lang"); lang != "German_Germany" {
		t.Errorf("the menus speak %s", lang)
	}
}

// encryption: what the settings say of SRTP reaches the phone's file and
// Asterisk. The simulated phone speaks none: it may call while SRTP is optional
// and not when it is required.
func (l *lab) encryption(t *testing.T, called *phone.Phone, w *watcher) {
	for setting, number := range map[string]string{"optional": "1", "required": "2"} {
		l.Do(t, "PATCH", Tenant+"/phone-settings", Object{"srtp": setting}, nil)
		if got := w.refetched(t).Value("account.1.srtp_encryption"); got != number {
			t.Errorf("SRTP %s is %q in the file", setting, got)
		}
		l.Applied(t)
		if setting == "required" {
			if got := Refusal(t, w.Phone, "102"); got != 488 {
				t.Errorf("a call without SRTP ends with %d, want 488", got)
			}
			continue
		}
		out, in := Connect(t, w.Phone, called, "102")
		Talk(t, out, in)
		HangUp(t, out, in)
	}
}

// buttonRefusals: what a key cannot be, and what it keeps from going away.
func (l *lab) buttonRefusals(t *testing.T, w *watcher) {
	for field, buttons := range map[string]Object{
		"buttons.28":      {"28": Object{"kind": "blf", "value": "102"}},
		"buttons.2.value": {"2": Object{"kind": "blf", "value": "999"}},
		"buttons.3.line":  {"3": Object{"kind": "line", "line": 2}},
		"buttons.m4-1":    {"m4-1": Object{"kind": "blf", "value": "102"}},
		"buttons":         {"0": Object{"kind": "blf", "value": "102"}},
	} {
		if r := l.Refused(t, "PATCH", w.path, Object{"buttons": buttons}); r == nil || !strings.Contains(fmt.Sprintf("%+v", *r), field) {
			t.Errorf("%s: %+v", field, r)
		}
	}
	l.Do(t, "DELETE", Tenant+"/devices/bob", nil, nil)
	if r := l.Refused(t, "DELETE", Tenant+"/extensions/102", nil); r == nil || !strings.Contains(fmt.Sprintf("%+v", *r), "T46U/7") {
		t.Errorf("an extension that a button watches is deleted: %+v", r)
	}
	if r := l.Refused(t, "PUT", Tenant+"/phones/"+NewMAC(), Object{"vendor": "yealink", "model": "T46V"}); r == nil || !strings.Contains(fmt.Sprintf("%+v", *r), "T46U") {
		t.Errorf("an unknown model: %+v", r)
	}
	if models := l.Get(t, "/v1/phone-models?vendor=polycom&contains=vvx+4"); !strings.Contains(models, "VVX450") || strings.Contains(models, "T46U") {
		t.Errorf("models: %s", models)
	}
}

// watcher makes an extension's phone, whose second key watches extension 102, and
// boots it as a phone boots.
func (l *lab) watcher(t *testing.T, number, model string) *watcher {
	t.Helper()
	l.Device(t, "desk-"+number, number, nil)
	mac, vendor := NewMAC(), "yealink"
	if strings.HasPrefix(model, "VVX") {
		vendor = "polycom"
	}
	w := &watcher{path: Tenant + "/phones/" + mac}
	l.Do(t, "PUT", w.path, Object{"vendor": vendor, "model": model, "lines": []Object{{"registration": 1, "device": "desk-" + number}},
		"buttons": Object{"2": Object{"kind": "blf", "value": "102"}}}, nil)
	l.Applied(t)
	w.Phone = NewPhone(t, phone.Options{MAC: mac, Model: model, ProvisioningURL: l.Phones + "/", RefetchOnCheckSync: true})
	config, fetched, err := w.Fetch(Within(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if keys := config.BLF(); len(keys) != 1 || keys[0].Value != "102" || len(config.Accounts) != 1 {
		t.Fatalf("the phone has accounts %v and watches %+v", config.Accounts, keys)
	}
	if last := fetched[len(fetched)-1]; vendor == "yealink" && (len(fetched) != 8 || !strings.HasSuffix(last.Path, mac+".cfg")) {
		t.Errorf("a Yealink asks for four files, for two by its enrolment URL, and for two by its own: %+v", fetched)
	}
	if err := w.Register(Within(t, 10*time.Second), config.Accounts[0]); err != nil {
		t.Fatal(err)
	}
	return w
}

// watch subscribes to what the key of the fetched file says.
func (w *watcher) watch(t *testing.T, extension string) {
	t.Helper()
	var err error
	if w.lamp, err = w.Subscribe(Within(t, 10*time.Second), extension); err != nil {
		t.Fatal(err)
	}
	w.shows(t, "idle")
}

// shows waits until the lamp is in a state.
func (w *watcher) shows(t *testing.T, state string) {
	t.Helper()
	for limit := time.After(Patience); ; {
		select {
		case s := <-w.lamp.States():
			if s.State == state {
				return
			}
		case <-limit:
			t.Fatalf("the lamp of %s is not %s", w.path, state)
		}
	}
}

// refetched waits for a NOTIFY and returns what the phone then fetched.
func (w *watcher) refetched(t *testing.T) *phone.Config {
	t.Helper()
	select {
	case c := <-w.CheckSyncs():
		if c.Err != nil || c.Reboot {
			t.Fatalf("fetching again: %+v", c)
		}
		return c.Config
	case <-time.After(Patience):
		t.Fatalf("nobody tells %s to fetch its files", w.path)
	}
	return nil
}

// leftAlone checks that no NOTIFY has come.
func (w *watcher) leftAlone(t *testing.T) {
	t.Helper()
	select {
	case c := <-w.CheckSyncs():
		t.Errorf("%s was told to fetch what has not changed: %+v", w.path, c)
	default:
	}
}
