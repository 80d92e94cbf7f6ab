package phoneconf

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"golang.org/x/tools/txtar"
)

// keyNumbers are Yealink's numbers of what a key does, as the fact sheet has them
// and not as the program does.
var keyNumbers = map[pbx.ButtonKind]string{
	"forward": "2", "pickup": "9", "park": "10", "dtmf": "11", "voicemail": "12", "speed-dial": "13", "intercom": "14", "line": "15", "blf": "16", "url": "17",
}

// Every golden's files, read back by the test's own readers, give each value of
// its snapshot: accounts, keys, passwords, people.
func TestValuesOfEveryGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) < 25 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		ar, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s, site := parseFixture(t, ar.Files[0].Data)
		for _, p := range s.Phones {
			t.Run(p.Model, func(t *testing.T) {
				got := map[string]string{}
				for _, file := range Files(s, p) {
					b, _, err := Render(engine, s, p, site, file)
					if err != nil {
						t.Fatal(err)
					}
					values, err := readFile(file, b)
					if err != nil {
						t.Fatalf("%s: %v", file, err)
					}
					for k, v := range values {
						got[k] = v
					}
				}
				m, _ := Lookup(p.Vendor, p.Model)
				want(t, got, valuesOf(s, p, m, site))
				wantPeople(t, s, got)
			})
		}
	}
}

// valuesOf lists what a phone's files must say.
func valuesOf(s *pbx.Snapshot, p *pbx.Phone, m Model, site Site) map[string]string {
	out := map[string]string{}
	tenant := s.Tenant(p.Tenant)
	for n := 1; n <= m.Accounts; n++ {
		i := slices.IndexFunc(p.Lines, func(l pbx.Line) bool { return l.Registration == n })
		var d *pbx.Device
		name, number := "", ""
		if i >= 0 {
			d = s.Device(p.Tenant, p.Lines[i].Device)
			if e := s.Extension(p.Tenant, d.Extension); e != nil {
				name, number = e.Name, e.Number
			} else {
				name, number = d.Name, strings.TrimLeft(tenant.Title, "#") // at the start it is no text of a Yealink
			}
		}
		if p.Vendor == pbx.Polycom {
			polycomAccount(out, n, d, name, number, site)
		} else {
			yealinkAccountValues(out, n, d, name, number, m, site)
		}
	}
	if p.Vendor == pbx.Polycom {
		out["device.auth.localAdminPassword"], out["device.auth.localUserPassword"] = tenant.PhonePassword.Reveal(), tenant.PhonePassword.Reveal()
		out["device.prov.serverName"] = strings.TrimPrefix(site.BaseURL, "http://") + "/p/" + p.URLSecret.Reveal()
	} else {
		static := "static."
		if m.Era == YealinkV70 {
			static = ""
		}
		out[static+"security.user_password/admin"] = "admin:" + tenant.PhonePassword.Reveal()
		out[static+"auto_provision.server.url"] = site.BaseURL + "/p/" + p.URLSecret.Reveal() + "/"
	}
	siteValues(out, s.SettingsOf(p.Tenant), p, m, site)
	for _, b := range p.Buttons {
		keyValues(out, s, m, b)
	}
	return out
}

func yealinkAccountValues(out map[string]string, n int, d *pbx.Device, name, number string, m Model, site Site) {
	at := fmt.Sprintf("account.%d.", n)
	if d == nil {
		for _, x := range []string{"label", "display_name", "user_name", "auth_name", "password"} {
			out[at+x] = ""
		}
		out[at+"enable"] = "0"
		return
	}
	out[at+"enable"], out[at+"label"], out[at+"display_name"] = "1", number, name
	out[at+"user_name"], out[at+"auth_name"], out[at+"password"] = d.Endpoint, d.Endpoint, d.Secret.Reveal()
	switch m.Era {
	case YealinkMulticell:
		out["template.1.sip_server.1.address"], out[at+"sip_server.template"] = site.SIPServer, "1"
	case YealinkV70:
		out[at+"sip_server_host"] = site.SIPServer
	default:
		out[at+"sip_server.1.address"], out[at+"sip_server.1.port"] = site.SIPServer, fmt.Sprint(site.SIPPort)
	}
}

func polycomAccount(out map[string]string, n int, d *pbx.Device, name, number string, site Site) {
	at := fmt.Sprintf("reg.%d.", n)
	if d == nil {
		for _, x := range []string{"address", "auth.userId", "auth.password", "displayName", "label", "server.1.address"} {
			out[at+x] = ""
		}
		return
	}
	out[at+"address"], out[at+"auth.userId"], out[at+"auth.password"] = d.Endpoint, d.Endpoint, d.Secret.Reveal()
	out[at+"displayName"], out[at+"label"], out[at+"server.1.address"] = name, number, site.SIPServer
}

// keyValues is one button: on a Yealink its key by number, and on a Polycom, where
// those of modules go on counting, its category.
func keyValues(out map[string]string, s *pbx.Snapshot, m Model, b pbx.Button) {
	if m.Vendor == pbx.Polycom {
		category := map[pbx.ButtonKind]string{"line": "Line", "blf": "BLF", "speed-dial": "SpeedDial"}[b.Kind]
		if category == "" {
			category = "EFK"
		}
		if n := b.Key + m.LineKeys + (b.Module-1)*m.ModuleKeys; m.Era == PolycomSIP3 {
			out["attendant.resourceList.1.type"] = "normal"
		} else if b.Module == 0 {
			out[fmt.Sprintf("lineKey.%d.category", b.Key)] = category
		} else {
			out[fmt.Sprintf("lineKey.%d.category", n)] = category
		}
		return
	}
	at := fmt.Sprintf("linekey.%d.", b.Key)
	memory := b.Module == 0 && slices.Contains([]string{"T26P", "T28P", "T38G"}, m.Name) && b.Key > m.LineKeys
	if memory {
		at = fmt.Sprintf("memorykey.%d.", b.Key-m.LineKeys)
	}
	if b.Module > 0 {
		at = fmt.Sprintf("expansion_module.%d.key.%d.", b.Module, b.Key)
	}
	line, value := b.Line, b.Value
	if b.Kind == pbx.BLFButton && strings.HasPrefix(m.Name, "T3") && m.Era == YealinkV70 {
		line-- // T32G and T38G count from zero
	}
	if b.Kind == pbx.VoicemailButton && value == "" {
		value = "*97"
	}
	number := keyNumbers[b.Kind]
	switch b.Kind {
	case pbx.ForwardButton: // a lamp of the line's own extension
		number, value = "16", "*72101*"+value
	case pbx.IntercomButton:
		value = "*50" + value
	}
	out[at+"type"], out[at+"value"], out[at+"line"] = number, value, fmt.Sprint(line)
	if e := s.Extension("default", b.Value); memory {
		return // labels are on paper
	} else if b.Label != "" {
		out[at+"label"] = b.Label
	} else if e != nil {
		out[at+"label"] = e.Name
	}
}

// wantPeople looks for each extension's name and number in the directory.
func wantPeople(t *testing.T, s *pbx.Snapshot, got map[string]string) {
	t.Helper()
	var texts []string
	for k, v := range got {
		if strings.Contains(k, "#") {
			texts = append(texts, v)
		}
	}
	for _, e := range s.Extensions {
		if !slices.Contains(texts, e.Name) || !slices.Contains(texts, e.Number) {
			t.Errorf("%s %q is not in the directory", e.Number, e.Name)
		}
	}
}

// siteValues are where a phone sends its files and finds its firmware.
func siteValues(out map[string]string, c *pbx.PhoneSettings, p *pbx.Phone, m Model, site Site) {
	file := ""
	for _, f := range c.Firmware {
		if f.Model == m.Name {
			file = site.BaseURL + "/firmware/" + f.SHA256 + "/" + f.Name
		}
	}
	switch {
	case p.Vendor == pbx.Polycom:
		out["APP_FILE_PATH"] = file
	case m.Era == YealinkV70 && file != "":
		out["firmware.url"] = file
	case file != "":
		out["static.firmware.url"] = file
	}
	if m.Era != YealinkV80 {
		return
	}
	for kind, name := range map[string]string{"contacts": "local_contact.backup", "calls": "local_calllog.backup", "logs": "local_log.backup", "changes": "custom.sync"} {
		enable, path := name+".enable", name+".path"
		if kind == "changes" {
			enable = name
		}
		out["static.auto_provision."+enable], out["static.auto_provision."+path] = "0", ""
		if slices.Contains(c.Uploads, kind) {
			out["static.auto_provision."+enable], out["static.auto_provision."+path] = "1", site.BaseURL+"/p/"+p.URLSecret.Reveal()+"/"
		}
	}
}
