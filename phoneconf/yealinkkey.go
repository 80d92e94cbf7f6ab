package phoneconf

import (
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// yealinkTypes are the numbers of kinds of key (phones/yealink.md, 4.2).
var yealinkTypes = map[pbx.ButtonKind]int{
	pbx.ForwardButton: 2, pbx.PickupButton: 9, pbx.ParkButton: 10, pbx.DTMFButton: 11, pbx.VoicemailButton: 12, pbx.SpeedDialButton: 13,
	pbx.IntercomButton: 14, pbx.LineButton: 15, pbx.BLFButton: 16, pbx.URLButton: 17,
}

// yealinkKey is one key of the phone, or of a module; Type 0 does nothing.
type yealinkKey struct {
	Module, N, Type    int
	Memory             int // number of the memory key that it is, 0 for none
	Line, Value, Label yealinkValue
}

// keys lists every key of the phone or of a module, used or not: what is missing
// stays as it was.
func (w *yealinkWriter) keys(in *input, m Model, module, n int) []yealinkKey {
	out := make([]yealinkKey, 0, n)
	for key := 1; key <= n; key++ {
		if module > 0 && key == 21 && m.has(NoModuleKey21) {
			continue
		}
		out = append(out, w.key(in, m, module, key))
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
	if b.Kind == pbx.BLFButton && m.has(BLFFromZero) {
		line--
	}
	k.Type, k.Line = yealinkTypes[b.Kind], w.value("line", fmt.Sprint(line))
	k.Value = w.value("value of key "+b.Place(), b.Value)
	k.Label = w.value("label of key "+b.Place(), readable(b.Label, b.Value, yealinkTextBytes))
	return k
}
