package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/e164"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var inventoryTable = newTable(kindInventory, "inventory",
	func(row *pbx.InventoryNumber) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("number", func(row *pbx.InventoryNumber) any { return &row.Number }),
	col("reseller", func(row *pbx.InventoryNumber) any { return reference{&row.Reseller} }),
	col("tenant", func(row *pbx.InventoryNumber) any { return &row.Tenant }).
		from(`coalesce((SELECT n.tenant FROM numbers n WHERE n.number = inventory.number), '')`),
	col("destination", func(row *pbx.InventoryNumber) any { return destination{&row.Destination} }).
		from(`coalesce((SELECT coalesce(nullif(n.destination, ''), json_extract(n.rules, '$[0].destination'))
			FROM numbers n WHERE n.number = inventory.number), '')`), // where the first rule leads, if all are by rules
	col("kind", func(row *pbx.InventoryNumber) any { return &row.Kind }),
	col("kind_guessed", func(row *pbx.InventoryNumber) any { return &row.KindGuessed }),
	col("voice", func(row *pbx.InventoryNumber) any { return &row.Voice }),
	col("sms", func(row *pbx.InventoryNumber) any { return &row.SMS }),
	col("fax", func(row *pbx.InventoryNumber) any { return &row.Fax }),
	col("voice_carrier", func(row *pbx.InventoryNumber) any { return &row.VoiceCarrier }),
	col("voice_defaulted", func(row *pbx.InventoryNumber) any { return &row.VoiceDefaulted }),
	col("sms_profile", func(row *pbx.InventoryNumber) any { return &row.SMSProfile }),
	col("sms_defaulted", func(row *pbx.InventoryNumber) any { return &row.SMSDefaulted }),
	col("brand", func(row *pbx.InventoryNumber) any { return &row.Brand }),
	col("campaign", func(row *pbx.InventoryNumber) any { return &row.Campaign }),
	col("registered", func(row *pbx.InventoryNumber) any { return &row.Registered }),
	col("state", func(row *pbx.InventoryNumber) any { return (*string)(&row.State) }),
	col("aging_until", func(row *pbx.InventoryNumber) any { return instant{&row.AgingUntil} }),
	col("uploaded_by", func(row *pbx.InventoryNumber) any { return (*string)(&row.UploadedBy) }),
).aboveTenants()

// InventoryNumber returns a number within reach, or a NotFound error.
func (tx *Tx) InventoryNumber(ctx context.Context, reach Reach, number string) (*pbx.InventoryNumber, error) {
	n, err := inventoryTable.row(ctx, tx, `WHERE number = ?1 AND (?2 = '' OR reseller IN `+branchFrom2+`)`, number,
		reach.Reseller)
	if errors.Is(err, sql.ErrNoRows) || err == nil && reach.Tenant != "" && n.Tenant != reach.Tenant {
		return nil, pbx.NotFoundf("number %s does not exist", number)
	}
	if err != nil {
		return nil, fmt.Errorf("reading number %s: %w", number, err)
	}
	return n, nil
}

// InventoryFilter chooses numbers; empty members choose all.
type InventoryFilter struct {
	ListOptions // Contains looks at number, carriers, tenant and destination
	State, Kind string
	Reseller    string // that has it, itself and not one below
	Tenant      string
	Capability  string // voice, sms or fax
}

// Inventory returns the numbers within reach by number.
func (tx *Tx) Inventory(ctx context.Context, reach Reach, f InventoryFilter) ([]*pbx.InventoryNumber, error) {
	ns, err := inventoryTable.rows(ctx, tx, `WHERE number > ?1 AND (?2 = '' OR reseller IN `+branchFrom2+`)
		AND ?3 IN ('', state) AND ?4 IN ('', kind) AND ?5 IN ('', reseller) AND (?6 = '' OR EXISTS (
			SELECT 1 FROM numbers n WHERE n.number = inventory.number AND n.tenant = ?6))
		AND (?7 = '' OR ?7 = 'voice' AND voice OR ?7 = 'sms' AND sms OR ?7 = 'fax' AND fax)
		AND (?8 = '%%' OR number LIKE ?8 ESCAPE '\' OR voice_carrier LIKE ?8 ESCAPE '\' OR sms_profile LIKE ?8 ESCAPE '\'
			OR EXISTS (SELECT 1 FROM numbers n WHERE n.number = inventory.number
				AND (n.tenant LIKE ?8 ESCAPE '\' OR n.destination LIKE ?8 ESCAPE '\' OR n.description LIKE ?8 ESCAPE '\')))
		ORDER BY number LIMIT ?9`, f.After, reach.Reseller, f.State, f.Kind, f.Reseller, f.Tenant, f.Capability, f.pattern(),
		f.limit())
	if err != nil {
		return nil, fmt.Errorf("listing the inventory: %w", err)
	}
	return ns, nil
}

// AddInventoryNumber brings a number for the account of the author. A number that any account
// has is a Conflict: the answer does not tell whose it is.
func (tx *Tx) AddInventoryNumber(ctx context.Context, n *pbx.InventoryNumber) error {
	if err := tx.writable(); err != nil {
		return err
	}
	if err := tx.uploads(ctx, n); err != nil {
		return err
	}
	if err := n.Validate(); err != nil {
		return err
	}
	if err := tx.needReseller(ctx, "reseller", n.Reseller); err != nil {
		return err
	}
	if err := tx.fillCarriers(ctx, n); err != nil {
		return err
	}
	if err := inventoryTable.save(ctx, tx, nil, n); err != nil {
		return err
	}
	return tx.numberHappened(ctx, n, "uploaded")
}

// uploads makes a number that nobody has that of the author's account, and guesses its kind.
func (tx *Tx) uploads(ctx context.Context, n *pbx.InventoryNumber) error {
	taken, err := tx.has(ctx, `SELECT 1 FROM inventory WHERE number = ?`, n.Number)
	if err != nil {
		return fmt.Errorf("looking for number %s: %w", n.Number, err)
	}
	if taken {
		return pbx.Conflictf("number", "number %s belongs to an account already", n.Number)
	}
	n.UploadedBy = tx.author.Account
	if n.Kind == "" {
		n.Kind, n.KindGuessed = e164.Kind(n.Number), true
	}
	return nil
}

// fillCarriers refuses carriers that a number cannot have, and gives it the default ones.
func (tx *Tx) fillCarriers(ctx context.Context, n *pbx.InventoryNumber) error {
	for _, s := range carrierNames(n) {
		if !s.has {
			*s.name, *s.defaulted = "", false
			continue
		}
		c, err := tx.carrierFor(ctx, n.Reseller, s.service, *s.name)
		if err != nil {
			return fmt.Errorf("looking for a carrier of %s: %w", n.Number, err)
		}
		switch {
		case c == nil && *s.name != "":
			return pbx.Refusedf(s.field, "carrier %s does not exist, or is not for %s", *s.name, s.service)
		case *s.name == "" && c != nil:
			*s.name, *s.defaulted = c.Name, true
		}
	}
	return nil
}

// ChangeInventoryNumber replaces what is known of a number: kind, capabilities, carriers and
// state. Each refusal names its rule.
func (tx *Tx) ChangeInventoryNumber(ctx context.Context, old, n *pbx.InventoryNumber) error {
	if err := tx.writable(); err != nil {
		return err
	}
	if inventoryTable.same(old, n) {
		return nil
	}
	if err := n.Validate(); err != nil {
		return err
	}
	if old.State != n.State {
		if err := notPorting(old); err != nil {
			return err
		}
		if err := pbx.CheckNumberState(old.State, n.State); err != nil {
			return err
		}
		if n.AgingUntil = (time.Time{}); n.State == pbx.NumberAging {
			if err := tx.agesUntil(ctx, n); err != nil {
				return err
			}
		}
	}
	if !old.SameService(n) {
		if err := tx.mayChangeService(ctx, old); err != nil {
			return err
		}
	}
	// A name that was not changed may be from before numbers lost theirs with their reseller.
	unchanged := *n
	lost, err := tx.loseCarriers(ctx, &unchanged, n.Reseller)
	if err != nil {
		return err
	}
	if n.VoiceCarrier == old.VoiceCarrier {
		n.VoiceCarrier, n.VoiceDefaulted = unchanged.VoiceCarrier, unchanged.VoiceDefaulted
	}
	if n.SMSProfile == old.SMSProfile {
		n.SMSProfile, n.SMSDefaulted = unchanged.SMSProfile, unchanged.SMSDefaulted
	}
	if err := tx.fillCarriers(ctx, n); err != nil {
		return err
	}
	if err := inventoryTable.save(ctx, tx, old, n); err != nil {
		return err
	}
	return tx.numberHappened(ctx, n, "changed", lost)
}

// mayChangeService refuses other capabilities and carriers for a number that cannot have them
// now.
func (tx *Tx) mayChangeService(ctx context.Context, n *pbx.InventoryNumber) error {
	switch n.State {
	case pbx.NumberAvailable, pbx.NumberReserved, pbx.NumberAssigned:
	default:
		return pbx.Conflictf("state", "capabilities and carriers of a number stay while it is %s", n.State)
	}
	if n.Tenant == "" || n.Destination.Kind != pbx.ToExtension {
		return nil
	}
	teams, err := tx.has(ctx, `SELECT 1 FROM devices d JOIN external_numbers x ON x.tenant = d.tenant
		AND x.number = d.external_number WHERE d.tenant = ? AND d.extension = ? AND x.type = ?`, n.Tenant, n.Destination.Key,
		string(pbx.NumberTeams))
	if err != nil {
		return fmt.Errorf("looking for a Teams user of number %s: %w", n.Number, err)
	}
	if teams {
		return pbx.Conflictf("number",
			"capabilities and carriers of a number stay while it is assigned to a Teams user: "+
				"unassign it from extension %s first", n.Destination.Key)
	}
	return nil
}

// DeleteInventoryNumber removes a number that is unassigned, for the account that uploaded it
// or one above it.
func (tx *Tx) DeleteInventoryNumber(ctx context.Context, reach Reach, number string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	n, err := tx.InventoryNumber(ctx, reach, number)
	if err != nil {
		return err
	}
	above, err := tx.StandsAbove(ctx, tx.author.Account, n.UploadedBy)
	if err != nil {
		return err
	}
	if err := notPorting(n); err != nil {
		return err
	}
	if !above {
		return &pbx.Error{Kind: pbx.Forbidden, Message: fmt.Sprintf(
			"number %s is deleted by the account that uploaded it or by one above that", number)}
	}
	if n.Tenant != "" && n.Destination.Kind != "" {
		return &pbx.Error{Kind: pbx.InUse, Message: fmt.Sprintf(
			"number %s is assigned to %s of tenant %s: unassign it first", number, n.Destination, n.Tenant)}
	}
	if n.Tenant != "" && n.UploadedBy.Tenant() != n.Tenant {
		return &pbx.Error{Kind: pbx.InUse,
			Message: fmt.Sprintf("number %s is assigned to tenant %s: unassign it first", number, n.Tenant)}
	}
	if n.Tenant != "" {
		if err := tx.dropNumber(ctx, n.Tenant, number); err != nil {
			return err
		}
	}
	n.State = pbx.NumberReleased
	if err := tx.numberHappened(ctx, n, "deleted"); err != nil {
		return err
	}
	return inventoryTable.remove(ctx, tx, n)
}

// StandsAbove reports whether an account is another one or stands above it.
func (tx *Tx) StandsAbove(ctx context.Context, account, other pbx.Account) (bool, error) {
	if account == "" || account == other {
		return true, nil
	}
	root := account.Reseller()
	if root == "" || other == "" {
		return false, nil
	}
	reseller := other.Reseller()
	if name := other.Tenant(); name != "" {
		t, err := orNil(tx.Tenant(ctx, name))
		if err != nil || t == nil {
			return false, err
		}
		reseller = t.Reseller
	}
	if reseller == "" {
		return false, nil
	}
	return tx.InBranch(ctx, root, reseller)
}

// guessKinds gives kinds to numbers of before there was an inventory.
func (db *DB) guessKinds(ctx context.Context) error {
	return db.write(ctx, func(tx *Tx) error {
		ns, err := query(ctx, tx, func(row scanner) (s string, err error) { return s, row.Scan(&s) },
			`SELECT number FROM inventory WHERE kind = ''`)
		if err != nil {
			return fmt.Errorf("looking for numbers without a kind: %w", err)
		}
		for _, n := range ns {
			if err := tx.exec(ctx, `UPDATE inventory SET kind = ? WHERE number = ?`, e164.Kind(n), n); err != nil {
				return fmt.Errorf("guessing the kind of number %s: %w", n, err)
			}
		}
		return nil
	})
}

// portingIn returns the numbers that come from another carrier and are not here yet.
func (tx *Tx) portingIn(ctx context.Context) ([]string, error) {
	return query(ctx, tx, func(row scanner) (n string, err error) { return n, row.Scan(&n) },
		`SELECT number FROM inventory WHERE state = 'porting-in' ORDER BY number`)
}
