package asteriskconf_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// realAsterisk is a running Asterisk that loads only what we render.
type realAsterisk struct {
	in     *box.Instance
	ami    *amiConn
	sip    netip.AddrPort
	loads  int
	logEnd int // bytes of the log that were judged already
}

const amiSecret = "0123456789abcdef; with a \\ and \""

// startReal boots a suite with files of ours.
func startReal(t *testing.T, suite box.Suite, files *asteriskconf.Files) *realAsterisk {
	t.Helper()
	tcp, err := box.FreePorts("tcp", 3)
	if err != nil {
		t.Fatal(err)
	}
	udp, err := box.FreePorts("udp", 2)
	if err != nil {
		t.Fatal(err)
	}
	sip := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(udp[0]))
	first, last, err := box.FreeRTPRange(20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { box.ReleasePorts(first, last) })
	etc, err := asteriskconf.HostFiles(templates.MustNew(), asteriskconf.HostOptions{
		SIP:     sip,
		IAX:     netip.AddrPortFrom(sip.Addr(), uint16(udp[1])),
		AMIPort: tcp[0], AMIUser: "dialtone", AMISecret: pbx.NewSecret(amiSecret),
		ARIPort: tcp[1], ARIUser: "dialtone", ARISecret: pbx.NewSecret("0123456789abcdef"),
		RTPFirst: first, RTPLast: last, WebRTC: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files.List {
		etc[f.Name] = f.Content
	}
	in, err := box.Start(t.Context(), box.Options{Suite: suite, Dir: t.TempDir(), Files: etc, Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &realAsterisk{in: in, sip: sip, ami: dialAMI(t, tcp[0], "dialtone", amiSecret)}
}

// load writes the files and reloads what they belong to.
func (r *realAsterisk) load(t *testing.T, files *asteriskconf.Files) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(r.in.Dir(), "etc", "dialtone"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, f := range files.List {
		if err := os.WriteFile(filepath.Join(r.in.Dir(), "etc", f.Name), f.Content, 0o600); err != nil {
			t.Fatal(err)
		}
		if f.Name == "dialtone/chan_dahdi.conf" {
			continue // no machine of ours has the module
		}
		got := r.ami.ask("Reload", "", "Module", f.Module)
		if f.Starts && got[0]["Response"] != "Success" {
			got = r.ami.ask("ModuleLoad", "", "Module", f.Module, "LoadType", "load")
		}
		if got[0]["Response"] != "Success" {
			t.Fatalf("reloading %s: %v", f.Module, got)
		}
	}
}

// loaded waits until Asterisk shows the marker of every file.
func (r *realAsterisk) loaded(t *testing.T, files *asteriskconf.Files) {
	t.Helper()
	for _, f := range files.List {
		if f.Marker.Kind == asteriskconf.MarkerNone {
			continue
		}
		eventually(t, f.Name+" is loaded", func() bool { return r.shows(f.Marker) })
	}
}

// complaints returns what was logged above NOTICE since the last call. It makes
// Asterisk log a line of its own and waits for it, so that nothing is on its way.
func (r *realAsterisk) complaints(t *testing.T) []string {
	t.Helper()
	r.loads++
	mark := fmt.Sprintf("sentinel_%d.so", r.loads)
	_, _ = r.in.CLI(t.Context(), "module load "+mark)
	var fresh []byte
	eventually(t, "the log shows "+mark, func() bool {
		all, err := os.ReadFile(filepath.Join(r.in.Dir(), "log", "messages.log"))
		if err != nil || len(all) < r.logEnd {
			return false
		}
		fresh = all[r.logEnd:]
		return bytes.Contains(fresh, []byte(mark))
	})
	r.logEnd += len(fresh)
	var out []string
	for line := range strings.Lines(string(fresh)) {
		if strings.Contains(line, "sentinel_") {
			continue
		}
		if strings.Contains(line, "WARNING") || strings.Contains(line, "ERROR") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

// shows reports whether Asterisk shows a marker.
func (r *realAsterisk) shows(m asteriskconf.Marker) bool {
	switch m.Kind {
	case asteriskconf.MarkerEndpoint:
		return r.endpoint(m.Name)["Accountcode"] == m.Value
	case asteriskconf.MarkerVariable:
		return r.ami.ask("Getvar", "", "Variable", m.Name)[0]["Value"] == m.Value
	case asteriskconf.MarkerMailbox:
		number, context, _ := strings.Cut(m.Name, "@")
		return r.mailbox(context, number)["Fullname"] == m.Value
	}
	return false
}

// endpoint returns the detail of an endpoint, empty when there is none.
func (r *realAsterisk) endpoint(name string) map[string]string {
	for _, m := range r.ami.ask("PJSIPShowEndpoint", "EndpointDetailComplete", "Endpoint", name) {
		if m["Event"] == "EndpointDetail" {
			return m
		}
	}
	return nil
}

// mailbox returns the detail of a mailbox, empty when there is none.
func (r *realAsterisk) mailbox(context, number string) map[string]string {
	for _, m := range r.ami.ask("VoicemailUserStatus", "VoicemailUserDetailComplete", "Context", context, "Mailbox", number) {
		if m["Event"] == "VoicemailUserDetail" {
			return m
		}
	}
	return nil
}

// eventually polls until ok or 20 seconds have passed.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("did not happen in 20 s: %s", what)
		case <-tick.C:
		}
	}
}

// TestRealAsteriskLoadsGoldens: both generations load every golden without a
// word, show the markers, and show what we meant.
func TestRealAsteriskLoadsGoldens(t *testing.T) {
	e := templates.MustNew()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			r := startReal(t, suite, render(t, e, bigOffice(3)))
			if got := r.complaints(t); len(got) > 0 {
				t.Errorf("complaints at boot:\n%s", strings.Join(got, "\n"))
			}
			goldens(t, func(t *testing.T, _ string, _ *txtar.Archive, o office) {
				s := o.snapshot(1, false)
				files := render(t, e, s)
				r.load(t, files)
				r.loaded(t, files)
				if got := r.complaints(t); len(got) > 0 {
					t.Errorf("complaints:\n%s", strings.Join(got, "\n"))
				}
				r.checkDevices(t, s)
				r.checkHints(t, s)
				r.checkTrunks(t, s)
				r.checkMailboxes(t, s)
				r.checkDialplan(t, s)
			})
			t.Run("crowd", func(t *testing.T) { r.checkCrowd(t, e) })
			t.Run("broken", func(t *testing.T) { r.checkBroken(t, e) })
		})
	}
}

// TestRealAsteriskBeforeFirstRender: an Asterisk that was started before there
// were files of ours complains of nothing but a module that has nothing to do, and takes them on the first reload.
// Then it does with calls, with no controller there, what the fallback says.
func TestRealAsteriskBeforeFirstRender(t *testing.T) {
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			r := startReal(t, suite, &asteriskconf.Files{})
			// The newer cdr_custom does not start before it has something to do, and says so.
			got := slices.DeleteFunc(r.complaints(t), func(line string) bool {
				return strings.HasSuffix(line, "cdr_custom declined to load.") || strings.HasSuffix(line, "Some non-required modules failed to load.")
			})
			if len(got) > 0 {
				t.Errorf("complaints at boot:\n%s", strings.Join(got, "\n"))
			}
			s := callOffice()
			files := render(t, templates.MustNew(), s)
			r.load(t, files)
			r.loaded(t, files)
			r.checkCalls(t, s.Devices[0])
			r.checkSteps(t)
			r.checkMarkerIsShut(t, files)
			r.checkUnwatched(t)
		})
	}
}

// callOffice has extensions that end in each way a call can end without anybody
// there to answer it.
func callOffice() *pbx.Snapshot {
	return pbx.NewSnapshot(1, pbx.Rows{
		Tenants: []*pbx.Tenant{{Name: "default", Timezone: "UTC"}},
		Extensions: []*pbx.Extension{
			{Tenant: "default", Number: "100", Name: "Caller", RingSeconds: 20},
			{Tenant: "default", Number: "101", Name: "Has no device", RingSeconds: 20},
			{Tenant: "default", Number: "102", Name: "Not registered", RingSeconds: 20},
			{Tenant: "default", Number: "103", Name: "Has a mailbox", RingSeconds: 20, Mailbox: "103"},
			{Tenant: "default", Number: "lobby", Name: "Letters", RingSeconds: 20, Mailbox: "103"},
		},
		Devices: []*pbx.Device{
			{Tenant: "default", Name: "caller", Extension: "100", Endpoint: "dcaller", Secret: pbx.NewSecret("0123456789abcdef")},
			{Tenant: "default", Name: "silent", Extension: "102", Endpoint: "dsilent", Secret: pbx.NewSecret("0123456789abcdef")},
		},
		Mailboxes: []*pbx.Mailbox{{Tenant: "default", Number: "103", Name: "M", PIN: pbx.NewSecret("4711")}},
	})
}

// checkCalls compares final answers: 480 is cause 20, 404 cause 1, and voicemail
// answers.
func (r *realAsterisk) checkCalls(t *testing.T, d *pbx.Device) {
	t.Helper()
	for to, want := range map[string]int{
		"101": 480, "102": 480, "103": 200, "lobby": 200,
		"999": 404, "nobody": 404, "*97": 404, "*98": 404, "h": 404, "i": 404, "end": 404,
		"103%24%7BX%7D)%2C1": 404, // the fallback keeps letters and digits: 103X1 is nobody
	} {
		if got := invite(t, r.sip, d.Endpoint, d.Secret.Reveal(), to); got != want {
			t.Errorf("calling %s ended with %d, want %d", to, got, want)
		}
	}
	if got := invite(t, r.sip, d.Endpoint, "wrong"+d.Secret.Reveal(), "103"); got != 401 {
		t.Errorf("a wrong password ended with %d, want 401", got)
	}
}

// checkSteps runs the contexts that callflow continues channels into, with
// nobody to return to: each goes on in the fallback.
func (r *realAsterisk) checkSteps(t *testing.T) {
	t.Helper()
	run := func(command string) string {
		t.Helper()
		out, err := r.in.CLI(t.Context(), command)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, c := range []struct{ step, at, want string }{
		{"PJSIP/dsilent,5,i", "103@dial-default", "!fallback-default!103!2!Up!VoiceMail!103@default,u!"},
		{"PJSIP/dsilent,5,i", "lobby@dial-default", "!fallback-default!lobby!2!Up!VoiceMail!103@default,u!"},
		{"nothing", "103@play-default", "!fallback-default!103!2!Up!VoiceMail!103@default,u!"},
		{"103@default,b", "lobby@dialtone-voicemail", "!dialtone-voicemail!lobby!3!Up!VoiceMail!103@default,b!"},
		{"103@default", "x1@dialtone-messages", "!dialtone-messages!x1!2!Up!VoiceMailMain!103@default!"},
	} {
		run("dialplan set global DIALTONE_STEP " + c.step)
		run("channel originate Local/" + c.at + "/n application Wait 20")
		eventually(t, c.at+" comes to "+c.want, func() bool { return strings.Contains(run("core show channels concise"), c.want) })
		run("channel request hangup all")
		eventually(t, "all hang up", func() bool { return strings.Contains(run("core show channels count"), "0 active channels") })
	}
}

// checkMarkerIsShut: not even who has read the marker's password from the file
// gets in as it.
func (r *realAsterisk) checkMarkerIsShut(t *testing.T, files *asteriskconf.Files) {
	t.Helper()
	f := files.Named("dialtone/pjsip.conf")
	_, tail, _ := bytes.Cut(f.Content, []byte("username = "+f.Marker.Name+"\npassword = "))
	password, _, ok := bytes.Cut(tail, []byte("\n"))
	if !ok || len(password) != 64 {
		t.Fatalf("no password in the marker: %q", tail)
	}
	if got := invite(t, r.sip, f.Marker.Name, string(password), "103"); got != 401 {
		t.Errorf("a call as the marker ended with %d, want 401", got)
	}
	if got := invite(t, r.sip, "dialtone-nobody", "", "103"); got != 401 {
		t.Errorf("a call as nobody ended with %d, want 401", got)
	}
}

// checkDevices compares what Asterisk shows of each endpoint.
func (r *realAsterisk) checkDevices(t *testing.T, s *pbx.Snapshot) {
	t.Helper()
	unescape := strings.NewReplacer(`\\`, `\`, `\"`, `"`)
	for _, d := range s.Devices {
		got := r.endpoint(d.Endpoint)
		if !d.Kind.SIP() || s.Forbidden(d) {
			if got != nil {
				t.Errorf("%s is not SIP or forbidden and shown as %v", d.Endpoint, got)
			}
			continue
		}
		name, number := d.Name, "no_extension"
		if e := s.Extension(d.Tenant, d.Extension); e != nil {
			name, number = e.Name, e.Number
		}
		want := `"` + name + `" <` + number + `>`
		if shown := unescape.Replace(got["Callerid"]); shown != want {
			t.Errorf("%s: caller ID %s, want %s", d.Endpoint, shown, want)
		}
		if got["Context"] != "from-"+d.Tenant || got["SubscribeContext"] != "hints-"+d.Tenant || got["Auth"] != d.Endpoint ||
			got["Aors"] != d.Endpoint ||
			got["MessageContext"] != "dialtone-nowhere" {
			t.Errorf("%s: shown as %v", d.Endpoint, got)
		}
	}
}

// checkMailboxes compares what Asterisk shows of each mailbox.
func (r *realAsterisk) checkMailboxes(t *testing.T, s *pbx.Snapshot) {
	t.Helper()
	for _, m := range s.Mailboxes {
		got := r.mailbox(m.Tenant, m.Number)
		if want := strings.ReplaceAll(m.Name, ",", "‚"); got["Fullname"] != want {
			t.Errorf("%s@%s: name %q, want %q", m.Number, m.Tenant, got["Fullname"], want)
		}
		if got["Email"] != "" || got["AttachMessage"] == "Yes" || got["DeleteMessage"] == "Yes" { // Dialtone mails, not Asterisk
			t.Errorf("%s@%s: shown as %v", m.Number, m.Tenant, got)
		}
	}
}

// checkDialplan asks for every target that callflow or a phone may go to, and
// for some that must not exist.
func (r *realAsterisk) checkDialplan(t *testing.T, s *pbx.Snapshot) {
	t.Helper()
	exists := func(want string, context, exten, priority string) {
		t.Helper()
		target := "DIALPLAN_EXISTS(" + context + "," + exten + "," + priority + ")"
		if got := r.ami.ask("Getvar", "", "Variable", target)[0]["Value"]; got != want {
			t.Errorf("%s is %q, want %s", target, got, want)
		}
	}
	for _, e := range s.Extensions {
		exists("1", pbx.EntryContext(e.Tenant), e.Number, "1")
		exists("1", pbx.FallbackContext(e.Tenant), e.Number, pbx.AfterLabel)
		exists("1", pbx.DialContext(e.Tenant), e.Number, pbx.RungLabel)
		exists("1", pbx.EntryContext(e.Tenant), e.Number, pbx.EntryAsksLabel)
		exists("1", pbx.PlayContext(e.Tenant), e.Number, "3")
		exists("1", pbx.VoicemailContext, e.Number, "1")
		exists("1", pbx.MessagesContext, e.Number, "1")
		exists("1", pbx.HangupContext, e.Number, "1")
	}
	exists("1", pbx.HangupContext, "s", "1") // where callflow hangs up an odd number
	for _, tenant := range s.Tenants {
		exists("1", pbx.EntryContext(tenant.Name), pbx.VoicemailCode, "1")
		exists("1", pbx.FallbackContext(tenant.Name), pbx.VoicemailCode, "5")
		exists("0", pbx.FallbackContext(tenant.Name), "999999", pbx.AfterLabel)
		exists("0", pbx.EntryContext(tenant.Name), "nobody", "1")
		for _, special := range []string{"a", "e", "h", "i", "o", "s", "t", "T"} {
			for _, context := range []string{pbx.DialContext(tenant.Name), pbx.PlayContext(tenant.Name), pbx.EntryContext(tenant.Name), pbx.VoicemailContext, pbx.MessagesContext} {
				exists("0", context, special, "1")
				exists("0", context, special, "2")
			}
		}
	}
}

// sameStrings reports whether two lists have the same members.
func sameStrings(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

// checkBroken proves that the checks above can fail: files that are wrong on
// purpose are complained about or not shown.
func (r *realAsterisk) checkBroken(t *testing.T, e *templates.Engine) {
	files := render(t, e, bigOffice(4))
	pjsip := files.Named("dialtone/pjsip.conf")
	pjsip.Content = bytes.Replace(pjsip.Content, []byte("direct_media"), []byte("direct_medja"), 1)
	dialplan := files.Named("dialtone/extensions.conf")
	dialplan.Content = bytes.Replace(dialplan.Content, []byte("; ---- tenant"), []byte(";-- tenant"), 1)
	r.load(t, files)
	eventually(t, "the mailboxes are loaded", func() bool { return r.shows(files.Named("dialtone/voicemail.conf").Marker) })
	if got := r.complaints(t); len(got) == 0 || !strings.Contains(strings.Join(got, "\n"), "direct_medja") {
		t.Errorf("an unknown option went unnoticed: %v", got)
	}
	if r.shows(dialplan.Marker) {
		t.Error("a dialplan that ends in a comment shows its marker")
	}
}
