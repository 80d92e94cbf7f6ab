package pbx

import (
	"strings"
	"testing"
	"time"
)

// TestTestCall: the trunk that is named is tried and no other, as its route has it; where it
// cannot take a call the step says so, and a number that may not be called is refused.
func TestTestCall(t *testing.T) {
	s := with(routedOffice(over("x", 50, "+4989", RouteTrunk{Trunk: "a"}, RouteTrunk{Trunk: "b", Prefix: "99"})), func(r *Rows) {
		r.Numbers = append(r.Numbers, &Number{Tenant: "acme", Number: "+493011", Destination: Destination{ToExtension, "101"}})
		r.Classes = append(r.Classes, &ClassOfService{Tenant: "acme", Name: "few", Allow: []string{"national"}})
		r.Extensions[1].ClassOfService, r.Extensions[1].Guard = "few", Guard{Calls: 1}
	})
	for name, tt := range map[string]struct {
		trunk, from, to string
		live            weather
		want            string // the argument of Dial, or the rule of another step
		refused         string
	}{
		"the second of a route": {trunk: "b", to: "089123457", want: "PJSIP/994989123457@tb,30,iS(5)gf(+49302)u(allowed)"},
		"in no route":           {trunk: "c", to: "089123457", want: "PJSIP/+4989123457@tc,30,iS(5)g"},
		"of an extension":       {trunk: "a", from: "101", to: "030123456", want: "PJSIP/+4930123456@ta,30,iS(5)gf(+493099)u(allowed)"},
		"disabled":              {trunk: "off", to: "089123457", want: "trunk off is disabled"},
		"full":                  {trunk: "a", to: "089123457", live: weather{full: map[string]bool{"ta": true}}, want: "trunk a carries 1 call"},
		"silent":                {trunk: "a", to: "089123457", live: weather{silent: map[string]bool{"ta": true}}, want: "does not answer OPTIONS"},
		"signed out":            {trunk: "a", to: "089123457", live: weather{out: map[string]bool{"ta": true}}, want: "is not registered"},
		"help":                  {trunk: "a", to: "112", refused: "for emergencies"},
		"help of a disabled":    {trunk: "off", to: "110", refused: "for emergencies"},
		"a number of its own":   {trunk: "a", to: "+493011", refused: "is a number of this system"},
		"of a few":              {trunk: "a", from: "102", to: "0012125551234", refused: "may not call"},
		"no number":             {trunk: "a", to: "99", refused: "none of the dialling rules"},
	} {
		owner := &Extension{Tenant: "acme"}
		if tt.from != "" {
			owner = s.Extension("acme", tt.from)
		}
		step, err := s.TestCall(s.Trunk("acme", tt.trunk), owner, tt.to, tt.live)
		if tt.refused != "" {
			if err == nil || KindOf(err) != Invalid || !strings.Contains(err.Error(), tt.refused) {
				t.Errorf("%s: %v is no refusal", name, err)
			}
			continue
		}
		got := step.Rule
		if step.Kind == StepDial {
			got = step.Argument("acme")
		}
		if err != nil || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
		if step.Kind == StepDial && (step.Legs[0].Charge == nil || step.Legs[0].Charge.Seconds != TestTalks) {
			t.Errorf("%s: %+v is reserved", name, step.Legs[0].Charge)
		}
	}
}

// TestTestEnd: what Asterisk tells of a test call, in one word.
func TestTestEnd(t *testing.T) {
	for said, want := range map[string]struct {
		state CallOutcome
		final int
	}{
		"ANSWER,16,200,40,5100,5000": {CallAnswered, 200},
		"BUSY,17,486,,12,0":          {CallBusy, 486},
		"NOANSWER,19,480,,12,0":      {CallNoAnswer, 480},
		"NOANSWER,0,180,300,30000,0": {CallNoAnswer, 0},
		"NOANSWER,0,487,300,30000,0": {CallNoAnswer, 0},
		"NOANSWER,0,,,30000,0":       {CallUnreachable, 0},
		"CONGESTION,34,503,,12,0":    {CallUnreachable, 503},
		"CHANUNAVAIL,18,408,,12,0":   {CallUnreachable, 408},
		"CHANUNAVAIL,1,404,,12,0":    {CallRefused, 404},
		"CHANUNAVAIL,21,403,,12,0":   {CallRefused, 403},
		"CANCEL":                     {CallNoAnswer, 0},
		"CHANUNAVAIL,20":             {CallUnreachable, 0},
		"":                           {CallUnreachable, 0},
		"ANSWER,x,y,-1,":             {CallAnswered, 0},
	} {
		end := ParseTestEnd(strings.Split(said, ","))
		if state, sentence := end.State(); state != want.state || end.Final() != want.final || sentence == "" {
			t.Errorf("%q: %s %d %s", said, state, end.Final(), sentence)
		}
	}
	end := ParseTestEnd([]string{"ANSWER", "16", "200", "40", "5100", "5000"})
	if end.Ringing != 40*time.Millisecond || end.Answered != 100*time.Millisecond || end.Talked != 5*time.Second || end.Cause != 16 {
		t.Errorf("%+v", end)
	}
}
