package phone

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"
)

// patience is the deadline of a whole test: nothing waits for it unless something is broken.
func patience(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func registered(t *testing.T, b *pbx, user string, o Options) *Phone {
	t.Helper()
	p := newPhone(t, o)
	if err := p.Register(patience(t), b.account(user)); err != nil {
		t.Fatal(err)
	}
	return p
}

func next[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came in 30 s")
		panic("unreachable")
	}
}

func TestRegister(t *testing.T) {
	b := startPBX(t)
	b.mu.Lock()
	b.expires = 2 // refreshed after 1 s
	b.mu.Unlock()
	p := registered(t, b, "101", Options{})
	ctx := patience(t)
	if err := b.waitRegisters(ctx, 2); err != nil {
		t.Fatalf("not refreshed: %v", err)
	}
	if err := p.Unregister(ctx); err != nil {
		t.Fatal(err)
	}
	if _, ok := b.contact("101"); ok {
		t.Error("contact is still there")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if got := b.registers[len(b.registers)-1]; got != "101 0" || b.registers[0] != "101 3600" {
		t.Errorf("REGISTERs: %v", b.registers)
	}
}

func TestRegisterRefused(t *testing.T) {
	b := startPBX(t)
	account := b.account("101")
	account.Password = "wrong"
	err := newPhone(t, Options{}).Register(patience(t), account)
	var status *StatusError
	if !errors.As(err, &status) || status.Code != 401 {
		t.Errorf("got %v, want 401", err)
	}
	account.Transport = "sctp"
	wantError(t, newPhone(t, Options{}).Register(patience(t), account), "not simulated")
}

func TestCloseUnregistersAndPowerOffDoesNot(t *testing.T) {
	b := startPBX(t)
	on, off := registered(t, b, "101", Options{}), registered(t, b, "102", Options{})
	if err := on.Close(); err != nil {
		t.Error(err)
	}
	off.PowerOff()
	if _, ok := b.contact("101"); ok {
		t.Error("Close left the contact")
	}
	if _, ok := b.contact("102"); !ok {
		t.Error("PowerOff removed the contact")
	}
	if _, err := off.Listen(); !errors.Is(err, errClosed) {
		t.Error("a phone without power listens")
	}
}

func TestOptionsAndNotify(t *testing.T) {
	b := startPBX(t)
	files := serveFiles(t, map[string]string{"/805ec0aabb01.cfg": yealinkAccount})
	p := registered(t, b, "101", Options{RefetchOnCheckSync: true, ProvisioningURL: files.URL})
	ctx := patience(t)
	to, _ := b.contact("101")
	options := sip.NewRequest(sip.OPTIONS, to)
	from := sip.FromHeader{Address: to}
	from.Params.Add("tag", "x")
	id, hops := sip.CallIDHeader("qualify"), sip.MaxForwardsHeader(70)
	for _, h := range []sip.Header{&from, &sip.ToHeader{Address: to}, &id, &sip.CSeqHeader{SeqNo: 1, MethodName: sip.OPTIONS}, &hops} {
		options.AppendHeader(h)
	}
	res, err := b.send(ctx, options)
	if err != nil || res.StatusCode != 200 || res.GetHeader("User-Agent").Value() != "Yealink SIP-T46U 108.86.0.90" {
		t.Errorf("OPTIONS: %v, %v", res, err)
	}
	res, err = b.notify(ctx, to, nil, 1, "message-summary", "application/simple-message-summary",
		"Messages-Waiting: yes\r\nMessage-Account: sip:*97@pbx\r\nVoice-Message: 2/8 (0/0)\r\n")
	if err != nil || res.StatusCode != 200 {
		t.Errorf("message-summary: %v, %v", res, err)
	}
	v, err := p.WaitVoicemail(ctx, func(v Voicemail) bool { return v.Waiting })
	if diff := cmp.Diff(Voicemail{Waiting: true, New: 2, Old: 8}, v); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if res, err = b.notify(ctx, to, nil, 1, "check-sync;reboot=true", "text/plain", ""); err != nil || res.StatusCode != 200 {
		t.Errorf("check-sync: %v, %v", res, err)
	}
	if c := next(t, p.CheckSyncs()); !c.Reboot || c.Err != nil || len(c.Fetched) != 4 || len(c.Config.Accounts) != 1 {
		t.Errorf("check-sync: %+v", c)
	}
}

func TestSubscribe(t *testing.T) {
	b := startPBX(t)
	p := registered(t, b, "101", Options{})
	ctx := patience(t)
	s, err := p.Subscribe(ctx, "102")
	if err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	sub := b.seen
	b.mu.Unlock()
	to, _ := b.contact("101")
	body := func(state, direction string) string {
		return `<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="1" state="full" entity="sip:102@x"><dialog id="102"` +
			direction + `><state>` + state + `</state></dialog></dialog-info>`
	}
	steps := []struct{ state, direction, want string }{{"terminated", "", "idle"}, {"early", ` direction="recipient"`, "ringing"}, {"confirmed", "", "busy"}}
	for i, step := range steps {
		res, err := b.notify(ctx, to, sub, uint32(i+1), "dialog", "application/dialog-info+xml", body(step.state, step.direction))
		if err != nil || res.StatusCode != 200 {
			t.Fatal(res, err)
		}
		if got := next(t, s.States()); got.State != step.want || (step.direction != "" && got.Direction != "recipient") {
			t.Errorf("%s: got %+v", step.state, got)
		}
	}
	if _, err := b.notify(ctx, to, sub, 2, "dialog", "application/dialog-info+xml", body("early", "")); err != nil { // overtaken
		t.Error(err)
	}
	if len(s.States()) != 0 {
		t.Errorf("an overtaken NOTIFY was believed: %+v", <-s.States())
	}
	if res, err := b.notify(ctx, to, nil, 9, "dialog", "application/dialog-info+xml", body("early", "")); err != nil || res.StatusCode != 481 {
		t.Errorf("NOTIFY outside a subscription: %v, %v", res, err)
	}
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
}
