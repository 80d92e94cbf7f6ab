package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Assignment says where a number goes: to a reseller of the branch, or to a tenant and there to
// a destination. Both "" is the platform.
type Assignment struct {
	Reseller, Tenant string
	Destination      pbx.Destination
	// ExtensionDigits are how many last digits of the number are the extension that it leads to;
	// 0 is for Destination.
	ExtensionDigits int
}

// destination is where a number leads in the tenant.
func (a Assignment) destination(number string) pbx.Destination {
	if a.ExtensionDigits > 0 {
		return pbx.LastDigits(number, a.ExtensionDigits)
	}
	return a.Destination
}

// mayTarget refuses a place that is outside the reach of the author, as if it did not exist.
func (tx *Tx) mayTarget(ctx context.Context, to Assignment) error {
	account := tx.author.Account
	if to.Tenant != "" {
		if err := pbx.CheckTenantName("tenant", to.Tenant); err != nil {
			return err
		}
		_, err := tx.Tenant(ctx, to.Tenant)
		above := err == nil
		if above {
			above, err = tx.StandsAbove(ctx, account, pbx.AccountOf("", to.Tenant))
		}
		if pbx.KindOf(err) == pbx.NotFound && err != nil || err == nil && !above {
			return pbx.Refusedf("tenant", "tenant %s does not exist", to.Tenant)
		}
		return err
	}
	if err := tx.needReseller(ctx, "reseller", to.Reseller); err != nil {
		return err
	}
	return tx.mayOwn(ctx, owned{field: "reseller", isNew: true, next: to.Reseller})
}

// AssignNumber hands a number within reach on. A number that another tenant has must be
// unassigned first; within its tenant it may change its destination.
func (tx *Tx) AssignNumber(ctx context.Context, reach Reach, number string,
	to Assignment) (*pbx.InventoryNumber, error) {
	if err := tx.writable(); err != nil {
		return nil, err
	}
	n, err := tx.InventoryNumber(ctx, reach, number)
	if err != nil {
		return nil, err
	}
	if err := tx.mayTarget(ctx, to); err != nil {
		return nil, err
	}
	if n.Tenant != "" && n.Tenant != to.Tenant {
		return nil, pbx.Conflictf("number", "number %s is assigned to tenant %s: unassign it first", number, n.Tenant)
	}
	if to.Tenant == "" {
		return tx.assignReseller(ctx, n, to.Reseller)
	}
	row, err := orNil(tx.Number(ctx, to.Tenant, number))
	if err != nil {
		return nil, err
	}
	next := &pbx.Number{Tenant: to.Tenant, Number: number}
	if row != nil {
		*next = *row
	}
	next.Destination = to.destination(number)
	if err := next.Validate(); err != nil {
		return nil, err
	}
	if err := tx.PutNumber(ctx, next); err != nil {
		return nil, err
	}
	return tx.InventoryNumber(ctx, Reach{}, number)
}

// BringNumber adds a number for a reseller or a tenant.
func (tx *Tx) BringNumber(ctx context.Context, n *pbx.InventoryNumber, to Assignment) (*pbx.InventoryNumber, error) {
	if err := tx.writable(); err != nil {
		return nil, err
	}
	if err := tx.mayTarget(ctx, to); err != nil {
		return nil, err
	}
	n.State, n.Reseller = pbx.NumberAvailable, to.Reseller
	if to.Tenant != "" {
		t, err := tx.Tenant(ctx, to.Tenant)
		if err != nil {
			return nil, err
		}
		n.Reseller = t.Reseller
	}
	if err := tx.AddInventoryNumber(ctx, n); err != nil {
		return nil, err
	}
	if to.Tenant == "" {
		return n, tx.checkPools(ctx, n.Reseller)
	}
	return tx.AssignNumber(ctx, Reach{}, n.Number, to)
}

// assignReseller gives an unassigned number to another reseller.
func (tx *Tx) assignReseller(ctx context.Context, old *pbx.InventoryNumber,
	reseller string) (*pbx.InventoryNumber, error) {
	if err := mayAssign(old); err != nil {
		return nil, err
	}
	if err := tx.needReseller(ctx, "reseller", reseller); err != nil {
		return nil, err
	}
	n := *old
	n.Reseller = reseller
	if n.Reseller == old.Reseller {
		return &n, nil
	}
	lost, err := tx.loseCarriers(ctx, &n, old.Reseller)
	if err != nil {
		return nil, err
	}
	if err := inventoryTable.save(ctx, tx, old, &n); err != nil {
		return nil, err
	}
	if err := tx.numberHappened(ctx, &n, "assigned", lost); err != nil {
		return nil, err
	}
	return &n, tx.checkPools(ctx, reseller)
}

func mayAssign(n *pbx.InventoryNumber) error {
	if n.State == pbx.NumberAvailable || n.State == pbx.NumberReserved {
		return nil
	}
	return pbx.Conflictf("state", "number %s is %s, and only an available or reserved one can be assigned", n.Number,
		n.State)
}

// UnassignNumber takes a number within reach from its tenant, or first from what it leads to
// there. What the number was uploaded for, its tenant keeps.
func (tx *Tx) UnassignNumber(ctx context.Context, reach Reach, number string) (*pbx.InventoryNumber, error) {
	if err := tx.writable(); err != nil {
		return nil, err
	}
	n, err := tx.InventoryNumber(ctx, reach, number)
	if err != nil {
		return nil, err
	}
	if n.Tenant == "" {
		return nil, pbx.Conflictf("number", "number %s is not assigned", number)
	}
	if n.UploadedBy.Tenant() != n.Tenant {
		if err := tx.DeleteNumber(ctx, n.Tenant, number); err != nil {
			return nil, err
		}
		return tx.InventoryNumber(ctx, Reach{}, number)
	}
	row, err := tx.Number(ctx, n.Tenant, number)
	if err != nil {
		return nil, err
	}
	if err := tx.unusedNumber(ctx, n.Tenant, number); err != nil {
		return nil, err
	}
	row.Unassign()
	if err := tx.PutNumber(ctx, row); err != nil {
		return nil, err
	}
	return tx.InventoryNumber(ctx, Reach{}, number)
}

// giveNumber takes a number out of the inventory for a tenant that does not have it yet. One
// that nobody has brought yet is uploaded by the account of the author.
func (tx *Tx) giveNumber(ctx context.Context, n *pbx.Number) error {
	t, err := tx.Tenant(ctx, n.Tenant)
	if err != nil {
		return err
	}
	account := tx.author.Account
	old, err := orNil(tx.InventoryNumber(ctx, Reach{}, n.Number))
	if err != nil {
		return err
	}
	if old == nil {
		if account.Tenant() != "" && !t.AllowExternalNumbers {
			return &pbx.Error{Kind: pbx.Forbidden, Field: "number", Message: fmt.Sprintf(
				"number %s is not one of the tenant's: numbers from elsewhere need allow_external_numbers of the tenant", n.Number)}
		}
		next := &pbx.InventoryNumber{Number: n.Number, Reseller: t.Reseller, Voice: true, State: pbx.NumberAvailable}
		if err := tx.AddInventoryNumber(ctx, next); err != nil {
			return err
		}
		old = next
	}
	within := account == ""
	if root := account.Reseller(); root != "" && old.Reseller != "" {
		if within, err = tx.InBranch(ctx, root, old.Reseller); err != nil {
			return err
		}
	}
	if !within && old.UploadedBy != pbx.AccountOf("", t.Name) || old.Tenant != "" && old.Tenant != n.Tenant {
		return pbx.Conflictf("number", "number %s belongs to another tenant", n.Number)
	}
	if err := mayAssign(old); err != nil {
		return err
	}
	return tx.handOver(ctx, old, n, "assigned")
}

// takeNumber puts a number that a tenant had back into the inventory.
func (tx *Tx) takeNumber(ctx context.Context, n *pbx.Number) error {
	old, err := tx.InventoryNumber(ctx, Reach{}, n.Number)
	if err != nil {
		return err
	}
	if err := notPorting(old); err != nil {
		return err
	}
	if old.UploadedBy == pbx.AccountOf("", n.Tenant) {
		if n.Leads() {
			return &pbx.Error{Kind: pbx.InUse, Message: fmt.Sprintf(
				"number %s is assigned to %s: unassign it first", n.Number, n.Destinations()[0].To)}
		}
		if err := tx.dropNumber(ctx, n.Tenant, n.Number); err != nil {
			return err
		}
		gone := *old
		gone.State = pbx.NumberReleased
		if err := tx.numberHappened(ctx, &gone, "deleted"); err != nil {
			return err
		}
		return inventoryTable.remove(ctx, tx, old)
	}
	if err := tx.dropNumber(ctx, n.Tenant, n.Number); err != nil {
		return err
	}
	next := *old
	next.Tenant, next.Destination = "", pbx.Destination{}
	if err := tx.rest(ctx, &next); err != nil {
		return err
	}
	if err := inventoryTable.save(ctx, tx, old, &next); err != nil {
		return err
	}
	return tx.numberHappened(ctx, &next, "unassigned")
}

// dropNumber removes the row of a tenant's number.
func (tx *Tx) dropNumber(ctx context.Context, tenant, number string) error {
	old, err := tx.Number(ctx, tenant, number)
	if err != nil {
		return err
	}
	if err := tx.unusedNumber(ctx, tenant, number); err != nil {
		return err
	}
	return numberTable.remove(ctx, tx, old)
}

// checkPools refuses more numbers than a reseller, or one above it, may have in its branch.
func (tx *Tx) checkPools(ctx context.Context, reseller string) error {
	if tx.later != nil {
		tx.later.resellers[reseller] = true
		return nil
	}
	for reseller != "" {
		r, err := tx.Reseller(ctx, reseller)
		if err != nil {
			return err
		}
		if r.MaxNumbers > 0 {
			used, err := tx.numbersInBranch(ctx, reseller)
			if err != nil {
				return err
			}
			if used > r.MaxNumbers {
				return pbx.Conflictf("reseller", "reseller %s may have %d numbers in its branch, and would have %d", reseller,
					r.MaxNumbers, used)
			}
		}
		reseller = r.Parent
	}
	return nil
}

// numbersInBranch counts the numbers of a reseller and of all below it.
func (tx *Tx) numbersInBranch(ctx context.Context, reseller string) (n int, err error) {
	err = tx.sql.QueryRowContext(ctx, `SELECT count(*) FROM inventory WHERE reseller IN `+branchFrom, reseller).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("counting the numbers of reseller %s: %w", reseller, err)
	}
	return n, nil
}

// numbersMove takes the numbers of a tenant along to another reseller. Those of an account that
// does not stand above the tenant there are refused, and named.
func (tx *Tx) numbersMove(ctx context.Context, t *pbx.Tenant) error {
	ns, err := inventoryTable.rows(ctx, tx, `WHERE number IN (SELECT number FROM numbers WHERE tenant = ?) ORDER BY number`,
		t.Name)
	if err != nil {
		return fmt.Errorf("listing the numbers of tenant %s: %w", t.Name, err)
	}
	var left []pbx.Ref
	for _, n := range ns {
		above, err := tx.StandsAbove(ctx, n.UploadedBy, pbx.AccountOf("", t.Name))
		if err != nil {
			return err
		}
		if !above {
			left = append(left, pbx.Ref{Kind: kindNumber, Key: n.Number})
		}
	}
	if len(left) > 0 {
		return &pbx.Error{Kind: pbx.InUse, Field: "reseller", Refs: left[:min(len(left), mostRefs)],
			Message: "tenant " + t.Name + " has numbers of a reseller that it would leave: unassign"}
	}
	for _, old := range ns {
		n := *old
		n.Reseller = t.Reseller
		lost, err := tx.loseCarriers(ctx, &n, old.Reseller)
		if err != nil {
			return err
		}
		if err := inventoryTable.save(ctx, tx, old, &n); err != nil {
			return err
		}
		if err := tx.numberHappened(ctx, &n, "moved", lost); err != nil {
			return err
		}
	}
	return tx.checkPools(ctx, t.Reseller)
}
