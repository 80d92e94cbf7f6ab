package ami

import (
	"net/netip"
	"time"
)

// Event is one event frame and when it was read.
type Event struct {
	Frame
	At time.Time
}

func newEvent(f Frame) Event { return Event{Frame: f, At: time.Now()} }

// Parse is ParseEvent of the event's frame.
func (e Event) Parse() any { return ParseEvent(e.Frame) }

// ParseEvent returns the typed view of a frame: ContactStatus, DeviceStateChange, PeerStatus, RegistryChange,
// QueueChange or FullyBooted; nil for every other event.
func ParseEvent(f Frame) any {
	switch f.Name() {
	case "ContactStatus":
		return newContactStatus(f)
	case "DeviceStateChange":
		return newDeviceStateChange(f)
	case "PeerStatus":
		return PeerStatus{Technology: f.Get("ChannelType"), Peer: f.Get("Peer"), Status: PeerState(f.Get("PeerStatus")),
			Cause:   f.Get("Cause"),
			Address: f.Get("Address"), Port: f.Get("Port"), RoundTrip: milliseconds(f.Get("Time"))}
	case "Registry":
		return RegistryChange{Technology: f.Get("ChannelType"), Status: RegistrationState(f.Get("Status"))}
	case "QueueCallerJoin", "QueueCallerLeave":
		return newQueueChange(f)
	case "FullyBooted":
		return FullyBooted{}
	}
	return nil
}

// ContactState is Asterisk's word for a contact; ASTERISK.md maps it to ours.
type ContactState string

// The states of a contact. Removed comes in events only.
const (
	ContactReachable    ContactState = "Reachable"
	ContactUnreachable  ContactState = "Unreachable"
	ContactNonQualified ContactState = "NonQualified" // not asked (yet)
	ContactUnknown      ContactState = "Unknown"
	ContactRemoved      ContactState = "Removed" // unregistered or expired
	ContactUpdated      ContactState = "Updated" // registered again, sent by old versions
)

// ContactStatus is a change of one contact (event ContactStatus), or its state in PJSIPShowEndpoint.
type ContactStatus struct {
	AOR       string
	Endpoint  string
	URI       string // with rewrite_contact its host and port are where the phone really is
	Status    ContactState
	RoundTrip time.Duration // of the last qualify; 0 when it is not known
	// Only in PJSIPShowEndpoint, in events as far as Asterisk sends them:
	UserAgent  string
	Expires    time.Time // when the registration ends
	ViaAddress string    // host:port of the last Via of the REGISTER
	CallID     string    // of the REGISTER
}

// Address is the IP address and port in the contact's URI; false where it names a host.
func (c ContactStatus) Address() (netip.AddrPort, bool) { return uriAddress(c.URI) }

func newContactStatus(f Frame) ContactStatus {
	status := f.Get("ContactStatus")
	if status == "" {
		status = f.Get("Status") // ContactStatusDetail, of PJSIPShowEndpoint
	}
	return ContactStatus{
		AOR: f.Get("AOR"), Endpoint: f.Get("EndpointName"), URI: f.Get("URI"), Status: ContactState(status),
		RoundTrip: microseconds(f.Get("RoundtripUsec")), UserAgent: f.Get("UserAgent"),
		Expires: unixTime(f.Get("RegExpire")), ViaAddress: f.Get("ViaAddress"), CallID: f.Get("CallID"),
	}
}

// DeviceStateChange is the state of a device such as "PJSIP/101", "Queue:sales" or "Custom:night".
type DeviceStateChange struct {
	Device string
	State  DeviceState
}

func newDeviceStateChange(f Frame) DeviceStateChange {
	return DeviceStateChange{Device: f.Get("Device"), State: DeviceState(f.Get("State"))}
}

// PeerStatus is a change of an endpoint as a whole: reachable as long as one of its contacts is.
type PeerStatus struct {
	Technology    string // "PJSIP", "IAX2"
	Peer          string // "PJSIP/101"
	Status        PeerState
	Cause         string        // "" mostly
	Address, Port string        // "" mostly; see AddrPort
	RoundTrip     time.Duration // 0 mostly
}

// FullyBooted says that Asterisk has loaded everything; it also follows every login to an Asterisk that has.
type FullyBooted struct{}
