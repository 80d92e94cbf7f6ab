package db

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// phone is the sample with one change.
func phone(change func(*pbx.Phone)) *pbx.Phone {
	p := samplePhone()
	change(p)
	return p
}

// addDevice adds a device without an extension.
func addDevice(ctx context.Context, tx *Tx, name string) error {
	return tx.PutDevice(ctx, device(func(d *pbx.Device) { d.Name, d.Endpoint, d.Extension = name, "e-"+name, "" }))
}

func TestPhoneRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	checkEveryFieldSet(t, samplePhone())
	fill(t, db)
	lines := []pbx.Line{{Registration: 3, Device: "b"}, {Registration: 1, Device: "desk-101"}, {Registration: 2, Device: "a"}}
	want := phone(func(p *pbx.Phone) {
		p.Model, p.Lines, p.EnrolUntil = "T48U", lines, time.Date(2030, 1, 1, 0, 0, 0, 123456789, time.FixedZone("x", 3600))
	})
	rev := update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(
			func() error { return addDevice(ctx, tx, "a") },
			func() error { return addDevice(ctx, tx, "b") },
			func() error { return tx.PutPhone(ctx, want) })
	})
	if want.Version != 2 || want.Revision != rev || want.Lines[0].Registration != 1 || lines[0].Registration != 3 {
		t.Errorf("version %d revision %d lines %v, the caller's %v", want.Version, want.Revision, want.Lines, lines)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		got, err := tx.Phone(ctx, "default", "001565aabbcc")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
	// Without lines, and the same again with the other kind of empty.
	for _, none := range [][]pbx.Line{nil, {}} {
		bare := phone(func(p *pbx.Phone) { p.Lines, p.EnrolUntil = none, time.Time{} })
		if last := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutPhone(ctx, bare) }); last != rev+1 || bare.Version != 3 {
			t.Errorf("revision %d version %d, want %d and 3", last, bare.Version, rev+1)
		}
	}
}

func TestDeletePhoneFreesItsDevices(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(
			func() error { return tx.DeletePhone(ctx, "default", "001565aabbcc") },
			func() error { return tx.PutPhone(ctx, phone(func(p *pbx.Phone) { p.MAC = "001565000001" })) },
			func() error { return tx.DeletePhone(ctx, "default", "001565000001") },
			func() error { return tx.DeleteDevice(ctx, "default", "desk-101") },
			func() error { return tx.DeleteExtension(ctx, "default", "101") },
			func() error { return tx.DeleteMailbox(ctx, "default", "101") })
	})
	s, err := db.Snapshot(t.Context())
	if err != nil || len(s.Phones)+len(s.Devices)+len(s.Extensions)+len(s.Mailboxes) != 0 {
		t.Errorf("left: %+v, %v", s, err)
	}
}

func TestPhoneRefusals(t *testing.T) {
	checkRefusals(t, []refusal{
		{name: "create twice", kind: pbx.Conflict, field: "mac", message: "phone 00:15:65:aa:bb:cc exists already in tenant default",
			do: func(ctx context.Context, tx *Tx) error { return tx.CreatePhone(ctx, samplePhone()) }},
		{name: "read unknown", kind: pbx.NotFound, message: "phone 00:15:65:00:00:01 does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error {
				_, err := tx.Phone(ctx, "default", "001565000001")
				return err
			}},
		{name: "delete in the wrong tenant", kind: pbx.NotFound, message: "phone 00:15:65:aa:bb:cc does not exist in tenant acme",
			do: func(ctx context.Context, tx *Tx) error { return tx.DeletePhone(ctx, "acme", "001565aabbcc") }},
		{name: "create what another tenant has", kind: pbx.Conflict, field: "mac", message: "phone 00:15:65:aa:bb:cc belongs to another tenant",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.CreatePhone(ctx, phone(func(p *pbx.Phone) { p.Tenant, p.Lines = "acme", nil }))
			}},
		{name: "put what another tenant has", kind: pbx.Conflict, field: "mac", message: "phone 00:15:65:aa:bb:cc belongs to another tenant",
			do: func(ctx context.Context, tx *Tx) error {
				return tx.PutPhone(ctx, phone(func(p *pbx.Phone) { p.Tenant, p.Lines = "acme", nil }))
			}},
		{name: "unknown device", kind: pbx.Invalid, field: "lines[0].device", message: "device x does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error {
				// Second by registration, first as given: the error counts as given.
				return tx.PutPhone(ctx, phone(func(p *pbx.Phone) {
					p.Lines = []pbx.Line{{Registration: 2, Device: "x"}, {Registration: 1, Device: "desk-101"}}
				}))
			}},
		{name: "device on another phone", kind: pbx.Conflict, field: "lines[1].device", message: "device desk-101 is already line 1 of phone 00:15:65:aa:bb:cc",
			do: func(ctx context.Context, tx *Tx) error {
				if err := addDevice(ctx, tx, "a"); err != nil {
					return err
				}
				return tx.CreatePhone(ctx, phone(func(p *pbx.Phone) {
					p.MAC, p.Lines = "001565000001", []pbx.Line{{Registration: 1, Device: "a"}, {Registration: 2, Device: "desk-101"}}
				}))
			}},
	})
}

func TestPhoneReportsEveryBadLine(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	_, err := db.Update(t.Context(), tester, func(tx *Tx) error {
		return tx.PutPhone(t.Context(), phone(func(p *pbx.Phone) {
			p.Lines = []pbx.Line{{Registration: 1, Device: "x"}, {Registration: 2, Device: "y"}}
		}))
	})
	var es pbx.Errors
	if !errors.As(err, &es) || len(es) != 2 || es[0].Field != "lines[0].device" || es[1].Field != "lines[1].device" {
		t.Errorf("got %v", err)
	}
}

func TestPhonePages(t *testing.T) {
	db := openDB(t, Options{})
	update(t, db, func(ctx context.Context, tx *Tx) error {
		for i := range 9 {
			name := fmt.Sprintf("dev-%d", i)
			if err := addDevice(ctx, tx, name); err != nil {
				return err
			}
			p := phone(func(p *pbx.Phone) {
				p.MAC, p.Lines = pbx.MAC(fmt.Sprintf("0015650000%02x", i)), []pbx.Line{{Registration: 1, Device: name}}
				p.Buttons = nil
			})
			if err := tx.CreatePhone(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, db, func(ctx context.Context, tx *Tx) error {
		ps, err := tx.Phones(ctx, "default", ListOptions{After: "001565000002", Limit: 3})
		if err != nil {
			return err
		}
		for i, p := range ps {
			if want := []pbx.Line{{Registration: 1, Device: fmt.Sprintf("dev-%d", i+3)}}; !cmp.Equal(p.Lines, want) {
				t.Errorf("%s has %v, want %v", p.MAC, p.Lines, want)
			}
		}
		for contains, want := range map[string]int{"00:15:65": 9, "00-15-65-00-00-04": 1, "dev-7": 1, "t46": 9, ":": 0, "x": 0} {
			if ps, err := tx.Phones(ctx, "default", ListOptions{Contains: contains}); err != nil || len(ps) != want {
				t.Errorf("contains %q: %d, %v; want %d", contains, len(ps), err, want)
			}
		}
		if len(ps) != 3 {
			t.Errorf("page of %d", len(ps))
		}
		return nil
	})
}
