package phoneconf

import (
	"slices"
	"testing"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A phone from the box that fetched its files does what Dialtone means, on every model:
// the simulator has the factory's ways wherever a file is silent.
func TestSimulatedPhonesWithOurFiles(t *testing.T) {
	codes := pbx.DefaultFeatureCodes("default")
	codes.Codes[pbx.FeatureDirectedPickup], codes.Codes[pbx.FeatureEcho] = "*6", "*44#"
	for _, m := range Models() {
		for _, changed := range []*pbx.FeatureCodes{nil, codes} {
			r, take := diallingTenant("DE", "101", "102", "2001"), "**102"
			if changed != nil {
				r.FeatureCodes, take = []*pbx.FeatureCodes{changed}, "*6102"
			}
			s := pbx.NewSnapshot(1, r)
			c := &phone.Config{Vendor: phone.Vendor(m.Vendor), Values: filesOf(t, s, polycomOf(m))}
			for what, numbers := range dialled(s, "default") {
				for _, number := range numbers {
					if sent := c.OffHook(number); sent.Number != number {
						t.Errorf("%s: %s %s leaves as %+v", m.Name, what, number, sent)
					}
				}
			}
			if got := c.TakesRinging("102"); got != take && m.Era != YealinkDECT && m.Era != YealinkMulticell {
				t.Errorf("%s: the key of a ringing lamp dials %q, want %q", m.Name, got, take)
			}
			if in, out := c.RingsFor(); in != 0 && in < 300 || out != 0 {
				t.Errorf("%s: rings for %d s, waits %d s", m.Name, in, out)
			}
			if c.Strangers() || c.Forwards() || c.DoNotDisturb() != 486 || c.Refused() != 486 {
				t.Errorf("%s: strangers %v, forwards %v, do not disturb %d, refused %d", m.Name, c.Strangers(), c.Forwards(),
					c.DoNotDisturb(), c.Refused())
			}
			if from := c.CallerFrom(); from[0] != "P-Asserted-Identity" && !m.has(CallerFromOnly) || !slices.Contains(from, "From") {
				t.Errorf("%s: the caller stands in %v", m.Name, from)
			}
		}
	}
}

// Without a code for it no key takes calls.
func TestNoCodeTakesNoCalls(t *testing.T) {
	codes := pbx.DefaultFeatureCodes("default")
	codes.Codes[pbx.FeatureDirectedPickup] = ""
	for _, m := range Models() {
		r := diallingTenant("DE", "101")
		r.FeatureCodes = []*pbx.FeatureCodes{codes}
		c := &phone.Config{Vendor: phone.Vendor(m.Vendor), Values: filesOf(t, pbx.NewSnapshot(1, r), polycomOf(m))}
		if got := c.TakesRinging("102"); got != "" {
			t.Errorf("%s: the key of a ringing lamp dials %q", m.Name, got)
		}
	}
}
