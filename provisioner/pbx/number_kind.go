package pbx

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// NumberKind says what a call to a number costs beside what the call itself costs.
type NumberKind string

// The kinds of number.
const (
	KindOrdinary   NumberKind = ""
	KindPremium    NumberKind = "premium"     // a part of the price goes to the callee
	KindSharedCost NumberKind = "shared-cost" // caller and callee share a price of its own
	KindTollFree   NumberKind = "toll-free"   // of the international service +800 only
)

// numberkinds.tsv is made from the metadata of libphonenumber (Apache License 2.0) by
// TestNumberKinds.
//
//go:embed numberkinds.tsv
var numberKindsTSV string

// priced tells the numbers of one country that have a price of their own, and those that are
// shorter than a national number: a row of numberkinds.tsv.
type priced struct {
	premium, shared                   *regexp.Regexp // whole national numbers; nil for none
	premiumBegins, sharedBegins       []string       // national numbers of any length
	short, shortFree, shortCosts, odd *regexp.Regexp // whole short numbers; odd ones need not look like one
	northAmerica                      bool
}

// numberKinds returns the rows by country, those of "001" by calling code.
var numberKinds = sync.OnceValue(func() map[string]func() *priced {
	out := map[string]func() *priced{}
	for line := range strings.Lines(numberKindsTSV) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		name := f[0]
		if name == "001" {
			name = f[1]
		}
		out[name] = sync.OnceValue(func() *priced {
			return &priced{premium: whole(f[2]), premiumBegins: strings.Fields(f[3]), shared: whole(f[4]),
				sharedBegins: strings.Fields(f[5]), short: whole(f[6]), shortFree: whole(f[7]), shortCosts: whole(f[8]),
				odd: whole(f[9]), northAmerica: f[1] == "1"}
		})
	}
	return out
})

// whole compiles an expression for all of a text; nil for "".
func whole(text string) *regexp.Regexp {
	if text == "" {
		return nil
	}
	return regexp.MustCompile("^(?:" + text + ")$")
}

// matches is false for no expression.
func matches(re *regexp.Regexp, s string) bool { return re != nil && re.MatchString(s) }

// pricesOf returns the row of a country.
func pricesOf(c *country) *priced {
	name := c.iso
	if name == "001" {
		name = c.code
	}
	if row := numberKinds()[name]; row != nil {
		return row()
	}
	return &priced{}
}

// kindOf returns the kind of a number, digits of E.164. Of countries that share a calling
// code the one that has the number says it, or each that could.
func kindOf(digits string) NumberKind {
	code := codeOf(digits)
	_, byCode := countries()
	national := digits[len(code):]
	if code == "800" {
		return KindTollFree
	}
	kind := KindOrdinary
	for _, c := range byCode[code] {
		if len(byCode[code]) > 1 && !c.has(digits) {
			continue
		}
		p := pricesOf(c)
		switch {
		case matches(p.premium, national) || slices.ContainsFunc(p.premiumBegins, begins(national)):
			return KindPremium
		case matches(p.shared, national) || slices.ContainsFunc(p.sharedBegins, begins(national)):
			kind = KindSharedCost
		}
	}
	return kind
}

func begins(s string) func(string) bool {
	return func(prefix string) bool { return strings.HasPrefix(s, prefix) }
}

// readShort reads a number of public use that is shorter than a national one, such as 116117
// or 211. Of what the metadata has, numbers of other forms than services have anywhere are
// left out: in most countries they are for text messages, and they look like extensions.
func (c *country) readShort(dialled string) (NumberKind, bool) {
	if len(dialled) < 3 || len(dialled) > 6 {
		return KindOrdinary, false
	}
	p := pricesOf(c)
	service := len(dialled) == 3 || !p.northAmerica && (dialled[0] == '0' || dialled[0] == '1')
	free := matches(p.shortFree, dialled)
	switch {
	case !matches(p.short, dialled), !service && !free && !matches(p.odd, dialled):
		return KindOrdinary, false
	case !free && matches(p.shortCosts, dialled):
		return KindPremium, true
	}
	return KindOrdinary, true
}
