package outside

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/db"
)

// TestGuardRealAsterisk bounds calls outside: at once, and minutes a day with the controller
// killed during the call. A call for help is never bounded.
func TestGuardRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			o := openOutdoors(t, suite)
			o.Do(t, "PATCH", Tenant, Object{"country": "DE"}, nil)
			desk := o.Register(t, o.Device(t, "desk-210", "210", nil), phone.Options{})
			o.Do(t, "PATCH", Tenant+"/extensions/101", Object{"guard": Object{"calls": 1}}, nil)
			o.Registered()
			o.Applied(t)
			o.atOnce(t)
			o.minutes(t, desk)
		})
	}
}

// spend lets the controller find after a start what was talked today.
func (o *outdoors) spend(t *testing.T, extension string, seconds int64) {
	t.Helper()
	store, err := db.Open(t.Context(), o.Database, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	snapshot, err := store.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = store.WriteGuard(t.Context(), db.GuardRows{Usage: []db.GuardUsage{{Tenant: "default", Extension: extension,
		Day: snapshot.Day("default", time.Now()), Seconds: seconds}}})
	if err != nil {
		t.Fatal(err)
	}
}

func (o *outdoors) atOnce(t *testing.T) {
	t.Helper()
	out, in := Connect(t, o.Caller, o.Ada, Mobiles["ada"])
	if got := Refusal(t, o.Caller, Mobiles["bob"]); got != 403 {
		t.Errorf("a second call outside ends with %d", got)
	}
	help := Dial(t, o.Caller, "112")
	there := Rings(t, help, o.Ada)
	HangUp(t, help, there)
	HangUp(t, out, in)
	o.NoChannels(t)
	o.Untracked(t)
	out, in = Connect(t, o.Caller, o.Ada, Mobiles["ada"])
	HangUp(t, out, in)
	for _, c := range o.CDRs(t, "") {
		if c.Dialled == Mobiles["bob"] && (c.Outcome != "refused" || !strings.Contains(strings.Join(c.Rules, " "), "guard allows at once")) {
			t.Errorf("the record of the refused call: %s: %v", c.Outcome, c.Rules)
		}
	}
}

// minutes: a call ends by itself when the day's minutes are over, and no further one begins,
// neither by dialling nor at an external device, with a controller or without.
func (o *outdoors) minutes(t *testing.T, desk *phone.Phone) {
	t.Helper()
	bound := Object{"guard": Object{"calls": nil, "minutes_per_day": 1}}
	o.Do(t, "PATCH", Tenant+"/extensions/101", bound, nil)
	o.Do(t, "PATCH", Tenant+"/extensions/210", bound, nil)
	o.Applied(t)
	o.Kill(t)
	o.spend(t, "101", 54)
	o.spend(t, "210", 60)
	o.Restart(t)
	Eventually(t, 20*time.Second, func() string { // a call that has just ended may be stored as one under way
		return o.used(t, "calls", func(u guardUse) bool { return u.Calls == 0 })
	})
	out, in := Connect(t, o.Caller, o.Ada, Mobiles["ada"])
	start := time.Now()
	o.Kill(t)
	Hears(t, out.Done(), out, "the end of the day's minutes")
	if took := time.Since(start); took < 3*time.Second || took > 15*time.Second {
		t.Errorf("the call has talked %s of 6 seconds", took)
	}
	Hears(t, in.Done(), in, "the end")
	o.callsDesk(t, desk) // without a controller
	o.Restart(t)
	Eventually(t, 60*time.Second, func() string { // the reservation is one from before the start
		if got := Refusal(t, o.Caller, Mobiles["ada"]); got != 403 {
			return "a call after the last minute is let out"
		}
		return ""
	})
	o.callsDesk(t, desk)
	if bad := o.used(t, "blocks", func(u guardUse) bool {
		return u.Extension == "" || strings.Contains(u.Blocked, "extension "+u.Extension+" has used the 1 minute")
	}); bad != "" {
		t.Error(bad)
	}
	o.Do(t, "POST", Tenant+"/guard/unblock", Object{"extension": "101"}, nil)
	Eventually(t, 60*time.Second, func() string {
		if got := Refusal(t, o.Caller, UnknownNumber); got != 404 {
			return "a call after the block was lifted is refused"
		}
		return ""
	})
}

type guardUse struct {
	Extension, Blocked string
	Calls              int
}

// used says what the guard shows where it is not as wanted.
func (o *outdoors) used(t *testing.T, what string, wanted func(guardUse) bool) string {
	t.Helper()
	var use struct{ Items []guardUse }
	o.Do(t, "GET", Tenant+"/guard", nil, &use)
	for _, u := range use.Items {
		if !wanted(u) {
			return fmt.Sprintf("%s: the guard shows %+v", what, use.Items)
		}
	}
	return ""
}

// callsDesk calls 210, whose desk phone rings and whose mobile does not.
func (o *outdoors) callsDesk(t *testing.T, desk *phone.Phone) {
	t.Helper()
	out := Dial(t, o.Caller, "210")
	in := Rings(t, out, desk)
	Answer(t, out, in)
	select {
	case <-o.Ada.Incoming():
		t.Error("the mobile of 210 rings although its minutes are used")
	default:
	}
	HangUp(t, out, in)
	o.NoChannels(t)
}
