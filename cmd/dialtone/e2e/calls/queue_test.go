package calls

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// TestQueueLineRealAsterisk: callers are served in their order, one beyond the most is not let in,
// and one that gives up is recorded so. A controller that dies while they wait changes nothing:
// they are served, and a queue that is full still leads to where it did.
func TestQueueLineRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			phones := map[string]*phone.Phone{}
			for _, number := range []string{"100", "101", "102", "103"} {
				l.Extension(t, number, "", nil)
				phones[number] = l.Register(t, l.Device(t, "d"+number, number, nil), phone.Options{})
			}
			l.Do(t, "PUT", Tenant+"/queues/support", Object{"number": "600", "members": Members("100"), "retry_seconds": 1,
				"max_waiting": 2, "full_destination": "hangup"}, nil)
			// A circle, as both are empty.
			l.Do(t, "PUT", Tenant+"/queues/left", Object{"number": "610"}, nil)
			l.Do(t, "PUT", Tenant+"/queues/right", Object{"number": "611", "destination": "queue:left"}, nil)
			l.Do(t, "PATCH", Tenant+"/queues/left", Object{"destination": "queue:right"}, nil)
			l.Applied(t)
			first := Dial(t, phones["101"], "600")
			rings := Incoming(t, phones["100"])
			second := Dial(t, phones["102"], "600")
			waits(t, l.Lab, 2)
			if status := Refusal(t, phones["103"], "600"); status != 480 {
				t.Errorf("the third caller is refused with %d", status)
			}
			lineIs(t, l.Lab, "101 at 1, 102 at 2; 100 ringing")
			l.Kill(t)
			if status := Refusal(t, phones["103"], "600"); status != 480 {
				t.Errorf("without a controller the third caller is refused with %d", status)
			}
			if status := Refusal(t, phones["103"], "610"); status != 480 {
				t.Errorf("without a controller a circle of queues is refused with %d", status)
			}
			Answer(t, first, rings)
			HangUp(t, rings, first)
			next := Incoming(t, phones["100"])
			Answer(t, second, next)
			HangUp(t, next, second)
			third := Dial(t, phones["103"], "600")
			Incoming(t, phones["100"])
			l.Restart(t)
			waits(t, l.Lab, 1)
			lineIs(t, l.Lab, "103 at 1; 100 ringing")
			Leave(t, third)
			l.NoChannels(t)
			Eventually(t, 10*time.Second, func() string {
				for _, c := range l.CDRs(t, "") {
					if c.From.Extension == "103" && c.Outcome == "cancelled" && c.AnsweredBy == nil {
						return ""
					}
				}
				return "the record of the caller that gave up is missing"
			})
		})
	}
}

// waits waits until so many callers are in line.
func waits(t *testing.T, l *Lab, callers int) {
	t.Helper()
	Eventually(t, 20*time.Second, func() string {
		shown := l.Console(t, "queue show support@default")
		_, list, _ := strings.Cut(shown, "Callers:")
		if n := strings.Count(list, "(wait:"); n != callers {
			return shown
		}
		return ""
	})
}

// lineIs checks what the API says of the line and of the member.
func lineIs(t *testing.T, l *Lab, want string) {
	t.Helper()
	var status struct {
		Waiting int
		Callers []struct {
			Number   string
			Position int
		}
		Members []struct{ Extension, State string }
	}
	Eventually(t, 10*time.Second, func() string {
		l.Do(t, "GET", Tenant+"/queues/support/status", nil, &status)
		var got []string
		for _, c := range status.Callers {
			got = append(got, fmt.Sprintf("%s at %d", c.Number, c.Position))
		}
		text := strings.Join(got, ", ")
		for _, m := range status.Members {
			text += "; " + m.Extension + " " + m.State
		}
		if text != want || status.Waiting != len(got) {
			return fmt.Sprintf("%d wait, %s; want %s", status.Waiting, text, want)
		}
		return ""
	})
}
