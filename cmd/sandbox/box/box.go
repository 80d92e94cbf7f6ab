// Package box owns a real Asterisk in a folder: it prepares a Debian root that
// holds the Asterisk package, once per user, and runs any number of instances
// from it in namespaces of their own, without root privileges.
//
// It serves `make run`, the tests and CI; the product never imports it. It may
// import only the standard library.
//
// Roots are shared and read-only. Everything an instance writes is in its own
// folder, which it sees as /i and under the folder's own name.
package box

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Suite is a Debian release that carries an Asterisk, and what to take from it.
type Suite struct {
	Name     string   // short name, part of the cache path: "22"
	Debian   string   // code name of the Debian release
	Packages []string // installed with their dependencies, without recommendations
	Mirror   string   // where to fetch from; empty: the mirrors of this machine, then the tool's default
}

// The two Asterisk generations that can be had as signed packages; what works
// with both is expected to work with all between them.
var (
	Asterisk22 = Suite{Name: "22", Debian: "sid", Packages: []string{
		"asterisk", "asterisk-core-sounds-en-gsm", "asterisk-moh-opsound-gsm", "tzdata"}}
	// Debian 11 splits voicemail into a package of its own.
	Asterisk16 = Suite{Name: "16", Debian: "bullseye", Packages: []string{
		"asterisk", "asterisk-core-sounds-en-gsm", "asterisk-moh-opsound-gsm", "asterisk-voicemail", "tzdata"}}
)

// Suites lists all suites, newest first.
func Suites() []Suite { return []Suite{Asterisk22, Asterisk16} }

// SuiteNamed finds a suite by its short name ("22").
func SuiteNamed(name string) (Suite, error) {
	var known []string
	for _, s := range Suites() {
		if s.Name == name {
			return s, nil
		}
		known = append(known, s.Name)
	}
	return Suite{}, fmt.Errorf("no suite %q; there are %s", name, strings.Join(known, ", "))
}

// String is what people read: "Asterisk 22".
func (s Suite) String() string { return "Asterisk " + s.Name }

// cachePath is where the finished root lives. The hash covers the recipe, not
// the mirror: a mirror changes where bytes come from, not which are wanted.
func (s Suite) cachePath() (string, error) {
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(strings.Join(append(recipe(s), s.Debian, s.Name), "\n")))
	return filepath.Join(dir, fmt.Sprintf("asterisk-%s-%x", s.Name, sum[:6])), nil
}

// cacheDir is the per-user folder of this package, made if missing.
func cacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the cache folder: %w", err)
	}
	dir := filepath.Join(base, "dialtone")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the cache folder: %w", err)
	}
	return dir, nil
}
