package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// talk is a call from Alice to Bob with audio both ways.
func (t *tour) talk(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	out, err := t.alice.phone.Dial(ctx, t.bob.Number)
	if err != nil {
		return fmt.Errorf("%s calling %s: %w", t.alice.Number, t.bob.Number, err)
	}
	var in *phone.Call
	select {
	case in = <-t.bob.phone.Incoming():
	case <-out.Done():
		return fmt.Errorf("%s calling %s: %w", t.alice.Number, t.bob.Number, out.Err())
	case <-ctx.Done():
		return fmt.Errorf("%s does not ring: %w", t.bob.Number, ctx.Err())
	}
	if err := in.Ring(); err != nil {
		return err
	}
	t.say("%s rings; its display says %q %s", t.bob.Number, in.CallerName(), in.CallerNumber())
	if in.CallerName() != t.alice.Name || in.CallerNumber() != t.alice.Number {
		return fmt.Errorf("the display should say %q %s", t.alice.Name, t.alice.Number)
	}
	if err := in.Answer(ctx); err != nil {
		return fmt.Errorf("%s answering: %w", t.bob.Number, err)
	}
	if err := out.WaitAnswer(); err != nil {
		return err
	}
	t.say("%s answered", t.bob.Number)
	out.Tone(aliceTone)
	in.Tone(bobTone)
	if err := out.Hear(ctx, bobTone, listen); err != nil {
		return fmt.Errorf("%s listening to %s: %w", t.alice.Number, t.bob.Number, err)
	}
	t.say("%s hears %s", t.alice.Number, t.bob.Number)
	if err := in.Hear(ctx, aliceTone, listen); err != nil {
		return fmt.Errorf("%s listening to %s: %w", t.bob.Number, t.alice.Number, err)
	}
	t.say("%s hears %s", t.bob.Number, t.alice.Number)
	if err := out.Hangup(ctx); err != nil {
		return err
	}
	select {
	case <-in.Done():
		t.say("%s hung up; %s heard it", t.alice.Number, t.bob.Number)
	case <-ctx.Done():
		return fmt.Errorf("%s did not hear the hang-up: %w", t.bob.Number, ctx.Err())
	}
	return nil
}

// voicemail is a call from Bob that Alice does not take, and her lamp.
func (t *tour) voicemail(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	before := t.alice.phone.Voicemail().New
	out, err := t.bob.phone.Dial(ctx, t.alice.Number)
	if err != nil {
		return fmt.Errorf("%s calling %s: %w", t.bob.Number, t.alice.Number, err)
	}
	select {
	case in := <-t.alice.phone.Incoming():
		if err := in.Ring(); err != nil {
			return err
		}
		t.say("%s rings; nobody takes it", t.alice.Number)
	case <-ctx.Done():
		return fmt.Errorf("%s does not ring: %w", t.alice.Number, ctx.Err())
	}
	if err := out.WaitAnswer(); err != nil {
		return fmt.Errorf("waiting for voicemail: %w", err)
	}
	t.say("voicemail answered after %d s", ringSeconds)
	// # skips the greeting; what follows is recorded.
	if err := out.SendDTMF("#"); err != nil {
		return err
	}
	out.Tone(bobTone)
	if err := pause(ctx, 3*time.Second); err != nil {
		return err
	}
	if err := out.Hangup(ctx); err != nil {
		return err
	}
	t.say("%s left a message of 3 s", t.bob.Number)
	v, err := t.alice.phone.WaitVoicemail(ctx, func(v phone.Voicemail) bool { return v.New > before })
	if err != nil {
		return fmt.Errorf("waiting for the message lamp of %s: %w", t.alice.Number, err)
	}
	t.say("the message lamp of %s is on: %d new", t.alice.Number, v.New)
	return nil
}

// pause talks for a while.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
