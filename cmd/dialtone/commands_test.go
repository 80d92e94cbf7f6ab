package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// TestCommandsRealAsterisk uses the other commands beside a running controller.
func TestCommandsRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22)
	l.Extension(t, "101", "4711", nil)
	desk := l.Device(t, "desk", "101", nil)
	const mac = "001565cc0001"
	var made struct {
		ProvisioningURL string `json:"provisioning_url"`
	}
	l.Do(t, "PUT", Tenant+"/phones/"+mac, Object{"vendor": "yealink", "model": "T46U", "lines": []any{Object{"registration": 1, "device": "desk"}}}, &made)
	l.Applied(t)
	p := Program{Path: Binary(t), Env: []string{"DIALTONE_DB=" + l.Database}}
	if out := p.Must(t, "version"); !strings.HasPrefix(out, "dialtone ") || !strings.Contains(out, "go1.") {
		t.Errorf("version prints %q", out)
	}
	t.Run("simulate", func(t *testing.T) { l.simulated(t, p) })
	t.Run("render", func(t *testing.T) { l.rendered(t, p) })
	if out := p.Must(t, "render", "--shipped"); !strings.Contains(out, "==> yealink/phone.cfg.tmpl <==\n") || strings.Contains(out, "pjsip") {
		t.Errorf("the shipped templates are %s", out)
	}
	t.Run("render phone", func(t *testing.T) { l.renderedPhone(t, p, mac, made.ProvisioningURL) })
	t.Run("token", func(t *testing.T) { l.tokens(t, p) })
	t.Run("doctor", func(t *testing.T) { l.doctor(t, p) })
	t.Run("mistyped", func(t *testing.T) { mistyped(t, p) })
	t.Run("backup", func(t *testing.T) { l.backedUp(t, p, desk, made.ProvisioningURL+mac+".cfg") })
}

// rendered: what render writes is what Asterisk runs, byte for byte.
func (l *lab) rendered(t *testing.T, p Program) {
	out := t.TempDir()
	seen := "--asterisk-sounds=" + box.Etc + "/dialtone/sounds" // as this Asterisk sees it
	p.Must(t, "render", seen, "--out", out)
	printed := p.Must(t, "render", seen)
	files, err := filepath.Glob(filepath.Join(out, "dialtone", "*.conf"))
	if err != nil || len(files) != 11 {
		t.Fatalf("render wrote %v, %v", files, err)
	}
	for _, file := range files {
		name := "dialtone/" + filepath.Base(file)
		text, running := ReadFile(t, file), ReadFile(t, filepath.Join(l.Asterisk.Dir(), "etc", name))
		if text != running {
			t.Errorf("render writes another %s than Asterisk runs", name)
		}
		if !strings.Contains(printed, "==> "+name+" <==\n"+text) {
			t.Errorf("render does not print %s", name)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s, which has secrets in it, is open to others: %v %v", name, info.Mode(), err)
		}
	}
}

// renderedPhone: what render prints is what the phone is served.
func (l *lab) renderedPhone(t *testing.T, p Program, mac, url string) {
	host, port, _ := strings.Cut(l.SIP, ":")
	site := []string{"--phone-url", l.Phones, "--sip-server", host, "--sip-port", port}
	out := t.TempDir()
	p.Must(t, append([]string{"render", "--phone", "00-15-65-CC-00-01", "--out", out}, site...)...)
	served := FetchFile(t, url+mac+".cfg")
	if text := ReadFile(t, filepath.Join(out, mac+".cfg")); text != served || !strings.Contains(text, "account.1.enable = 1") {
		t.Errorf("render writes another file than the phone is served:\n%s", text)
	}
	if out, ok := p.Run(t, append([]string{"render", "--phone", "001565cc9999"}, site...)...); ok || !strings.Contains(out, "00:15:65:cc:99:99 does not exist") {
		t.Errorf("rendering an unknown phone: %v %s", ok, out)
	}
}

// tokens: a token made beside the running controller works at once, and is
// refused as soon as it is revoked.
func (l *lab) tokens(t *testing.T, p Program) {
	token := strings.TrimSpace(p.Must(t, "token", "create", "ops laptop"))
	ask := func(want int) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "GET", l.API+"/v1/health", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		Body(t, req, want)
	}
	ask(200)
	list := p.Must(t, "token", "list")
	line := regexp.MustCompile(`(?m)^(\S+) +valid .* ops laptop$`).FindStringSubmatch(list)
	if line == nil || strings.Contains(list, token) {
		t.Fatalf("token list prints:\n%s", list)
	}
	p.Must(t, "token", "revoke", line[1])
	ask(401)
	if list := p.Must(t, "token", "list"); !regexp.MustCompile(`(?m)^` + line[1] + ` +revoked .* ops laptop$`).MatchString(list) {
		t.Errorf("token list prints after the revocation:\n%s", list)
	}
	if out, ok := p.Run(t, "token", "revoke", "nonsense"); ok || !strings.Contains(out, "does not exist") {
		t.Errorf("revoking an unknown token: %v %s", ok, out)
	}
}

// doctor finds the office's Asterisk ready, and names every line that an empty
// folder lacks.
func (l *lab) doctor(t *testing.T, p Program) {
	etc := filepath.Join(l.Asterisk.Dir(), "etc")
	secret := func(file string) string {
		found := regexp.MustCompile(`(?m)^(?:secret|password) = (\S{16,})$`).FindStringSubmatch(ReadFile(t, filepath.Join(etc, file)))
		if found == nil {
			t.Fatalf("no secret in %s", file)
		}
		return found[1]
	}
	p.Env = append(p.Env, "DIALTONE_AMI_SECRET="+secret("manager.conf"), "DIALTONE_ARI_SECRET="+secret("ari.conf"))
	places := []string{"--ami-address", l.AMI, "--ari-url", "http://" + l.ARI + "/ari"}
	out, ok := p.Run(t, append([]string{"doctor", "--asterisk-etc", etc}, places...)...)
	if !ok || !strings.Contains(out, "Asterisk is ready for Dialtone.") || strings.Contains(out, "BAD") {
		t.Errorf("the office's Asterisk is not ready: %s", out)
	}
	for codec, has := range map[string]bool{"opus": true, "g729": false} { // as Asterisk 22 of the sandbox
		if strings.Contains(out, "ok    codec "+codec+"\n") != has ||
			strings.Contains(out, "note  codec "+codec+": neither of its modules") == has {
			t.Errorf("codec %s, which Asterisk translates %v: %s", codec, has, out)
		}
	}
	if !strings.Contains(out, "sound between different codecs, Asterisk 22.") {
		t.Errorf("doctor does not know the version: %s", out)
	}
	if strings.Contains(out, secret("manager.conf")) || strings.Contains(out, secret("ari.conf")) {
		t.Error("doctor shows a secret")
	}
	out, ok = p.Run(t, append([]string{"doctor", "--asterisk-etc", t.TempDir()}, places...)...)
	if ok {
		t.Error("doctor finds an empty folder ready")
	}
	for _, line := range []string{"#tryinclude dialtone/pjsip.conf", "#tryinclude dialtone/extensions.conf", "#tryinclude dialtone/voicemail.conf",
		"passwordlocation = spooldir", "type = transport", "[mappings]", "#tryinclude dialtone/cdr_custom.conf", "unanswered = yes",
		"endpoint_identifier_order = username,ip", "6 of the things above need mending"} {
		if !strings.Contains(out, line) {
			t.Errorf("doctor does not say %q:\n%s", line, out)
		}
	}
	p.Env = []string{"DIALTONE_AMI_SECRET=wrong", "DIALTONE_ARI_SECRET=wrong"}
	out, ok = p.Run(t, append([]string{"doctor", "--asterisk-etc", etc}, places...)...)
	_, port, _ := strings.Cut(l.AMI, ":")
	if ok || !strings.Contains(out, "manager.conf must say") || !strings.Contains(out, "port = "+port) ||
		!strings.Contains(out, "ari.conf must say") || !regexp.MustCompile(`password = \S{16,}`).MatchString(out) {
		t.Errorf("with wrong secrets doctor says: %s", out)
	}
}

// mistyped: no command but serve makes a database.
func mistyped(t *testing.T, p Program) {
	missing := filepath.Join(t.TempDir(), "mistyped.db")
	for _, args := range [][]string{{"token", "list"}, {"token", "create", "me"}, {"render"}, {"backup", missing + ".backup"}} {
		if out, ok := p.Run(t, append(args, "--db", missing)...); ok || !strings.Contains(out, "no such file") {
			t.Errorf("dialtone %q with a mistyped database: %v %s", args, ok, out)
		}
	}
	if left, _ := filepath.Glob(missing + "*"); len(left) > 0 {
		t.Errorf("files were made: %v", left)
	}
}

// backedUp takes a backup while the controller runs, changes things, and puts the
// backup back: everything is as it was, down to the phone's secrets.
func (l *lab) backedUp(t *testing.T, p Program, desk phone.Account, url string) {
	backup := filepath.Join(t.TempDir(), "backup.db")
	before := FetchFile(t, url)
	p.Must(t, "backup", backup)
	sent := filepath.Join(filepath.Dir(l.Database), "dialtone-phones")
	if err := os.MkdirAll(sent, 0o700); err != nil {
		t.Fatal(err)
	}
	if out := p.Must(t, "backup", backup); !strings.Contains(out, "not in it: "+sent) { // replaces the one before
		t.Errorf("what phones sent is not in a backup, which says %s", out)
	}
	if out, ok := p.Run(t, "backup", l.Database); ok {
		t.Errorf("the database was taken for a backup of itself: %s", out)
	}
	l.Do(t, "PUT", Tenant+"/extensions/666", Object{"name": "After The Backup"}, nil)
	l.Do(t, "DELETE", Tenant+"/phones/001565cc0001", nil, nil)
	l.Do(t, "DELETE", Tenant+"/devices/desk", nil, nil)
	l.Applied(t)
	if out, ok := p.Run(t, "restore", backup); ok || !strings.Contains(out, "stop the controller first") {
		t.Errorf("restoring under the running controller: %v %s", ok, out)
	}
	if err := l.StopController(Within(t, 15*time.Second)); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.db")
	if err := os.WriteFile(broken, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, ok := p.Run(t, "restore", broken); ok || !strings.Contains(out, "not a usable backup") {
		t.Errorf("restoring a file that is no database: %v %s", ok, out)
	}
	p.Must(t, "restore", backup)
	if left, _ := filepath.Glob(l.Database + ".restoring*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if kept, _ := filepath.Glob(l.Database + ".before-*"); len(kept) == 0 {
		t.Error("the database before is not kept")
	}
	l.Restart(t)
	l.Applied(t)
	if r := l.Refused(t, "GET", Tenant+"/extensions/666", nil); r == nil || r.Status != 404 {
		t.Errorf("what came after the backup is still there: %+v", r)
	}
	if after := FetchFile(t, url); after != before {
		t.Errorf("the phone is served another file:\n%s", after)
	}
	l.Register(t, desk, phone.Options{})
	l.WaitStatus(t, "desk", 5*time.Second, "OK", IsOK)
}

// simulated asks what happens to a call, over the API and by command.
func (l *lab) simulated(t *testing.T, p Program) {
	l.Extension(t, "102", "", nil)
	l.Do(t, "PUT", Tenant+"/forwards/102", Object{"mode": "schedule", "timezone": "UTC", "rules": []Object{{"days": []string{"fri"}, "from": "18:00", "to": "08:00", "destination": "extension:101"}}}, nil)
	l.Applied(t)
	out := p.Must(t, "simulate", "--from", "+4930123", "--to", "102", "--when", "2026-11-27T19:00")
	for _, want := range []string{"+4930123 calls 102 on Friday, 27 November 2026 at 19:00 UTC:", "1. forward: extension 102 forwards, by rule 1 of its schedule: forwarded to extension:101",
		"at extension:101:", "rings desk", "no-answer → 2", "2. voicemail: extension 101 did not answer: mailbox 101"} {
		if !strings.Contains(out, want) {
			t.Errorf("simulate does not print %q:\n%s", want, out)
		}
	}
	if out := p.Must(t, "simulate", "--from", "desk", "--to", "102", "--when", "2026-11-27T17:00"); strings.Contains(out, "schedule") || !strings.Contains(out, "hangup: extension 102 has no device that could ring") {
		t.Errorf("an hour before its rule:\n%s", out)
	}
	var answer struct {
		Place struct {
			At    string
			Steps []struct {
				Does string
				Then *struct{ Steps []struct{ Rings []string } }
			}
		}
	}
	l.Do(t, "POST", Tenant+"/simulate", Object{"from": "101", "to": "102", "when": "2026-11-27T19:00:00Z"}, &answer)
	if s := answer.Place.Steps; answer.Place.At != "102" || len(s) != 1 || s[0].Does != "forward" || s[0].Then == nil {
		t.Errorf("the API says %+v", answer)
	}
	l.Do(t, "DELETE", Tenant+"/forwards/102", nil, nil)
	l.Do(t, "DELETE", Tenant+"/extensions/102", nil, nil)
	l.Applied(t)
}
