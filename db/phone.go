package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// phoneTable: the rows of phone_lines and phone_buttons hold lines and buttons.
var phoneTable = newTable(kindPhone, "phones",
	func(row *pbx.Phone) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.Phone) any { return &row.Tenant }),
	keyCol("mac", func(row *pbx.Phone) any { return &row.MAC }).as("mac",
		func(row *pbx.Phone) any { return row.MAC.Colons() }),
	col("vendor", func(row *pbx.Phone) any { return &row.Vendor }),
	col("model", func(row *pbx.Phone) any { return &row.Model }),
	col("settings", func(row *pbx.Phone) any { return inJSON[pbx.OwnSettings]{&row.Settings} }),
	col("url_secret", func(row *pbx.Phone) any { return secret{&row.URLSecret} }).as("provisioning_url", nil),
	col("former_secret", func(row *pbx.Phone) any { return secret{&row.FormerSecret} }).unaudited(),
	col("former_mac", func(row *pbx.Phone) any { return &row.FormerMAC }).as("replaces", func(row *pbx.Phone) any {
		if row.FormerMAC == "" {
			return ""
		}
		return row.FormerMAC.Colons()
	}),
	col("former_model", func(row *pbx.Phone) any { return &row.FormerModel }).as("replaces_model", nil),
	col("enrol_until", func(row *pbx.Phone) any { return instant{&row.EnrolUntil} }),
	apartCol("lines", func(row *pbx.Phone) any { return &row.Lines }),
	apartCol("buttons", func(row *pbx.Phone) any { return &row.Buttons }).as("buttons",
		func(row *pbx.Phone) any { return byPlace(row.Buttons) }),
)

// Phone returns one phone with its lines, or a NotFound error.
func (tx *Tx) Phone(ctx context.Context, tenant string, mac pbx.MAC) (*pbx.Phone, error) {
	p, err := phoneTable.row(ctx, tx, `WHERE tenant = ? AND mac = ?`, tenant, string(mac))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, tx.notIn(ctx, tenant, kindPhone, mac.Colons())
	}
	if err != nil {
		return nil, fmt.Errorf("reading phone %s: %w", mac.Colons(), err)
	}
	if err := tx.fillLines(ctx, []*pbx.Phone{p}); err != nil {
		return nil, err
	}
	return p, nil
}

// Phones returns phones of a tenant by MAC, with their lines. Contains looks at
// the MAC in any spelling, the model, and the devices of the lines. After is a
// MAC in the stored form. An unknown tenant is a NotFound error.
func (tx *Tx) Phones(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Phone, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	digits := ListOptions{Contains: strings.NewReplacer(":", "", "-", "", ".", "").Replace(o.Contains)}.pattern()
	if digits == "%%" && o.Contains != "" {
		digits = "" // nothing but separators matches no MAC
	}
	ps, err := phoneTable.rows(ctx, tx, `AS p
		WHERE tenant = ?1 AND mac > ?2 AND (mac LIKE ?5 ESCAPE '\' OR model LIKE ?3 ESCAPE '\' OR EXISTS (
			SELECT 1 FROM phone_lines AS l WHERE l.tenant = p.tenant AND l.mac = p.mac AND l.device LIKE ?3 ESCAPE '\'))
		ORDER BY mac LIMIT ?4`, tenant, o.After, o.pattern(), o.limit(), digits)
	if err != nil {
		return nil, fmt.Errorf("listing phones: %w", err)
	}
	if err := tx.fillLines(ctx, ps); err != nil {
		return nil, err
	}
	return ps, nil
}

// CreatePhone adds a phone; a Conflict error when its MAC is taken.
func (tx *Tx) CreatePhone(ctx context.Context, p *pbx.Phone) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Phone(ctx, p.Tenant, p.MAC))
	if err != nil {
		return err
	}
	if old != nil {
		return existsAlready("mac", p.Tenant, kindPhone, p.MAC.Colons())
	}
	return tx.savePhone(ctx, nil, p, p.Lines)
}

// PutPhone adds a phone or replaces the one of that MAC, lines included. It sets
// Version and Revision of p, sorts its lines, cuts EnrolUntil to milliseconds,
// and writes nothing when nothing differs. An unknown device on a line is an
// Invalid error; a device on another phone, or a MAC in another tenant, a Conflict.
func (tx *Tx) PutPhone(ctx context.Context, p *pbx.Phone) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Phone(ctx, p.Tenant, p.MAC))
	if err != nil {
		return err
	}
	given := p.Lines
	normalizePhone(p)
	if phoneTable.same(old, p) {
		return nil
	}
	return tx.savePhone(ctx, old, p, given)
}

// normalizePhone gives p the form in which it will be read back.
func normalizePhone(p *pbx.Phone) {
	p.EnrolUntil = fromMillis(millis(p.EnrolUntil))
	p.Buttons = pbx.SortButtons(p.Buttons)
	p.Lines = slices.SortedFunc(slices.Values(p.Lines), func(a, b pbx.Line) int {
		return cmp.Compare(a.Registration,
			b.Registration)
	})
}

// savePhone writes p. given holds its lines in the caller's order, by which errors count
// them.
func (tx *Tx) savePhone(ctx context.Context, old, p *pbx.Phone, given []pbx.Line) error {
	normalizePhone(p)
	if err := tx.checkPhone(ctx, p, given); err != nil {
		return err
	}
	if err := phoneTable.save(ctx, tx, old, p); err != nil {
		return err
	}
	if old == nil || !slices.Equal(old.Lines, p.Lines) {
		if err := tx.saveLines(ctx, p); err != nil {
			return err
		}
	}
	if old == nil || !slices.Equal(old.Buttons, p.Buttons) {
		return tx.saveButtons(ctx, p)
	}
	return nil
}

// checkPhone refuses a MAC of another tenant, without naming the tenant. It also refuses
// lines with an unknown or taken device, and buttons that watch an unknown extension.
func (tx *Tx) checkPhone(ctx context.Context, p *pbx.Phone, given []pbx.Line) error {
	if err := tx.needTenant(ctx, p.Tenant); err != nil {
		return err
	}
	elsewhere, err := tx.has(ctx, `SELECT 1 FROM phones WHERE mac = ? AND tenant <> ?`, string(p.MAC), p.Tenant)
	if err != nil {
		return fmt.Errorf("looking for phone %s: %w", p.MAC.Colons(), err)
	}
	if elsewhere {
		return pbx.Conflictf("mac", "phone %s belongs to another tenant", p.MAC.Colons())
	}
	if err := tx.checkLines(ctx, p, given); err != nil {
		return err
	}
	return tx.checkWatched(ctx, p.Tenant, p.Buttons)
}

// ReplacePhone puts p in the place of the phone of another MAC. Its lines, and the buttons
// that it has, are those of p. A Conflict error when p's MAC is taken.
func (tx *Tx) ReplacePhone(ctx context.Context, old pbx.MAC, p *pbx.Phone) error {
	if err := tx.DeletePhone(ctx, p.Tenant, old); err != nil {
		return err
	}
	return tx.CreatePhone(ctx, p)
}

// DeletePhone removes a phone and its lines. Its devices stay. Its fetches stay
// too, and count as those of a stranger from now on.
func (tx *Tx) DeletePhone(ctx context.Context, tenant string, mac pbx.MAC) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Phone(ctx, tenant, mac)
	if err != nil {
		return err
	}
	if err := phoneTable.remove(ctx, tx, old); err != nil {
		return err
	}
	if err := tx.exec(ctx, `UPDATE phone_fetches SET known = 0 WHERE mac = ?`, string(mac)); err != nil {
		return fmt.Errorf("releasing the fetches of phone %s: %w", mac.Colons(), err)
	}
	return nil
}
