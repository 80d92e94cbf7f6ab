package transfers

import (
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// parked waits until a call is parked, and lets go of the phone that parked it, as phones do.
func parked(t *testing.T, c *phone.Call) {
	t.Helper()
	told(t, c, 200)
	Leave(t, c)
}

// full: both slots are taken by others; the third call comes back at once. Then one is free.
func (c *backCase) full(t *testing.T) {
	var waiting []*phone.Call
	for range 2 {
		anna, bob := c.talks(t)
		refer(t, bob, "701")
		parked(t, bob)
		waiting = append(waiting, anna)
	}
	anna, bob := c.talks(t)
	refer(t, bob, "701")
	back := returns(t, c.bob, "Back 701: Extension 101")
	Take(t, back)
	Talk(t, anna, back)
	HangUp(t, back, anna)
	for i, slot := range []string{"701", "702"} {
		took := Dial(t, c.carol, slot)
		if err := took.WaitAnswer(); err != nil {
			t.Fatal(err)
		}
		Talk(t, waiting[i], took)
		HangUp(t, took, waiting[i])
	}
	// An empty slot says so, and then refuses.
	empty := Dial(t, c.carol, "702")
	Hears(t, empty.EarlyMedia(), empty, "what an empty slot says")
	HearsSpeech(t, empty)
	Hears(t, empty.Done(), empty, "the end of it")
	if got := StatusOf(t, empty.Err()); got != 480 {
		t.Errorf("an empty slot ends with %d", got)
	}
}

// parkedTwice: Bob's phone rings each time that nobody took the call, and he refuses. When
// that phone is off, his other one rings.
func (c *backCase) parkedTwice(t *testing.T) {
	anna, bob := c.talksToOneOfTwo(t)
	refer(t, bob, "702")
	for range 2 {
		reject(t, returns(t, c.bob, "Parked 702: Extension 101"))
	}
	if err := c.bob.Unregister(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	back := Incoming(t, c.other)
	Take(t, back)
	Talk(t, anna, back)
	HangUp(t, back, anna)
	select {
	case <-c.anna.Incoming():
		t.Error("the parked caller's own phone rang")
	default:
	}
	if err := c.bob.Register(Within(t, 10*time.Second), c.accounts["bob"]); err != nil {
		t.Fatal(err)
	}
}

// moved: parking is taken away while a call waits at a slot; it comes back all the same.
func (c *backCase) moved(t *testing.T) {
	anna, bob := c.talks(t)
	refer(t, bob, "702")
	parked(t, bob)
	c.Do(t, "PATCH", "/v1/tenants/"+c.tenant+"/feature-codes", Object{"park_slots": ""}, nil)
	c.Applied(t)
	back := returns(t, c.bob, "Parked 702: Extension 101")
	Take(t, back)
	Talk(t, anna, back)
	HangUp(t, back, anna)
}

// removed: Bob's phone is taken away while the call waits: his other one rings.
func (c *backCase) removed(t *testing.T) {
	anna, bob := c.talksToOneOfTwo(t)
	refer(t, bob, "702")
	parked(t, bob)
	c.Do(t, "DELETE", "/v1/tenants/"+c.tenant+"/devices/bob", nil, nil)
	c.Applied(t)
	back := Incoming(t, c.other)
	Take(t, back)
	Talk(t, anna, back)
	HangUp(t, back, anna)
}
