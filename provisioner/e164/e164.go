// Package e164 reads numbers as people and spreadsheets write them, and guesses their kind.
//
// It stands between libphonenumber, which knows the numbering plans of all countries, and
// the rest, which knows numbers in E.164 only. It may import the standard library and
// libphonenumber.
package e164

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// The kinds of number that Kind guesses.
const (
	Local    = "local"     // of a place or a country
	Global   = "global"    // of an international network, such as +883
	TollFree = "toll-free" // the callee pays
	Mobile   = "mobile"
)

// Kind guesses the kind of a number in E.164 from its country's numbering plan. A number
// that was ported may lie.
func Kind(number string) string {
	n, err := phonenumbers.Parse(number, "")
	if err != nil {
		return Local
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.TOLL_FREE:
		return TollFree
	case phonenumbers.MOBILE:
		return Mobile
	}
	if phonenumbers.GetRegionCodeForNumber(n) == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY {
		return Global
	}
	return Local
}

// CallingCode returns the calling code of a number in E.164, or 0.
func CallingCode(number string) int {
	n, err := phonenumbers.Parse(number, "")
	if err != nil {
		return 0
	}
	return int(n.GetCountryCode())
}

// Region returns the country of a number in E.164, in ISO 3166-1, or "".
func Region(number string) string {
	n, err := phonenumbers.Parse(number, "")
	if err != nil {
		return ""
	}
	return phonenumbers.GetRegionCodeForNumber(n)
}

// exponent is what a spreadsheet makes of a long number.
var exponent = regexp.MustCompile(`^[+-]?\d+([.,]\d+)?[eE][+-]?\d+$`)

// rounded is a number with decimals, which a spreadsheet also makes.
var rounded = regexp.MustCompile(`^\d+[.,]0+$`)

// blanks are the blanks that a spreadsheet or a web page leaves at the ends and inside.
const blanks = " \t\r\n\u00a0\u2007\u202f\u2009\u200b\u200e\u200f\u202a\u202c\ufeff"

// Clean is a cell without blanks at its ends and the apostrophe that makes a spreadsheet
// keep a text.
func Clean(cell string) string {
	cell = strings.Trim(cell, blanks)
	for _, mark := range []string{"'", "\u2019"} {
		cell = strings.TrimPrefix(cell, mark)
	}
	return strings.Trim(cell, blanks)
}

// ParseCode reads a country: its calling code, with or without + or 00, or its two letters.
func ParseCode(cell string) (int, error) {
	text := Clean(cell)
	if text == "" {
		return 0, fmt.Errorf("is empty: write the calling code of the country, such as 49")
	}
	if len(text) == 2 && strings.Trim(strings.ToUpper(text), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		if code := phonenumbers.GetCountryCodeForRegion(strings.ToUpper(text)); code != 0 {
			return code, nil
		}
	}
	digits := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "00")
	code, err := strconv.Atoi(digits)
	if err != nil || code < 1 || code > 999 || phonenumbers.GetRegionCodeForCountryCode(code) == phonenumbers.UNKNOWN_REGION {
		return 0, fmt.Errorf("%.20q is no country: write its calling code, such as 49", text)
	}
	return code, nil
}

// Read returns in E.164 a number of the country with a calling code, as people write it there:
// with the code or without it, with the digit that is dialled before a national number or
// without it. What could be two numbers is refused.
func Read(code int, cell string) (string, error) {
	text := Clean(cell)
	switch {
	case text == "":
		return "", fmt.Errorf("is empty")
	case exponent.MatchString(text):
		return "", fmt.Errorf("%.30q lost its last digits: Excel turned this number into scientific notation; "+
			"format the column as text and write the number again", text)
	case rounded.MatchString(text):
		return "", fmt.Errorf("%.30q has decimals: Excel took it for an amount; format the column as text", text)
	}
	digits, plus := strip(text)
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", fmt.Errorf("%.30q is no telephone number", text)
	}
	prefix := strconv.Itoa(code)
	if rest, ok := strings.CutPrefix(digits, "00"); ok && !plus {
		digits, plus = rest, true
	}
	if plus {
		if !strings.HasPrefix(digits, prefix) {
			return "", fmt.Errorf("%.30q is not of the country with calling code %d", text, code)
		}
		return international(digits, prefix, text)
	}
	region := phonenumbers.GetRegionCodeForCountryCode(code)
	national, withCode := valid(digits, region), ""
	if strings.HasPrefix(digits, prefix) {
		withCode = valid("+"+digits, "")
	}
	switch {
	case national != "" && withCode != "" && national != withCode:
		return "", fmt.Errorf("%.30q could be %s or %s: write it with +", text, national, withCode)
	case withCode != "":
		return withCode, nil
	case national != "":
		return national, nil
	}
	return "", fmt.Errorf("%.30q is no number of the country with calling code %d: write it whole, with +", text, code)
}

// international reads a number that was written with its calling code.
func international(digits, prefix, text string) (string, error) {
	if n := valid("+"+digits, ""); n != "" {
		return n, nil
	}
	if twice := strings.TrimPrefix(strings.TrimPrefix(digits[len(prefix):], "+"), "00"); strings.HasPrefix(twice, prefix) {
		if valid("+"+twice, "") != "" {
			return "", fmt.Errorf("%.30q has the calling code %s twice", text, prefix)
		}
	}
	if len(digits) < 7 || len(digits) > 15 {
		return "", fmt.Errorf("%.30q is no telephone number: it has %d digits", text, len(digits))
	}
	return "+" + digits, nil // its plan is younger than ours, or it is for tests
}

// strip takes out what means nothing in a number, and tells whether a + stood before it.
func strip(text string) (digits string, plus bool) {
	if len(text) > 4 && strings.EqualFold(text[:4], "tel:") {
		text = text[4:]
	}
	text = strings.ReplaceAll(text, "(0)", "")
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune("-./()\u2010\u2011\u2013"+blanks, r) {
			return -1
		}
		return r
	}, text)
	return strings.CutPrefix(text, "+")
}

// valid returns a number in E.164 if its country's plan has it, else "".
func valid(text, region string) string {
	n, err := phonenumbers.Parse(text, region)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return ""
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// CodeEnd returns where in a number in E.164 the digits behind its calling code begin; 1 if
// there is no such code.
func CodeEnd(number string) int {
	code := 0
	for end := 1; end < len(number) && end <= maxCodeDigits; end++ {
		code = 10*code + int(number[end]-'0')
		if codes()[code] {
			return end + 1
		}
	}
	return 1
}

// maxCodeDigits is how many digits a calling code has at most. No code begins with another one.
const maxCodeDigits = 3

// codes are the calling codes of all countries and networks.
var codes = sync.OnceValue(func() *[1000]bool {
	var known [1000]bool
	for code := range phonenumbers.GetSupportedCallingCodes() {
		known[code] = true
	}
	return &known
})
