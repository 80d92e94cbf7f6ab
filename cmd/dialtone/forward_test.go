package main

import (
	"testing"
	"time"

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
		f.extension(t, number, "47"+number, nil)
	}
	f.caller = f.register(t, f.device(t, "caller", "101", nil), phone.Options{})
	f.second = f.register(t, f.device(t, "second", "102", nil), phone.Options{})
	f.third = f.register(t, f.device(t, "third", "103", nil), phone.Options{})
	f.fourth = f.register(t, f.device(t, "fourth", "104", nil), phone.Options{})
	f.device(t, "absent", "105", nil)
	t.Run("every call", f.everyCall)
	t.Run("schedule", f.schedule)
	t.Run("conditions", f.conditions)
	t.Run("wants no call", f.wantsNoCall)
	t.Run("circle", f.circle)
	t.Run("no controller", f.noController)
	f.noChannels(t)
}

func (f *forwards) forward(t *testing.T, number string, body object) {
	t.Helper()
	f.do(t, "PUT", tenant+"/forwards/"+number, body, nil)
	f.applied(t)
}

// reaches dials a number and checks that this phone, and no other, rings.
func (f *forwards) reaches(t *testing.T, number string, p *phone.Phone) {
	t.Helper()
	out := dial(t, f.caller, number)
	in := rings(t, out, p)
	answer(t, out, in)
	talk(t, out, in)
	hangUp(t, in, out)
}

// reachesMailbox dials a number and checks that voicemail answers within a second
// of when it should.
func (f *forwards) reachesMailbox(t *testing.T, number string, after time.Duration) {
	t.Helper()
	start := time.Now()
	out := dial(t, f.caller, number)
	hears(t, out.Answered(), out, "voicemail")
	took(t, "to reach voicemail", start, after)
	leave(t, out)
}

// leave ends a call with nobody at its other end.
func leave(t *testing.T, out *phone.Call) {
	t.Helper()
	if err := out.Hangup(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
}

func (f *forwards) everyCall(t *testing.T) {
	f.forward(t, "102", object{"mode": "destination", "destination": "extension:103"})
	f.reaches(t, "102", f.third)
	f.forward(t, "102", object{"mode": "destination", "destination": "extension:103", "exceptions": []string{"101"}})
	f.reaches(t, "102", f.second)
	f.forward(t, "102", object{"mode": "destination", "destination": "voicemail:104"})
	f.reachesMailbox(t, "102", 0)
	f.forward(t, "102", object{"mode": "destination", "destination": "hangup"})
	if got := refusal(t, f.caller, "102"); got != 480 {
		t.Errorf("forwarded to nowhere it ends with %d, want 480", got)
	}
	f.forward(t, "102", object{"mode": "destination", "destination": "extension:103"})
	f.forward(t, "103", object{"mode": "destination", "destination": "extension:104"})
	f.reaches(t, "102", f.fourth)
	f.do(t, "DELETE", tenant+"/forwards/103", nil, nil)
	f.applied(t)
}

// schedule: the first rule that holds counts, and unconditional forwarding wins
// over the conditions in its period only.
func (f *forwards) schedule(t *testing.T) {
	today, other := time.Now().UTC().Format("2006-01-02"), "2020-01-01"
	f.forward(t, "102", object{"mode": "schedule", "timezone": "UTC", "no_answer": "hangup", "rules": []object{
		{"first_date": other, "last_date": other, "destination": "extension:104"},
		{"first_date": today, "destination": "extension:103"}}})
	f.reaches(t, "102", f.third)
	f.forward(t, "102", object{"mode": "schedule", "rules": []object{{"last_date": other, "destination": "extension:104"}}, "busy": "extension:104"})
	f.reaches(t, "102", f.second)
}

func (f *forwards) conditions(t *testing.T) {
	f.forward(t, "102", object{"no_answer": "extension:103", "no_answer_seconds": 6, "busy": "extension:104"})
	start := time.Now()
	out := dial(t, f.caller, "102")
	in := rings(t, out, f.second)
	hears(t, in.Done(), in, "the end of ringing")
	at := rings(t, out, f.third)
	took(t, "until the next one rings", start, 6*time.Second)
	answer(t, out, at)
	talk(t, out, at)
	hangUp(t, out, at)

	out = dial(t, f.caller, "102")
	if err := rings(t, out, f.second).Reject(486); err != nil {
		t.Fatal(err)
	}
	at = rings(t, out, f.fourth)
	answer(t, out, at)
	hangUp(t, at, out)

	f.forward(t, "105", object{"unreachable": "extension:103", "no_answer": "extension:104"})
	f.reaches(t, "105", f.third)
	f.do(t, "DELETE", tenant+"/forwards/105", nil, nil)
	f.applied(t)
	f.reachesMailbox(t, "105", 0)
}

func (f *forwards) wantsNoCall(t *testing.T) {
	f.forward(t, "102", object{"busy": "extension:104"})
	f.do(t, "PATCH", tenant+"/extensions/102", object{"do_not_disturb": true}, nil)
	f.applied(t)
	f.reaches(t, "102", f.fourth)
	f.do(t, "PATCH", tenant+"/extensions/102", object{"do_not_disturb": nil, "call_waiting": false}, nil)
	f.applied(t)
	out, in := connect(t, f.third, f.second, "102")
	f.waitStatus(t, "second", 5*time.Second, "in a call", func(s status) bool { return s.Call == "in-call" })
	f.reaches(t, "102", f.fourth)
	hangUp(t, in, out)
	f.waitStatus(t, "second", 5*time.Second, "idle", func(s status) bool { return s.Call == "idle" })
	f.reaches(t, "102", f.second)
	f.do(t, "PATCH", tenant+"/extensions/102", object{"call_waiting": nil}, nil)
	f.applied(t)
}

// circle: two that forward to each other, and one whose way ends there.
func (f *forwards) circle(t *testing.T) {
	f.forward(t, "102", object{"mode": "destination", "destination": "extension:103"})
	f.forward(t, "103", object{"mode": "destination", "destination": "extension:102"})
	f.reaches(t, "102", f.third)
	f.reaches(t, "103", f.second)
	f.do(t, "DELETE", tenant+"/forwards/103", nil, nil)
	f.do(t, "DELETE", tenant+"/forwards/102", nil, nil)
	f.applied(t)
	f.reaches(t, "102", f.second)
}

// noController: what holds at any time is in the fallback, and a call that rings
// while the controller dies falls to the mailbox of where it is.
func (f *forwards) noController(t *testing.T) {
	f.forward(t, "102", object{"mode": "destination", "destination": "extension:103"})
	out := dial(t, f.caller, "102")
	in := rings(t, out, f.third)
	f.kill(t)
	hears(t, in.Done(), in, "the end of ringing")
	hears(t, out.Answered(), out, "voicemail")
	leave(t, out)
	f.reaches(t, "102", f.third)
	f.restart(t)
	f.reaches(t, "102", f.third)
}
