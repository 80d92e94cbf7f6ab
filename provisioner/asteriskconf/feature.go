package asteriskconf

import (
	"slices"
	"strconv"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// featureCode is what is dialled for a feature, in dialplan text. The zero value is
// a feature that is off.
type featureCode struct {
	text  string
	takes bool // a number may follow
}

// newFeatureCode refuses what pbx refuses as a code.
func newFeatureCode(k pbx.FeatureKind, s string) (featureCode, *pbx.Error) {
	if s != "" && !pbx.FeatureCodePattern.MatchString(s) {
		return featureCode{}, pbx.Invalidf(string(k.Feature), "is not a code: use 1 to 10 of 0 to 9, * and #")
	}
	return featureCode{s, k.Takes}, nil
}

// Any reports whether the feature is on.
func (c featureCode) Any() bool { return c.text != "" }

// String is the extension that matches what is dialled: the code, or a pattern for
// what begins with it. No character of a code means something in a pattern.
func (c featureCode) String() string {
	if !c.takes {
		return c.text
	}
	return "_" + c.text + "!"
}

// Numbered is the pattern of the code with a number behind it.
func (c featureCode) Numbered() string { return "_" + c.text + "[0-9A-Za-z]!" }

// Rest is what was dialled behind the code, of which a dialplan could misread
// nothing.
func (c featureCode) Rest() string { return "${FILTER(0-9A-Za-z,${EXTEN" + c.from() + "})}" }

// Own is the part of it that stands before a toggle mark.
func (c featureCode) Own() string {
	return "${CUT(EXTEN" + c.from() + "," + pbx.ToggleMark + ",1)}"
}

func (c featureCode) from() string { return ":" + strconv.Itoa(len(c.text)) }

// featureView is what a tenant's phones dial for features, as the template sees it.
type featureView struct {
	Voicemail, Pickup, Directed, SignIn, SignOut, Intercom, Echo, Monitor featureCode
	Settings                                                              []featureCode // all that change one
	Lamps                                                                 []featureLamp
	Park, Set                                                             contextName
	Slots                                                                 []slotNumber
}

// featureLamp shows a setting of each extension.
type featureLamp struct {
	Code    featureCode
	feature pbx.Feature
	tenant  string
}

// of is the device state of the setting of an extension.
func (l featureLamp) of(number string) string { return pbx.LampDevice(l.feature, l.tenant, number) }

func featuresOf(es *pbx.Errors, s *pbx.Snapshot, tenant string) (v featureView) {
	codes := s.CodesOf(tenant)
	to := map[pbx.Feature]*featureCode{pbx.FeatureVoicemail: &v.Voicemail, pbx.FeaturePickup: &v.Pickup,
		pbx.FeatureDirectedPickup: &v.Directed,
		pbx.FeatureSignIn:         &v.SignIn, pbx.FeatureSignOut: &v.SignOut, pbx.FeatureIntercom: &v.Intercom,
		pbx.FeatureEcho: &v.Echo, pbx.FeatureMonitor: &v.Monitor,
		pbx.FeatureRecord: new(featureCode)} // is not dialled
	all := map[pbx.Feature]featureCode{}
	for _, k := range pbx.Features {
		var code featureCode
		into(es, &code)(newFeatureCode(k, codes.Codes[k.Feature]))
		all[k.Feature] = code
		if at := to[k.Feature]; at != nil {
			*at = code
		} else if code.Any() {
			v.Settings = append(v.Settings, code)
		}
	}
	for _, f := range pbx.LampFeatures {
		if code := all[f]; code.Any() {
			v.Lamps = append(v.Lamps, featureLamp{code, f, tenant})
		}
	}
	into(es, &v.Park)(newContextName("name", tenant, pbx.ParkContext))
	into(es, &v.Set)(newContextName("name", tenant, pbx.SettingContext))
	v.Slots = slotsOf(codes)
	return v
}

// PickedUp is the argument of Pickup for the extension that was dialled behind the
// code.
func (v featureView) PickedUp(tenant contextName) string {
	return pbx.PickupOf(tenant.String(), v.Directed.Rest())
}

// SlotHints are the slots in descending order.
func (v featureView) SlotHints() []slotNumber {
	out := slices.Clone(v.Slots)
	slices.Reverse(out)
	return out
}

// slotNumber is a number at which calls are parked.
type slotNumber int

func slotsOf(c *pbx.FeatureCodes) (out []slotNumber) {
	first, last := c.Slots()
	for n := first; n <= last && n > 0; n++ {
		out = append(out, slotNumber(n))
	}
	return out
}

// String is the number as it is dialled.
func (n slotNumber) String() string { return strconv.Itoa(int(n)) }

// pickupMark is what marks an endpoint for directed pickup: 101.acme. The zero
// value is none.
type pickupMark struct{ text string }

func newPickupMark(field, tenant, number string) (pickupMark, *pbx.Error) {
	if err := pbx.CheckTenantName(field, tenant); err != nil {
		return pickupMark{}, err
	}
	if err := pbx.CheckNumber(field, number); err != nil {
		return pickupMark{}, err
	}
	return pickupMark{pbx.PickupMark(tenant, number)}, nil
}

func (m pickupMark) String() string { return m.text }

// Any reports whether there is a mark.
func (m pickupMark) Any() bool { return m.text != "" }
