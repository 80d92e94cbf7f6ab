package pbx

// Device is what registers and rings: one SIP account with credentials of its
// own. It belongs to at most one extension; an extension may have several.
type Device struct {
	Tenant    string
	Name      string // key within the tenant, for people
	Extension string // number of the extension it rings for; "" while unassigned
	// Endpoint is the name of its PJSIP endpoint, AOR and auth, and its SIP user
	// name. Random unless a third-party device chose it; unique over all tenants.
	Endpoint string
	Secret   Secret      // SIP password, 16–64 characters
	Class    DeviceClass // "" means Hardware
	// QualifySeconds is the pause between OPTIONS that ask whether it still
	// answers, 0–3600; 0 asks never, its status is then UNMONITORED.
	QualifySeconds int
	Version        int64
	Revision       int64
}

// DefaultQualifySeconds is how often a device is asked whether it still answers.
const DefaultQualifySeconds = 60

// NewEndpointName returns a random endpoint name: 'd' and 16 characters of a–z
// and 2–7, 80 bits, so that nobody guesses a SIP user name.
func NewEndpointName() string { return "d" + randomText(10) }

// NewDeviceSecret returns a SIP password of 160 random bits.
func NewDeviceSecret() Secret { return RandomSecret(20) }

// Validate returns all broken rules.
func (d *Device) Validate() error {
	var es Errors
	es.Add(CheckName("name", d.Name))
	if d.Extension != "" {
		es.Add(CheckNumber("extension", d.Extension))
	}
	if d.Class != "" {
		es.Add(checkClass("class", d.Class))
	}
	es.Add(CheckRange("qualify_seconds", d.QualifySeconds, 0, 3600, "seconds"))
	if p := d.Secret.Reveal(); len(p) < 16 || len(p) > 64 || !plainSecret(p) {
		es.Add(Invalidf("secret", "must be 16 to 64 letters and digits; leave it out to get a random one"))
	}
	return es.Err()
}
