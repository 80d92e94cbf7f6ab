package box

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The machine's mirror is the one its own release comes from; security and
// foreign archives are not mirrors of Debian.
func TestParseMirrors(t *testing.T) {
	targets := strings.Join([]string{
		"main bookworm http://mirror.example/debian/",
		"contrib bookworm http://mirror.example/debian/",
		"main bookworm-updates http://updates.example/debian/",
		"main bookworm http://mirror.example/debian/",
		"main nodistro https://other.example/",
		"main bookworm http://second.example/debian/",
	}, "\n")
	want := []string{"http://mirror.example/debian/", "http://second.example/debian/"}
	if diff := cmp.Diff(want, parseMirrors(targets, "bookworm")); diff != "" {
		t.Error(diff)
	}
}

// One sentence names every missing package and ends in a command to paste.
func TestMissingNamesAll(t *testing.T) {
	packages := missing([]Tool{
		{"first-package", []string{"no-such-program-1"}},
		{"shell", []string{"sh"}},
		{"second-package", []string{"/no/such/file"}},
	})
	if diff := cmp.Diff([]string{"first-package", "second-package"}, packages); diff != "" {
		t.Fatal(diff)
	}
	said := missingError(packages).Error()
	if !strings.Contains(said, "first-package, second-package;") || !strings.HasSuffix(said, "install -y first-package second-package") {
		t.Errorf("got %q", said)
	}
}

// Another recipe is another place in the cache, another mirror is not.
func TestCachePathFollowsRecipe(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	path := func(s Suite) string {
		p, err := s.cachePath()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	more, elsewhere := Asterisk22, Asterisk22
	more.Packages = append([]string{"sox"}, more.Packages...)
	elsewhere.Mirror = "http://mirror.example/debian"
	if path(more) == path(Asterisk22) {
		t.Error("a changed recipe has the old place")
	}
	if path(elsewhere) != path(Asterisk22) {
		t.Error("another mirror has another place")
	}
	if path(Asterisk16) == path(Asterisk22) {
		t.Error("two suites share a place")
	}
}

// A folder with something mounted in it is never removed: a killed bootstrap
// once left the host's own /dev/shm there.
func TestMountBelow(t *testing.T) {
	mountinfo := "44 27 0:47 / /c/a.tmp/root/dev/pts rw - devpts none rw\n45 27 0:27 / /c/with\\040space/shm rw - tmpfs tmpfs rw\n"
	for dir, want := range map[string]string{
		"/c/a.tmp":        "/c/a.tmp/root/dev/pts",
		"/c/with space":   `/c/with\040space/shm`,
		"/c/a":            "",
		"/c/a.tmp/root/d": "",
	} {
		if got := mountBelow(mountinfo, dir); got != want {
			t.Errorf("%s: got %q, want %q", dir, got, want)
		}
	}
}
