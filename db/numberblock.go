package db

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// limitsLater are the accounts whose limits are looked at when all numbers of a block are
// written: counting them after each would be the square of that work.
type limitsLater struct{ tenants, resellers map[string]bool }

// mostRefused is how many numbers of a block are named that were refused.
const mostRefused = 100

// EachNumber does the same with each of many numbers, all or none. It goes on after a refusal,
// so that each number that is refused is named, at most 100. What accounts may have is asked
// at the end.
func (tx *Tx) EachNumber(ctx context.Context, numbers []string, do func(number string) error) error {
	if len(numbers) == 1 {
		return do(numbers[0])
	}
	tx.later = &limitsLater{tenants: map[string]bool{}, resellers: map[string]bool{}}
	err := eachRefused(numbers, do)
	later := tx.later
	tx.later = nil
	if err != nil {
		return err
	}
	for tenant := range later.tenants {
		if err := tx.numbersFit(ctx, tenant); err != nil {
			return err
		}
	}
	for reseller := range later.resellers {
		if err := tx.checkPools(ctx, reseller); err != nil {
			return err
		}
	}
	return nil
}

// eachRefused returns the refusals of numbers, or the first failure.
func eachRefused(numbers []string, do func(number string) error) error {
	var es pbx.Errors
	for _, number := range numbers {
		err := do(number)
		var refused *pbx.Error
		switch {
		case err == nil:
			continue
		case !errors.As(err, &refused) || refused.Cause != nil:
			return err
		}
		named := *refused
		if !strings.Contains(named.Message, number) {
			named.Message = "number " + number + ": " + named.Message
		}
		if es.Add(&named); len(es) == mostRefused {
			break
		}
	}
	return es.Err()
}

// numbersFit refuses more numbers than a tenant may have.
func (tx *Tx) numbersFit(ctx context.Context, tenant string) error {
	t, err := tx.Tenant(ctx, tenant)
	if err != nil || t.MaxNumbers == 0 {
		return err
	}
	var has int
	if err := tx.sql.QueryRowContext(ctx, `SELECT count(*) FROM numbers WHERE tenant = ?`, tenant).Scan(&has); err != nil {
		return fmt.Errorf("counting the numbers of tenant %s: %w", tenant, err)
	}
	if has > t.MaxNumbers {
		return &pbx.Error{Kind: pbx.Conflict, Message: fmt.Sprintf("tenant %s may have %d numbers, and would have %d",
			tenant, t.MaxNumbers, has)}
	}
	return nil
}

// LeadNumber leads a number that a tenant has to a destination there; none is to nowhere.
func (tx *Tx) LeadNumber(ctx context.Context, number string, to Assignment) (*pbx.Number, error) {
	n, err := tx.Number(ctx, to.Tenant, number)
	if err != nil {
		return nil, err
	}
	if n.Destination = to.destination(number); n.Destination.Kind == "" {
		n.Unassign()
	}
	if err := n.Validate(); err != nil {
		return nil, err
	}
	return n, tx.PutNumber(ctx, n)
}
