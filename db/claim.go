package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// PoolNumber is what the search for a number looks at.
type PoolNumber struct {
	Number, Reseller, Kind string
	Voice, SMS, Fax        bool
	Available              bool
	Revision               int64
}

// PoolNumbers returns the numbers of all accounts that were written after a revision.
func (tx *Tx) PoolNumbers(ctx context.Context, after int64) ([]PoolNumber, error) {
	ns, err := query(ctx, tx, func(row scanner) (n PoolNumber, err error) {
		return n, row.Scan(&n.Number, &n.Reseller, &n.Kind, &n.Voice, &n.SMS, &n.Fax, &n.Available, &n.Revision)
	}, `SELECT number, coalesce(reseller, ''), kind, voice, sms, fax, state = 'available', revision FROM inventory
		WHERE revision > ?`, after)
	if err != nil {
		return nil, fmt.Errorf("reading the numbers of all pools: %w", err)
	}
	return ns, nil
}

// PoolRows returns those of the numbers that a reseller, "" for the platform, has
// available in its pool, by number.
func (tx *Tx) PoolRows(ctx context.Context, reseller string, numbers []string) ([]*pbx.InventoryNumber, error) {
	list, err := json.Marshal(numbers)
	if err != nil {
		return nil, fmt.Errorf("writing numbers as JSON: %w", err)
	}
	ns, err := inventoryTable.rows(ctx, tx, `WHERE number IN (SELECT value FROM json_each(?1))
		AND coalesce(reseller, '') = ?2 AND state = 'available' ORDER BY number`, string(list), reseller)
	if err != nil {
		return nil, fmt.Errorf("reading available numbers: %w", err)
	}
	return ns, nil
}

// MayClaim refuses an admin of a tenant that may not take numbers from the pool of its account
// above, and returns whose pool that is.
func (tx *Tx) MayClaim(ctx context.Context, tenant string) (reseller string, err error) {
	t, err := tx.Tenant(ctx, tenant)
	if err != nil {
		return "", err
	}
	if tx.author.Account.Tenant() != "" && !t.ClaimNumbers {
		return "", &pbx.Error{Kind: pbx.Forbidden,
			Message: "numbers are claimed with claim_numbers of the tenant, which the account above sets"}
	}
	return t.Reseller, nil
}

// ClaimNumber gives a tenant an available number of the pool that it may claim from. Any other
// number is a Conflict, whoever has it.
func (tx *Tx) ClaimNumber(ctx context.Context, n *pbx.Number) error {
	if err := tx.writable(); err != nil {
		return err
	}
	reseller, err := tx.MayClaim(ctx, n.Tenant)
	if err != nil {
		return err
	}
	if err := n.Validate(); err != nil {
		return err
	}
	if err := tx.checkOwnNumber(ctx, n); err != nil {
		return err
	}
	old, err := orNil(tx.InventoryNumber(ctx, Reach{}, n.Number))
	if err != nil {
		return err
	}
	if old == nil || old.Reseller != reseller || old.State != pbx.NumberAvailable {
		return pbx.Conflictf("number", "number %s is not available, or not any more: search again", n.Number)
	}
	if err := tx.checkNumberLimit(ctx, n.Tenant); err != nil {
		return err
	}
	return tx.handOver(ctx, old, n, "claimed")
}

// handOver makes a number of the inventory that of a tenant.
func (tx *Tx) handOver(ctx context.Context, old *pbx.InventoryNumber, n *pbx.Number, action string) error {
	t, err := tx.Tenant(ctx, n.Tenant)
	if err != nil {
		return err
	}
	next := *old
	next.Reseller, next.State, next.Tenant, next.Destination = t.Reseller, pbx.NumberAssigned, n.Tenant, n.Destination
	lost, err := tx.loseCarriers(ctx, &next, old.Reseller)
	if err != nil {
		return err
	}
	if err := inventoryTable.save(ctx, tx, old, &next); err != nil {
		return err
	}
	if err := numberTable.save(ctx, tx, nil, n); err != nil {
		return err
	}
	return tx.numberHappened(ctx, &next, action, lost)
}

// GiveDefaultNumber gives a new tenant a number of its reseller's pool, if that one says so,
// which leads to a virtual extension with a mailbox. A pool that has none left is a Conflict.
func (tx *Tx) GiveDefaultNumber(ctx context.Context, t *pbx.Tenant) error {
	if t.Reseller == "" {
		return nil
	}
	r, err := tx.Reseller(ctx, t.Reseller)
	if err != nil || !r.DefaultNumber {
		return err
	}
	n, err := inventoryTable.row(ctx, tx, `WHERE reseller = ?1 AND state = 'available' AND voice = 1
		AND ?2 IN ('', kind) AND number GLOB ?3 || '*' ORDER BY number`, r.Name, r.DefaultNumberKind, r.DefaultNumberPrefix)
	if errors.Is(err, sql.ErrNoRows) {
		return pbx.Conflictf("reseller", "reseller %s gives each new tenant a number, and has none left that fits: "+
			"bring some, or set default_number of the reseller to false", r.Name)
	}
	if err != nil {
		return fmt.Errorf("looking for a number for tenant %s: %w", t.Name, err)
	}
	extension, err := tx.virtualExtension(ctx, t.Name)
	if err != nil {
		return err
	}
	return tx.handOver(ctx, n, &pbx.Number{Tenant: t.Name, Number: n.Number,
		Destination: pbx.Destination{Kind: pbx.ToExtension, Key: extension}}, "assigned")
}

// virtualExtension makes an extension without a device, whose calls its mailbox takes.
func (tx *Tx) virtualExtension(ctx context.Context, tenant string) (string, error) {
	number, err := tx.FreeNumber(ctx, tenant)
	if err != nil {
		return "", err
	}
	const name = "Default number"
	m := &pbx.Mailbox{Tenant: tenant, Number: number, Name: name, PIN: pbx.RandomPIN()}
	if err := tx.PutMailbox(ctx, m); err != nil {
		return "", err
	}
	e := pbx.NewExtension(tenant, number)
	e.Name, e.Type, e.Mailbox = name, pbx.TypeVirtual, number
	return number, tx.PutExtension(ctx, e)
}

// rest is what becomes of a number that a tenant gives back: it rests if it carried calls and
// its reseller wants that.
func (tx *Tx) rest(ctx context.Context, n *pbx.InventoryNumber) error {
	n.State, n.AgingUntil = pbx.NumberAvailable, time.Time{}
	carried, err := tx.has(ctx, `SELECT 1 FROM number_calls WHERE number = ?`, n.Number)
	if err != nil {
		return fmt.Errorf("looking for calls to number %s: %w", n.Number, err)
	}
	if !carried {
		return nil
	}
	if err := tx.exec(ctx, `DELETE FROM number_calls WHERE number = ?`, n.Number); err != nil {
		return fmt.Errorf("forgetting the calls to number %s: %w", n.Number, err)
	}
	if err := tx.agesUntil(ctx, n); err != nil {
		return err
	}
	if !n.AgingUntil.IsZero() {
		n.State = pbx.NumberAging
	}
	return nil
}

// agesUntil sets until when a number rests: as long as its reseller says, or until somebody ends
// it.
func (tx *Tx) agesUntil(ctx context.Context, n *pbx.InventoryNumber) error {
	n.AgingUntil = time.Time{}
	if n.Reseller == "" {
		return nil
	}
	r, err := tx.Reseller(ctx, n.Reseller)
	if err == nil && r.AgingDays > 0 {
		n.AgingUntil = tx.start.AddDate(0, 0, r.AgingDays)
	}
	return err
}

// mostAged is how many numbers end their rest in one transaction.
const mostAged = 500

// EndAging makes numbers available that have rested long enough, at most some at a time, and
// returns how many they were. While there are none, no writer waits.
func (db *DB) EndAging(ctx context.Context, by pbx.Author) (n int, err error) {
	const due = `WHERE aging_until > 0 AND aging_until <= ? ORDER BY number`
	var some bool
	err = db.View(ctx, func(tx *Tx) error {
		some, err = tx.has(ctx, `SELECT 1 FROM inventory `+due, millis(tx.start))
		return err
	})
	if err != nil || !some {
		return 0, err
	}
	_, err = db.Update(ctx, by, func(tx *Tx) error {
		ns, err := inventoryTable.rows(ctx, tx, due+` LIMIT ?`, millis(tx.start), mostAged)
		if err != nil {
			return fmt.Errorf("looking for numbers that have rested: %w", err)
		}
		n = len(ns)
		for _, old := range ns {
			next := *old
			next.AgingUntil = time.Time{}
			if next.State == pbx.NumberAging {
				next.State = pbx.NumberAvailable
			}
			if err := inventoryTable.save(ctx, tx, old, &next); err != nil {
				return err
			}
			if err := tx.numberHappened(ctx, &next, "changed", "it has rested"); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

// CallsCame notes that calls from trunks came to numbers, and returns those to which they are
// the first.
func (db *DB) CallsCame(ctx context.Context, at time.Time, numbers []string) (first []string, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		for _, n := range numbers {
			done, err := tx.sql.ExecContext(ctx, `INSERT INTO number_calls (number, first_at)
				SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM numbers WHERE number = ?1) ON CONFLICT DO NOTHING`, n, millis(at))
			if err != nil {
				return fmt.Errorf("noting a call to number %s: %w", n, err)
			}
			if rows, err := done.RowsAffected(); err == nil && rows > 0 {
				first = append(first, n)
			}
		}
		return nil
	})
	return first, err
}
