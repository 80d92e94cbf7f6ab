package pbx

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSIPVirtual: another extension's device rings and is told the number that
// was dialled, unless either extension forbids its class.
func TestSIPVirtual(t *testing.T) {
	virtual := &Extension{Tenant: "acme", Number: "201", RingSeconds: 20, Type: TypeSIPVirtual, ParentDevice: "desk"}
	s := with(office(), func(r *Rows) { r.Extensions = append(r.Extensions, virtual) })
	argument := func() string {
		return Route(s, Call{Tenant: "acme", Dialled: "201", Endpoint: "dacmehall"}, time.Time{}).Steps[0].Argument("acme")
	}
	if got := argument(); got != "PJSIP/dacmedesk,20,ib(dialtone-called^s^1(201))" {
		t.Errorf("201 dials %s", got)
	}
	for _, e := range []*Extension{virtual, s.Extension("acme", "101")} {
		e.AllowedDevices = []DeviceClass{Mobile}
		if got := argument(); got != "20" {
			t.Errorf("although %s forbids it, 201 dials %s", e.Number, got)
		}
		e.AllowedDevices = nil
	}
}

func TestTypesRefuseWhatHasNoEffect(t *testing.T) {
	for kind, want := range map[ExtensionType][]string{
		TypeSIP: nil, TypeSIPVirtual: nil,
		TypeVirtual: {"groups", "anonymous", "monitors", "monitored", "record_on_demand", "allowed_devices", "record"},
	} {
		e := &Extension{Number: "101", Name: "A", RingSeconds: 20, Type: kind, Groups: []string{"sales"}, Anonymous: true, Record: true,
			Monitors: true, Monitored: true, RecordOnDemand: true, AllowedDevices: []DeviceClass{Mobile}}
		if kind == TypeSIPVirtual {
			e.ParentDevice = "desk"
		}
		if diff := cmp.Diff(want, fields(e.Validate())); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
		if err := e.CheckLine(); err == nil || err.Field != "groups" {
			t.Errorf("%s without a line: %v", kind, err)
		}
	}
}

// A sip-virtual extension with a line of its own on its parent's phone rings there and calls
// from there. On another phone, or on none, the device has no effect.
func TestSIPVirtualLine(t *testing.T) {
	virtual := &Extension{Tenant: "acme", Number: "201", RingSeconds: 20, Type: TypeSIPVirtual, ParentDevice: "desk", Anonymous: true}
	line := &Device{Tenant: "acme", Name: "line", Extension: "201", Endpoint: "dline", Kind: DeviceSIP}
	for name, c := range map[string]struct {
		phones []*Phone
		rings  string
		calls  bool
	}{
		"on the same phone": {[]*Phone{{Tenant: "acme", MAC: "001565000001", Lines: []Line{{1, "desk"}, {2, "line"}}}}, "PJSIP/dline,20,i", true},
		"on another phone": {[]*Phone{{Tenant: "acme", MAC: "001565000001", Lines: []Line{{1, "desk"}}}, {Tenant: "acme", MAC: "001565000002", Lines: []Line{{1, "line"}}}},
			"PJSIP/dacmedesk,20,ib(dialtone-called^s^1(201))", false},
		"on no phone": {nil, "PJSIP/dacmedesk,20,ib(dialtone-called^s^1(201))", false},
	} {
		s := with(office(), func(r *Rows) {
			r.Extensions, r.Devices, r.Phones = append(r.Extensions, virtual), append(r.Devices, line), c.phones
		})
		if got := Route(s, Call{Tenant: "acme", Dialled: "201", Endpoint: "dacmehall"}, time.Time{}).Steps[0].Argument("acme"); got != c.rings {
			t.Errorf("%s, 201 dials %s, want %s", name, got, c.rings)
		}
		call := Call{Tenant: "acme", Dialled: "101", Endpoint: "dline"}
		first := Route(s, call, time.Time{}).Steps[0]
		if allowed := first.Kind == StepDial; allowed != c.calls || s.Forbidden(line) == c.calls {
			t.Errorf("%s, it calls: %+v", name, first)
		}
		if e := call.Extension(s); e != virtual {
			t.Errorf("%s, the caller is %+v", name, e)
		}
	}
}

func TestTypesValidate(t *testing.T) {
	for name, c := range map[string]struct {
		kind   ExtensionType
		parent string
		want   []string
	}{
		"zero": {}, "sip": {kind: TypeSIP}, "virtual": {kind: TypeVirtual}, "sip-virtual": {kind: TypeSIPVirtual, parent: "desk"},
		"unknown": {"fax", "", []string{"type"}}, "sip with a parent": {TypeSIP, "desk", []string{"parent_device"}},
		"virtual with a parent": {TypeVirtual, "desk", []string{"parent_device"}}, "no parent": {TypeSIPVirtual, "", []string{"parent_device"}},
		"bad parent": {TypeSIPVirtual, "a b", []string{"parent_device"}},
	} {
		e := &Extension{Number: "101", Name: "A", RingSeconds: 20, Type: c.kind, ParentDevice: c.parent}
		if diff := cmp.Diff(c.want, fields(e.Validate())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
