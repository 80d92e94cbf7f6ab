package signin

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestFirstToken(t *testing.T) {
	l := newLab(t)
	path := filepath.Join(t.TempDir(), "token")
	created, err := l.FirstToken(t.Context(), path)
	if err != nil || !created {
		t.Fatalf("created %v, %v", created, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if !strings.HasPrefix(string(text), "dt_") || !strings.HasSuffix(string(text), "\n") {
		t.Errorf("the file has the wrong form")
	}
	token, err := l.Authenticate(t.Context(), strings.TrimSpace(string(text)))
	if err != nil || !strings.HasPrefix(token.Actor, "token admin ") || token.Role != pbx.RolePlatformAdmin || token.Tenant != "" {
		t.Errorf("token %+v, %v", token, err)
	}
	tokens, err := l.Tokens(t.Context(), db.Reach{})
	if err != nil || len(tokens) != 1 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	if created, err := l.FirstToken(t.Context(), path+"2"); created || err != nil {
		t.Errorf("a second time: %v, %v", created, err)
	}
	if err := l.RevokeToken(t.Context(), &Caller{}, db.Reach{}, tokens[0].ID); err != nil {
		t.Fatal(err)
	}
	if created, err := l.FirstToken(t.Context(), path+"2"); created || err != nil {
		t.Errorf("after revoking it: %v, %v", created, err)
	}
	if _, err := l.Authenticate(t.Context(), strings.TrimSpace(string(text))); pbx.KindOf(err) != pbx.Unauthorized {
		t.Errorf("a revoked token: %v", err)
	}
}

// A file that exists is somebody's: it stays, and no token is made.
func TestFirstTokenLeavesAFileAlone(t *testing.T) {
	l := newLab(t)
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, filepath.Join(t.TempDir(), "no", "folder")} {
		if created, err := l.FirstToken(t.Context(), p); created || err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("%s: created %v, %v", p, created, err)
		}
	}
	if text, _ := os.ReadFile(path); string(text) != "mine" {
		t.Errorf("the file is now %q", text)
	}
	if tokens, _ := l.Tokens(t.Context(), db.Reach{}); len(tokens) != 0 {
		t.Errorf("%d tokens were made", len(tokens))
	}
}

// Two starts at once make one token, and the file has it.
func TestFirstTokenOfTwoStarts(t *testing.T) {
	l := newLab(t)
	path := filepath.Join(t.TempDir(), "token")
	var wg sync.WaitGroup
	var mu sync.Mutex
	count := 0
	for range 8 {
		wg.Go(func() {
			if created, _ := l.FirstToken(t.Context(), path); created {
				mu.Lock()
				count++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tokens, _ := l.Tokens(t.Context(), db.Reach{})
	if _, err := l.Authenticate(t.Context(), strings.TrimSpace(string(text))); err != nil || count != 1 || len(tokens) != 1 {
		t.Errorf("%d created, %d tokens, the file's: %v", count, len(tokens), err)
	}
}
