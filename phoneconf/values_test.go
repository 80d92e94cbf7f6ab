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

// golden returns the snapshot of a golden.
func golden(t testing.TB, name string) (*pbx.Snapshot, Site) {
	t.Helper()
	ar, err := txtar.ParseFile("testdata/" + name + ".txtar")
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
		"voice_mail.number.1": "*97", "voice_mail.number.2": "", "linekey.1.type": "15", "linekey.1.line": "1", "linekey.2.line": "2", "linekey.3.type": "0", "linekey.27.type": "0",
		"local_time.time_zone": "+1", "local_time.start_time": "3/5/7/2", "local_time.end_time": "10/5/7/3", "local_time.ntp_server1": "pool.ntp.org",
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
	if err != nil || root != "APPLICATION" || attrs["CONFIG_FILES"] != "0004f2aabbcc-dialtone.cfg" {
		t.Fatal(root, attrs, err)
	}
	b, ct, err := Render(engine, s, s.Phones[0], site, FileName(attrs["CONFIG_FILES"]))
	if err != nil || ct != PolycomType {
		t.Fatal(ct, err)
	}
	_, got, err := readPolycom(b)
	if err != nil {
		t.Fatal(err)
	}
	want(t, got, map[string]string{
		"device.set": "1", "device.prov.serverName.set": "1", "device.prov.serverName": "pbx.example.com/p/urlsecretofpolycom", "device.prov.serverType": "HTTPS",
		"device.auth.localAdminPassword": "Phone4Password", "device.auth.localAdminPassword.set": "1",
		"reg.1.address": "daaaaaaaaaaaaaaaa", "reg.1.auth.userId": "daaaaaaaaaaaaaaaa", "reg.1.auth.password": "secretofalice0000000000000000000", "reg.1.label": "101", "reg.1.displayName": "Alice",
		"reg.1.server.1.address": "192.0.2.10", "reg.1.server.1.port": "5070", "reg.1.server.1.transport": "TCPOnly", "reg.2.address": "", "reg.2.auth.password": "",
		"reg.3.displayName": oddName, "msg.mwi.1.callBack": "*97", "msg.mwi.3.callBack": "", "lineKey.1.category": "Line", "lineKey.2.category": "Unassigned", "lineKey.3.index": "3",
		"tone.dtmf.rfc2833Payload": "101", "tcpIpApp.sntp.gmtOffset": "43200", "tcpIpApp.sntp.daylightSavings.start.month": "9", "tcpIpApp.sntp.daylightSavings.start.dayOfWeek": "1",
		"tcpIpApp.sntp.daylightSavings.start.dayOfWeek.lastInMonth": "1", "tcpIpApp.sntp.daylightSavings.stop.month": "4", "tcpIpApp.sntp.daylightSavings.stop.date": "1",
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
			found = found || bytes.Contains(b, []byte(p.URLSecret.Reveal()))
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
			t.Errorf("no enrolment file of %s names the phone's own URL", p.Vendor)
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

// A model is a row: an unlisted one with one account and no keys, or with more
// than any of ours, needs no code.
func TestModelsAreRows(t *testing.T) {
	in := input{mac: "001565000001", vendor: pbx.Yealink, model: "X", urlSecret: "abc", password: "Phone4Password", site: testSite, lines: []lineInput{{registration: 1, endpoint: "dx"}}}
	for _, m := range []Model{{Vendor: pbx.Yealink, Name: "X", Accounts: 1}, {Vendor: pbx.Yealink, Name: "Y", Accounts: 250, LineKeys: 95}} {
		b, err := renderYealink(engine, &in, m, clock{})
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(b, []byte(".enable = ")) - bytes.Count(b, []byte(".codec.")); bytes.Count(b, []byte("\naccount.")) == 0 || n == 0 {
			t.Error("no accounts")
		}
		got, err := readYealink(b)
		if err != nil {
			t.Fatal(err)
		}
		if _, over := got[fmt.Sprintf("account.%d.enable", m.Accounts+1)]; over || got[fmt.Sprintf("account.%d.enable", m.Accounts)] == "" {
			t.Errorf("%s has not exactly %d accounts", m.Name, m.Accounts)
		}
		if _, over := got[fmt.Sprintf("linekey.%d.type", m.LineKeys+1)]; over {
			t.Errorf("%s has more than %d keys", m.Name, m.LineKeys)
		}
	}
}

// Every field of the input changes the fingerprint: a field that is forgotten
// there would serve old files from the cache.
func TestFingerprintCoversEveryField(t *testing.T) {
	base := func() input {
		return input{mac: "001565000001", vendor: pbx.Yealink, model: "T46U", urlSecret: "u", title: "t", zone: "UTC", password: "p", site: testSite, lines: []lineInput{{1, "e", "s", "1", "n", false}}}
	}
	first := base()
	before := first.fingerprint()
	sites, lines := reflect.TypeFor[Site]().NumField(), reflect.TypeFor[lineInput]().NumField()
	changes := []func(*input){
		func(in *input) { in.mac = "x" }, func(in *input) { in.vendor = "x" }, func(in *input) { in.model = "x" }, func(in *input) { in.urlSecret = "x" }, func(in *input) { in.title = "x" },
		func(in *input) { in.zone = "x" }, func(in *input) { in.password = "x" }, func(in *input) { in.problem = "x" },
		func(in *input) { in.site.SIPServer = "x" }, func(in *input) { in.site.SIPPort = 1 }, func(in *input) { in.site.Transport = "x" }, func(in *input) { in.site.BaseURL = "x" }, func(in *input) { in.site.NTPServer = "x" }, func(in *input) { in.site.Year = 1 },
		func(in *input) { in.lines[0].registration = 2 }, func(in *input) { in.lines[0].endpoint = "x" }, func(in *input) { in.lines[0].secret = "x" }, func(in *input) { in.lines[0].number = "x" }, func(in *input) { in.lines[0].name = "x" }, func(in *input) { in.lines[0].voicemail = true },
	}
	if n := reflect.TypeFor[input]().NumField() - 2 + sites + lines; n != len(changes) {
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
				if _, _, err := Render(engine, s, p, site, files[len(files)-1]); err != nil {
					b.Fatal(err)
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
