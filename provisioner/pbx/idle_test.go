package pbx

import (
	"strings"
	"testing"
)

func TestPropertiesWithoutEffect(t *testing.T) {
	on, off := DefaultFeatureCodes("acme"), DefaultFeatureCodes("acme")
	off.Codes[FeatureRecord], off.Codes[FeatureMonitor] = "", ""
	for _, c := range []struct {
		change  func(e *Extension)
		on, off string
	}{
		{func(*Extension) {}, "", ""},
		{func(e *Extension) { e.RecordOnDemand = true }, "", "record_on_demand"},
		{func(e *Extension) { e.RecordOnDemand, e.Record = true, true }, "record_on_demand", "record_on_demand"},
		{func(e *Extension) { e.BusyOnlyInCall = true }, "busy_only_in_call", "busy_only_in_call"},
		{func(e *Extension) { e.BusyOnlyInCall, e.NoCallWaiting = true, true }, "", ""},
		{func(e *Extension) { e.Monitors = true }, "", "monitors"},
		{func(e *Extension) { e.Monitored = true }, "", "monitored"},
	} {
		e := NewExtension("acme", "101")
		c.change(e)
		for want, codes := range map[string]*FeatureCodes{"on " + c.on: on, "off " + c.off: off} {
			_, want, _ = strings.Cut(want, " ")
			got := e.WithoutEffect(codes)
			if want == "" && got != nil || want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], want+": ")) {
				t.Errorf("%+v: %q, want %s", e, got, want)
			}
		}
	}
}
