package pbx

import (
	"fmt"
	"strings"
)

// Setting is what a caller changes at his own extension by a feature code.
type Setting struct {
	Tenant    string
	Extension string
	// Feature is the code that switches it on; its off code counts as it.
	Feature Feature
	Act     SettingAct
	// To is where calls go from now on; zero for what is no forward, and for a
	// forward that is to be switched off.
	To Destination
}

// SettingAct says what is done with a setting.
type SettingAct string

// The acts. A toggle switches off what is on, and on what is off.
const (
	SwitchOn  SettingAct = "on"
	SwitchOff SettingAct = "off"
	Toggle    SettingAct = "toggle"
)

// switches names for each off code what it switches off.
var switches = map[Feature]Feature{
	FeatureForwardAllOff: FeatureForwardAll, FeatureForwardBusyOff: FeatureForwardBusy,
	FeatureForwardNoAnswerOff:    FeatureForwardNoAnswer,
	FeatureForwardUnreachableOff: FeatureForwardUnreachable, FeatureDoNotDisturbOff: FeatureDoNotDisturb,
	FeatureCallWaitingOff: FeatureCallWaiting,
}

// settingWords say for people what a feature sets.
var settingWords = map[Feature]string{
	FeatureForwardAll: "forwarding of every call", FeatureForwardBusy: "forwarding when busy",
	FeatureForwardNoAnswer:    "forwarding of unanswered calls",
	FeatureForwardUnreachable: "forwarding when unreachable", FeatureDoNotDisturb: "do not disturb",
	FeatureCallWaiting: "call waiting",
}

// ToggleMark stands between a caller's own number and where calls are to go, in
// what a key dials that switches a forward on and off: *72101*205.
const ToggleMark = "*"

// IsForward reports whether a feature sends calls somewhere.
func (f Feature) IsForward() bool {
	return f == FeatureForwardAll || f == FeatureForwardBusy || f == FeatureForwardNoAnswer ||
		f == FeatureForwardUnreachable
}

// setting decides what a code sets. The answer is spoken, whether it is set or
// refused, so every plan is one step of the same kind.
func setting(r routing, f Feature, number string) Plan {
	set, why := readSetting(r, f, number)
	if why != "" {
		return Plan{Steps: []Step{{Kind: StepSetting, Rule: "refused: " + why}}}
	}
	rule := fmt.Sprintf("switches %s of extension %s %s", settingWords[set.Feature], set.Extension, set.Act)
	if set.Act == Toggle {
		rule = fmt.Sprintf("switches %s of extension %s on if it is off, and off if it is on", settingWords[set.Feature],
			set.Extension)
	}
	if !set.To.IsZero() {
		rule += ", to " + set.To.String()
	}
	return Plan{Steps: []Step{{Kind: StepSetting, Setting: &set, Rule: rule}}}
}

// readSetting reads what is to be set, or says why it is refused.
func readSetting(r routing, f Feature, number string) (set Setting, why string) {
	e := r.c.Extension(r.s)
	switch {
	case r.c.By != "":
		return set, "a code that changes settings is dialled, and nobody is transferred to it"
	case e == nil:
		return set, "the caller's device belongs to no extension whose settings it could change"
	}
	set = Setting{Tenant: e.Tenant, Extension: e.Number, Feature: f, Act: SwitchOn}
	if on := switches[f]; on != "" {
		set.Feature, set.Act = on, SwitchOff
		return set, ""
	}
	own, to, toggled := strings.Cut(number, ToggleMark)
	switch {
	case own == e.Number:
		set.Act = Toggle
	case toggled || number != "" && !f.IsForward():
		return set, fmt.Sprintf("%s is not the caller's own extension", quote(own))
	case number == "" && f.IsForward():
		return set, "the number to forward to is missing behind the code"
	default:
		to = number
	}
	if to == "" {
		return set, ""
	}
	if !f.IsForward() {
		return set, fmt.Sprintf("%s behind the code is too much", quote(number))
	}
	set.To, why = r.reachable(e, to)
	return set, why
}

// reachable returns the destination that a number means for a forward of extension e,
// or the reason why it may not be one.
func (r routing) reachable(e *Extension, number string) (to Destination, why string) {
	if number == e.Number {
		return to, "an extension is not forwarded to itself"
	}
	if r.s.Extension(e.Tenant, number) != nil {
		return Destination{ToExtension, number}, ""
	}
	if g := r.s.RingGroupAt(e.Tenant, number); g != nil {
		return Destination{ToRingGroup, g.Name}, ""
	}
	if q := r.s.QueueAt(e.Tenant, number); q != nil {
		return Destination{ToQueue, q.Name}, ""
	}
	if CheckExternalNumber("", number) != nil {
		return to, fmt.Sprintf("%s is neither an extension, group or queue nor a number outside", quote(number))
	}
	if err := CheckLedTo("", number, r.s.CountriesOf(e.Tenant)); err != nil {
		return to, err.Message
	}
	if first := toOutside(r, DoorForward, e, number).Steps[0]; first.Kind == StepHangup {
		return to, "extension " + e.Number + " may not forward there: " + first.Rule
	}
	return Destination{ToExternal, number}, ""
}

// On reports whether a setting is on; f is nil for an extension without a forward.
func (set Setting) On(e *Extension, f *Forward) bool {
	switch set.Feature {
	case FeatureDoNotDisturb:
		return e.DoNotDisturb
	case FeatureCallWaiting:
		return !e.NoCallWaiting
	}
	if f == nil {
		return false
	}
	if set.Feature == FeatureForwardAll {
		return f.Mode == ForwardDestination || f.overridden()
	}
	return !f.condition(set.Feature).IsZero()
}

// condition is where the calls of one kind go.
func (f *Forward) condition(kind Feature) *Destination {
	switch kind {
	case FeatureForwardBusy:
		return &f.Busy
	case FeatureForwardNoAnswer:
		return &f.NoAnswer
	}
	return &f.Unreachable
}

// overridden reports whether a rule that always holds stands before a schedule.
func (f *Forward) overridden() bool {
	if f.Mode != ForwardSchedule || len(f.Rules) == 0 {
		return false
	}
	r := f.Rules[0]
	return len(r.Days) == 0 && r.From == "" && r.FirstDate == "" && r.LastDate == "" &&
		len(r.Callers) == 0 && !r.Devices
}

// Set sends the calls of one kind to a destination, or none of them if that is
// zero. Everything else stays: a schedule waits behind a rule that always holds.
func (f *Forward) Set(kind Feature, to Destination) {
	if kind != FeatureForwardAll {
		*f.condition(kind) = to
		if f.NoAnswer.IsZero() {
			f.NoAnswerSeconds = 0
		}
		return
	}
	if f.Mode != ForwardSchedule {
		f.Destination, f.Mode = to, ForwardDestination
		if to.IsZero() {
			f.Mode = ForwardOff
		}
		return
	}
	rules := f.Rules
	if f.overridden() {
		rules = rules[1:]
	}
	f.Rules = nil
	if !to.IsZero() {
		f.Rules = append(f.Rules, CallRule{Destination: to})
	}
	if f.Rules = append(f.Rules, rules...); len(f.Rules) == 0 {
		f.Mode, f.Rules = ForwardOff, nil
	}
}

// Sounds are what a caller hears when a setting is on or off from now on, as the
// argument of Playback.
func (set Setting) Sounds(on bool) string {
	what := map[Feature]string{FeatureDoNotDisturb: "do-not-disturb", FeatureCallWaiting: "call-waiting",
		FeatureForwardBusy:     "call-fwd-on-busy",
		FeatureForwardNoAnswer: "call-fwd-no-ans", FeatureForwardAll: "call-fwd-unconditional"}[set.Feature]
	if what == "" {
		what = "call-forwarding"
	}
	if on {
		return what + "&activated"
	}
	return what + "&de-activated"
}
