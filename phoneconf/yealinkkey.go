package phoneconf

import (
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// yealinkTypes are the numbers of kinds of key (phones/yealink.md, 4.2). The numbers of
// redial and of the list of calls are those of programmable keys; a line key has neither.
var yealinkTypes = map[pbx.ButtonKind]int{
	pbx.ForwardButton: 2, pbx.PickupButton: 9, pbx.ParkButton: 10, pbx.DTMFButton: 11, pbx.VoicemailButton: 12,
	pbx.SpeedDialButton: 13,
	pbx.DNDButton:       5, pbx.ParkedButton: 16, pbx.IntercomButton: 14, pbx.LineButton: 15, pbx.BLFButton: 16,
	pbx.URLButton:  17,
	pbx.HoldButton: 4, pbx.TransferButton: 3, pbx.ConferenceButton: 1, pbx.PagingButton: 24, pbx.DirectoryButton: 61,
	pbx.LDAPButton:   38,
	pbx.RecordButton: 25, // INFO with Record: on and off, which Asterisk takes for the code
}

// yealinkKey is one key of the phone, or of a module; Type 0 does nothing.
type yealinkKey struct {
	Module, N, Type    int
	Memory             int // number of the memory key that it is, 0 for none
	Line, Value, Label yealinkValue
}

// yealinkModule is one expansion module. Most phones have none: one without a key
// in use takes no list.
type yealinkModule struct {
	N, Count int
	Gap      bool // there is no key 21
	Used     *[]yealinkKey
}

// Keys lists the module's keys.
func (d yealinkModule) Keys() []yealinkKey {
	if d.Used != nil {
		return *d.Used
	}
	out := make([]yealinkKey, 0, d.Count)
	for n := 1; n <= d.Count; n++ {
		if n != 21 || !d.Gap {
			out = append(out, yealinkKey{Module: d.N, N: n})
		}
	}
	return out
}

func (w *yealinkWriter) module(in *input, m Model, n int) yealinkModule {
	d := yealinkModule{N: n, Count: m.ModuleKeys, Gap: m.has(NoModuleKey21)}
	if !slices.ContainsFunc(in.buttons, func(b pbx.Button) bool { return b.Module == n }) {
		return d
	}
	keys := d.Keys()
	for i := range keys {
		keys[i] = w.key(in, m, n, keys[i].N)
	}
	d.Used = &keys
	return d
}

// keys lists every key of the phone, used or not: what is missing stays as it was.
func (w *yealinkWriter) keys(in *input, m Model) []yealinkKey {
	out := make([]yealinkKey, 0, m.Keys())
	for n := 1; n <= m.Keys(); n++ {
		out = append(out, w.key(in, m, 0, n))
	}
	return out
}

func (w *yealinkWriter) key(in *input, m Model, module, n int) yealinkKey {
	k := yealinkKey{Module: module, N: n}
	if module == 0 && n > m.LineKeys {
		k.Memory = n - m.LineKeys
	}
	b := in.button(module, n)
	if b == nil {
		return k
	}
	line := b.Line
	if (b.Kind == pbx.BLFButton || b.Kind == pbx.ParkedButton) && m.has(BLFFromZero) {
		line--
	}
	k.Type, k.Line = yealinkTypes[b.Kind], w.value("line", fmt.Sprint(line))
	k.Value = w.value("value of key "+b.Place(), b.Value)
	k.Label = w.value("label of key "+b.Place(), readable(b.Label, b.Value, yealinkTextBytes))
	return k
}
