package phoneconf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// yealinkHandset is one handset of a base; one without a registration is written to be
// cleared.
type yealinkHandset struct {
	N       int
	Enabled bool
	Label   yealinkValue
	Lines   yealinkValue // by commas
	OutLine int
}

// handsets lists as many as the base has accounts: each with what it was told, or with the
// account of its own number.
func (w *yealinkWriter) handsets(in *input, m Model) []yealinkHandset {
	if m.Era != YealinkDECT {
		return nil
	}
	out := make([]yealinkHandset, m.Accounts)
	for i := range out {
		h := pbx.Handset{Number: i + 1, Lines: []int{i + 1}}
		if j := slices.IndexFunc(in.handsets, func(h pbx.Handset) bool { return h.Number == i+1 }); j >= 0 {
			h = in.handsets[j]
		}
		out[i].N = h.Number
		l := in.line(h.OutLine())
		if l == nil {
			continue
		}
		texts := make([]string, len(h.Lines))
		for j, n := range h.Lines {
			texts[j] = fmt.Sprint(n)
		}
		out[i].Enabled, out[i].OutLine, out[i].Lines = true, h.OutLine(), w.value("lines", strings.Join(texts, ","))
		out[i].Label = w.value("name", readable(h.Name, in.lineLabel(l, yealinkTextBytes), yealinkTextBytes))
	}
	return out
}

// checkHandset refuses a handset that the model has not, and registrations that the base has
// not.
func (m Model) checkHandset(h pbx.Handset, lines map[int]bool) *pbx.Error {
	switch {
	case m.Era == YealinkMulticell:
		return pbx.Refusedf(h.Field(""), "a %s gives a handset its account when it is subscribed there", m.Name)
	case m.Era != YealinkDECT:
		return pbx.Refusedf(h.Field(""), "a %s has no handsets", m.Name)
	case h.Number > m.Accounts:
		return pbx.Refusedf(h.Field(""), "a %s has handsets 1 to %d", m.Name, m.Accounts)
	}
	for _, n := range h.Lines {
		if !lines[n] {
			return pbx.Refusedf(h.Field("lines"), "%d is no registration of this phone", n)
		}
	}
	return nil
}

// FittingHandsets leaves of a phone's handsets those that its model has.
func FittingHandsets(p *pbx.Phone) []pbx.Handset {
	m, _ := Lookup(p.Vendor, p.Model)
	lines := map[int]bool{}
	for _, l := range p.Lines {
		lines[l.Registration] = true
	}
	return slices.DeleteFunc(p.Handsets, func(h pbx.Handset) bool { return m.checkHandset(h, lines) != nil })
}
