package faults

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// soak is for make soak: 200 kills are enough for make test.
var soak = flag.Int("soak", 200, "how often TestSurvivalRealAsterisk kills the controller; rounded up to whole rounds")

const survivalKills = 25 // in each round

// survival is an office whose people call without a pause while its controller is
// killed again and again.
type survival struct {
	*Outdoors
	phones map[string]*phone.Phone
	ctx    context.Context // ends when no call is to begin any more
	before leftovers

	begun, finished, fellBack atomic.Int64
	turn                      int // whose turn it is in the group that only rounds call
	killed, atStart           int // controllers, and of those the ones that were not ready yet

	mu    sync.Mutex
	calls map[string]int // ended ones by caller's extension

	made, recorded, ofLines int // calls of workers, their records; records of all that nobody saw end
	sounds                  int // recordings
}

// TestSurvivalRealAsterisk kills the controller as kill -9 does, 200 times at any
// instant of its life, its start included, while calls ring, are confirmed, hop, talk, are
// transferred, come back, are parked and asked about, leave and come in, and ring groups
// ring. Every call has its record in the end.
func TestSurvivalRealAsterisk(t *testing.T) {
	t.Parallel()
	s := openSurvival(t)
	ctx, end := context.WithCancel(t.Context())
	s.ctx = ctx
	var workers sync.WaitGroup
	stop := func() {
		end()
		workers.Wait()
	}
	defer stop()
	for _, w := range s.workers() {
		workers.Go(func() { t.Run(w.name, func(t *testing.T) { s.loop(t, w) }) })
	}
	for round := 0; round*survivalKills < *soak && !t.Failed(); round++ {
		t.Run(fmt.Sprint("round ", round+1), s.round)
	}
	stop()
	if !t.Failed() {
		s.nothingLeft(t)
		s.records(t)
		s.recordingsEnded(t)
	}
	leftovers := "none"
	if t.Failed() {
		leftovers = "see above"
	}
	t.Logf("kills %d (%d of them while it started), calls %d (%d of them went on by the fallback), drops %d, leftovers: %s; "+
		"of %d calls of people who call without a pause %d have a record; %d records were made of Asterisk's lines; %d recordings", s.killed,
		s.atStart, s.begun.Load(), s.fellBack.Load(), s.begun.Load()-s.finished.Load(), leftovers, s.made, s.recorded, s.ofLines, s.sounds)
}

// rungNumber is the extension that the worker "rings" calls.
const rungNumber = "192"

// openSurvival gives every worker people of its own.
func openSurvival(t *testing.T) *survival {
	s := &survival{Outdoors: OpenOutdoors(t, box.Asterisk22), phones: map[string]*phone.Phone{}, calls: map[string]int{}}
	long := Object{"ring_seconds": 60}
	for i, name := range []string{"ringer", "rung", "hopper", "busy", "hopped", "sent", "asker", "mediator", "asked", "talker", "listener", "roamer", "quick",
		"grouper", "first", "second", "third", "turner", "turn-0", "turn-1", "turn-2", "waiter", "consulter", "adviser",
		"sender", "minder", "refuser", "waits", "parker", "taker", "leaver", "door", "inner"} {
		number, pin := fmt.Sprint(111+i), ""
		settings := long
		switch name {
		case "rung":
			number, pin = rungNumber, "4711" // 112 calls for help
		case "consulter": // its calls are recorded, and so are those in which it asks
			settings = Object{"ring_seconds": 60, "record": true}
		}
		s.Extension(t, number, pin, settings)
		s.phones[name] = s.Register(t, s.Device(t, name, number, nil), phone.Options{})
	}
	s.Extension(t, "200", "", nil)
	s.Register(t, s.Device(t, "robot", "200", nil), phone.Options{AutoAnswer: true})
	s.Do(t, "PUT", Tenant+"/forwards/114", Object{"busy": "extension:115"}, nil)
	s.Do(t, "PUT", Tenant+"/forwards/116", Object{"mode": "destination", "destination": "extension:115"}, nil)
	s.Do(t, "PUT", Tenant+"/ring-groups/all", Object{"number": "601", "ring_seconds": 60,
		"members": []Object{{"extension": "125"}, {"extension": "126"}, {"extension": "127", "delay": 1}}}, nil)
	s.Do(t, "PUT", Tenant+"/ring-groups/one", Object{"number": "602", "ring_seconds": 60, "strategy": "round-robin", "members": Members("125", "126", "127")}, nil)
	s.Do(t, "PUT", Tenant+"/ring-groups/turns", Object{"number": "603", "ring_seconds": 60, "strategy": "round-robin", "members": Members("129", "130", "131")}, nil)
	s.Extension(t, "220", "", long)
	s.External(t, "mobile-220", "220", Mobiles["bob"], nil)
	s.phones["bob"] = s.Mobile(t, "bob", phone.Options{})
	s.phones["cleo"], s.phones["dave"] = s.Mobile(t, "cleo", phone.Options{}), s.Mobile(t, "dave", phone.Options{})
	s.Do(t, "PUT", Tenant+"/numbers/"+doorNumber, Object{"destination": "extension:142"}, nil)
	s.phones["desk"] = s.Register(t, s.Device(t, "desk-210", "210", nil), phone.Options{})
	s.Registered()
	s.Applied(t)
	s.parkOnce(t) // the bridge of a parking lot stays, once there was a call in it
	s.calls["138"] = 1
	s.NoChannels(t)
	Eventually(t, 10*time.Second, func() string { // the lamps of the two forwards are lit, nothing else is in use
		s.before = s.left(t)
		if s.before.sessions != 1 || !strings.Contains(s.before.application, "dialtone") || len(s.before.devices) != 2 {
			return fmt.Sprintf("before all Asterisk holds %+v", s.before)
		}
		return ""
	})
	return s
}

// life is one of a controller: it ends while it starts, one time in three, or a
// moment after it has begun to decide calls.
func (s *survival) life(t *testing.T) {
	t.Helper()
	limit, early := 30*time.Second, rand.IntN(3) == 0
	if early {
		limit = time.Millisecond + rand.N(500*time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	switch err := s.StartController(ctx); {
	case err == nil && !early:
		s.Decides(t, 5*time.Second)
		moment(250 * time.Millisecond)
	case err == nil:
		moment(50 * time.Millisecond)
	case early && errors.Is(err, context.DeadlineExceeded):
		s.atStart++
	default:
		t.Fatalf("starting again: %v\n%s", err, s.Log)
	}
	s.KillAtOnce(t)
	s.killed++
}

// moment is a while in which something may happen, or not.
func moment(most time.Duration) {
	timer := time.NewTimer(rand.N(most))
	<-timer.C
}

// round kills the controller many times while two calls are up, one of them through
// a leg that is a call of its own. Then the last controller knows them, they end,
// and each has its record.
func (s *survival) round(t *testing.T) {
	listener, bob := s.phones["listener"], s.phones["bob"]
	talks := []*longCall{{caller: "talker", extension: "120", number: "121", callee: listener}, {caller: "roamer", extension: "122", number: "220", callee: bob}}
	for _, c := range talks {
		c.begin(t, s)
	}
	ctx, end := context.WithCancel(t.Context())
	var talking sync.WaitGroup
	stop := func() {
		end()
		talking.Wait()
	}
	defer stop()
	for _, c := range talks {
		talking.Go(func() { t.Run(c.caller+" talks", func(t *testing.T) { c.talk(ctx, t) }) })
	}
	s.KillAtOnce(t)
	s.killed++
	for n := 1; n < survivalKills && !t.Failed(); n++ {
		s.life(t)
	}
	s.Restart(t)
	s.takeTurn(t)
	stop()
	for _, c := range talks {
		c.end(t, s)
	}
}
