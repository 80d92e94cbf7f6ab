package db

import (
	"context"
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ringMembers is the part of a query for references that finds the ring groups of
// which extension ?2 of tenant ?1 is a member.
const ringMembers = `UNION ALL SELECT 'ring-group', name FROM ring_group_members WHERE tenant = ?1 AND extension = ?2 `

// ringGroupsWhere returns ring groups of a tenant that meet a condition with ?2.
func (tx *Tx) ringGroupsWhere(ctx context.Context, tenant, condition, value string) ([]*pbx.RingGroup, error) {
	gs, err := ringGroupTable.rows(ctx, tx, `AS g WHERE tenant = ?1 AND `+condition+` ORDER BY name`, tenant, value)
	if err != nil {
		return nil, fmt.Errorf("listing ring groups: %w", err)
	}
	return gs, tx.fillMembers(ctx, tenant, gs)
}

// ringGroupsOf returns the ring groups of which an extension is a member.
func (tx *Tx) ringGroupsOf(ctx context.Context, tenant, extension string) ([]*pbx.RingGroup, error) {
	return tx.ringGroupsWhere(ctx, tenant,
		`EXISTS (SELECT 1 FROM ring_group_members AS m WHERE m.tenant = g.tenant AND m.name = g.name AND m.extension = ?2)`,
		extension)
}

// releaseMember takes an extension out of its ring groups. A group needs a member: its last one stays.
func (tx *Tx) releaseMember(ctx context.Context, tenant, extension string) error {
	gs, err := tx.ringGroupsOf(ctx, tenant, extension)
	if err != nil {
		return err
	}
	for _, g := range gs {
		g.Members = slices.DeleteFunc(g.Members, func(m pbx.RingMember) bool { return m.Extension == extension })
		if len(g.Members) == 0 {
			return &pbx.Error{Kind: pbx.InUse, Message: "extension " + extension + " is the only member of",
				Refs: []pbx.Ref{{Kind: kindRingGroup, Key: g.Name}}}
		}
		if err := tx.PutRingGroup(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// redirectGroups makes ring groups that lead to one destination lead to another; a
// zero one ends their calls.
func (tx *Tx) redirectGroups(ctx context.Context, tenant string, from, to pbx.Destination) error {
	gs, err := tx.ringGroupsWhere(ctx, tenant, `destination = ?2`, from.String())
	if err != nil {
		return err
	}
	for _, g := range gs {
		g.Destination = to
		if err := tx.PutRingGroup(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// followMembers writes what the cascade has changed in ring groups, which are those
// before it, when an extension got another number.
func (tx *Tx) followMembers(ctx context.Context, groups []*pbx.RingGroup, from, to string) error {
	for _, before := range groups {
		g := *before
		g.Members = slices.Clone(g.Members)
		for i, m := range g.Members {
			if m.Extension == from {
				g.Members[i].Extension = to
			}
		}
		if err := tx.saveRingGroup(ctx, before, &g); err != nil {
			return err
		}
	}
	return tx.exec(ctx, `UPDATE ring_group_turns SET member = iif(member = ?2, ?3, member), last = iif(last = ?2, ?3, last)
		WHERE (member = ?2 OR last = ?2) AND tenant = ?1`, tenantOf(groups), from, to)
}

// tenantOf is the tenant of ring groups; "" of none.
func tenantOf(groups []*pbx.RingGroup) string {
	if len(groups) == 0 {
		return ""
	}
	return groups[0].Tenant
}
