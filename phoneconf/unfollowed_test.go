package phoneconf

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// valueOn is a value that a kind of button can have.
func valueOn(k pbx.ButtonKind) string {
	switch k {
	case pbx.URLButton:
		return "http://h/x"
	case pbx.PagingButton:
		return "224.0.1.75:10000"
	case pbx.ParkButton, pbx.ParkedButton:
		return "701"
	}
	b := pbx.Button{Key: 1, Line: 1, Kind: k, Value: "102"}
	if (&pbx.ButtonTemplate{Model: pbx.DefaultButtons, Buttons: []pbx.Button{b}}).Validate() != nil {
		return ""
	}
	return "102"
}

// A setting that changes no byte of a phone's files is named, and none that changes one.
func TestSettingsWithoutEffectAreNamed(t *testing.T) {
	for setting, change := range map[string]func(c *pbx.PhoneSettings){
		"language": func(c *pbx.PhoneSettings) { c.Language = "ja" }, "tone_country": func(c *pbx.PhoneSettings) { c.ToneCountry = "DE" },
		"ntp_server": func(c *pbx.PhoneSettings) { c.NTPServer = "192.0.2.7" }, "syslog_server": func(c *pbx.PhoneSettings) { c.SyslogServer = "192.0.2.7" },
		"vlan": func(c *pbx.PhoneSettings) { c.VLAN = 7 }, "vlan_priority": func(c *pbx.PhoneSettings) { c.VLANPriority = 5 },
		"codecs": func(c *pbx.PhoneSettings) { c.Codecs = append(slices.Clone(c.Codecs), "opus") }, "srtp": func(c *pbx.PhoneSettings) { c.SRTP = "required" },
		"clock24": func(c *pbx.PhoneSettings) { c.Clock24 = false }, "logo": func(c *pbx.PhoneSettings) { c.Logo = "http://h/x.png" },
		"outbound_proxy": func(c *pbx.PhoneSettings) { c.OutboundProxy = "sbc.example.com" }, "second_server": func(c *pbx.PhoneSettings) { c.SecondServer = "192.0.2.8:5070" },
		"paging":  func(c *pbx.PhoneSettings) { c.Paging = []string{"224.0.1.75:10000"} },
		"uploads": func(c *pbx.PhoneSettings) { c.Uploads = append(slices.Clone(c.Uploads), "logs") },
	} {
		for _, m := range Models() {
			if setting == "uploads" && m.Vendor == pbx.Polycom {
				continue // sends all of them, asked or not
			}
			before, after := pbx.DefaultPhoneSettings("default"), pbx.DefaultPhoneSettings("default")
			if setting == "vlan_priority" {
				before.VLAN, after.VLAN = 7, 7
			}
			change(after)
			s, p := office(m, before)
			was := filesOf(t, s, p)
			s, p = office(m, after)
			effect, said := !maps.Equal(was, filesOf(t, s, p)), strings.Join(Unfollowed(s, p, testSite), "\n")
			if named := strings.Contains(said, setting+": "); named == effect {
				t.Errorf("%s: %s has an effect: %v, and is named: %v (%q)", m.Name, setting, effect, named, said)
			}
		}
	}
}

// The same for each kind of key, of the phone's own and of the tenant's template.
func TestKeysWithoutEffectAreNamed(t *testing.T) {
	settings := pbx.DefaultPhoneSettings("default")
	settings.Paging = []string{"224.0.1.75:10000"}
	site := testSite
	site.LDAPPort = 3389
	for _, kind := range pbx.ButtonKinds {
		if kind == pbx.LineButton || kind == pbx.NoButton {
			continue // means nothing where keys have no places
		}
		b := pbx.Button{Key: 2, Kind: kind, Value: valueOn(kind), Line: 1}
		for _, m := range Models() {
			if m.Keys() < 2 {
				continue
			}
			s, p := office(m, settings)
			was := filesAt(t, s, p, site)
			s = with(s, func(r *pbx.Rows) {
				r.Extensions[0].RecordOnDemand = true
				r.ButtonTemplates = []*pbx.ButtonTemplate{{Tenant: "default", Model: pbx.DefaultButtons, Buttons: []pbx.Button{b}}}
			})
			effect, said := !maps.Equal(was, filesAt(t, s, p, site)), strings.Join(Unfollowed(s, p, site), "\n")
			if named := strings.Contains(said, "buttons.2: "); named == effect {
				t.Errorf("%s: a key of kind %s has an effect: %v, and is named: %v (%q)", m.Name, kind, effect, named, said)
			}
			p.Buttons = []pbx.Button{b}
			if refused := CheckPhone(p) != nil; refused == effect {
				t.Errorf("%s: a key of kind %s has an effect: %v, and is refused: %v", m.Name, kind, effect, refused)
			}
		}
	}
}

// A key that the model has does nothing where the tenant lacks what it needs.
func TestIdleKeysAreNamed(t *testing.T) {
	off := pbx.DefaultFeatureCodes("default")
	for f := range off.Codes {
		off.Codes[f] = ""
	}
	off.ParkSlots = ""
	m, _ := LookupAny("T46U")
	for _, c := range []struct {
		button      pbx.Button
		codes, want string
	}{
		{pbx.Button{Kind: pbx.PagingButton, Value: "224.0.1.75:10000"}, "", "nobody listens at 224.0.1.75:10000"},
		{pbx.Button{Kind: pbx.LDAPButton}, "", "no LDAP server"},
		{pbx.Button{Kind: pbx.RecordButton}, "", "set record_on_demand"},
		{pbx.Button{Kind: pbx.RecordButton}, "off", "no code record"},
		{pbx.Button{Kind: pbx.VoicemailButton}, "off", "no code voicemail"},
		{pbx.Button{Kind: pbx.IntercomButton, Value: "101"}, "off", "no code intercom"},
		{pbx.Button{Kind: pbx.DNDButton}, "off", "no code do_not_disturb"},
		{pbx.Button{Kind: pbx.ForwardButton, Value: "102"}, "off", "no code forward_all"},
		{pbx.Button{Kind: pbx.PickupButton}, "off", "no code pickup"},
		{pbx.Button{Kind: pbx.ParkedButton, Value: "701"}, "off", "no park slot"},
		{pbx.Button{Kind: pbx.ParkedButton, Value: "701"}, "", ""},
		{pbx.Button{Kind: pbx.BLFButton, Value: "101"}, "", "presence off"},
		{pbx.Button{Kind: pbx.HoldButton}, "off", ""},
	} {
		c.button.Key, c.button.Line = 2, 1
		s, p := office(m, nil, c.button)
		if c.codes == "off" {
			s = with(s, func(r *pbx.Rows) { r.FeatureCodes = []*pbx.FeatureCodes{off} })
		}
		said := strings.Join(Unfollowed(s, p, testSite), "\n")
		if (c.want == "") != (said == "") || !strings.Contains(said, c.want) {
			t.Errorf("%+v, codes %q: %q, want %q", c.button, c.codes, said, c.want)
		}
	}
	// Others of the tenant listen, though this phone does not.
	s, p := office(m, nil, pbx.Button{Kind: pbx.PagingButton, Value: "224.0.1.75:10000", Key: 2, Line: 1})
	p.Settings.Paging = &[]string{}
	s = with(s, func(r *pbx.Rows) {
		r.PhoneSettings = []*pbx.PhoneSettings{pbx.DefaultPhoneSettings(p.Tenant)}
		r.PhoneSettings[0].Paging = []string{"224.0.1.75:10000"}
	})
	if said := Unfollowed(s, p, testSite); len(said) > 0 {
		t.Errorf("a key to speak to others: %q", said)
	}
}

// What each make is told for a key of the phone's own.
func TestKeysOfThePhone(t *testing.T) {
	for kind, c := range map[pbx.ButtonKind]struct{ yealink, polycom string }{
		pbx.HoldButton: {"4", "$FHold$"}, pbx.TransferButton: {"3", "102$Trefer$"}, pbx.ConferenceButton: {"1", "$FConference$"},
		pbx.RecordButton: {"25", "*1$Tdtmf$"}, pbx.DirectoryButton: {"61", "$FDirectories$"}, pbx.LDAPButton: {"38", ""},
		pbx.PagingButton: {"24", ""},
		pbx.RedialButton: {"", "$FRedial$"}, pbx.HistoryButton: {"", "$FCallList$"},
	} {
		b := pbx.Button{Key: 2, Kind: kind, Value: valueOn(kind), Line: 1}
		for _, name := range []string{"T46U", "T28P", "VVX450"} {
			m, _ := LookupAny(name)
			s, p := office(m, nil, b)
			got := filesOf(t, s, p)
			switch {
			case m.Vendor == pbx.Yealink && c.yealink == "" || m.Vendor == pbx.Polycom && c.polycom == "":
				if CheckPhone(p) == nil {
					t.Errorf("%s takes a key of kind %s", name, kind)
				}
			case m.Vendor == pbx.Yealink:
				want(t, got, map[string]string{"linekey.2.type": c.yealink, "linekey.2.value": b.Value})
			default:
				want(t, got, map[string]string{"lineKey.2.category": "EFK", "efk.efklist.1.action.string": c.polycom})
			}
		}
	}
	m, _ := LookupAny("VVX450")
	s, p := office(m, nil, pbx.Button{Key: 2, Kind: pbx.TransferButton, Line: 1})
	want(t, filesOf(t, s, p), map[string]string{"efk.efklist.1.action.string": "$FTransfer$"})
}
