package box

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// prepared returns the suite's root, made by the first test that asks.
func prepared(t *testing.T, s Suite) string {
	t.Helper()
	if err := Require(t.Context(), t.Output()); err != nil {
		t.Fatal(err)
	}
	root, err := Prepare(t.Context(), s, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// office is a small configuration with ports of its own.
func office(t *testing.T) (files map[string][]byte, ami string) {
	t.Helper()
	udp, err := FreePorts("udp", 1)
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := FreePorts("tcp", 2)
	if err != nil {
		t.Fatal(err)
	}
	first, last, err := FreeRTPRange(20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ReleasePorts(first, last) })
	return map[string][]byte{
		"manager.conf": fmt.Appendf(nil, "[general]\nenabled = yes\nbindaddr = 127.0.0.1\nport = %d\n", tcp[0]),
		"http.conf":    fmt.Appendf(nil, "[general]\nenabled = yes\nbindaddr = 127.0.0.1\nbindport = %d\n", tcp[1]),
		"ari.conf":     []byte("[general]\nenabled = yes\n[test]\ntype = user\npassword = test\n"),
		"rtp.conf":     fmt.Appendf(nil, "[general]\nrtpstart = %d\nrtpend = %d\n", first, last),
		"pjsip.conf": fmt.Appendf(nil, "[global]\ntype = global\n[udp]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:%d\n"+
			"#include dialtone/pjsip.conf\n#tryinclude dialtone/missing.conf\n", udp[0]),
		"dialtone/pjsip.conf": []byte("[201]\ntype = aor\nmax_contacts = 1\n"),
	}, net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp[0]))
}

// start starts an instance and makes sure of its end.
func start(t *testing.T, o Options) *Instance {
	t.Helper()
	o.Log = t.Output()
	in, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Kill()
		if err := in.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return in
}

// ask runs a console command that must succeed.
func ask(t *testing.T, in *Instance, command string) string {
	t.Helper()
	out, err := in.CLI(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// gone fails unless no process is left in the session.
func gone(t *testing.T, session int) {
	t.Helper()
	if left := sessionMembers(session); len(left) > 0 {
		t.Errorf("left of session %d: %v", session, left)
	}
}

// Two at once of each generation: up, apart, quiet in their logs, and nothing
// is left after the end.
func TestTwoAtOnceRealAsterisk(t *testing.T) {
	for _, suite := range Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			root := prepared(t, suite)
			version, err := Version(root)
			if err != nil || !strings.HasPrefix(version, suite.String()+".") {
				t.Fatalf("version of the root: %q, %v", version, err)
			}
			var both []*Instance
			for range 2 {
				files, ami := office(t)
				began := time.Now()
				in := start(t, Options{Root: root, Dir: t.TempDir(), Files: files})
				t.Logf("%s booted in %v", suite, time.Since(began))
				c, err := net.DialTimeout("tcp", ami, time.Second)
				if err != nil {
					t.Fatalf("its AMI port: %v", err)
				}
				c.Close()
				both = append(both, in)
			}
			for _, in := range both {
				inspect(t, in, suite)
			}
			if a, b := both[0].PID(), both[1].PID(); a == 0 || b == 0 || a == b {
				t.Errorf("process ids %d and %d", a, b)
			}
			for _, in := range both {
				session := in.running().cmd.Process.Pid
				if err := in.Stop(t.Context()); err != nil {
					t.Error(err)
				}
				if err := in.Wait(); err != nil {
					t.Errorf("not an orderly end: %v", err)
				}
				gone(t, session)
			}
		})
	}
}

// inspect checks one running instance from inside and from its folder.
func inspect(t *testing.T, in *Instance, suite Suite) {
	t.Helper()
	for command, want := range map[string]string{
		"core show version":               suite.String() + ".",
		"pjsip show aors":                 "201",
		"pjsip show transports":           "udp",
		"core show application VoiceMail": "Leave a",
		"core show application Queue":     "Queue",
		"moh show files":                  "manolo_camp-morning_coffee",
		"module show like res_ari.so":     "Running",
		"module show like pjsip_notify":   "Running",
		"core show settings":              inside + "/spool",
	} {
		if out := ask(t, in, command); !strings.Contains(out, want) {
			t.Errorf("%s: no %q in\n%s", command, want, out)
		}
	}
	log, err := os.ReadFile(filepath.Join(in.Dir(), "log", "messages.log"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, "WARNING[") || strings.Contains(line, "ERROR[") {
			t.Errorf("the log is not quiet: %s", line)
		}
	}
	// What Asterisk says before it has read logger.conf is on its console only.
	for line := range strings.Lines(in.running().out.String()) {
		if strings.Contains(line, "Could not") && !strings.Contains(line, undocumented) {
			t.Errorf("the console is not quiet: %s", line)
		}
	}
}

// undocumented is what Asterisk 22.10 says at each start whatever stasis.conf holds: it
// has that option, and its own documentation (core-en_US.xml) lacks it.
const undocumented = "Could not find option 'minimum_size' with type 'threadpool' in module 'stasis'"

// A killed instance leaves nothing behind, can be started again in the same
// folder with what it kept, and refuses a second one in that folder.
func TestKillAndRestartRealAsterisk(t *testing.T) {
	files, _ := office(t)
	in := start(t, Options{Suite: Asterisk22, Root: prepared(t, Asterisk22), Dir: t.TempDir(), Files: files})
	if _, err := Start(t.Context(), Options{Root: in.root, Dir: in.Dir()}); err == nil || !strings.Contains(err.Error(), "another Asterisk") {
		t.Errorf("a second one in the folder: %v", err)
	}
	pid, session := in.PID(), in.running().cmd.Process.Pid
	in.Kill()
	gone(t, session)
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("Asterisk itself is left: %v", err)
	}
	if in.PID() != 0 || in.Wait() == nil {
		t.Error("a killed instance looks alive or well")
	}
	if err := in.Restart(t.Context()); err != nil { // from dead
		t.Fatal(err)
	}
	ask(t, in, "database put box kept yes")
	if err := in.Restart(t.Context()); err != nil { // from alive
		t.Fatal(err)
	}
	out, err := CLI(t.Context(), in.Dir(), "database get box kept")
	if err != nil || !strings.Contains(out, "yes") {
		t.Errorf("after the restart: %q, %v", out, err)
	}
}

// An Asterisk that cannot start says why in its own words.
func TestStartFailsWithItsWordsRealAsterisk(t *testing.T) {
	root := prepared(t, Asterisk22)
	for name, c := range map[string]struct {
		file, text string
		mode       os.FileMode
		want       string
	}{
		"unreadable":      {"asterisk.conf", "[directories]\n", 0, "Unable to open specified master config file"},
		"module required": {"modules.conf", "[modules]\nrequire = no_such.so\n", 0o600, "Failed to load module no_such.so"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := writeConf(dir, c.file, []byte(c.text)); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(dir, "etc", c.file), c.mode); err != nil {
				t.Fatal(err)
			}
			in, err := Start(t.Context(), Options{Root: root, Dir: dir})
			if err == nil {
				in.Kill()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("no %q in %v", c.want, err)
			}
		})
	}
}

// Start gives up with its context and leaves nothing running.
func TestStartObeysContextRealAsterisk(t *testing.T) {
	root := prepared(t, Asterisk22)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if in, err := Start(ctx, Options{Root: root, Dir: t.TempDir()}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", in, err)
	}
}

// Of two that prepare at once the second waits and finds the work done.
func TestPrepareWaitsForTheOtherRealAsterisk(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	final, err := Asterisk22.cachePath()
	if err != nil {
		t.Fatal(err)
	}
	lock, err := lockFile(final + ".lock")
	if err != nil || lock == nil {
		t.Fatal(lock, err)
	}
	done := make(chan error, 1)
	log := &tail{to: t.Output()}
	waiting := &signalWriter{to: log, ch: make(chan struct{}, 1)}
	go func() {
		_, err := Prepare(t.Context(), Asterisk22, waiting)
		done <- err
	}()
	<-waiting.ch
	if err := os.MkdirAll(final, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(final, versionFile), []byte("Asterisk 22.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	lock.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if said := log.String(); !strings.Contains(said, "waiting for it") || strings.Contains(said, "preparing") {
		t.Errorf("it said %q", said)
	}
}

// signalWriter tells when the first line is written.
type signalWriter struct {
	to *tail
	ch chan struct{}
}

func (w *signalWriter) Write(b []byte) (int, error) {
	n, err := w.to.Write(b)
	select {
	case w.ch <- struct{}{}:
	default:
	}
	return n, err
}
