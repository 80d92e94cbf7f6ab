package pbx

// Device is what rings: one account with credentials of its own, a DAHDI channel,
// or a number outside. It belongs to at most one extension; an extension may have several.
type Device struct {
	Tenant    string
	Name      string // key within the tenant, for people
	Kind      DeviceKind
	Extension string // number of the extension it rings for; "" while unassigned
	// ExternalNumber is the number that a device of kind external rings; "" for all others.
	ExternalNumber string
	// DAHDIChannel is the channel that a device of kind dahdi is at; 0 for all others.
	DAHDIChannel int
	RingSeconds  int  // how long it rings, 0–300; 0: as long as its extension
	RingOrder    int  // when it rings in a sequence, 1–99, or 0 before all others; the same order rings together
	Confirm      bool // external: the callee must press 1, so that no mailbox of the other side takes the call
	// Endpoint is the name of its PJSIP endpoint, AOR and auth, and its SIP user
	// name. Random unless a third-party device chose it; unique over all tenants.
	// Of a device of kind iax2 it is the name in iax.conf, of one of kind dahdi
	// DAHDIEndpoint. An external device has no such objects; the name is that of its leg.
	Endpoint string
	Secret   Secret      // SIP password, 16–64 characters
	Class    DeviceClass // "" means Hardware
	// QualifySeconds is the pause between OPTIONS that ask whether it still
	// answers, 0–3600; 0 asks never, its status is then UNMONITORED.
	QualifySeconds int
	// Shared makes it a desk for every user that signs in on it: Extension is then theirs,
	// and nothing else sets it.
	Shared   bool
	Location string // where it stands, for helpers, 0–200 characters; "" is not known
	Version  int64
	Revision int64
}

// DeviceKind is what a device is.
type DeviceKind string

// The kinds of device.
const (
	DeviceSIP      DeviceKind = "sip"      // registers; also the zero value
	DeviceIAX2     DeviceKind = "iax2"     // registers over IAX2
	DeviceDAHDI    DeviceKind = "dahdi"    // a phone at a DAHDI channel of the machine
	DeviceExternal DeviceKind = "external" // an external number, through the tenant's trunk
)

// SIP reports whether a device of the kind registers over SIP.
func (k DeviceKind) SIP() bool { return k == DeviceSIP || k == "" }

// Registers reports whether a device of the kind registers, with credentials.
func (k DeviceKind) Registers() bool { return k.SIP() || k == DeviceIAX2 }

// maxDAHDIChannel is DAHDI's own limit (DAHDI_MAX_CHANNELS).
const maxDAHDIChannel = 8192

// DefaultRingOrder is a device's place in a sequence when nobody said otherwise.
const DefaultRingOrder = 1

// DefaultQualifySeconds is how often a device is asked whether it still answers.
const DefaultQualifySeconds = 60

// NewEndpointName returns a random endpoint name: 'd' and 16 characters of a–z
// and 2–7, 80 bits, so that nobody guesses a SIP user name.
func NewEndpointName() string { return "d" + randomText(10) }

// NewDeviceSecret returns a SIP password of 160 random bits.
func NewDeviceSecret() Secret { return RandomSecret(20) }

// NewDevice returns a device with the defaults, which has credentials and no extension.
func NewDevice(tenant, name string) *Device {
	return &Device{Tenant: tenant, Name: name, Kind: DeviceSIP, Class: Hardware, RingOrder: DefaultRingOrder,
		QualifySeconds: DefaultQualifySeconds, Endpoint: NewEndpointName(), Secret: NewDeviceSecret()}
}

// Validate returns all broken rules.
func (d *Device) Validate() error {
	var es Errors
	es.Add(CheckText("location", d.Location, 0, maxLocation, 0))
	es.Add(CheckName("name", d.Name))
	if d.Extension != "" {
		es.Add(CheckNumber("extension", d.Extension))
	}
	if d.Class != "" {
		es.Add(checkClass("class", d.Class))
	}
	es.Add(d.checkKind())
	es.Add(CheckRange("ring_seconds", d.RingSeconds, 0, 300, "seconds"))
	es.Add(CheckRange("ring_order", d.RingOrder, 0, 99, ""))
	es.Add(CheckRange("qualify_seconds", d.QualifySeconds, 0, 3600, "seconds"))
	if p := d.Secret.Reveal(); len(p) < 16 || len(p) > 64 || !plainSecret(p) {
		es.Add(Invalidf("secret", "must be 16 to 64 letters and digits; leave it out to get a random one"))
	}
	return es.Err()
}

// checkKind refuses an unknown kind and what does not go with it.
func (d *Device) checkKind() *Error {
	switch {
	case !d.Kind.Registers() && d.Kind != DeviceDAHDI && d.Kind != DeviceExternal:
		return Invalidf("kind", "%s is not a kind of device: use sip, iax2, dahdi or external", quote(string(d.Kind)))
	case d.Kind == DeviceDAHDI && d.DAHDIChannel == 0:
		return Invalidf("dahdi_channel", "is required for a device of kind dahdi")
	case d.Kind == DeviceDAHDI && (d.DAHDIChannel < 1 || d.DAHDIChannel > maxDAHDIChannel):
		return CheckRange("dahdi_channel", d.DAHDIChannel, 1, maxDAHDIChannel, "")
	case d.Kind != DeviceDAHDI && d.DAHDIChannel != 0:
		return Invalidf("dahdi_channel", "is only for devices of kind dahdi")
	case d.Kind == DeviceIAX2 && d.Class == WebRTC:
		return Invalidf("class", "cannot be webrtc for a device of kind iax2: a browser speaks SIP")
	case d.Kind == DeviceExternal && d.ExternalNumber == "":
		return Invalidf("external_number", "is required for a device of kind external")
	case !d.Kind.SIP() && d.Shared:
		return Invalidf("shared", "is not for devices of kind %s: nobody can sign in on them", d.Kind)
	case d.Kind == DeviceExternal:
		return CheckExternalNumber("external_number", d.ExternalNumber)
	case d.ExternalNumber != "":
		return Invalidf("external_number", "is only for devices of kind external")
	case d.Confirm:
		return Invalidf("confirm", "is only for devices of kind external")
	}
	return nil
}
