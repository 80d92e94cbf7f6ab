package pbx

import (
	"strings"
	"time"
)

// Account is a place in the account tree, as text: "" is the platform, others are "reseller
// NAME" and "tenant NAME".
type Account string

// AccountOf returns the account of a tenant, else of a reseller, else the platform.
func AccountOf(reseller, tenant string) Account {
	switch {
	case tenant != "":
		return Account("tenant " + tenant)
	case reseller != "":
		return Account("reseller " + reseller)
	}
	return ""
}

// Tenant returns the tenant that the account is, or "".
func (a Account) Tenant() string {
	name, _ := strings.CutPrefix(string(a), "tenant ")
	if name == string(a) {
		return ""
	}
	return name
}

// Reseller returns the reseller that the account is, or "".
func (a Account) Reseller() string {
	name, _ := strings.CutPrefix(string(a), "reseller ")
	if name == string(a) {
		return ""
	}
	return name
}

// String names the account: "platform" for "".
func (a Account) String() string {
	if a == "" {
		return "platform"
	}
	return string(a)
}

// NumberState is how far a number of the inventory may be used.
type NumberState string

// The states. A tenant has a number in state assigned, and in no other.
const (
	NumberAvailable  NumberState = "available"
	NumberReserved   NumberState = "reserved" // kept for somebody; may be assigned
	NumberAssigned   NumberState = "assigned"
	NumberPortingIn  NumberState = "porting-in"
	NumberAging      NumberState = "aging" // rests after its last user
	NumberPortingOut NumberState = "porting-out"
	NumberReleased   NumberState = "released" // given back to the carrier
)

// nextStates are the states that an admin may set. Assigning and unassigning set the rest.
var nextStates = map[NumberState][]NumberState{
	NumberAvailable:  {NumberReserved, NumberPortingOut, NumberAging, NumberReleased},
	NumberReserved:   {NumberAvailable},
	NumberPortingIn:  {NumberAvailable},
	NumberAging:      {NumberAvailable, NumberReleased},
	NumberPortingOut: {NumberAvailable, NumberReleased},
	NumberReleased:   {NumberAvailable},
}

// CheckNumberState refuses a change of state that no number makes.
func CheckNumberState(from, to NumberState) *Error {
	if from == to {
		return nil
	}
	next := make([]string, 0, 4)
	for _, s := range nextStates[from] {
		if s == to {
			return nil
		}
		next = append(next, string(s))
	}
	if len(next) == 0 {
		return Refusedf("state", "state of a number that is %s changes by unassigning it", from)
	}
	return Refusedf("state", "state of a number that is %s can become %s, not %s", from, strings.Join(next, ", "), to)
}

// InventoryNumber is a number as a thing that accounts hand on. What a tenant uses it for is
// its Number.
type InventoryNumber struct {
	Number   string // key, in E.164
	Reseller string // that has it in its branch; "" is the platform
	// Tenant and Destination are of the Number; "" while no tenant has it.
	Tenant      string
	Destination Destination
	Kind        string // local, global, toll-free, vanity, mobile
	KindGuessed bool
	// Voice, SMS and Fax are its capabilities.
	Voice, SMS, Fax bool
	// VoiceCarrier and SMSProfile are names of carriers of Reseller or of one above; "" for
	// none. A defaulted one was nobody's choice.
	VoiceCarrier   string
	VoiceDefaulted bool
	SMSProfile     string
	SMSDefaulted   bool
	// Brand and Campaign are what it is registered as for text messages in the United States
	// (10DLC); Registered says that the carrier has let it in.
	Brand, Campaign string
	Registered      bool
	State           NumberState
	AgingUntil      time.Time // when it becomes available by itself; zero: never
	UploadedBy      Account
	Version         int64 // row version
	Revision        int64 // configuration revision of the last change
}

// CheckNumberKind refuses what is no kind of number.
func CheckNumberKind(field, kind string) *Error {
	switch kind {
	case "local", "global", "toll-free", "vanity", "mobile":
		return nil
	}
	return Invalidf(field, "%s is not a choice: use local, global, toll-free, vanity or mobile", quote(kind))
}

// Validate returns all broken rules.
func (n *InventoryNumber) Validate() error {
	var es Errors
	es.Add(CheckE164("number", n.Number))
	es.Add(CheckNumberKind("kind", n.Kind))
	if n.Reseller != "" {
		es.Add(CheckResellerName("reseller", n.Reseller))
	}
	for field, name := range map[string]string{"voice_carrier": n.VoiceCarrier, "sms_profile": n.SMSProfile} {
		if name != "" {
			es.Add(CheckName(field, name))
		}
	}
	if n.VoiceCarrier != "" && !n.Voice {
		es.Add(Refusedf("voice_carrier", "a number without voice has no voice carrier"))
	}
	if n.SMSProfile != "" && !n.SMS {
		es.Add(Refusedf("sms_profile", "a number without SMS has no SMS carrier profile"))
	}
	es.Add(CheckText("brand", n.Brand, 0, 40, 0))
	es.Add(CheckText("campaign", n.Campaign, 0, 40, 0))
	if n.Registered && (n.Brand == "" || n.Campaign == "") {
		es.Add(Refusedf("registered", "a number is registered with a brand and a campaign: name both"))
	}
	return es.Err()
}

// SameService reports whether two rows have the same capabilities and carriers.
func (n *InventoryNumber) SameService(o *InventoryNumber) bool {
	return n.Voice == o.Voice && n.SMS == o.SMS && n.Fax == o.Fax && n.VoiceCarrier == o.VoiceCarrier &&
		n.SMSProfile == o.SMSProfile
}
