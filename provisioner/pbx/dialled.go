package pbx

import (
	"regexp"
	"slices"
	"strings"
)

// Reading is what a number means that was dialled to leave.
type Reading struct {
	Number    string // E.164 with +; an emergency or short number as it is dialled
	Emergency bool
	National  bool // of the country that it was dialled in
	Kind      NumberKind
}

// ReadDialled reads a number as it is dialled in a country. It reports false for
// what is none there: a local number without its area code is none, for nobody
// knows the area. Without a country only numbers with + are read. Visual separators
// mean nothing, and a national prefix behind a calling code, as in +49 (0)30, is
// dropped.
func ReadDialled(iso, dialled string) (Reading, bool) {
	dialled = PlainNumber(dialled)
	if isEmergency(iso, dialled) {
		return Reading{Number: dialled, Emergency: true}, true
	}
	byName, _ := countries()
	c := byName[iso]
	digits, plus := strings.CutPrefix(dialled, "+")
	if len(digits) < 2 || len(digits) > 24 || strings.Trim(digits, "0123456789") != "" || c == nil && !plus {
		return Reading{}, false
	}
	if kind, is := c.shortNumber(digits, plus); is {
		return Reading{Number: digits, National: true, Kind: kind}, true
	}
	if !plus {
		if found := c.patterns().exit.FindString(digits); found != "" && isE164(digits[len(found):]) {
			digits = digits[len(found):]
		} else if n, ok := c.readNational(digits); ok {
			digits = c.code + n
		} else {
			return Reading{}, false
		}
	}
	digits = dropPrefix(digits)
	if !isE164(digits) || isHelpAbroad(digits) {
		return Reading{}, false
	}
	return Reading{Number: "+" + digits, National: c != nil && c.has(digits), Kind: kindOf(digits)}, true
}

// isEmergency reports whether a number as it is dialled in a country reaches help there.
func isEmergency(iso, dialled string) bool {
	return slices.Contains(EmergencyNumbers(iso), PlainNumber(dialled))
}

// shortNumber reads a short number that was dialled without a +.
func (c *country) shortNumber(digits string, plus bool) (NumberKind, bool) {
	if plus {
		return KindOrdinary, false
	}
	return c.readShort(digits)
}

// readNational takes the prefix off a number that stays in the country.
func (c *country) readNational(digits string) (string, bool) {
	p := c.patterns()
	if p.trunk == nil {
		return digits, p.national.MatchString(digits)
	}
	if stripped := p.strip(digits); stripped != digits && p.national.MatchString(stripped) {
		return stripped, true
	}
	if !p.national.MatchString(digits) {
		return "", false
	}
	for i := 0; i < len(p.bare); i += 2 {
		if p.bare[i].MatchString(digits) && p.bare[i+1].MatchString(digits) {
			return digits, true
		}
	}
	return "", false
}

// dropPrefix takes the national prefix out from behind a calling code, as
// libphonenumber does: carriers would do so too, after a class of service has
// decided about another number. Numbers that may begin so, as in Italy, stay.
func dropPrefix(digits string) string {
	code := codeOf(digits)
	_, byCode := countries()
	for _, c := range byCode[code] {
		if p := c.patterns(); c.main && p.trunk != nil {
			national := digits[len(code):]
			for range 3 { // more than one prefix is a mistake, or an attempt
				if p.national.MatchString(national) || p.strip(national) == national {
					break
				}
				national = p.strip(national)
			}
			return code + national
		}
	}
	return digits
}

// strip replaces the national prefix as libphonenumber does: where the pattern
// has groups, the last one says whether the replacement is meant.
func (p *patterns) strip(digits string) string {
	m := p.trunk.FindStringSubmatchIndex(digits)
	if m == nil || m[1] == 0 {
		return digits
	}
	out := digits[m[1]:]
	if last := m[len(m)-2]; p.replace != "" && len(m) > 2 && last >= 0 {
		out = string(p.trunk.ExpandString(nil, strings.ReplaceAll(p.replace, "$1", "${1}"), digits, m)) + out
	}
	if p.national.MatchString(digits) && !p.national.MatchString(out) {
		return digits
	}
	return out
}

var e164Pattern = regexp.MustCompile(`^\+[1-9][0-9]{5,14}$`)

// CheckE164 refuses what is no whole number with + and calling code.
func CheckE164(field, s string) *Error {
	if !e164Pattern.MatchString(s) || !isE164(s[1:]) {
		return Invalidf(field,
			"%s is not a number in E.164: write +, the country's calling code and the rest, such as +493012345678", quote(s))
	}
	return nil
}
