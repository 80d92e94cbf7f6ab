package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var tenantTable = newTable(kindTenant, "tenants",
	func(row *pbx.Tenant) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("name", func(row *pbx.Tenant) any { return &row.Name }),
	col("reseller", func(row *pbx.Tenant) any { return reference{&row.Reseller} }),
	col("title", func(row *pbx.Tenant) any { return &row.Title }),
	col("timezone", func(row *pbx.Tenant) any { return &row.Timezone }),
	col("phone_password", func(row *pbx.Tenant) any { return secret{&row.PhonePassword} }),
	col("max_extensions", func(row *pbx.Tenant) any { return &row.MaxExtensions }),
	col("phone_networks", func(row *pbx.Tenant) any { return words{&row.PhoneNetworks} }),
	col("cdr_days", func(row *pbx.Tenant) any { return &row.CDRDays }),
	col("recording_days", func(row *pbx.Tenant) any { return &row.RecordingDays }),
	col("recording_megabytes", func(row *pbx.Tenant) any { return &row.RecordingMegabytes }),
	col("country", func(row *pbx.Tenant) any { return &row.Country }),
	col("first_extension", func(row *pbx.Tenant) any { return &row.FirstExtension }),
	col("max_calls", func(row *pbx.Tenant) any { return &row.MaxCalls }),
	col("max_numbers", func(row *pbx.Tenant) any { return &row.MaxNumbers }),
	col("max_texts", func(row *pbx.Tenant) any { return &row.MaxTexts }),
	col("allow_external_numbers", func(row *pbx.Tenant) any { return &row.AllowExternalNumbers }),
	col("claim_numbers", func(row *pbx.Tenant) any { return &row.ClaimNumbers }),
	col("anonymous", func(row *pbx.Tenant) any { return usual[pbx.AnonymousCalls]{&row.Anonymous, pbx.AnonymousAllowed} }),
	col("music", func(row *pbx.Tenant) any { return words{&row.Music} }),
	col("emergency_mail", func(row *pbx.Tenant) any { return words{&row.EmergencyMail} }),
	col("emergency_test_number", func(row *pbx.Tenant) any { return &row.EmergencyTestNumber }),
	col("guard", func(row *pbx.Tenant) any { return inJSON[pbx.Guard]{&row.Guard} }),
	col("guard_ceiling", func(row *pbx.Tenant) any { return inJSON[pbx.Guard]{&row.GuardCeiling} }),
	col("voicemail_subject", func(row *pbx.Tenant) any { return &row.VoicemailSubject }),
	col("voicemail_text", func(row *pbx.Tenant) any { return &row.VoicemailText }),
	col("class_of_service", func(row *pbx.Tenant) any { return &row.ClassOfService }),
	col("forward_caller", func(row *pbx.Tenant) any {
		return usual[pbx.ForwardCaller]{&row.ForwardCaller,
			pbx.ShowExtension}
	}),
)

// Tenant returns one tenant, or a NotFound error.
func (tx *Tx) Tenant(ctx context.Context, name string) (*pbx.Tenant, error) {
	t, err := tenantTable.row(ctx, tx, `WHERE name = ?`, name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, pbx.NotFoundf("tenant %s does not exist", name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading tenant %s: %w", name, err)
	}
	return t, nil
}

// Tenants returns tenants by name. Contains looks at name and title.
func (tx *Tx) Tenants(ctx context.Context, o ListOptions) ([]*pbx.Tenant, error) {
	ts, err := tenantTable.rows(ctx, tx, `
		WHERE name > ?1 AND (name LIKE ?3 ESCAPE '\' OR title LIKE ?3 ESCAPE '\')
		AND (?2 = '' OR reseller IN `+branchFrom2+`)
		ORDER BY name LIMIT ?4`, o.After, o.Branch, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing tenants: %w", err)
	}
	return ts, nil
}

// CreateTenant adds a tenant; a Conflict error when its name is taken.
func (tx *Tx) CreateTenant(ctx context.Context, t *pbx.Tenant) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Tenant(ctx, t.Name))
	if err != nil {
		return err
	}
	if old != nil {
		return pbx.Conflictf("name", "tenant %s exists already", t.Name)
	}
	return tx.saveTenant(ctx, nil, t)
}

// PutTenant adds a tenant or replaces the one of that name. It sets Version and
// Revision of t, and writes nothing when nothing differs.
func (tx *Tx) PutTenant(ctx context.Context, t *pbx.Tenant) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Tenant(ctx, t.Name))
	if err != nil {
		return err
	}
	if tenantTable.same(old, t) {
		return nil
	}
	return tx.saveTenant(ctx, old, t)
}

func (tx *Tx) saveTenant(ctx context.Context, old, t *pbx.Tenant) error {
	if err := tx.needClass(ctx, t.Name, t.ClassOfService); err != nil {
		return err
	}
	if err := tx.needMusic(ctx, t.Name, t.Music); err != nil {
		return err
	}
	if old != nil && old.Country != t.Country {
		if err := tx.countryFits(ctx, t.Name, t.Country); err != nil {
			return err
		}
	}
	if err := tx.needReseller(ctx, "reseller", t.Reseller); err != nil {
		return err
	}
	if err := tx.mayOwn(ctx, owned{"tenant", "reseller", old == nil, ownerOf(old), ownerOf(old), t.Reseller}); err != nil {
		return err
	}
	if err := tenantTable.save(ctx, tx, old, t); err != nil {
		return err
	}
	if old != nil && old.Reseller != t.Reseller {
		if err := tx.numbersMove(ctx, t); err != nil {
			return err
		}
		if err := tx.endTokensOutside(ctx); err != nil {
			return err
		}
	}
	return tx.handedOn(ctx, t.Reseller)
}

func ownerOf(t *pbx.Tenant) string {
	if t == nil {
		return ""
	}
	return t.Reseller
}

// DeleteTenant removes an empty tenant. For any other, an InUse error names its objects, at
// most 100. The default tenant always stays.
func (tx *Tx) DeleteTenant(ctx context.Context, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Tenant(ctx, name)
	if err != nil {
		return err
	}
	if name == pbx.DefaultTenant {
		return &pbx.Error{Kind: pbx.InUse, Message: "tenant default is part of every installation and cannot be deleted"}
	}
	err = tx.unused(ctx, "tenant "+name, `SELECT * FROM (SELECT 'extension', number FROM extensions WHERE tenant = ?1
		UNION ALL SELECT 'device', name FROM devices WHERE tenant = ?1
		UNION ALL SELECT 'phone', mac FROM phones WHERE tenant = ?1
		UNION ALL SELECT 'button-template', model FROM button_templates WHERE tenant = ?1
		UNION ALL SELECT 'external-number', number FROM external_numbers WHERE tenant = ?1
		UNION ALL SELECT 'contact', name FROM contacts WHERE tenant = ?1
		UNION ALL SELECT 'blocked-caller', number FROM blocked_callers WHERE tenant = ?1
		UNION ALL SELECT 'port-request', name FROM port_requests WHERE tenant = ?1
		UNION ALL SELECT 'trunk', name FROM trunks WHERE tenant = ?1
		UNION ALL SELECT 'route', name FROM routes WHERE tenant = ?1
		UNION ALL SELECT 'webhook', name FROM webhooks WHERE tenant = ?1
		UNION ALL SELECT 'number', number FROM numbers WHERE tenant = ?1
		UNION ALL SELECT 'class-of-service', name FROM classes_of_service WHERE tenant = ?1
		UNION ALL SELECT 'ring-group', name FROM ring_groups WHERE tenant = ?1
		UNION ALL SELECT 'queue', name FROM queues WHERE tenant = ?1
		UNION ALL SELECT 'announcement', name FROM announcements WHERE tenant = ?1
		UNION ALL SELECT 'application', name FROM applications WHERE tenant = ?1
		UNION ALL SELECT 'mailbox', number FROM mailboxes WHERE tenant = ?1
		UNION ALL SELECT 'group', name FROM phone_groups WHERE tenant = ?1
		UNION ALL SELECT 'user', username FROM users WHERE tenant = ?1)`, name)
	if err != nil {
		return err
	}
	return tenantTable.remove(ctx, tx, old)
}

// needTenant returns a NotFound error when there is no such tenant.
func (tx *Tx) needTenant(ctx context.Context, name string) error {
	have, err := tx.has(ctx, `SELECT 1 FROM tenants WHERE name = ?`, name)
	if err != nil {
		return fmt.Errorf("looking for tenant %s: %w", name, err)
	}
	if !have {
		return pbx.NotFoundf("tenant %s does not exist", name)
	}
	return nil
}
