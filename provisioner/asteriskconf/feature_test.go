package asteriskconf

import (
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// A tenant's own codes and slots are in its files, and those that are off are not.
func TestFeatureCodesAreRendered(t *testing.T) {
	codes := pbx.DefaultFeatureCodes("default")
	codes.Codes[pbx.FeatureVoicemail], codes.Codes[pbx.FeatureSignIn], codes.Codes[pbx.FeatureDoNotDisturb] = "#5", "88", ""
	codes.ParkSlots, codes.ParkSeconds = "81-82", 30
	s := pbx.NewSnapshot(1, pbx.Rows{
		Tenants:      []*pbx.Tenant{{Name: "default"}, {Name: "other"}},
		FeatureCodes: []*pbx.FeatureCodes{codes},
	})
	files, err := Render(templates.MustNew(), s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	dialplan, parking := string(files.Named("dialtone/extensions.conf").Content), string(files.Named(parkingFile).Content)
	own, other, _ := strings.Cut(dialplan, "; ---- tenant other")
	for _, line := range []string{"exten => #5,1,GotoIf", "exten => 88,1,Answer()", "exten => 81,1,Goto(park-default,81,1)", "exten => 82,hint,park:82@park-default"} {
		if !strings.Contains(own, line) || strings.Contains(other, line) {
			t.Errorf("%s must be the tenant's alone", line)
		}
	}
	for _, line := range []string{"exten => *97", "exten => *11,", "*78", "exten => 701"} {
		if strings.Contains(own, line) || !strings.Contains(other, line) {
			t.Errorf("%s must be the other tenant's alone", line)
		}
	}
	if want := "[park-default]\ncontext = park-default\nparkpos = 81-82\nparkingtime = 30\n"; !strings.Contains(parking, want) {
		t.Errorf("the lots are\n%s", parking)
	}
	codes.Codes[pbx.FeatureEcho] = "*4\nexten"
	if _, err := Render(templates.MustNew(), s, Options{}); err == nil || !strings.Contains(err.Error(), "echo_test") {
		t.Errorf("a hostile code is rendered: %v", err)
	}
}
