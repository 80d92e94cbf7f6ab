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

// The lamps of forward keys are there for the keys that phones have, their own ones and
// those of a template, on the extension of the key's line.
func TestForwardKeysHaveLamps(t *testing.T) {
	phone := func(mac pbx.MAC, device string, own ...pbx.Button) *pbx.Phone {
		return &pbx.Phone{Tenant: "default", MAC: mac, Vendor: pbx.Yealink, Model: "T46U",
			Lines: []pbx.Line{{Registration: 1, Device: device}}, Buttons: own}
	}
	key := func(to string, line int) pbx.Button {
		return pbx.Button{Key: 3, Kind: pbx.ForwardButton, Value: to, Line: line}
	}
	extension := func(number string, presence bool) *pbx.Extension {
		return &pbx.Extension{Tenant: "default", Number: number, Name: "N", RingSeconds: 20, Presence: presence}
	}
	device := func(extension string) *pbx.Device {
		return &pbx.Device{Tenant: "default", Name: "d" + extension, Endpoint: "e" + extension, Extension: extension,
			Secret: pbx.NewSecret("0123456789abcdef")}
	}
	files, err := Render(templates.MustNew(), pbx.NewSnapshot(1, pbx.Rows{
		Tenants:    []*pbx.Tenant{{Name: "default", Timezone: "UTC"}},
		Extensions: []*pbx.Extension{extension("101", true), extension("102", true), extension("103", false), extension("lobby", true)},
		Devices:    []*pbx.Device{device("101"), device("102"), device("103"), device("lobby")},
		Phones: []*pbx.Phone{phone("001565000001", "d101", key("+4930123", 1)), phone("001565000002", "d102", key("205", 2)),
			phone("001565000003", "d103"), phone("001565000004", "dlobby"), phone("001565000005", "dlobby")},
		ButtonTemplates: []*pbx.ButtonTemplate{{Tenant: "default", Model: pbx.DefaultButtons, Buttons: []pbx.Button{key("exit", 1)}}},
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(files.Named("dialtone/extensions.conf").Content)) {
		if at, is := strings.CutPrefix(line, "exten => "); is && strings.Contains(line, ",hint,Stasis:dialtone.forward_all") {
			at, _, _ = strings.Cut(at, ",")
			got = append(got, at)
		}
	}
	want := "_*7210[12]*[e][x][i][t] _*7210[12] _*72101*+4930123 *72lobby*exit *72lobby"
	if strings.Join(got, " ") != want {
		t.Errorf("hints of forwards at %v, want %s", got, want)
	}
}
