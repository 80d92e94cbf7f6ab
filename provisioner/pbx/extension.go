package pbx

import "regexp"

// Extension is the identity that people dial. What rings is its devices.
type Extension struct {
	Tenant      string
	Number      string   // key within the tenant; 1–20 letters and digits
	Name        string   // caller-ID name, 1–60 characters and at most 76 bytes
	RingSeconds int      // how long a device rings that has no time of its own, 5–300
	Ring        RingMode // "" is RingAll
	TwinNumber  string   // external number that rings with its devices, with confirmation; "" for none
	Mailbox     string   // mailbox that takes unanswered calls; "" ends them
	Hidden      bool     // not in the phonebooks of phones
	Presence    bool     // others may watch whether it rings or talks (BLF)
	// Groups are the phone groups it belongs to, sorted; nil for none.
	Groups []string
	Type   ExtensionType
	// ParentDevice is the device that a sip-virtual extension rings while it has no line of its
	// own on that device's phone; "" for others.
	ParentDevice string
	// AllowedDevices are the classes whose devices may register; nil allows all.
	AllowedDevices []DeviceClass
	Record         bool // calls to and from it are recorded
	RecordOnDemand bool // its phones may have a call recorded by a code during it; without effect where Record is set
	Monitors       bool // it may listen to calls of extensions that are Monitored, and talk in them
	Monitored      bool // others may do so in calls on its phones
	Anonymous      bool // calls from it show neither name nor number
	DoNotDisturb   bool // it does not ring: callers find it busy
	NoCallWaiting  bool // while one of its devices is in a call, it is busy
	BusyOnlyInCall bool // without call waiting, it is not busy while it only rings
	MaxCalls       int  // calls on its devices from which on it is busy, ringing ones too, 0–100; 0 is without limit
	// PresentationNumber is the number of the tenant that carriers are shown for its
	// calls; "" leaves that to the trunk.
	PresentationNumber string
	ClassOfService     string   // what it may call; "" is the tenant's
	Country            string   // ISO 3166-1 alpha-2: how it dials, and its tones; "" is the tenant's
	Timezone           string   // of the clock of its phones, where its user has none; "" is the tenant's
	Guard              Guard    // bounds its calls outside, beside the tenant's
	Music              []string // announcements that callers hear on hold; none is the tenant's
	Version            int64
	Revision           int64
}

// DefaultRingSeconds is how long an extension rings when nobody said otherwise.
const DefaultRingSeconds = 20

// NewExtension returns an extension with the defaults, and without a name.
func NewExtension(tenant, number string) *Extension {
	return &Extension{Tenant: tenant, Number: number, RingSeconds: DefaultRingSeconds, Ring: RingAll, Presence: true,
		Type: TypeSIP}
}

// Asterisk keeps a caller-ID name in 80 bytes (res_pjsip, caller_id_handler);
// quotes around it and the terminating zero take three.
const (
	maxNameBytes = 76
	maxNameRunes = 60
)

var numberPattern = regexp.MustCompile(`^[0-9A-Za-z]{1,20}$`)

// reservedNumbers are extension names to which Asterisk gives a meaning of its
// own (docs.asterisk.org, "Special Dialplan Extensions"); dialling them must not
// reach a person and a person must not be named so. The others, such as h and t,
// are single letters, and no single letter is a number.
var reservedNumbers = map[string]bool{"fax": true, "talk": true, "hang": true, "failed": true, "default": true}

// CheckNumber refuses what cannot be an extension or mailbox number.
func CheckNumber(field, s string) *Error {
	if !numberPattern.MatchString(s) {
		return Invalidf(field,
			"%s is not an extension number: use 1 to 20 digits or letters; digits if it must be dialled from a desk phone",
			quote(s))
	}
	if len(s) == 1 && (s[0] < '0' || s[0] > '9') {
		return Invalidf(field, "%s is a single letter, and each has a meaning of its own in Asterisk's dialplan", quote(s))
	}
	if reservedNumbers[s] {
		return Invalidf(field, "%s has a meaning of its own in Asterisk's dialplan", quote(s))
	}
	return nil
}

// Validate returns all broken rules.
func (e *Extension) Validate() error {
	var es Errors
	es.Add(CheckNumber("number", e.Number))
	es.Add(CheckText("name", e.Name, 1, maxNameRunes, maxNameBytes))
	es.Add(CheckRange("ring_seconds", e.RingSeconds, 5, 300, "seconds"))
	if e.Ring != RingAll && e.Ring != RingSequence && e.Ring != "" {
		es.Add(Invalidf("ring", "%s is not a way to ring: use all or sequence", quote(string(e.Ring))))
	}
	if e.TwinNumber != "" {
		es.Add(CheckExternalNumber("twin_number", e.TwinNumber))
	}
	if e.Mailbox != "" {
		es.Add(CheckNumber("mailbox", e.Mailbox))
	}
	es.Add(checkGroups("groups", e.Groups))
	checkMusic(&es, e.Music)
	es.Add(CheckRange("max_calls", e.MaxCalls, 0, 100, "calls"))
	if e.Timezone != "" {
		es.Add(CheckTimezone("timezone", e.Timezone))
	}
	e.Guard.Check(&es, "guard")
	e.checkOutward(&es)
	e.checkType(&es)
	e.checkEffect(&es)
	es.Add(checkAllowed("allowed_devices", e.AllowedDevices))
	return es.Err()
}
