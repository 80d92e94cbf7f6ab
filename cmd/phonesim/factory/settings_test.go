package factory

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// boxed is a phone out of its box, with parameters as words name=value.
func boxed(era Era, words ...string) *Settings {
	values := map[string]string{}
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		values[name] = value
	}
	return New(era, &phone.Config{Vendor: era.Vendor(), Values: values,
		Accounts: []phone.Account{{Index: 1, UserName: "d101", Transport: "udp"}}})
}

// Phones out of the box do what no office wants.
func TestOutOfTheBox(t *testing.T) {
	const gap = 500 * time.Millisecond
	all := func(of func(*Settings) any) map[Era]any {
		out := map[Era]any{}
		for _, e := range Eras() {
			out[e] = of(boxed(e))
		}
		return out
	}
	same := func(yealink, polycom any) map[Era]any {
		out := map[Era]any{}
		for _, e := range Eras() {
			out[e] = polycom
			if e.Vendor() == phone.Yealink {
				out[e] = yealink
			}
		}
		return out
	}
	with := func(all map[Era]any, e Era, value any) map[Era]any { all[e] = value; return all }
	cut := func(n, left string) Sent { return Sent{Number: n, Left: left} }
	slow := func(n string) Sent { return Sent{Number: n, After: 4 * time.Second} }
	for _, tt := range []struct {
		what      string
		got, want map[Era]any
	}{
		{"112 off hook", all(func(s *Settings) any { return s.OffHook("112", gap) }), with(same(slow("112"), cut("11", "2")), PolycomUCS5, cut("1", "12"))},
		{"*97 off hook", all(func(s *Settings) any { return s.OffHook("*97", gap) }), same(slow("*97"), cut("*", "97"))},
		{"102# off hook", all(func(s *Settings) any { return s.OffHook("102#", gap).Number }), with(same("102", "10"), PolycomUCS5, "1")},
		{"112 on hook", all(func(s *Settings) any { return s.OnHook("112") }), same(Sent{Number: "112"}, Sent{Number: "112"})},
		{"the key of a ringing lamp", all(func(s *Settings) any { return s.RingingLamp("102") }), same("", "*97102")},
		{"the key for messages", all(func(s *Settings) any { return s.Messages() }), same("", "d101")},
		{"the key for do not disturb", all(func(s *Settings) any { return s.DNDKey() }), same(Pressed{Local: true}, Pressed{Local: true})},
		{"do not disturb", all(func(s *Settings) any { return s.DoNotDisturb() }), same(480, 486)},
		{"the key to forward", all(func(s *Settings) any { return s.ForwardKey("102") }), same(Pressed{Local: true}, Pressed{Local: true})},
		{"refused", all(func(s *Settings) any { return s.Refused() }), same(486, 603)},
		{"the caller", all(func(s *Settings) any { return s.CallerFrom()[0] }), same("From", "P-Asserted-Identity")},
		{"strangers", all(func(s *Settings) any { return s.Strangers() }), same(true, true)},
		{"intercom", all(func(s *Settings) any { return s.Answers("<sip:x>;info=alert-autoanswer") }), with(same(true, false), YealinkDECT, false)},
		{"a second call", all(func(s *Settings) any { return s.Knocks() }), same(true, true)},
		{"SRTP", all(func(s *Settings) any { return s.SRTP().Offered }), same(false, false)},
		{"session timers", all(func(s *Settings) any { return s.SessionTimers() }), same(false, false)},
		{"the best codec", all(func(s *Settings) any { return s.Codecs()[0] }), with(same("G722", "PCMU"), PolycomUCS5, "G722")},
		{"its own ringing", all(func(s *Settings) any { in, _ := s.RingsFor(); return in }), same(300*time.Second, 60*time.Second)},
	} {
		for _, e := range Eras() {
			if !reflect.DeepEqual(tt.got[e], tt.want[e]) {
				t.Errorf("%s: %s: %+v, want %+v", e, tt.what, tt.got[e], tt.want[e])
			}
		}
	}
	if got := boxed(YealinkV87, "account.1.srtp_encryption=1").SRTP().Ciphers[0]; got != "AES_256_CM_HMAC_SHA1_80" {
		t.Errorf("the first cipher of V87 is %s", got)
	}
}

// A parameter that a software does not know does nothing on it.
func TestUnknownParametersDoNothing(t *testing.T) {
	for e, word := range map[Era]string{YealinkV70: "features.fwd.allow=0", PolycomUCS4: "feature.forward.enable=0"} {
		if got := boxed(e, word).ForwardKey("102"); !got.Local {
			t.Errorf("%s with %s: %+v", e, word, got)
		}
	}
	for e, word := range map[Era]string{YealinkV80: "features.fwd.allow=0", PolycomUCS5: "feature.forward.enable=0", PolycomUCS4: "divert.fwd.1.enabled=0"} {
		if got := boxed(e, word).ForwardKey("102"); !got.Missing {
			t.Errorf("%s with %s: %+v", e, word, got)
		}
	}
}

// A number that is typed slowly is cut where a pause means its end, and what another system
// left changes it.
func TestTypedSlowlyOrChanged(t *testing.T) {
	for _, tt := range []struct {
		s       *Settings
		typed   string
		between time.Duration
		want    Sent
	}{
		{boxed(YealinkV80), "2001", 3900 * time.Millisecond, Sent{Number: "2001", After: 4 * time.Second}},
		{boxed(YealinkV80), "2001", 5 * time.Second, Sent{Number: "2", After: 4 * time.Second, Left: "001"}},
		{boxed(YealinkV80), "2001#", time.Second, Sent{Number: "2001"}},
		{boxed(YealinkV80, "features.key_as_send=0"), "*44#", time.Second, Sent{Number: "*44#", After: 4 * time.Second}},
		{boxed(PolycomSIP3), "20011", 2 * time.Second, Sent{}},
		{boxed(PolycomSIP3), "20011", 4 * time.Second, Sent{Number: "2001", After: 3 * time.Second, Left: "1"}},
		{boxed(PolycomSIP3, "dialplan.digitmap=xxxT|xxxxT", "dialplan.digitmap.timeOut=1|5"), "1234", 2 * time.Second,
			Sent{Number: "123", After: time.Second, Left: "4"}},
		{boxed(YealinkV80, "dialplan.digitmap.enable=1"), "*97", time.Second, Sent{Number: "*9", Left: "7"}},
		{boxed(YealinkV70, "dialplan.digitmap.enable=1"), "*97", time.Second, Sent{Number: "*97", After: 4 * time.Second}},
		{boxed(YealinkV80, "dialplan.dialnow.rule.2=911", "dialplan.dialnow.rule.1=%NULL%"), "91101", 1100 * time.Millisecond,
			Sent{Number: "911", After: time.Second, Left: "01"}},
		{boxed(YealinkV80, "dialplan.replace.prefix.3=9", "dialplan.replace.replace.3=0"), "930", 0, Sent{Number: "030", After: 4 * time.Second}},
		{boxed(YealinkV80, "dialplan.area_code.code=030", "dialplan.area_code.min_len=5"), "12345", 0, Sent{Number: "03012345", After: 4 * time.Second}},
		{boxed(YealinkV80, "dialplan.block_out.number.1=112"), "112", 0, Sent{}},
	} {
		if got := tt.s.OffHook(tt.typed, tt.between); got != tt.want {
			t.Errorf("%s: %s: %+v, want %+v", tt.s.Era(), tt.typed, got, tt.want)
		}
	}
}

// Files change what keys do.
func TestKeysByFiles(t *testing.T) {
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"code and target in one", boxed(YealinkV80, "forward.always.on_code=*72").ForwardKey("102"), Pressed{Dials: "*72102"}},
		{"a code for do not disturb", boxed(YealinkV70, "features.dnd.on_code=*78").DNDKey(), Pressed{Dials: "*78"}},
		{"the account's code counts first", boxed(YealinkV80, "account.1.direct_pickup_code=*16", "features.pickup.direct_pickup_code=**").RingingLamp("102"), "*16102"},
		{"the code alone", boxed(YealinkV80, "features.blf_pickup_only_send_code=1", "features.pickup.direct_pickup_code=*8").RingingLamp("102"), "*8"},
		{"pickup by Replaces", boxed(YealinkV80, "account.1.dialoginfo_callpickup=1", "features.pickup.direct_pickup_code=**").RingingLamp("102"), ""},
		{"a native pickup", boxed(PolycomUCS4, "call.directedCallPickupMethod=native").RingingLamp("102"), ""},
		{"a group's calls", boxed(YealinkV80, "features.pickup.group_pickup_enable=1", "features.pickup.group_pickup_code=*8").GroupPickup(), "*8"},
		{"a mailbox", boxed(PolycomSIP3, "msg.mwi.1.callBackMode=contact", "msg.mwi.1.callBack=*97").Messages(), "*97"},
		{"a class by number", boxed(PolycomSIP3, "voIpProt.SIP.alertInfo.1.value=alert-autoanswer", "voIpProt.SIP.alertInfo.1.class=4").Answers("info=alert-autoanswer"), true},
		{"a class by name", boxed(PolycomUCS5, "voIpProt.SIP.alertInfo.1.value=alert-autoanswer", "voIpProt.SIP.alertInfo.1.class=4").Answers("info=alert-autoanswer"), false},
		{"forced on V70", boxed(YealinkV70, "account.1.srtp_encryption=1").SRTP().Required, true},
		{"optional on V80", boxed(YealinkV80, "account.1.srtp_encryption=1").SRTP().Required, false},
		{"do not disturb that rings", boxed(PolycomSIP3, "call.rejectBusyOnDnd=0").DoNotDisturb(), 0},
		{"a forward left behind", boxed(YealinkV80, "forward.always.enable=1", "forward.always.target=9").Forwarded(), "9"},
	} {
		if !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.what, tt.got, tt.want)
		}
	}
}

func TestEraOf(t *testing.T) {
	for name, want := range map[string]Era{"T28P 2.73.0.50": YealinkV70, "T46U 108.86.0.90": YealinkV80, "T46U 108.87.0.15": YealinkV87,
		"W75B 175.85.0.5": YealinkDECT, "SPIP430 3.2.7.0198": PolycomSIP3, "SPIP650 3.3.5.0247": PolycomUCS4,
		"SPIP650 4.0.14.1580": PolycomUCS4, "VVX450 6.4.6.2453": PolycomUCS5, "CCX500 9.4.1.0508": PolycomUCS5} {
		model, firmware, _ := strings.Cut(name, " ")
		vendor := phone.Yealink
		if want.Vendor() == phone.Polycom {
			vendor = phone.Polycom
		}
		if got := EraOf(vendor, model, firmware); got != want {
			t.Errorf("%s is of %s, want %s", name, got, want)
		}
	}
}

// Each row of the table says where it is from, no era has two values, and each is one that is.
func TestTableOfDefaults(t *testing.T) {
	seen := map[string]bool{}
	known := map[string]bool{}
	for _, e := range Eras() {
		known[string(e)] = true
	}
	for _, p := range defaults {
		if len(p.source) < 10 || regexp.MustCompile(`\.[0-9]+(\.|$)`).MatchString(p.name) {
			t.Errorf("%s: source %q", p.name, p.source)
		}
		for e := range strings.FieldsSeq(p.eras) {
			if key := p.name + " of " + e; seen[key] || !known[e] {
				t.Errorf("%s stands twice, or there is no such era", key)
			} else {
				seen[key] = true
			}
		}
	}
	if len(seen) < 250 {
		t.Errorf("the table has %d cells: %v", len(seen), slices.Sorted(maps.Keys(seen)))
	}
}
