package outside

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// shownForHelp is the number that the caller's calls for help show.
const shownForHelp = "+493012345600"

// TestCallForHelpRealAsterisk calls for help from a phone that wants no calls, and calls it back
// by the number that was shown, also after a kill; a test speaks and calls nobody. A call for
// help that begins without a controller is told of when it is back. Each is told of
// once.
func TestCallForHelpRealAsterisk(t *testing.T) {
	t.Parallel()
	post := NewMailServer(t)
	o := &helped{outdoors{OpenOutdoors(t, box.Asterisk22, post.Flags()...)}, post}
	o.Do(t, "PATCH", Tenant, Object{"country": "DE", "emergency_mail": []string{"desk@example.org"}, "emergency_test_number": "933"}, nil)
	o.Do(t, "PUT", Tenant+"/numbers/"+shownForHelp, Object{"destination": "hangup"}, nil)
	o.Do(t, "PATCH", Tenant+"/extensions/101", Object{"presentation_number": shownForHelp, "do_not_disturb": true,
		"guard": Object{"calls": 1, "minutes_per_day": 1}}, nil)
	o.Do(t, "PATCH", Tenant+"/devices/caller", Object{"location": "Room 4"}, nil)
	o.Registered()
	o.Applied(t)
	if got := Refusal(t, o.Ada, shownForHelp); got != 480 {
		t.Errorf("before a call for help, a call back ends with %d", got)
	}
	test := Dial(t, o.Caller, "933")
	if err := test.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	HearsSpeech(t, test)
	Hears(t, test.Done(), test, "the end of the test")
	o.mails(t, 1, "Test of a call for help", "This is a test")
	if got := Refusal(t, o.Ada, shownForHelp); got != 480 {
		t.Errorf("after a test, a call back ends with %d", got)
	}
	o.callsForHelp(t)
	o.callsForHelpAlone(t)
}

// helped is an office whose mails are read.
type helped struct {
	outdoors
	post *MailServer
}

// mails waits until so many mails have come, and checks the last one.
func (o *helped) mails(t *testing.T, n int, subject, text string) {
	t.Helper()
	Eventually(t, Patience, func() string {
		if got := o.post.Count(); got < n {
			return fmt.Sprintf("%d mails have come, not %d", got, n)
		}
		return ""
	})
	header, body := o.post.Last(t)
	if got := header.Get("Subject"); got != subject || !strings.Contains(body, text) || !strings.Contains(body, "Location: Room 4") {
		t.Errorf("mail %d is %q:\n%s", n, got, body)
	}
	if got := o.post.Count(); got != n {
		t.Errorf("%d mails have come, not %d", got, n)
	}
}

// callsForHelp kills the controller as soon as the call rings: it was told of, and is not told
// of again.
func (o *helped) callsForHelp(t *testing.T) {
	t.Helper()
	stream := o.Follow(t)
	help := Dial(t, o.Caller, "112")
	there := Rings(t, help, o.Ada)
	Eventually(t, Patience, func() string {
		if told := stream.Of("emergency"); len(told) != 1 || !strings.Contains(told[0], `"number":"112"`) ||
			!strings.Contains(told[0], `"location":"Room 4"`) {
			return fmt.Sprintf("the stream tells %q", told)
		}
		return ""
	})
	o.Kill(t)
	HangUp(t, help, there)
	o.Restart(t)
	o.NoChannels(t)
	o.mails(t, 2, "Call for help: 112", "Extension: 101 Caller")
	back, at := Connect(t, o.Ada, o.Caller, shownForHelp)
	HangUp(t, back, at)
	o.NoChannels(t)
	var places struct {
		Items []struct {
			Device, Location string
			Shown, Missing   []string
			Called           *time.Time
		}
	}
	o.Do(t, "GET", Tenant+"/emergency", nil, &places)
	if p := places.Items; len(p) != 1 || p[0].Location != "Room 4" || len(p[0].Shown) != 1 || p[0].Called == nil || len(p[0].Missing) != 0 {
		t.Errorf("calls for help tell %+v", p)
	}
	o.mails(t, 2, "Call for help: 112", "Number shown: "+shownForHelp)
}

// callsForHelpAlone calls for help without a controller, which is back while it still rings. The
// record of the call tells of it no more.
func (o *helped) callsForHelpAlone(t *testing.T) {
	t.Helper()
	o.Kill(t)
	help := Dial(t, o.Caller, "112")
	there := Rings(t, help, o.Ada)
	o.Restart(t)
	o.mails(t, 3, "Call for help: 112", "did not see the call begin")
	HangUp(t, help, there)
	o.NoChannels(t)
	o.mails(t, 3, "Call for help: 112", "did not see the call begin")
}
