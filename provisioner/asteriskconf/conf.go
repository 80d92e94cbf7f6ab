package asteriskconf

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// maxValue bounds a value in bytes. Asterisk reads lines of at most 8,191 bytes
// and skips longer ones with a warning (main/config.c, config_text_file_load);
// half of that leaves room for names and for escaping.
const maxValue = 4000

// confValue is the value of an option in any of Asterisk's .conf files. Print it
// after "name = ", never as a name, a section or a whole line.
type confValue struct{ text string }

// newConfValue refuses what no line of a .conf file can carry: control
// characters (a newline would start an option, a section or an #include), blanks
// at either end (Asterisk strips them) and more than maxValue bytes.
func newConfValue(field, s string) (confValue, *pbx.Error) {
	if err := checkLine(field, s, maxValue); err != nil {
		return confValue{}, err
	}
	return confValue{s}, nil
}

// String escapes: every ';' would start a comment, even inside quotes, and ";--"
// one that swallows the rest of the file. A leading '>' after "name =" would be
// read as part of "=>"; a blank keeps it apart and is stripped again.
func (v confValue) String() string {
	out := escapeComment(v.text)
	if strings.HasPrefix(out, ">") {
		return " " + out
	}
	return out
}

// Any reports whether there is a value.
func (v confValue) Any() bool { return v.text != "" }

// escapeComment writes every ';' as '\;'. Nothing else needs escaping and
// nothing else can be: a backslash before any other character stays one.
func escapeComment(s string) string { return strings.ReplaceAll(s, ";", `\;`) }

// checkLine refuses what one line of a file cannot carry unchanged.
func checkLine(field, s string, max int) *pbx.Error {
	switch {
	case !utf8.ValidString(s):
		return pbx.Invalidf(field, "is not valid UTF-8")
	case len(s) > max:
		return pbx.Invalidf(field, "takes %d bytes in UTF-8, Asterisk keeps at most %d", len(s), max)
	case s != strings.TrimSpace(s):
		return pbx.Invalidf(field, "starts or ends with a space")
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return pbx.Invalidf(field, "contains the control character U+%04X; only plain text is allowed", r)
		}
	}
	return nil
}
