package pbx

import (
	"slices"
	"testing"
)

// A lamp has moved when its extension may be watched and was there before with other
// devices that register.
func TestMovedLamps(t *testing.T) {
	rows := func(devices ...*Device) *Snapshot {
		return NewSnapshot(1, Rows{
			Tenants: []*Tenant{{Name: "acme"}},
			Extensions: []*Extension{{Tenant: "acme", Number: "101", Presence: true},
				{Tenant: "acme", Number: "102", Presence: true}, {Tenant: "acme", Number: "103"}},
			Devices: devices,
		})
	}
	desk := func(extension string) *Device {
		return &Device{Tenant: "acme", Name: "desk", Endpoint: "desk", Extension: extension}
	}
	mobile := &Device{Tenant: "acme", Name: "mobile", Endpoint: "mobile", Kind: DeviceExternal, Extension: "101"}
	nobody := NewSnapshot(1, Rows{Tenants: []*Tenant{{Name: "acme"}}})
	const lamp101, lamp102 = "Stasis:dialtone.do_not_disturb.acme.101", "Stasis:dialtone.do_not_disturb.acme.102"
	for name, c := range map[string]struct {
		before, now *Snapshot
		want        []string
	}{
		"the same":                {rows(desk("101")), rows(desk("101")), nil},
		"comes":                   {rows(), rows(desk("101")), []string{lamp101}},
		"goes":                    {rows(desk("102")), rows(), []string{lamp102}},
		"moves":                   {rows(desk("101")), rows(desk("102")), []string{lamp101, lamp102}},
		"must not be watched":     {rows(), rows(desk("103")), nil},
		"a number outside":        {rows(desk("101")), rows(desk("101"), mobile), nil},
		"the extension is new":    {nobody, rows(desk("101")), nil},
		"the extension went away": {rows(desk("101")), nobody, nil},
	} {
		if got := MovedLamps(c.before, c.now); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
