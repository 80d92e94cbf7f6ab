package ami

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Endpoint is what Asterisk has loaded for one PJSIP endpoint.
type Endpoint struct {
	Name        string
	DeviceState string            // in Asterisk's prose: "Not in use", "Unavailable", …
	Details     map[string]string // every option of the endpoint, under AMI's names: "Context", "Callerid", …
	Contacts    []ContactStatus   // its contacts, with user agent and expiry
	Objects     []Frame           // the AORs, auths, transport and identifies that belong to it
}

// PJSIPShowEndpoint returns one endpoint; one Asterisk has not loaded is ErrNotFound.
func (s *Session) PJSIPShowEndpoint(ctx context.Context, endpoint string) (Endpoint, error) {
	frames, err := s.list(ctx, listSpec{
		action: "PJSIPShowEndpoint", headers: []Field{{"Endpoint", endpoint}}, complete: "EndpointDetailComplete",
	})
	if err != nil {
		return Endpoint{}, err
	}
	e := Endpoint{Name: endpoint, Details: map[string]string{}}
	for _, f := range frames {
		switch f.Name() {
		case "EndpointDetail":
			e.DeviceState = f.Get("DeviceState")
			for _, field := range f.fields {
				e.Details[field.Name] = field.Value
			}
		case "ContactStatusDetail":
			e.Contacts = append(e.Contacts, newContactStatus(f))
		default:
			e.Objects = append(e.Objects, f)
		}
	}
	return e, nil
}

// Contact is one registration of a phone, or a fixed contact of an AOR, as PJSIPShowContacts lists it.
type Contact struct {
	AOR       string
	Endpoint  string
	URI       string // with rewrite_contact its host and port are where the phone really is
	Status    ContactState
	RoundTrip time.Duration // of the last qualify; 0 when it is not known
	UserAgent string        // of the REGISTER; "" for a fixed contact
	Expires   time.Time     // when the registration ends; zero for a fixed contact
	ViaHost   string        // host of the last Via of the REGISTER: the phone's own idea of its address
	CallID    string        // of the REGISTER
}

// Address is the IP address and port in the contact's URI; false where it names a host.
func (c Contact) Address() (netip.AddrPort, bool) { return uriAddress(c.URI) }

// PJSIPContacts lists all contacts of all AORs.
func (s *Session) PJSIPContacts(ctx context.Context) ([]Contact, error) {
	frames, err := s.list(ctx, listSpec{
		action: "PJSIPShowContacts", item: "ContactList", complete: "ContactListComplete", empty: "No Contacts found",
	})
	if err != nil {
		return nil, err
	}
	contacts := make([]Contact, 0, len(frames))
	for _, f := range frames {
		contacts = append(contacts, newContact(f))
	}
	return contacts, nil
}

func newContact(f Frame) Contact {
	return Contact{
		AOR: contactAOR(f.Get("ObjectName")), Endpoint: f.Get("Endpoint"), URI: f.Get("Uri"),
		Status: ContactState(f.Get("Status")), RoundTrip: microseconds(f.Get("RoundtripUsec")),
		UserAgent: f.Get("UserAgent"), Expires: unixTime(f.Get("ExpirationTime")),
		ViaHost: f.Get("ViaAddr"), CallID: f.Get("CallId"),
	}
}

// contactAOR takes the AOR out of a contact's name: the AOR, ";@" (registered) or "@@" (fixed), a hash
// (CONTACT_SEPARATOR in res_pjsip). The AOR may hold an @ itself.
func contactAOR(name string) string {
	for _, separator := range []string{";@", "@@"} {
		if i := strings.LastIndex(name, separator); i >= 0 {
			return name[:i]
		}
	}
	return name
}

// microseconds reads a RoundtripUsec; Asterisk writes "N/A" where it has none, and such is 0.
func microseconds(text string) time.Duration {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > int64(time.Hour/time.Microsecond) {
		return 0
	}
	return time.Duration(n) * time.Microsecond
}

// unixTime reads seconds since 1970; zero and nonsense are the zero time.
func unixTime(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}
	}
	return time.Unix(n, 0)
}
