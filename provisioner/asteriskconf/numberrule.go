package asteriskconf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// dialplanRuled is a number that leads by caller or time, without a controller too.
type dialplanRuled struct {
	Name      ruledName
	Blocked   contextName // of the tenant's blocked callers; "" where it has none
	Anonymous dialplanAnonymous
	Zone      confValue // that the rules are read in
	Rules     []dialplanRule
	To        divertedTo // where no rule holds
}

// asksCaller reports whether it depends on caller or time where a number leads.
func asksCaller(s *pbx.Snapshot, n *pbx.Number) bool {
	a := s.AnonymousOf(n)
	return len(n.Rules) > 0 || s.BlocksCallers(n.Tenant) || a != "" && a != pbx.AnonymousAllowed
}

// dialplanRule is one rule: Holds is an expression of Asterisk.
type dialplanRule struct {
	Label string
	Holds ruleExpr
	To    divertedTo
}

// ruledName names a number in the context of rules: its digits.
type ruledName struct{ text string }

func newRuledName(field, number string) (ruledName, *pbx.Error) {
	err := pbx.CheckE164(field, number)
	return ruledName{strings.TrimPrefix(number, "+")}, err
}

func (n ruledName) String() string { return n.text }

// Any reports whether there is one.
func (n ruledName) Any() bool { return n.text != "" }

// labelText is text before a caller's name, in an argument of Set.
type labelText struct{ text string }

// newLabelText leaves out what has a meaning in the dialplan.
func newLabelText(s string) labelText {
	return labelText{strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 127 || strings.ContainsRune("\"\\$[]{}();,|&^`<>", r) {
			return -1
		}
		return r
	}, s))}
}

func (t labelText) String() string { return t.text }

// Any reports whether there is one.
func (t labelText) Any() bool { return t.text != "" }

// ruledNumbers are the numbers that have rules.
func ruledNumbers(s *pbx.Snapshot) ([]dialplanRuled, error) {
	var out []dialplanRuled
	for _, n := range s.Numbers {
		if !asksCaller(s, n) {
			continue
		}
		var es pbx.Errors
		v := dialplanRuled{To: leadingTo(&es, s, n.Tenant, n.Destination)}
		into(&es, &v.Name)(newRuledName("number", n.Number))
		v.screen(&es, s, n)
		es.Add(pbx.CheckTimezone("timezone", s.ZoneOf(n)))
		into(&es, &v.Zone)(newConfValue("timezone", s.ZoneOf(n)))
		for i, r := range n.Rules {
			v.Rules = append(v.Rules, dialplanRule{Label: fmt.Sprintf("rule%d", i+1), Holds: ruleExprOf(s, n.Tenant, r),
				To: leadingTo(&es, s, n.Tenant, r.Destination)})
		}
		if err := es.Err(); err != nil {
			return nil, fmt.Errorf("rules of number %s of tenant %s: %w", n.Number, n.Tenant, err)
		}
		out = append(out, v)
	}
	return out, nil
}

// ruleExpr is an expression that is 1 while a rule holds. It reads the variables that the
// template sets: the time as 1830, and the day and the day before as 20261224 and as the
// number of the weekday.
type ruleExpr struct{ text string }

func (e ruleExpr) String() string { return e.text }

const (
	varTime   = "${DIALTONE_TIME}"
	varDay    = "${DIALTONE_DAY}"
	varBefore = "${DIALTONE_BEFORE}"
)

// ruleExprOf takes a rule that pbx has checked: nothing in it but digits gets into the text.
func ruleExprOf(s *pbx.Snapshot, tenant string, r pbx.CallRule) ruleExpr {
	from, to := digitsOf(r.From), digitsOf(r.To)
	day, before := dayExpr(r, varDay), dayExpr(r, varBefore)
	when := day
	switch {
	case from == "":
	case from < to:
		when = fmt.Sprintf("(%s >= %s & %s < %s & %s)", varTime, from, varTime, to, day)
	default:
		when = fmt.Sprintf("((%s >= %s & %s) | (%s < %s & %s))", varTime, from, day, varTime, to, before)
	}
	if len(r.Callers) == 0 {
		return ruleExpr{when}
	}
	var ways []string
	for _, c := range r.Callers {
		for _, way := range s.ShownAs(tenant, c) {
			ways = append(ways, strings.ReplaceAll(way, "+", "[+]"))
		}
	}
	return ruleExpr{fmt.Sprintf(`(%s & ${REGEX("^(%s)" ${CALLERID(num)})})`, when, strings.Join(ways, "|"))}
}

// dayExpr is 1 on the days that a rule is about. A day is WEEKDAY-DATE, as 4-20261224.
func dayExpr(r pbx.CallRule, day string) string {
	parts := []string{"1"}
	if len(r.Days) > 0 {
		var days []string
		for _, d := range r.Days {
			days = append(days, fmt.Sprintf("%s = %d", varPart(day, ":0:1"), slices.Index(pbx.Weekdays, d)))
		}
		parts = append(parts, "("+strings.Join(days, " | ")+")")
	}
	if first := digitsOf(r.FirstDate); first != "" {
		parts = append(parts, varPart(day, ":2")+" >= "+first)
	}
	if last := digitsOf(r.LastDate); last != "" {
		parts = append(parts, varPart(day, ":2")+" <= "+last)
	}
	return "(" + strings.Join(parts, " & ") + ")"
}

// varPart is a part of a variable.
func varPart(variable, part string) string { return strings.TrimSuffix(variable, "}") + part + "}" }

// digitsOf are the digits of a time or a date.
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
