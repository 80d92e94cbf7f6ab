package phoneconf

import (
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestBranchBelow(t *testing.T) {
	for _, c := range []struct {
		vendor           pbx.Vendor
		firmware, branch string
		want             bool
	}{
		{pbx.Yealink, "108.86.0.90", "80", false}, {pbx.Yealink, "66.80.0.10", "80", false}, {pbx.Yealink, "28.73.0.50", "80", true},
		{pbx.Yealink, "9.70.0.1", "", false}, {pbx.Yealink, "strange", "80", false}, {pbx.Yealink, "", "80", false},
		{pbx.Polycom, "5.9.0.1234", "5", false}, {pbx.Polycom, "6.4.6.2453", "5", false}, {pbx.Polycom, "4.0.7.2514", "5", true},
		{pbx.Polycom, "3.2.7.0198", "3.3", true}, {pbx.Polycom, "3.3.5.0247", "3.3", false}, {pbx.Polycom, "4.0.1", "3.3", false},
	} {
		if got := BranchBelow(c.vendor, c.firmware, c.branch); got != c.want {
			t.Errorf("%s %s below %q: %v", c.vendor, c.firmware, c.branch, got)
		}
	}
	// The newest branch of each model understands its files.
	for _, m := range Models() {
		if m.Firmware != "" && m.Vendor == pbx.Polycom && BranchBelow(m.Vendor, m.Firmware, m.NeedsBranch()) {
			t.Errorf("%s: the newest branch %s is below %s", m.Name, m.Firmware, m.NeedsBranch())
		}
		if m.Firmware != "" && m.Vendor == pbx.Yealink && BranchBelow(m.Vendor, "1."+m.Firmware, m.NeedsBranch()) {
			t.Errorf("%s: the newest branch %s is below %s", m.Name, m.Firmware, m.NeedsBranch())
		}
	}
}
