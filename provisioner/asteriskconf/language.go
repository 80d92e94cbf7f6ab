package asteriskconf

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// languageName names a folder of Asterisk's sounds; "" for none.
type languageName struct{ text string }

// newLanguageName takes up to 20 letters and '_', which is more than pbx allows.
func newLanguageName(field, s string) (languageName, *pbx.Error) {
	if len(s) > 20 || !isWord(s) {
		return languageName{}, pbx.Invalidf(field, "is not a language as Asterisk names them")
	}
	return languageName{s}, nil
}

func (n languageName) String() string { return n.text }

// Any reports whether there is a language.
func (n languageName) Any() bool { return n.text != "" }
