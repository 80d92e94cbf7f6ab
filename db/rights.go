package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// mayLead refuses a number outside where the rights of an extension do not let a rule lead
// calls. Its row need not be written yet; one without a number stands for its tenant.
func (tx *Tx) mayLead(ctx context.Context, door pbx.Door, field string, owner *pbx.Extension, number string) error {
	rights, err := tx.rightsOf(ctx, owner)
	if err != nil {
		return err
	}
	if rights.Class == nil && rights.Country == "" {
		return nil // nobody has said yet what is abroad: each call asks again
	}
	var asked error
	rights.Own = func(e164 string) *pbx.Number {
		n, err := numberTable.rows(ctx, tx, `WHERE number = ?`, e164)
		if err != nil {
			asked = fmt.Errorf("looking for number %s: %w", e164, err)
		}
		if len(n) == 0 {
			return nil
		}
		return n[0]
	}
	known, err := orNil(tx.ExternalNumber(ctx, owner.Tenant, number))
	if err != nil {
		return err
	}
	switch a := rights.Ask(door, number, known); {
	case asked != nil:
		return asked
	case a.Refused != "":
		return pbx.Refusedf(field, "%s", a.Refused)
	}
	return nil
}

// rightsOf returns the rights of an extension as pbx.Snapshot.RightsOf does, but for Own.
func (tx *Tx) rightsOf(ctx context.Context, owner *pbx.Extension) (pbx.Rights, error) {
	tenant, err := tx.Tenant(ctx, owner.Tenant)
	if err != nil {
		return pbx.Rights{}, err
	}
	classes, err := classTable.rows(ctx, tx, `WHERE tenant = ? AND name IN (?, ?)`, owner.Tenant, owner.ClassOfService,
		tenant.ClassOfService)
	if err != nil {
		return pbx.Rights{}, fmt.Errorf("reading the class of service of %s: %w", owner.Number, err)
	}
	routes, err := routeTable.rows(ctx, tx, `WHERE tenant = ?`, owner.Tenant)
	if err != nil {
		return pbx.Rights{}, fmt.Errorf("reading the routes of tenant %s: %w", owner.Tenant, err)
	}
	alone := pbx.Rows{Tenants: []*pbx.Tenant{tenant}, Extensions: []*pbx.Extension{owner}, Classes: classes, Routes: routes}
	rights := pbx.NewSnapshot(0, alone).RightsOf(owner)
	rights.Countries, err = tx.countriesOf(ctx, owner.Tenant)
	return rights, err
}

// forwardMayLead refuses destinations outside that a forward gets anew.
func (tx *Tx) forwardMayLead(ctx context.Context, owner *pbx.Extension, old, f *pbx.Forward) error {
	had := map[pbx.Destination]bool{}
	if old != nil {
		for _, named := range old.Destinations() {
			had[named.To] = true
		}
	}
	for _, named := range f.Destinations() {
		if named.To.Kind != pbx.ToExternal || had[named.To] {
			continue
		}
		if err := tx.mayLead(ctx, pbx.DoorForward, named.Field, owner, named.To.Key); err != nil {
			return err
		}
	}
	return nil
}

// groupMayLead refuses members and a destination outside that a ring group gets anew. The
// group has the rights of its tenant.
func (tx *Tx) groupMayLead(ctx context.Context, old, g *pbx.RingGroup) error {
	had := map[string]bool{}
	if old != nil {
		for _, m := range old.Members {
			had[m.External] = true
		}
	}
	owner := &pbx.Extension{Tenant: g.Tenant}
	for i, m := range g.Members {
		if m.External == "" || had[m.External] {
			continue
		}
		if err := tx.mayLead(ctx, pbx.DoorMember, fmt.Sprintf("members[%d].external", i), owner, m.External); err != nil {
			return err
		}
	}
	if g.Destination.Kind != pbx.ToExternal || old != nil && old.Destination == g.Destination {
		return nil
	}
	return tx.mayLead(ctx, pbx.DoorGroup, "destination", owner, g.Destination.Key)
}

// deviceMayLead refuses the number of an external device that its extension may not call,
// where one of the two is new.
func (tx *Tx) deviceMayLead(ctx context.Context, owner *pbx.Extension, old, d *pbx.Device) error {
	same := old != nil && old.ExternalNumber == d.ExternalNumber && old.Extension == d.Extension
	if d.Kind != pbx.DeviceExternal || same {
		return nil
	}
	return tx.mayLead(ctx, pbx.DoorDevice, "external_number", owner, d.ExternalNumber)
}
