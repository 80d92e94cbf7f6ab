package faults

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	"github.com/dialtone-pbx/dialtone/provisioner/manual"
)

// manualProgram is the program in a language that a page of the manual prints.
func manualProgram(t *testing.T, topic, language string) string {
	t.Helper()
	page, err := manual.Find(topic)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(page.Text, "```"+language+"\n")
	text, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatalf("page %s has no program in %s", topic, language)
	}
	return text
}

// receiver runs a receiver of the manual and returns its address and what it prints.
func receiver(t *testing.T, secret string, command ...string) (at string, printed *Output) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	printed = &Output{}
	cmd := exec.CommandContext(t.Context(), command[0], append(command[1:], port, secret)...)
	cmd.Stdout, cmd.Stderr = printed, printed
	if err := cmd.Start(); err != nil {
		t.Fatalf("the receivers of the manual need python3 and go: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	Eventually(t, Patience, func() string {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return err.Error() + "\n" + printed.String()
		}
		_ = conn.Close()
		return ""
	})
	return "http://" + address + "/", printed
}

// TestWebhooksSurviveKillRealAsterisk kills the controller when a receiver has an event and before
// Dialtone has the answer. The next one sends it again under the same id; the receivers of the
// manual verify each signature and take the event once.
func TestWebhooksSurviveKillRealAsterisk(t *testing.T) {
	t.Parallel()
	l := openLab(t, box.Asterisk22, "--webhook-networks=127.0.0.0/8")
	const secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
	dir := t.TempDir()
	for name, language := range map[string]string{"receiver.py": "python", "receiver.go": "go"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(manualProgram(t, "webhooks", language)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	built := filepath.Join(dir, "receiver")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", built,
		filepath.Join(dir, "receiver.go")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	python, fromPython := receiver(t, secret, "python3", filepath.Join(dir, "receiver.py"))
	golang, fromGo := receiver(t, secret, built)
	wrong, fromWrong := receiver(t, "whsec_"+strings.Repeat("A", 32), built)
	var mu sync.Mutex
	var ids []string
	kill := make(chan struct{})
	first := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not see the end of the connection
		mu.Lock()
		ids = append(ids, r.Header.Get("Webhook-Id"))
		only := len(ids) == 1
		mu.Unlock()
		if only {
			close(kill)
			<-r.Context().Done() // the controller is dead
		}
	}))
	t.Cleanup(first.Close)
	for name, to := range map[string]string{"first": first.URL, "python": python, "go": golang, "wrong": wrong} {
		l.Do(t, "PUT", Tenant+"/webhooks/"+name, Object{"url": to, "secret": secret, "events": []string{"fetch"}}, nil)
	}
	mac := NewMAC()
	var phone struct {
		URL string `json:"provisioning_url"`
	}
	l.Do(t, "PUT", Tenant+"/phones/"+mac, Object{"vendor": "yealink", "model": "T46U"}, &phone, "Prefer", "wait=30")
	own, err := url.Parse(phone.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := fetchAs(l.Phones+strings.TrimSuffix(own.Path, "/")+"/"+mac+".cfg", "Yealink SIP-T46U 108.86.0.70 "+mac); err != nil {
		t.Fatal(err)
	}
	<-kill
	l.KillAtOnce(t)
	l.Restart(t)
	got := func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), ids...)
	}
	Eventually(t, Patience, func() string {
		if n := len(got()); n < 2 {
			return fmt.Sprintf("%d requests came", n)
		}
		return ""
	})
	id := got()[0]
	if all := got(); all[1] != id || !strings.HasPrefix(id, "evt_") {
		t.Errorf("the ids are %v", all)
	}
	for name, printed := range map[string]*Output{"python": fromPython, "go": fromGo} {
		Eventually(t, Patience, func() string {
			if n := strings.Count(printed.String(), id+` {"type":"fetch",`); n != 1 {
				return fmt.Sprintf("the receiver in %s has it %d times:\n%s", name, n, printed)
			}
			return ""
		})
	}
	var log struct{ Items []struct{ Status int } }
	Eventually(t, Patience, func() string {
		l.Do(t, "GET", Tenant+"/webhooks/wrong/deliveries", nil, &log)
		if len(log.Items) == 0 || log.Items[0].Status != http.StatusUnauthorized || fromWrong.String() != "" {
			return fmt.Sprintf("with another secret the answer is %+v, and it prints %s", log, fromWrong)
		}
		return ""
	})
	stream := l.FollowFrom(t, "?tenant=default&after=0")
	Eventually(t, Patience, func() string {
		if len(stream.Of("gap")) != 1 || len(stream.Of("fetch")) == 0 {
			return fmt.Sprintf("the stream after the kill has gaps %q and fetches %q", stream.Of("gap"), stream.Of("fetch"))
		}
		return ""
	})
}
