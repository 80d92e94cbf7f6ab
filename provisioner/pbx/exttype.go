package pbx

import "slices"

// ExtensionType is what an extension stands for.
type ExtensionType string

// The types. The zero value means SIP.
const (
	TypeSIP        ExtensionType = "sip"         // rings its devices
	TypeIAX2       ExtensionType = "iax2"        // as sip, and has devices that register over IAX2
	TypeDAHDI      ExtensionType = "dahdi"       // as sip, and has phones at DAHDI channels
	TypeVirtual    ExtensionType = "virtual"     // has no device: calls go to its mailbox
	TypeSIPVirtual ExtensionType = "sip-virtual" // an additional number of another extension's device
)

// HasDevices reports whether devices of any phone may belong to extensions of the type. The
// licence counts these. One of type sip-virtual may have a line of its own on the phone of
// its parent.
func (t ExtensionType) HasDevices() bool {
	return t == TypeSIP || t == TypeIAX2 || t == TypeDAHDI || t == ""
}

// Takes reports whether a device of the kind may belong to extensions of the type:
// SIP phones and external numbers ring beside whatever else there is.
func (t ExtensionType) Takes(k DeviceKind) bool {
	switch k {
	case DeviceIAX2:
		return t == TypeIAX2
	case DeviceDAHDI:
		return t == TypeDAHDI
	}
	return t.HasDevices() || t == TypeSIPVirtual && k.SIP()
}

// checkType refuses an unknown type, and a parent device where none belongs or
// none where one does.
func (e *Extension) checkType(es *Errors) {
	switch e.Type {
	case TypeSIPVirtual:
		if e.ParentDevice == "" {
			es.Add(Invalidf("parent_device", "is required: a sip-virtual extension rings the device of another"))
			return
		}
		es.Add(CheckName("parent_device", e.ParentDevice))
	case "", TypeSIP, TypeIAX2, TypeDAHDI, TypeVirtual:
		if e.ParentDevice != "" {
			es.Add(Invalidf("parent_device", "belongs to extensions of type sip-virtual only"))
		}
	default:
		es.Add(Invalidf("type", "%s is not a type of extension: choose sip, iax2, dahdi, virtual or sip-virtual",
			quote(string(e.Type))))
	}
}

// checkEffect refuses what an extension of the type would only store: nothing rings a virtual
// one, and nobody calls from it. What a sip-virtual one may have depends on its devices, see
// CheckLine.
func (e *Extension) checkEffect(es *Errors) {
	refuse := func(set bool, field string) {
		if set {
			es.Add(Invalidf(field, "has no effect at an extension of type %s", e.Type))
		}
	}
	if e.Type == TypeVirtual {
		for _, f := range e.ofDevices() {
			refuse(f.set, f.name)
		}
	}
	if !e.Type.HasDevices() {
		refuse(e.TwinNumber != "", "twin_number")
		refuse(e.Ring == RingSequence, "ring")
	}
	if e.Type == TypeVirtual {
		refuse(e.AllowedDevices != nil, "allowed_devices")
		refuse(e.NoCallWaiting, "call_waiting")
		refuse(e.BusyOnlyInCall, "busy_only_in_call")
		refuse(e.MaxCalls > 0, "max_calls")
		refuse(e.Record, "record")
	}
}

// ofDevices are settings of calls that are made from an extension, or taken on its own
// devices, by the names of their fields.
func (e *Extension) ofDevices() []namedSetting {
	return []namedSetting{{"groups", len(e.Groups) > 0}, {"anonymous", e.Anonymous}, {"monitors", e.Monitors},
		{"monitored", e.Monitored}, {"record_on_demand", e.RecordOnDemand}, {"class_of_service", e.ClassOfService != ""},
		{"presentation_number", e.PresentationNumber != ""}, {"country", e.Country != ""}}
}

// namedSetting is a field, and whether it is set.
type namedSetting struct {
	name string
	set  bool
}

// CheckLine refuses settings of calls from a sip-virtual extension without a device of its
// own: it is rung at the device of another extension, and calls there are that one's.
func (e *Extension) CheckLine() *Error {
	for _, f := range e.ofDevices() {
		if f.set {
			return Refusedf(f.name, "extension %s of type %s has no device of its own, without which this has no effect",
				e.Number, e.Type)
		}
	}
	return nil
}

// RungBy returns the devices that ring for an extension, sorted by name: its own, without
// those that are forbidden; the parent of a sip-virtual one that has none.
func (s *Snapshot) RungBy(e *Extension) []*Device {
	own := s.allowedOf(e, s.DevicesOf(e.Tenant, e.Number))
	if parent := s.Device(e.Tenant, e.ParentDevice); len(own) == 0 && e.Type == TypeSIPVirtual && parent != nil {
		return s.allowedOf(e, []*Device{parent})
	}
	return own
}

func (s *Snapshot) allowedOf(e *Extension, devices []*Device) (out []*Device) {
	for _, d := range devices {
		if !d.Kind.Registers() || e.Allows(d.Class) && !s.Forbidden(d) {
			out = append(out, d)
		}
	}
	return out
}

// Borrows reports whether a sip-virtual extension rings at its parent, which is told which
// number was dialled. On a line of its own the number is that of the line.
func (s *Snapshot) Borrows(e *Extension) bool {
	return e.Type == TypeSIPVirtual &&
		!slices.ContainsFunc(s.RungBy(e), func(d *Device) bool { return d.Extension == e.Number })
}

// elsewhere reports whether a device of a sip-virtual extension is on another phone than the
// parent, or on no phone: it is then no line of that phone but one more phone, which the
// licence does not count.
func (s *Snapshot) elsewhere(e *Extension, d *Device) bool {
	phone := s.phoneOf[key{e.Tenant, e.ParentDevice}]
	return e.Type == TypeSIPVirtual && d.Extension == e.Number &&
		(phone == nil || s.phoneOf[key{d.Tenant, d.Name}] != phone)
}
