package pbx

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSettingsByCode(t *testing.T) {
	s := office()
	for _, tt := range []struct {
		endpoint, dialled, by string
		want                  *Setting
		why                   string // of a refusal
	}{
		{"dacmedesk", "*78", "", &Setting{"acme", "101", FeatureDoNotDisturb, SwitchOn, Destination{}}, ""},
		{"dacmedesk", "*79", "", &Setting{"acme", "101", FeatureDoNotDisturb, SwitchOff, Destination{}}, ""},
		{"dacmedesk", "*78101", "", &Setting{"acme", "101", FeatureDoNotDisturb, Toggle, Destination{}}, ""},
		{"dacmedesk", "*78102", "", nil, "not the caller's own"},
		{"dacmedesk", "*78101*102", "", nil, "too much"},
		{"dacmedesk", "*72102", "", &Setting{"acme", "101", FeatureForwardAll, SwitchOn, Destination{ToExtension, "102"}}, ""},
		{"dacmedesk", "*72101*102", "", &Setting{"acme", "101", FeatureForwardAll, Toggle, Destination{ToExtension, "102"}}, ""},
		{"dacmedesk", "*72101", "", &Setting{"acme", "101", FeatureForwardAll, Toggle, Destination{}}, ""},
		{"dacmedesk", "*72101*101", "", nil, "itself"},
		{"dacmedesk", "*72102*103", "", nil, "not the caller's own"},
		{"dacmedesk", "*72", "", nil, "missing"},
		{"dacmedesk", "*72199", "", nil, "may not forward there"},
		{"dacmedesk", "*72112", "", nil, "emergencies"},
		{"dacmedesk", "*7201&02", "", nil, "neither"},
		{"dacmedesk", "*95", "", &Setting{"acme", "101", FeatureForwardUnreachable, SwitchOff, Destination{}}, ""},
		{"dacmehall", "*78", "dacmedesk", nil, "transferred"},
		{"dacmespare", "*78", "", nil, "no extension"},
	} {
		plan := Route(s, Call{Tenant: "acme", Dialled: tt.dialled, Endpoint: tt.endpoint, By: tt.by}, time.Time{})
		step := plan.Steps[0]
		if diff := cmp.Diff(tt.want, step.Setting); diff != "" || step.Kind != StepSetting || !strings.Contains(step.Rule, tt.why) {
			t.Errorf("%s dials %s: %s, %s", tt.endpoint, tt.dialled, step.Rule, diff)
		}
	}
}

// Switching on and off again leaves what was there before.
func TestForwardSet(t *testing.T) {
	to := Destination{ToExtension, "102"}
	always := CallRule{Destination: to}
	lunch := CallRule{From: "12:00", To: "13:00", Destination: Destination{ToExtension, "103"}}
	all := Setting{Feature: FeatureForwardAll}
	for name, f := range map[string]*Forward{
		"off":        {Extension: "101", Mode: ForwardOff, Busy: to, NoAnswer: to, NoAnswerSeconds: 9},
		"a schedule": {Extension: "101", Mode: ForwardSchedule, Rules: []CallRule{lunch}, Exceptions: []string{"104"}},
	} {
		before := *f
		for range 2 { // a second time changes nothing
			f.Set(FeatureForwardAll, to)
		}
		if !all.On(nil, f) || f.Validate() != nil {
			t.Errorf("%s: not on: %+v, %v", name, f, f.Validate())
		}
		if got, _ := f.now(routing{s: NewSnapshot(1, Rows{}), now: time.Date(2026, 11, 27, 12, 30, 0, 0, time.UTC)}); got != to {
			t.Errorf("%s: forwards to %v", name, got)
		}
		f.Set(FeatureForwardAll, Destination{})
		if diff := cmp.Diff(&before, f); diff != "" || all.On(nil, f) {
			t.Errorf("%s: %s", name, diff)
		}
	}
	f := &Forward{Extension: "101", Mode: ForwardSchedule, Rules: []CallRule{always}}
	if f.Set(FeatureForwardAll, Destination{}); f.Mode != ForwardOff || f.Rules != nil {
		t.Errorf("of a schedule of one rule is left %+v", f)
	}
	f = &Forward{Extension: "101", Mode: ForwardOff, NoAnswer: to, NoAnswerSeconds: 9}
	if f.Set(FeatureForwardNoAnswer, Destination{}); f.Validate() != nil {
		t.Error(f.Validate())
	}
}

func TestLamps(t *testing.T) {
	s := office()
	s.Extension("acme", "101").Presence, s.Extension("acme", "101").DoNotDisturb = true, true
	s.Extension("acme", "102").DoNotDisturb = true // may not be watched
	s.Extension("bolt", "101").Presence = true
	s = with(s, func(r *Rows) {
		r.Forwards = []*Forward{{Tenant: "bolt", Extension: "101", Mode: ForwardOff, Busy: Destination{ToExtension, "1"}}}
	})
	want := map[string]bool{"Stasis:dialtone.do_not_disturb.acme.101": true, "Stasis:dialtone.forward_busy.bolt.101": true}
	if diff := cmp.Diff(want, s.Lamps()); diff != "" {
		t.Error(diff)
	}
}

// Other features end where they should, and nowhere else.
func TestFeaturePlans(t *testing.T) {
	s := office()
	for _, tt := range []struct{ endpoint, dialled, by, want string }{
		{"dacmehall", "**101", "", "dialtone-directed 101@dial-acme&101@fallback-acme&101.acme@PICKUPMARK"},
		{"dacmehall", "**199", "", "dialtone-hangup 1"},
		{"", "**101", "", "dialtone-hangup 21"},
		{"dacmehall", "*50101", "", "dial-acme PJSIP/dacmedesk&PJSIP/dacmemobile,15,ib(dialtone-alert^s^1(alert-autoanswer))"},
		{"dacmehall", "*50103", "", "dialtone-hangup 20"},
		{"dacmehall", "*43", "", "dialtone-echo "},
		{"dacmehall", "705", "", "park-acme "},
		{"dacmehall", "705", "dacmedesk", "park-acme "},
	} {
		step := Route(s, Call{Tenant: "acme", Dialled: tt.dialled, Endpoint: tt.endpoint, By: tt.by}, time.Time{}).Steps[0]
		if got := step.Context("acme") + " " + step.Argument("acme"); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.dialled, got, tt.want)
		}
	}
}
