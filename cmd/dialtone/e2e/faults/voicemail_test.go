package faults

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// The messages of TestVoicemailIsMailedOnceRealAsterisk.
const (
	leftMessages  = 200
	leftEvery     = 200 * time.Millisecond
	mailboxesLeft = 10
	killedAfter   = 70  // messages: the controller, while calls are up
	restartAfter  = 130 // messages: Asterisk, once those calls are over
)

// TestVoicemailIsMailedOnceRealAsterisk leaves 200 messages at five a second, through a kill of
// the controller and a restart of Asterisk: all are there, lamps are right, and each is mailed
// once.
func TestVoicemailIsMailedOnceRealAsterisk(t *testing.T) {
	t.Parallel()
	post := NewMailServer(t)
	l := openLab(t, box.Asterisk22, post.Flags()...)
	var owners []*phone.Phone
	for n := range mailboxesLeft {
		number := fmt.Sprint(200 + n)
		l.Do(t, "PUT", Tenant+"/mailboxes/"+number, Object{"name": "Box " + number, "pin": "4711", "email": "box" + number + "@example.org",
			"attach_recording": true}, nil)
		l.Do(t, "PUT", Tenant+"/extensions/"+number, Object{"name": "Box " + number, "mailbox": number, "do_not_disturb": true}, nil)
		owners = append(owners, l.Register(t, l.Device(t, "d"+number, number, nil), phone.Options{}))
	}
	l.Extension(t, "100", "", nil)
	caller := l.Register(t, l.Device(t, "caller", "100", nil), phone.Options{})
	l.Applied(t)
	var calls sync.WaitGroup
	leave := func(from, to int) {
		tick := time.NewTicker(leftEvery)
		defer tick.Stop()
		for n := from; n < to; n++ {
			calls.Go(func() {
				if err := leaveQuickly(t.Context(), caller, fmt.Sprint(200+n%mailboxesLeft)); err != nil {
					t.Errorf("message %d: %v", n, err)
				}
			})
			<-tick.C
		}
	}
	leave(0, killedAfter)
	l.KillAtOnce(t)
	l.Restart(t)
	leave(killedAfter, restartAfter)
	calls.Wait()
	if err := l.Asterisk.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.Decides(t, 20*time.Second)
	leave(restartAfter, leftMessages)
	calls.Wait()
	l.allMailedOnce(t, post, owners)
}

// leaveQuickly skips the greeting and says two seconds more than the shortest message.
func leaveQuickly(ctx context.Context, from *phone.Phone, number string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	c, err := from.Dial(ctx, number)
	if err != nil {
		return err
	}
	if err := c.WaitAnswer(); err != nil {
		return fmt.Errorf("voicemail does not answer: %w", err)
	}
	if err := HearsWords(ctx, c); err != nil {
		return fmt.Errorf("waiting for the greeting: %w", err)
	}
	if err := c.SendDTMF("#"); err != nil {
		return err
	}
	if err := c.Silent(ctx, time.Second); err != nil {
		return err
	}
	c.Tone(CallerTone)
	sent := c.Stats().Sent
	if problem := WaitFor(time.Minute, func() string {
		if n := c.Stats().Sent - sent; n < 4*50 {
			return fmt.Sprintf("only %d packets of the message were sent", n)
		}
		return ""
	}); problem != "" {
		return fmt.Errorf("%s", problem)
	}
	return c.Hangup(ctx)
}

// allMailedOnce compares messages, lamps and mails.
func (l *lab) allMailedOnce(t *testing.T, post *MailServer, owners []*phone.Phone) {
	t.Helper()
	inBoxes := map[string]string{} // id of a message → mailbox
	Eventually(t, time.Minute, func() string {
		clear(inBoxes)
		for n := range owners {
			number := fmt.Sprint(200 + n)
			for _, m := range l.Messages(t, number) {
				inBoxes[m.ID] = number
			}
		}
		if len(inBoxes) != leftMessages {
			return fmt.Sprintf("%d messages are there", len(inBoxes))
		}
		return ""
	})
	for n, owner := range owners {
		want := leftMessages / mailboxesLeft
		if v, err := owner.WaitVoicemail(Within(t, 10*time.Second), func(v phone.Voicemail) bool { return v.New == want }); err != nil {
			t.Errorf("the lamp of %d shows %+v, not %d new", 200+n, v, want)
		}
	}
	Eventually(t, time.Minute, func() string {
		if n := post.Count(); n < leftMessages {
			return fmt.Sprintf("%d mails have come", n)
		}
		return ""
	})
	mails, mailed := post.Mails(t), map[string]bool{}
	for _, m := range mails {
		mailed[m.Header.Get("Message-Id")] = true
		for name, content := range m.Files {
			id := strings.TrimSuffix(strings.TrimPrefix(name, "message-"), ".wav")
			if m.Header.Get("To") != "<box"+inBoxes[id]+"@example.org>" || !strings.Contains(m.Text, "100") {
				t.Errorf("message %s is mailed to %s: %s", id, m.Header.Get("To"), m.Text)
			}
			if heard := Strength(Samples(t, content), CallerTone); heard < 0.1 {
				t.Errorf("message %s is mailed with %.3f of the caller's tone", id, heard)
			}
			delete(inBoxes, id)
		}
	}
	if len(inBoxes) > 0 {
		t.Errorf("not mailed with their recording: %v", inBoxes)
	}
	// A mail that the server took at the moment of the kill is sent again, under its id.
	if len(mailed) != leftMessages || len(mails) > leftMessages+1 {
		t.Errorf("%d mails have come with %d ids", len(mails), len(mailed))
	}
}
