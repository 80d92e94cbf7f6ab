package db

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var forwardTable = newTable(kindForward, "forwards",
	func(row *pbx.Forward) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.Forward) any { return &row.Tenant }),
	keyCol("extension", func(row *pbx.Forward) any { return &row.Extension }),
	col("mode", func(row *pbx.Forward) any { return &row.Mode }),
	col("destination", func(row *pbx.Forward) any { return destination{&row.Destination} }),
	col("rules", func(row *pbx.Forward) any { return rules{&row.Rules} }),
	col("timezone", func(row *pbx.Forward) any { return &row.Timezone }),
	col("exceptions", func(row *pbx.Forward) any { return names[string]{&row.Exceptions} }),
	col("unreachable", func(row *pbx.Forward) any { return destination{&row.Unreachable} }),
	col("busy", func(row *pbx.Forward) any { return destination{&row.Busy} }),
	col("no_answer", func(row *pbx.Forward) any { return destination{&row.NoAnswer} }),
	col("no_answer_seconds", func(row *pbx.Forward) any { return &row.NoAnswerSeconds }),
)

// rules are the rules of a schedule, which are kept as JSON. They are read and written
// whole, in their order.
type rules struct{ to *[]pbx.CallRule }

// Scan implements sql.Scanner.
func (r rules) Scan(v any) error {
	text, _ := v.(string)
	if text == "" {
		*r.to = nil
		return nil
	}
	return json.Unmarshal([]byte(text), r.to)
}

// Value implements driver.Valuer.
func (r rules) Value() (driver.Value, error) {
	if len(*r.to) == 0 {
		return "", nil
	}
	text, err := json.Marshal(*r.to)
	return string(text), err
}

// MarshalJSON implements json.Marshaler.
func (r rules) MarshalJSON() ([]byte, error) { return listJSON(*r.to) }

// Forward returns how an extension is forwarded, or a NotFound error.
func (tx *Tx) Forward(ctx context.Context, tenant, extension string) (*pbx.Forward, error) {
	return forwardTable.get(ctx, tx, tenant, extension)
}

// Forwards returns the forwards of a tenant by extension. Contains looks at the
// extension and at where calls go. An unknown tenant is a NotFound error.
func (tx *Tx) Forwards(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Forward, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	fs, err := forwardTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND extension > ?2 AND (extension || ' ' || destination || ' ' || unreachable || ' ' || busy || ' ' || no_answer || ' ' || rules LIKE ?3 ESCAPE '\')
		ORDER BY extension LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing forwards: %w", err)
	}
	return fs, nil
}

// PutForward adds the forward of an extension or replaces it. It sets Version and
// Revision of f, and writes nothing when nothing differs. An unknown extension
// is a NotFound error, a destination that does not exist an Invalid one.
func (tx *Tx) PutForward(ctx context.Context, f *pbx.Forward) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Forward(ctx, f.Tenant, f.Extension))
	if err != nil {
		return err
	}
	if forwardTable.same(old, f) {
		return nil
	}
	return tx.saveForward(ctx, old, f)
}

func (tx *Tx) saveForward(ctx context.Context, old, f *pbx.Forward) error {
	if err := tx.checkForward(ctx, old, f); err != nil {
		return err
	}
	return forwardTable.save(ctx, tx, old, f)
}

func (tx *Tx) checkForward(ctx context.Context, old, f *pbx.Forward) error {
	if err := tx.needTenant(ctx, f.Tenant); err != nil {
		return err
	}
	owner, err := tx.Extension(ctx, f.Tenant, f.Extension)
	if pbx.KindOf(err) == pbx.NotFound {
		return &pbx.Error{Kind: pbx.NotFound, Field: "extension",
			Message: fmt.Sprintf("extension %s does not exist in tenant %s", f.Extension, f.Tenant)}
	}
	if err != nil {
		return err
	}
	for _, named := range f.Destinations() {
		if err := tx.needDestination(ctx, named.Field, f.Tenant, named.To); err != nil {
			return err
		}
	}
	return tx.forwardMayLead(ctx, owner, old, f)
}

// DeleteForward ends the forwarding of an extension.
func (tx *Tx) DeleteForward(ctx context.Context, tenant, extension string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Forward(ctx, tenant, extension)
	if err != nil {
		return err
	}
	return forwardTable.remove(ctx, tx, old)
}
