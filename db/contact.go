package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var contactTable = newTable(kindContact, "contacts",
	func(row *pbx.Contact) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.Contact) any { return &row.Tenant }),
	keyCol("name", func(row *pbx.Contact) any { return &row.Name }),
	col("title", func(row *pbx.Contact) any { return &row.Title }),
	col("numbers", func(row *pbx.Contact) any { return words{&row.Numbers} }),
)

// Contact returns one contact, or a NotFound error.
func (tx *Tx) Contact(ctx context.Context, tenant, name string) (*pbx.Contact, error) {
	return contactTable.get(ctx, tx, tenant, name)
}

// Contacts returns contacts of a tenant by name. Contains looks at name, title and numbers.
// An unknown tenant is a NotFound error.
func (tx *Tx) Contacts(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Contact, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	cs, err := contactTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND name > ?2
			AND (name LIKE ?3 ESCAPE '\' OR title LIKE ?3 ESCAPE '\' OR numbers LIKE ?3 ESCAPE '\')
		ORDER BY name LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing contacts: %w", err)
	}
	return cs, nil
}

// PutContact adds a contact or replaces the one of that name. It sets Version and Revision
// of c, and writes nothing when nothing differs.
func (tx *Tx) PutContact(ctx context.Context, c *pbx.Contact) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Contact(ctx, c.Tenant, c.Name))
	if err != nil {
		return err
	}
	if contactTable.same(old, c) {
		return nil
	}
	if err := tx.needTenant(ctx, c.Tenant); err != nil {
		return err
	}
	return contactTable.save(ctx, tx, old, c)
}

// DeleteContact removes a contact.
func (tx *Tx) DeleteContact(ctx context.Context, tenant, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Contact(ctx, tenant, name)
	if err != nil {
		return err
	}
	return contactTable.remove(ctx, tx, old)
}
