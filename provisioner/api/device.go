package api

import "github.com/dialtone-pbx/dialtone/provisioner/pbx"

// DeviceFields is what a client may write.
type DeviceFields struct {
	Name           string  `json:"name,omitempty" doc:"What people call it: 1 to 40 of a-z, 0-9, '.', '_', '-'; taken from the path in PUT and PATCH"`
	Extension      string  `json:"extension,omitempty" doc:"Number of the extension it rings for; without one it registers but cannot be called"`
	QualifySeconds *int    `json:"qualify_seconds,omitempty" minimum:"0" maximum:"3600" doc:"Pause between questions whether it still answers, 0 to 3600; 0 never asks (UNMONITORED); 60 if left out"`
	Secret         *string `json:"secret,omitempty" writeOnly:"true" doc:"SIP password, 16 to 64 letters and digits; left out, a new device gets a random one and an existing one keeps its own"`
}

// Device is what a client reads.
type Device struct {
	Name           string      `json:"name"`
	Extension      string      `json:"extension,omitempty"`
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
			return DeviceFields{Name: d.Name, Extension: d.Extension, QualifySeconds: &d.QualifySeconds}
		},
		build: buildDevice,
		view: func(d *pbx.Device) Device {
			return Device{Name: d.Name, Extension: d.Extension, QualifySeconds: d.QualifySeconds, Endpoint: d.Endpoint, Status: a.deviceState(d)}
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
	d.Extension = w.Extension
	d.QualifySeconds = or(w.QualifySeconds, pbx.DefaultQualifySeconds)
	return d, nil
}
