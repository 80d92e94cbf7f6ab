// Package demo walks through an office once, as a person would: two people, two
// desk phones that are only MAC addresses, a call with audio both ways, a
// voicemail. `make demo` and the whole-program test run it. It may import
// cmd/sandbox/office and cmd/phonesim/phone; it knows the product through its API,
// its phone files and SIP only.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/office"
)

// person is one extension with mailbox, device and desk phone.
type person struct {
	Number, Name string
	MAC          string
	Vendor       string
	Model        string
	phone        *phone.Phone
}

// tour is one run of the demo.
type tour struct {
	places office.Places
	api    *office.Client
	out    io.Writer
	start  time.Time
	alice  *person // Yealink
	bob    *person // Polycom
}

// Tones of the two, so that each can tell the other's voice from its own.
const (
	aliceTone = 1000.0 // Hz
	bobTone   = 440.0
)

// listen is how long a tone must be heard without a break.
const listen = time.Second

// ringSeconds is short so that the voicemail part does not take long.
const ringSeconds = 5

// Run walks through the office at p and prints each step with its time.
func Run(ctx context.Context, p office.Places, out io.Writer) (err error) {
	api, err := office.NewClient(p)
	if err != nil {
		return err
	}
	t := &tour{places: p, api: api, out: out, start: time.Now(),
		alice: &person{Number: "7001", Name: "Alice Demo", MAC: "00:15:65:00:70:01", Vendor: "yealink", Model: "T46U"},
		bob:   &person{Number: "7002", Name: "Bob Demo", MAC: "64:16:7f:00:70:02", Vendor: "polycom", Model: "VVX450"},
	}
	defer func() {
		for _, who := range t.people() {
			if who.phone != nil {
				err = errors.Join(err, who.phone.Close())
			}
		}
	}()
	for _, step := range []func(context.Context) error{t.create, t.boot, t.talk, t.voicemail} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	t.say("done")
	return nil
}

func (t *tour) people() []*person { return []*person{t.alice, t.bob} }

func (t *tour) say(format string, args ...any) {
	fmt.Fprintf(t.out, "%8.3f s  %s\n", time.Since(t.start).Seconds(), fmt.Sprintf(format, args...))
}

// create makes everything through the API; the last write waits for Asterisk.
func (t *tour) create(ctx context.Context) error {
	const tenant = "/v1/tenants/default"
	for _, who := range t.people() {
		device := "desk-" + who.Number
		mac := who.MAC
		for _, w := range []struct {
			path string
			body map[string]any
		}{
			{"/mailboxes/" + who.Number, map[string]any{"name": who.Name, "pin": "4711"}},
			{"/extensions/" + who.Number, map[string]any{"name": who.Name, "ring_seconds": ringSeconds, "mailbox": who.Number}},
			{"/devices/" + device, map[string]any{"extension": who.Number}},
			{"/phones/" + mac, map[string]any{"vendor": who.Vendor, "model": who.Model,
				"lines": []any{map[string]any{"registration": 1, "device": device}}}},
		} {
			if err := t.api.Do(ctx, "PUT", tenant+w.path, w.body, nil); err != nil {
				return err
			}
		}
		t.say("created extension %s %s with mailbox, device %s and phone %s (%s %s)", who.Number, who.Name, device, mac,
			who.Vendor, who.Model)
	}
	for _, who := range t.people() {
		var answer struct {
			Apply struct{ State, Error string }
		}
		if err := t.api.Do(ctx, "POST", tenant+"/phones/"+who.MAC+"/enrol", nil, &answer, "Prefer", "wait=30"); err != nil {
			return err
		}
		if answer.Apply.State != "applied" {
			return fmt.Errorf("the change did not reach Asterisk: %s %s", answer.Apply.State, answer.Apply.Error)
		}
	}
	t.say("Asterisk runs it")
	return nil
}

// boot lets both phones fetch their files by MAC and register.
func (t *tour) boot(ctx context.Context) error {
	for _, who := range t.people() {
		p, err := phone.New(phone.Options{MAC: who.MAC, Model: who.Model, ProvisioningURL: t.places.Phones + "/"})
		if err != nil {
			return err
		}
		who.phone = p
		config, files, err := p.Fetch(ctx)
		if err != nil {
			return fmt.Errorf("phone %s fetching its files: %w", who.MAC, err)
		}
		got := 0
		for _, f := range files {
			if f.Status == 200 {
				got++
			}
		}
		t.say("phone %s asked for %d files by its MAC and got %d", who.MAC, len(files), got)
		if len(config.Accounts) == 0 {
			return fmt.Errorf("phone %s found no account in its files", who.MAC)
		}
		if err := p.Register(ctx, config.Accounts[0]); err != nil {
			return fmt.Errorf("phone %s registering: %w", who.MAC, err)
		}
		if err := t.waitStatus(ctx, who, "OK"); err != nil {
			return err
		}
		t.say("phone %s registered as %q; its status is OK", who.MAC, config.Accounts[0].Label)
	}
	return nil
}

// waitStatus polls the API until a person's device has a status.
func (t *tour) waitStatus(ctx context.Context, who *person, want string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var d struct {
			Status struct{ Status, IP string }
		}
		if err := t.api.Do(ctx, "GET", "/v1/tenants/default/devices/desk-"+who.Number, nil, &d); err != nil {
			return err
		}
		if d.Status.Status == want {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("device desk-%s is %q and not %q: %w", who.Number, d.Status.Status, want, ctx.Err())
		}
	}
}
