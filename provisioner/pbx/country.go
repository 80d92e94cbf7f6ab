package pbx

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// countries.tsv is made from the metadata of libphonenumber (Apache License 2.0) by
// TestCountries.
//
//go:embed countries.tsv
var countriesTSV string

// country is how numbers are dialled in one country: a row of countries.tsv.
type country struct {
	iso       string   // ISO 3166-1 alpha-2; "001" for codes that are no country's
	code      string   // calling code, without +
	main      bool     // of the countries that share the code, the one that has what no other claims
	exit      string   // what is dialled before a calling code
	trunk     string   // what is dialled before a national number; "" for nothing
	emergency []string // numbers that reach help
	texts     [5]string
	patterns  func() *patterns
	sent      func() []sentWay // see sentWays
}

// patterns are regular expressions about what is dialled in a country.
type patterns struct {
	exit     *regexp.Regexp   // begins what goes abroad
	trunk    *regexp.Regexp   // begins what stays; nil where nothing does
	replace  string           // what it is replaced by, with $1 for its first group
	national *regexp.Regexp   // whole national numbers, without prefix
	leading  *regexp.Regexp   // begins the numbers of a country that shares its code; nil for none
	bare     []*regexp.Regexp // pairs: beginning and whole form of numbers that are dialled without prefix
}

// countries returns the rows by country, and all calling codes.
var countries = sync.OnceValues(func() (map[string]*country, map[string][]*country) {
	byName, byCode := map[string]*country{}, map[string][]*country{}
	for line := range strings.Lines(countriesTSV) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		c := &country{iso: f[0], code: f[1], main: f[2] == "main", exit: f[3], trunk: f[4], emergency: strings.Fields(f[5]),
			texts: [5]string(f[6:11])}
		c.patterns = sync.OnceValue(func() *patterns { return c.compile(f[11]) })
		c.sent = sync.OnceValue(c.sentWays)
		byName[c.iso] = c
		byCode[c.code] = append(byCode[c.code], c)
	}
	delete(byName, "001")
	return byName, byCode
})

func (c *country) compile(bare string) *patterns {
	begins := func(text string) *regexp.Regexp {
		if text == "" {
			return nil
		}
		return regexp.MustCompile("^(?:" + text + ")")
	}
	p := &patterns{exit: begins(c.texts[0]), trunk: begins(c.texts[1]), replace: c.texts[2],
		national: regexp.MustCompile("^(?:" + c.texts[3] + ")$"), leading: begins(c.texts[4])}
	for pair := range strings.FieldsSeq(bare) {
		leading, whole, _ := strings.Cut(pair, ">")
		p.bare = append(p.bare, regexp.MustCompile("^(?:"+leading+")"), regexp.MustCompile("^(?:"+whole+")$"))
	}
	return p
}

// CheckCountry refuses what is no country with numbers of its own.
func CheckCountry(field, s string) *Error {
	if byName, _ := countries(); s != "" && byName[s] == nil {
		return Invalidf(field, "%s is not a country: use the two letters of ISO 3166-1, such as DE", quote(s))
	}
	return nil
}

// EmergencyNumbers returns the numbers that reach help in a country, at least one.
// Where nobody knows the country or its numbers they are those that reach help
// from every mobile.
func EmergencyNumbers(iso string) []string {
	byName, _ := countries()
	if c := byName[iso]; c != nil && len(c.emergency) > 0 {
		return c.emergency
	}
	return []string{"112", "911"}
}

// EmergencyAnywhere reports whether a number reaches help in some country.
func EmergencyAnywhere(number string) bool {
	byName, _ := countries()
	for _, c := range byName {
		if slices.Contains(c.emergency, number) {
			return true
		}
	}
	return slices.Contains(EmergencyNumbers(""), number)
}

// has reports whether a number, digits of E.164, is the country's and not that of
// another one that shares its code. Countries whose numbers only a list tells
// apart, such as Canada's from those of the United States, count as one.
func (c *country) has(digits string) bool {
	national, ok := strings.CutPrefix(digits, c.code)
	if !ok || codeOf(digits) != c.code {
		return false
	}
	if own := c.patterns().leading; own != nil {
		return own.MatchString(national)
	}
	_, byCode := countries()
	return !slices.ContainsFunc(byCode[c.code], func(o *country) bool {
		return o.patterns().leading != nil && o.patterns().leading.MatchString(national)
	})
}

// isE164 reports whether digits can be a whole number with its calling code.
func isE164(digits string) bool {
	return len(digits) <= 15 && len(digits) >= len(codeOf(digits))+3 && codeOf(digits) != ""
}

// codeOf returns the calling code that digits begin with; no code begins another.
func codeOf(digits string) string {
	_, byCode := countries()
	for n := 1; n <= 3 && n <= len(digits); n++ {
		if byCode[digits[:n]] != nil {
			return digits[:n]
		}
	}
	return ""
}
