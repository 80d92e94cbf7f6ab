package pbx

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

// HasDevices reports whether devices may belong to extensions of the type.
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
	return t.HasDevices()
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

// checkEffect refuses what an extension of the type would only store: nobody
// calls from one without devices of its own, and nothing rings a virtual one.
func (e *Extension) checkEffect(es *Errors) {
	refuse := func(set bool, field string) {
		if set {
			es.Add(Invalidf(field, "has no effect at an extension of type %s", e.Type))
		}
	}
	if !e.Type.HasDevices() {
		refuse(len(e.Groups) > 0, "groups")
		refuse(e.Anonymous, "anonymous")
		refuse(e.TwinNumber != "", "twin_number")
		refuse(e.Ring == RingSequence, "ring")
		refuse(e.Monitors, "monitors")
		refuse(e.Monitored, "monitored")
		refuse(e.RecordOnDemand, "record_on_demand")
	}
	if e.Type == TypeVirtual {
		refuse(e.AllowedDevices != nil, "allowed_devices")
		refuse(e.NoCallWaiting, "call_waiting")
		refuse(e.BusyOnlyInCall, "busy_only_in_call")
		refuse(e.MaxCalls > 0, "max_calls")
		refuse(e.Record, "record")
	}
}

// RungBy returns the devices that ring for an extension, sorted by name: its
// own, or the parent of a sip-virtual one; without those that are forbidden.
func (s *Snapshot) RungBy(e *Extension) []*Device {
	var out []*Device
	for _, d := range s.DevicesOf(e.Tenant, e.Number) {
		if !d.Kind.Registers() || e.Allows(d.Class) && !s.Forbidden(d) {
			out = append(out, d)
		}
	}
	return out
}
