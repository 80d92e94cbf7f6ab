package box

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeRoot has just what laying out an instance looks at.
func fakeRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "usr/lib/x/asterisk/modules"), 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

// The caller's files win, then those in the folder, then the base.
func TestLayOutPrecedence(t *testing.T) {
	root, dir := fakeRoot(t), t.TempDir()
	if err := writeConf(dir, "cdr.conf", []byte("; mine\n")); err != nil {
		t.Fatal(err)
	}
	if err := writeConf(dir, "cel.conf", []byte("; mine\n")); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"cel.conf": []byte("; caller\n"), "dialtone/pjsip.conf": []byte("; caller\n")}
	for range 2 { // a second start changes nothing
		if err := layOut(root, dir, files, false); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"cdr.conf": "; mine", "cel.conf": "; caller", "dialtone/pjsip.conf": "; caller",
		"modules.conf": "noload = chan_sip.so", "asterisk.conf": "astmoddir => /usr/lib/x/asterisk/modules",
		"../hosts": "A.ROOT-SERVERS.NET",
	} {
		b, err := os.ReadFile(filepath.Join(dir, "etc", name))
		if err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%s: got %q, %v; want %q in it", name, b, err, want)
		}
	}
}

// asterisk.conf follows the root unless somebody took it over.
func TestLayOutOwnAsteriskConf(t *testing.T) {
	root, dir := fakeRoot(t), t.TempDir()
	path := filepath.Join(dir, "etc", "asterisk.conf")
	for _, c := range []struct {
		old  string
		keep bool
	}{{ownHeader + "old", false}, {"[directories]\n", true}} {
		if err := writeConf(dir, "asterisk.conf", []byte(c.old)); err != nil {
			t.Fatal(err)
		}
		if err := layOut(root, dir, nil, false); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if kept := string(b) == c.old; kept != c.keep {
			t.Errorf("%q: kept %v, want %v", c.old, kept, c.keep)
		}
	}
}

func TestLayOutRefusesEscape(t *testing.T) {
	err := layOut(fakeRoot(t), t.TempDir(), map[string][]byte{"../../x.conf": nil}, false)
	if err == nil || !strings.Contains(err.Error(), "leaves the configuration folder") {
		t.Errorf("got %v", err)
	}
}
