package bench

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// people say what to fill a database with.
type people struct {
	count     int
	devices   int // of each, 0 is 1
	mailboxes bool
	phones    bool // alternately a Yealink and a Polycom
	qualify   int
}

// seedBatch is how many people one transaction makes: db bounds its length.
const seedBatch = 1_000

// numberOf is the extension of the i-th person.
func numberOf(i int) string { return fmt.Sprintf("%05d", 10_000+i) }

// deviceOf is the name of the i-th person's device.
func deviceOf(i int) string { return "desk-" + numberOf(i) }

// seed fills the database at path directly; the API would take minutes.
func seed(ctx context.Context, path string, p people) error {
	store, err := db.Open(ctx, path, db.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	for first := 0; first < p.count; first += seedBatch {
		_, err := store.Update(ctx, db.Author{Actor: "bench"}, func(tx *db.Tx) error {
			for i := first; i < min(first+seedBatch, p.count); i++ {
				if err := p.create(ctx, tx, i); err != nil {
					return fmt.Errorf("person %d: %w", i, err)
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("seeding %s: %w", path, err)
		}
	}
	return nil
}

func (p people) create(ctx context.Context, tx *db.Tx, i int) error {
	number, name := numberOf(i), "Person "+numberOf(i)
	e := &pbx.Extension{Tenant: pbx.DefaultTenant, Number: number, Name: name, RingSeconds: pbx.DefaultRingSeconds, Ring: pbx.RingAll, Type: pbx.TypeSIP, Presence: true}
	if p.mailboxes {
		e.Mailbox = number
		m := &pbx.Mailbox{Tenant: pbx.DefaultTenant, Number: number, Name: name, PIN: pbx.NewSecret("4711")}
		if err := tx.CreateMailbox(ctx, m); err != nil {
			return err
		}
	}
	if err := tx.CreateExtension(ctx, e); err != nil {
		return err
	}
	for n := range max(p.devices, 1) {
		d := &pbx.Device{Tenant: pbx.DefaultTenant, Name: deviceOf(i), Extension: number, Kind: pbx.DeviceSIP, Class: pbx.Hardware, RingOrder: pbx.DefaultRingOrder,
			Endpoint: pbx.NewEndpointName(), Secret: pbx.NewDeviceSecret(), QualifySeconds: p.qualify}
		if n > 0 {
			d.Name = fmt.Sprintf("%s-%d", d.Name, n+1)
		}
		if err := tx.CreateDevice(ctx, d); err != nil {
			return err
		}
	}
	if !p.phones {
		return nil
	}
	return tx.CreatePhone(ctx, phoneOf(i))
}

// phoneOf is the i-th person's phone.
func phoneOf(i int) *pbx.Phone {
	p := &pbx.Phone{Tenant: pbx.DefaultTenant, MAC: pbx.MAC(fmt.Sprintf("001565%06x", i)), Vendor: pbx.Yealink, Model: "T46U",
		Lines: []pbx.Line{{Registration: 1, Device: deviceOf(i)}}, URLSecret: pbx.NewURLSecret()}
	if i%2 == 1 {
		p.MAC, p.Vendor, p.Model = pbx.MAC(fmt.Sprintf("0004f2%06x", i)), pbx.Polycom, "VVX450"
	}
	return p
}

// snapshot reads the database at path.
func snapshot(ctx context.Context, path string) (*pbx.Snapshot, error) {
	store, err := db.Open(ctx, path, db.Options{})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return store.Snapshot(ctx)
}
