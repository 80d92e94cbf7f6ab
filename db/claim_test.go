package db

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// claim claims a number for tenant acme, which is of south.
func claim(number string) func(context.Context, *Tx) error {
	return func(ctx context.Context, tx *Tx) error {
		return tx.ClaimNumber(ctx, &pbx.Number{Tenant: "acme", Number: number})
	}
}

// Each refusal of a claim with its sentence. A number of somebody else is refused as one that
// nobody has.
func TestClaimRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		by     pbx.Author
		before func(context.Context, *Tx) error
		number string
		says   string
	}{
		"by a tenant that may": {as("", "acme"), nil, aNumber, ""},
		"by a reseller above":  {as("north", ""), nil, aNumber, ""},
		"that nobody has":      {as("", "acme"), nil, "+493012345699", "number +493012345699 is not available, or not any more: search again"},
		"of the reseller above": {as("", "acme"), put("+493012345698", "north"), "+493012345698",
			"number +493012345698 is not available, or not any more: search again"},
		"that is reserved": {as("", "acme"), func(ctx context.Context, tx *Tx) error {
			return tx.exec(ctx, `UPDATE inventory SET state = 'reserved'`)
		}, aNumber, "number +493012345600 is not available, or not any more: search again"},
		"by a tenant that may not": {as("", "acme"), func(ctx context.Context, tx *Tx) error {
			tenant := sampleTenant()
			tenant.ClaimNumbers = false
			return tx.PutTenant(ctx, tenant)
		}, aNumber, "numbers are claimed with claim_numbers of the tenant, which the account above sets"},
		"one too many": {as("", "acme"), func(ctx context.Context, tx *Tx) error {
			tenant := sampleTenant()
			tenant.MaxNumbers = 1
			return all(put("+493012345698", "south").of(ctx, tx), func() error { return tx.PutTenant(ctx, tenant) },
				func() error { return claim("+493012345698")(ctx, tx) })
		}, aNumber, "tenant acme has 1 of the 1 numbers that it may have"},
	} {
		t.Run(name, func(t *testing.T) {
			db := pool(t)
			if c.before != nil {
				do(t, db, tester, c.before)
			}
			err := try(t, db, c.by, claim(c.number))
			if got := fmt.Sprint(err); got != c.says && (err != nil || c.says != "") {
				t.Errorf("%s, want %s", got, c.says)
			}
		})
	}
}

// brings is a step that brings a number for a reseller.
type brings func(context.Context, *Tx) error

func put(number, reseller string) brings {
	return func(ctx context.Context, tx *Tx) error {
		_, err := tx.BringNumber(ctx, &pbx.InventoryNumber{Number: number, Voice: true}, Assignment{Reseller: reseller})
		return err
	}
}

func (b brings) of(ctx context.Context, tx *Tx) func() error {
	return func() error { return b(ctx, tx) }
}

// Of many that claim one number one gets it, and the others are told.
func TestOneOfManyClaims(t *testing.T) {
	db := pool(t)
	var wg sync.WaitGroup
	results := make(chan error, 8)
	for range cap(results) {
		wg.Go(func() {
			_, err := db.Update(t.Context(), as("", "acme"), func(tx *Tx) error { return claim(aNumber)(t.Context(), tx) })
			results <- err
		})
	}
	wg.Wait()
	close(results)
	got := map[pbx.Kind]int{}
	for err := range results {
		if err == nil {
			got["done"]++
			continue
		}
		got[pbx.KindOf(err)]++
	}
	if diff := cmp.Diff(map[pbx.Kind]int{"done": 1, pbx.Conflict: 7}, got); diff != "" {
		t.Error(diff)
	}
}

// A number that carried calls rests when it is given back, for as long as its reseller says, and
// is available then. One without calls is available at once.
func TestNumbersRest(t *testing.T) {
	db := pool(t)
	state := func() (s string, until time.Time) {
		view(t, db, func(ctx context.Context, tx *Tx) error {
			n, err := tx.InventoryNumber(ctx, Reach{}, aNumber)
			s, until = string(n.State), n.AgingUntil
			return err
		})
		return s, until
	}
	back := func(ctx context.Context, tx *Tx) error { return tx.DeleteNumber(ctx, "acme", aNumber) }
	do(t, db, as("", "acme"), claim(aNumber))
	do(t, db, as("", "acme"), back)
	if s, _ := state(); s != "available" {
		t.Errorf("without calls it is %s", s)
	}
	if first, err := db.CallsCame(t.Context(), time.Now(), []string{aNumber}); err != nil || len(first) != 0 {
		t.Errorf("a call to a number of no tenant: %v, %v", first, err)
	}
	do(t, db, as("", "acme"), claim(aNumber))
	for i, want := range []int{1, 0} {
		if first, err := db.CallsCame(t.Context(), time.Now(), []string{aNumber}); err != nil || len(first) != want {
			t.Errorf("call %d is the first of %v, %v", i, first, err)
		}
	}
	do(t, db, as("", "acme"), back)
	s, until := state()
	if left := time.Until(until); s != "aging" || left < 29*24*time.Hour || left > 31*24*time.Hour {
		t.Errorf("after calls it is %s until %v", s, until)
	}
	if err := try(t, db, as("south", ""), claim(aNumber)); pbx.KindOf(err) != pbx.Conflict {
		t.Errorf("a number that rests was claimed: %v", err)
	}
	end := func(want int) {
		t.Helper()
		if n, err := db.EndAging(t.Context(), tester); err != nil || n != want {
			t.Errorf("%d numbers end their rest, %v", n, err)
		}
	}
	end(0)
	do(t, db, tester, func(ctx context.Context, tx *Tx) error {
		return tx.exec(ctx, `UPDATE inventory SET aging_until = 1 WHERE number = ?`, aNumber)
	})
	end(1)
	end(0)
	if s, until := state(); s != "available" || !until.IsZero() {
		t.Errorf("after its rest it is %s until %v", s, until)
	}
	set := func(s pbx.NumberState) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			old, err := tx.InventoryNumber(ctx, Reach{}, aNumber)
			if err != nil {
				return err
			}
			n := *old
			n.State = s
			return tx.ChangeInventoryNumber(ctx, old, &n)
		}
	}
	do(t, db, tester, set(pbx.NumberAging))
	if _, until := state(); until.IsZero() {
		t.Error("one that is put to rest by hand rests for ever")
	}
	do(t, db, tester, set(pbx.NumberAvailable))
	if _, until := state(); !until.IsZero() {
		t.Errorf("it is available and rests until %v", until)
	}
}

// A new tenant gets a number that leads to a virtual extension, if its reseller says so.
func TestDefaultNumber(t *testing.T) {
	db := pool(t) // south gives local numbers of +4930
	fresh := &pbx.Tenant{Name: "fresh", Reseller: "south", Timezone: "UTC", PhonePassword: pbx.NewSecret("abcdefgh12"),
		MaxExtensions: 5, MaxCalls: 5, MaxNumbers: 5}
	give := func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.CreateTenant(ctx, fresh) }, func() error { return tx.GiveDefaultNumber(ctx, fresh) })
	}
	do(t, db, as("south", ""), give)
	view(t, db, func(ctx context.Context, tx *Tx) error {
		n, err := tx.Number(ctx, "fresh", aNumber)
		if err != nil {
			return err
		}
		e, err := tx.Extension(ctx, "fresh", n.Destination.Key)
		if err != nil {
			return err
		}
		if n.Destination.Kind != pbx.ToExtension || e.Type != pbx.TypeVirtual || e.Mailbox != e.Number {
			t.Errorf("%+v leads to %+v", n, e)
		}
		_, err = tx.Mailbox(ctx, "fresh", e.Mailbox)
		return err
	})
	fresh.Name = "second"
	err := try(t, db, as("south", ""), give)
	const says = "reseller south gives each new tenant a number, and has none left that fits: bring some, or set default_number of the reseller to false"
	if err == nil || err.Error() != says {
		t.Errorf("%v, want %s", err, says)
	}
	lone := &pbx.Tenant{Name: "lone", Timezone: "UTC", PhonePassword: pbx.NewSecret("abcdefgh12")}
	do(t, db, tester, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.CreateTenant(ctx, lone) }, func() error { return tx.GiveDefaultNumber(ctx, lone) })
	})
}
