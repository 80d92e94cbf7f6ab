package phoneconf

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// flash is what a phone keeps between boots. A Yealink keeps whatever a file ever set;
// %NULL% and a blank after it is the factory's value. Of a Polycom's files only
// device parameters stay, and they count with their .set alone; all others are those of
// the last boot.
type flash map[string]string

// boot reads the files of a row as the phone does.
func (f flash) boot(t *testing.T, row func(Model) (*pbx.Snapshot, *pbx.Phone), m Model) {
	t.Helper()
	s, p := row(m)
	if p.Vendor == pbx.Polycom {
		got := filesOf(t, s, p)
		maps.DeleteFunc(f, func(name, _ string) bool { return !strings.HasPrefix(name, "device.") })
		for name, value := range got {
			switch {
			case strings.Contains(name, "#"), strings.HasSuffix(name, ".set"), name == "device.set":
			case !strings.HasPrefix(name, "device."), got["device.set"] == "1" && got[name+".set"] == "1":
				f[name] = value
			}
		}
		return
	}
	b, _, err := Render(engine, s, p, testSite, FileName(p.MAC)+".cfg")
	if err != nil {
		t.Fatalf("%s: %v", p.Model, err)
	}
	got, err := readYealink(b)
	if err != nil {
		t.Fatalf("%s: %v", p.Model, err)
	}
	for name, value := range got {
		if f[name] = value; value == "" {
			delete(f, name)
		}
	}
}

// everything is a phone with all that a row can have; nothing is one with a line alone.
func everything(m Model) (*pbx.Snapshot, *pbx.Phone) {
	settings := pbx.DefaultPhoneSettings("default")
	settings.Language, settings.ToneCountry, settings.NTPServer, settings.SyslogServer, settings.VLAN,
		settings.VLANPriority = "de", "DE", "192.0.2.1", "192.0.2.2", 7, 5
	settings.Codecs, settings.SRTP, settings.Logo, settings.Uploads = []string{"opus", "g729", "g722", "pcma"},
		"required", "http://pbx.example.com/logo.png", slices.Clone(pbx.PhoneUploads)
	settings.OutboundProxy, settings.SecondServer = "sbc.example.com:5080", "192.0.2.8"
	settings.Paging = []string{"224.0.1.75:10000", "239.1.1.1:5000"}
	settings.Firmware = []pbx.PhoneFirmware{{Model: m.Name, SHA256: strings.Repeat("a", 64), Name: "x.rom"}}
	r := diallingTenant("DE", "101", "102")
	r.Tenants[0].Timezone = "Europe/Berlin"
	r.PhoneSettings = []*pbx.PhoneSettings{settings}
	p := polycomOf(m)
	vlan, h24, listens := 9, false, []string{"239.2.2.2:5002"}
	p.Settings = pbx.OwnSettings{Language: "fr", ToneCountry: "FR", Timezone: "America/New_York", NTPServer: "192.0.2.5", SyslogServer: "192.0.2.6", VLAN: &vlan,
		SRTP: "optional", Clock24: &h24, Logo: "http://pbx.example.com/own.png", OutboundProxy: "sbc2.example.com", SecondServer: "192.0.2.7:5070", Paging: &listens}
	p.Lines = nil
	for n := 1; n <= m.Accounts; n++ {
		d := &pbx.Device{Tenant: "default", Name: fmt.Sprint("d", n), Extension: "101", Endpoint: fmt.Sprint("e", n),
			Secret: pbx.NewSecret("secret")}
		r.Devices = append(r.Devices, d)
		p.Lines = append(p.Lines, pbx.Line{Registration: n, Device: d.Name})
	}
	add := func(module, keys int) {
		for k := 1; k <= keys; k++ {
			kind := pbx.ButtonKinds[k%len(pbx.ButtonKinds)]
			b := pbx.Button{Module: module, Key: k, Kind: kind, Value: valueOn(kind), Line: 1, Label: "label"}
			if m.fits(b) {
				p.Buttons = append(p.Buttons, b)
			}
		}
	}
	add(0, m.Keys())
	for n := 1; n <= m.Modules; n++ {
		add(n, m.ModuleKeys)
	}
	r.Phones = []*pbx.Phone{p}
	return pbx.NewSnapshot(1, r), p
}

func nothing(m Model) (*pbx.Snapshot, *pbx.Phone) {
	r, p := diallingTenant("DE", "101"), polycomOf(m)
	r.Phones = []*pbx.Phone{p}
	return pbx.NewSnapshot(2, r), p
}

// staysBehind are parameters that files leave as they were, each with its reason.
var staysBehind = []struct {
	name *regexp.Regexp
	why  string
}{
	{regexp.MustCompile(`^(static\.)?network\.vlan\.|^device\.net\.vlanId$`), "the setting keeps the VLAN: a phone whose VLAN is changed unasked is lost to the network"},
	{regexp.MustCompile(`^local_time\.(dst_time_type|start_time|end_time|offset_time)$`), "without summer_time they mean nothing"},
	{regexp.MustCompile(`^expansion_module\.\d+\.key\.\d+\.(line|value)$`), "of a key of type 0 they mean nothing"},
	{regexp.MustCompile(`local_log\.backup\.upload_period$|custom\.upload_method$`), "without the upload they mean nothing"},
	{regexp.MustCompile(`^(account\.\d+|template\.1)\.(sip_server\.2\.(port|transport_type|expires)|outbound_proxy\.1\.port|outbound_port|fallback\.redundancy_type)$`), "without the address of a second server, or a proxy, they mean nothing"},
	{regexp.MustCompile(`^account\.\d+\.(alert_info_url_enable|dtmf\.|srtp|nat\.|cid_|cp_|codec\.|sip_server\.|subscribe_mwi|display_mwi|transport|auto_answer|anonymous_call|reject_anon|dialoginfo|shared_line|conf_type|unregister_on|sip_server_|outbound_|dialplan\.)`),
		ofAccountOff},
}

const ofAccountOff = "an account that is off registers nowhere, and every file that switches it on writes them"

var accountOf = regexp.MustCompile(`^account\.\d+`)

// sameState fails for what differs between two phones that have the same file, but for
// what may: other(name) says why.
func sameState(t *testing.T, what string, was, fresh flash, other func(name string) string, used map[string]bool) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(was)) {
		if was[name] == fresh[name] {
			continue
		}
		i := slices.IndexFunc(staysBehind, func(s struct {
			name *regexp.Regexp
			why  string
		}) bool {
			return s.name.MatchString(name) && !(s.why == ofAccountOff && fresh[accountOf.FindString(name)+".enable"] == "1")
		})
		switch {
		case i >= 0:
			used[staysBehind[i].why] = true
		case other != nil && other(name) != "":
		default:
			t.Errorf("%s: %s is still %q, on a fresh phone %q", what, name, was[name], fresh[name])
		}
	}
	for name := range fresh {
		if _, ok := was[name]; !ok {
			t.Errorf("%s: %s is missing, on a fresh phone it is %q", what, name, fresh[name])
		}
	}
}

// Each model boots three times: with everything set, after everything was taken away,
// and after the row was given another model. Then it is as one that never had more.
func TestAFileIsTheState(t *testing.T) {
	used, boots := map[string]bool{}, 0
	all := Models()
	for i, m := range all {
		f, fresh := flash{}, flash{}
		f.boot(t, everything, m)
		f.boot(t, nothing, m)
		fresh.boot(t, nothing, m)
		sameState(t, m.Name, f, fresh, nil, used)

		other := all[(i+1)%len(all)]
		if other.Vendor != m.Vendor || other.Era != m.Era {
			continue // phones of two eras read two names of most parameters: such a row has never worked
		}
		f, fresh = flash{}, flash{}
		f.boot(t, everything, m)
		f.boot(t, everything, other)
		f.boot(t, nothing, other)
		fresh.boot(t, nothing, other)
		sameState(t, m.Name+", then "+other.Name, f, fresh, func(name string) string { return beyond(other, name) }, used)
		boots++
	}
	if boots < 100 {
		t.Errorf("only %d models were given another's row", boots)
	}
	for _, s := range staysBehind {
		if !used[s.why] {
			t.Errorf("nothing stays behind because %s", s.why)
		}
	}
}

var numbered = regexp.MustCompile(`^(account|voice_mail\.number|handset|linekey|memorykey|expansion_module)\.(\d+)\.?`)

// beyond says why a parameter of another model may stay: the phone of the row has no
// such key, and of accounts that are off nothing is used.
func beyond(m Model, name string) string {
	found := numbered.FindStringSubmatch(name)
	if found == nil {
		return ""
	}
	n := 0
	fmt.Sscan(found[2], &n)
	switch found[1] {
	case "account", "voice_mail.number", "handset":
		if n > m.Accounts && (!strings.HasSuffix(name, ".enable") || m.Accounts > deskAccounts) {
			return "an account that is off"
		}
		if m.Era == YealinkDECT || m.Era == YealinkMulticell {
			return "a base has as many accounts as its model"
		}
	default:
		return "a key that the model has not"
	}
	return ""
}
