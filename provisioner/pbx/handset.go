package pbx

import (
	"cmp"
	"fmt"
	"slices"
)

// Handset is a cordless handset of a base, and which of the base's registrations it uses.
type Handset struct {
	Number int    `json:"number"`         // as the base numbers them, 1 is the first
	Name   string `json:"name,omitempty"` // what it shows; "" is the label of DefaultLine
	Lines  []int  `json:"lines"`          // registrations that ring there and can be dialled out on
	// DefaultLine is the one that it dials out on unless its user chooses; 0 is the first of Lines.
	DefaultLine int `json:"default_line,omitempty"`
}

// MaxHandsets is the most handsets of a base whose handsets can be told their registrations.
const MaxHandsets = 10

// OutLine is the registration that a handset dials out on.
func (h Handset) OutLine() int {
	if h.DefaultLine != 0 {
		return h.DefaultLine
	}
	return h.Lines[0]
}

// SortHandsets puts handsets in the order in which they are stored.
func SortHandsets(hs []Handset) []Handset {
	return slices.SortedFunc(slices.Values(hs), func(a, b Handset) int { return cmp.Compare(a.Number, b.Number) })
}

// Field is the JSON path of a handset or of one of its members.
func (h Handset) Field(member string) string {
	if member == "" {
		return fmt.Sprintf("handsets.%d", h.Number)
	}
	return fmt.Sprintf("handsets.%d.%s", h.Number, member)
}

func (h Handset) check(es *Errors) {
	es.Add(CheckRange(h.Field(""), h.Number, 1, MaxHandsets, ""))
	es.Add(CheckText(h.Field("name"), h.Name, 0, 40, 0))
	if len(h.Lines) == 0 {
		es.Add(Invalidf(h.Field("lines"), "names no registration: a handset has at least one"))
		return
	}
	for i, n := range h.Lines {
		field := fmt.Sprintf("%s[%d]", h.Field("lines"), i)
		es.Add(CheckRange(field, n, 1, MaxLines, ""))
		if slices.Contains(h.Lines[:i], n) {
			es.Add(Invalidf(field, "%d is given twice", n))
		}
	}
	if !slices.Contains(h.Lines, h.OutLine()) {
		es.Add(Invalidf(h.Field("default_line"), "is %d, which is not among its lines", h.DefaultLine))
	}
}
