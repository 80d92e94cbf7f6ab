package phoneconf

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestLookup(t *testing.T) {
	for _, c := range []struct {
		vendor     pbx.Vendor
		name, want string
	}{
		{pbx.Yealink, "t46u", "T46U"}, {pbx.Yealink, "T21P E2", "T21P_E2"}, {pbx.Yealink, "VP-T49G", "T49G"}, {pbx.Yealink, "W60P", "W60B"}, {pbx.Yealink, "VP59", "VP59"},
		{pbx.Polycom, "vvx 450", "VVX450"}, {pbx.Polycom, "EDGEE350", "EdgeE350"}, {pbx.Polycom, "IP 650", "SPIP650"}, {pbx.Polycom, "Trio 8800", "Trio8800"},
		{pbx.Polycom, "T46U", ""}, {pbx.Yealink, "", ""}, {"cisco", "T46U", ""},
	} {
		if m, ok := Lookup(c.vendor, c.name); m.Name != c.want || ok != (c.want != "") {
			t.Errorf("%s %q is %q", c.vendor, c.name, m.Name)
		}
	}
}

// What a phone says of itself finds its row.
func TestUserAgentsFindTheirModel(t *testing.T) {
	for agent, want := range map[string]string{
		"Yealink SIP-T21P_E2 52.80.0.3 00:15:65:4c:4c:26": "T21P_E2", "Yealink SIP VP-T49G 51.80.0.10 00:15:65:9b:5a:44": "T49G", "Yealink CP860 37.72.0.5 00:15:65:8a:37:86": "CP860",
		"Yealink W75DM 175.87.0.10 24:9a:d8:df:fb:11": "W75B", "FileTransport PolycomSoundPointIP-SPIP_335-UA/3.2.1.0078": "SPIP335",
		"FileTransport PolyEdge-Edge_E450-UA/8.0.0.15602 Type/Application": "EdgeE450", "FileTransport PolycomRealPresenceTrio-Trio_8800-UA/7.2.2.1094 (SN:12345) Type/Application": "Trio8800",
	} {
		vendor, name, _, _ := Identify(agent)
		if m, ok := Lookup(vendor, name); !ok || m.Name != want {
			t.Errorf("%s: %s %q is %q", agent, vendor, name, m.Name)
		}
	}
}

func TestTables(t *testing.T) {
	count := map[pbx.Vendor]int{}
	eras := map[Era]int{}
	for _, m := range Models() {
		count[m.Vendor]++
		eras[m.Era]++
		for _, other := range []pbx.Vendor{pbx.Yealink, pbx.Polycom} {
			if found, ok := Lookup(other, m.Name); ok != (other == m.Vendor) {
				t.Errorf("%s is a name of %s too: %s", m.Name, other, found.Name)
			}
		}
		if m.FileCode != "" && len(m.CommonFile()) != len("y000000000108.cfg") {
			t.Errorf("%s asks for %s", m.Name, m.CommonFile())
		}
	}
	if count[pbx.Yealink] < 70 || count[pbx.Polycom] < 50 || len(eras) != 7 {
		t.Errorf("%v, eras %v", count, eras)
	}
	// The names of two makes are each other's only by a mistake that this finds.
	for name, want := range map[string]FileName{"T46U": "y000000000108.cfg", "T28P": "y000000000000.cfg", "T41U": "", "VVX450": ""} {
		if m, _ := LookupAny(name); m.CommonFile() != want {
			t.Errorf("%s asks for %q, want %q", name, m.CommonFile(), want)
		}
	}
}

// A model is one row: read from a table, it has files without a line of code.
func TestAModelIsOneRow(t *testing.T) {
	const head = "model,also,kind,accounts,line_keys,pages,module,module_keys,modules,screen,file_code,firmware,era,quirks,sources,uncertain\n"
	ms, err := readModels(pbx.Yealink, []byte(head+"T99Z,,desk,2,5,1,EXP99,7,1,800x480 colour,250,99,v80,,test,\n"))
	if err != nil || len(ms) != 1 {
		t.Fatal(ms, err)
	}
	in := input{mac: "001565000001", vendor: pbx.Yealink, model: "T99Z", urlSecret: "abc", password: "Phone4Password", site: testSite, settings: *pbx.DefaultPhoneSettings(""),
		lines: []lineInput{{registration: 1, endpoint: "dx"}}, buttons: []pbx.Button{{Module: 1, Key: 7, Kind: pbx.SpeedDialButton, Value: "12", Line: 1}}}
	b, err := renderYealink(engine, &in, ms[0], clock{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := readYealink(b)
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, map[string]string{"account.2.enable": "0", "linekey.5.type": "0", "expansion_module.1.key.7.type": "13", "expansion_module.1.key.7.value": "12"})
	for _, over := range []string{"account.3.label", "linekey.6.type", "expansion_module.1.key.8.type", "expansion_module.2.key.1.type"} {
		if _, ok := got[over]; ok {
			t.Errorf("%s is beyond the model", over)
		}
	}
	for _, bad := range []string{"", head + "T1,,desk,x,0,0,,0,0,,,1,v80,,s,\n", head + "T1,,desk,0,0,0,,0,0,,,1,v80,,s,\n", head + "T1,,desk,1,0,0,,0,0,,,1,ucs,,s,\n",
		head + "T 1,,desk,1,0,0,,0,0,,,1,v80,,s,\n", head + "T1,,desk,1,0,0,,0,1,,,1,v80,,s,\n", head + "T1,,desk,1,0,0,,0,0,,12,1,v80,,s,\n", head + "T1,,desk,1,0,0,,0,0,,,1,v80,,,\n", head + "T1,,toy,1,0,0,,0,0,,,1,v80,,s,\n"} {
		if ms, err := readModels(pbx.Yealink, []byte(bad)); err == nil {
			t.Errorf("%q is a table of %v", bad, ms)
		}
	}
	if _, err := indexModels([]Model{{Name: "A"}, {Name: "B", Also: []string{"a"}}}); err == nil {
		t.Error("two models share a name")
	}
}

func TestUnknownModelNamesNearOnes(t *testing.T) {
	for name, near := range map[string]string{"T46": "T46U", "T46W": "T46U", "VVX45": "VVX450", "W60X": "W60B", "": "", strings.Repeat("x", 100): ""} {
		vendor := pbx.Yealink
		if strings.HasPrefix(name, "V") {
			vendor = pbx.Polycom
		}
		es, ok := CheckPhone(&pbx.Phone{Vendor: vendor, Model: name}).(pbx.Errors)
		if !ok || len(es) != 1 || es[0].Field != "model" || !strings.Contains(es[0].Message, near) || len(es[0].Message) > 250 {
			t.Errorf("%q: %v", name, es)
		}
	}
}

// Every model renders every file, and each file can be read and holds what the
// row says.
func TestEveryModelHasItsFiles(t *testing.T) {
	for _, m := range Models() {
		all := renderNamed(t, m, "Alice")
		if m.Vendor == pbx.Polycom {
			for name, wanted := range map[string]bool{
				"reg.cfg reg." + strconv.Itoa(m.Accounts) + ".address": true, "reg.cfg reg." + strconv.Itoa(m.Accounts+1) + ".address": false,
				"reg.cfg lineKey." + strconv.Itoa(m.LineKeys) + ".category": m.LineKeys > 0 && m.Era != PolycomSIP3, "reg.cfg lineKey." + strconv.Itoa(m.LineKeys+1) + ".category": false,
				"site.cfg voice.codecPref.G711_A": m.Era != PolycomSIP3, "site.cfg voice.codecPref.G711A": m.Era == PolycomSIP3,
			} {
				if _, have := all["001565000001-"+name]; have != wanted {
					t.Errorf("%s: %s is there: %v", m.Name, name, have)
				}
			}
			continue
		}
		cfg := "001565000001.cfg "
		last := slices.Max([]int{m.Accounts, 1})
		for name, wanted := range map[string]bool{
			cfg + "account." + strconv.Itoa(last) + ".enable": true, cfg + "account." + strconv.Itoa(last+1) + ".label": false,
			cfg + "linekey." + strconv.Itoa(m.LineKeys+1) + ".type": false,
			cfg + "linekey." + strconv.Itoa(m.LineKeys) + ".type":   m.LineKeys > 0, cfg + "expansion_module." + strconv.Itoa(m.Modules) + ".key." + strconv.Itoa(m.ModuleKeys) + ".type": m.Modules > 0,
			cfg + "static.security.user_name.admin": m.Era != YealinkV70, cfg + "security.user_name.admin": m.Era == YealinkV70, "001565000001.boot include": m.Era != YealinkV70,
		} {
			if _, have := all[name]; have != wanted {
				t.Errorf("%s: %s is there: %v", m.Name, name, have)
			}
		}
	}
}

func TestCheckPhoneKnowsTheModel(t *testing.T) {
	line := []pbx.Line{{Registration: 1, Device: "x"}}
	button := func(b pbx.Button) []pbx.Button { b.Line = max(b.Line, 1); return []pbx.Button{b} }
	good := &pbx.Phone{Vendor: pbx.Yealink, Model: "t46u", Lines: []pbx.Line{{Registration: 16}}, Buttons: []pbx.Button{{Module: 3, Key: 60, Kind: pbx.BLFButton, Line: 16}, {Key: 27, Kind: pbx.NoButton, Line: 1}}}
	if err := CheckPhone(good); err != nil || good.Model != "T46U" {
		t.Error(good.Model, err)
	}
	for field, p := range map[string]*pbx.Phone{
		"model":                 {Vendor: pbx.Yealink, Model: "T99"},
		"lines[1].registration": {Vendor: pbx.Polycom, Model: "VVX450", Lines: []pbx.Line{{Registration: 1}, {Registration: 13}}},
		"buttons.28":            {Vendor: pbx.Yealink, Model: "T46U", Lines: line, Buttons: button(pbx.Button{Key: 28, Kind: pbx.BLFButton})},
		"buttons.1":             {Vendor: pbx.Yealink, Model: "CP920", Lines: line, Buttons: button(pbx.Button{Key: 1, Kind: pbx.BLFButton})},
		"buttons.m4-1":          {Vendor: pbx.Yealink, Model: "T46U", Lines: line, Buttons: button(pbx.Button{Module: 4, Key: 1, Kind: pbx.BLFButton})},
		"buttons.m1-61":         {Vendor: pbx.Yealink, Model: "T46U", Lines: line, Buttons: button(pbx.Button{Module: 1, Key: 61, Kind: pbx.BLFButton})},
		"buttons.m1-21":         {Vendor: pbx.Yealink, Model: "T29G", Lines: line, Buttons: button(pbx.Button{Module: 1, Key: 21, Kind: pbx.BLFButton})},
		"buttons.m1-1":          {Vendor: pbx.Polycom, Model: "VVX250", Lines: line, Buttons: button(pbx.Button{Module: 1, Key: 1, Kind: pbx.BLFButton})},
		"buttons.2.kind":        {Vendor: pbx.Polycom, Model: "SPIP301", Lines: line, Buttons: button(pbx.Button{Key: 2, Kind: pbx.DTMFButton})},
		"buttons.2.line":        {Vendor: pbx.Yealink, Model: "T46U", Lines: line, Buttons: button(pbx.Button{Key: 2, Kind: pbx.LineButton, Line: 2})},
	} {
		es, ok := CheckPhone(p).(pbx.Errors)
		if !ok || len(es) != 1 || es[0].Field != field {
			t.Errorf("%s: %v", field, CheckPhone(p))
		}
	}
	for field, b := range map[string]pbx.Button{"buttons.5": {Key: 5, Kind: pbx.BLFButton, Line: 1}, "buttons.1.line": {Key: 1, Kind: pbx.LineButton, Line: 5}, "": {Key: 4, Kind: pbx.LineButton, Line: 4}} {
		err := CheckTemplate(&pbx.ButtonTemplate{Model: "VVX250", Buttons: []pbx.Button{b}})
		if es, _ := err.(pbx.Errors); (field == "") != (err == nil) || field != "" && es[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
		if err := CheckTemplate(&pbx.ButtonTemplate{Model: pbx.DefaultButtons, Buttons: []pbx.Button{b}}); err != nil {
			t.Errorf("the default of all models refuses %+v: %v", b, err)
		}
	}
	if err := CheckTemplate(&pbx.ButtonTemplate{Model: "T99"}); err == nil {
		t.Error("a template of no model")
	}
}
