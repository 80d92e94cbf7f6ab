package provisioner

import (
	"context"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Inventory is the use cases about numbers as things that accounts hand on. What a tenant uses
// a number for is in Numbers.
type Inventory struct {
	db      *db.DB
	changed func()
}

// Get returns a number within reach.
func (v *Inventory) Get(ctx context.Context, reach db.Reach, number string) (n *pbx.InventoryNumber, err error) {
	err = v.db.View(ctx, func(tx *db.Tx) error {
		n, err = tx.InventoryNumber(ctx, reach, number)
		return err
	})
	return n, err
}

// List returns numbers within reach, by number.
func (v *Inventory) List(ctx context.Context, reach db.Reach, f db.InventoryFilter) (ns []*pbx.InventoryNumber, err error) {
	err = v.db.View(ctx, func(tx *db.Tx) error {
		ns, err = tx.Inventory(ctx, reach, f)
		return err
	})
	return ns, err
}

// History returns what happened to a number within reach, oldest first.
func (v *Inventory) History(ctx context.Context, reach db.Reach, number string) (es []db.NumberEvent, err error) {
	err = v.db.View(ctx, func(tx *db.Tx) error {
		es, err = tx.NumberHistory(ctx, reach, number)
		return err
	})
	return es, err
}

// Add brings a number, and assigns it where it is to go to a tenant.
func (v *Inventory) Add(ctx context.Context, by pbx.Author, n *pbx.InventoryNumber,
	to db.Assignment) (out *pbx.InventoryNumber, err error) {
	_, err = v.db.Update(ctx, by, func(tx *db.Tx) error {
		out, err = tx.BringNumber(ctx, n, to)
		return err
	})
	return out, v.done(err)
}

// Change changes what is known of a number within reach.
func (v *Inventory) Change(ctx context.Context, by pbx.Author, reach db.Reach, number string,
	change func(*pbx.InventoryNumber) error) (n *pbx.InventoryNumber, err error) {
	_, err = v.db.Update(ctx, by, func(tx *db.Tx) error {
		old, err := tx.InventoryNumber(ctx, reach, number)
		if err != nil {
			return err
		}
		n = clone(old)
		if err := change(n); err != nil {
			return err
		}
		return tx.ChangeInventoryNumber(ctx, old, n)
	})
	return n, v.done(err)
}

// Delete removes a number within reach that is unassigned, and returns the revision that did.
func (v *Inventory) Delete(ctx context.Context, by pbx.Author, reach db.Reach, number string) (int64, error) {
	revision, err := v.db.Update(ctx, by, func(tx *db.Tx) error { return tx.DeleteInventoryNumber(ctx, reach, number) })
	return revision, v.done(err)
}

// Assign hands numbers within reach on, all or none. A Conflict names the number.
func (v *Inventory) Assign(ctx context.Context, by pbx.Author, reach db.Reach, numbers []string,
	to db.Assignment) (ns []*pbx.InventoryNumber, err error) {
	return v.each(ctx, by, numbers, func(tx *db.Tx, number string) (*pbx.InventoryNumber, error) {
		return tx.AssignNumber(ctx, reach, number, to)
	})
}

// Claim gives a tenant an available number of the account above it.
func (v *Inventory) Claim(ctx context.Context, by pbx.Author, n *pbx.Number) error {
	_, err := v.db.Update(ctx, by, func(tx *db.Tx) error { return tx.ClaimNumber(ctx, n) })
	return v.done(err)
}

// MayClaim refuses an admin of a tenant that may not claim numbers, and returns the reseller in
// whose pool they are; "" is the platform.
func (v *Inventory) MayClaim(ctx context.Context, by pbx.Author, tenant string) (reseller string, err error) {
	err = v.db.ViewAs(ctx, by, func(tx *db.Tx) error {
		reseller, err = tx.MayClaim(ctx, tenant)
		return err
	})
	return reseller, err
}

// Unassign takes numbers within reach back, all or none.
func (v *Inventory) Unassign(ctx context.Context, by pbx.Author, reach db.Reach,
	numbers []string) (ns []*pbx.InventoryNumber, err error) {
	return v.each(ctx, by, numbers, func(tx *db.Tx, number string) (*pbx.InventoryNumber, error) {
		return tx.UnassignNumber(ctx, reach, number)
	})
}

// blockWithin is how long a block of 10,000 numbers may take; some seconds are usual.
const blockWithin = time.Minute

// AddBlock brings numbers that are like one but for their Number, and assigns them where they
// are to go to a tenant; all or none.
func (v *Inventory) AddBlock(ctx context.Context, by pbx.Author, numbers []string, like pbx.InventoryNumber,
	to db.Assignment) (ns []*pbx.InventoryNumber, err error) {
	return v.each(ctx, by, numbers, func(tx *db.Tx, number string) (*pbx.InventoryNumber, error) {
		n := like
		n.Number = number
		return tx.BringNumber(ctx, &n, to)
	})
}

// Lead leads numbers that a tenant has to destinations there, all or none.
func (v *Inventory) Lead(ctx context.Context, by pbx.Author, numbers []string, to db.Assignment) (ns []*pbx.Number,
	err error) {
	ctx, cancel := context.WithTimeout(ctx, blockWithin)
	defer cancel()
	_, err = v.db.Update(ctx, by, func(tx *db.Tx) error {
		return tx.EachNumber(ctx, numbers, func(number string) error {
			n, err := tx.LeadNumber(ctx, number, to)
			ns = append(ns, n)
			return err
		})
	})
	if v.done(err) != nil {
		return nil, err
	}
	return ns, nil
}

func (v *Inventory) each(ctx context.Context, by pbx.Author, numbers []string,
	do func(*db.Tx, string) (*pbx.InventoryNumber, error)) (ns []*pbx.InventoryNumber, err error) {
	ctx, cancel := context.WithTimeout(ctx, blockWithin)
	defer cancel()
	_, err = v.db.Update(ctx, by, func(tx *db.Tx) error {
		return tx.EachNumber(ctx, numbers, func(number string) error {
			n, err := do(tx, number)
			ns = append(ns, n)
			return err
		})
	})
	if v.done(err) != nil {
		return nil, err
	}
	return ns, nil
}

// done lets the change reach Asterisk.
func (v *Inventory) done(err error) error {
	if err == nil {
		v.changed()
	}
	return err
}
