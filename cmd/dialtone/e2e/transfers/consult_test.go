package transfers

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// askers is an office where people ask others before they transfer a call: Anna calls Bob,
// who asks Carol or Dora. Carol rings for five seconds.
type askers struct {
	*lab
	anna, bob, carol, dora *phone.Phone
	killed                 bool
}

// TestConsultRealAsterisk: what becomes of a call while one of two asks somebody else,
// who hears whom meanwhile, and that it needs no controller once it has begun.
func TestConsultRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			var together sync.WaitGroup // each waits for phones most of the time
			for name, does := range map[string]func(*askers, *testing.T){
				"by order": (*askers).byOrder, "by themselves": (*askers).alone, "without a controller": (*askers).alone,
			} {
				together.Go(func() {
					t.Run(name, func(t *testing.T) { does(openAskers(t, suite, name == "without a controller"), t) })
				})
			}
			together.Wait()
		})
	}
}

// openAskers opens an office of four.
func openAskers(t *testing.T, suite box.Suite, killed bool) *askers {
	t.Helper()
	a := &askers{lab: openLab(t, suite), killed: killed}
	for i, p := range []struct {
		name string
		at   **phone.Phone
	}{{"anna", &a.anna}, {"bob", &a.bob}, {"carol", &a.carol}, {"dora", &a.dora}} {
		a.Extension(t, fmt.Sprint(101+i), "", Object{"ring_seconds": []int{60, 60, 5, 60}[i]})
		*p.at = a.Register(t, a.Device(t, p.name, fmt.Sprint(101+i), nil), phone.Options{})
	}
	return a
}

// byOrder is what the API orders.
func (a *askers) byOrder(t *testing.T) {
	t.Run("refused", a.refusals)
	t.Run("completed", a.completed)
	t.Run("completed while it rings", a.completedRinging)
	t.Run("returned", a.returned)
	t.Run("returned while it rings", a.returnedRinging)
	t.Run("caller asks", a.callerAsks)
	t.Run("asked twice and transferred twice", a.chain)
	t.Run("rung again", a.recalled)
	t.Run("held hangs up", a.heldLeaves)
}

// alone is what needs no order.
func (a *askers) alone(t *testing.T) {
	t.Run("asker hangs up", a.askerLeaves)
	t.Run("asked hangs up", a.askedLeaves)
	t.Run("busy", a.busy)
	t.Run("no answer", a.noAnswer)
	t.Run("asker hangs up before an answer", a.askerLeavesRinging)
}

// between lets the controller die where it shall; it comes back when the call has ended.
func (a *askers) between(t *testing.T) {
	t.Helper()
	if !a.killed {
		return
	}
	a.Kill(t)
	// A call that came into the application before Asterisk has noticed would wait there for
	// the next controller. Asterisk 16 may list an application that has ended until the next
	// one ends.
	WaitFor(10*time.Second, func() string {
		if apps := a.Console(t, "ari show apps"); strings.Contains(apps, "dialtone") {
			return apps
		}
		return ""
	})
}

// begin lets Anna talk with Bob, and Bob ask a number where a phone rings.
func (a *askers) begin(t *testing.T, number string, at *phone.Phone) (anna, bob, third *phone.Call, id string) {
	t.Helper()
	anna, bob = Connect(t, a.anna, a.bob, "102")
	Talk(t, anna, bob)
	id = a.Live(t, "up", AnsweredCall).ID
	return anna, bob, a.ask(t, anna, bob, id, number, at), id
}

// ask lets who is at the phone of one leg ask somebody, whose phone rings.
func (a *askers) ask(t *testing.T, held, asker *phone.Call, id, number string, at *phone.Phone) *phone.Call {
	t.Helper()
	a.Do(t, "POST", Tenant+"/calls/"+id+"/consult", Object{"to": number}, nil)
	third := Incoming(t, at)
	hearsMusic(t, held)
	select {
	case <-asker.Done():
		t.Fatalf("the phone that asks was let go: %v", asker.Err())
	default:
	}
	return third
}

// hearsMusic: something else than voices.
func hearsMusic(t *testing.T, c *phone.Call) {
	t.Helper()
	if err := HearsWords(Within(t, 10*time.Second), c); err != nil {
		t.Fatalf("no music: %v", err)
	}
	for _, voice := range []float64{CallerTone, CalleeTone} {
		if err := c.Hear(Within(t, 500*time.Millisecond), voice, 300*time.Millisecond); err == nil {
			t.Errorf("who is held hears a voice of %v Hz", voice)
		}
	}
}

// shows waits until the call's legs are in these states, "alice up, bob ended".
func (a *askers) shows(t *testing.T, want string) LiveCall {
	t.Helper()
	got := ""
	return a.Live(t, want, func(c LiveCall) bool {
		var legs []string
		for _, l := range c.Legs {
			legs = append(legs, l.Device+" "+l.State)
		}
		got = strings.Join(legs, ", ")
		return got == want
	})
}

// ends hangs up, waits until nothing is left and reads the record, where there is one
// that must be whole.
func (a *askers) ends(t *testing.T, here, there *phone.Call, want string, rules ...string) {
	t.Helper()
	HangUp(t, here, there)
	a.NoChannels(t)
	if a.killed {
		a.Restart(t)
		return
	}
	var c CDR
	Eventually(t, 5*time.Second, func() string {
		rows := a.CDRs(t, "?limit=1")
		if len(rows) == 0 || rows[0].Summary() != want {
			return fmt.Sprintf("the record says\n     %+v\nwant %s", rows, want)
		}
		c = rows[0]
		return ""
	})
	for _, r := range rules {
		if !slices.Contains(c.Rules, r) {
			t.Errorf("the record's rules are %q, without %q", c.Rules, r)
		}
	}
	a.Untracked(t)
}

const asksCarol = "extension 102 holds the call and asks 103"

func (a *askers) refusals(t *testing.T) {
	anna := Dial(t, a.anna, "102")
	bob := Rings(t, anna, a.bob)
	id := a.Live(t, "rings", func(c LiveCall) bool { return len(c.Legs) == 2 }).ID
	path := Tenant + "/calls/" + id
	refused := func(status int, method, below string, body any) {
		t.Helper()
		if r := a.lab.Refused(t, method, path+below, body); r == nil || r.Status != status {
			t.Errorf("%s %s %v: %+v, want %d", method, below, body, r, status)
		}
	}
	refused(409, "POST", "/consult", Object{"to": "103"})
	Answer(t, anna, bob)
	a.Live(t, "up", AnsweredCall)
	refused(422, "POST", "/consult", Object{"to": "999"})
	refused(422, "POST", "/consult", Object{"to": "103,1"})
	refused(422, "POST", "/consult", Object{"to": "103", "leg": "1.1"})
	refused(409, "POST", "/complete", nil)
	refused(409, "DELETE", "/consult", nil)
	Talk(t, anna, bob)
	third := a.ask(t, anna, bob, id, "103", a.carol)
	refused(409, "POST", "/consult", Object{"to": "104"})
	refused(409, "POST", "/transfer", Object{"to": "104"})
	refused(409, "POST", "/complete?leg="+id, nil)
	HangUp(t, anna, anna)
	HangUp(t, bob, third)
	a.NoChannels(t)
	a.Untracked(t)
	refused(404, "POST", "/consult", Object{"to": "103"})
	refused(404, "POST", "/complete", nil)
	refused(404, "DELETE", "/consult", nil)
}

func (a *askers) completed(t *testing.T) {
	events := a.Follow(t)
	anna, bob, carol, id := a.begin(t, "103", a.carol)
	if carol.CallerNumber() != "102" {
		t.Errorf("Carol's phone shows %q", carol.CallerNumber())
	}
	a.shows(t, "anna waiting, bob asking, carol ringing")
	Take(t, carol)
	Talk(t, bob, carol)
	a.shows(t, "anna waiting, bob asking, carol up")
	hearsMusic(t, anna)
	a.Do(t, "POST", Tenant+"/calls/"+id+"/complete", nil, nil)
	Hears(t, bob.Done(), bob, "being let go")
	Talk(t, anna, carol)
	a.shows(t, "anna up, bob ended, carol up")
	a.ends(t, anna, carol, "101/anna dialled 102: answered by 102/bob; called 102/bob ANSWER, 103/carol ANSWER; via transfer",
		asksCarol, "extension 102 transferred the call to 103 after asking")
	events.Tells(t, "asking", "transferred")
}

func (a *askers) completedRinging(t *testing.T) {
	anna, bob, carol, id := a.begin(t, "103", a.carol)
	a.Do(t, "POST", Tenant+"/calls/"+id+"/complete", nil, nil)
	Hears(t, bob.Done(), bob, "being let go")
	Hears(t, carol.Done(), carol, "the end of Bob's call")
	carol = Incoming(t, a.carol)
	if carol.CallerNumber() != "101" {
		t.Errorf("Carol's phone shows %q", carol.CallerNumber())
	}
	Take(t, carol)
	Talk(t, anna, carol)
	a.ends(t, carol, anna, "101/anna dialled 102: answered by 102/bob; called 102/bob ANSWER, 103/carol ANSWER, 103/carol CANCEL; via transfer",
		asksCarol, "extension 102 transferred the call to 103 while it rang")
}

func (a *askers) returned(t *testing.T) {
	anna, bob, carol, id := a.begin(t, "103", a.carol)
	Take(t, carol)
	Talk(t, bob, carol)
	a.Do(t, "DELETE", Tenant+"/calls/"+id+"/consult", nil, nil)
	Hears(t, carol.Done(), carol, "being let go")
	Talk(t, anna, bob)
	a.shows(t, "anna up, bob up, carol ended")
	a.ends(t, bob, anna, "101/anna dialled 102: answered by 102/bob; called 102/bob ANSWER, 103/carol ANSWER",
		asksCarol, "extension 102 took the call back")
}

func (a *askers) returnedRinging(t *testing.T) {
	anna, bob, carol, id := a.begin(t, "103", a.carol)
	a.Do(t, "DELETE", Tenant+"/calls/"+id+"/consult", nil, nil)
	Hears(t, carol.Done(), carol, "being let go")
	Talk(t, anna, bob)
	a.ends(t, anna, bob, "101/anna dialled 102: answered by 102/bob; called 102/bob ANSWER, 103/carol CANCEL", "extension 102 took the call back")
}

// callerAsks: the leg that called asks, and the one that was called is held.
func (a *askers) callerAsks(t *testing.T) {
	anna, bob := Connect(t, a.anna, a.bob, "102")
	Talk(t, anna, bob)
	id := a.Live(t, "up", AnsweredCall).ID
	a.Do(t, "POST", Tenant+"/calls/"+id+"/consult", Object{"to": "103", "leg": id}, nil)
	carol := Incoming(t, a.carol)
	if carol.CallerNumber() != "101" {
		t.Errorf("Carol's phone shows %q", carol.CallerNumber())
	}
	hearsMusic(t, bob)
	Take(t, carol)
	Talk(t, anna, carol)
	a.Do(t, "POST", Tenant+"/calls/"+id+"/complete?leg="+id, nil, nil)
	Hears(t, anna.Done(), anna, "being let go")
	Talk(t, bob, carol)
	a.shows(t, "anna ended, bob up, carol up")
	a.ends(t, carol, bob, "101/anna dialled 102: answered by 102/bob; called 102/bob ANSWER, 103/carol ANSWER; via transfer",
		"extension 101 transferred the call to 103 after asking")
}

// chain: Bob asks Carol, comes back, asks Dora, who gets the call, asks Carol, and lets
// her have it; then Carol sends Anna back to Bob.
func (a *askers) chain(t *testing.T) {
	anna, bob, carol, id := a.begin(t, "103", a.carol)
	if err := carol.Reject(486); err != nil {
		t.Fatal(err)
	}
	Talk(t, anna, bob)
	a.shows(t, "anna up, bob up, carol ended")
	dora := a.ask(t, anna, bob, id, "104", a.dora)
	Take(t, dora)
	Talk(t, bob, dora)
	HangUp(t, bob, bob)
	Talk(t, anna, dora)
	a.shows(t, "anna up, bob ended, carol ended, dora up")
	carol = a.ask(t, anna, dora, id, "103", a.carol)
	Take(t, carol)
	Talk(t, dora, carol)
	a.Do(t, "POST", Tenant+"/calls/"+id+"/complete", nil, nil)
	Hears(t, dora.Done(), dora, "being let go")
	Talk(t, anna, carol)
	a.shows(t, "anna up, bob ended, carol ended, dora ended, carol up")
	if err := carol.Refer(Within(t, 10*time.Second), "102"); err != nil {
		t.Fatal(err)
	}
	bob = Incoming(t, a.bob)
	Take(t, bob)
	HangUp(t, carol, carol)
	Talk(t, anna, bob)
	a.ends(t, anna, bob, "101/anna dialled 102: answered by 102/bob; called 102/bob ANSWER, 102/bob ANSWER, 103/carol ANSWER, 103/carol BUSY, 104/dora ANSWER; via transfer",
		"extension 102 took the call back", "extension 102 transferred the call to 104 after asking", "extension 104 transferred the call to 103 after asking")
}

// recalled: who hung up before anybody answered is rung again, and does not answer.
func (a *askers) recalled(t *testing.T) {
	anna, bob, carol, _ := a.begin(t, "103", a.carol)
	HangUp(t, bob, carol)
	again := Incoming(t, a.bob)
	select {
	case <-again.Done():
	case <-time.After(35 * time.Second):
		t.Fatal("Bob's phone rings on and on")
	}
	Hears(t, anna.Done(), anna, "the end")
	a.ends(t, anna, anna, "101/anna dialled 102: answered by 102/bob; called 102/bob ANSWER, 102/bob NOANSWER, 103/carol CANCEL",
		"extension 102 hung up while somebody waited, and is rung again")
}

// heldLeaves: the other two go on, whoever hangs up first.
func (a *askers) heldLeaves(t *testing.T) {
	for _, askerFirst := range []bool{true, false} {
		anna, bob, carol, _ := a.begin(t, "103", a.carol)
		Take(t, carol)
		HangUp(t, anna, anna)
		a.shows(t, "anna ended, bob asking, carol up")
		Talk(t, bob, carol)
		if !askerFirst {
			bob, carol = carol, bob
		}
		a.ends(t, bob, carol, "101/anna dialled 102: answered by 102/bob; called 102/bob ANSWER, 103/carol ANSWER")
	}
}

// askerLeaves: hanging up while talking with who was asked transfers the call.
func (a *askers) askerLeaves(t *testing.T) {
	anna, bob, carol, _ := a.begin(t, "103", a.carol)
	a.between(t)
	Take(t, carol)
	Talk(t, bob, carol)
	HangUp(t, bob, bob)
	Talk(t, anna, carol)
	a.ends(t, carol, anna, "101/anna dialled 102: answered by 102/bob; called 102/bob ANSWER, 103/carol ANSWER; via transfer")
}

func (a *askers) askedLeaves(t *testing.T) {
	anna, bob, carol, _ := a.begin(t, "103", a.carol)
	Take(t, carol)
	a.between(t)
	Talk(t, bob, carol)
	HangUp(t, carol, carol)
	Talk(t, anna, bob)
	a.ends(t, anna, bob, "101/anna dialled 102: answered by 102/bob; called 102/bob ANSWER, 103/carol ANSWER", "extension 102 took the call back")
}

func (a *askers) busy(t *testing.T) {
	anna, bob, carol, _ := a.begin(t, "103", a.carol)
	a.between(t)
	if err := carol.Reject(486); err != nil {
		t.Fatal(err)
	}
	Talk(t, anna, bob)
	a.ends(t, bob, anna, "101/anna dialled 102: answered by 102/bob; called 102/bob ANSWER, 103/carol BUSY", "extension 102 took the call back")
}

func (a *askers) noAnswer(t *testing.T) {
	anna, bob, carol, _ := a.begin(t, "103", a.carol)
	a.between(t)
	Hears(t, carol.Done(), carol, "the end of ringing")
	Talk(t, anna, bob)
	a.ends(t, bob, anna, "101/anna dialled 102: answered by 102/bob; called 102/bob ANSWER, 103/carol NOANSWER", "extension 102 took the call back")
}

// askerLeavesRinging: who was asked is not rung on, and who was held gets Bob again.
func (a *askers) askerLeavesRinging(t *testing.T) {
	anna, bob, carol, _ := a.begin(t, "103", a.carol)
	a.between(t)
	HangUp(t, bob, carol)
	again := Incoming(t, a.bob)
	if again.CallerNumber() != "101" {
		t.Errorf("Bob's phone shows %q", again.CallerNumber())
	}
	Take(t, again)
	Talk(t, anna, again)
	a.ends(t, again, anna, "101/anna dialled 102: answered by 102/bob; called 102/bob ANSWER, 102/bob ANSWER, 103/carol CANCEL")
}
