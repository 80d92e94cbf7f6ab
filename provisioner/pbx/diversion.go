package pbx

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MaxDiversions bounds how often a call may have been diverted, here and elsewhere, before
// it is forwarded outside once more.
const MaxDiversions = 5

// Diversions are what a call brings along about its way before it came here: the
// numbers that diverted it, by Diversion (RFC 5806) and by History-Info (RFC 7044).
type Diversions struct {
	Numbers []string // that diverted it, as carriers wrote them; each once
	Count   int      // how often it was diverted, at least the length of Numbers
}

var (
	divertedBy = regexp.MustCompile(`(?:sips?|tel):(\+?[0-9]{3,20})(?:[^0-9]|$)`)
	counter    = regexp.MustCompile(`counter=([0-9]{1,3})`)
)

// DiversionMark stands in the text of diversions between Diversion and History-Info.
const DiversionMark = "|"

// ParseDiversions reads the text that the dialplan makes of both headers. Of a history the
// last entry is the number that the call is for.
func ParseDiversions(text string) (d Diversions) {
	diversion, history, _ := strings.Cut(text, DiversionMark)
	var found []string
	for _, m := range divertedBy.FindAllStringSubmatch(diversion, -1) {
		found = append(found, m[1])
	}
	counted := 0
	for _, m := range counter.FindAllStringSubmatch(diversion, -1) {
		n, _ := strconv.Atoi(m[1])
		counted += n
	}
	passed := divertedBy.FindAllStringSubmatch(history, -1)
	for _, m := range passed[:max(0, len(passed)-1)] {
		found = append(found, m[1])
	}
	for _, n := range found {
		if !slices.Contains(d.Numbers, n) {
			d.Numbers = append(d.Numbers, n)
		}
	}
	d.Count = max(counted, len(passed)-1, len(d.Numbers))
	return d
}

// By returns the diversions after a number has diverted the call once more.
func (d Diversions) By(number string) Diversions {
	out := Diversions{Count: d.Count + 1}
	if number != "" {
		out.Numbers = []string{number}
	}
	for _, n := range d.Numbers {
		if n != number && len(out.Numbers) < MaxDiversions {
			out.Numbers = append(out.Numbers, n)
		}
	}
	return out
}

// Diversion is the value of the header, the last diversion first. The count is that of all.
func (d Diversions) Diversion() string {
	var parts []string
	for i, n := range d.Numbers {
		times := 1
		if i == 0 {
			times = max(1, d.Count-len(d.Numbers)+1)
		}
		parts = append(parts, fmt.Sprintf("<sip:%s@%s>;reason=unknown;counter=%d", n, nowhere, times))
	}
	return strings.Join(parts, ", ")
}

// History is the value of History-Info for a call to a number, the first diversion first.
func (d Diversions) History(to string) string {
	way := append(slices.Clone(d.Numbers), to)
	slices.Reverse(way[:len(d.Numbers)])
	index, parts := "1", []string(nil)
	for _, n := range way {
		parts = append(parts, fmt.Sprintf("<sip:%s@%s>;index=%s", n, nowhere, index))
		index += ".1"
	}
	return strings.Join(parts, ", ")
}

// nowhere is the host of numbers that belong to the telephone network.
const nowhere = "dialtone.invalid"

// sameNumber reports whether a text from outside, such as a caller's number, is a number.
func (r routing) sameNumber(e *Extension, number, text string) bool {
	if text == "" {
		return false
	}
	iso := r.s.CountryOf(e)
	return CallerNumber(iso, text) == CallerNumber(iso, number)
}

// wasDiverted reports whether the call was diverted by a number before it came here.
func (r routing) wasDiverted(e *Extension, by string) bool {
	return slices.ContainsFunc(r.c.Diverted.Numbers, func(n string) bool { return r.sameNumber(e, by, n) })
}

// identity is the number by which a carrier knows where a call was forwarded from: the one
// that it brought the call for, else a number of the extension, else what the trunk shows.
func (r routing) identity(e *Extension) string {
	if n := r.calledNumber(); n != nil {
		return n.Number
	}
	if e.PresentationNumber != "" {
		return e.PresentationNumber
	}
	for _, n := range r.s.NumbersOf(e.Tenant) {
		if n.Destination == (Destination{ToExtension, e.Number}) {
			return n.Number
		}
	}
	if t := r.s.TrunkFor(e.Tenant, NumberSIP); t != nil {
		return t.CallerNumber
	}
	return ""
}

// calledNumber is the number of the tenant that the call came in for; nil for other calls.
func (r routing) calledNumber() *Number {
	if r.c.Device(r.s) != nil {
		return nil
	}
	if n := r.s.NumberSent(r.c.Tenant, r.c.Dialled); n != nil {
		return n
	}
	return r.defaultNumber()
}

// circles says why a call must not be forwarded from e to a number outside: it comes from
// there, or it has come by here before. "" when it may.
func (r routing) circles(e *Extension, number string) string {
	switch {
	case r.sameNumber(e, number, r.c.Caller):
		return "where the call comes from"
	case r.wasDiverted(e, number):
		return "which has diverted the call to here"
	case r.c.Diverted.Count >= MaxDiversions:
		return fmt.Sprintf("because the call was diverted %d times already", r.c.Diverted.Count)
	}
	for _, n := range r.s.NumbersOf(e.Tenant) {
		mine := n.Destination == (Destination{ToExtension, e.Number}) || n == r.calledNumber() ||
			n.Number == e.PresentationNumber
		if mine && r.wasDiverted(e, n.Number) {
			return "because " + n.Number + " has diverted the call once already"
		}
	}
	return ""
}

// forwardsFrom is where a call is that a rule may send on: an extension, or its tenant for
// a ring group.
func (r routing) forwardsFrom() *Extension {
	way := r.way()
	if last := way[len(way)-1]; last.Kind == ToExtension {
		if e := r.s.Extension(r.c.Tenant, last.Key); e != nil {
			return e
		}
	}
	return &Extension{Tenant: r.c.Tenant}
}

// tellDiverted notes in a dial that leads outside which number forwards the call there.
func (r routing) tellDiverted(dial *Step, owner *Extension, number string) {
	if len(r.c.Hops) == 0 {
		return
	}
	d := r.c.Diverted // of a call that comes back to try another trunk it says so already
	if !r.c.Resumed {
		d = d.By(r.identity(owner))
	}
	if len(d.Numbers) == 0 {
		return
	}
	dial.Diverted = true
	dial.Set = append(dial.Set, Variable{"__" + DivertedVariable, d.Diversion()},
		Variable{"_" + HistoryVariable, d.History(number)})
}
