package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

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
		l.extension(t, number, "", nil)
	}
	alice, bob := l.device(t, "alice", "101", nil), l.device(t, "bob", "102", nil)
	caller, called := l.register(t, alice, phone.Options{}), l.register(t, bob, phone.Options{})
	yealink, polycom := l.watcher(t, "103", "T46U"), l.watcher(t, "104", "VVX450")
	bystander := l.watcher(t, "105", "T46U")
	for _, w := range []*watcher{yealink, polycom} {
		w.watch(t, "102")
	}
	out := dial(t, caller, "102")
	in := rings(t, out, called)
	for _, w := range []*watcher{yealink, polycom} {
		w.shows(t, "ringing")
	}
	answer(t, out, in)
	for _, w := range []*watcher{yealink, polycom} {
		w.shows(t, "busy")
	}
	hangUp(t, out, in)
	for _, w := range []*watcher{yealink, polycom} {
		w.shows(t, "idle")
	}
	for _, w := range []*watcher{yealink, polycom} {
		l.do(t, "PATCH", w.path, object{"buttons": object{"2": object{"kind": "blf", "value": "101"}}}, nil)
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
	l.do(t, "PUT", tenant+"/button-templates/default", object{"buttons": object{"7": object{"kind": "speed-dial", "value": "105"}}}, nil)
	for _, w := range []*watcher{yealink, polycom} {
		if k := keyAt(w.refetched(t), 7); k.Kind != "speed-dial" {
			t.Errorf("key 7 of %s is %+v", w.path, k)
		}
	}
	l.do(t, "PUT", tenant+"/button-templates/t46u", object{"buttons": object{"7": object{"kind": "blf", "value": "102"}}}, nil)
	if k := keyAt(yealink.refetched(t), 7); k.Kind != "blf" || k.Value != "102" {
		t.Errorf("key 7 is %+v", k)
	}
	polycom.leftAlone(t)
	l.do(t, "PATCH", tenant+"/phone-settings", object{"language": "de"}, nil)
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
		l.do(t, "PATCH", tenant+"/phone-settings", object{"srtp": setting}, nil)
		if got := w.refetched(t).Value("account.1.srtp_encryption"); got != number {
			t.Errorf("SRTP %s is %q in the file", setting, got)
		}
		l.applied(t)
		if setting == "required" {
			if got := refusal(t, w.Phone, "102"); got != 488 {
				t.Errorf("a call without SRTP ends with %d, want 488", got)
			}
			continue
		}
		out, in := connect(t, w.Phone, called, "102")
		talk(t, out, in)
		hangUp(t, out, in)
	}
}

func keyAt(c *phone.Config, index int) phone.LineKey {
	for _, k := range c.LineKeys {
		if k.Index == index {
			return k
		}
	}
	return phone.LineKey{}
}

// buttonRefusals: what a key cannot be, and what it keeps from going away.
func (l *lab) buttonRefusals(t *testing.T, w *watcher) {
	for field, buttons := range map[string]object{
		"buttons.28":      {"28": object{"kind": "blf", "value": "102"}},
		"buttons.2.value": {"2": object{"kind": "blf", "value": "999"}},
		"buttons.3.line":  {"3": object{"kind": "line", "line": 2}},
		"buttons.m4-1":    {"m4-1": object{"kind": "blf", "value": "102"}},
		"buttons":         {"0": object{"kind": "blf", "value": "102"}},
	} {
		if r := l.refused(t, "PATCH", w.path, object{"buttons": buttons}); r == nil || !strings.Contains(fmt.Sprintf("%+v", *r), field) {
			t.Errorf("%s: %+v", field, r)
		}
	}
	l.do(t, "DELETE", tenant+"/devices/bob", nil, nil)
	if r := l.refused(t, "DELETE", tenant+"/extensions/102", nil); r == nil || !strings.Contains(fmt.Sprintf("%+v", *r), "T46U/7") {
		t.Errorf("an extension that a button watches is deleted: %+v", r)
	}
	if r := l.refused(t, "PUT", tenant+"/phones/"+newMAC(), object{"vendor": "yealink", "model": "T46V"}); r == nil || !strings.Contains(fmt.Sprintf("%+v", *r), "T46U") {
		t.Errorf("an unknown model: %+v", r)
	}
	if models := l.get(t, "/v1/phone-models?vendor=polycom&contains=vvx+4"); !strings.Contains(models, "VVX450") || strings.Contains(models, "T46U") {
		t.Errorf("models: %s", models)
	}
}

// watcher makes an extension's phone, whose second key watches extension 102, and
// boots it as a phone boots.
func (l *lab) watcher(t *testing.T, number, model string) *watcher {
	t.Helper()
	l.device(t, "desk-"+number, number, nil)
	mac, vendor := newMAC(), "yealink"
	if strings.HasPrefix(model, "VVX") {
		vendor = "polycom"
	}
	w := &watcher{path: tenant + "/phones/" + mac}
	l.do(t, "PUT", w.path, object{"vendor": vendor, "model": model, "lines": []object{{"registration": 1, "device": "desk-" + number}},
		"buttons": object{"2": object{"kind": "blf", "value": "102"}}}, nil)
	l.applied(t)
	w.Phone = newPhone(t, phone.Options{MAC: mac, Model: model, ProvisioningURL: l.Phones + "/", RefetchOnCheckSync: true})
	config, fetched, err := w.Fetch(within(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if keys := config.BLF(); len(keys) != 1 || keys[0].Value != "102" || len(config.Accounts) != 1 {
		t.Fatalf("the phone has accounts %v and watches %+v", config.Accounts, keys)
	}
	if last := fetched[len(fetched)-1]; vendor == "yealink" && (len(fetched) != 6 || !strings.HasSuffix(last.Path, mac+".cfg")) {
		t.Errorf("a Yealink asks for four files and then for two: %+v", fetched)
	}
	if err := w.Register(within(t, 10*time.Second), config.Accounts[0]); err != nil {
		t.Fatal(err)
	}
	return w
}

// watch subscribes to what the key of the fetched file says.
func (w *watcher) watch(t *testing.T, extension string) {
	t.Helper()
	var err error
	if w.lamp, err = w.Subscribe(within(t, 10*time.Second), extension); err != nil {
		t.Fatal(err)
	}
	w.shows(t, "idle")
}

// shows waits until the lamp is in a state.
func (w *watcher) shows(t *testing.T, state string) {
	t.Helper()
	for limit := time.After(10 * time.Second); ; {
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
	case <-time.After(15 * time.Second):
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
