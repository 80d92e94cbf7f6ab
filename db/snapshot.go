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
	var r rows
	for _, read := range []func() error{
		allOf(ctx, tx, tenantTable, &r.tenants),
		allOf(ctx, tx, extensionTable, &r.extensions),
		allOf(ctx, tx, deviceTable, &r.devices),
		allOf(ctx, tx, mailboxTable, &r.mailboxes),
		allOf(ctx, tx, phoneTable, &r.phones),
		func() error { return tx.fillAllPhones(ctx, r.phones) },
		allOf(ctx, tx, phoneSettingsTable, &r.settings),
		allOf(ctx, tx, buttonTable, &r.buttons),
		func() error { return tx.fillAllTemplates(ctx, r.buttons) },
		allOf(ctx, tx, externalTable, &r.external),
		allOf(ctx, tx, trunkTable, &r.trunks),
		allOf(ctx, tx, forwardTable, &r.forwards),
		allOf(ctx, tx, numberTable, &r.numbers),
		allOf(ctx, tx, classTable, &r.classes),
		allOf(ctx, tx, ringGroupTable, &r.groups),
		func() error { return tx.fillMembers(ctx, "", r.groups) },
		allOf(ctx, tx, featureCodesTable, &r.codes),
		allOf(ctx, tx, userTable, &r.users),
	} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return pbx.NewSnapshot(revision, r.tenants, r.extensions, r.devices, r.phones, r.mailboxes).WithPhoneDefaults(r.settings, r.buttons).WithUsers(r.users).
		SetOutside(r.external, r.trunks).WithForwards(r.forwards).WithNumbers(r.numbers, r.classes).WithRingGroups(r.groups).WithFeatureCodes(r.codes), nil
}

type rows struct {
	tenants    []*pbx.Tenant
	extensions []*pbx.Extension
	devices    []*pbx.Device
	mailboxes  []*pbx.Mailbox
	phones     []*pbx.Phone
	settings   []*pbx.PhoneSettings
	buttons    []*pbx.ButtonTemplate
	external   []*pbx.ExternalNumber
	trunks     []*pbx.Trunk
	forwards   []*pbx.Forward
	numbers    []*pbx.Number
	classes    []*pbx.ClassOfService
	groups     []*pbx.RingGroup
	codes      []*pbx.FeatureCodes
	users      []*pbx.User
}

// fillAllPhones reads the lines and buttons of all phones.
func (tx *Tx) fillAllPhones(ctx context.Context, ps []*pbx.Phone) error {
	ls, err := query(ctx, tx, scanLine, `SELECT mac, registration, device FROM phone_lines ORDER BY tenant, mac, registration`)
	if err != nil {
		return fmt.Errorf("reading the lines of phones: %w", err)
	}
	assignLines(ps, ls)
	bs, err := query(ctx, tx, scanButton, `SELECT tenant, mac, `+buttonColumns+` FROM phone_buttons ORDER BY tenant, mac, module, key`)
	if err != nil {
		return fmt.Errorf("reading the buttons of phones: %w", err)
	}
	assignButtons(ps, bs)
	return nil
}
