package db

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const sampleMobile = "+4915112345678"

func sampleNumber() *pbx.ExternalNumber {
	return &pbx.ExternalNumber{Tenant: "default", Number: sampleMobile, Description: "Ada's mobile", Available: true, Type: pbx.NumberTeams}
}

func trunkWithDefault() *pbx.Trunk {
	k := sampleTrunk()
	k.DefaultNumber = sampleOwnNumber().Number
	return k
}

func sampleTrunk() *pbx.Trunk {
	return &pbx.Trunk{Tenant: "default", Name: "carrier", Endpoint: "tabcdefgh", Host: "sip.example.org",
		Addresses: []string{"192.0.2.0/24", "2001:db8::1/128"}, TrustIDInbound: true, Port: 5061, Transport: pbx.TransportTCP,
		Username: "dialtone", Secret: pbx.NewSecret("trunksecret1234"), Register: true, CallerNumber: "+49301234",
		Teams: true, MaxCalls: 30, QualifySeconds: 45, Priority: 20, Disabled: true, Codecs: []string{"pcma", "g722"}, DTMF: "info",
		FromUser: "account", FromDomain: "voip.example.org", OutboundProxy: "sbc.example.org:5080", SRTP: "required",
		CallerIDPrivacy: "anonymous", IdentityHeader: "rpid"}
}

// sampleExternal and sampleTwinned set the fields that lead outside.
func sampleExternal() *pbx.Device {
	return &pbx.Device{Tenant: "default", Name: "mobile-101", Extension: "101", Endpoint: "dmobile", Secret: pbx.NewSecret("devicesecret1234567"), QualifySeconds: 30,
		Class: pbx.Mobile, Kind: pbx.DeviceExternal, ExternalNumber: sampleMobile, RingSeconds: 12, RingOrder: 3, Confirm: true}
}

func sampleTwinned() *pbx.Extension {
	e := sampleExtension()
	e.Ring, e.TwinNumber = pbx.RingSequence, sampleMobile
	return e
}

// fillOutside puts rows beside those of fill without a revision of their own.
func fillOutside(ctx context.Context, tx *Tx) error {
	return all(
		func() error {
			return tx.exec(ctx, `INSERT INTO external_numbers VALUES ('default', '`+sampleMobile+`', '', 1, 'sip', 1, 2)`)
		},
		func() error {
			return tx.exec(ctx, `INSERT INTO trunks (tenant, name, endpoint, host, port, transport, username, secret, register, caller_number, teams, version, revision, max_calls, qualify_seconds)
			VALUES ('default', 'carrier', 'tfilled', 'sip.example.org', 5060, 'udp', '', '', 0, '', 0, 1, 2, 30, 45)`)
		},
		func() error {
			return tx.exec(ctx, `INSERT INTO inventory (number, kind, kind_guessed, voice, sms, fax, voice_carrier, voice_defaulted, sms_profile, sms_defaulted, state, uploaded_by, version, revision)
			VALUES ('+493012345678', 'local', 1, 1, 0, 0, '', 0, '', 0, 'assigned', '', 1, 2)`)
		},
		func() error {
			return tx.exec(ctx, `INSERT INTO port_requests VALUES ('default', 'munich', 'Telco', '', '', '', '[]', 1, 2)`)
		},
		func() error {
			return tx.exec(ctx, `INSERT INTO port_documents VALUES ('default', 'munich', 'paper', 'application/pdf', 1, 'tester', x'25')`)
		},
		func() error {
			return tx.exec(ctx, `INSERT INTO port_history VALUES (1, 'default', 'munich', 1, 'tester', '', 'draft', '')`)
		},
		func() error { return tx.exec(ctx, `INSERT INTO number_calls VALUES ('+493012345678', 1)`) },
		func() error {
			return tx.exec(ctx,
				`INSERT INTO number_history VALUES (1, '+493012345678', 1, 'tester', 'uploaded', 'assigned', '', 'default', '', 'by hand')`)
		},
		func() error {
			return tx.exec(ctx,
				`INSERT INTO numbers (tenant, number, description, destination, version, revision)
			VALUES ('default', '+493012345678', '', 'extension:101', 1, 2)`)
		},
		func() error {
			return tx.exec(ctx, `INSERT INTO classes_of_service VALUES ('default', 'home', '', 'national', '', 1, 2)`)
		})
}

// putOutside writes one of everything that leads outside.
func putOutside(ctx context.Context, tx *Tx) error {
	return all(
		func() error { return tx.PutExternalNumber(ctx, sampleNumber()) },
		func() error { return tx.PutTrunk(ctx, sampleTrunk()) },
		func() error { return tx.PutDevice(ctx, sampleExternal()) },
		func() error { return tx.PutExtension(ctx, sampleTwinned()) })
}

func TestOutsideRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	checkEveryFieldSet(t, sampleNumber())
	checkEveryFieldSet(t, trunkWithDefault())
	fill(t, db)
	for range 2 { // the second time nothing differs
		update(t, db, putOutside)
	}
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []any{sampleNumber(), sampleTrunk(), sampleExternal(), sampleTwinned()}
	got := []any{s.ExternalNumber("default", sampleMobile), s.TrunkOf("tabcdefgh"), s.Device("default", "mobile-101"),
		s.Extension("default", "101")}
	bookkeeping := cmp.FilterPath(func(p cmp.Path) bool { return isBookkeeping(p.Last().String()[1:]) }, cmp.Ignore())
	if diff := cmp.Diff(want, got, bookkeeping); diff != "" || s.Revision != 3 {
		t.Errorf("revision %d %s", s.Revision, diff)
	}
	if n, trunk := s.ExternalNumbers[0], s.Trunks[0]; n.Version != 1 || trunk.Version != 1 || n.Revision != 3 {
		t.Errorf("versions of %+v, %+v", n, trunk)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		for contains, n := range map[string]int{"mobile": 1, "1511": 1, "x": 0} {
			if ns, err := tx.ExternalNumbers(ctx, "default", ListOptions{Contains: contains}); err != nil || len(ns) != n {
				t.Errorf("numbers that contain %q: %d, %v", contains, len(ns), err)
			}
		}
		for contains, n := range map[string]int{"carr": 1, "example": 1, "x1": 0} {
			if ts, err := tx.Trunks(ctx, "default", ListOptions{Contains: contains}); err != nil || len(ts) != n {
				t.Errorf("trunks that contain %q: %d, %v", contains, len(ts), err)
			}
		}
		return nil
	})
}

// TestOutsideIsFreedInOrder: what was in use can be deleted once it is not.
func TestOutsideIsFreedInOrder(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	update(t, db, putOutside)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(
			func() error { return tx.DeleteDevice(ctx, "default", "mobile-101") },
			func() error { return tx.PutExtension(ctx, sampleExtension()) },
			func() error { return tx.DeleteTrunk(ctx, "default", "carrier") },
			func() error { return tx.DeleteExternalNumber(ctx, "default", sampleMobile) })
	})
	s, err := db.Snapshot(t.Context())
	if err != nil || len(s.ExternalNumbers)+len(s.Trunks) != 0 {
		t.Errorf("left: %v %v, %v", s.ExternalNumbers, s.Trunks, err)
	}
}

func TestOutsideRefusals(t *testing.T) {
	after := func(do func(context.Context, *Tx) error) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			if err := putOutside(ctx, tx); err != nil {
				return err
			}
			return do(ctx, tx)
		}
	}
	used := []pbx.Ref{{Kind: "device", Key: "mobile-101"}, {Kind: "extension", Key: "101"}}
	checkRefusals(t, []refusal{
		{name: "number in use", kind: pbx.InUse, message: "external number " + sampleMobile + " is still used by", refs: used,
			do: after(func(ctx context.Context, tx *Tx) error { return tx.DeleteExternalNumber(ctx, "default", sampleMobile) })},
		{name: "trunk in use", kind: pbx.InUse, message: "trunk carrier is still used by", refs: used,
			do: after(func(ctx context.Context, tx *Tx) error { return tx.DeleteTrunk(ctx, "default", "carrier") })},
		{name: "last trunk in use", kind: pbx.InUse, message: "trunk other is still used by", refs: used,
			do: after(func(ctx context.Context, tx *Tx) error {
				trunk := sampleTrunk()
				trunk.Name, trunk.Endpoint = "other", "tother"
				if err := tx.PutTrunk(ctx, trunk); err != nil {
					return err
				}
				if err := tx.DeleteTrunk(ctx, "default", "carrier"); err != nil { // there is another one
					return err
				}
				return tx.DeleteTrunk(ctx, "default", "other")
			})},
		{name: "device of another tenant's number", kind: pbx.Invalid, field: "external_number", message: "external number " + sampleMobile + " does not exist in tenant acme",
			do: after(func(ctx context.Context, tx *Tx) error {
				d := sampleExternal()
				d.Tenant, d.Extension, d.Endpoint = "acme", "", "dacme"
				return tx.PutDevice(ctx, d)
			})},
		{name: "unknown twin", kind: pbx.Invalid, field: "twin_number", message: "external number 123 does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error {
				e := sampleExtension()
				e.TwinNumber = "123"
				return tx.PutExtension(ctx, e)
			}},
		{name: "device on a phone becomes external", kind: pbx.Invalid, field: "kind", message: "device desk-101 is line 1 of phone 00:15:65:aa:bb:cc, and a device of kind external is on no phone",
			do: after(func(ctx context.Context, tx *Tx) error {
				return tx.PutDevice(ctx, device(func(d *pbx.Device) { d.Kind, d.ExternalNumber = pbx.DeviceExternal, sampleMobile }))
			})},
		{name: "read unknown number", kind: pbx.NotFound, message: "external-number 1 does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error { _, err := tx.ExternalNumber(ctx, "default", "1"); return err }},
		{name: "delete unknown trunk", kind: pbx.NotFound, message: "trunk x does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error { return tx.DeleteTrunk(ctx, "default", "x") }},
		{name: "trunk in unknown tenant", kind: pbx.NotFound, message: "tenant nope does not exist",
			do: func(ctx context.Context, tx *Tx) error {
				trunk := sampleTrunk()
				trunk.Tenant = "nope"
				return tx.PutTrunk(ctx, trunk)
			}},
	})
}
