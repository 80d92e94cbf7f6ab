package main

import (
	"debug/buildinfo"
	"regexp"
	"slices"
	"strings"
	"testing"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/google/go-cmp/cmp"
)

// TestLicences: a built program prints the licence of each module that the linker says is in
// it, and of no other. The linker's list is not the one that licences.txt was made from.
func TestLicences(t *testing.T) {
	info, err := buildinfo.ReadFile(Binary(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Go standard library"}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		want = append(want, m.Path+" "+m.Version)
	}
	slices.Sort(want)

	out := Program{Path: Binary(t)}.Must(t, "version", "--licences")
	title := regexp.MustCompile(`(?m)^==> (.*) <==$`)
	var got []string
	for _, m := range title.FindAllStringSubmatch(out, -1) {
		got = append(got, m[1])
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("run go generate ./cmd/dialtone: the notices are of other modules than the program (-program +notices):\n%s", diff)
	}
	grant := regexp.MustCompile(`(?i)permission is hereby granted|redistribution and use|apache license|permission to use`)
	for i, text := range title.Split(out, -1)[1:] {
		if !strings.Contains(text, "opyright") || !grant.MatchString(text) {
			t.Errorf("the notice of module number %d grants nothing:\n%.200s", i, text)
		}
	}
}
