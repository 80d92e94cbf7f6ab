package api

import (
	"context"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// DeviceFields is what a client may write.
type DeviceFields struct {
	Name           string  `json:"name,omitempty" doc:"What people call it: 1 to 40 of a-z, 0-9, '.', '_', '-'; taken from the path in PUT and PATCH"`
	Kind           string  `json:"kind,omitempty" enum:"sip,iax2,dahdi,external" doc:"sip: registers with credentials of its own; iax2: does so over IAX2, for an extension of type iax2; dahdi: a phone at a DAHDI channel of the machine, for one of type dahdi; external: rings external_number through the tenant's trunk; sip if left out"`
	Extension      string  `json:"extension,omitempty" doc:"Number of the extension it rings for; without one it registers but cannot be called"`
	ExternalNumber string  `row:",number" json:"external_number,omitempty" doc:"The external number that a device of kind external rings"`
	DAHDIChannel   int     `json:"dahdi_channel,omitempty" minimum:"0" maximum:"8192" doc:"The channel that a device of kind dahdi is at, 1 to 8192; it is nobody else's"`
	RingSeconds    int     `json:"ring_seconds,omitempty" minimum:"0" maximum:"300" doc:"How long it rings, 0 to 300 seconds; 0 is as long as its extension says. no_answer_seconds of a forward ends all ringing"`
	RingOrder      *int    `json:"ring_order,omitempty" minimum:"1" maximum:"99" doc:"When it rings if its extension rings in sequence, 1 to 99; the same order rings together; 1 if left out"`
	Confirm        *bool   `json:"confirm,omitempty" doc:"Kind external: who answers must press 1 before the call is his, so that no voicemail of the other side takes it; true if left out"`
	QualifySeconds *int    `json:"qualify_seconds,omitempty" minimum:"0" maximum:"3600" doc:"Pause between questions whether it still answers, 0 to 3600; 0 never asks (UNMONITORED); 60 if left out"`
	Location       string  `json:"location,omitempty" doc:"Where it stands, for helpers: at most 200 characters"`
	Shared         bool    `json:"shared,omitempty" doc:"Available for dynamic selection: it belongs to nobody until a user signs in on it; extension then says who did and cannot be set here"`
	Secret         *string `json:"secret,omitempty" writeOnly:"true" doc:"SIP password, 16 to 64 letters and digits; left out, a new device gets a random one and an existing one keeps its own"`

	Class    string  `json:"class,omitempty" enum:"hardware,software,third-party,mobile,webrtc" doc:"What it is: hardware, software, third-party, mobile or webrtc; hardware if left out. Its extension must allow the class, or it cannot register"`
	Username *string `row:"Endpoint,by hand" json:"username,omitempty" doc:"SIP user name of a third-party device: 3 to 40 letters, digits, '_' and '-', not only digits nor a word such as anonymous, unique over all tenants; left out, a new device gets a random one and an existing one keeps its own"`
}

// Device is what a client reads.
type Device struct {
	Name           string      `json:"name"`
	Kind           string      `json:"kind" enum:"sip,iax2,dahdi,external"`
	Extension      string      `json:"extension,omitempty"`
	Class          string      `json:"class,omitempty"`
	ExternalNumber string      `json:"external_number,omitempty"`
	DAHDIChannel   int         `json:"dahdi_channel,omitempty"`
	RingSeconds    int         `json:"ring_seconds"`
	RingOrder      int         `json:"ring_order"`
	Confirm        bool        `json:"confirm"`
	QualifySeconds int         `json:"qualify_seconds"`
	Shared         bool        `json:"shared"`
	Location       string      `json:"location,omitempty"`
	Endpoint       string      `json:"endpoint,omitempty" doc:"Kinds sip and iax2: user name and name of the endpoint in Asterisk"`
	Secret         string      `json:"secret,omitempty" doc:"SIP password; shown once, by the write that set it"`
	Status         DeviceState `json:"status"`
	Apply          ApplyBlock  `json:"apply"`
}

func registerDevices(a *api) {
	k := newKind(kindOfDevice{
		name: "device", plural: "devices", path: "/v1/tenants/{tenant}/devices", keyName: "name", rows: a.ctl.Devices,
		who:      ofTenant.readBy(ownDevice),
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fresh:    pbx.NewDevice,
		toRow:    completeDevice,
		toFields: func(d *pbx.Device, w *DeviceFields) {
			if d.Kind != pbx.DeviceExternal {
				w.Confirm = nil
			}
			if !d.Kind.Registers() {
				w.QualifySeconds, w.Class = nil, ""
			}
		},
		toView: func(_ context.Context, d *pbx.Device, v *Device) {
			v.Status = a.deviceState(d)
			if !d.Kind.Registers() { // without registration it has no such state in Asterisk
				v.QualifySeconds, v.Endpoint, v.Class = 0, "", ""
			}
		},
		reveal: func(old, d *pbx.Device, v *Device) {
			isNew := old == nil || old.Kind != d.Kind || !old.Secret.Equal(d.Secret)
			if isNew && d.Kind.Registers() {
				v.Secret = d.Secret.Reveal()
			}
		},
		revision: func(d *pbx.Device) int64 { return d.Revision },
		apply:    func(v *Device) *ApplyBlock { return &v.Apply },
	})
	registerKind(a, k)
	registerInvitations(a, k)
}

func completeDevice(w DeviceFields, old, d *pbx.Device) error {
	d.Confirm = or(w.Confirm, d.Kind == pbx.DeviceExternal)
	if old != nil {
		d.Endpoint = old.Endpoint
	}
	if d.Kind == pbx.DeviceDAHDI {
		d.Endpoint = pbx.DAHDIEndpoint(d.DAHDIChannel)
	} else if old != nil && old.Kind == pbx.DeviceDAHDI {
		d.Endpoint = pbx.NewEndpointName()
	}
	if !d.Kind.Registers() {
		if old != nil && old.Kind != d.Kind && d.QualifySeconds == old.QualifySeconds {
			w.QualifySeconds, w.Class = nil, "" // left over from the former kind, in a PATCH that changes the kind
		}
		return onlyRegistering(d.Kind, w)
	}
	if err := chooseUsername(d, w.Username); err != nil {
		return err
	}
	if !d.Shared {
		return nil
	}
	d.Extension = ""
	if old != nil && old.Shared {
		d.Extension = old.Extension
	}
	if w.Extension != "" && w.Extension != d.Extension {
		return pbx.Refusedf("extension", "the extension of a shared device is set by signing in on it")
	}
	return nil
}

// chooseUsername gives a third-party device the SIP user name it wants.
func chooseUsername(d *pbx.Device, name *string) error {
	if name == nil || *name == d.Endpoint {
		return nil
	}
	if d.Class != pbx.ThirdParty {
		return pbx.Refusedf("username", "only a third-party device chooses its own SIP user name")
	}
	if err := pbx.CheckUsername("username", *name); err != nil {
		return err
	}
	d.Endpoint = *name
	return nil
}

// onlyRegistering refuses fields of no use to a device that does not register.
func onlyRegistering(kind pbx.DeviceKind, w DeviceFields) error {
	for _, f := range []struct {
		name string
		set  bool
	}{{"secret", w.Secret != nil}, {"class", w.Class != ""}, {"username", w.Username != nil},
		{"qualify_seconds", w.QualifySeconds != nil}} {
		if f.set {
			return pbx.Invalidf(f.name, "is not for devices of kind %s: they do not register", kind)
		}
	}
	return nil
}
