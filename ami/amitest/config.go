package amitest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Config answers AST_CONFIG(FILE,SECTION,NAME), which reads the file anew each time: it
// returns the last value of that name in the file of dir. It reports whether the variable
// is that function.
func Config(dir, variable string) (value string, is bool) {
	arguments, is := strings.CutPrefix(variable, "AST_CONFIG(")
	if !is {
		return "", false
	}
	file, rest, _ := strings.Cut(strings.TrimSuffix(arguments, ")"), ",")
	_, name, _ := strings.Cut(rest, ",")
	text, _ := os.ReadFile(filepath.Join(dir, filepath.Base(file))) // one that is not there says nothing
	for _, m := range regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(name)+` = (.*)$`).FindAllStringSubmatch(string(text), -1) {
		value = m[1]
	}
	return value, true
}
