package db

import (
	"context"
	"fmt"
	"slices"

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

// Snapshot reads all configuration as this transaction sees it. Inside Update it includes
// the changes so far, so that they can be tried before they are committed.
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
		allOf(ctx, tx, contactTable, &r.Contacts),
		allOf(ctx, tx, blockedCallerTable, &r.BlockedCallers),
		allOf(ctx, tx, trunkTable, &r.Trunks),
		allOf(ctx, tx, routeTable, &r.Routes),
		allOf(ctx, tx, forwardTable, &r.Forwards),
		allOf(ctx, tx, numberTable, &r.Numbers),
		allOf(ctx, tx, classTable, &r.Classes),
		allOf(ctx, tx, ringGroupTable, &r.RingGroups),
		func() error { return tx.fillMembers(ctx, "", r.RingGroups) },
		allOf(ctx, tx, announcementTable, &r.Announcements),
		allOf(ctx, tx, queueTable, &r.Queues),
		func() error { return tx.fillQueueMembers(ctx, "", r.Queues) },
		allOf(ctx, tx, applicationTable, &r.Applications),
		allOf(ctx, tx, featureCodesTable, &r.FeatureCodes),
		someOf(ctx, tx, userTable, &r.Users, `WHERE tenant <> ''`),
		allOf(ctx, tx, resellerTable, &r.Resellers),
		allOf(ctx, tx, rateTable, &r.Rates),
		func() (err error) { r.PortingIn, err = tx.portingIn(ctx); return err },
	} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return pbx.NewSnapshot(revision, r), nil
}

// SnapshotOfPhone reads the part of a snapshot that a phone's registrations, keys and
// settings depend on, but for the numbers that it dials: it takes ten short queries.
func (tx *Tx) SnapshotOfPhone(ctx context.Context, p *pbx.Phone) (*pbx.Snapshot, error) {
	var r pbx.Rows
	r.Phones = []*pbx.Phone{p}
	var devices []string
	for _, l := range p.Lines {
		devices = append(devices, l.Device)
	}
	for _, read := range []func() error{
		someOf(ctx, tx, tenantTable, &r.Tenants, `WHERE name = ?`, p.Tenant),
		someOf(ctx, tx, phoneSettingsTable, &r.PhoneSettings, `WHERE tenant = ?`, p.Tenant),
		someOf(ctx, tx, featureCodesTable, &r.FeatureCodes, `WHERE tenant = ?`, p.Tenant),
		someOf(ctx, tx, buttonTable, &r.ButtonTemplates, `WHERE tenant = ? AND model IN (?, ?)`, p.Tenant, p.Model,
			pbx.DefaultButtons),
		func() error { return tx.fillTemplates(ctx, r.ButtonTemplates) },
		someOf(ctx, tx, deviceTable, &r.Devices, `WHERE tenant = ? AND name `+inList, p.Tenant, listed(devices)),
	} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	numbers := numbersOf(p, r)
	for _, read := range []func() error{
		someOf(ctx, tx, extensionTable, &r.Extensions, `WHERE tenant = ? AND number `+inList, p.Tenant, listed(numbers)),
		someOf(ctx, tx, userTable, &r.Users, `WHERE tenant = ? AND extension `+inList, p.Tenant, listed(numbers)),
	} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return pbx.NewSnapshot(0, r), nil
}

// inList is the end of a condition on a value that is in a list, made by listed.
const inList = `IN (SELECT value FROM json_each(?))`

func listed(texts []string) string {
	list, _ := listJSON(texts) // texts always have a form in JSON
	return string(list)
}

// numbersOf are the extensions of a phone's devices and those in the values of its keys.
func numbersOf(p *pbx.Phone, r pbx.Rows) (numbers []string) {
	for _, d := range r.Devices {
		numbers = append(numbers, d.Extension)
	}
	for _, b := range p.Buttons {
		numbers = append(numbers, b.Value)
	}
	for _, t := range r.ButtonTemplates {
		for _, b := range t.Buttons {
			numbers = append(numbers, b.Value)
		}
	}
	numbers = slices.DeleteFunc(numbers, func(number string) bool { return number == "" })
	slices.Sort(numbers)
	return slices.Compact(numbers)
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
