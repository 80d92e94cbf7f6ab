package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/factory"
	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// Tones of the two sides, so that each can tell the other's voice from its own.
const (
	callerTone = 1000.0 // Hz
	calleeTone = 440.0
)

// farewell bounds a hang-up.
const farewell = 10 * time.Second

type fetchCmd struct{}

type registerCmd struct {
	For time.Duration `default:"10s" help:"How long to stay; 0: until interrupted."`
}

type callCmd struct {
	Number string        `arg:"" help:"Number to call; a sip: URI is called directly, without registering."`
	Talk   time.Duration `default:"3s" help:"How long to talk."`
	Wait   time.Duration `default:"30s" help:"How long to let it ring."`
	DTMF   string        `name:"dtmf" help:"Digits to press after the answer."`
}

type answerCmd struct {
	For   time.Duration `default:"60s" help:"How long to wait for calls; 0: until interrupted."`
	After time.Duration `default:"1s" help:"How long to let it ring."`
}

// Run shows each file request and the accounts, without passwords.
func (fetchCmd) Run(ctx context.Context, d *desk) error {
	_, err := d.fetch(ctx)
	return err
}

// Run registers and tells about voicemail and check-sync meanwhile.
func (r registerCmd) Run(ctx context.Context, d *desk) error {
	if err := d.register(ctx); err != nil {
		return err
	}
	ctx, cancel := limit(ctx, r.For)
	defer cancel()
	for {
		_, changed := d.phone.WatchVoicemail()
		select {
		case <-changed:
			v := d.phone.Voicemail()
			d.say("voicemail: %d new, %d old", v.New, v.Old)
		case s := <-d.phone.CheckSyncs():
			d.say("check-sync (reboot %v): %d files, error %v", s.Reboot, len(s.Fetched), s.Err)
		case <-ctx.Done():
			return nil
		}
	}
}

// Run calls, sends a tone, listens for the other side's, hangs up.
func (c callCmd) Run(ctx context.Context, d *desk) error {
	dial := d.phone.DialURI
	if !strings.HasPrefix(c.Number, "sip:") {
		dial = d.phone.Dial
		if err := d.register(ctx); err != nil {
			return err
		}
		if d.box != nil {
			dial = d.box.OffHook
			sent := d.box.Settings().OffHook(c.Number, d.cli.Between)
			d.say("typed %s off hook: the phone dials %q %v after its last digit", c.Number, sent.Number, sent.After)
		}
	}
	ring, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	call, err := dial(ring, c.Number)
	if err != nil {
		return err
	}
	d.say("calling %s", c.Number)
	select {
	case <-call.Ringing():
		d.say("ringing")
	case <-call.Answered():
	case <-call.Done():
	}
	if err := call.WaitAnswer(); err != nil {
		return fmt.Errorf("calling %s: %w", c.Number, err)
	}
	d.say("answered")
	call.Tone(callerTone)
	if c.DTMF != "" {
		if err := call.SendDTMF(c.DTMF); err != nil {
			return err
		}
		d.say("pressed %s", c.DTMF)
	}
	d.talk(ctx, call, calleeTone, c.Talk)
	return d.hangup(call)
}

// Run answers call after call. Without --url and --server it can only be called directly.
func (a answerCmd) Run(ctx context.Context, d *desk) error {
	if d.cli.URL == "" && d.cli.Server == "" {
		addr, err := d.phone.Listen()
		if err != nil {
			return err
		}
		d.say("waiting for calls at sip:%s", addr)
	} else if err := d.register(ctx); err != nil {
		return err
	}
	ctx, cancel := limit(ctx, a.For)
	defer cancel()
	for {
		select {
		case call := <-d.phone.Incoming():
			if err := a.take(ctx, d, call); err != nil {
				d.say("call: %v", err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

func (a answerCmd) take(ctx context.Context, d *desk, call *phone.Call) error {
	d.say("call from %q <%s>", call.CallerName(), call.CallerNumber())
	if err := call.Ring(); err != nil {
		return err
	}
	select {
	case <-time.After(a.After):
	case <-call.Done():
		d.say("caller gave up %s", call.HangupReason())
		return nil
	case <-ctx.Done():
		return d.hangup(call)
	}
	call.Tone(calleeTone)
	if err := call.Answer(ctx); err != nil {
		return err
	}
	d.say("answered")
	d.talk(ctx, call, callerTone, time.Hour)
	if digits := call.DTMF(); digits != "" {
		d.say("heard digits %s", digits)
	}
	return d.hangup(call)
}

// talk listens for the other side's tone until the call ends or the time is over, and says when the tone is there.
func (d *desk) talk(ctx context.Context, call *phone.Call, hz float64, during time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, during)
	defer cancel()
	if err := call.Hear(ctx, hz, 500*time.Millisecond); err != nil {
		d.say("%v", err)
	} else {
		d.say("hear %.0f Hz", hz)
	}
	select {
	case <-ctx.Done():
	case <-call.Done():
	}
}

func (d *desk) hangup(call *phone.Call) error {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	err := call.Hangup(ctx)
	who := "we"
	if call.RemoteHungUp() {
		who = "they"
	}
	s := call.Stats()
	d.say("%s hung up: %d packets sent, %d received, %d lost", who, s.Sent, s.Received, s.Lost)
	return err
}

// fetch fetches and tells about it.
func (d *desk) fetch(ctx context.Context) (*phone.Config, error) {
	if d.cli.URL == "" {
		return nil, errors.New("fetching needs --url")
	}
	config, files, err := d.phone.Fetch(ctx)
	for _, f := range files {
		d.say("GET %s %d, %d bytes, %v", f.URL, f.Status, f.Size, f.Duration.Round(10*time.Microsecond))
	}
	if err != nil {
		return nil, err
	}
	for _, a := range config.Accounts {
		d.say("%v", a)
	}
	if d.box != nil {
		d.box.Take(config)
	}
	for _, k := range config.BLF() {
		d.say("key %d watches %s (%s)", k.Index, k.Value, k.Label)
	}
	return config, nil
}

// register registers the first account of the files, or the one of the flags.
func (d *desk) register(ctx context.Context) error {
	account := phone.Account{Index: 1, UserName: d.cli.User, DisplayName: d.cli.User, AuthName: d.cli.AuthUser,
		Password: d.cli.Password, Server: d.cli.Server, Port: d.cli.Port, Transport: "udp"}
	if d.cli.Server == "" {
		config, err := d.fetch(ctx)
		if err != nil {
			return err
		}
		if len(config.Accounts) == 0 {
			return errors.New("the files enable no account")
		}
		account = config.Accounts[0]
	}
	if err := d.phone.Register(ctx, account); err != nil {
		return err
	}
	addr, err := d.phone.Listen()
	if err != nil {
		return err
	}
	d.say("registered %s at %s as %s", account.UserName, account.Server, addr)
	if d.box != nil {
		return d.ownKeys(ctx)
	}
	return nil
}

// ownKeys presses the keys of the phone itself that the flags ask for. A phone without one goes
// on without it.
func (d *desk) ownKeys(ctx context.Context) error {
	for _, key := range []struct {
		what  string
		asked bool
		press func() error
	}{
		{"do not disturb", d.cli.DND, func() error { return d.box.PressDND(ctx, true) }},
		{"forward", d.cli.Forward != "", func() error { return d.box.PressForward(ctx, d.cli.Forward) }},
	} {
		if !key.asked {
			continue
		}
		if err := key.press(); errors.Is(err, factory.ErrNoKey) {
			d.say("its own key to %s is taken away", key.what)
		} else if err != nil {
			return err
		} else {
			d.say("pressed its own key to %s", key.what)
		}
	}
	return nil
}

// limit is a context that ends after d, or never by itself when d is 0.
func limit(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
