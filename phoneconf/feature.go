package phoneconf

import (
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// dndLabel stands beside a key that nobody named.
const dndLabel = "Do not disturb"

// onKey is a code as phones can be told to dial it: none that begins with '#',
// which begins a comment in a Yealink's file for all that is known.
func onKey(code string) string {
	if strings.HasPrefix(code, "#") {
		return ""
	}
	return code
}

// feature turns a button into what the tenant's codes make of it. A key whose
// feature is off does nothing.
func (in *input) feature(s *pbx.Snapshot, tenant string, b pbx.Button) pbx.Button {
	codes := s.CodesOf(tenant).Codes
	isExtension := s.Extension(tenant, b.Value) != nil
	switch {
	case b.Kind == pbx.VoicemailButton && b.Value == "":
		b.Value = onKey(codes[pbx.FeatureVoicemail])
	case b.Kind == pbx.PickupButton && b.Value == "":
		b.Value = in.pickup
	case b.Kind == pbx.PickupButton && isExtension:
		b.Value = before(in.directed, b.Value)
	case b.Kind == pbx.IntercomButton && isExtension:
		b.Value = before(onKey(codes[pbx.FeatureIntercom]), b.Value)
	case b.Kind == pbx.RecordButton && codes[pbx.FeatureRecord] == "":
		b.Kind = pbx.NoButton
		return b
	case b.Kind == pbx.RecordButton && in.vendor == pbx.Polycom:
		b.Value = codes[pbx.FeatureRecord] // pressed in the call
		return b
	case b.Kind == pbx.ParkedButton:
		return b
	case b.Kind.Lamp():
		return in.setting(codes, b)
	default:
		return b
	}
	if b.Value == "" {
		b.Kind = pbx.NoButton
	}
	return b
}

// before puts a code before a number; a code that is off makes nothing of it.
func before(code, number string) string {
	if code == "" {
		return ""
	}
	return code + number
}

// setting makes the lamp of a setting that the key switches on and off. A forward
// that would be refused is no key.
func (in *input) setting(codes map[pbx.Feature]string, b pbx.Button) pbx.Button {
	code := onKey(codes[pbx.FeatureDoNotDisturb])
	if b.Kind == pbx.ForwardButton {
		code = onKey(codes[pbx.FeatureForwardAll])
		if !b.Forwards() {
			code = ""
		}
	}
	l := in.line(b.Line)
	if code == "" || l == nil || l.number == "" {
		b.Kind = pbx.NoButton // the phone's own is switched off
		return b
	}
	to := ""
	if b.Kind == pbx.ForwardButton {
		to = pbx.ToggleMark + b.Value
	}
	b.Kind, b.Value = pbx.BLFButton, code+l.number+to
	return b
}
