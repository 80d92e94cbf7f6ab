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
	tenant    string // "" is the one that every installation has
	first     int    // number of the first of them
	others    int    // people of a second tenant, with phones
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
	if p.tenant == "" {
		p.tenant = pbx.DefaultTenant
	} else if _, err := store.Update(ctx, pbx.Author{Actor: "bench"}, func(tx *db.Tx) error {
		return tx.CreateTenant(ctx, &pbx.Tenant{Name: p.tenant, Timezone: "UTC", PhonePassword: pbx.RandomSecret(10)})
	}); err != nil {
		return fmt.Errorf("seeding %s: %w", path, err)
	}
	end := p.first + p.count
	for first := p.first; first < end; first += seedBatch {
		_, err := store.Update(ctx, pbx.Author{Actor: "bench"}, func(tx *db.Tx) error {
			for i := first; i < min(first+seedBatch, end); i++ {
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
	if p.others == 0 {
		return nil
	}
	return seed(ctx, path, people{count: p.others, phones: true, tenant: "other", first: end})
}

func (p people) create(ctx context.Context, tx *db.Tx, i int) error {
	number, name := numberOf(i), "Person "+numberOf(i)
	e := &pbx.Extension{Tenant: p.tenant, Number: number, Name: name, RingSeconds: pbx.DefaultRingSeconds,
		Ring: pbx.RingAll, Type: pbx.TypeSIP, Presence: true}
	if p.mailboxes {
		e.Mailbox = number
		m := &pbx.Mailbox{Tenant: p.tenant, Number: number, Name: name, PIN: pbx.NewSecret("4711")}
		if err := tx.CreateMailbox(ctx, m); err != nil {
			return err
		}
	}
	if err := tx.CreateExtension(ctx, e); err != nil {
		return err
	}
	for n := range max(p.devices, 1) {
		d := &pbx.Device{Tenant: p.tenant, Name: deviceOf(i), Extension: number, Kind: pbx.DeviceSIP, Class: pbx.Hardware,
			RingOrder: pbx.DefaultRingOrder,
			Endpoint:  pbx.NewEndpointName(), Secret: pbx.NewDeviceSecret(), QualifySeconds: p.qualify}
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
	return tx.CreatePhone(ctx, p.phoneOf(i))
}

// phoneOf is the i-th person's phone.
func (p people) phoneOf(i int) *pbx.Phone {
	phone := &pbx.Phone{Tenant: p.tenant, MAC: pbx.MAC(fmt.Sprintf("001565%06x", i)), Vendor: pbx.Yealink, Model: "T46U",
		Lines: []pbx.Line{{Registration: 1, Device: deviceOf(i)}}, URLSecret: pbx.NewURLSecret()}
	if i%2 == 1 {
		phone.MAC, phone.Vendor, phone.Model = pbx.MAC(fmt.Sprintf("0004f2%06x", i)), pbx.Polycom, "VVX450"
	}
	return phone
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
