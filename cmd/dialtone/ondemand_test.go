package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

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
			o.extension(t, "101", "", object{"record_on_demand": true})
			o.extension(t, "102", "", object{"record_on_demand": true})
			o.extension(t, "103", "", nil)
			o.extension(t, "104", "", object{"record_on_demand": true, "record": true})
			o.do(t, "PUT", tenant+"/ring-groups/hall", object{"number": "600", "strategy": "all", "confirm": "all", "members": []object{{"extension": "102", "delay": 1}, {"extension": "103"}}}, nil)
			o.do(t, "PUT", tenant+"/ring-groups/kept", object{"number": "601", "strategy": "all", "members": []object{{"extension": "104"}}}, nil)
			o.first = o.register(t, o.device(t, "first", "101", nil), phone.Options{})
			o.second = o.register(t, o.device(t, "second", "102", nil), phone.Options{})
			o.plain = o.register(t, o.device(t, "plain", "103", nil), phone.Options{})
			o.always = o.register(t, o.device(t, "always", "104", nil), phone.Options{})
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
	eventually(t, 5*time.Second, func() string {
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
	o.do(t, "GET", tenant+"/calls", nil, &page)
	return page.Items
}

// presses the code and waits for what comes of it.
func (o *onDemand) presses(t *testing.T, c *phone.Call, want bool) {
	t.Helper()
	press(t, c, "*1")
	o.isRecorded(t, want)
}

// kept waits for that many finished recordings, checks who was in each and that both
// voices are, and deletes them. The last record of a call names one of them.
func (o *onDemand) kept(t *testing.T, want ...string) {
	t.Helper()
	var got []recording
	eventually(t, 10*time.Second, func() string {
		got = o.recordings(t)
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
		path := tenant + "/recordings/" + r.Name
		sound := samples(t, []byte(o.get(t, path)))
		caller, callee, nobody := strength(sound, callerTone), strength(sound, calleeTone), strength(sound, 1730)
		if r.Seconds < 1 || caller < 20*nobody || callee < 20*nobody {
			t.Errorf("%s: %.1f seconds, caller %.4f, callee %.4f, nobody %.4f", r.Name, r.Seconds, caller, callee, nobody)
		}
	}
	if len(got) > 0 {
		eventually(t, 10*time.Second, func() string {
			var page struct{ Items []struct{ Recording string } }
			o.do(t, "GET", tenant+"/cdrs?limit=1", nil, &page)
			if len(page.Items) == 1 && page.Items[0].Recording == got[0].Name {
				return ""
			}
			return fmt.Sprintf("the record of the call says %+v", page.Items)
		})
	}
	for _, r := range got {
		o.do(t, "DELETE", tenant+"/recordings/"+r.Name, nil, nil)
	}
}

func (o *onDemand) byCaller(t *testing.T) {
	events := o.follow(t)
	out, in := connect(t, o.first, o.plain, "103")
	talk(t, out, in)
	o.isRecorded(t, false)
	o.presses(t, out, true)
	talk(t, out, in)
	o.presses(t, out, false)
	if in.DTMF() != "" {
		t.Errorf("the other one heard %q", in.DTMF())
	}
	talk(t, out, in)
	o.presses(t, out, true)
	talk(t, out, in)
	hangUp(t, in, out)
	o.kept(t, "101 103", "101 103")
	eventually(t, 5*time.Second, func() string {
		var told []string
		for _, e := range events.of("call") {
			for _, what := range []string{"recording", "recording-ended"} {
				if strings.Contains(e, `"what":"`+what+`"`) {
					told = append(told, what)
				}
			}
		}
		if got := strings.Join(told, " "); got != "recording recording-ended recording" {
			return "the stream told of " + got
		}
		return ""
	})
}

func (o *onDemand) byCallee(t *testing.T) {
	out, in := connect(t, o.plain, o.second, "102")
	talk(t, out, in)
	o.presses(t, in, true)
	talk(t, out, in)
	o.presses(t, in, false)
	hangUp(t, out, in)
	o.kept(t, "103 102")
}

// byNeither: the key of who may not means nothing, and the other one hears it.
func (o *onDemand) byNeither(t *testing.T) {
	out, in := connect(t, o.plain, o.second, "102")
	talk(t, out, in)
	press(t, out, "*1")
	eventually(t, 5*time.Second, func() string {
		if in.DTMF() != "*1" {
			return "the other one heard " + in.DTMF()
		}
		return ""
	})
	o.isRecorded(t, false)
	hangUp(t, out, in)
	o.kept(t)
}

// byBoth: the second who presses begins nothing and ends nothing.
func (o *onDemand) byBoth(t *testing.T) {
	out, in := connect(t, o.first, o.second, "102")
	talk(t, out, in)
	o.presses(t, in, true)
	talk(t, out, in)
	press(t, out, "*1")
	talk(t, out, in)
	o.isRecorded(t, true)
	o.presses(t, in, false)
	hangUp(t, out, in)
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
		out, in := connect(t, way.from, way.to, way.number)
		talk(t, out, in)
		press(t, out, "*1")
		press(t, in, "*1")
		talk(t, out, in)
		o.isRecorded(t, true)
		if r := o.refused(t, "DELETE", tenant+"/calls/"+o.underWay(t)[0].ID+"/recording", nil); r == nil || r.Status != 409 {
			t.Errorf("stopping what is recorded always is answered by %+v", r)
		}
		hangUp(t, out, in)
		o.kept(t, way.want)
	}
}

func (o *onDemand) recordKey(t *testing.T) {
	out, in := connect(t, o.plain, o.second, "102")
	talk(t, out, in)
	key := func(c *phone.Call, on bool) error { return c.PressRecord(within(t, 10*time.Second), on) }
	if err := key(in, true); err != nil {
		t.Fatal(err)
	}
	o.isRecorded(t, true)
	talk(t, out, in)
	if err := key(out, true); err == nil {
		t.Error("the key of who may not is answered by 200")
	}
	if err := key(in, false); err != nil {
		t.Fatal(err)
	}
	o.isRecorded(t, false)
	hangUp(t, out, in)
	o.kept(t, "103 102")
}

// confirmed: through the legs of a group that are calls of their own.
func (o *onDemand) confirmed(t *testing.T) {
	out := dial(t, o.first, "600")
	rings(t, out, o.plain)
	in := rings(t, out, o.second)
	if err := in.Answer(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	hearsSpeech(t, in)
	press(t, in, "1")
	if err := out.WaitAnswer(); err != nil {
		t.Fatal(err)
	}
	talk(t, out, in)
	o.presses(t, in, true)
	talk(t, out, in)
	o.presses(t, in, false)
	o.presses(t, out, true)
	talk(t, out, in)
	hangUp(t, out, in)
	o.kept(t, "101 102", "101 600")
}

func (o *onDemand) byAPI(t *testing.T) {
	out := dial(t, o.plain, "102")
	in := rings(t, out, o.second)
	path := tenant + "/calls/" + o.underWay(t)[0].ID + "/recording"
	refused := func(method string, status int) {
		t.Helper()
		if r := o.refused(t, method, path, nil); r == nil || r.Status != status {
			t.Errorf("%s is answered by %+v, want %d", method, r, status)
		}
	}
	refused("POST", 409) // nobody talks yet
	answer(t, out, in)
	talk(t, out, in)
	refused("DELETE", 409)
	var call recordedCall
	if o.do(t, "POST", path, nil, &call); !call.Recorded {
		t.Errorf("it answers %+v", call)
	}
	o.isRecorded(t, true)
	refused("POST", 409)
	talk(t, out, in)
	press(t, in, "*1") // is refused: another one is recorded
	talk(t, out, in)
	if o.do(t, "DELETE", path, nil, &call); call.Recorded {
		t.Errorf("it answers %+v", call)
	}
	o.presses(t, in, true) // and the API ends what a phone began
	talk(t, out, in)
	o.do(t, "DELETE", path, nil, nil)
	o.isRecorded(t, false)
	hangUp(t, out, in)
	o.kept(t, "103 102", "103 102")
	refused("POST", 404)
	// A phone ends what the API began on it.
	out, in = connect(t, o.first, o.plain, "103")
	talk(t, out, in)
	o.do(t, "POST", tenant+"/calls/"+o.underWay(t)[0].ID+"/recording", nil, nil)
	talk(t, out, in)
	o.presses(t, out, false)
	hangUp(t, out, in)
	o.kept(t, "101 103")
}

func (o *onDemand) anotherCode(t *testing.T) {
	if r := o.refused(t, "PATCH", tenant+"/feature-codes", object{"record": "7"}); r == nil || r.Field != "record" {
		t.Errorf("a digit is answered by %+v", r)
	}
	o.do(t, "PATCH", tenant+"/feature-codes", object{"record": "#9"}, nil)
	o.applied(t)
	out, in := connect(t, o.first, o.plain, "103")
	press(t, out, "*1")
	talk(t, out, in)
	o.isRecorded(t, false)
	press(t, out, "#9")
	o.isRecorded(t, true)
	talk(t, out, in)
	hangUp(t, out, in)
	o.kept(t, "101 103")
	o.do(t, "PATCH", tenant+"/feature-codes", object{"record": nil}, nil)
	o.applied(t)
}

// noController: the code needs none, and a controller that comes back finds what was
// recorded.
func (o *onDemand) noController(t *testing.T) {
	o.kill(t)
	out, in := connect(t, o.first, o.plain, "103")
	talk(t, out, in)
	press(t, out, "*1")
	talk(t, out, in)
	o.restart(t)
	eventually(t, 10*time.Second, func() string {
		if c := o.underWay(t); len(c) != 1 {
			return fmt.Sprintf("under way are %+v", c)
		}
		return ""
	})
	if r := o.refused(t, "POST", tenant+"/calls/"+o.underWay(t)[0].ID+"/recording", nil); r == nil || r.Status != 409 {
		t.Errorf("recording it twice is answered by %+v", r)
	}
	hangUp(t, out, in)
	o.kept(t, "101 103")
}
