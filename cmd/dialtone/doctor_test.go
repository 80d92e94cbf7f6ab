package main

import "testing"

// TestTranslation: only Debian's builds after 16 are named as silent.
func TestTranslation(t *testing.T) {
	for version, silent := range map[string]bool{
		"22.10.1+dfsg+~cs6.17.60671434-1": true,
		"20.6.0~dfsg+~cs6.13.40431414-2":  true,
		"16.28.0~dfsg-0+deb11u4":          false,
		"22.10.1":                         false,
		"GIT-22-69535d4":                  false,
		"":                                false,
	} {
		f := translation(version)
		if (f.err != nil) != silent {
			t.Errorf("of Asterisk %q doctor says: %v", version, f.err)
		}
		if f.err != nil && (f.only == "" || len(f.mend) == 0) {
			t.Errorf("of Asterisk %q doctor does not say what it is about and what helps", version)
		}
	}
}
