package pbx

import "strings"

// MAC is a hardware address in the one form we store: 12 lower-case hexadecimal
// digits, as both vendors use it in file names.
type MAC string

// ParseMAC accepts the usual spellings (00:15:65:aa:bb:cc, 00-15-65-AA-BB-CC,
// 0015.65aa.bbcc, 001565aabbcc) and returns the stored form. Multicast addresses
// and the all-zero address, which vendors use for defaults, are refused.
func ParseMAC(field, s string) (MAC, *Error) {
	digits := strings.ToLower(s)
	for _, form := range []struct {
		sep   string
		group int
	}{{":", 2}, {"-", 2}, {".", 4}} {
		if strings.Contains(digits, form.sep) {
			digits = joinGroups(digits, form.sep, form.group)
			break
		}
	}
	if len(digits) != 12 || strings.Trim(digits, "0123456789abcdef") != "" {
		return "", Invalidf(field, "%s is not a MAC address: write 12 hexadecimal digits, such as 00:15:65:aa:bb:cc",
			quote(s))
	}
	if digits == "000000000000" || isOddHex(digits[1]) {
		return "", Invalidf(field, "%s is not the address of one phone", quote(s))
	}
	return MAC(digits), nil
}

// joinGroups removes sep when it stands exactly between groups of n digits, and
// returns "" otherwise.
func joinGroups(s, sep string, n int) string {
	parts := strings.Split(s, sep)
	for _, p := range parts {
		if len(p) != n {
			return ""
		}
	}
	return strings.Join(parts, "")
}

// isOddHex reports whether the second digit marks a group address (the lowest
// bit of the first octet, IEEE 802).
func isOddHex(c byte) bool { return strings.IndexByte("13579bdf", c) >= 0 }

// Colons returns the address as people read it: 00:15:65:aa:bb:cc.
func (m MAC) Colons() string {
	if len(m) != 12 {
		return string(m)
	}
	s := string(m)
	return strings.Join([]string{s[0:2], s[2:4], s[4:6], s[6:8], s[8:10], s[10:12]}, ":")
}
