package calls

import (
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// forwards is an office of three: 101 calls, 102 forwards, 103 and 104 get calls.
type forwards struct {
	*lab
	caller, second, third, fourth *phone.Phone
}

// TestForwardsRealAsterisk follows calls where an extension's rules send them.
func TestForwardsRealAsterisk(t *testing.T) {
	t.Parallel()
	f := &forwards{lab: openLab(t, box.Asterisk22)}
	for _, number := range []string{"101", "102", "103", "104", "105"} {
		f.Extension(t, number, "47"+number, nil)
	}
	f.caller = f.Register(t, f.Device(t, "caller", "101", nil), phone.Options{})
	f.second = f.Register(t, f.Device(t, "second", "102", nil), phone.Options{})
	f.third = f.Register(t, f.Device(t, "third", "103", nil), phone.Options{})
	f.fourth = f.Register(t, f.Device(t, "fourth", "104", nil), phone.Options{})
	f.Device(t, "absent", "105", nil)
	t.Run("every call", f.everyCall)
	t.Run("schedule", f.schedule)
	t.Run("conditions", f.conditions)
	t.Run("wants no call", f.wantsNoCall)
	t.Run("circle", f.circle)
	t.Run("no controller", f.noController)
	f.NoChannels(t)
}

func (f *forwards) forward(t *testing.T, number string, body Object) {
	t.Helper()
	f.Do(t, "PUT", Tenant+"/forwards/"+number, body, nil)
	f.Applied(t)
}

// reaches dials a number and checks that this phone, and no other, rings.
func (f *forwards) reaches(t *testing.T, number string, p *phone.Phone) {
	t.Helper()
	out := Dial(t, f.caller, number)
	in := Rings(t, out, p)
	Answer(t, out, in)
	Talk(t, out, in)
	HangUp(t, in, out)
}

// reachesMailbox dials a number and checks that voicemail answers within a second
// of when it should.
func (f *forwards) reachesMailbox(t *testing.T, number string, after time.Duration) {
	t.Helper()
	start := time.Now()
	out := Dial(t, f.caller, number)
	Hears(t, out.Answered(), out, "voicemail")
	Took(t, "to reach voicemail", start, after)
	Leave(t, out)
}

func (f *forwards) everyCall(t *testing.T) {
	f.forward(t, "102", Object{"mode": "destination", "destination": "extension:103"})
	f.reaches(t, "102", f.third)
	f.forward(t, "102", Object{"mode": "destination", "destination": "extension:103", "exceptions": []string{"101"}})
	f.reaches(t, "102", f.second)
	f.forward(t, "102", Object{"mode": "destination", "destination": "voicemail:104"})
	f.reachesMailbox(t, "102", 0)
	f.forward(t, "102", Object{"mode": "destination", "destination": "hangup"})
	if got := Refusal(t, f.caller, "102"); got != 480 {
		t.Errorf("forwarded to nowhere it ends with %d, want 480", got)
	}
	f.forward(t, "102", Object{"mode": "destination", "destination": "extension:103"})
	f.forward(t, "103", Object{"mode": "destination", "destination": "extension:104"})
	f.reaches(t, "102", f.fourth)
	f.Do(t, "DELETE", Tenant+"/forwards/103", nil, nil)
	f.Applied(t)
}

// schedule: the first rule that holds counts, and unconditional forwarding wins
// over the conditions in its period only.
func (f *forwards) schedule(t *testing.T) {
	today, other := time.Now().UTC().Format("2006-01-02"), "2020-01-01"
	f.forward(t, "102", Object{"mode": "schedule", "timezone": "UTC", "no_answer": "hangup", "rules": []Object{
		{"first_date": other, "last_date": other, "destination": "extension:104"},
		{"first_date": today, "destination": "extension:103"}}})
	f.reaches(t, "102", f.third)
	f.forward(t, "102", Object{"mode": "schedule", "rules": []Object{{"last_date": other, "destination": "extension:104"}}, "busy": "extension:104"})
	f.reaches(t, "102", f.second)
}

func (f *forwards) conditions(t *testing.T) {
	f.forward(t, "102", Object{"no_answer": "extension:103", "no_answer_seconds": 6, "busy": "extension:104"})
	start := time.Now()
	out := Dial(t, f.caller, "102")
	in := Rings(t, out, f.second)
	Hears(t, in.Done(), in, "the end of ringing")
	at := Rings(t, out, f.third)
	Took(t, "until the next one rings", start, 6*time.Second)
	Answer(t, out, at)
	Talk(t, out, at)
	HangUp(t, out, at)

	out = Dial(t, f.caller, "102")
	if err := Rings(t, out, f.second).Reject(486); err != nil {
		t.Fatal(err)
	}
	at = Rings(t, out, f.fourth)
	Answer(t, out, at)
	HangUp(t, at, out)

	f.forward(t, "105", Object{"unreachable": "extension:103", "no_answer": "extension:104"})
	f.reaches(t, "105", f.third)
	f.Do(t, "DELETE", Tenant+"/forwards/105", nil, nil)
	f.Applied(t)
	f.reachesMailbox(t, "105", 0)
}

func (f *forwards) wantsNoCall(t *testing.T) {
	f.forward(t, "102", Object{"busy": "extension:104"})
	f.Do(t, "PATCH", Tenant+"/extensions/102", Object{"do_not_disturb": true}, nil)
	f.Applied(t)
	f.reaches(t, "102", f.fourth)
	f.Do(t, "PATCH", Tenant+"/extensions/102", Object{"do_not_disturb": nil, "call_waiting": false}, nil)
	f.Applied(t)
	out, in := Connect(t, f.third, f.second, "102")
	f.WaitStatus(t, "second", 5*time.Second, "in a call", func(s Status) bool { return s.Call == "in-call" })
	f.reaches(t, "102", f.fourth)
	HangUp(t, in, out)
	f.WaitStatus(t, "second", 5*time.Second, "idle", func(s Status) bool { return s.Call == "idle" })
	f.reaches(t, "102", f.second)
	f.Do(t, "PATCH", Tenant+"/extensions/102", Object{"call_waiting": nil}, nil)
	f.Applied(t)
}

// circle: two that forward to each other, and one whose way ends there.
func (f *forwards) circle(t *testing.T) {
	f.forward(t, "102", Object{"mode": "destination", "destination": "extension:103"})
	f.forward(t, "103", Object{"mode": "destination", "destination": "extension:102"})
	f.reaches(t, "102", f.third)
	f.reaches(t, "103", f.second)
	f.Do(t, "DELETE", Tenant+"/forwards/103", nil, nil)
	f.Do(t, "DELETE", Tenant+"/forwards/102", nil, nil)
	f.Applied(t)
	f.reaches(t, "102", f.second)
}

// noController: what holds at any time is in the fallback, and a call that rings
// while the controller dies falls to the mailbox of where it is.
func (f *forwards) noController(t *testing.T) {
	f.forward(t, "102", Object{"mode": "destination", "destination": "extension:103"})
	out := Dial(t, f.caller, "102")
	in := Rings(t, out, f.third)
	f.Kill(t)
	Hears(t, in.Done(), in, "the end of ringing")
	Hears(t, out.Answered(), out, "voicemail")
	Leave(t, out)
	f.reaches(t, "102", f.third)
	f.Restart(t)
	f.reaches(t, "102", f.third)
}
