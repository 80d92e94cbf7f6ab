package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const selectExtension = `SELECT tenant, number, name, ring_seconds, coalesce(mailbox, ''), presence, allowed_devices, anonymous, record, record_on_demand, monitors, monitored, type, parent_device, ring, coalesce(twin_number, ''), do_not_disturb, NOT call_waiting, presentation_number, class_of_service, country,
	(SELECT coalesce(group_concat(m.name, ' '), '') FROM group_members m WHERE m.tenant = extensions.tenant AND m.extension = extensions.number),
	version, revision FROM extensions`

func scanExtension(row scanner) (*pbx.Extension, error) {
	e := &pbx.Extension{}
	return e, row.Scan(&e.Tenant, &e.Number, &e.Name, &e.RingSeconds, &e.Mailbox, &e.Presence, namesScan[pbx.DeviceClass]{&e.AllowedDevices}, &e.Anonymous, &e.Record, &e.RecordOnDemand, &e.Monitors, &e.Monitored,
		&e.Type, &e.ParentDevice, &e.Ring, &e.TwinNumber, &e.DoNotDisturb, &e.NoCallWaiting, &e.PresentationNumber, &e.ClassOfService, &e.Country, namesScan[string]{&e.Groups}, &e.Version, &e.Revision)
}

// Extension returns one extension, or a NotFound error.
func (tx *Tx) Extension(ctx context.Context, tenant, number string) (*pbx.Extension, error) {
	e, err := scanExtension(tx.sql.QueryRowContext(ctx, selectExtension+` WHERE tenant = ? AND number = ?`, tenant, number))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, tx.notIn(ctx, tenant, kindExtension, number)
	}
	if err != nil {
		return nil, fmt.Errorf("reading extension %s: %w", number, err)
	}
	return e, nil
}

// Extensions returns extensions of a tenant by number. Contains looks at number
// and name. An unknown tenant is a NotFound error.
func (tx *Tx) Extensions(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Extension, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	es, err := query(ctx, tx, scanExtension, selectExtension+`
		WHERE tenant = ?1 AND number > ?2 AND (number LIKE ?3 ESCAPE '\' OR name LIKE ?3 ESCAPE '\')
		ORDER BY number LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing extensions: %w", err)
	}
	return es, nil
}

// CreateExtension adds an extension; a Conflict error when its number is taken.
func (tx *Tx) CreateExtension(ctx context.Context, e *pbx.Extension) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Extension(ctx, e.Tenant, e.Number))
	if err != nil {
		return err
	}
	if old != nil {
		return existsAlready("number", e.Tenant, kindExtension, e.Number)
	}
	return tx.saveExtension(ctx, nil, e)
}

// PutExtension adds an extension or replaces the one of that number. It sets
// Version and Revision of e, and writes nothing when nothing differs. An unknown
// mailbox is an Invalid error.
func (tx *Tx) PutExtension(ctx context.Context, e *pbx.Extension) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Extension(ctx, e.Tenant, e.Number))
	if err != nil {
		return err
	}
	if old != nil && len(changed(old, e)) == 0 {
		e.Version, e.Revision = old.Version, old.Revision
		return nil
	}
	return tx.saveExtension(ctx, old, e)
}

func (tx *Tx) saveExtension(ctx context.Context, old, e *pbx.Extension) (err error) {
	if err := tx.checkExtension(ctx, e); err != nil {
		return err
	}
	if old == nil {
		if err := tx.noRingGroupAt(ctx, e.Tenant, e.Number, ""); err != nil {
			return err
		}
	}
	if err := tx.checkLicence(ctx, old, e); err != nil {
		return err
	}
	if old == nil {
		if err := tx.notForFeature(ctx, e.Tenant, e.Number); err != nil {
			return err
		}
	}
	if e.Revision, err = tx.newRevision(ctx); err != nil {
		return err
	}
	e.Version = 1
	if old != nil {
		e.Version = old.Version + 1
	}
	err = tx.exec(ctx, `INSERT INTO extensions (tenant, number, name, ring_seconds, mailbox, presence, allowed_devices, anonymous, record, record_on_demand, monitors, monitored, type, parent_device, ring, twin_number, do_not_disturb, call_waiting, presentation_number, class_of_service, country, version, revision)
		VALUES (?, ?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?, NOT ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, number) DO UPDATE SET name = excluded.name,
		ring_seconds = excluded.ring_seconds, mailbox = excluded.mailbox, presence = excluded.presence,
		allowed_devices = excluded.allowed_devices, anonymous = excluded.anonymous, record = excluded.record,
		record_on_demand = excluded.record_on_demand, monitors = excluded.monitors, monitored = excluded.monitored, type = excluded.type, parent_device = excluded.parent_device,
		ring = excluded.ring, twin_number = excluded.twin_number, do_not_disturb = excluded.do_not_disturb, call_waiting = excluded.call_waiting,
		presentation_number = excluded.presentation_number, class_of_service = excluded.class_of_service, country = excluded.country,
		version = excluded.version, revision = excluded.revision`,
		e.Tenant, e.Number, e.Name, e.RingSeconds, e.Mailbox, e.Presence, joinNames(e.AllowedDevices), e.Anonymous, e.Record, e.RecordOnDemand, e.Monitors, e.Monitored, e.Type, e.ParentDevice, string(e.Ring), e.TwinNumber, e.DoNotDisturb, e.NoCallWaiting, e.PresentationNumber, e.ClassOfService, e.Country, e.Version, e.Revision)
	if err != nil {
		return fmt.Errorf("writing extension %s: %w", e.Number, err)
	}
	if err := tx.saveMembership(ctx, old, e); err != nil {
		return err
	}
	return record(ctx, tx, kindExtension, e.Tenant, e.Number, old, e)
}

func (tx *Tx) checkExtension(ctx context.Context, e *pbx.Extension) error {
	if err := tx.needTenant(ctx, e.Tenant); err != nil {
		return err
	}
	if err := tx.needExternalNumber(ctx, "twin_number", e.Tenant, e.TwinNumber); err != nil {
		return err
	}
	if err := tx.checkOutward(ctx, e); err != nil {
		return err
	}
	if err := tx.checkOwnMailbox(ctx, e); err != nil {
		return err
	}
	if err := tx.checkKind(ctx, e); err != nil {
		return err
	}
	if err := tx.checkDesks(ctx, e); err != nil {
		return err
	}
	return tx.checkMembership(ctx, e)
}

// checkKind refuses devices where the type allows none, and a parent device that
// does not exist.
func (tx *Tx) checkKind(ctx context.Context, e *pbx.Extension) error {
	if e.ParentDevice != "" {
		parent, err := orNil(tx.Device(ctx, e.Tenant, e.ParentDevice))
		if err != nil {
			return fmt.Errorf("looking for device %s: %w", e.ParentDevice, err)
		}
		if parent == nil {
			return pbx.Refusedf("parent_device", "device %s does not exist in tenant %s", e.ParentDevice, e.Tenant)
		}
		if !parent.Kind.SIP() {
			return pbx.Refusedf("parent_device", "device %s is of kind %s, and a sip-virtual extension rings one of kind sip", e.ParentDevice, parent.Kind)
		}
	}
	return tx.checkKeptDevices(ctx, e)
}

// checkKeptDevices refuses a type that the devices of the extension do not go with.
func (tx *Tx) checkKeptDevices(ctx context.Context, e *pbx.Extension) error {
	devices, err := tx.DevicesOf(ctx, e.Tenant, e.Number)
	if err != nil {
		return err
	}
	for _, d := range devices {
		if !e.Type.HasDevices() {
			return pbx.Refusedf("type", "extension %s still has devices, and one of type %s has none of its own", e.Number, e.Type)
		}
		if !e.Type.Takes(d.Kind) {
			return pbx.Refusedf("type", "extension %s still has device %s of kind %s, which belongs to an extension of type %s", e.Number, d.Name, d.Kind, d.Kind)
		}
	}
	return nil
}

func (tx *Tx) checkOwnMailbox(ctx context.Context, e *pbx.Extension) error {
	if e.Mailbox == "" {
		return nil
	}
	have, err := tx.has(ctx, `SELECT 1 FROM mailboxes WHERE tenant = ? AND number = ?`, e.Tenant, e.Mailbox)
	if err != nil {
		return fmt.Errorf("looking for mailbox %s: %w", e.Mailbox, err)
	}
	if !have {
		return pbx.Refusedf("mailbox", "mailbox %s does not exist in tenant %s", e.Mailbox, e.Tenant)
	}
	return nil
}

// DeleteExtension removes an extension; an InUse error names the devices that
// ring for it, its user, the numbers that lead to it, the buttons that watch it, and its own mailbox, which
// ReleaseExtension deletes.
func (tx *Tx) DeleteExtension(ctx context.Context, tenant, number string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Extension(ctx, tenant, number)
	if err != nil {
		return err
	}
	if err := tx.extensionUnused(ctx, old); err != nil {
		return err
	}
	if err := tx.DeleteForward(ctx, tenant, number); err != nil && pbx.KindOf(err) != pbx.NotFound {
		return err
	}
	if _, err := tx.newRevision(ctx); err != nil {
		return err
	}
	if err := tx.exec(ctx, `DELETE FROM extensions WHERE tenant = ? AND number = ?`, tenant, number); err != nil {
		return fmt.Errorf("deleting extension %s: %w", number, err)
	}
	return record(ctx, tx, kindExtension, tenant, number, old, nil)
}
