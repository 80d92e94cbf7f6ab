package pbx

import "strings"

// Destination is where a rule sends a call. As text it is KIND:KEY, such as
// extension:102, or the kind alone; so it stands in the API, in the database and
// in channel variables. The zero value is no destination.
type Destination struct {
	Kind DestinationKind
	Key  string // of what Kind names, within the tenant
}

// DestinationKind says what a destination is.
type DestinationKind string

// The kinds of destination.
const (
	ToExtension DestinationKind = "extension"  // as if its number had been dialled
	ToVoicemail DestinationKind = "voicemail"  // a mailbox, by its number
	ToExternal  DestinationKind = "external"   // a number outside
	ToHangup    DestinationKind = "hangup"     // the call ends unanswered
	ToRingGroup DestinationKind = "ring-group" // by its name
	// ToAnnouncement plays an announcement, by its name; then the call ends.
	ToAnnouncement DestinationKind = "announcement"
	ToQueue        DestinationKind = "queue" // by its name
	// ToApplication asks an application, by its name, what happens.
	ToApplication DestinationKind = "application"
)

// ParseDestination reads the text form. Whether what it names exists is for the
// database to say; "" is no destination.
func ParseDestination(field, s string) (Destination, *Error) {
	kind, key, _ := strings.Cut(s, ":")
	d := Destination{DestinationKind(kind), key}
	switch d.Kind {
	case "":
		if s == "" {
			return d, nil
		}
	case ToExtension, ToVoicemail:
		return d, CheckNumber(field, key)
	case ToExternal:
		d.Key = PlainNumber(key)
		return d, CheckExternalNumber(field, d.Key)
	case ToRingGroup, ToAnnouncement, ToQueue, ToApplication:
		return d, CheckName(field, key)
	case ToHangup:
		if key == "" {
			return d, nil
		}
	}
	return Destination{}, Invalidf(field,
		"%s is not a destination: use extension:NUMBER, voicemail:NUMBER, external:NUMBER, ring-group:NAME, queue:NAME, "+
			"announcement:NAME, application:NAME or hangup",
		quote(s))
}

// IsZero reports that there is no destination.
func (d Destination) IsZero() bool { return d == Destination{} }

// String is the text form.
func (d Destination) String() string {
	if d.Key == "" {
		return string(d.Kind)
	}
	return string(d.Kind) + ":" + d.Key
}

// MarshalText writes the text form, for JSON and the audit.
func (d Destination) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads it.
func (d *Destination) UnmarshalText(text []byte) error {
	parsed, err := ParseDestination("destination", string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
