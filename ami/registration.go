package ami

import (
	"context"
	"errors"
)

// RegistrationState is Asterisk's word for an account that it registers at another server.
type RegistrationState string

// The states of a registration that mean something of their own. "Unregistered", "Stopping" and "Stopped" are the
// others. Rejected is also the word for a server that does not answer (res_pjsip_outbound_registration.c,
// schedule_retry).
const (
	RegistrationRegistered RegistrationState = "Registered"
	RegistrationRejected   RegistrationState = "Rejected"
)

// Registration is one account that Asterisk registers at another server.
type Registration struct {
	Name   string // of the object of type registration
	Status RegistrationState
}

// PJSIPRegistrations lists what Asterisk registers elsewhere. An Asterisk without res_pjsip_outbound_registration has
// an empty list. Class system.
func (s *Session) PJSIPRegistrations(ctx context.Context) ([]Registration, error) {
	frames, err := s.list(ctx, listSpec{action: "PJSIPShowRegistrationsOutbound", item: "OutboundRegistrationDetail",
		complete: "OutboundRegistrationDetailComplete"})
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := make([]Registration, len(frames))
	for i, f := range frames {
		all[i] = Registration{Name: f.Get("ObjectName"), Status: RegistrationState(f.Get("Status"))}
	}
	return all, nil
}

// RegistryChange is the answer to one attempt to register at another server, or its end (event Registry). It does not
// name the object.
type RegistryChange struct {
	Technology string // "PJSIP"
	Status     RegistrationState
}
