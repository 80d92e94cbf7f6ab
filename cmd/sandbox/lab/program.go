package lab

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
)

// Program is the built program with the environment it is started in.
type Program struct {
	Path string
	Env  []string
}

// Run starts a command and returns what it printed and whether it succeeded.
func (p Program) Run(t *testing.T, args ...string) (output string, ok bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Path, args...)
	cmd.Env = append(os.Environ(), p.Env...)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("dialtone %q does not end:\n%s", args, out)
	}
	if Trouble.Match(out) {
		t.Errorf("dialtone %q:\n%s", args, out)
	}
	return string(out), err == nil
}

// Must is Run of a command that has to succeed.
func (p Program) Must(t *testing.T, args ...string) string {
	t.Helper()
	out, ok := p.Run(t, args...)
	if !ok {
		t.Fatalf("dialtone %q failed:\n%s", args, out)
	}
	return out
}

// ReadFile reads a file that must be there.
func ReadFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// FetchFile gets a file as a phone would.
func FetchFile(t *testing.T, url string) string {
	t.Helper()
	p := NewPhone(t, phone.Options{})
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", "Yealink SIP-T46U 108.86.0.90 "+p.MAC())
	return Body(t, req, 200)
}

// GetPage reads a page of the admin API, with a token; it must answer 200.
func GetPage(t *testing.T, url, token string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("GET %s: %d %v\n%s", url, resp.StatusCode, err, text)
	}
	return string(text)
}

// Body sends a request that is answered with a status, and returns the body.
func Body(t *testing.T, req *http.Request, want int) string {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var text strings.Builder
	if err := resp.Write(&text); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != want {
		t.Errorf("%s %s answers %d, want %d", req.Method, req.URL.Path, resp.StatusCode, want)
	}
	_, content, _ := strings.Cut(text.String(), "\r\n\r\n")
	return content
}
