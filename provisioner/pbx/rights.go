package pbx

import (
	"cmp"
	"fmt"
)

// Rights decide where the number of a call outside may lead, and on whose behalf.
// Whatever leads there asks them: keys, forwards, twins, external devices, ring groups,
// transfers, consultations, click to call, feature codes, and what is configured.
type Rights struct {
	Holder  string // for people: "extension 101"
	Country string // in which the number is read as it is dialled; "" for none
	// Countries are all of the tenant: an automatic call reaches the help of none of them.
	Countries []string
	Class     *ClassOfService // nil is the standard class
	Routes    *routeIndex     // of the tenant; nil has none
	// Own returns the number of any tenant of this system; nil for other numbers. Nil
	// knows none.
	Own func(e164 string) *Number
}

// Door is a way by which a number outside gets called.
type Door string

// The doors. Only behind the first a person has dialled the number.
const (
	DoorDialled Door = "dialled"         // by a device, or on its behalf: click to call, consultation, transfer
	DoorForward Door = "forward"         // of an extension
	DoorTwin    Door = "twin"            // of an extension
	DoorDevice  Door = "external device" // of an extension
	DoorMember  Door = "member"          // of a ring group
	DoorGroup   Door = "group"           // destination of a ring group
)

// Doors are all of them.
var Doors = []Door{DoorDialled, DoorForward, DoorTwin, DoorDevice, DoorMember, DoorGroup}

// Answer is what rights say about a number.
type Answer struct {
	// Refused says why the number may not be called, "" when it may; Cause (Q.850) is then
	// how the call ends.
	Refused  string
	Cause    int
	Reading  Reading
	Readable bool    // Reading counts; a carrier may know what is otherwise none
	Inside   *Number // the number is of a tenant here, and the call stays in the house
	Allowed  string  // why it may be called
}

// Ask decides about a number as somebody wrote it. known is the tenant's external number
// of that name, nil for none: such a one need not be a number of the dialling rules.
func (r Rights) Ask(door Door, number string, known *ExternalNumber) Answer {
	var a Answer
	a.Reading, a.Readable = ReadDialled(r.Country, number)
	if door != DoorDialled && CheckLedTo("", number, r.Countries) != nil {
		return a.refused(CauseUnallocated, "%s is for emergencies, and nobody forwards there", quote(number))
	}
	if a.Reading.Emergency {
		a.Allowed = "an emergency number"
		return a
	}
	dialled := a.Readable && outwardPattern.MatchString(a.Reading.Number)
	if dialled && r.Own != nil {
		a.Inside = r.Own(a.Reading.Number)
	}
	switch {
	case a.Inside != nil && r.Class != nil && r.Class.deniesInternal():
		return a.refused(CauseRefused, "%s may not call %s: class of service %s denies internal", r.Holder,
			a.Inside.Number, r.Class.Name)
	case a.Inside != nil:
		a.Allowed = "a number of this system"
		return a
	case !dialled && known == nil:
		return a.refused(CauseUnallocated, "%s is none of the dialling rules of %s", quote(number), inWords(r.Country))
	}
	return r.byRoute(r.byClass(a, number), number, known)
}

// byRoute refuses a number that leads outside where a route blocks it.
func (r Rights) byRoute(a Answer, number string, known *ExternalNumber) Answer {
	if a.Refused != "" || known != nil && known.Type == NumberTeams {
		return a
	}
	if routed := r.Routes.find(a.Reading); len(routed) > 0 && routed[0].Block != "" {
		return a.refused(CauseRefused, "%s may not call %s: route %s blocks it: %s", r.Holder, number, routed[0].Name,
			routed[0].Block)
	}
	return a
}

// byClass decides about a number that leads outside.
func (r Rights) byClass(a Answer, number string) Answer {
	if a.Readable {
		number = a.Reading.Number
	}
	if r.Class == nil {
		if allowed, _ := standardClass.decide(a.Reading); !allowed {
			return a.refused(CauseRefused, "%s may not call %s: it has no class of service, and without one only numbers "+
				"of its country are called that have no price of their own; its country is %s", r.Holder, number,
				cmp.Or(r.Country, "not known"))
		}
		a.Allowed = "it has no class of service, and the number is national"
		return a
	}
	allowed, why := r.Class.decide(a.Reading)
	if !allowed {
		return a.refused(CauseRefused, "%s may not call %s: class of service %s %s", r.Holder, number, r.Class.Name, why)
	}
	a.Allowed = "class of service " + r.Class.Name + " " + why
	return a
}

// refused is the answer that refuses.
func (a Answer) refused(cause int, why string, args ...any) Answer {
	a.Cause, a.Refused = cause, fmt.Sprintf(why, args...)
	return a
}

// inWords names a country.
func inWords(iso string) string {
	if iso == "" {
		return "a tenant without a country, where only numbers with + are dialled"
	}
	return iso
}

// RightsOf returns the rights of an extension; one without a number stands for its
// tenant, with the tenant's class of service.
func (s *Snapshot) RightsOf(e *Extension) Rights {
	return Rights{Holder: e.holder(), Country: s.CountryOf(e), Countries: s.CountriesOf(e.Tenant), Class: s.ClassOf(e),
		Routes: s.routes[e.Tenant], Own: s.Owned}
}

// holder names the extension or tenant that has rights.
func (e *Extension) holder() string {
	if e.Number == "" {
		return "tenant " + e.Tenant
	}
	return "extension " + e.Number
}
