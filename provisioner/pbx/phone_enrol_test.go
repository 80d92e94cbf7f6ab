package pbx

import (
	"testing"
	"time"
)

// However often a phone is to enrol again, the URL that it last used serves.
func TestEnrolAgainKeepsTheURLInUse(t *testing.T) {
	until := time.Unix(1_800_000_000, 0)
	p := &Phone{MAC: "001565aabbcc", URLSecret: NewSecret("one")}
	p.EnrolAgain(false, until)
	first := p.URLSecret
	if p.FormerSecret.Reveal() != "one" || first.Reveal() == "one" || first.IsZero() || p.EnrolUntil != until {
		t.Fatalf("%+v", p)
	}
	p.EnrolAgain(false, until)
	if p.FormerSecret.Reveal() != "one" {
		t.Error("enrolled again before the new URL was used, and the one in use is gone")
	}
	used := p.URLSecret
	p.EnrolAgain(true, until)
	if !p.FormerSecret.Equal(used) {
		t.Error("enrolled again after the new URL was used, and that is gone")
	}
}
