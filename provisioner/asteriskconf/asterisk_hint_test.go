package asteriskconf_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// checkCrowd: the longest line that can be rendered is read to its end.
func (r *realAsterisk) checkCrowd(t *testing.T, e *templates.Engine) {
	ds := make([]*pbx.Device, 120)
	for i := range ds {
		ds[i] = &pbx.Device{Tenant: "default", Name: fmt.Sprintf("desk-%03d", i), Extension: "101",
			Endpoint: fmt.Sprintf("d%039d", i), Secret: pbx.NewSecret("0123456789abcdef")}
	}
	files := render(t, e, pbx.NewSnapshot(1, pbx.Rows{
		Tenants:    []*pbx.Tenant{{Name: "default", Timezone: "UTC"}},
		Extensions: []*pbx.Extension{{Tenant: "default", Number: "101", Name: "Crowd", RingSeconds: 20, Presence: true}},
		Devices:    ds,
	}))
	r.load(t, files)
	r.loaded(t, files)
	if got := r.complaints(t); len(got) > 0 {
		t.Errorf("complaints:\n%s", strings.Join(got, "\n"))
	}
	r.hint("hints-default", "101") // now it is an extension of its own
	for context, last := range map[string]string{
		"hints-default":    ds[83].Endpoint + "&Stasis:dialtone.do_not_disturb.default.101", // whole names within maxHint
		"fallback-default": ds[99].Endpoint + ",20,i",
	} {
		var shown []string
		for _, m := range r.ami.ask("ShowDialPlan", "ShowDialPlanComplete", "Context", context, "Extension", "101") {
			if strings.Contains(m["AppData"]+m["Application"], "PJSIP/") {
				shown = append(shown, m["Application"]+m["AppData"])
			}
		}
		if len(shown) != 1 || !strings.HasSuffix(shown[0], last) {
			t.Errorf("%s does not end with the last device: %v", context, shown)
		}
	}
}

// checkUnwatched: what nobody can watch does not become a hint.
func (r *realAsterisk) checkUnwatched(t *testing.T) {
	t.Helper()
	for _, number := range []string{"101", "999", "*78999", "*72101*205", "nobody"} {
		if hint := r.hint("hints-default", number); hint != "" {
			t.Errorf("%s has the hint %s", number, hint)
		}
	}
}

// hint is what the lamp of an extension watches, "" if it has no lamp.
func (r *realAsterisk) hint(context, number string) string {
	return r.ami.ask("ExtensionState", "", "Context", context, "Exten", number)[0]["Hint"]
}

// checkHints: Asterisk expands the hint of each extension that may be watched to what
// hints.conf says of it, and has no other.
func (r *realAsterisk) checkHints(t *testing.T, s *pbx.Snapshot) {
	t.Helper()
	for _, e := range s.Extensions {
		hint := r.hint(pbx.HintContext(e.Tenant), e.Number)
		if !e.Presence {
			if hint != "" {
				t.Errorf("extension %s of %s may not be watched and shows %s", e.Number, e.Tenant, hint)
			}
			continue
		}
		want := pbx.LampDevice(pbx.FeatureDoNotDisturb, e.Tenant, e.Number)
		for _, d := range s.RungBy(e) {
			if d.Kind != pbx.DeviceExternal {
				want = d.Technology().Device(d.Endpoint) + "&" + want
			}
		}
		if len(s.RungBy(e)) == 0 {
			want = "PJSIP/dialtone-nobody&" + want
		}
		if got := strings.Split(hint, "&"); !sameStrings(got, strings.Split(want, "&")) {
			t.Errorf("the hint of %s of %s is %s, want %s", e.Number, e.Tenant, hint, want)
		}
	}
}
