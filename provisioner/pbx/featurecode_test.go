package pbx

import (
	"strings"
	"testing"
)

func TestFeatureCodesValidate(t *testing.T) {
	if err := DefaultFeatureCodes("acme").Validate(); err != nil {
		t.Fatalf("the defaults: %v", err)
	}
	for _, tt := range []struct {
		name   string
		change func(*FeatureCodes)
		field  string // "" is fine
	}{
		{"off", func(c *FeatureCodes) { c.Codes[FeatureVoicemail], c.Codes[FeatureIntercom], c.ParkSlots = "", "", "" }, ""},
		{"digits and hash", func(c *FeatureCodes) { c.Codes[FeatureVoicemail] = "#9700" }, ""},
		{"letters", func(c *FeatureCodes) { c.Codes[FeatureVoicemail] = "*9a" }, "voicemail"},
		{"a line break", func(c *FeatureCodes) { c.Codes[FeatureVoicemail] = "*9\n" }, "voicemail"},
		{"too long", func(c *FeatureCodes) { c.Codes[FeatureVoicemail] = "*1234567890" }, "voicemail"},
		{"twice", func(c *FeatureCodes) { c.Codes[FeatureEcho] = "*97" }, "echo_test"},
		{"begins one that takes a number", func(c *FeatureCodes) { c.Codes[FeatureEcho] = "*7" }, "echo_test"},
		{"begins with one that takes a number", func(c *FeatureCodes) { c.Codes[FeatureEcho] = "*721" }, "echo_test"},
		{"begins one that takes none", func(c *FeatureCodes) { c.Codes[FeatureEcho] = "*970" }, ""},
		{"a call for help", func(c *FeatureCodes) { c.Codes[FeatureEcho] = "112" }, "echo_test"},
		{"before a call for help", func(c *FeatureCodes) { c.Codes[FeatureIntercom] = "11" }, "intercom"},
		{"pressed during a call", func(c *FeatureCodes) { c.Codes[FeatureRecord] = "#12" }, ""},
		{"pressed, as another is dialled", func(c *FeatureCodes) { c.Codes[FeatureRecord] = "*72" }, ""},
		{"a digit that is pressed", func(c *FeatureCodes) { c.Codes[FeatureRecord] = "71" }, "record"},
		{"one key", func(c *FeatureCodes) { c.Codes[FeatureRecord] = "*" }, "record"},
		{"begins as what monitors", func(c *FeatureCodes) { c.Codes[FeatureEcho] = "*551" }, "monitor"},
		{"slots of one length", func(c *FeatureCodes) { c.ParkSlots = "90-110" }, "park_slots"},
		{"slots backwards", func(c *FeatureCodes) { c.ParkSlots = "79-71" }, "park_slots"},
		{"too many slots", func(c *FeatureCodes) { c.ParkSlots = "7000-7100" }, "park_slots"},
		{"slots in Roman", func(c *FeatureCodes) { c.ParkSlots = "X-XI" }, "park_slots"},
		{"a slot that is a code", func(c *FeatureCodes) { c.Codes[FeatureEcho] = "705" }, "park_slots"},
		{"no time", func(c *FeatureCodes) { c.ParkSeconds = 0 }, "park_seconds"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := DefaultFeatureCodes("acme")
			tt.change(c)
			es, _ := c.Validate().(Errors)
			if tt.field == "" && es != nil || tt.field != "" && (len(es) == 0 || es[0].Field != tt.field) {
				t.Errorf("%v, want one about %q", es, tt.field)
			}
		})
	}
}

func TestFeatureCodesRead(t *testing.T) {
	c := DefaultFeatureCodes("acme")
	for dialled, want := range map[string]string{"*97": "voicemail", "*971": "", "*72": "forward_all", "*72101": "forward_all 101", "*73": "forward_all_off", "*731": "",
		"**102": "directed_pickup 102", "*55102": "monitor 102", "*1": "", "101": "", "": "", "*": ""} {
		f, number, _ := c.Read(dialled)
		if got := strings.TrimSpace(string(f) + " " + number); got != want {
			t.Errorf("%s is %q, want %q", dialled, got, want)
		}
	}
	c.Codes[FeatureVoicemail] = ""
	if f, _, is := c.Read(""); is {
		t.Errorf("nothing dialled is %s", f)
	}
	for number, want := range map[string]bool{"701": true, "720": true, "700": false, "0701": false, "+701": false, "721": false, "x": false} {
		if c.IsSlot(number) != want {
			t.Errorf("%s is a slot: %v", number, !want)
		}
	}
}
