package faults

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// TestQueuesOutliveAsteriskRealAsterisk: after a restart of Asterisk its queues know the members
// that are free, and five callers that wait when the controller is killed are served, each once,
// in their order, by two queues that share a member.
func TestQueuesOutliveAsteriskRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			phones, accounts := map[string]*phone.Phone{}, map[string]phone.Account{}
			for _, number := range []string{"100", "101", "102", "103", "104", "105"} {
				l.Extension(t, number, "", nil)
				accounts[number] = l.Device(t, "d"+number, number, nil)
				phones[number] = l.Register(t, accounts[number], phone.Options{})
			}
			for name, number := range map[string]string{"support": "600", "sales": "601"} {
				l.Do(t, "PUT", Tenant+"/queues/"+name, Object{"number": number, "members": Members("100"), "retry_seconds": 1}, nil)
			}
			l.Applied(t)
			l.Asterisk.Kill()
			if err := l.Asterisk.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			l.Decides(t, 30*time.Second)
			for number, p := range phones { // Asterisk writes registrations once a second
				if err := p.Register(Within(t, 10*time.Second), accounts[number]); err != nil {
					t.Fatal(err)
				}
			}
			l.memberIs(t, "support", "free")
			l.memberIs(t, "sales", "free")
			waiting := map[string]*phone.Call{}
			for i, number := range []string{"101", "102", "103", "104", "105"} {
				queue := []string{"600", "601"}[i%2]
				waiting[number] = Dial(t, phones[number], queue)
				if err := waiting[number].WaitAnswer(); err != nil {
					t.Fatal(err)
				}
			}
			l.Kill(t)
			served := map[string][]string{}
			for range len(waiting) {
				in := Incoming(t, phones["100"])
				number := strings.TrimSpace(in.CallerNumber())
				if err := in.Answer(Within(t, 10*time.Second)); err != nil {
					t.Fatal(err)
				}
				out := waiting[number]
				if out == nil {
					t.Fatalf("a caller %q is served that does not wait", number)
				}
				Talk(t, out, in)
				HangUp(t, in, out)
				delete(waiting, number)
				line := "600"
				if number == "102" || number == "104" {
					line = "601"
				}
				served[line] = append(served[line], number)
			}
			if got := fmt.Sprint(served); got != "map[600:[101 103 105] 601:[102 104]]" {
				t.Errorf("served were %s", got)
			}
			l.NoChannels(t)
			l.Restart(t)
		})
	}
}

// memberIs waits until the only member of a queue is seen as that.
func (l *lab) memberIs(t *testing.T, queue, want string) {
	t.Helper()
	Eventually(t, 20*time.Second, func() string {
		var status struct{ Members []struct{ State string } }
		l.Do(t, "GET", Tenant+"/queues/"+queue+"/status", nil, &status)
		if len(status.Members) != 1 || status.Members[0].State != want {
			return fmt.Sprintf("the members of queue %s are %+v", queue, status.Members)
		}
		return ""
	})
}
