package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// extensionTable: the rows of group_members hold the groups.
var extensionTable = newTable(kindExtension, "extensions",
	func(e *pbx.Extension) (version, revision *int64) { return &e.Version, &e.Revision },
	keyCol("tenant", func(e *pbx.Extension) any { return &e.Tenant }),
	keyCol("number", func(e *pbx.Extension) any { return &e.Number }),
	col("name", func(e *pbx.Extension) any { return &e.Name }),
	col("ring_seconds", func(e *pbx.Extension) any { return &e.RingSeconds }),
	col("mailbox", func(e *pbx.Extension) any { return reference{&e.Mailbox} }),
	col("hidden", func(e *pbx.Extension) any { return &e.Hidden }),
	col("presence", func(e *pbx.Extension) any { return &e.Presence }),
	col("allowed_devices", func(e *pbx.Extension) any { return names[pbx.DeviceClass]{&e.AllowedDevices} }).
		as("allowed_devices", func(e *pbx.Extension) any { return e.AllowedDevices }), // null allows all
	col("anonymous", func(e *pbx.Extension) any { return &e.Anonymous }),
	col("record", func(e *pbx.Extension) any { return &e.Record }),
	col("record_on_demand", func(e *pbx.Extension) any { return &e.RecordOnDemand }),
	col("monitors", func(e *pbx.Extension) any { return &e.Monitors }),
	col("monitored", func(e *pbx.Extension) any { return &e.Monitored }),
	col("type", func(e *pbx.Extension) any { return &e.Type }),
	col("parent_device", func(e *pbx.Extension) any { return &e.ParentDevice }),
	col("ring", func(e *pbx.Extension) any { return &e.Ring }),
	col("twin_number", func(e *pbx.Extension) any { return reference{&e.TwinNumber} }),
	col("do_not_disturb", func(e *pbx.Extension) any { return &e.DoNotDisturb }),
	col("busy_only_in_call", func(e *pbx.Extension) any { return &e.BusyOnlyInCall }),
	col("max_calls", func(e *pbx.Extension) any { return &e.MaxCalls }),
	col("call_waiting", func(e *pbx.Extension) any { return inverted{&e.NoCallWaiting} }),
	col("presentation_number", func(e *pbx.Extension) any { return &e.PresentationNumber }),
	col("class_of_service", func(e *pbx.Extension) any { return &e.ClassOfService }),
	col("country", func(e *pbx.Extension) any { return &e.Country }),
	col("timezone", func(e *pbx.Extension) any { return &e.Timezone }),
	col("guard", func(e *pbx.Extension) any { return inJSON[pbx.Guard]{&e.Guard} }),
	col("music", func(e *pbx.Extension) any { return words{&e.Music} }),
	col("groups", func(e *pbx.Extension) any { return names[string]{&e.Groups} }).
		from("(SELECT coalesce(group_concat(m.name, ' '), '') FROM group_members m WHERE m.tenant = extensions.tenant AND m.extension = extensions.number)"),
)

// Extension returns one extension, or a NotFound error.
func (tx *Tx) Extension(ctx context.Context, tenant, number string) (*pbx.Extension, error) {
	return extensionTable.get(ctx, tx, tenant, number)
}

// Extensions returns extensions of a tenant by number. Contains looks at number
// and name. An unknown tenant is a NotFound error.
func (tx *Tx) Extensions(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Extension, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	es, err := extensionTable.rows(ctx, tx, `
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
	if extensionTable.same(old, e) {
		return nil
	}
	return tx.saveExtension(ctx, old, e)
}

func (tx *Tx) saveExtension(ctx context.Context, old, e *pbx.Extension) error {
	if err := tx.checkExtension(ctx, e); err != nil {
		return err
	}
	if old == nil {
		if err := tx.noRingGroupAt(ctx, e.Tenant, e.Number, ""); err != nil {
			return err
		}
		if err := tx.noQueueAt(ctx, e.Tenant, e.Number); err != nil {
			return err
		}
		if err := tx.noEmergency(ctx, e.Tenant, e.Number); err != nil {
			return err
		}
	}
	if err := tx.checkOwnCountry(ctx, old, e); err != nil {
		return err
	}
	if e.TwinNumber != "" && (old == nil || old.TwinNumber != e.TwinNumber) {
		if err := tx.mayLead(ctx, pbx.DoorTwin, "twin_number", e, e.TwinNumber); err != nil {
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
	if err := extensionTable.save(ctx, tx, old, e); err != nil {
		return err
	}
	return tx.saveMembership(ctx, old, e)
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
	if err := tx.needMusic(ctx, e.Tenant, e.Music); err != nil {
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

// checkOwnCountry refuses a country of an extension whose emergency numbers the
// extension itself or others of its tenant have.
func (tx *Tx) checkOwnCountry(ctx context.Context, old, e *pbx.Extension) error {
	if e.Country == "" || old != nil && old.Country == e.Country {
		return nil
	}
	if err := pbx.CheckNoEmergency("number", e.Number, []string{e.Country}); err != nil {
		return err
	}
	return tx.countryFits(ctx, e.Tenant, e.Country)
}

// checkKind refuses devices where the type allows no devices. It also refuses a parent
// device that does not exist.
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
			return pbx.Refusedf("parent_device", "device %s is of kind %s, and a sip-virtual extension rings one of kind sip",
				e.ParentDevice, parent.Kind)
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
	if e.Type == pbx.TypeSIPVirtual && len(devices) == 0 {
		if err := e.CheckLine(); err != nil {
			return err
		}
	}
	for _, d := range devices {
		if !e.Type.HasDevices() && e.Type != pbx.TypeSIPVirtual {
			return pbx.Refusedf("type", "extension %s still has devices, and one of type %s has none of its own", e.Number,
				e.Type)
		}
		if !e.Type.Takes(d.Kind) {
			return pbx.Refusedf("type", "extension %s still has device %s of kind %s, which belongs to an extension of type %s",
				e.Number, d.Name, d.Kind, d.Kind)
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

// DeleteExtension removes an extension, or returns an InUse error. The error names the
// devices that ring for it, its user, the numbers that lead to it, the buttons that watch
// it, and its own mailbox, which ReleaseExtension deletes.
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
	return extensionTable.remove(ctx, tx, old)
}
