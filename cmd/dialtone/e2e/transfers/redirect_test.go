package transfers

import (
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestRedirectRealAsterisk lets a phone answer 302, on both versions: the plan sends the call
// on, and without a controller nobody is told that the phone is busy.
func TestRedirectRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			phones := map[string]*phone.Phone{}
			for number, mailbox := range map[string]string{"101": "", "102": "", "103": "", "104": "47104"} {
				l.Extension(t, number, mailbox, nil)
				phones[number] = l.Register(t, l.Device(t, "desk-"+number, number, nil), phone.Options{})
			}
			l.Applied(t)
			for range 8 { // Dial may end before the response is read to its end
				out := Dial(t, phones["101"], "102")
				redirect(t, out, phones["102"])
				HangUp(t, out, Rings(t, out, phones["103"]))
			}
			out := Dial(t, phones["101"], "102")
			redirect(t, out, phones["102"])
			in := Rings(t, out, phones["103"])
			Answer(t, out, in)
			Talk(t, out, in)
			HangUp(t, in, out)
			l.Kill(t)
			out = Dial(t, phones["101"], "104")
			redirect(t, out, phones["104"])
			Hears(t, out.Answered(), out, "voicemail")
			Leave(t, out)
			out = Dial(t, phones["101"], "102")
			redirect(t, out, phones["102"])
			Hears(t, out.Done(), out, "the end of the call")
			if got := StatusOf(t, out.Err()); got != 480 {
				t.Errorf("without a controller a phone that redirects makes the call end with %d", got)
			}
		})
	}
}

// redirect lets a phone send the call that rings there to 103.
func redirect(t *testing.T, out *phone.Call, at *phone.Phone) {
	t.Helper()
	select {
	case in := <-at.Incoming():
		if err := in.Redirect("sip:103@127.0.0.1"); err != nil {
			t.Fatal(err)
		}
	case <-time.After(Patience):
		t.Fatalf("no call comes: %v", out.Err())
	}
}
