package pbx

import "strings"

// visualSeparators mean nothing in a number (RFC 3966, section 5.1.1); the spaces and
// the stroke are what people and programs write beside them.
const visualSeparators = "-.() \u00a0\u202f\u2009/"

// PlainNumber is a number as somebody may write it, without what means nothing in it:
// "tel:" before it, and visual separators. Text that is no number otherwise stays.
func PlainNumber(s string) string {
	plain := strings.TrimSpace(s)
	if len(plain) > 4 && strings.EqualFold(plain[:4], "tel:") {
		plain = plain[4:]
	}
	plain = strings.Map(func(r rune) rune {
		if strings.ContainsRune(visualSeparators, r) {
			return -1
		}
		return r
	}, plain)
	if digits := strings.TrimPrefix(plain, "+"); digits == "" || strings.Trim(digits, "0123456789") != "" {
		return s
	}
	return plain
}

// CallerNumber is the number of a caller outside in E.164, as it is dialled in a
// country: read as dialled there, or as a calling code and a whole number behind it,
// as many carriers show it. What is neither, such as another system's short number,
// stays as it is.
func CallerNumber(iso, shown string) string {
	if r, ok := ReadDialled(iso, shown); ok && !r.Emergency {
		return r.Number
	}
	digits := PlainNumber(shown)
	for _, prefix := range []string{"00", ""} {
		rest, is := strings.CutPrefix(digits, prefix)
		if is && strings.Trim(rest, "0123456789") == "" && isWhole(rest) {
			return "+" + dropPrefix(rest)
		}
	}
	return shown
}

// ShownAs returns how a caller's number, or its beginning in E.164, may be written by
// carriers of a tenant: what CallerNumber reads as that.
func (s *Snapshot) ShownAs(tenant, number string) []string {
	iso := s.CountryOf(&Extension{Tenant: tenant})
	digits := strings.TrimPrefix(number, "+")
	out := []string{number, digits, "00" + digits}
	byName, _ := countries()
	c := byName[iso]
	if c == nil {
		return out
	}
	if c.exit != "00" && c.exit != "" {
		out = append(out, c.exit+digits)
	}
	national, own := strings.CutPrefix(digits, c.code)
	switch {
	case !own || c.trunk == "" || c.trunk == c.code:
	case national != "":
		out = append(out, c.trunk+national)
	default: // 0 and no second one, which would be abroad
		for _, d := range "123456789" {
			out = append(out, c.trunk+string(d))
		}
	}
	return out
}

// isWhole reports whether digits are a calling code and a number of a country that
// has it.
func isWhole(digits string) bool {
	code := codeOf(digits)
	_, byCode := countries()
	for _, c := range byCode[code] {
		if c.patterns().national.MatchString(dropPrefix(digits)[len(code):]) {
			return isE164(digits)
		}
	}
	return false
}
