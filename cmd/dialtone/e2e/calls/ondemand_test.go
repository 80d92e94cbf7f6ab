package calls

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// onDemand is an office in which 101 and 102 may have calls recorded, 103 may not and
// 104 is recorded always.
type onDemand struct {
	*lab
	first, second, plain, always *phone.Phone
}

// TestRecordOnDemandRealAsterisk: who may starts and stops recording during a call, by
// a code, by a record key and by API, on both generations.
func TestRecordOnDemandRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			o := &onDemand{lab: openLab(t, suite)}
			o.Extension(t, "101", "", Object{"record_on_demand": true})
			o.Extension(t, "102", "", Object{"record_on_demand": true})
			o.Extension(t, "103", "", nil)
			o.Extension(t, "104", "", Object{"record_on_demand": true, "record": true})
			o.Do(t, "PUT", Tenant+"/ring-groups/hall", Object{"number": "600", "strategy": "all", "confirm": "all", "members": []Object{{"extension": "102", "delay": 1}, {"extension": "103"}}}, nil)
			o.Do(t, "PUT", Tenant+"/ring-groups/kept", Object{"number": "601", "strategy": "all", "members": []Object{{"extension": "104"}}}, nil)
			o.first = o.Register(t, o.Device(t, "first", "101", nil), phone.Options{})
			o.second = o.Register(t, o.Device(t, "second", "102", nil), phone.Options{})
			o.plain = o.Register(t, o.Device(t, "plain", "103", nil), phone.Options{})
			o.always = o.Register(t, o.Device(t, "always", "104", nil), phone.Options{})
			t.Run("caller", o.byCaller)
			t.Run("callee", o.byCallee)
			t.Run("neither", o.byNeither)
			t.Run("both", o.byBoth)
			t.Run("recorded always", o.recordedAlways)
			t.Run("record key", o.recordKey)
			t.Run("press 1", o.confirmed)
			t.Run("API", o.byAPI)
			t.Run("another code", o.anotherCode)
			t.Run("no controller", o.noController)
		})
	}
}

// isRecorded waits until the only call is recorded, or is not.
func (o *onDemand) isRecorded(t *testing.T, want bool) {
	t.Helper()
	Eventually(t, 5*time.Second, func() string {
		if c := o.underWay(t); len(c) != 1 || c[0].Recorded != want {
			return fmt.Sprintf("recorded should be %t: %+v", want, c)
		}
		return ""
	})
}

type recordedCall struct {
	ID       string
	Recorded bool
}

func (o *onDemand) underWay(t *testing.T) []recordedCall {
	t.Helper()
	var page struct{ Items []recordedCall }
	o.Do(t, "GET", Tenant+"/calls", nil, &page)
	return page.Items
}

// presses the code and waits for what comes of it.
func (o *onDemand) presses(t *testing.T, c *phone.Call, want bool) {
	t.Helper()
	Press(t, c, "*1")
	o.isRecorded(t, want)
}

// kept waits for that many finished recordings, checks who was in each and that both
// voices are, and deletes them. The last record of a call names one of them.
func (o *onDemand) kept(t *testing.T, want ...string) {
	t.Helper()
	var got []Recording
	Eventually(t, 10*time.Second, func() string {
		got = o.Recordings(t)
		for _, r := range got {
			if !r.Finished {
				return r.Name + " is not finished"
			}
		}
		if len(got) != len(want) {
			return fmt.Sprintf("%d recordings: %+v", len(got), got)
		}
		return ""
	})
	for i, r := range got {
		if r.From+" "+r.To != want[i] {
			t.Errorf("recording %s is not of %s", r.Name, want[i])
		}
		path := Tenant + "/recordings/" + r.Name
		sound := Samples(t, []byte(o.Get(t, path)))
		caller, callee, nobody := Strength(sound, CallerTone), Strength(sound, CalleeTone), Strength(sound, 1730)
		if r.Seconds < 1 || caller < 20*nobody || callee < 20*nobody {
			t.Errorf("%s: %.1f seconds, caller %.4f, callee %.4f, nobody %.4f", r.Name, r.Seconds, caller, callee, nobody)
		}
	}
	if len(got) > 0 {
		Eventually(t, 10*time.Second, func() string {
			var page struct{ Items []struct{ Recording string } }
			o.Do(t, "GET", Tenant+"/cdrs?limit=1", nil, &page)
			if len(page.Items) == 1 && page.Items[0].Recording == got[0].Name {
				return ""
			}
			return fmt.Sprintf("the record of the call says %+v", page.Items)
		})
	}
	for _, r := range got {
		o.Do(t, "DELETE", Tenant+"/recordings/"+r.Name, nil, nil)
	}
}

func (o *onDemand) byCaller(t *testing.T) {
	events := o.Follow(t)
	out, in := Connect(t, o.first, o.plain, "103")
	Talk(t, out, in)
	o.isRecorded(t, false)
	o.presses(t, out, true)
	Talk(t, out, in)
	o.presses(t, out, false)
	if in.DTMF() != "" {
		t.Errorf("the other one heard %q", in.DTMF())
	}
	Talk(t, out, in)
	o.presses(t, out, true)
	Talk(t, out, in)
	HangUp(t, in, out)
	o.kept(t, "101 103", "101 103")
	Eventually(t, 5*time.Second, func() string {
		var told []string
		for _, e := range events.Of("call") {
			for _, what := range []string{"recording", "recording-ended"} {
				if strings.Contains(e, `"what":"`+what+`"`) {
					told = append(told, what)
				}
			}
		}
		// Whether the call goes on for a moment without the recorded channel depends on which of
		// the two Asterisk hangs up first.
		const want = "recording recording-ended recording"
		if got := strings.Join(told, " "); got != want && got != want+" recording-ended" {
			return "the stream told of " + got
		}
		return ""
	})
}

func (o *onDemand) byCallee(t *testing.T) {
	out, in := Connect(t, o.plain, o.second, "102")
	Talk(t, out, in)
	o.presses(t, in, true)
	Talk(t, out, in)
	o.presses(t, in, false)
	HangUp(t, out, in)
	o.kept(t, "103 102")
}

// byNeither: the key of who may not means nothing, and the other one hears it.
func (o *onDemand) byNeither(t *testing.T) {
	out, in := Connect(t, o.plain, o.second, "102")
	Talk(t, out, in)
	Press(t, out, "*1")
	Eventually(t, 5*time.Second, func() string {
		if in.DTMF() != "*1" {
			return "the other one heard " + in.DTMF()
		}
		return ""
	})
	o.isRecorded(t, false)
	HangUp(t, out, in)
	o.kept(t)
}

// byBoth: the second who presses begins nothing and ends nothing.
func (o *onDemand) byBoth(t *testing.T) {
	out, in := Connect(t, o.first, o.second, "102")
	Talk(t, out, in)
	o.presses(t, in, true)
	Talk(t, out, in)
	Press(t, out, "*1")
	Talk(t, out, in)
	o.isRecorded(t, true)
	o.presses(t, in, false)
	HangUp(t, out, in)
	o.kept(t, "101 102")
}

// recordedAlways: neither who is recorded always nor the other one begins a second
// recording, or ends the first.
func (o *onDemand) recordedAlways(t *testing.T) {
	for _, way := range []struct {
		from, to *phone.Phone
		number   string
		want     string
	}{{o.first, o.always, "104", "101 104"}, {o.always, o.first, "101", "104 101"}, {o.first, o.always, "601", "101 104"}} {
		out, in := Connect(t, way.from, way.to, way.number)
		Talk(t, out, in)
		Press(t, out, "*1")
		Press(t, in, "*1")
		Talk(t, out, in)
		o.isRecorded(t, true)
		if r := o.Refused(t, "DELETE", Tenant+"/calls/"+o.underWay(t)[0].ID+"/recording", nil); r == nil || r.Status != 409 {
			t.Errorf("stopping what is recorded always is answered by %+v", r)
		}
		HangUp(t, out, in)
		o.kept(t, way.want)
	}
}

func (o *onDemand) recordKey(t *testing.T) {
	out, in := Connect(t, o.plain, o.second, "102")
	Talk(t, out, in)
	key := func(c *phone.Call, on bool) error { return c.PressRecord(Within(t, 10*time.Second), on) }
	if err := key(in, true); err != nil {
		t.Fatal(err)
	}
	o.isRecorded(t, true)
	Talk(t, out, in)
	if err := key(out, true); err == nil {
		t.Error("the key of who may not is answered by 200")
	}
	if err := key(in, false); err != nil {
		t.Fatal(err)
	}
	o.isRecorded(t, false)
	HangUp(t, out, in)
	o.kept(t, "103 102")
}

// confirmed: through the legs of a group that are calls of their own.
func (o *onDemand) confirmed(t *testing.T) {
	out := Dial(t, o.first, "600")
	Rings(t, out, o.plain)
	in := Rings(t, out, o.second)
	if err := in.Answer(Within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	HearsSpeech(t, in)
	Press(t, in, "1")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	Talk(t, out, in)
	o.presses(t, in, true)
	Talk(t, out, in)
	o.presses(t, in, false)
	o.presses(t, out, true)
	Talk(t, out, in)
	HangUp(t, out, in)
	o.kept(t, "101 102", "101 600")
}

func (o *onDemand) byAPI(t *testing.T) {
	out := Dial(t, o.plain, "102")
	in := Rings(t, out, o.second)
	path := Tenant + "/calls/" + o.underWay(t)[0].ID + "/recording"
	refused := func(method string, status int) {
		t.Helper()
		if r := o.Refused(t, method, path, nil); r == nil || r.Status != status {
			t.Errorf("%s is answered by %+v, want %d", method, r, status)
		}
	}
	refused("POST", 409) // nobody talks yet
	Answer(t, out, in)
	Talk(t, out, in)
	refused("DELETE", 409)
	var call recordedCall
	if o.Do(t, "POST", path, nil, &call); !call.Recorded {
		t.Errorf("it answers %+v", call)
	}
	o.isRecorded(t, true)
	refused("POST", 409)
	Talk(t, out, in)
	Press(t, in, "*1") // is refused: another one is recorded
	Talk(t, out, in)
	if o.Do(t, "DELETE", path, nil, &call); call.Recorded {
		t.Errorf("it answers %+v", call)
	}
	o.presses(t, in, true) // and the API ends what a phone began
	Talk(t, out, in)
	o.Do(t, "DELETE", path, nil, nil)
	o.isRecorded(t, false)
	HangUp(t, out, in)
	o.kept(t, "103 102", "103 102")
	refused("POST", 404)
	// A phone ends what the API began on it.
	out, in = Connect(t, o.first, o.plain, "103")
	Talk(t, out, in)
	o.Do(t, "POST", Tenant+"/calls/"+o.underWay(t)[0].ID+"/recording", nil, nil)
	Talk(t, out, in)
	o.presses(t, out, false)
	HangUp(t, out, in)
	o.kept(t, "101 103")
}

func (o *onDemand) anotherCode(t *testing.T) {
	if r := o.Refused(t, "PATCH", Tenant+"/feature-codes", Object{"record": "7"}); r == nil || r.Field != "record" {
		t.Errorf("a digit is answered by %+v", r)
	}
	o.Do(t, "PATCH", Tenant+"/feature-codes", Object{"record": "#9"}, nil)
	o.Applied(t)
	out, in := Connect(t, o.first, o.plain, "103")
	Press(t, out, "*1")
	Talk(t, out, in)
	o.isRecorded(t, false)
	Press(t, out, "#9")
	o.isRecorded(t, true)
	Talk(t, out, in)
	HangUp(t, out, in)
	o.kept(t, "101 103")
	o.Do(t, "PATCH", Tenant+"/feature-codes", Object{"record": nil}, nil)
	o.Applied(t)
}

// noController: the code needs none, and a controller that comes back finds what was
// recorded.
func (o *onDemand) noController(t *testing.T) {
	o.Kill(t)
	out, in := Connect(t, o.first, o.plain, "103")
	Talk(t, out, in)
	Press(t, out, "*1")
	Talk(t, out, in)
	o.Restart(t)
	Eventually(t, 10*time.Second, func() string {
		if c := o.underWay(t); len(c) != 1 {
			return fmt.Sprintf("under way are %+v", c)
		}
		return ""
	})
	if r := o.Refused(t, "POST", Tenant+"/calls/"+o.underWay(t)[0].ID+"/recording", nil); r == nil || r.Status != 409 {
		t.Errorf("recording it twice is answered by %+v", r)
	}
	HangUp(t, out, in)
	o.kept(t, "101 103")
}
