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
	ts, err := query(ctx, tx, scanTenant, selectTenant)
	if err != nil {
		return nil, fmt.Errorf("reading tenants: %w", err)
	}
	es, err := query(ctx, tx, scanExtension, selectExtension)
	if err != nil {
		return nil, fmt.Errorf("reading extensions: %w", err)
	}
	ds, err := query(ctx, tx, scanDevice, selectDevice)
	if err != nil {
		return nil, fmt.Errorf("reading devices: %w", err)
	}
	ms, err := query(ctx, tx, scanMailbox, selectMailbox)
	if err != nil {
		return nil, fmt.Errorf("reading mailboxes: %w", err)
	}
	ps, err := tx.allPhones(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := query(ctx, tx, scanPhoneSettings, selectPhoneSettings)
	if err != nil {
		return nil, fmt.Errorf("reading phone settings: %w", err)
	}
	bs, err := tx.allButtonTemplates(ctx)
	if err != nil {
		return nil, err
	}
	ns, err := query(ctx, tx, scanExternalNumber, selectExternalNumber)
	if err != nil {
		return nil, fmt.Errorf("reading external numbers: %w", err)
	}
	trunks, err := query(ctx, tx, scanTrunk, selectTrunk)
	if err != nil {
		return nil, fmt.Errorf("reading trunks: %w", err)
	}
	fs, err := query(ctx, tx, scanForward, selectForward)
	if err != nil {
		return nil, fmt.Errorf("reading forwards: %w", err)
	}
	numbers, err := query(ctx, tx, scanNumber, selectNumber)
	if err != nil {
		return nil, fmt.Errorf("reading numbers: %w", err)
	}
	classes, err := query(ctx, tx, scanClassOfService, selectClassOfService)
	if err != nil {
		return nil, fmt.Errorf("reading classes of service: %w", err)
	}
	rgs, err := tx.allRingGroups(ctx)
	if err != nil {
		return nil, err
	}
	codes, err := query(ctx, tx, scanFeatureCodes, selectFeatureCodes)
	if err != nil {
		return nil, fmt.Errorf("reading feature codes: %w", err)
	}
	us, err := query(ctx, tx, scanUser, selectUser)
	if err != nil {
		return nil, fmt.Errorf("reading users: %w", err)
	}
	return pbx.NewSnapshot(revision, ts, es, ds, ps, ms).WithPhoneDefaults(settings, bs).WithUsers(us).SetOutside(ns, trunks).WithForwards(fs).WithNumbers(numbers, classes).WithRingGroups(rgs).WithFeatureCodes(codes), nil
}

func (tx *Tx) allPhones(ctx context.Context) ([]*pbx.Phone, error) {
	ps, err := query(ctx, tx, scanPhone, selectPhone)
	if err != nil {
		return nil, fmt.Errorf("reading phones: %w", err)
	}
	ls, err := query(ctx, tx, scanLine, `SELECT mac, registration, device FROM phone_lines ORDER BY tenant, mac, registration`)
	if err != nil {
		return nil, fmt.Errorf("reading the lines of phones: %w", err)
	}
	assignLines(ps, ls)
	bs, err := query(ctx, tx, scanButton, `SELECT tenant, mac, `+buttonColumns+` FROM phone_buttons ORDER BY tenant, mac, module, key`)
	if err != nil {
		return nil, fmt.Errorf("reading the buttons of phones: %w", err)
	}
	assignButtons(ps, bs)
	return ps, nil
}
