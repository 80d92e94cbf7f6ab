package pbx

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Feature is something that a phone does by a code that is dialled. As text it is
// the field of the API.
type Feature string

// The features. An off code ends what the code before it began.
const (
	FeatureVoicemail             Feature = "voicemail"
	FeaturePickup                Feature = "pickup"
	FeatureDirectedPickup        Feature = "directed_pickup"
	FeatureSignIn                Feature = "sign_in"
	FeatureSignOut               Feature = "sign_out"
	FeatureForwardAll            Feature = "forward_all"
	FeatureForwardAllOff         Feature = "forward_all_off"
	FeatureForwardBusy           Feature = "forward_busy"
	FeatureForwardBusyOff        Feature = "forward_busy_off"
	FeatureForwardNoAnswer       Feature = "forward_no_answer"
	FeatureForwardNoAnswerOff    Feature = "forward_no_answer_off"
	FeatureForwardUnreachable    Feature = "forward_unreachable"
	FeatureForwardUnreachableOff Feature = "forward_unreachable_off"
	FeatureDoNotDisturb          Feature = "do_not_disturb"
	FeatureDoNotDisturbOff       Feature = "do_not_disturb_off"
	FeatureCallWaiting           Feature = "call_waiting"
	FeatureCallWaitingOff        Feature = "call_waiting_off"
	FeatureIntercom              Feature = "intercom"
	FeatureEcho                  Feature = "echo_test"
	FeatureMonitor               Feature = "monitor"
	FeatureRecord                Feature = "record" // pressed during a call, not dialled
)

// FeatureKind is one feature and its default.
type FeatureKind struct {
	Feature Feature
	Default string
	Takes   bool // a number may follow the code
}

// Features lists all. No default is an extension number, and none that is dialled begins
// another.
var Features = []FeatureKind{
	{FeatureVoicemail, VoicemailCode, false}, {FeaturePickup, PickupCode, false}, {FeatureDirectedPickup, "**", true},
	{FeatureSignIn, SignInCode, false}, {FeatureSignOut, SignOutCode, false},
	{FeatureForwardAll, "*72", true}, {FeatureForwardAllOff, "*73", false},
	{FeatureForwardBusy, "*90", true}, {FeatureForwardBusyOff, "*91", false},
	{FeatureForwardNoAnswer, "*92", true}, {FeatureForwardNoAnswerOff, "*93", false},
	{FeatureForwardUnreachable, "*94", true}, {FeatureForwardUnreachableOff, "*95", false},
	{FeatureDoNotDisturb, "*78", true}, {FeatureDoNotDisturbOff, "*79", false},
	{FeatureCallWaiting, "*70", true}, {FeatureCallWaitingOff, "*71", false},
	{FeatureIntercom, "*50", true}, {FeatureEcho, "*43", false},
	{FeatureMonitor, "*55", true}, {FeatureRecord, "*1", false},
}

// FeatureCodes is what a tenant's phones dial for features. Every tenant has them;
// DefaultFeatureCodes hold until somebody changes them.
type FeatureCodes struct {
	Tenant string
	// Codes has every feature: 1–10 of 0-9, * and #, or "" for one that is off.
	Codes map[Feature]string
	// ParkSlots are the numbers at which calls are parked, as "701-720"; "" for none.
	ParkSlots string
	// ParkSeconds is how long a parked call waits before it rings the phone that parked it.
	ParkSeconds int
	Version     int64
	Revision    int64
}

// What holds for a tenant that nobody changed.
const (
	DefaultParkSlots   = "701-720"
	DefaultParkSeconds = 60
	maxParkSlots       = 100
	maxParkSlot        = 999_999
)

// DefaultFeatureCodes returns the codes of a tenant that nobody changed.
func DefaultFeatureCodes(tenant string) *FeatureCodes {
	c := &FeatureCodes{Tenant: tenant, Codes: make(map[Feature]string, len(Features)), ParkSlots: DefaultParkSlots,
		ParkSeconds: DefaultParkSeconds}
	for _, f := range Features {
		c.Codes[f.Feature] = f.Default
	}
	return c
}

// FeatureCodePattern is what a code is made of.
var FeatureCodePattern = regexp.MustCompile(`^[0-9*#]{1,10}$`)

// Validate returns all broken rules that the codes break by themselves.
func (c *FeatureCodes) Validate() error {
	var es Errors
	for i, f := range Features {
		code := c.Codes[f.Feature]
		if code == "" {
			continue
		}
		if !FeatureCodePattern.MatchString(code) {
			es.Add(Invalidf(string(f.Feature),
				"%s is not a code: use 1 to 10 of 0 to 9, * and #, or nothing to switch the feature off", quote(code)))
			continue
		}
		for _, o := range Features[:i] {
			es.Add(f.clash(code, o, c.Codes[o.Feature]))
		}
	}
	es.Add(c.checkPressed())
	es.Add(c.checkSlots())
	es.Add(c.checkEmergency())
	es.Add(CheckRange("park_seconds", c.ParkSeconds, 10, 3600, "seconds"))
	return es.Err()
}

// pressed reports whether a code is pressed during a call and means nothing where it is
// dialled.
func (f Feature) pressed() bool { return f == FeatureRecord }

// pressedPattern refuses digits: they are typed into menus of the other side during a call.
var pressedPattern = regexp.MustCompile(`^[*#].`)

func (c *FeatureCodes) checkPressed() *Error {
	if code := c.Codes[FeatureRecord]; code != "" && !pressedPattern.MatchString(code) {
		return Invalidf(string(FeatureRecord), "%s is pressed during a call: begin with * or #, and use at least one more",
			quote(code))
	}
	return nil
}

// checkEmergency refuses what would be in the way of a call for help, in any
// country: extensions of one tenant may be in several.
func (c *FeatureCodes) checkEmergency() *Error {
	byName, _ := countries()
	for _, iso := range slices.Sorted(maps.Keys(byName)) {
		for _, number := range EmergencyNumbers(iso) {
			if err := c.CheckNumber("emergency number", number); err != nil {
				return err
			}
		}
	}
	return nil
}

// clash refuses a code that could be meant where another feature's is dialled.
func (f FeatureKind) clash(code string, o FeatureKind, other string) *Error {
	switch {
	case other == "", f.Feature.pressed(), o.Feature.pressed():
		return nil
	case code == other:
		return Invalidf(string(f.Feature), "%s is the code of %s already", code, o.Feature)
	case (f.Takes || o.Takes) && (strings.HasPrefix(code, other) || strings.HasPrefix(other, code)):
		return Invalidf(string(f.Feature),
			"%s begins like %s, the code of %s, or the other way round, and a number may follow one of them", code, other,
			o.Feature)
	}
	return nil
}

var slotsPattern = regexp.MustCompile(`^([1-9][0-9]{1,5})-([1-9][0-9]{1,5})$`)

// Slots returns the first and the last slot; 0 and 0 when there are none.
func (c *FeatureCodes) Slots() (first, last int) {
	m := slotsPattern.FindStringSubmatch(c.ParkSlots)
	if m == nil {
		return 0, 0
	}
	first, _ = strconv.Atoi(m[1])
	last, _ = strconv.Atoi(m[2])
	return first, last
}

func (c *FeatureCodes) checkSlots() *Error {
	first, last := c.Slots()
	switch {
	case c.ParkSlots == "":
		return nil
	case first == 0 || last < first || len(strconv.Itoa(first)) != len(strconv.Itoa(last)):
		return Invalidf("park_slots", "%s is not a range of slots: write it as 701-720, 2 to 6 digits each",
			quote(c.ParkSlots))
	case last-first >= maxParkSlots:
		return Invalidf("park_slots", "are %d, and at most %d are allowed", last-first+1, maxParkSlots)
	}
	for slot := first; slot <= last; slot++ {
		if f, _, is := c.Read(strconv.Itoa(slot)); is {
			return Invalidf("park_slots", "has the slot %d, which is dialled for %s", slot, f)
		}
	}
	return nil
}

// IsSlot reports whether a number is one at which calls are parked.
func (c *FeatureCodes) IsSlot(number string) bool {
	n, err := strconv.Atoi(number)
	if err != nil || n > maxParkSlot {
		return false
	}
	first, last := c.Slots()
	return first > 0 && n >= first && n <= last && strconv.Itoa(n) == number
}

// Read finds the feature that was dialled, and the number that followed its code.
func (c *FeatureCodes) Read(dialled string) (f Feature, number string, ok bool) {
	for _, k := range Features {
		code := c.Codes[k.Feature]
		rest, begins := strings.CutPrefix(dialled, code)
		if code != "" && begins && !k.Feature.pressed() && (rest == "" || k.Takes) {
			return k.Feature, rest, true
		}
	}
	return "", "", false
}

// CheckFree refuses a number of an extension or a group that would be dialled for a
// feature, or for a slot.
func (c *FeatureCodes) CheckFree(field, number string) *Error {
	if f, _, is := c.Read(number); is {
		return Invalidf(field, "%s is dialled for a feature: feature-codes have %s as %s", quote(number), c.Codes[f], f)
	}
	if c.IsSlot(number) {
		return Invalidf(field, "%s is a place for parked calls: feature-codes have park_slots %s", quote(number), c.ParkSlots)
	}
	return nil
}

// CheckNumber refuses codes and slots that a number of the tenant stands in the way
// of.
func (c *FeatureCodes) CheckNumber(what, number string) *Error {
	if f, _, is := c.Read(number); is {
		return Invalidf(string(f), "%s stands in the way of %s %s", c.Codes[f], what, number)
	}
	if c.IsSlot(number) {
		return Invalidf("park_slots", "%s has the number of %s %s", c.ParkSlots, what, number)
	}
	return nil
}

// Clone copies codes.
func (c *FeatureCodes) Clone() *FeatureCodes {
	out := *c
	out.Codes = maps.Clone(c.Codes)
	return &out
}

// indexFeatureCodes finds the codes of every tenant.
func (s *Snapshot) indexFeatureCodes() {
	slices.SortFunc(s.FeatureCodes, func(a, b *FeatureCodes) int { return strings.Compare(a.Tenant, b.Tenant) })
	usual := DefaultFeatureCodes("")
	s.codes = make(map[string]*FeatureCodes, len(s.Tenants))
	for _, t := range s.Tenants {
		codes := *usual
		codes.Tenant, s.codes[t.Name] = t.Name, &codes
	}
	for _, c := range s.FeatureCodes {
		s.codes[c.Tenant] = c
	}
}

// CodesOf returns the feature codes of a tenant.
func (s *Snapshot) CodesOf(tenant string) *FeatureCodes {
	if c := s.codes[tenant]; c != nil {
		return c
	}
	return DefaultFeatureCodes(tenant)
}
