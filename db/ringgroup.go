package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const selectRingGroup = `SELECT tenant, name, number, strategy, ring_seconds, timeout, destination, skip_busy, follow_forwards, confirm,
	caller_id_prefix, ring_tone, waiting, announcement, version, revision FROM ring_groups`

func scanRingGroup(row scanner) (*pbx.RingGroup, error) {
	g := &pbx.RingGroup{}
	return g, row.Scan(&g.Tenant, &g.Name, &g.Number, &g.Strategy, &g.RingSeconds, &g.Timeout, destinationScan{&g.Destination}, &g.SkipBusy, &g.FollowForwards,
		&g.Confirm, &g.CallerIDPrefix, &g.RingTone, &g.Waiting, &g.Announcement, &g.Version, &g.Revision)
}

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

// fillMembers reads the members of groups of one tenant, or, if it is "", of all.
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
	g, err := scanRingGroup(tx.sql.QueryRowContext(ctx, selectRingGroup+` WHERE tenant = ? AND name = ?`, tenant, name))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, tx.notIn(ctx, tenant, kindRingGroup, name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading ring group %s: %w", name, err)
	}
	return g, tx.fillMembers(ctx, tenant, []*pbx.RingGroup{g})
}

// RingGroups returns ring groups of a tenant by name. Contains looks at name and
// number. An unknown tenant is a NotFound error.
func (tx *Tx) RingGroups(ctx context.Context, tenant string, o ListOptions) ([]*pbx.RingGroup, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	gs, err := query(ctx, tx, scanRingGroup, selectRingGroup+`
		WHERE tenant = ?1 AND name > ?2 AND (name LIKE ?3 ESCAPE '\' OR number LIKE ?3 ESCAPE '\') ORDER BY name LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing ring groups: %w", err)
	}
	return gs, tx.fillMembers(ctx, tenant, gs)
}

// allRingGroups is for the snapshot.
func (tx *Tx) allRingGroups(ctx context.Context) ([]*pbx.RingGroup, error) {
	gs, err := query(ctx, tx, scanRingGroup, selectRingGroup)
	if err != nil {
		return nil, fmt.Errorf("reading ring groups: %w", err)
	}
	return gs, tx.fillMembers(ctx, "", gs)
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
	if old != nil && len(changed(old, g)) == 0 {
		g.Version, g.Revision = old.Version, old.Revision
		return nil
	}
	if err := tx.checkRingGroup(ctx, g); err != nil {
		return err
	}
	return tx.saveRingGroup(ctx, old, g)
}

func (tx *Tx) saveRingGroup(ctx context.Context, old, g *pbx.RingGroup) (err error) {
	if g.Revision, err = tx.newRevision(ctx); err != nil {
		return err
	}
	g.Version = 1
	if old != nil {
		g.Version = old.Version + 1
	}
	err = tx.exec(ctx, `INSERT INTO ring_groups (tenant, name, number, strategy, ring_seconds, timeout, destination, skip_busy, follow_forwards, confirm,
		caller_id_prefix, ring_tone, waiting, announcement, version, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (tenant, name) DO UPDATE SET number = excluded.number, strategy = excluded.strategy, ring_seconds = excluded.ring_seconds,
		timeout = excluded.timeout, destination = excluded.destination, skip_busy = excluded.skip_busy, follow_forwards = excluded.follow_forwards,
		confirm = excluded.confirm, caller_id_prefix = excluded.caller_id_prefix, ring_tone = excluded.ring_tone, waiting = excluded.waiting,
		announcement = excluded.announcement, version = excluded.version, revision = excluded.revision`,
		g.Tenant, g.Name, g.Number, string(g.Strategy), g.RingSeconds, g.Timeout, g.Destination.String(), g.SkipBusy, g.FollowForwards, string(g.Confirm),
		g.CallerIDPrefix, g.RingTone, string(g.Waiting), g.Announcement, g.Version, g.Revision)
	if err != nil {
		return fmt.Errorf("writing ring group %s: %w", g.Name, err)
	}
	if old == nil || !slices.Equal(old.Members, g.Members) {
		if err := tx.saveMembers(ctx, g); err != nil {
			return fmt.Errorf("writing the members of ring group %s: %w", g.Name, err)
		}
	}
	return record(ctx, tx, kindRingGroup, g.Tenant, g.Name, old, g)
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
	for i, m := range g.Members {
		if err := tx.needMember(ctx, fmt.Sprintf("members[%d]", i), g.Tenant, m); err != nil {
			return err
		}
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
	taken, err := tx.has(ctx, `SELECT 1 FROM ring_groups WHERE tenant = ? AND number = ? AND name <> ?`, tenant, number, except)
	if err != nil {
		return fmt.Errorf("looking for ring groups with number %s: %w", number, err)
	}
	if taken {
		return pbx.Conflictf("number", "a ring group of tenant %s has the number %s already", tenant, number)
	}
	return nil
}

// DeleteRingGroup removes a ring group; an InUse error names what leads to it.
func (tx *Tx) DeleteRingGroup(ctx context.Context, tenant, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.RingGroup(ctx, tenant, name)
	if err != nil {
		return err
	}
	to := pbx.Destination{Kind: pbx.ToRingGroup, Key: name}
	err = tx.unused(ctx, "ring group "+name, `SELECT kind, name FROM (SELECT '' AS kind, '' AS name WHERE ?2 = '' `+leadingTo+`) ORDER BY kind, name`, tenant, name, to.String())
	if err != nil {
		return err
	}
	if _, err := tx.newRevision(ctx); err != nil {
		return err
	}
	if err := tx.exec(ctx, `DELETE FROM ring_groups WHERE tenant = ? AND name = ?`, tenant, name); err != nil {
		return fmt.Errorf("deleting ring group %s: %w", name, err)
	}
	return record(ctx, tx, kindRingGroup, tenant, name, old, nil)
}
