package pbx

import (
	"slices"
	"strings"
)

// CountriesOf returns the countries that extensions of a tenant dial in, sorted: the
// tenant's, and those that extensions have of their own. "" is one that nobody named.
func (s *Snapshot) CountriesOf(tenant string) []string { return s.dialsIn[tenant] }

// indexCountries finds the countries of every tenant.
func (s *Snapshot) indexCountries() {
	s.dialsIn = make(map[string][]string, len(s.Tenants))
	for _, t := range s.Tenants {
		s.dialsIn[t.Name] = []string{t.Country}
	}
	for _, e := range s.Extensions {
		if in := s.dialsIn[e.Tenant]; e.Country != "" && !slices.Contains(in, e.Country) {
			s.dialsIn[e.Tenant] = append(in, e.Country)
		}
	}
	for _, in := range s.dialsIn {
		slices.Sort(in)
	}
}

// EmergencyNumbersOf returns the numbers that reach help from any extension of a
// tenant, sorted.
func (s *Snapshot) EmergencyNumbersOf(tenant string) []string {
	var out []string
	for _, iso := range s.CountriesOf(tenant) {
		out = append(out, EmergencyNumbers(iso)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// CheckNoEmergency refuses a number of an extension or a group that reaches help in
// one of the countries.
func CheckNoEmergency(field, number string, countries []string) *Error {
	for _, iso := range countries {
		if slices.Contains(EmergencyNumbers(iso), number) {
			return Invalidf(field, "%s is an emergency number%s, and nothing else may have it", quote(number), inCountry(iso))
		}
	}
	return nil
}

// CheckLedTo refuses an emergency number where a rule would lead calls to: a forward,
// a twin, an external number or a group. Only a person that dials it means it.
func CheckLedTo(field, number string, countries []string) *Error {
	for _, iso := range countries {
		if reachesHelp(iso, number) {
			return Invalidf(field, "%s is for emergencies%s, and nobody forwards there", quote(number), inCountry(iso))
		}
	}
	return nil
}

func inCountry(iso string) string {
	if iso == "" {
		return ""
	}
	return " in " + iso
}

// reachesHelp reports whether a carrier could take a number dialled in a country for
// an emergency number, its calling code before it or not.
func reachesHelp(iso, number string) bool {
	if slices.Contains(EmergencyNumbers(iso), number) {
		return true
	}
	byName, _ := countries()
	digits, plus := strings.CutPrefix(number, "+")
	if c := byName[iso]; c != nil && !plus {
		found := c.patterns().exit.FindString(digits)
		digits, plus = digits[len(found):], found != ""
	}
	return plus && isHelpAbroad(digits)
}

// isHelpAbroad reports whether digits are a calling code and an emergency number of
// a country that has it, and no number of that country.
func isHelpAbroad(digits string) bool {
	code := codeOf(digits)
	national := digits[len(code):]
	_, byCode := countries()
	return slices.ContainsFunc(byCode[code], func(c *country) bool {
		return slices.Contains(EmergencyNumbers(c.iso), national)
	}) && !slices.ContainsFunc(byCode[code], func(c *country) bool { return c.patterns().national.MatchString(national) })
}
