package pbx

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ButtonKind says what a key of a phone does.
type ButtonKind string

// The kinds of button.
const (
	NoButton        ButtonKind = "none"       // nothing; takes away what a template put there
	LineButton      ButtonKind = "line"       // the registration Line
	BLFButton       ButtonKind = "blf"        // the lamp of extension Value; pressed, it calls
	SpeedDialButton ButtonKind = "speed-dial" // calls Value
	ParkButton      ButtonKind = "park"       // parks the call at Value
	PickupButton    ButtonKind = "pickup"     // takes the call that rings at extension Value, or in a group; or dials Value
	DTMFButton      ButtonKind = "dtmf"       // sends Value as tones into the call
	// ForwardButton switches the forward of every call to Value on and off, and shows it.
	ForwardButton   ButtonKind = "forward"
	VoicemailButton ButtonKind = "voicemail"      // calls the messages; Value is the number, the tenant's code without
	IntercomButton  ButtonKind = "intercom"       // calls Value to be answered by itself
	DNDButton       ButtonKind = "do-not-disturb" // switches do not disturb on and off, and shows it
	ParkedButton    ButtonKind = "parked"         // the lamp of park slot Value; pressed, it takes the call
	URLButton       ButtonKind = "url"            // asks for the web address Value

	HoldButton       ButtonKind = "hold"       // holds the call, and takes it back
	TransferButton   ButtonKind = "transfer"   // transfers the call to Value; without, to what is dialled next
	ConferenceButton ButtonKind = "conference" // joins a third party to the call
	RecordButton     ButtonKind = "record"     // has the call recorded, and ends that
	RedialButton     ButtonKind = "redial"     // calls the last number again
	DirectoryButton  ButtonKind = "directory"  // opens the phonebook
	LDAPButton       ButtonKind = "ldap"       // searches the phonebook over LDAP
	HistoryButton    ButtonKind = "history"    // opens the list of calls
	PagingButton     ButtonKind = "paging"     // speaks to the phones that listen at the multicast address Value
)

// ButtonKinds lists all kinds.
var ButtonKinds = []ButtonKind{LineButton, BLFButton, SpeedDialButton, ParkButton, PickupButton, DTMFButton,
	ForwardButton, VoicemailButton, IntercomButton, DNDButton, ParkedButton, URLButton, HoldButton, TransferButton,
	ConferenceButton, RecordButton, RedialButton, DirectoryButton, LDAPButton, HistoryButton,
	PagingButton, NoButton}

// ofPhone are kinds that the phone does by itself, without a value.
var ofPhone = []ButtonKind{HoldButton, ConferenceButton, RecordButton, RedialButton, DirectoryButton, LDAPButton,
	HistoryButton}

// ButtonOf is the kind of button that does what a feature code does.
func ButtonOf(f Feature) ButtonKind {
	switch f {
	case FeatureVoicemail:
		return VoicemailButton
	case FeaturePickup, FeatureDirectedPickup:
		return PickupButton
	case FeatureIntercom:
		return IntercomButton
	case FeatureDoNotDisturb, FeatureDoNotDisturbOff:
		return DNDButton
	case FeatureRecord:
		return RecordButton
	case FeatureForwardAll, FeatureForwardAllOff:
		return ForwardButton
	}
	return SpeedDialButton
}

// Lamp reports whether a button of the kind shows a setting or a slot.
func (k ButtonKind) Lamp() bool { return k == ForwardButton || k == DNDButton || k == ParkedButton }

// The most keys and modules that any model has.
const (
	MaxKeys    = 120
	MaxModules = 6
)

// Button is what one key of a phone or of an expansion module does.
type Button struct {
	Module int // 0 is the phone itself, 1 the first module
	Key    int // 1 is the first
	Kind   ButtonKind
	Value  string // extension, number, digits or address, as Kind says
	Label  string // what stands beside it; "" is the name of the extension, or Value
	Line   int    // registration that it uses; 1 is the first
}

// DefaultButtons is the Model of the template for all phones of a tenant.
const DefaultButtons = "default"

// ButtonTemplate is the buttons of all phones of a model, or of all phones of a
// tenant. A phone's own button stands before its model's, that before the
// tenant's.
type ButtonTemplate struct {
	Tenant   string
	Model    string   // key: a model's name, or DefaultButtons
	Buttons  []Button // sorted by Module and Key, no two the same
	Version  int64
	Revision int64
}

// Validate returns all broken rules that do not depend on a model.
func (t *ButtonTemplate) Validate() error {
	var es Errors
	es.Add(CheckText("model", t.Model, 1, 20, 0))
	checkButtons(&es, t.Buttons)
	return es.Err()
}

// Place names a key as the API does: "5", or "m2-7" for key 7 of module 2.
func (b Button) Place() string {
	if b.Module == 0 {
		return strconv.Itoa(b.Key)
	}
	return fmt.Sprintf("m%d-%d", b.Module, b.Key)
}

// Field is the JSON path of a button or of one of its members.
func (b Button) Field(member string) string {
	if member == "" {
		return "buttons." + b.Place()
	}
	return "buttons." + b.Place() + "." + member
}

var placePattern = regexp.MustCompile(`^(?:m([1-9]\d?)-)?([1-9]\d{0,2})$`)

// ParsePlace is the inverse of Button.Place.
func ParsePlace(s string) (module, key int, err *Error) {
	m := placePattern.FindStringSubmatch(s)
	if m == nil {
		return 0, 0, Invalidf("buttons",
			"%s names no key: write 5 for key 5 of the phone, m2-7 for key 7 of its second expansion module", quote(s))
	}
	if m[1] != "" {
		module, _ = strconv.Atoi(m[1])
	}
	key, _ = strconv.Atoi(m[2])
	return module, key, nil
}

// SortButtons puts buttons in the order in which they are stored.
func SortButtons(bs []Button) []Button {
	return slices.SortedFunc(slices.Values(bs), Button.Compare)
}

// Compare orders buttons by module and key.
func (b Button) Compare(o Button) int {
	return cmp.Or(cmp.Compare(b.Module, o.Module), cmp.Compare(b.Key, o.Key))
}

func checkButtons(es *Errors, bs []Button) {
	seen := map[string]bool{}
	for _, b := range bs {
		b.check(es)
		if seen[b.Place()] {
			es.Add(Invalidf(b.Field(""), "is given twice"))
		}
		seen[b.Place()] = true
	}
}

func (b Button) check(es *Errors) {
	es.Add(CheckRange(b.Field(""), b.Key, 1, MaxKeys, ""))
	es.Add(CheckRange(b.Field(""), b.Module, 0, MaxModules, "modules"))
	es.Add(CheckText(b.Field("label"), b.Label, 0, 40, 0))
	es.Add(CheckRange(b.Field("line"), b.Line, 1, MaxLines, ""))
	if !slices.Contains(ButtonKinds, b.Kind) {
		es.Add(Invalidf(b.Field("kind"), "%s is not a kind of button", quote(string(b.Kind))))
		return
	}
	es.Add(b.checkValue(b.Field("value")))
}

var (
	// A '#' at the start would begin a comment in a Yealink's file, for all that is known.
	dialPattern = regexp.MustCompile(`^[0-9A-Za-z*+][0-9A-Za-z*#+]{0,39}$`)
	tonePattern = regexp.MustCompile(`^[0-9A-D*][0-9A-D*#]{0,31}$`)
)

// Forwards reports whether the value is a number that calls can be forwarded to.
func (b Button) Forwards() bool {
	return CheckNumber("value", b.Value) == nil || CheckExternalNumber("value", b.Value) == nil
}

// checkValue refuses what the kind cannot use. A '$' or '^' would begin a macro
// in a Polycom's action.
func (b Button) checkValue(field string) *Error {
	if slices.Contains(ofPhone, b.Kind) || b.Kind == NoButton || b.Kind == LineButton || b.Kind == DNDButton {
		if b.Value != "" {
			return Refusedf(field, "a button of kind %s has no value", b.Kind)
		}
		return nil
	}
	switch b.Kind {
	case PagingButton:
		return CheckMulticast(field, b.Value)
	case BLFButton:
		if strings.HasPrefix(b.Value, "*") || strings.HasPrefix(b.Value, "#") {
			return Invalidf(field, "%s is a code, and a lamp shows an extension: use kind voicemail, pickup, "+
				"intercom, do-not-disturb or forward for what these do, and speed-dial for other codes", quote(b.Value))
		}
		return CheckNumber(field, b.Value)
	case ForwardButton:
		if !b.Forwards() {
			return Invalidf(field, "%s is neither an extension nor a number outside", quote(b.Value))
		}
	case DTMFButton:
		if !tonePattern.MatchString(b.Value) {
			return Invalidf(field, "%s cannot be sent as tones: use 1 to 32 of 0 to 9, A to D, * and #, not # first",
				quote(b.Value))
		}
	case URLButton:
		u, err := url.Parse(b.Value)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || len(b.Value) > 255 ||
			strings.ContainsAny(b.Value, "$^ \"'<>") {
			return Invalidf(field, "%s is not a web address of at most 255 characters without quotes, blanks, $ and ^",
				quote(b.Value))
		}
		return CheckText(field, b.Value, 1, 255, 255)
	case VoicemailButton, PickupButton, TransferButton:
		if b.Value == "" {
			return nil
		}
		fallthrough
	default:
		if !dialPattern.MatchString(b.Value) {
			return Invalidf(field, "%s cannot be dialled: use 1 to 40 digits, letters, *, # and +, not # first", quote(b.Value))
		}
	}
	return nil
}
