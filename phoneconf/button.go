package phoneconf

import (
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// buttonsOn returns what the keys of a phone do. Each registration stands on the
// key of its number; the tenant's template covers that, the model's covers the
// tenant's, the phone's own buttons cover all. What a template puts on a key that
// the model has not, or on a line that the phone has not, is left out.
func (in *input) buttonsOn(s *pbx.Snapshot, p *pbx.Phone, m Model) []pbx.Button {
	var at []pbx.Button
	put := func(b pbx.Button) {
		if i := slices.IndexFunc(at, func(o pbx.Button) bool { return o.Module == b.Module && o.Key == b.Key }); i >= 0 {
			at[i] = b
			return
		}
		at = append(at, b)
	}
	for _, l := range in.lines {
		if l.registration <= m.LineKeys {
			put(pbx.Button{Key: l.registration, Kind: pbx.LineButton, Line: l.registration})
		}
	}
	for _, layer := range [][]pbx.Button{s.ButtonsOf(p.Tenant, pbx.DefaultButtons), s.ButtonsOf(p.Tenant, m.Name),
		p.Buttons} {
		for _, b := range layer {
			if m.fits(b) && (b.Kind == pbx.NoButton || in.line(b.Line) != nil) {
				put(b)
			}
		}
	}
	for i := range at {
		at[i] = in.complete(s, p.Tenant, at[i])
	}
	at = slices.DeleteFunc(at, func(b pbx.Button) bool { return b.Kind == pbx.NoButton || !m.can(b.Kind) })
	slices.SortFunc(at, pbx.Button.Compare)
	return at
}

// complete fills in what a button was not told.
func (in *input) complete(s *pbx.Snapshot, tenant string, b pbx.Button) pbx.Button {
	was := b
	b = in.feature(s, tenant, b)
	if b.Label != "" {
		return b
	}
	switch b.Kind {
	case pbx.LineButton:
		b.Label = in.lineLabel(in.line(b.Line), yealinkTextBytes)
	case pbx.VoicemailButton:
		b.Label = "Voicemail"
	case pbx.DNDButton:
		b.Label = dndLabel
	case pbx.URLButton:
		b.Label = fmt.Sprintf("Key %d", b.Key)
	default:
		if b.Label = was.Value; was.Kind == pbx.DNDButton {
			b.Label = dndLabel
		}
		if e := s.Extension(tenant, was.Value); e != nil {
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
