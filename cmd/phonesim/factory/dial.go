package factory

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// rules is how many rules of each kind a Yealink reads.
const rules = 100

// OffHook is what the phone dials when a number is typed digit by digit after the handset was
// lifted, with a pause between two digits.
func (s *Settings) OffHook(number string, between time.Duration) Sent {
	if s.yealink() {
		return s.rewritten(s.yealinkOffHook(number, between))
	}
	text := s.Value("dialplan.digitmap")
	if own := s.Value("dialplan.1.digitmap"); own != "" {
		text = own
	}
	// Patterns that the phone cannot read are left out.
	m, err := NewDigitMap(text, s.Value("dialplan.digitmap.timeOut"), s.count("dialplan.impossibleMatchHandling"))
	if err != nil && len(m.patterns) == 0 {
		return Sent{}
	}
	m.Pound = s.era != PolycomUCS5 // a VVX takes '#' for a digit
	sent := m.Type(number, between)
	sent.Number = s.withoutEnd(sent.Number)
	return sent
}

// OnHook is what leaves when a number is typed first and the Send key pressed then.
func (s *Settings) OnHook(number string) Sent {
	if s.yealink() {
		return s.rewritten(Sent{Number: s.upToSend(number)})
	}
	return Sent{Number: s.withoutEnd(number)}
}

// withoutEnd takes a Polycom's '#' off the end, which is no part of a number there.
func (s *Settings) withoutEnd(number string) string {
	if s.on("dialplan.removeEndOfDial") {
		return strings.TrimSuffix(number, "#")
	}
	return number
}

// sendsByPound reports whether '#' is a Yealink's key to send.
func (s *Settings) sendsByPound() bool {
	if s.era == YealinkV70 {
		return s.on("features.pound_key.mode")
	}
	return s.on("features.key_as_send")
}

// upToSend is a number as far as a Yealink's key to send, if it has that.
func (s *Settings) upToSend(number string) string {
	if s.sendsByPound() {
		number, _, _ = strings.Cut(number, "#")
	}
	return number
}

// yealinkOffHook: a pause sends, so does '#' where that is the key for it. A rule to dial
// now sends after a pause of its own; with a digit map the rules are dead.
func (s *Settings) yealinkOffHook(number string, between time.Duration) Sent {
	whole := s.upToSend(number)
	if s.mapped() {
		m, err := NewDigitMap(s.Value("dialplan.digitmap.string"),
			s.Value("dialplan.digitmap.interdigit_short_timer"), s.count("dialplan.digitmap.no_match_action"))
		if err != nil && len(m.patterns) == 0 {
			return Sent{}
		}
		return m.Type(whole, between)
	}
	pause := seconds(s.Value("phone_setting.inter_digit_time"), 0)
	now := seconds(s.Value("phone_setting.dialnow_delay"), 0)
	for n := 1; n <= len(whole); n++ {
		last := n == len(whole)
		switch wait := pause; {
		case s.dialNow(whole[:n]) && (last || between > now):
			return Sent{Number: whole[:n], After: now, Left: number[n:]}
		case !last && between > wait:
			return Sent{Number: whole[:n], After: wait, Left: number[n:]}
		}
	}
	if whole != number {
		return Sent{Number: whole} // by the key
	}
	return Sent{Number: whole, After: pause}
}

// mapped reports whether a Yealink's digit map is on; that of the account counts before the
// phone's.
func (s *Settings) mapped() bool {
	if s.era == YealinkV70 {
		return false
	}
	if _, set := s.files["account.1.dialplan.digitmap.enable"]; set {
		return s.on("account.1.dialplan.digitmap.enable")
	}
	return s.on("dialplan.digitmap.enable")
}

// dialNow reports whether a rule to dial now fits what was typed.
func (s *Settings) dialNow(typed string) bool {
	return slices.ContainsFunc(s.dialNowRules, func(r rule) bool {
		p, ok := newDigitPattern(r.text)
		return ok && p.complete(p.read(typed))
	})
}

// rule is one of a Yealink's numbered rules.
type rule struct {
	n    int
	text string
}

// numbered are a Yealink's rules of a kind, in their order.
func (s *Settings) numbered(name string) (out []rule) {
	for n := 1; n <= rules && s.yealink(); n++ {
		if text := s.Value(name + strconv.Itoa(n)); text != "" {
			out = append(out, rule{n, text})
		}
	}
	return out
}

// rewritten applies a Yealink's rules to a number that is about to leave: a prefix is
// replaced, an area code put before it, and a number that is blocked does not leave.
func (s *Settings) rewritten(sent Sent) Sent {
	if sent.Number == "" || s.mapped() {
		return sent
	}
	for _, r := range s.prefixes {
		if rest, ok := strings.CutPrefix(sent.Number, r.text); ok {
			sent.Number = s.valuef("dialplan.replace.replace.%d", r.n) + rest
			break
		}
	}
	code, n := s.Value("dialplan.area_code.code"), len(sent.Number)
	if code != "" && n >= s.count("dialplan.area_code.min_len") && n <= s.count("dialplan.area_code.max_len") {
		sent.Number = code + sent.Number
	}
	if slices.ContainsFunc(s.blocked, func(r rule) bool { return r.text == sent.Number }) {
		return Sent{}
	}
	return sent
}
