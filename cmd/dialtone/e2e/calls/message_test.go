package calls

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// TestMessagesRealAsterisk: what somebody says is in the message's file, and what is done over
// the API shows on the lamp. Nothing is changed while a phone has the mailbox open.
func TestMessagesRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			post := NewMailServer(t)
			l := openLab(t, suite, post.Flags()...)
			l.Do(t, "PATCH", Tenant, Object{"timezone": "Asia/Tokyo"}, nil)
			l.Extension(t, "100", "", nil)
			l.Extension(t, "101", "4711", Object{"ring_seconds": 5})
			l.Extension(t, "102", "4712", Object{"ring_seconds": 5})
			caller := l.Register(t, l.Device(t, "caller", "100", nil), phone.Options{})
			own := l.Register(t, l.Device(t, "own", "101", nil), phone.Options{})
			other := l.Register(t, l.Device(t, "other", "102", nil), phone.Options{})
			l.Do(t, "PATCH", Tenant+"/mailboxes/101", Object{"email": "ada@example.org", "attach_recording": true}, nil)
			l.Do(t, "PATCH", Tenant, Object{"voicemail_subject": "${caller_number}, ${time}"}, nil)
			l.Applied(t)
			out := Dial(t, caller, "101")
			Rings(t, out, own)
			LeaveMessage(t, out, own, phone.Voicemail{})
			m := l.Messages(t, "101")[0]
			if _, offset := m.Time.Zone(); m.Folder != "new" || m.Heard || m.CallerNumber != "100" || m.Seconds < 2 || offset != 9*60*60 {
				t.Errorf("the message: %+v", m)
			}
			sound := Samples(t, l.MessageAudio(t, "101", m.ID))
			if heard, not := Strength(sound, CallerTone), Strength(sound, CalleeTone); heard < 0.1 || not > heard/10 {
				t.Errorf("the message has %.3f of the caller's tone, %.3f of another", heard, not)
			}
			Eventually(t, 10*time.Second, func() string {
				if post.Count() == 0 {
					return "no mail has come"
				}
				return ""
			})
			mailed := post.Mails(t)[0]
			if mailed.Header.Get("To") != "<ada@example.org>" || mailed.Header.Get("Subject") != "100, "+m.Time.Format("15:04")+" JST" ||
				!bytes.Equal(mailed.Files["message-"+m.ID+".wav"], l.MessageAudio(t, "101", m.ID)) {
				t.Errorf("the mail: %v %s", mailed.Header, mailed.Text)
			}
			path := Tenant + "/mailboxes/101/messages/" + m.ID
			if suite.Name == box.Asterisk16.Name {
				for method, body := range map[string]any{"PATCH": Object{"heard": true}, "DELETE": nil} {
					if r := l.Refused(t, method, path, body); r == nil || r.Status != 501 || r.Kind != "asterisk-too-old" {
						t.Errorf("%s on Asterisk 16: %v", method, r)
					}
				}
				return
			}
			l.Do(t, "PATCH", path, Object{"heard": true}, nil)
			hasMessages(t, own, 0)
			l.Do(t, "PATCH", path, Object{"heard": false}, nil)
			hasMessages(t, own, 1)
			l.Do(t, "POST", path+"/forward", Object{"mailbox": "102"}, nil)
			hasMessages(t, other, 1)
			if r := l.Refused(t, "POST", path+"/forward", Object{"mailbox": "102"}); r == nil || r.Status != 409 {
				t.Errorf("forwarded twice: %v", r)
			}
			for _, folder := range []string{"urgent", "work", "cust5"} {
				l.Do(t, "PATCH", path, Object{"folder": folder}, nil)
				if m := l.Messages(t, "101"); len(m) != 1 || m[0].Folder != folder {
					t.Errorf("moved to %s: %+v", folder, m)
				}
			}
			l.openAtPhone(t, own, path)
			l.Do(t, "DELETE", path, nil, nil)
			if left := l.Messages(t, "101"); len(left) != 0 {
				t.Errorf("deleted: %+v", left)
			}
			if r := l.Refused(t, "DELETE", path, nil); r == nil || r.Status != 404 {
				t.Errorf("deleted twice: %v", r)
			}
			l.Do(t, "DELETE", Tenant+"/mailboxes/102/messages/"+m.ID, nil, nil)
			hasMessages(t, other, 0)
		})
	}
}

// openAtPhone opens the mailbox at a phone: until that call ends, nothing is changed.
func (l *lab) openAtPhone(t *testing.T, own *phone.Phone, path string) {
	t.Helper()
	c := Dial(t, own, "*97")
	if err := c.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	HearsSpeech(t, c) // it asks for the PIN
	for method, body := range map[string]any{"PATCH": Object{"heard": false}, "DELETE": nil} {
		if r := l.Refused(t, method, path, body); r == nil || r.Status != 409 || r.Kind != "busy" {
			t.Errorf("%s while a phone has it open: %v", method, r)
		}
	}
	Leave(t, c)
	Eventually(t, 10*time.Second, func() string {
		if r := l.Refused(t, "PATCH", path, Object{"heard": false}); r != nil {
			return fmt.Sprint("after the call: ", r)
		}
		return ""
	})
}
