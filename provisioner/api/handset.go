package api

import (
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Handset is a cordless handset of a base.
type Handset struct {
	Name        string       `json:"name,omitempty" doc:"What it shows, at most 40 characters; the label of its default line if left out"`
	Lines       []LineNumber `json:"lines" nullable:"false" doc:"Registrations of the base that ring there and that it can dial out on"`
	DefaultLine int          `json:"default_line,omitempty" minimum:"1" maximum:"250" doc:"The one that it dials out on unless its user chooses; the first of lines if left out"`
}

// LineNumber is a registration of a phone. Its bounds are in the schema, whose errors name a
// member of a list; those of encoding/json do not.
type LineNumber int

// Schema implements huma.SchemaProvider.
func (LineNumber) Schema(huma.Registry) *huma.Schema {
	least, most := 1.0, float64(pbx.MaxLines)
	return &huma.Schema{Type: huma.TypeInteger, Minimum: &least, Maximum: &most}
}

func handsetFields(hs []pbx.Handset) map[string]Handset {
	if len(hs) == 0 {
		return nil
	}
	out := make(map[string]Handset, len(hs))
	for _, h := range hs {
		lines := make([]LineNumber, len(h.Lines))
		for i, n := range h.Lines {
			lines[i] = LineNumber(n)
		}
		out[strconv.Itoa(h.Number)] = Handset{h.Name, lines, h.DefaultLine}
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
		lines := make([]int, len(h.Lines))
		for i, line := range h.Lines {
			lines[i] = int(line)
		}
		out = append(out, pbx.Handset{Number: n, Name: h.Name, Lines: lines, DefaultLine: h.DefaultLine})
	}
	return pbx.SortHandsets(out), nil
}
