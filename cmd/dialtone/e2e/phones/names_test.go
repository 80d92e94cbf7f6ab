package phones

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// hostileName is a display name and what must become of it.
type hostileName struct {
	text    string
	refused bool   // by the API, naming the field
	yealink string // what a Yealink shows; "" is the name itself
	polycom string
}

// hostileNames try to break out of every dialect we write: Asterisk's files, the
// dialplan, voicemail's comma lists, caller IDs, XML, Yealink's lines, SIP.
var hostileNames = []hostileName{
	{text: "Bob\n[evil]\ntype=endpoint", refused: true},
	{text: "Bob\r\nX-Evil: 1", refused: true},
	{text: "nul\x00byte", refused: true},
	{text: "\u202egro.live", refused: true},
	{text: " blank in front", refused: true},
	{text: strings.Repeat("😀", 200), refused: true},
	{text: strings.Repeat("😀", 15)},
	{text: `x;--`},
	{text: `--; x ;-- y`},
	{text: `; comment`},
	{text: `"; #exec /bin/sh`},
	{text: `#include "/etc/passwd"`, yealink: `include "/etc/passwd"`, polycom: `include "/etc/passwd"`},
	{text: `# comment`, yealink: "comment", polycom: "comment"},
	{text: `[evil](!)`},
	{text: `type = endpoint`},
	{text: `a => b`},
	{text: `<b>&"'`},
	{text: `&amp;&#10;]]><!--`},
	{text: `a\b`},
	{text: `back at the end\`},
	{text: `\\" <sip:evil@evil> "`},
	{text: `"quoted"`},
	{text: `it's "both' ways`},
	{text: `Bob" <999>`},
	{text: `${SHELL(id)}`},
	{text: `$[1+1],n,Hangup()`},
	{text: `name,with,commas|pipes`},
	{text: `%NULL%`, yealink: "LABEL", polycom: "LABEL"},
	{text: `%s%n%00`},
	{text: `שלום עולם`},
	{text: `Zoë Großmann-Łukasz 李`},
	{text: strings.Repeat("w", 60)},
}

// TestHostileNamesRealAsterisk gives each name to an extension with mailbox, a
// Yealink and a Polycom. It is refused with the field named, or everybody gives it
// back as it is: Asterisk, the called phone's display, the phones' own files, LDAP.
func TestHostileNamesRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22, "--ldap-listen=127.0.0.1:0")
	session := l.ami(t)
	l.Extension(t, "100", "", nil)
	callee := l.Register(t, l.Device(t, "callee", "100", nil), phone.Options{AutoAnswer: true})
	accepted := map[string]hostileName{}
	for i, name := range hostileNames {
		number := fmt.Sprint(300 + i)
		switch {
		case name.refused:
			l.refuseName(t, number, name.text)
		default:
			l.takeName(t, number, name.text)
			accepted[number] = name
		}
	}
	l.Applied(t)
	l.NothingElse(t, 1+2*len(accepted))
	users := l.Console(t, "voicemail show users")
	for number, name := range accepted {
		t.Run(name.text, func(t *testing.T) {
			l.checkShown(t, session, number, name.text)
			if line := `(?m)^default\s+` + number + `\s+` + regexp.QuoteMeta(strings.ReplaceAll(name.text, ",", "‚")) + `\s`; !regexp.MustCompile(line).MatchString(users) {
				t.Errorf("voicemail show users does not show %q", name.text)
			}
			l.checkPhone(t, callee, "y"+number, "T46U", name.text, orName(name.yealink, name.text, number))
			l.checkPhone(t, callee, "p"+number, "VVX450", name.text, orName(name.polycom, name.text, number))
		})
	}
	l.NothingElse(t, 1+2*len(accepted))
}

// orName is what a phone is expected to show.
func orName(shown, name, label string) string {
	switch shown {
	case "":
		return name
	case "LABEL":
		return label
	}
	return shown
}

// ami logs in beside the controller, with its own right to look.
func (l *lab) ami(t *testing.T) *ami.Session {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(l.Asterisk.Dir(), "etc", "manager.conf"))
	if err != nil {
		t.Fatal(err)
	}
	secret := regexp.MustCompile(`(?m)^secret = (\S+)$`).FindSubmatch(text)
	if secret == nil {
		t.Fatal("no secret in manager.conf")
	}
	s, err := ami.Dial(t.Context(), ami.Options{Address: l.AMI, Username: "dialtone", Secret: string(secret[1])}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// refuseName expects a refusal that names the field, from each kind of object.
func (l *lab) refuseName(t *testing.T, number, name string) {
	t.Helper()
	for path, body := range map[string]Object{
		"/extensions/" + number: {"name": name},
		"/mailboxes/" + number:  {"name": name, "pin": "4711"},
	} {
		r := l.Refused(t, "PUT", Tenant+path, body)
		if r == nil || r.Status != 422 || r.Field != "name" || len(r.Detail) < 10 || strings.ContainsAny(r.Detail, "\n\r\x00") {
			t.Errorf("PUT %s with name %q: %+v", path, name, r)
		}
		if gone := l.Refused(t, "GET", Tenant+path, nil); gone == nil || gone.Status != 404 {
			t.Errorf("%s exists after it was refused: %+v", path, gone)
		}
	}
}

// takeName creates an extension of that name with a mailbox of that name and two
// desk phones.
func (l *lab) takeName(t *testing.T, number, name string) {
	t.Helper()
	l.Extension(t, number, "4711", Object{"name": name})
	l.Do(t, "PUT", Tenant+"/mailboxes/"+number, Object{"name": name}, nil)
	for device, model := range map[string]string{"y" + number: "T46U", "p" + number: "VVX450"} {
		vendor := map[string]string{"T46U": "yealink", "VVX450": "polycom"}[model]
		l.Device(t, device, number, nil)
		l.Do(t, "PUT", Tenant+"/phones/"+macOf(device), Object{"vendor": vendor, "model": model,
			"lines": []any{Object{"registration": 1, "device": device}}}, nil)
	}
	var e struct{ Name string }
	l.Do(t, "GET", Tenant+"/extensions/"+number, nil, &e)
	if e.Name != name {
		t.Errorf("the API gives %q back as %q", name, e.Name)
	}
}

// macOf makes a MAC address from a device's name: y301 is a Yealink.
func macOf(device string) string {
	prefix := map[byte]string{'y': "001565", 'p': "64167f"}[device[0]]
	return prefix + "ab0" + device[1:]
}

var unescapeAMI = strings.NewReplacer(`\\`, `\`, `\"`, `"`)

// checkShown asks Asterisk over AMI. It shows a caller ID escaped, in 80 bytes.
func (l *lab) checkShown(t *testing.T, s *ami.Session, number, name string) {
	t.Helper()
	var d struct{ Endpoint string }
	l.Do(t, "GET", Tenant+"/devices/y"+number, nil, &d)
	e, err := s.PJSIPShowEndpoint(t.Context(), d.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	want, shown := `"`+name+`" <`+number+`>`, e.Details["Callerid"]
	if got := unescapeAMI.Replace(shown); got != want && !(len(shown) >= 78 && strings.HasPrefix(want, strings.ToValidUTF8(strings.TrimRight(got, `\`), ""))) {
		t.Errorf("AMI shows caller ID %s, want %s", shown, want)
	}
	full, err := s.VoicemailFullName(t.Context(), number+"@default")
	if err != nil || full != strings.ReplaceAll(name, ",", "‚") {
		t.Errorf("AMI shows mailbox name %q, %v", full, err)
	}
}

// checkPhone boots a desk phone by its MAC, reads what its files say, and calls:
// the other side's display shows the name.
func (l *lab) checkPhone(t *testing.T, callee *phone.Phone, device, model, name, shown string) {
	t.Helper()
	p := NewPhone(t, phone.Options{MAC: macOf(device), Model: model, ProvisioningURL: l.Phones + "/"})
	config, _, err := p.Fetch(Within(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if len(config.Accounts) != 1 {
		t.Fatalf("%s reads %d accounts", model, len(config.Accounts))
	}
	account := config.Accounts[0]
	if account.DisplayName != shown || account.Label != device[1:] {
		t.Errorf("%s reads the name as %q, label %q; want %q, %q", model, account.DisplayName, account.Label, shown, device[1:])
	}
	if got := searched(t, config, device[1:]); got != name {
		t.Errorf("%s finds the name %q over LDAP, want %q", model, got, name)
	}
	if err := p.Register(Within(t, 10*time.Second), account); err != nil {
		t.Fatal(err)
	}
	out, err := p.Call(Within(t, 10*time.Second), "100")
	if err != nil {
		t.Fatal(err)
	}
	in := <-callee.Incoming()
	if in.CallerName() != name || in.CallerNumber() != device[1:] {
		t.Errorf("the called phone shows %q %s, want %q", in.CallerName(), in.CallerNumber(), name)
	}
	HangUp(t, out, in)
}
