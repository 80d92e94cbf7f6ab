package numberpool

import (
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/e164"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Pattern is what a number contains: digits, letters as on a keypad, and * for any one digit.
// The zero value is contained in all.
type Pattern struct {
	written string // in capitals
	digits  string // letters as digits, * as it is
}

// keys are the digits of the letters from A on (ITU-T E.161).
const keys = "22233344455566677778889999"

// mostPattern is the longest pattern: as long as a number may be.
const mostPattern = 15

// ParsePattern reads a pattern as people write it, with blanks and hyphens.
func ParsePattern(field, text string) (Pattern, *pbx.Error) {
	p := Pattern{written: strings.ToUpper(strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "").Replace(text))}
	var digits strings.Builder
	for _, c := range p.written {
		switch {
		case c >= 'A' && c <= 'Z':
			digits.WriteByte(keys[c-'A'])
		case c >= '0' && c <= '9' || c == '*':
			digits.WriteRune(c)
		default:
			return Pattern{}, pbx.Invalidf(field, "may have digits, letters as on a keypad, and * for any one digit")
		}
	}
	p.digits = digits.String()
	if len(p.digits) > mostPattern {
		return Pattern{}, pbx.Invalidf(field, "has more than %d characters", mostPattern)
	}
	return p, nil
}

// find returns where in a number the pattern first is, behind the calling code, or -1.
func (p Pattern) find(number string) int {
	if p.digits == "" {
		return 0
	}
	for at := e164.CodeEnd(number); at+len(p.digits) <= len(number); at++ {
		if p.at(number[at:]) {
			return at
		}
	}
	return -1
}

// at reports whether digits begin with the pattern.
func (p Pattern) at(digits string) bool {
	for i := range len(p.digits) {
		if p.digits[i] != digits[i] && p.digits[i] != '*' {
			return false
		}
	}
	return true
}

// spell returns what stands where the pattern is in a number, with the letters of the pattern,
// and the whole number so.
func (p Pattern) spell(number string) (match, whole string) {
	at := p.find(number)
	if p.digits == "" || at < 0 {
		return "", number
	}
	word := []byte(number[at : at+len(p.digits)])
	for i, c := range []byte(p.written) {
		if c != '*' {
			word[i] = c
		}
	}
	return string(word), number[:at] + string(word) + number[at+len(word):]
}
