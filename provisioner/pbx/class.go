package pbx

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// DeviceClass is what a device is. It says how its endpoint is rendered, and
// which devices an extension allows.
type DeviceClass string

// The classes.
const (
	Hardware   DeviceClass = "hardware"    // a desk phone or another SIP box
	Software   DeviceClass = "software"    // our softphone on a computer
	ThirdParty DeviceClass = "third-party" // any softphone; it may have a SIP user name of its own choice
	Mobile     DeviceClass = "mobile"      // an app on a mobile phone
	WebRTC     DeviceClass = "webrtc"      // a browser: SIP over WebSocket, DTLS and ICE
)

// DeviceClasses are all classes.
var DeviceClasses = []DeviceClass{Hardware, Software, ThirdParty, Mobile, WebRTC}

// checkClass refuses what is no class.
func checkClass(field string, c DeviceClass) *Error {
	if !slices.Contains(DeviceClasses, c) {
		return Invalidf(field, "%s is not a class of device: choose hardware, software, third-party, mobile or webrtc",
			quote(string(c)))
	}
	return nil
}

// checkAllowed refuses a list that is empty, has what is no class, or has one twice.
func checkAllowed(field string, cs []DeviceClass) *Error {
	if cs != nil && len(cs) == 0 {
		return Invalidf(field, "names no class of device: leave it out to allow all")
	}
	for i, c := range cs {
		if err := checkClass(field, c); err != nil {
			return err
		}
		if slices.Contains(cs[:i], c) {
			return Invalidf(field, "%s is named twice", quote(string(c)))
		}
	}
	return nil
}

// Allows reports whether devices of a class may register for the extension.
func (e *Extension) Allows(c DeviceClass) bool {
	return e.AllowedDevices == nil || slices.Contains(e.AllowedDevices, cmp.Or(c, Hardware))
}

// Forbidden reports whether the device's extension does not allow its class, or is an
// additional one of another phone: it has no endpoint then, so that it neither registers nor
// rings nor calls.
func (s *Snapshot) Forbidden(d *Device) bool {
	e := s.Extension(d.Tenant, d.Extension)
	return e != nil && d.Kind.Registers() && (!e.Allows(d.Class) || s.elsewhere(e, d))
}

var usernamePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{2,39}$`)

// CheckUsername refuses what a third-party device cannot have as SIP user name,
// which is the name of its endpoint too; those of Dialtone's own begin with
// dialtone- or dahdi-.
func CheckUsername(field, s string) *Error {
	if !usernamePattern.MatchString(s) {
		return Invalidf(field,
			"%s is not a SIP user name: use 3 to 40 letters, digits, '_' and '-', starting with a letter or digit", quote(s))
	}
	if low := strings.ToLower(s); strings.HasPrefix(low, "dialtone-") || strings.HasPrefix(low, dahdiPrefix) {
		return Invalidf(field, "%s begins like the names that Dialtone uses itself", quote(s))
	}
	if IsCallerName(s) {
		return Invalidf(field,
			"%s may be a caller's outside, and the device would be taken for that caller: choose a name with letters", quote(s))
	}
	return nil
}
