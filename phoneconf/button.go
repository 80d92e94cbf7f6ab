package phoneconf

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// buttonsOn returns what the keys of a phone do. Each registration stands on the
// key of its number; the tenant's template covers that, the model's covers the
// tenant's, the phone's own buttons cover all. What a template puts on a key that
// the model has not, or on a line that the phone has not, is left out.
func (in *input) buttonsOn(s *pbx.Snapshot, p *pbx.Phone, m Model) []pbx.Button {
	type place struct{ module, key int }
	at := map[place]pbx.Button{}
	for _, l := range in.lines {
		if l.registration <= m.LineKeys {
			at[place{0, l.registration}] = pbx.Button{Key: l.registration, Kind: pbx.LineButton, Line: l.registration}
		}
	}
	for _, layer := range [][]pbx.Button{s.ButtonsOf(p.Tenant, pbx.DefaultButtons), s.ButtonsOf(p.Tenant, m.Name), p.Buttons} {
		for _, b := range layer {
			if m.fits(b) && (b.Kind == pbx.NoButton || in.line(b.Line) != nil) {
				at[place{b.Module, b.Key}] = b
			}
		}
	}
	var out []pbx.Button
	for b := range maps.Values(at) {
		if b.Kind != pbx.NoButton {
			out = append(out, in.complete(s, p.Tenant, b))
		}
	}
	return pbx.SortButtons(out)
}

// complete fills in what a button was not told.
func (in *input) complete(s *pbx.Snapshot, tenant string, b pbx.Button) pbx.Button {
	if b.Kind == pbx.VoicemailButton && b.Value == "" {
		b.Value = pbx.VoicemailCode
	}
	if b.Label != "" {
		return b
	}
	switch b.Kind {
	case pbx.LineButton:
		b.Label = in.lineLabel(in.line(b.Line), yealinkTextBytes)
	case pbx.VoicemailButton:
		b.Label = "Voicemail"
	case pbx.URLButton:
		b.Label = fmt.Sprintf("Key %d", b.Key)
	default:
		b.Label = b.Value
		if e := s.Extension(tenant, b.Value); e != nil {
			b.Label = e.Name
		}
	}
	return b
}

// button returns what a key does, or nil.
func (in *input) button(module, key int) *pbx.Button {
	i := slices.IndexFunc(in.buttons, func(b pbx.Button) bool { return b.Module == module && b.Key == key })
	if i < 0 {
		return nil
	}
	return &in.buttons[i]
}
