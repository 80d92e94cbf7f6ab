package phoneconf

import (
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// buttonsOn returns what the keys of a phone do, completed. Keys that do nothing are not
// there.
func (in *input) buttonsOn(s *pbx.Snapshot, p *pbx.Phone, m Model) []pbx.Button {
	at := in.layered(s, p, m)
	for i := range at {
		at[i] = in.complete(s, p.Tenant, at[i])
	}
	at = slices.DeleteFunc(at, func(b pbx.Button) bool { return b.Kind == pbx.NoButton || !m.can(b.Kind) })
	slices.SortFunc(at, pbx.Button.Compare)
	return at
}

// layered returns what was put on the keys of a phone. Each registration stands on the
// key of its number; the tenant's template covers that, the model's covers the
// tenant's, the phone's own buttons cover all. What a template puts on a key that
// the model has not, or on a line that the phone has not, is left out.
func (in *input) layered(s *pbx.Snapshot, p *pbx.Phone, m Model) []pbx.Button {
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
	return at
}

// keyLabels stand beside keys that nobody named.
var keyLabels = map[pbx.ButtonKind]string{
	pbx.VoicemailButton: "Voicemail", pbx.DNDButton: dndLabel, pbx.HoldButton: "Hold", pbx.TransferButton: "Transfer",
	pbx.ConferenceButton: "Conference", pbx.RecordButton: "Record", pbx.RedialButton: "Redial",
	pbx.DirectoryButton: "Directory", pbx.HistoryButton: "Calls", pbx.LDAPButton: "Search", pbx.PagingButton: "Page",
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
	case pbx.URLButton:
		b.Label = fmt.Sprintf("Key %d", b.Key)
	default:
		if b.Label = keyLabels[was.Kind]; b.Label == "" {
			b.Label = was.Value
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
