package db

import (
	"context"
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// queueMembers is the part of a query that finds queues by member. The member is extension ?2 of
// tenant ?1.
const queueMembers = `UNION ALL SELECT 'queue', name FROM queue_members WHERE tenant = ?1 AND extension = ?2 `

// queuesWhere returns queues of a tenant that meet a condition with ?2.
func (tx *Tx) queuesWhere(ctx context.Context, tenant, condition, value string) ([]*pbx.Queue, error) {
	qs, err := queueTable.rows(ctx, tx, `AS q WHERE tenant = ?1 AND `+condition+` ORDER BY name`, tenant, value)
	if err != nil {
		return nil, fmt.Errorf("listing queues: %w", err)
	}
	return qs, tx.fillQueueMembers(ctx, tenant, qs)
}

// queuesOf returns the queues of which an extension is a member.
func (tx *Tx) queuesOf(ctx context.Context, tenant, extension string) ([]*pbx.Queue, error) {
	return tx.queuesWhere(ctx, tenant,
		`EXISTS (SELECT 1 FROM queue_members AS m WHERE m.tenant = q.tenant AND m.name = q.name AND m.extension = ?2)`,
		extension)
}

// releaseQueueMember takes an extension out of its queues.
func (tx *Tx) releaseQueueMember(ctx context.Context, tenant, extension string) error {
	qs, err := tx.queuesOf(ctx, tenant, extension)
	if err != nil {
		return err
	}
	for _, q := range qs {
		q.Members = slices.DeleteFunc(q.Members, func(m pbx.QueueMember) bool { return m.Extension == extension })
		if err := tx.PutQueue(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// redirectQueues makes queues that lead to one destination lead to another. A zero destination
// ends their calls.
func (tx *Tx) redirectQueues(ctx context.Context, tenant string, from, to pbx.Destination) error {
	qs, err := tx.queuesWhere(ctx, tenant,
		`?2 IN (destination, full_destination, empty_destination, timeout_destination)`, from.String())
	if err != nil {
		return err
	}
	for _, q := range qs {
		q.Redirect(from, to)
		if err := tx.PutQueue(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// followQueueMembers writes the cascade's changes in queues after a renumbering. Its argument is
// the queues before it.
func (tx *Tx) followQueueMembers(ctx context.Context, queues []*pbx.Queue, from, to string) error {
	for _, before := range queues {
		q := *before
		q.Members = slices.Clone(q.Members)
		for i, m := range q.Members {
			if m.Extension == from {
				q.Members[i].Extension = to
			}
		}
		if err := tx.saveQueue(ctx, before, &q); err != nil {
			return err
		}
	}
	return nil
}

// noQueueAt refuses a number that a queue has.
func (tx *Tx) noQueueAt(ctx context.Context, tenant, number string) error {
	taken, err := tx.has(ctx, `SELECT 1 FROM queues WHERE tenant = ? AND number = ?`, tenant, number)
	if err != nil {
		return fmt.Errorf("looking for queues with number %s: %w", number, err)
	}
	if taken {
		return pbx.Conflictf("number", "a queue of tenant %s has the number %s already", tenant, number)
	}
	return nil
}
