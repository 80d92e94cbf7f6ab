package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Snapshot reads all configuration at one revision.
func (db *DB) Snapshot(ctx context.Context) (s *pbx.Snapshot, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		s, err = tx.Snapshot(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the snapshot: %w", err)
	}
	return s, nil
}

// Snapshot reads all configuration as this transaction sees it: inside Update,
// with its changes so far, so that they can be tried before they are committed.
func (tx *Tx) Snapshot(ctx context.Context) (*pbx.Snapshot, error) {
	revision, err := tx.currentRevision(ctx)
	if err != nil {
		return nil, err
	}
	var r pbx.Rows
	for _, read := range []func() error{
		allOf(ctx, tx, tenantTable, &r.Tenants),
		allOf(ctx, tx, extensionTable, &r.Extensions),
		allOf(ctx, tx, deviceTable, &r.Devices),
		allOf(ctx, tx, mailboxTable, &r.Mailboxes),
		allOf(ctx, tx, phoneTable, &r.Phones),
		func() error { return tx.fillAllPhones(ctx, r.Phones) },
		allOf(ctx, tx, phoneSettingsTable, &r.PhoneSettings),
		allOf(ctx, tx, buttonTable, &r.ButtonTemplates),
		func() error { return tx.fillAllTemplates(ctx, r.ButtonTemplates) },
		allOf(ctx, tx, externalTable, &r.ExternalNumbers),
		allOf(ctx, tx, trunkTable, &r.Trunks),
		allOf(ctx, tx, forwardTable, &r.Forwards),
		allOf(ctx, tx, numberTable, &r.Numbers),
		allOf(ctx, tx, classTable, &r.Classes),
		allOf(ctx, tx, ringGroupTable, &r.RingGroups),
		func() error { return tx.fillMembers(ctx, "", r.RingGroups) },
		allOf(ctx, tx, featureCodesTable, &r.FeatureCodes),
		allOf(ctx, tx, userTable, &r.Users),
	} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return pbx.NewSnapshot(revision, r), nil
}

// fillAllPhones reads the lines and buttons of all phones.
func (tx *Tx) fillAllPhones(ctx context.Context, ps []*pbx.Phone) error {
	ls, err := query(ctx, tx, scanLine,
		`SELECT mac, registration, device FROM phone_lines ORDER BY tenant, mac, registration`)
	if err != nil {
		return fmt.Errorf("reading the lines of phones: %w", err)
	}
	assignLines(ps, ls)
	bs, err := query(ctx, tx, scanButton,
		`SELECT tenant, mac, `+buttonColumns+` FROM phone_buttons ORDER BY tenant, mac, module, key`)
	if err != nil {
		return fmt.Errorf("reading the buttons of phones: %w", err)
	}
	assignButtons(ps, bs)
	return nil
}
