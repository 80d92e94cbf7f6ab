package db

import (
	"context"
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ringGroupTable: the rows of ring_group_members hold the members.
var ringGroupTable = newTable(kindRingGroup, "ring_groups",
	func(row *pbx.RingGroup) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.RingGroup) any { return &row.Tenant }),
	keyCol("name", func(row *pbx.RingGroup) any { return &row.Name }),
	col("number", func(row *pbx.RingGroup) any { return &row.Number }),
	col("strategy", func(row *pbx.RingGroup) any { return &row.Strategy }),
	col("ring_seconds", func(row *pbx.RingGroup) any { return &row.RingSeconds }),
	col("timeout", func(row *pbx.RingGroup) any { return &row.Timeout }),
	col("destination", func(row *pbx.RingGroup) any { return destination{&row.Destination} }),
	col("skip_busy", func(row *pbx.RingGroup) any { return &row.SkipBusy }),
	col("follow_forwards", func(row *pbx.RingGroup) any { return &row.FollowForwards }).as("member_forwards",
		func(row *pbx.RingGroup) any {
			return map[bool]string{false: "ignore", true: "follow"}[row.FollowForwards]
		}),
	col("confirm", func(row *pbx.RingGroup) any { return &row.Confirm }),
	col("caller_id_prefix", func(row *pbx.RingGroup) any { return &row.CallerIDPrefix }),
	col("ring_tone", func(row *pbx.RingGroup) any { return &row.RingTone }),
	col("waiting", func(row *pbx.RingGroup) any { return &row.Waiting }),
	col("music", func(row *pbx.RingGroup) any { return words{&row.Music} }),
	col("announcement", func(row *pbx.RingGroup) any { return &row.Announcement }),
	apartCol("members", func(row *pbx.RingGroup) any { return &row.Members }),
)

// memberRow is a member and the group it belongs to.
type memberRow struct {
	group
	pbx.RingMember
}

// group names a ring group.
type group struct{ tenant, name string }

func scanMember(row scanner) (m memberRow, err error) {
	return m, row.Scan(&m.tenant, &m.name, &m.Extension, &m.External, &m.Delay, &m.RingSeconds, &m.Weight)
}

// fillMembers reads the members of groups of one tenant, or of all with "".
func (tx *Tx) fillMembers(ctx context.Context, tenant string, gs []*pbx.RingGroup) error {
	ms, err := query(ctx, tx, scanMember, `SELECT tenant, name, coalesce(extension, ''), coalesce(external, ''), delay, ring_seconds, weight
		FROM ring_group_members WHERE ?1 IN ('', tenant) ORDER BY tenant, name, position`, tenant)
	if err != nil {
		return fmt.Errorf("reading the members of ring groups: %w", err)
	}
	at := make(map[group]*pbx.RingGroup, len(gs))
	for _, g := range gs {
		at[group{g.Tenant, g.Name}] = g
	}
	for _, m := range ms {
		if g := at[m.group]; g != nil {
			g.Members = append(g.Members, m.RingMember)
		}
	}
	return nil
}

// RingGroup returns one ring group, or a NotFound error.
func (tx *Tx) RingGroup(ctx context.Context, tenant, name string) (*pbx.RingGroup, error) {
	g, err := ringGroupTable.get(ctx, tx, tenant, name)
	if err != nil {
		return nil, err
	}
	return g, tx.fillMembers(ctx, tenant, []*pbx.RingGroup{g})
}

// RingGroups returns ring groups of a tenant by name. Contains looks at name and
// number. An unknown tenant is a NotFound error.
func (tx *Tx) RingGroups(ctx context.Context, tenant string, o ListOptions) ([]*pbx.RingGroup, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	gs, err := ringGroupTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND name > ?2 AND (name LIKE ?3 ESCAPE '\' OR number LIKE ?3 ESCAPE '\') ORDER BY name LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing ring groups: %w", err)
	}
	return gs, tx.fillMembers(ctx, tenant, gs)
}

// PutRingGroup adds a ring group or replaces the one of that name. It sets Version
// and Revision of g, and writes nothing when nothing differs. A number that an
// extension or another group has, a member or a destination that does not exist,
// are errors.
func (tx *Tx) PutRingGroup(ctx context.Context, g *pbx.RingGroup) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.RingGroup(ctx, g.Tenant, g.Name))
	if err != nil {
		return err
	}
	if ringGroupTable.same(old, g) {
		return nil
	}
	if old == nil || old.Number != g.Number {
		if err := tx.noEmergency(ctx, g.Tenant, g.Number); err != nil {
			return err
		}
	}
	if err := tx.checkRingGroup(ctx, g); err != nil {
		return err
	}
	if err := tx.groupMayLead(ctx, old, g); err != nil {
		return err
	}
	return tx.saveRingGroup(ctx, old, g)
}

func (tx *Tx) saveRingGroup(ctx context.Context, old, g *pbx.RingGroup) error {
	if err := ringGroupTable.save(ctx, tx, old, g); err != nil {
		return err
	}
	if old != nil && slices.Equal(old.Members, g.Members) {
		return nil
	}
	if err := tx.saveMembers(ctx, g); err != nil {
		return fmt.Errorf("writing the members of ring group %s: %w", g.Name, err)
	}
	return nil
}

func (tx *Tx) saveMembers(ctx context.Context, g *pbx.RingGroup) error {
	if err := tx.exec(ctx, `DELETE FROM ring_group_members WHERE tenant = ? AND name = ?`, g.Tenant, g.Name); err != nil {
		return err
	}
	for i, m := range g.Members {
		err := tx.exec(ctx, `INSERT INTO ring_group_members (tenant, name, position, extension, external, delay, ring_seconds, weight)
			VALUES (?, ?, ?, nullif(?, ''), nullif(?, ''), ?, ?, ?)`, g.Tenant, g.Name, i, m.Extension, m.External, m.Delay, m.RingSeconds, m.Weight)
		if err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) checkRingGroup(ctx context.Context, g *pbx.RingGroup) error {
	if err := tx.needTenant(ctx, g.Tenant); err != nil {
		return err
	}
	taken, err := orNil(tx.Extension(ctx, g.Tenant, g.Number))
	if err != nil {
		return err
	}
	if taken != nil {
		return existsAlready("number", g.Tenant, kindExtension, g.Number)
	}
	if err := tx.notForFeature(ctx, g.Tenant, g.Number); err != nil {
		return err
	}
	if err := tx.noRingGroupAt(ctx, g.Tenant, g.Number, g.Name); err != nil {
		return err
	}
	if err := tx.noQueueAt(ctx, g.Tenant, g.Number); err != nil {
		return err
	}
	for i, m := range g.Members {
		if err := tx.needMember(ctx, fmt.Sprintf("members[%d]", i), g.Tenant, m); err != nil {
			return err
		}
	}
	if err := tx.needMusic(ctx, g.Tenant, g.Music); err != nil {
		return err
	}
	if err := tx.needDestination(ctx, "announcement", g.Tenant, g.Greeting()); err != nil {
		return err
	}
	return tx.needDestination(ctx, "destination", g.Tenant, g.Destination)
}

func (tx *Tx) needMember(ctx context.Context, field, tenant string, m pbx.RingMember) error {
	if m.External != "" {
		return tx.needExternalNumber(ctx, field+".external", tenant, m.External)
	}
	return tx.needDestination(ctx, field+".extension", tenant, pbx.Destination{Kind: pbx.ToExtension, Key: m.Extension})
}

// noRingGroupAt refuses a number that a ring group other than except has.
func (tx *Tx) noRingGroupAt(ctx context.Context, tenant, number, except string) error {
	taken, err := tx.has(ctx, `SELECT 1 FROM ring_groups WHERE tenant = ? AND number = ? AND name <> ?`, tenant, number,
		except)
	if err != nil {
		return fmt.Errorf("looking for ring groups with number %s: %w", number, err)
	}
	if taken {
		return pbx.Conflictf("number", "a ring group of tenant %s has the number %s already", tenant, number)
	}
	return nil
}

// DeleteRingGroup removes a ring group. An InUse error names the references to it.
func (tx *Tx) DeleteRingGroup(ctx context.Context, tenant, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.RingGroup(ctx, tenant, name)
	if err != nil {
		return err
	}
	to := pbx.Destination{Kind: pbx.ToRingGroup, Key: name}
	err = tx.unused(ctx, "ring group "+name,
		`SELECT kind, name FROM (SELECT '' AS kind, '' AS name WHERE ?2 = '' `+leadingTo+`) ORDER BY kind, name`, tenant,
		name, to.String())
	if err != nil {
		return err
	}
	return ringGroupTable.remove(ctx, tx, old)
}
