package api

import (
	"cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// DeviceFields is what a client may write.
type DeviceFields struct {
	Name           string  `json:"name,omitempty" doc:"What people call it: 1 to 40 of a-z, 0-9, '.', '_', '-'; taken from the path in PUT and PATCH"`
	Extension      string  `json:"extension,omitempty" doc:"Number of the extension it rings for; without one it registers but cannot be called"`
	QualifySeconds *int    `json:"qualify_seconds,omitempty" minimum:"0" maximum:"3600" doc:"Pause between questions whether it still answers, 0 to 3600; 0 never asks (UNMONITORED); 60 if left out"`
	Secret         *string `json:"secret,omitempty" writeOnly:"true" doc:"SIP password, 16 to 64 letters and digits; left out, a new device gets a random one and an existing one keeps its own"`

	Class    string  `json:"class,omitempty" enum:"hardware,software,third-party,mobile,webrtc" doc:"What it is: hardware, software, third-party, mobile or webrtc; hardware if left out. Its extension must allow the class, or it cannot register"`
	Username *string `json:"username,omitempty" doc:"SIP user name of a third-party device: 3 to 40 letters, digits, '_' and '-', unique over all tenants; left out, a new device gets a random one and an existing one keeps its own"`
}

// Device is what a client reads.
type Device struct {
	Name           string      `json:"name"`
	Extension      string      `json:"extension,omitempty"`
	Class          string      `json:"class"`
	QualifySeconds int         `json:"qualify_seconds"`
	Endpoint       string      `json:"endpoint" doc:"SIP user name and name of the endpoint in Asterisk"`
	Secret         string      `json:"secret,omitempty" doc:"SIP password; shown once, by the write that set it"`
	Status         DeviceState `json:"status"`
	Apply          ApplyBlock  `json:"apply"`
}

func registerDevices(a *api) {
	registerKind(a, kind[pbx.Device, DeviceFields, Device]{
		name: "device", plural: "devices", path: "/v1/tenants/{tenant}/devices", keyName: "name", rows: a.ctl.Devices,
		key:      func(w DeviceFields) string { return w.Name },
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fields: func(d *pbx.Device) DeviceFields {
			return DeviceFields{Name: d.Name, Extension: d.Extension, Class: string(d.Class), QualifySeconds: &d.QualifySeconds}
		},
		build: buildDevice,
		view: func(d *pbx.Device) Device {
			return Device{Name: d.Name, Extension: d.Extension, Class: string(d.Class), QualifySeconds: d.QualifySeconds, Endpoint: d.Endpoint, Status: a.deviceState(d)}
		},
		reveal: func(old, d *pbx.Device, v *Device) {
			if old == nil || !old.Secret.Equal(d.Secret) {
				v.Secret = d.Secret.Reveal()
			}
		},
		revision: func(d *pbx.Device) int64 { return d.Revision },
		apply:    func(v *Device) *ApplyBlock { return &v.Apply },
	})
}

func buildDevice(w DeviceFields, old *pbx.Device, tenant, name string) (*pbx.Device, error) {
	d := &pbx.Device{Tenant: tenant, Name: name}
	if old != nil {
		d.Endpoint, d.Secret = old.Endpoint, old.Secret
	} else {
		d.Endpoint, d.Secret = pbx.NewEndpointName(), pbx.NewDeviceSecret()
	}
	if w.Secret != nil {
		d.Secret = pbx.NewSecret(*w.Secret)
	}
	d.Extension, d.Class = w.Extension, pbx.DeviceClass(cmp.Or(w.Class, string(pbx.Hardware)))
	if err := chooseUsername(d, w.Username); err != nil {
		return nil, err
	}
	d.QualifySeconds = or(w.QualifySeconds, pbx.DefaultQualifySeconds)
	return d, nil
}

// chooseUsername gives a third-party device the SIP user name it wants.
func chooseUsername(d *pbx.Device, name *string) error {
	if name == nil || *name == d.Endpoint {
		return nil
	}
	if d.Class != pbx.ThirdParty {
		return pbx.Invalidf("username", "only a third-party device chooses its own SIP user name")
	}
	if err := pbx.CheckUsername("username", *name); err != nil {
		return err
	}
	d.Endpoint = *name
	return nil
}
