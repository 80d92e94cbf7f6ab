package api

import (
	"strconv"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Handset is a cordless handset of a base.
type Handset struct {
	Name        string `json:"name,omitempty" doc:"What it shows, at most 40 characters; the label of its default line if left out"`
	Lines       []int  `json:"lines" nullable:"false" doc:"Registrations of the base that ring there and that it can dial out on"`
	DefaultLine int    `json:"default_line,omitempty" minimum:"1" maximum:"250" doc:"The one that it dials out on unless its user chooses; the first of lines if left out"`
}

func handsetFields(hs []pbx.Handset) map[string]Handset {
	if len(hs) == 0 {
		return nil
	}
	out := make(map[string]Handset, len(hs))
	for _, h := range hs {
		out[strconv.Itoa(h.Number)] = Handset{h.Name, h.Lines, h.DefaultLine}
	}
	return out
}

func buildHandsets(fields map[string]Handset) ([]pbx.Handset, error) {
	var out []pbx.Handset
	for text, h := range fields {
		n, err := strconv.Atoi(text)
		if err != nil || strconv.Itoa(n) != text || n < 1 || n > pbx.MaxHandsets {
			return nil, pbx.Invalidf("handsets", "%.20q names no handset: write 1 to %d, as the base numbers them", text,
				pbx.MaxHandsets)
		}
		out = append(out, pbx.Handset{Number: n, Name: h.Name, Lines: h.Lines, DefaultLine: h.DefaultLine})
	}
	return pbx.SortHandsets(out), nil
}
