package phoneconf

import (
	"maps"
	"reflect"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ownCases has each setting of one phone, and the same one of its tenant.
var ownCases = map[string]struct {
	own    func(o *pbx.OwnSettings)
	tenant func(r *pbx.Rows, c *pbx.PhoneSettings)
}{
	"Language":      {func(o *pbx.OwnSettings) { o.Language = "fr" }, func(_ *pbx.Rows, c *pbx.PhoneSettings) { c.Language = "fr" }},
	"ToneCountry":   {func(o *pbx.OwnSettings) { o.ToneCountry = "FR" }, func(_ *pbx.Rows, c *pbx.PhoneSettings) { c.ToneCountry = "FR" }},
	"Timezone":      {func(o *pbx.OwnSettings) { o.Timezone = "Asia/Tokyo" }, func(r *pbx.Rows, _ *pbx.PhoneSettings) { r.Tenants[0].Timezone = "Asia/Tokyo" }},
	"NTPServer":     {func(o *pbx.OwnSettings) { o.NTPServer = "192.0.2.5" }, func(_ *pbx.Rows, c *pbx.PhoneSettings) { c.NTPServer = "192.0.2.5" }},
	"SyslogServer":  {func(o *pbx.OwnSettings) { o.SyslogServer = "192.0.2.6" }, func(_ *pbx.Rows, c *pbx.PhoneSettings) { c.SyslogServer = "192.0.2.6" }},
	"VLAN":          {func(o *pbx.OwnSettings) { o.VLAN = new(int); *o.VLAN = 9 }, func(_ *pbx.Rows, c *pbx.PhoneSettings) { c.VLAN = 9 }},
	"VLANPriority":  {func(o *pbx.OwnSettings) { o.VLAN = new(int); *o.VLAN, o.VLANPriority = 9, 5 }, func(_ *pbx.Rows, c *pbx.PhoneSettings) { c.VLAN, c.VLANPriority = 9, 5 }},
	"SRTP":          {func(o *pbx.OwnSettings) { o.SRTP = "required" }, func(_ *pbx.Rows, c *pbx.PhoneSettings) { c.SRTP = "required" }},
	"Clock24":       {func(o *pbx.OwnSettings) { o.Clock24 = new(bool) }, func(_ *pbx.Rows, c *pbx.PhoneSettings) { c.Clock24 = false }},
	"Logo":          {func(o *pbx.OwnSettings) { o.Logo = "http://h/x.png" }, func(_ *pbx.Rows, c *pbx.PhoneSettings) { c.Logo = "http://h/x.png" }},
	"OutboundProxy": {func(o *pbx.OwnSettings) { o.OutboundProxy = "sbc" }, func(_ *pbx.Rows, c *pbx.PhoneSettings) { c.OutboundProxy = "sbc" }},
	"SecondServer":  {func(o *pbx.OwnSettings) { o.SecondServer = "pbx2:5070" }, func(_ *pbx.Rows, c *pbx.PhoneSettings) { c.SecondServer = "pbx2:5070" }},
	"Paging":        {func(o *pbx.OwnSettings) { o.Paging = &[]string{"239.1.1.1:5000"} }, func(_ *pbx.Rows, c *pbx.PhoneSettings) { c.Paging = []string{"239.1.1.1:5000"} }},
	"Uploads":       {func(o *pbx.OwnSettings) { o.Uploads = &[]string{} }, func(_ *pbx.Rows, c *pbx.PhoneSettings) { c.Uploads = nil }},
}

// oneOfEach has a model of each era with colours, and one without.
func oneOfEach() (out []Model) {
	type kind struct {
		era  Era
		mono bool
	}
	seen := map[kind]bool{}
	for _, m := range Models() {
		if k := (kind{m.Era, m.mono()}); !seen[k] {
			seen[k] = true
			out = append(out, m)
		}
	}
	return out
}

// A setting of one phone does there what the tenant's does, and nothing on another phone of
// it; where it does nothing, both are named by the same words.
func TestOwnSettingsAreThoseOfTheTenantOnOnePhone(t *testing.T) {
	if n := reflect.TypeFor[pbx.OwnSettings]().NumField(); n != len(ownCases) {
		t.Fatalf("a phone has %d settings, the test %d", n, len(ownCases))
	}
	for name, c := range ownCases {
		for _, m := range oneOfEach() {
			settings := pbx.DefaultPhoneSettings("default")
			s, other := office(m, settings)
			plain := filesOf(t, s, other)
			own := *other
			c.own(&own.Settings)
			got, said := filesOf(t, s, &own), Unfollowed(s, &own, testSite)
			if !maps.Equal(filesOf(t, s, other), plain) {
				t.Errorf("%s, %s: another phone changed", m.Name, name)
			}
			all := pbx.DefaultPhoneSettings("default")
			s = with(s, func(r *pbx.Rows) {
				c.tenant(r, all)
				r.PhoneSettings = []*pbx.PhoneSettings{all}
			})
			if want := filesOf(t, s, other); !maps.Equal(got, want) {
				t.Errorf("%s: %s of the phone has another effect than that of the tenant", m.Name, name)
			}
			if want := Unfollowed(s, other, testSite); !reflect.DeepEqual(said, want) {
				t.Errorf("%s: %s of the phone: %q, of the tenant %q", m.Name, name, said, want)
			}
		}
	}
}

// A phone's own language and zone count before those of its user.
func TestOwnSettingsBeforeTheUsers(t *testing.T) {
	m, _ := LookupAny("T46U")
	s, p := office(m, nil)
	s = with(s, func(r *pbx.Rows) {
		r.Users = []*pbx.User{{Tenant: "default", Username: "anna", Extension: "101", Language: "de", Timezone: "Europe/Berlin"}}
	})
	p.Settings = pbx.OwnSettings{Language: "fr", Timezone: "Asia/Tokyo"}
	want(t, filesOf(t, s, p), map[string]string{"lang.gui": "French", "local_time.time_zone": "+9"})
}
