package db

import (
	"context"
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// queueTable: the rows of queue_members hold the members.
var queueTable = newTable(kindQueue, "queues",
	func(row *pbx.Queue) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.Queue) any { return &row.Tenant }),
	keyCol("name", func(row *pbx.Queue) any { return &row.Name }),
	col("number", func(row *pbx.Queue) any { return &row.Number }),
	col("strategy", func(row *pbx.Queue) any { return &row.Strategy }),
	col("ring_seconds", func(row *pbx.Queue) any { return &row.RingSeconds }),
	col("retry", func(row *pbx.Queue) any { return &row.Retry }).as("retry_seconds", nil),
	col("wrap_up", func(row *pbx.Queue) any { return &row.WrapUp }).as("wrap_up_seconds", nil),
	col("max_waiting", func(row *pbx.Queue) any { return &row.MaxWaiting }),
	col("max_wait", func(row *pbx.Queue) any { return &row.MaxWait }).as("max_wait_seconds", nil),
	col("wait_when_empty", func(row *pbx.Queue) any { return &row.WaitWhenEmpty }),
	col("welcome", func(row *pbx.Queue) any { return &row.Welcome }),
	col("periodic", func(row *pbx.Queue) any { return &row.Periodic }).as("periodic_announcement", nil),
	col("periodic_seconds", func(row *pbx.Queue) any { return &row.PeriodicSeconds }),
	col("announce_seconds", func(row *pbx.Queue) any { return &row.AnnounceSeconds }),
	col("announce_position", func(row *pbx.Queue) any { return &row.Position }),
	col("announce_hold_time", func(row *pbx.Queue) any { return &row.HoldTime }),
	col("destination", func(row *pbx.Queue) any { return destination{&row.Destination} }),
	col("full_destination", func(row *pbx.Queue) any { return destination{&row.Full} }),
	col("empty_destination", func(row *pbx.Queue) any { return destination{&row.Empty} }),
	col("timeout_destination", func(row *pbx.Queue) any { return destination{&row.TimedOut} }),
	apartCol("members", func(row *pbx.Queue) any { return &row.Members }),
)

// queueMemberRow is a member and the queue it belongs to.
type queueMemberRow struct {
	tenant, name string
	pbx.QueueMember
}

// fillQueueMembers reads the members of queues of one tenant, or of all with "".
func (tx *Tx) fillQueueMembers(ctx context.Context, tenant string, qs []*pbx.Queue) error {
	scan := func(row scanner) (m queueMemberRow, err error) {
		return m, row.Scan(&m.tenant, &m.name, &m.Extension, &m.Penalty)
	}
	ms, err := query(ctx, tx, scan, `SELECT tenant, name, extension, penalty FROM queue_members
		WHERE ?1 IN ('', tenant) ORDER BY tenant, name, position`, tenant)
	if err != nil {
		return fmt.Errorf("reading the members of queues: %w", err)
	}
	at := make(map[[2]string]*pbx.Queue, len(qs))
	for _, q := range qs {
		at[[2]string{q.Tenant, q.Name}] = q
	}
	for _, m := range ms {
		if q := at[[2]string{m.tenant, m.name}]; q != nil {
			q.Members = append(q.Members, m.QueueMember)
		}
	}
	return nil
}

// Queue returns one queue, or a NotFound error.
func (tx *Tx) Queue(ctx context.Context, tenant, name string) (*pbx.Queue, error) {
	q, err := queueTable.get(ctx, tx, tenant, name)
	if err != nil {
		return nil, err
	}
	return q, tx.fillQueueMembers(ctx, tenant, []*pbx.Queue{q})
}

// Queues returns queues of a tenant by name. Contains looks at name and number. An unknown
// tenant is a NotFound error.
func (tx *Tx) Queues(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Queue, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	qs, err := queueTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND name > ?2 AND (name LIKE ?3 ESCAPE '\' OR number LIKE ?3 ESCAPE '\') ORDER BY name LIMIT ?4`,
		tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing queues: %w", err)
	}
	return qs, tx.fillQueueMembers(ctx, tenant, qs)
}

// PutQueue adds a queue or replaces the one of that name. It sets Version and Revision of q, and
// writes nothing when nothing differs. A number that somebody else has, a member, a sound or a
// destination that does not exist, are errors.
func (tx *Tx) PutQueue(ctx context.Context, q *pbx.Queue) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Queue(ctx, q.Tenant, q.Name))
	if err != nil {
		return err
	}
	if queueTable.same(old, q) {
		return nil
	}
	if err := tx.checkQueue(ctx, old, q); err != nil {
		return err
	}
	return tx.saveQueue(ctx, old, q)
}

func (tx *Tx) checkQueue(ctx context.Context, old, q *pbx.Queue) error {
	if err := tx.needTenant(ctx, q.Tenant); err != nil {
		return err
	}
	if old == nil || old.Number != q.Number {
		if err := tx.free(ctx, q.Tenant, q.Number); err != nil {
			return err
		}
	}
	for i, m := range q.Members {
		to := pbx.Destination{Kind: pbx.ToExtension, Key: m.Extension}
		if err := tx.needDestination(ctx, fmt.Sprintf("members[%d].extension", i), q.Tenant, to); err != nil {
			return err
		}
	}
	for field, name := range map[string]string{"welcome": q.Welcome, "periodic_announcement": q.Periodic} {
		if err := tx.needDestination(ctx, field, q.Tenant, pbx.OwnSoundOf(name)); err != nil {
			return err
		}
	}
	return tx.queueMayLead(ctx, old, q)
}

// queueMayLead refuses destinations that a queue gets anew and that are not there, or outside
// where the tenant may not call.
func (tx *Tx) queueMayLead(ctx context.Context, old, q *pbx.Queue) error {
	had := map[pbx.NamedDestination]bool{}
	if old != nil {
		for _, d := range old.Destinations() {
			had[d] = true
		}
	}
	for _, d := range q.Destinations() {
		if had[d] {
			continue
		}
		if err := tx.needDestination(ctx, d.Field, q.Tenant, d.To); err != nil {
			return err
		}
		if d.To.Kind != pbx.ToExternal {
			continue
		}
		owner := &pbx.Extension{Tenant: q.Tenant}
		if err := tx.mayLead(ctx, pbx.DoorGroup, d.Field, owner, d.To.Key); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) saveQueue(ctx context.Context, old, q *pbx.Queue) error {
	if err := queueTable.save(ctx, tx, old, q); err != nil {
		return err
	}
	if old != nil && slices.Equal(old.Members, q.Members) {
		return nil
	}
	if err := tx.saveQueueMembers(ctx, q); err != nil {
		return fmt.Errorf("writing the members of queue %s: %w", q.Name, err)
	}
	return nil
}

func (tx *Tx) saveQueueMembers(ctx context.Context, q *pbx.Queue) error {
	if err := tx.exec(ctx, `DELETE FROM queue_members WHERE tenant = ? AND name = ?`, q.Tenant, q.Name); err != nil {
		return err
	}
	for i, m := range q.Members {
		err := tx.exec(ctx, `INSERT INTO queue_members (tenant, name, position, extension, penalty) VALUES (?, ?, ?, ?, ?)`,
			q.Tenant, q.Name, i, m.Extension, m.Penalty)
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteQueue removes a queue. An InUse error names the references to it.
func (tx *Tx) DeleteQueue(ctx context.Context, tenant, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Queue(ctx, tenant, name)
	if err != nil {
		return err
	}
	to := pbx.Destination{Kind: pbx.ToQueue, Key: name}
	err = tx.unused(ctx, "queue "+name,
		`SELECT kind, name FROM (SELECT '' AS kind, '' AS name WHERE ?2 = '' `+leadingTo+`) ORDER BY kind, name`, tenant,
		name, to.String())
	if err != nil {
		return err
	}
	return queueTable.remove(ctx, tx, old)
}
