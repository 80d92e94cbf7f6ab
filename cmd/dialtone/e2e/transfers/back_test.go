package transfers

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// backs is an office where calls are let go of in vain. Each case has people of its own.
type backs struct {
	*lab
	cases  []*backCase
	killed bool
}

// backCase is one way to let go of a call, in a tenant of its own: Anna calls Bob, and
// Bob's phone transfers her to Carol or parks her. Bob has a second phone where that says so.
type backCase struct {
	*backs
	tenant                  string
	second, mailbox         bool // Bob has a second phone, a mailbox
	orders                  bool // it needs a controller
	run                     func(*backCase, *testing.T)
	record                  string // of the call, with a controller
	anna, bob, other, carol *phone.Phone
	accounts                map[string]phone.Account
}

// TestCallsComeBackRealAsterisk: a transferee whose target does not take the call, and a
// parked caller, are not lost: the phone that let go of the call rings again, then the other
// phones of its extension, then its mailbox answers; and at the very end there are words.
func TestCallsComeBackRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			b := &backs{lab: openLab(t, suite)}
			b.cases = []*backCase{
				{tenant: "busy", mailbox: true, run: (*backCase).busyThenUnknown,
					record: "/bob ANSWER, /bob ANSWER, /bob BUSY, /carol BUSY; via transfer"},
				{tenant: "absent", second: true, run: (*backCase).gone,
					record: "/bob ANSWER, /other ANSWER, /other CANCEL; via transfer"},
				{tenant: "nobody", run: (*backCase).nobody,
					record: "/bob ANSWER, /bob BUSY, /carol BUSY; via transfer"},
				{tenant: "caller", run: (*backCase).byCaller,
					record: "/anna ANSWER, /bob ANSWER, /carol BUSY; via transfer"},
				{tenant: "early", run: (*backCase).early,
					record: "/bob ANSWER, /carol ANSWER; via transfer"},
				{tenant: "earlybusy", run: (*backCase).earlyBusy,
					record: "/bob ANSWER, /bob ANSWER; via transfer"},
				{tenant: "full", run: (*backCase).full,
					record: "/bob ANSWER, /bob ANSWER; via transfer"},
				{tenant: "twice", second: true, run: (*backCase).parkedTwice,
					record: "/bob ANSWER, /bob BUSY, /bob BUSY, /other ANSWER, /other CANCEL; via transfer"},
				{tenant: "moved", orders: true, run: (*backCase).moved,
					record: "/bob ANSWER, /bob ANSWER; via transfer"},
				{tenant: "removed", orders: true, second: true, run: (*backCase).removed,
					record: "/bob ANSWER, /other ANSWER, /other CANCEL; via transfer"},
			}
			b.open(t)
			for _, b.killed = range []bool{false, true} {
				name := "with a controller"
				if b.killed {
					name = "without a controller"
					b.Kill(t)
				}
				t.Run(name, func(t *testing.T) {
					var together sync.WaitGroup // they wait for phones, and take no test's place
					for _, c := range b.cases {
						if b.killed && c.orders {
							continue
						}
						together.Go(func() { t.Run(c.tenant, c.returns) })
					}
					together.Wait()
				})
			}
			b.NoChannels(t)
		})
	}
}

// returns lets go of the call, and compares its record.
func (c *backCase) returns(t *testing.T) {
	c.run(c, t)
	if !c.killed {
		c.recorded(t)
	}
}

// open makes the tenants and registers their phones.
func (b *backs) open(t *testing.T) {
	t.Helper()
	for _, c := range b.cases {
		c.backs, c.accounts = b, map[string]phone.Account{}
		b.Do(t, "PUT", "/v1/tenants/"+c.tenant, Object{"title": c.tenant, "timezone": "UTC"}, nil)
		b.Do(t, "PATCH", "/v1/tenants/"+c.tenant+"/feature-codes", Object{"park_slots": "701-702",
			"park_seconds": map[bool]int{true: 120, false: 10}[c.tenant == "full"]}, nil)
		for i, name := range []string{"anna", "bob", "carol"} {
			pin := ""
			if name == "bob" && c.mailbox {
				pin = "4711"
			}
			b.ExtensionOf(t, c.tenant, fmt.Sprint(101+i), pin, Object{"ring_seconds": 30})
		}
		for name, number := range map[string]string{"anna": "101", "bob": "102", "other": "102", "carol": "103"} {
			if name != "other" || c.second {
				c.accounts[name] = b.DeviceOf(t, c.tenant, name, number, nil)
			}
		}
	}
	b.Applied(t)
	for _, c := range b.cases {
		for name, at := range map[string]**phone.Phone{"anna": &c.anna, "bob": &c.bob, "other": &c.other, "carol": &c.carol} {
			if account, is := c.accounts[name]; is {
				*at = b.Register(t, account, phone.Options{})
			}
		}
	}
}

// recorded compares the record of Anna's call.
func (c *backCase) recorded(t *testing.T) {
	t.Helper()
	want := "101/anna dialled 102: answered by 102/bob; called " + strings.NewReplacer(
		"/anna", "101/anna", "/bob", "102/bob", "/other", "102/other", "/carol", "103/carol").Replace(c.record)
	Eventually(t, 10*time.Second, func() string {
		var page struct{ Items []CDR }
		c.Do(t, "GET", "/v1/tenants/"+c.tenant+"/cdrs", nil, &page)
		var got []string
		for _, r := range page.Items {
			got = append(got, fmt.Sprintf("%s %q", r.Summary(), r.Rules))
			if r.Summary() == want {
				return ""
			}
		}
		return fmt.Sprintf("no record says\n%s:\n%s", want, strings.Join(got, "\n"))
	})
}

// talks lets Anna talk with Bob.
func (c *backCase) talks(t *testing.T) (anna, bob *phone.Call) {
	t.Helper()
	anna, bob = Connect(t, c.anna, c.bob, "102")
	Talk(t, anna, bob)
	return anna, bob
}

// talksToOneOfTwo is talks where Bob's other phone has rung as well. He answers only then:
// Asterisk need not call a phone any more when another has answered.
func (c *backCase) talksToOneOfTwo(t *testing.T) (anna, bob *phone.Call) {
	t.Helper()
	anna = Dial(t, c.anna, "102")
	bob = Rings(t, anna, c.bob)
	Incoming(t, c.other)
	Answer(t, anna, bob)
	Talk(t, anna, bob)
	return anna, bob
}

func refer(t *testing.T, c *phone.Call, number string) {
	t.Helper()
	if err := c.Refer(Within(t, 10*time.Second), number); err != nil {
		t.Fatal(err)
	}
}

func reject(t *testing.T, c *phone.Call) {
	t.Helper()
	if err := c.Reject(486); err != nil {
		t.Fatal(err)
	}
}

// returns waits for the call that comes back and looks at what the phone shows.
func returns(t *testing.T, at *phone.Phone, shows string) *phone.Call {
	t.Helper()
	in := Incoming(t, at)
	if got := in.CallerName(); got != shows || in.CallerNumber() != "101" {
		t.Errorf("the phone shows %q <%s>, want %q <101>", got, in.CallerNumber(), shows)
	}
	return in
}

// told waits for the end of a transfer as the phone hears of it.
func told(t *testing.T, c *phone.Call, want int) {
	t.Helper()
	var all []int
	for end := time.After(Patience); !slices.Contains(all, want); {
		select {
		case status := <-c.Transfer():
			all = append(all, status)
		case <-end:
			t.Fatalf("the phone that transferred was told %v, not %d", all, want)
		}
	}
}

// busyThenUnknown: Carol is busy, and Bob has Anna back; he sends her to a number that
// nobody has, and refuses her. His mailbox takes her.
func (c *backCase) busyThenUnknown(t *testing.T) {
	anna, bob := c.talks(t)
	refer(t, bob, "103")
	reject(t, Incoming(t, c.carol))
	back := returns(t, c.bob, "Back 103: Extension 101")
	Take(t, back)
	Talk(t, anna, back)
	refer(t, back, "999")
	told(t, back, 503)
	reject(t, returns(t, c.bob, "Back 999: Extension 101"))
	if c.killed { // the fallback rings all phones of the extension
		reject(t, Incoming(t, c.bob))
	}
	anna.Tone(0)
	HearsSpeech(t, anna)
	c.runs(t, "VoiceMail", "102@busy")
	Leave(t, anna)
}

// runs waits until a channel runs an application.
func (c *backCase) runs(t *testing.T, app, with string) {
	t.Helper()
	Eventually(t, 20*time.Second, func() string {
		all := c.Console(t, "core show channels concise")
		if strings.Contains(all, "!"+app+"!"+with) {
			return ""
		}
		return all
	})
}

// arrives waits until the channel of a phone is at an extension.
func (c *backCase) arrives(t *testing.T, name, exten string) {
	t.Helper()
	at := regexp.MustCompile(`(?m)^PJSIP/` + c.accounts[name].UserName + `-[0-9a-f]+![^!]*!` + exten + `!`)
	Eventually(t, 10*time.Second, func() string {
		all := c.Console(t, "core show channels concise")
		if at.MatchString(all) {
			return ""
		}
		return all
	})
}

// gone: Carol's phone is not registered, and Bob's phone is off meanwhile: his other one rings.
func (c *backCase) gone(t *testing.T) {
	anna, bob := c.talksToOneOfTwo(t)
	if err := c.carol.Unregister(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := c.bob.Unregister(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	refer(t, bob, "103")
	back := Incoming(t, c.other)
	Take(t, back)
	Talk(t, anna, back)
	HangUp(t, back, anna)
	for name, p := range map[string]*phone.Phone{"bob": c.bob, "carol": c.carol} {
		if err := p.Register(Within(t, 10*time.Second), c.accounts[name]); err != nil {
			t.Fatal(err)
		}
	}
}

// nobody: neither Carol nor Bob take the call, and there is no mailbox: Anna hears so.
func (c *backCase) nobody(t *testing.T) {
	anna, bob := c.talks(t)
	refer(t, bob, "103")
	reject(t, Incoming(t, c.carol))
	reject(t, returns(t, c.bob, "Back 103: Extension 101"))
	if c.killed {
		reject(t, Incoming(t, c.bob))
	}
	c.runs(t, "Playback", "vm-nobodyavail")
	Hears(t, anna.Done(), anna, "the end of what is said")
}

// byCaller: the caller, Anna, is the transferor.
func (c *backCase) byCaller(t *testing.T) {
	anna, bob := c.talks(t)
	refer(t, anna, "103")
	reject(t, Incoming(t, c.carol))
	back := Incoming(t, c.anna)
	if got := back.CallerName(); got != "Back 103: Extension 102" {
		t.Errorf("the phone shows %q", got)
	}
	Take(t, back)
	Talk(t, back, bob)
	HangUp(t, back, bob)
}

// early: Bob asks Carol, and sends Anna there while it still rings (RFC 3891, of an early
// dialog). Carol answers Anna.
func (c *backCase) early(t *testing.T) {
	anna, third := c.handsOn(t)
	Take(t, third)
	Talk(t, anna, third)
	HangUp(t, third, anna)
}

// handsOn is a call of Anna's that Bob has transferred to Carol, whose phone still rings.
func (c *backCase) handsOn(t *testing.T) (anna, third *phone.Call) {
	t.Helper()
	anna, bob := c.talks(t)
	asks := Dial(t, c.bob, "103")
	third = Rings(t, asks, c.carol)
	if err := bob.ReferTo(Within(t, 10*time.Second), asks); err != nil {
		t.Fatal(err)
	}
	c.arrives(t, "anna", "103")
	return anna, third
}

// earlyBusy: the same, and Carol refuses: Bob has Anna back.
func (c *backCase) earlyBusy(t *testing.T) {
	anna, third := c.handsOn(t)
	reject(t, third)
	back := returns(t, c.bob, "Back 103: Extension 101")
	Take(t, back)
	Talk(t, anna, back)
	HangUp(t, back, anna)
	if c.killed {
		return
	}
	// Carol was called by Bob, whose call has a record of its own.
	const want = "102/bob dialled 103: busy by nobody; called 103/carol BUSY"
	Eventually(t, 10*time.Second, func() string {
		var page struct{ Items []CDR }
		c.Do(t, "GET", "/v1/tenants/"+c.tenant+"/cdrs", nil, &page)
		for _, r := range page.Items {
			if r.Summary() == want {
				return ""
			}
		}
		return fmt.Sprintf("no record says %s: %+v", want, page.Items)
	})
}
