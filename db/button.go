package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// buttonTable: the rows of template_buttons hold the buttons.
var buttonTable = newTable(kindButtons, "button_templates",
	func(row *pbx.ButtonTemplate) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.ButtonTemplate) any { return &row.Tenant }),
	keyCol("model", func(row *pbx.ButtonTemplate) any { return &row.Model }),
	apartCol("buttons", func(row *pbx.ButtonTemplate) any { return &row.Buttons }).as("buttons",
		func(row *pbx.ButtonTemplate) any { return byPlace(row.Buttons) }),
)

// placed is a button as the API has it, where its place is its key.
type placed struct {
	Kind  pbx.ButtonKind `json:"kind"`
	Value string         `json:"value,omitempty"`
	Label string         `json:"label,omitempty"`
	Line  int            `json:"line,omitempty"`
}

func byPlace(bs []pbx.Button) map[string]placed {
	out := make(map[string]placed, len(bs))
	for _, b := range bs {
		out[b.Place()] = placed{b.Kind, b.Value, b.Label, b.Line}
	}
	return out
}

// ownedButton is a button with the key of its template or phone.
type ownedButton struct {
	tenant, owner string
	button        pbx.Button
}

// A button that watches an extension has its number there, where it follows it.
const buttonColumns = `module, key, kind, coalesce(watches, value), label, line`

func scanButton(row scanner) (ownedButton, error) {
	var b ownedButton
	return b, row.Scan(&b.tenant, &b.owner, &b.button.Module, &b.button.Key, &b.button.Kind, &b.button.Value,
		&b.button.Label, &b.button.Line)
}

// ButtonTemplate returns the button template of a model, or a NotFound error. The template
// of pbx.DefaultButtons holds for all phones of the tenant.
func (tx *Tx) ButtonTemplate(ctx context.Context, tenant, model string) (*pbx.ButtonTemplate, error) {
	t, err := buttonTable.get(ctx, tx, tenant, model)
	if err != nil {
		return nil, err
	}
	return t, tx.fillTemplates(ctx, []*pbx.ButtonTemplate{t})
}

// ButtonTemplates returns the templates of a tenant by model. Contains looks at
// the model and at what the buttons say and call.
func (tx *Tx) ButtonTemplates(ctx context.Context, tenant string, o ListOptions) ([]*pbx.ButtonTemplate, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	ts, err := buttonTable.rows(ctx, tx, `AS t
		WHERE tenant = ?1 AND model > ?2 AND (model LIKE ?3 ESCAPE '\' OR EXISTS (SELECT 1 FROM template_buttons AS b
			WHERE b.tenant = t.tenant AND b.model = t.model AND (b.label LIKE ?3 ESCAPE '\' OR coalesce(b.watches, b.value) LIKE ?3 ESCAPE '\')))
		ORDER BY model LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing button templates: %w", err)
	}
	return ts, tx.fillTemplates(ctx, ts)
}

// fillTemplates reads the buttons of templates of one tenant.
func (tx *Tx) fillTemplates(ctx context.Context, ts []*pbx.ButtonTemplate) error {
	if len(ts) == 0 {
		return nil
	}
	bs, err := query(ctx, tx, scanButton,
		`SELECT tenant, model, `+buttonColumns+` FROM template_buttons WHERE tenant = ? ORDER BY model, module, key`,
		ts[0].Tenant)
	if err != nil {
		return fmt.Errorf("reading the buttons of templates: %w", err)
	}
	assignTemplateButtons(ts, bs)
	return nil
}

func assignTemplateButtons(ts []*pbx.ButtonTemplate, bs []ownedButton) {
	at := make(map[[2]string]*pbx.ButtonTemplate, len(ts))
	for _, t := range ts {
		at[[2]string{t.Tenant, t.Model}] = t
	}
	for _, b := range bs {
		if t := at[[2]string{b.tenant, b.owner}]; t != nil {
			t.Buttons = append(t.Buttons, b.button)
		}
	}
}

// fillAllTemplates is fillTemplates for those of all tenants.
func (tx *Tx) fillAllTemplates(ctx context.Context, ts []*pbx.ButtonTemplate) error {
	bs, err := query(ctx, tx, scanButton,
		`SELECT tenant, model, `+buttonColumns+` FROM template_buttons ORDER BY tenant, model, module, key`)
	if err != nil {
		return fmt.Errorf("reading the buttons of templates: %w", err)
	}
	assignTemplateButtons(ts, bs)
	return nil
}

// PutButtonTemplate adds a template or replaces the one of that model. It sets
// Version and Revision of t, sorts its buttons, and writes nothing when nothing
// differs. Watching an unknown extension is an Invalid error.
func (tx *Tx) PutButtonTemplate(ctx context.Context, t *pbx.ButtonTemplate) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.ButtonTemplate(ctx, t.Tenant, t.Model))
	if err != nil {
		return err
	}
	t.Buttons = pbx.SortButtons(t.Buttons)
	if buttonTable.same(old, t) {
		return nil
	}
	return tx.saveButtonTemplate(ctx, old, t)
}

func (tx *Tx) saveButtonTemplate(ctx context.Context, old, t *pbx.ButtonTemplate) error {
	if err := tx.needTenant(ctx, t.Tenant); err != nil {
		return err
	}
	if err := tx.checkWatched(ctx, t.Tenant, t.Buttons); err != nil {
		return err
	}
	if err := buttonTable.save(ctx, tx, old, t); err != nil {
		return err
	}
	if err := tx.exec(ctx, `DELETE FROM template_buttons WHERE tenant = ? AND model = ?`, t.Tenant, t.Model); err != nil {
		return fmt.Errorf("replacing the buttons of template %s: %w", t.Model, err)
	}
	return tx.insertButtons(ctx, `INSERT INTO template_buttons (tenant, model, `, t.Tenant, t.Model, t.Buttons)
}

// DeleteButtonTemplate removes a template.
func (tx *Tx) DeleteButtonTemplate(ctx context.Context, tenant, model string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.ButtonTemplate(ctx, tenant, model)
	if err != nil {
		return err
	}
	return buttonTable.remove(ctx, tx, old)
}

// checkWatched returns every button that watches an extension which the tenant
// has not.
func (tx *Tx) checkWatched(ctx context.Context, tenant string, bs []pbx.Button) error {
	var es pbx.Errors
	for _, b := range bs {
		if b.Kind != pbx.BLFButton {
			continue
		}
		have, err := tx.has(ctx, `SELECT 1 FROM extensions WHERE tenant = ? AND number = ?`, tenant, b.Value)
		if err != nil {
			return fmt.Errorf("looking for extension %s: %w", b.Value, err)
		}
		if !have {
			why, err := tx.notWatched(ctx, tenant, b.Value)
			if err != nil {
				return err
			}
			es.Add(pbx.Refusedf(b.Field("value"), "%s", why))
		}
	}
	return es.Err()
}

// notWatched says why the lamp of an extension cannot show a number, and which kind of button
// the number is for.
func (tx *Tx) notWatched(ctx context.Context, tenant, value string) (string, error) {
	codes, err := tx.FeatureCodes(ctx, tenant)
	if err != nil {
		return "", err
	}
	if codes.IsSlot(value) {
		return value + " is a park slot: use kind " + string(pbx.ParkedButton), nil
	}
	if f, _, is := codes.Read(value); is {
		return fmt.Sprintf("%s is the code %s: use kind %s", value, f, pbx.ButtonOf(f)), nil
	}
	group, err := tx.has(ctx, `SELECT 1 FROM ring_groups WHERE tenant = ? AND (number = ? OR name = ?)`, tenant, value,
		value)
	if err != nil {
		return "", fmt.Errorf("looking for ring group %s: %w", value, err)
	}
	if group {
		return value + " is a ring group, which has no lamp: use kind " + string(pbx.SpeedDialButton) +
			" with its number to call it", nil
	}
	queue, err := tx.has(ctx, `SELECT 1 FROM queues WHERE tenant = ? AND (number = ? OR name = ?)`, tenant, value, value)
	if err != nil {
		return "", fmt.Errorf("looking for queue %s: %w", value, err)
	}
	if queue {
		return value + " is a queue, which has no lamp: use kind " + string(pbx.SpeedDialButton) +
			" with its number to call it", nil
	}
	return "extension " + value + " does not exist in tenant " + tenant, nil
}

// insertButtons adds rows; insert names the table and its first two columns.
func (tx *Tx) insertButtons(ctx context.Context, insert, tenant, owner string, bs []pbx.Button) error {
	for _, b := range bs {
		value, watches := b.Value, ""
		if b.Kind == pbx.BLFButton {
			value, watches = "", b.Value
		}
		err := tx.exec(ctx,
			insert+`module, key, kind, value, watches, label, line) VALUES (?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?)`,
			tenant, owner, b.Module, b.Key, string(b.Kind), value, watches, b.Label, b.Line)
		if err != nil {
			return fmt.Errorf("writing button %s of %s: %w", b.Place(), owner, err)
		}
	}
	return nil
}

// saveButtons replaces the buttons of a phone.
func (tx *Tx) saveButtons(ctx context.Context, p *pbx.Phone) error {
	if err := tx.exec(ctx, `DELETE FROM phone_buttons WHERE tenant = ? AND mac = ?`, p.Tenant, string(p.MAC)); err != nil {
		return fmt.Errorf("replacing the buttons of phone %s: %w", p.MAC.Colons(), err)
	}
	return tx.insertButtons(ctx, `INSERT INTO phone_buttons (tenant, mac, `, p.Tenant, string(p.MAC), p.Buttons)
}

// fillButtons reads the buttons of phones of one tenant, sorted by MAC.
func (tx *Tx) fillButtons(ctx context.Context, ps []*pbx.Phone) error {
	first, last := ps[0], ps[len(ps)-1]
	bs, err := query(ctx, tx, scanButton, `SELECT tenant, mac, `+buttonColumns+` FROM phone_buttons
		WHERE tenant = ? AND mac BETWEEN ? AND ? ORDER BY mac, module, key`, first.Tenant, string(first.MAC), string(last.MAC))
	if err != nil {
		return fmt.Errorf("reading the buttons of phones: %w", err)
	}
	assignButtons(ps, bs)
	return nil
}

// assignButtons hands buttons, in their order, to their phones.
func assignButtons(ps []*pbx.Phone, bs []ownedButton) {
	byMAC := make(map[string]*pbx.Phone, len(ps))
	for _, p := range ps {
		byMAC[string(p.MAC)] = p
	}
	for _, b := range bs {
		if p := byMAC[b.owner]; p != nil {
			p.Buttons = append(p.Buttons, b.button)
		}
	}
}
