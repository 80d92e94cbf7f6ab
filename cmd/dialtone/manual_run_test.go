package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/ari/aritest"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
	"github.com/dialtone-pbx/dialtone/provisioner/manual"
)

// notRun are the commands in blocks that no test can run, with the reason.
var notRun = map[string]string{
	"systemctl": "it changes the services of the machine",
}

// tools are the programs that commands in blocks may use beside dialtone; no other is
// found, so that no test installs or removes anything.
var tools = []string{"bash", "cat", "sed", "grep", "head", "cut", "mkdir", "cp"}

// desk is where a reader of the manual sits: a folder with the office of `make run` and
// the built program, and a controller in front of a pretended Asterisk.
type desk struct {
	dir, url string
	asterisk *pretender
	log      *Output
}

// newDesk starts the controller.
func newDesk(t *testing.T) *desk {
	t.Helper()
	dir := t.TempDir()
	d := &desk{dir: dir, log: &Output{}}
	for _, name := range []string{".office", ".build", "bin", "asterisk/etc", "asterisk/spool", "asterisk/log"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	d.install(t)
	etc := filepath.Join(dir, "asterisk/etc")
	d.asterisk = newPretender(t, etc)
	office := filepath.Join(dir, ".office")
	cmd := exec.Command(Binary(t), "serve", "--db", filepath.Join(office, "dialtone.db"),
		"--token-file", filepath.Join(office, "dialtone-admin-token"),
		"--listen", "127.0.0.1:0", "--phone-listen", "127.0.0.1:0", "--asterisk-etc", etc,
		"--asterisk-spool", filepath.Join(dir, "asterisk/spool"), "--asterisk-log", filepath.Join(dir, "asterisk/log"),
		"--ami-address", d.asterisk.Address(), "--ari-url", d.asterisk.ari.URL())
	cmd.Stdout, cmd.Stderr = d.log, d.log
	cmd.Env = append(os.Environ(), "DIALTONE_AMI_SECRET=secret", "DIALTONE_ARI_SECRET="+aritest.Password)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil || Trouble.MatchString(d.log.String()) {
			t.Errorf("the controller: %v\n%s", err, d.log)
		}
	})
	Eventually(t, 30*time.Second, func() string {
		found := regexp.MustCompile(`msg=ready admin=(\S+)`).FindStringSubmatch(d.log.String())
		if found == nil {
			return "the controller is not ready:\n" + d.log.String()
		}
		d.url = found[1]
		return ""
	})
	return d
}

// install puts the program, the tools and two stand-ins into the folder: a curl that
// notes the status of each answer, and a make that looks and does nothing.
func (d *desk) install(t *testing.T) {
	t.Helper()
	find := func(name string) string {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatalf("the commands of the manual need %s: %v", name, err)
		}
		return path
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	links := map[string]string{".build/dialtone": Binary(t), "bin/dialtone": Binary(t)}
	for _, name := range tools {
		links["bin/"+name] = find(name)
	}
	for name, to := range links {
		if err := os.Symlink(to, filepath.Join(d.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		// An event stream has no end: two seconds of it are enough.
		"curl": `case " $* " in *"/v1/events"*) set -- --max-time 2 "$@";; esac
` + find("curl") + ` --write-out '%{stderr}\n@status %{http_code}\n' "$@" 2>&4
code=$?
case "$code $*" in "28 --max-time"*) exit 0;; esac
exit $code
`,
		"make": "exec " + find("make") + " -n -C " + root + ` "$@" >/dev/null` + "\n",
	} {
		if err := os.WriteFile(filepath.Join(d.dir, "bin", name), []byte("#!"+find("bash")+"\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// get reads a page of the controller.
func (d *desk) get(t *testing.T, path string) string {
	t.Helper()
	token := strings.TrimSpace(ReadFile(t, filepath.Join(d.dir, ".office/dialtone-admin-token")))
	return GetPage(t, d.url+path, token)
}

// talks lets Alice and Bob talk.
func (d *desk) talks(t *testing.T) {
	t.Helper()
	endpoint := func(device string) string {
		var got struct{ Endpoint string }
		if err := json.Unmarshal([]byte(d.get(t, Tenant+"/devices/"+device)), &got); err != nil {
			t.Fatal(err)
		}
		return got.Endpoint
	}
	d.asterisk.talk(endpoint("alice-desk"), endpoint("bob-desk"))
	d.settle(t)
}

// settle waits until the controller has heard all that Asterisk told it.
func (d *desk) settle(t *testing.T) {
	t.Helper()
	want := fmt.Sprintf("\ndialtone_channels %d\n", d.asterisk.exist())
	Eventually(t, 30*time.Second, func() string {
		if shown := d.get(t, "/metrics"); !strings.Contains(shown, want) {
			return "the controller does not show" + want
		}
		return ""
	})
}

// command is one command of a block, with what its comment says of the outcome.
type command struct {
	text   string
	line   int
	status string // of the answer; "" for any 2xx
	code   int    // with which it ends
}

// expected finds, in a comment, the status of an answer or the code a command ends with.
var expected = regexp.MustCompile(`\s# (?:([45]\d\d)\b|.*\bends with (\d+)\b)`)

// applied is the end of the answer to a write that Asterisk runs.
var applied = regexp.MustCompile(`(?m)"apply":\{"state":"applied","revision":\d+\}\}$`)

// commands splits a block: a line, or several that only together are a command.
func commands(t *testing.T, name string, b block) []command {
	t.Helper()
	var out []command
	text, first := "", b.line
	for i, line := range strings.Split(strings.TrimRight(b.text, "\n"), "\n") {
		if text == "" {
			first = b.line + i
		}
		text += line + "\n"
		if strings.HasSuffix(line, `\`) || exec.Command("bash", "-n", "-c", text).Run() != nil {
			continue
		}
		c := command{text: text, line: first}
		if found := expected.FindStringSubmatch(text); found != nil && found[1] != "" {
			c.status = found[1]
		} else if found != nil {
			c.code, _ = strconv.Atoi(found[2])
		}
		if word := strings.Fields(text); len(word) > 0 && !strings.HasPrefix(text, "#") {
			out = append(out, c)
		}
		text = ""
	}
	if text != "" {
		t.Errorf("%s:%d is no command of a shell:\n%s", name, first, text)
	}
	return out
}

// run types commands into one shell, after those that only set names, and judges each
// when it has ended. The shell reads them from descriptor 3; statuses of answers and
// codes come from descriptor 4.
func (d *desk) run(t *testing.T, name, names string, list []command) (output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	typed, keys, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	seen, notes, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer seen.Close()
	printed := &Output{}
	shell := exec.CommandContext(ctx, filepath.Join(d.dir, "bin/bash"), "/dev/fd/3")
	shell.Dir, shell.Stdout, shell.Stderr, shell.ExtraFiles = d.dir, printed, printed, []*os.File{typed, notes}
	shell.Env = []string{"PATH=" + filepath.Join(d.dir, "bin"), "HOME=" + d.dir, "TMPDIR=" + d.dir}
	err = shell.Start()
	typed.Close()
	notes.Close()
	if err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(seen)
	enter := func(text string) {
		t.Helper()
		if _, err := io.WriteString(keys, strings.ReplaceAll(text, "http://127.0.0.1:8080", d.url)); err != nil {
			t.Errorf("%s: the shell has ended: %v", name, err)
		}
	}
	enter("set -o pipefail\n" + names)
	for _, c := range list {
		enter(c.text + "\necho @code $? >&4\n")
		var status []string
		line := ""
		for !strings.HasPrefix(line, "@code ") && err == nil {
			if line, err = answers.ReadString('\n'); strings.HasPrefix(line, "@status ") {
				status = append(status, strings.TrimSpace(line[len("@status "):]))
			}
		}
		c.judge(t, name, strings.TrimSpace(strings.TrimPrefix(line, "@code ")), status)
		d.settle(t)
	}
	keys.Close()
	if err := shell.Wait(); err != nil {
		t.Errorf("%s: the shell: %v", name, err)
	}
	if t.Failed() {
		t.Logf("%s printed:\n%s", name, printed)
	}
	return printed.String()
}

// judge compares what a command did with what its comment says.
func (c command) judge(t *testing.T, name, code string, status []string) {
	t.Helper()
	if code != strconv.Itoa(c.code) {
		t.Errorf("%s:%d ends with %q, want %d:\n%s", name, c.line, code, c.code, c.text)
	}
	for _, got := range status {
		if c.status == "" && got[0] != '2' || c.status != "" && got != c.status {
			t.Errorf("%s:%d is answered by %s, want %s:\n%s", name, c.line, got, cmp.Or(c.status, "2xx"), c.text)
		}
	}
	if c.status != "" && len(status) == 0 {
		t.Errorf("%s:%d asks nothing, but its comment says %s:\n%s", name, c.line, c.status, c.text)
	}
}

// TestManualCommands runs every command of the README and of the manual in its order,
// as a reader would from the first page on. A comment that begins with a status,
// or says "ends with 1", says what is expected; all else must succeed.
func TestManualCommands(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	names := "" // what the page First calls defines for all pages behind it
	ran, left := 0, map[string]bool{}
	for _, doc := range documents(t) {
		list := doc.commands(t, left)
		if doc.name == "calls.md" {
			d.talks(t)
		}
		output := d.run(t, doc.name, names, list)
		if doc.name == "README.md" && len(applied.FindAllString(output, -1)) != 4 {
			t.Errorf("README.md says that each of its writes answers when Asterisk runs it; they print\n%s", output)
		}
		for _, b := range doc.of("sh") {
			if doc.name == "start.md" && strings.Contains(b.text, "\nfield()") {
				names = b.text
			}
		}
		ran += len(list)
	}
	if ran < 100 {
		t.Errorf("%d commands were run", ran)
	}
	for word := range notRun {
		if !left[word] {
			t.Errorf("%s is in the list of commands that are not run, and in no page", word)
		}
	}
	t.Run("operations", d.operations)
	t.Run("metrics", d.metrics)
}

// commands are those of the document's blocks that can be run; the others go to left.
func (doc document) commands(t *testing.T, left map[string]bool) []command {
	t.Helper()
	var out []command
	for _, b := range doc.of("sh") {
		for _, c := range commands(t, doc.name, b) {
			if word := strings.Fields(c.text)[0]; notRun[word] != "" {
				left[word] = true
				continue
			}
			out = append(out, c)
		}
	}
	return out
}

// operation is a method and a path, where … stands for those of a tenant.
var operation = regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE) (/v1|…)/`)

// operations: those that the prose names are in the API.
func (d *desk) operations(t *testing.T) {
	var api struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal([]byte(d.get(t, "/openapi.json")), &api); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for path, methods := range api.Paths {
		for method := range methods {
			known[strings.ToUpper(method)+" "+regexp.MustCompile(`{\w+}`).ReplaceAllString(path, "{}")] = true
		}
	}
	seen := 0
	for _, doc := range documents(t) {
		for _, span := range doc.spans() {
			if !operation.MatchString(span) {
				continue
			}
			method, path, _ := strings.Cut(span, " ")
			seen++
			path, _, _ = strings.Cut(strings.Replace(path, "…", "/v1/tenants/{}", 1), "?")
			path = regexp.MustCompile(`/([A-Z]+|{\w+}|default)\b`).ReplaceAllString(path, "/{}")
			if !known[method+" "+path] {
				t.Errorf("%s: the API has no %s", doc.name, span)
			}
		}
	}
	if seen < 15 {
		t.Errorf("%d operations were looked at", seen)
	}
}

// metrics: those that the prose names are shown.
func (d *desk) metrics(t *testing.T) {
	shown, seen := d.get(t, "/metrics"), 0
	for _, p := range manual.Pages() {
		for _, name := range regexp.MustCompile(`\bdialtone_\w+`).FindAllString(p.Text, -1) {
			seen++
			if !strings.Contains(shown, "\n"+name+" ") && !strings.Contains(shown, "\n"+name+"{") {
				t.Errorf("%s.md names the metric %s, which is not shown", p.Topic, name)
			}
		}
	}
	if seen == 0 {
		t.Error("no metrics were looked at")
	}
}
