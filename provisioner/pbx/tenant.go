package pbx

import (
	"regexp"
	"time"
	_ "time/tzdata" // a minimal container has no zone database
)

// DefaultTenant is the tenant that exists from the first start.
const DefaultTenant = "default"

// Tenant is an organisation whose extensions are invisible to every other one.
// Extension numbers may repeat across tenants; endpoint names never do.
type Tenant struct {
	Name     string // key; 1–31 of a-z, 0-9, '-'
	Reseller string // that owns it; "" is the platform
	Title    string // what people call it, 0–100 characters; shown on phones without a line label
	Timezone string // IANA name; clocks of phones and times in voicemail
	// PhonePassword opens the web page of the tenant's phones as admin. Random,
	// never the vendor's default.
	PhonePassword Secret
	// MaxExtensions is how many extensions the licence allows; 0 is without limit.
	MaxExtensions int
	// PhoneNetworks are where its phones may ask for files from, in the form of
	// CleanNetworks; none means anywhere.
	PhoneNetworks []string
	// CDRDays is for how many days records of its calls are kept; 0 is for ever.
	CDRDays int
	// RecordingDays is for how many days recordings are kept, RecordingMegabytes how many of 1,000,000
	// bytes, the oldest removed first; 0 is without limit.
	RecordingDays, RecordingMegabytes int

	Country        string // ISO 3166-1 alpha-2, of extensions that have none; "" for none
	ClassOfService string // of extensions that have none, and ring groups; "" is standardClass
	// ForwardCaller tells which number a carrier is shown for a call that is forwarded
	// outside; "" is ShowExtension.
	ForwardCaller ForwardCaller
	// Anonymous says what becomes of anonymous calls to its numbers: allow or refuse; "" allows
	// them.
	Anonymous AnonymousCalls
	// MaxCalls is how many calls its trunks carry at once, 0–10,000; 0 is without limit.
	MaxCalls int
	// FirstExtension is where the search for a free number begins, 2 to 6 digits; "" is the
	// lowest number of such an extension.
	FirstExtension string
	// MaxNumbers is how many numbers it may have, 0–1,000,000; 0 is without limit.
	MaxNumbers int
	// MaxTexts is how many segments of text messages it may send in a day, 0–1,000,000; 0 is none.
	MaxTexts int
	// AllowExternalNumbers lets its admins add numbers that no account above has.
	AllowExternalNumbers bool
	// ClaimNumbers lets its admins take available numbers of the account above.
	ClaimNumbers bool
	// Guard bounds its calls outside in sum; GuardCeiling does too, and is the account's above.
	// The smaller bound of both holds.
	Guard, GuardCeiling Guard
	// VoicemailSubject and VoicemailText are its own words for mails about voicemail messages,
	// see CheckVoicemailMail; "" is what Dialtone writes in the mailbox's language.
	VoicemailSubject    string
	VoicemailText       string
	EmergencyMail       []string // addresses that are told of calls for help, at most 10
	EmergencyTestNumber string   // that tests a call for help, 2 to 6 digits; "" for none
	Music               []string // announcements that are its music on hold, in their order; none is Asterisk's
	Version             int64    // row version, for ETag
	Revision            int64    // configuration revision of the last change
}

var firstExtensionPattern = regexp.MustCompile(`^[1-9][0-9]{1,5}$`)

// ForwardCaller is the party that is shown as the caller of a forwarded call.
type ForwardCaller string

// The choices. Carriers that accept only numbers of their customer refuse or
// replace a caller's; they may want the Diversion header (RFC 5806) that comes
// with it.
const (
	ShowExtension ForwardCaller = "extension" // the number of the extension that forwards
	ShowCaller    ForwardCaller = "caller"    // the caller's own
)

// Validate returns all broken rules.
func (t *Tenant) Validate() error {
	var es Errors
	es.Add(CheckTenantName("name", t.Name))
	es.Add(CheckText("title", t.Title, 0, 100, 0))
	es.Add(CheckTimezone("timezone", t.Timezone))
	es.Add(CheckRange("max_extensions", t.MaxExtensions, 0, 1_000_000, "extensions"))
	if p := t.PhonePassword.Reveal(); len(p) < 8 || len(p) > 32 || !plainSecret(p) {
		es.Add(Invalidf("phone_password", "must be 8 to 32 letters and digits"))
	}
	if t.Reseller != "" {
		es.Add(CheckResellerName("reseller", t.Reseller))
	}
	if t.Reseller != "" && t.Name == DefaultTenant {
		es.Add(Refusedf("reseller", "tenant default belongs to the platform"))
	}
	es.Add(CheckRange("max_numbers", t.MaxNumbers, 0, 1_000_000, "numbers"))
	es.Add(CheckRange("max_texts", t.MaxTexts, 0, MostTextsPerDay, "segments"))
	es.Add(CheckRange("max_calls", t.MaxCalls, 0, maxCalls, "calls"))
	t.checkHelp(&es)
	checkMusic(&es, t.Music)
	t.Guard.Check(&es, "guard")
	t.GuardCeiling.Check(&es, "guard_ceiling")
	es.Add(CheckRange("cdr_days", t.CDRDays, 0, 36500, "days"))
	es.Add(CheckRange("recording_days", t.RecordingDays, 0, 36500, "days"))
	es.Add(CheckRange("recording_megabytes", t.RecordingMegabytes, 0, 1_000_000_000, "megabytes"))
	es.Add(CheckVoicemailMail("voicemail_subject", t.VoicemailSubject, 1, 200))
	es.Add(CheckVoicemailMail("voicemail_text", t.VoicemailText, 100, 500))
	es.Add(CheckCountry("country", t.Country))
	if t.ClassOfService != "" {
		es.Add(CheckName("class_of_service", t.ClassOfService))
	}
	if t.ForwardCaller != "" && t.ForwardCaller != ShowExtension && t.ForwardCaller != ShowCaller {
		es.Add(Invalidf("forward_caller", "%s is not a choice: use extension or caller", quote(string(t.ForwardCaller))))
	}
	if t.Anonymous != "" && t.Anonymous != AnonymousAllowed && t.Anonymous != AnonymousRefused {
		es.Add(Invalidf("anonymous", "%s is not a choice: use allow or refuse", quote(string(t.Anonymous))))
	}
	if t.FirstExtension != "" && !firstExtensionPattern.MatchString(t.FirstExtension) {
		es.Add(Invalidf("first_extension", "%s is not 2 to 6 digits without a zero in front", quote(t.FirstExtension)))
	}
	es = append(es, checkNetworks("phone_networks", t.PhoneNetworks)...)
	return es.Err()
}

// CallsOutside says in words what the extensions of a tenant may call outside that have no
// country and class of service of their own, once there is a trunk.
func (t *Tenant) CallsOutside() string {
	switch {
	case t.ClassOfService != "" && t.Country == "":
		return "what class of service " + t.ClassOfService +
			" allows, dialled with +, and numbers for help: the tenant has no country"
	case t.ClassOfService != "":
		return "what class of service " + t.ClassOfService + " allows, and numbers for help"
	case t.Country == "":
		return "toll-free numbers with + and numbers for help alone: the tenant has neither country nor class_of_service"
	}
	return "numbers of " + t.Country + " without a price of their own, toll-free numbers, and numbers for help"
}

// plainSecret reports whether p is made of letters and digits only, which phones
// of both vendors accept in every firmware.
func plainSecret(p string) bool {
	for _, c := range p {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return true
}

// Day returns the date of a time in the tenant's zone, such as 2026-11-30.
func (t *Tenant) Day(at time.Time) string { return at.In(locationOf(t.Timezone)).Format(time.DateOnly) }
