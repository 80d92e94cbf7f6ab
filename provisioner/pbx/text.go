package pbx

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckText refuses what no file of ours may carry in a text for people: invalid
// UTF-8, control characters (a newline would start a new option in Asterisk's and
// Yealink's files), the two non-characters that XML cannot carry, line and paragraph separators, and bidirectional
// overrides, which make a name display as another. min and max count characters (runes);
// maxBytes counts UTF-8 bytes, 0 for no limit.
func CheckText(field, s string, min, max, maxBytes int) *Error {
	if !utf8.ValidString(s) {
		return Invalidf(field, "is not valid UTF-8")
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return Invalidf(field, "contains the control character U+%04X; only plain text is allowed", r)
		}
		if r == '\u2028' || r == '\u2029' || r == '\ufeff' || r == '\ufffe' || r == '\uffff' ||
			(r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069') {
			return Invalidf(field, "contains the invisible formatting character U+%04X; only plain text is allowed", r)
		}
	}
	n := utf8.RuneCountInString(s)
	switch {
	case n < min && n == 0:
		return Invalidf(field, "is required")
	case n < min:
		return Invalidf(field, "has %d characters, at least %d are needed", n, min)
	case n > max:
		return Invalidf(field, "has %d characters, at most %d are allowed", n, max)
	case maxBytes > 0 && len(s) > maxBytes:
		return Invalidf(field, "takes %d bytes in UTF-8, at most %d are allowed", len(s), maxBytes)
	case n > 0 && (unicode.IsSpace(firstRune(s)) || unicode.IsSpace(lastRune(s))):
		return Invalidf(field, "starts or ends with a space")
	}
	return nil
}

func firstRune(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }
func lastRune(s string) rune  { r, _ := utf8.DecodeLastRuneInString(s); return r }

// CheckRange refuses n outside min–max, both inclusive.
func CheckRange(field string, n, min, max int, unit string) *Error {
	if n < min || n > max {
		return Invalidf(field, "is %d, allowed are %s", n, strings.TrimSpace(fmt.Sprintf("%d to %d %s", min, max, unit)))
	}
	return nil
}

var (
	tenantPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,30}$`)
	// reservedTenants are sections of voicemail.conf that are no context.
	reservedTenants = map[string]bool{"general": true, "zonemessages": true}
	namePattern     = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,39}$`)
)

// CheckTenantName refuses a tenant name that is not 1–31 lower-case letters,
// digits and hyphens: it becomes part of dialplan and voicemail context names.
func CheckTenantName(field, s string) *Error {
	if reservedTenants[s] {
		return Invalidf(field, "%s is the name of a section of Asterisk's own", quote(s))
	}
	if !tenantPattern.MatchString(s) {
		return Invalidf(field,
			"%s is not a tenant name: use 1 to 31 lower-case letters, digits and hyphens, starting with a letter or digit",
			quote(s))
	}
	return nil
}

// CheckName refuses a device name that is not 1–40 lower-case letters, digits,
// dots, hyphens and underscores: it is typed in URLs.
func CheckName(field, s string) *Error {
	if !namePattern.MatchString(s) {
		return Invalidf(field,
			"%s is not a name: use 1 to 40 lower-case letters, digits, '.', '_' and '-', starting with a letter or digit",
			quote(s))
	}
	return nil
}

// quote shows a rejected value without letting a long or binary one fill the answer.
func quote(s string) string {
	const most = 40
	r := []rune(s)
	if len(r) > most {
		r = append(r[:most], '…')
	}
	out := make([]rune, 0, len(r))
	for _, c := range r {
		if unicode.IsControl(c) || c == unicode.ReplacementChar {
			c = '·'
		}
		out = append(out, c)
	}
	return `"` + string(out) + `"`
}
