package phoneconf

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"golang.org/x/tools/txtar"
)

var testSite = Site{SIPServer: "pbx.example.com", SIPPort: 5060, Transport: "udp", BaseURL: "http://pbx.example.com:8480", NTPServer: "pool.ntp.org", Year: 2026}

// golden returns the snapshot of a phone with everything on it.
func golden(t testing.TB, name string) (*pbx.Snapshot, Site) {
	t.Helper()
	ar, err := txtar.ParseFile("testdata/values/" + name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	return parseFixture(t, ar.Files[0].Data)
}

const oddName = "R&D <\"lab\"> ; = 'x' # [y] 50%"

func TestYealinkFileCarriesEveryValue(t *testing.T) {
	s, site := golden(t, "yealink-t46u")
	b, ct, err := Render(engine, s, s.Phones[0], site, "001565aabbcc.cfg")
	if err != nil || ct != YealinkType {
		t.Fatal(ct, err)
	}
	got, err := readYealink(b)
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, map[string]string{
		"static.auto_provision.server.url": "http://pbx.example.com:8480/p/urlsecretofyealink/", "static.auto_provision.pnp_enable": "0", "sip.notify_reboot_enable": "0",
		"static.security.user_password/admin": "admin:Phone4Password", "static.security.user_password/user": "user:Phone4Password",
		"account.1.user_name": "daaaaaaaaaaaaaaaa", "account.1.auth_name": "daaaaaaaaaaaaaaaa", "account.1.password": "secretofalice0000000000000000000",
		"account.1.label": "101", "account.1.display_name": "Alice Árpád", "account.1.sip_server.1.address": "pbx.example.com", "account.1.sip_server.1.port": "5060",
		"account.1.sip_server.1.transport_type": "0", "account.1.enable": "1", "account.2.display_name": oddName, "account.2.enable": "1",
		"voice_mail.number.1": "*97", "voice_mail.number.2": "", "linekey.1.type": "15", "linekey.1.line": "1", "linekey.1.label": "101", "linekey.3.type": "0", "linekey.3.label": "",
		"local_time.time_zone": "+1", "local_time.start_time": "3/5/7/2", "local_time.end_time": "10/5/7/3", "local_time.ntp_server1": "ntp.example.com",
	})
	want(t, got, map[string]string{ // buttons: the phone's own over its model's over its tenant's
		"linekey.2.type": "16", "linekey.2.line": "2", "linekey.2.value": "101", "linekey.2.label": "Alice Árpád",
		"linekey.4.type": "13", "linekey.4.value": "0301234", "linekey.4.label": "Bank & Co", "linekey.5.type": "10", "linekey.5.value": "70", "linekey.6.type": "9", "linekey.6.value": "*8101",
		"linekey.7.type": "11", "linekey.7.value": "*1#", "linekey.8.type": "16", "linekey.8.value": "*72101*102", "linekey.9.type": "12", "linekey.9.value": "*97", "linekey.10.type": "14", "linekey.10.value": "*50102",
		"linekey.11.type": "17", "linekey.11.value": "http://pbx.example.com/door?open=1&x=2", "linekey.12.type": "0", "linekey.13.type": "16", "linekey.13.value": "*78101", "linekey.13.label": "Do not disturb",
		"linekey.14.type": "16", "linekey.14.value": "701", "linekey.15.type": "9", "linekey.15.value": "**102", "linekey.16.type": "9", "linekey.16.value": "*8", "linekey.16.label": "*8", "linekey.27.type": "12", "linekey.27.label": "Messages",
		"expansion_module.1.key.3.type": "16", "expansion_module.1.key.3.value": "102", "expansion_module.1.key.3.label": "The lab", "expansion_module.1.key.3.line": "1",
		"expansion_module.2.key.1.type": "13", "expansion_module.3.key.60.type": "0", "expansion_module.3.key.60.label": "",
	})
	want(t, got, map[string]string{ // what the tenant wants of all its phones
		"lang.gui": "German", "lang.wui": "German", "voice.tone.country": "Germany", "static.syslog.enable": "1", "static.syslog.server": "192.0.2.9", "static.network.vlan.internet_port_enable": "1",
		"static.network.vlan.internet_port_vid": "7", "static.network.vlan.internet_port_priority": "5", "account.1.codec.pcma.priority": "1", "account.1.codec.g729.priority": "2", "account.1.codec.pcmu.priority": "3",
		"account.1.codec.pcmu.enable": "1", "account.1.codec.g722.enable": "0", "account.1.codec.opus.enable": "0", "account.1.srtp_encryption": "1", "local_time.time_format": "1",
		"wallpaper_upload.url": "http://pbx.example.com/logo.png", "phone_setting.backgrounds": "Config:logo.png", "features.intercom.allow": "1",
		"distinctive_ring_tones.alert_info.8.text": "ring8", "distinctive_ring_tones.alert_info.8.ringer": "8", "features.feature_key_sync.enable": "0",
		"remote_phonebook.data.1.url": "http://pbx.example.com:8480/p/urlsecretofyealink/001565aabbcc-phonebook.xml", "remote_phonebook.data.1.name": "Example Ltd", "features.remote_phonebook.enable": "1",
	})
	for n := 3; n <= 16; n++ {
		want(t, got, map[string]string{fmt.Sprintf("account.%d.enable", n): "0", fmt.Sprintf("account.%d.password", n): "", fmt.Sprintf("account.%d.user_name", n): ""})
	}
	if _, over := got["account.17.enable"]; over {
		t.Error("a T46U has 16 accounts")
	}
}

func TestPolycomFileCarriesEveryValue(t *testing.T) {
	s, site := golden(t, "polycom-vvx450")
	master, _, err := Render(engine, s, s.Phones[0], site, "0004f2aabbcc.cfg")
	if err != nil {
		t.Fatal(err)
	}
	root, attrs, err := readPolycom(master)
	if err != nil || root != "APPLICATION" || attrs["CONFIG_FILES"] != "0004f2aabbcc-reg.cfg, 0004f2aabbcc-site.cfg" {
		t.Fatal(root, attrs, err)
	}
	got := map[string]string{}
	for name := range strings.SplitSeq(attrs["CONFIG_FILES"], ", ") {
		b, ct, err := Render(engine, s, s.Phones[0], site, FileName(name))
		if err != nil || ct != PolycomType {
			t.Fatal(ct, err)
		}
		_, values, err := readPolycom(b)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range values {
			if _, twice := got[k]; twice {
				t.Errorf("%s stands in two files, of which the first wins", k)
			}
			got[k] = v
		}
	}
	want(t, got, map[string]string{
		"device.set": "1", "device.prov.serverName.set": "1", "device.prov.serverName": "pbx.example.com/p/urlsecretofpolycom", "device.prov.serverType": "HTTPS",
		"device.auth.localAdminPassword": "Phone4Password", "device.auth.localAdminPassword.set": "1",
		"reg.1.address": "daaaaaaaaaaaaaaaa", "reg.1.auth.userId": "daaaaaaaaaaaaaaaa", "reg.1.auth.password": "secretofalice0000000000000000000", "reg.1.label": "101", "reg.1.displayName": "Alice",
		"reg.1.server.1.address": "192.0.2.10", "reg.1.server.1.port": "5070", "reg.1.server.1.transport": "TCPOnly", "reg.2.address": "", "reg.2.auth.password": "",
		"reg.3.displayName": oddName, "msg.mwi.1.callBack": "*97", "msg.mwi.3.callBack": "", "lineKey.1.category": "Line", "lineKey.3.category": "Line", "lineKey.3.index": "3",
		"tone.dtmf.rfc2833Payload": "101", "tcpIpApp.sntp.gmtOffset": "43200", "tcpIpApp.sntp.daylightSavings.start.month": "9", "tcpIpApp.sntp.daylightSavings.start.dayOfWeek": "1",
		"tcpIpApp.sntp.daylightSavings.start.dayOfWeek.lastInMonth": "1", "tcpIpApp.sntp.daylightSavings.stop.month": "4", "tcpIpApp.sntp.daylightSavings.stop.date": "1",
	})
	want(t, got, map[string]string{ // buttons
		"lineKey.2.category": "BLF", "lineKey.2.index": "0", "attendant.resourceList.1.address": "101", "attendant.resourceList.1.label": "Alice", "attendant.resourceList.1.type": "normal",
		"lineKey.4.category": "SpeedDial", "lineKey.4.index": "1", "lineKey.5.category": "EFK", "lineKey.5.index": "1", "efk.efklist.1.action.string": "70$Trefer$", "efk.efklist.2.action.string": "*8101$Tinvite$",
		"efk.efklist.3.action.string": "*1#$Tdtmf$", "lineKey.8.category": "SpeedDial", "lineKey.8.index": "2", "lineKey.9.index": "4", "efk.efklist.4.action.string": "*97$Tinvite$", "efk.efklist.4.label": "Voicemail",
		"efk.efklist.5.action.string": "*50102$Tinvite$", "efk.efklist.6.action.string": "http://pbx.example.com/door?open=1&x=2", "lineKey.12.category": "Unassigned",
		"lineKey.15.category": "BLF", "attendant.resourceList.2.address": "102", "attendant.resourceList.2.label": "The lab", "attendant.resourceList.3.address": "*72101*102", "attendant.resourceList.4.address": "*78101", "lineKey.17.category": "BLF", "lineKey.53.category": "SpeedDial", "lineKey.53.index": "1", "lineKey.132.category": "EFK",
		"feature.EFKLineKey.enabled": "1", "feature.enhancedFeatureKeys.enabled": "1", "attendant.reg": "1",
	})
	want(t, got, map[string]string{ // what the tenant wants of all its phones
		"lcl.ml.lang": "German_Germany", "tcpIpApp.sntp.address": "ntp.example.com", "tcpIpApp.sntp.address.overrideDHCP": "1", "device.syslog.serverName": "192.0.2.9", "device.syslog.transport": "1", "device.net.vlanId": "7",
		"voice.codecPref.G711_A": "1", "voice.codecPref.G729_AB": "2", "voice.codecPref.G711_Mu": "3", "voice.codecPref.G722": "0", "sec.srtp.enable": "1", "sec.srtp.offer": "1", "sec.srtp.require": "0",
		"lcl.datetime.time.24HourClock": "1", "bg.color.bm.1.name": "http://pbx.example.com/logo.png", "bg.color.VVX450.selection": "2,1",
		"voIpProt.SIP.alertInfo.1.value": "alert-autoanswer", "voIpProt.SIP.alertInfo.1.class": "ringAutoAnswer", "voIpProt.SIP.alertInfo.9.value": "ring8", "voIpProt.SIP.alertInfo.9.class": "custom8", "se.rt.custom8.ringer": "ringer9",
	})
	for name := range got {
		if strings.HasPrefix(name, "device.") && name != "device.set" && !strings.HasSuffix(name, ".set") && got[name+".set"] != "1" {
			t.Errorf("%s has no .set beside it and would do nothing", name)
		}
	}
}

// What anybody on the network may read in the enrolment window must hold no
// account and no password.
func TestEnrolFilesHoldNoSecretButTheirOwnAddress(t *testing.T) {
	for _, name := range []string{"yealink-t46u", "polycom-vvx450"} {
		s, site := golden(t, name)
		p := s.Phones[0]
		found := false
		for _, f := range EnrolFiles(p) {
			b, _, err := RenderEnrol(engine, p, site, f)
			if err != nil {
				t.Fatal(err)
			}
			found = found || bytes.Contains(b, []byte(p.EnrolSecret().Reveal()))
			if bytes.Contains(b, []byte(p.URLSecret.Reveal())) {
				t.Errorf("%s gives away the phone's own URL", f)
			}
			for _, d := range s.Devices {
				if bytes.Contains(b, []byte(d.Secret.Reveal())) || bytes.Contains(b, []byte(d.Endpoint)) {
					t.Errorf("%s shows device %s", f, d.Name)
				}
			}
			if bytes.Contains(b, []byte(s.Tenants[0].PhonePassword.Reveal())) || bytes.Contains(b, []byte("reg.")) || bytes.Contains(b, []byte("account.")) {
				t.Errorf("%s says more than an address:\n%s", f, b)
			}
		}
		if !found {
			t.Errorf("no enrolment file of %s names the phone's enrolment URL", p.Vendor)
		}
	}
}

func TestRenderSaysWhatIsWrong(t *testing.T) {
	s, site := golden(t, "yealink-t46u")
	p := *s.Phones[0]
	if _, _, err := Render(engine, s, &p, site, "y000000000108.cfg"); err != ErrNoFile {
		t.Errorf("a file of no phone: %v", err)
	}
	cases := map[string]func(p *pbx.Phone, site *Site){
		"device":        func(p *pbx.Phone, _ *Site) { p.Lines = []pbx.Line{{Registration: 1, Device: "gone"}} },
		"tenant":        func(p *pbx.Phone, _ *Site) { p.Tenant = "gone" },
		"model \"T9\"":  func(p *pbx.Phone, _ *Site) { p.Model = "T9" },
		"year 0":        func(_ *pbx.Phone, s *Site) { s.Year = 0 },
		"SIP server co": func(_ *pbx.Phone, s *Site) { s.SIPServer = "a\nb" },
	}
	for word, spoil := range cases {
		bad, badSite := p, site
		spoil(&bad, &badSite)
		b, _, err := Render(engine, s, &bad, badSite, "001565aabbcc.cfg")
		if err == nil || !strings.Contains(err.Error(), word) || b != nil {
			t.Errorf("%s: %v", word, err)
		}
	}
}

// Every field of the input changes the fingerprint: a field that is forgotten
// there would serve old files from the cache.
func TestFingerprintCoversEveryField(t *testing.T) {
	base := func() input {
		return input{mac: "001565000001", vendor: pbx.Yealink, model: "T46U", urlSecret: "u", title: "t", zone: "UTC", password: "p", site: testSite, lines: []lineInput{{1, "e", "s", "1", "n", ""}},
			buttons: []pbx.Button{{Key: 2, Kind: pbx.BLFButton, Value: "1", Label: "l", Line: 1}}}
	}
	first := base()
	before := first.fingerprint()
	sites, lines, buttons := reflect.TypeFor[Site]().NumField(), reflect.TypeFor[lineInput]().NumField(), reflect.TypeFor[pbx.Button]().NumField()
	dialling := reflect.TypeFor[pbx.Dialling]().NumField()
	settings := reflect.TypeFor[pbx.PhoneSettings]().NumField() - 3 // not the tenant's name, nor what we count
	changes := []func(*input){
		func(in *input) { in.mac = "x" }, func(in *input) { in.vendor = "x" }, func(in *input) { in.model = "x" }, func(in *input) { in.urlSecret = "x" }, func(in *input) { in.title = "x" },
		func(in *input) { in.zone = "x" }, func(in *input) { in.password = "x" }, func(in *input) { in.problem = "x" }, func(in *input) { in.pickup = "x" }, func(in *input) { in.directed = "x" },
		func(in *input) { in.dialling.Map = "x" }, func(in *input) { in.dialling.Pound = true },
		func(in *input) { in.dialling.Emergency = []string{"112"} },
		func(in *input) { in.site.SIPServer = "x" }, func(in *input) { in.site.SIPPort = 1 }, func(in *input) { in.site.Transport = "x" }, func(in *input) { in.site.TLSPort = 1 }, func(in *input) { in.site.Root = "x" }, func(in *input) { in.site.BaseURL = "x" }, func(in *input) { in.site.NTPServer = "x" }, func(in *input) { in.site.Year = 1 },
		func(in *input) { in.site.LDAPPort = 1 }, func(in *input) { in.site.LDAPTLS = true }, func(in *input) { in.book.base = "x" },
		func(in *input) { in.lines[0].registration = 2 }, func(in *input) { in.lines[0].endpoint = "x" }, func(in *input) { in.lines[0].secret = "x" }, func(in *input) { in.lines[0].number = "x" }, func(in *input) { in.lines[0].name = "x" }, func(in *input) { in.lines[0].voicemail = "x" },
		func(in *input) { in.settings.Language = "x" }, func(in *input) { in.settings.ToneCountry = "x" }, func(in *input) { in.settings.NTPServer = "x" }, func(in *input) { in.settings.SyslogServer = "x" }, func(in *input) { in.settings.VLAN = 1 },
		func(in *input) { in.settings.VLANPriority = 1 }, func(in *input) { in.settings.Codecs = []string{"x"} }, func(in *input) { in.settings.Paging = []string{"x"} }, func(in *input) { in.settings.OutboundProxy = "x" }, func(in *input) { in.settings.SecondServer = "x" }, func(in *input) { in.settings.SRTP = "x" }, func(in *input) { in.settings.Clock24 = true }, func(in *input) { in.settings.Logo = "x" },
		func(in *input) { in.settings.Uploads = []string{"x"} }, func(in *input) { in.settings.Firmware = []pbx.PhoneFirmware{{Model: "T46U", Name: "x"}} },
		func(in *input) { in.handsets = []pbx.Handset{{Number: 1, Lines: []int{2}}} },
		func(in *input) { in.buttons[0].Module = 1 }, func(in *input) { in.buttons[0].Key = 1 }, func(in *input) { in.buttons[0].Kind = "x" }, func(in *input) { in.buttons[0].Value = "x" }, func(in *input) { in.buttons[0].Label = "x" }, func(in *input) { in.buttons[0].Line = 2 },
	}
	if n := reflect.TypeFor[input]().NumField() - 5 + dialling + sites + lines + settings + buttons; n != len(changes) {
		t.Fatalf("input has %d fields, the test changes %d: add the new one to fingerprint and here", n, len(changes))
	}
	for i, change := range changes {
		in := base()
		change(&in)
		if in.fingerprint() == before {
			t.Errorf("change %d leaves the fingerprint as it was", i)
		}
	}
	if again := base(); again.fingerprint() != before {
		t.Error("the same input has two fingerprints")
	}
}

func BenchmarkRender(b *testing.B) {
	for _, name := range []string{"yealink-t46u", "polycom-vvx450"} {
		b.Run(name, func(b *testing.B) {
			s, site := golden(b, name)
			p := s.Phones[0]
			files := Files(s, p)
			b.ReportAllocs()
			for b.Loop() {
				for _, f := range files {
					if _, _, err := Render(engine, s, p, site, f); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkFingerprint(b *testing.B) {
	s, site := golden(b, "yealink-t46u")
	b.ReportAllocs()
	for b.Loop() {
		Fingerprint(s, s.Phones[0], site)
	}
}
