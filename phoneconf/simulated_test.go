package phoneconf

import (
	"slices"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/factory"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A phone from the box that fetched its files does what Dialtone means, on every model:
// the simulator has the factory's ways wherever a file is silent.
func TestSimulatedPhonesWithOurFiles(t *testing.T) {
	codes := pbx.DefaultFeatureCodes("default")
	codes.Codes[pbx.FeatureDirectedPickup], codes.Codes[pbx.FeatureEcho], codes.Codes[pbx.FeatureForwardAll] = "*6", "*44#", "*7#"
	for _, m := range Models() {
		for _, changed := range []*pbx.FeatureCodes{nil, codes} {
			r, take := diallingTenant("DE", "101", "102", "2001"), "**102"
			if changed != nil {
				r.FeatureCodes, take = []*pbx.FeatureCodes{changed}, "*6102"
			}
			s := pbx.NewSnapshot(1, r)
			for _, box := range fromTheBox(t, s, polycomOf(m)) {
				for what, numbers := range dialled(s, "default") {
					for _, number := range numbers {
						if sent := box.OffHook(number, thinking); sent.Number != number || sent.Left != "" {
							t.Errorf("%s of %s: %s %s leaves as %+v", m.Name, box.Era(), what, number, sent)
						}
						if sent := box.OnHook(number); sent.Number != number {
							t.Errorf("%s of %s: %s %s leaves as %+v by the Send key", m.Name, box.Era(), what, number, sent)
						}
					}
				}
				if got := box.RingingLamp("102"); got != take && box.Era() != factory.YealinkDECT {
					t.Errorf("%s: the key of a ringing lamp dials %q, want %q", m.Name, got, take)
				}
				meansWhatWeMean(t, m, box)
			}
		}
	}
}

// noKeyTakenAway are eras without a parameter that takes a phone's own key away.
var noKeyTakenAway = map[string][]factory.Era{
	"forward":        {factory.YealinkV70},
	"do not disturb": {factory.YealinkV70, factory.PolycomSIP3, factory.PolycomUCS4},
}

func meansWhatWeMean(t *testing.T, m Model, box *factory.Settings) {
	t.Helper()
	if in, out := box.RingsFor(); in != 0 && in < 300*time.Second || out != 0 {
		t.Errorf("%s: rings for %s, waits %s", m.Name, in, out)
	}
	for what, key := range map[string]factory.Pressed{"forward": box.ForwardKey("102"), "do not disturb": box.DNDKey()} {
		if want := !slices.Contains(noKeyTakenAway[what], box.Era()); key.Missing != want || key.Dials != "" {
			t.Errorf("%s of %s: its own key to %s: %+v", m.Name, box.Era(), what, key)
		}
	}
	if box.Strangers() || box.Forwarded() != "" || box.DoNotDisturb() != 486 || box.Refused() != 486 || !box.Knocks() {
		t.Errorf("%s: strangers %v, forwards to %q, do not disturb %d, refused %d, knocks %v", m.Name, box.Strangers(), box.Forwarded(),
			box.DoNotDisturb(), box.Refused(), box.Knocks())
	}
	if from := box.CallerFrom(); from[0] != "P-Asserted-Identity" && !m.has(CallerFromOnly) || !slices.Contains(from, "From") {
		t.Errorf("%s: the caller stands in %v", m.Name, from)
	}
	if box.SessionTimers() || box.SRTP().Offered {
		t.Errorf("%s: session timers %v, SRTP %+v", m.Name, box.SessionTimers(), box.SRTP())
	}
	if !box.Answers("<sip:x>;info="+pbx.AlertAnswer) && box.Era() != factory.YealinkDECT || box.Answers("info=ring3") {
		t.Errorf("%s: intercom is not answered, or a ringing tone is", m.Name)
	}
}

// Without a code for it no key takes calls.
func TestNoCodeTakesNoCalls(t *testing.T) {
	codes := pbx.DefaultFeatureCodes("default")
	codes.Codes[pbx.FeatureDirectedPickup] = ""
	for _, m := range Models() {
		r := diallingTenant("DE", "101")
		r.FeatureCodes = []*pbx.FeatureCodes{codes}
		for _, box := range fromTheBox(t, pbx.NewSnapshot(1, r), polycomOf(m)) {
			if got := box.RingingLamp("102"); got != "" {
				t.Errorf("%s of %s: the key of a ringing lamp dials %q", m.Name, box.Era(), got)
			}
		}
	}
}
