package asteriskconf

import (
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// maxCallerName is what Asterisk keeps of a caller-ID name, in bytes
// (res_pjsip/pjsip_configuration.c, caller_id_handler: a buffer of 80).
const maxCallerName = 79

// callerID is the value of an endpoint's callerid option: "Name" <number>, as it stands
// in the file.
type callerID struct{ text string }

// newCallerID takes any text as name that one line can carry, and as number
// letters, digits and '_': ast_shrink_phone_number drops '-', '.', '(' and ')'.
// It escapes twice: for the caller-ID parser, which reads \" and \\ inside the quotes
// (measured on 16 and 22), and then for the file.
func newCallerID(field, name, number string) (callerID, *pbx.Error) {
	if name == "" {
		return callerID{}, pbx.Invalidf(field, "is required")
	}
	if err := checkLine(field, name, maxCallerName); err != nil {
		return callerID{}, err
	}
	if number == "" || len(number) > 79 || !isWord(number) {
		return callerID{}, pbx.Invalidf("number", "is not a caller number: use letters and digits")
	}
	return callerID{`"` + escapeComment(callerQuoter.Replace(name)) + `" <` + number + `>`}, nil
}

func (c callerID) String() string { return c.text }

// Any reports whether there is one.
func (c callerID) Any() bool { return c.text != "" }

// callerQuoter escapes what ends or escapes inside a quoted caller-ID name.
var callerQuoter = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// isWord reports whether s is made of ASCII letters, digits and '_'.
func isWord(s string) bool {
	for _, c := range []byte(s) {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_') {
			return false
		}
	}
	return true
}
