package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// UploadRow is a number as a file brings it. Number and Kind are valid.
type UploadRow struct {
	Number, Kind    string
	KindGuessed     bool
	Voice, SMS, Fax bool
}

// NumberUpload brings many numbers. All that can be asked beforehand is asked in a ViewAs, so
// that the transaction that brings them is short: other writers wait for it. The audit has one
// row for all numbers, the history one for each.
type NumberUpload struct {
	tx         *Tx
	to         Assignment
	voice, sms *pbx.Carrier // nil for none
	// voiceNamed and smsNamed say that the carrier was named, and is not the default one.
	voiceNamed, smsNamed bool
	added                int
}

// ErrNumberTaken says that a number which nobody had belongs to an account by now.
var ErrNumberTaken = errors.New("a number belongs to an account by now")

// UploadNumbers begins an upload for a reseller or a tenant, with carriers by name; "" is the
// default ones. Within ViewAs the upload can be asked, and not bring anything.
func (tx *Tx) UploadNumbers(ctx context.Context, to Assignment, voice, sms string) (*NumberUpload, error) {
	if err := tx.mayTarget(ctx, to); err != nil {
		return nil, err
	}
	u := &NumberUpload{tx: tx, to: to, voiceNamed: voice != "", smsNamed: sms != ""}
	if to.Tenant != "" {
		t, err := tx.Tenant(ctx, to.Tenant)
		if err != nil {
			return nil, err
		}
		if tx.author.Account.Tenant() != "" && !t.AllowExternalNumbers {
			return nil, &pbx.Error{Kind: pbx.Forbidden,
				Message: "numbers from elsewhere need allow_external_numbers of the tenant, which the account above sets"}
		}
		u.to.Reseller = t.Reseller
	}
	var err error
	if u.voice, err = tx.carrierFor(ctx, u.to.Reseller, "voice", voice); err != nil {
		return nil, fmt.Errorf("looking for carrier %s: %w", voice, err)
	}
	if u.sms, err = tx.carrierFor(ctx, u.to.Reseller, "sms", sms); err != nil {
		return nil, fmt.Errorf("looking for carrier %s: %w", sms, err)
	}
	if u.voice == nil && u.voiceNamed {
		return nil, pbx.Refusedf("voice_carrier", "carrier %s does not exist, or is not for voice", voice)
	}
	if u.sms == nil && u.smsNamed {
		return nil, pbx.Refusedf("sms_profile", "carrier %s does not exist, or is not for sms", sms)
	}
	return u, nil
}

// Taken returns those of the numbers that an account has already.
func (u *NumberUpload) Taken(ctx context.Context, numbers []string) (map[string]bool, error) {
	list, err := json.Marshal(numbers)
	if err != nil {
		return nil, fmt.Errorf("writing numbers as JSON: %w", err)
	}
	have, err := query(ctx, u.tx, func(row scanner) (n string, err error) { return n, row.Scan(&n) },
		`SELECT number FROM inventory WHERE number IN (SELECT value FROM json_each(?))`, string(list))
	if err != nil {
		return nil, fmt.Errorf("looking for numbers that are taken: %w", err)
	}
	taken := make(map[string]bool, len(have))
	for _, n := range have {
		taken[n] = true
	}
	return taken, nil
}

// Room returns how many numbers more the accounts may have, -1 for without limit, and the
// refusal of one more than that.
func (u *NumberUpload) Room(ctx context.Context) (room int, full *pbx.Error, err error) {
	room = -1
	narrow := func(what, account string, limit, has int) {
		if left := max(limit-has, 0); limit > 0 && (room < 0 || left < room) {
			room = left
			full = pbx.Conflictf(what, "%s %s may have %d numbers, and has no room for this one", what, account, limit)
		}
	}
	if u.to.Tenant != "" {
		t, err := u.tx.Tenant(ctx, u.to.Tenant)
		if err != nil {
			return 0, nil, err
		}
		var has int
		err = u.tx.sql.QueryRowContext(ctx, `SELECT count(*) FROM numbers WHERE tenant = ?`, t.Name).Scan(&has)
		if err != nil {
			return 0, nil, fmt.Errorf("counting the numbers of tenant %s: %w", t.Name, err)
		}
		narrow("tenant", t.Name, t.MaxNumbers, has)
	}
	for name := u.to.Reseller; name != ""; {
		r, err := u.tx.Reseller(ctx, name)
		if err != nil {
			return 0, nil, err
		}
		if r.MaxNumbers > 0 {
			has, err := u.tx.numbersInBranch(ctx, name)
			if err != nil {
				return 0, nil, err
			}
			narrow("reseller", name, r.MaxNumbers, has)
		}
		name = r.Parent
	}
	return room, full, nil
}

// The statements of Bring. Each reads rows from a JSON array: the cost of a row is then SQLite's
// own, and not that of binding twenty values.
const (
	bringInventory = `INSERT INTO inventory (number, reseller, kind, kind_guessed, voice, sms, fax, voice_carrier,
			voice_defaulted, sms_profile, sms_defaulted, state, uploaded_by, version, revision)
		SELECT value ->> 0, nullif(?2, ''), value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
			iif(value ->> 3, ?3, ''), value ->> 3 AND ?4, iif(value ->> 4, ?5, ''), value ->> 4 AND ?6, ?7, ?8, 1, ?9
		FROM json_each(?1) WHERE true ON CONFLICT (number) DO NOTHING`
	bringNumbers = `INSERT INTO numbers (tenant, number, description, destination, version, revision)
		SELECT ?2, value ->> 0, '', '', 1, ?3 FROM json_each(?1)`
	bringHistory = `INSERT INTO number_history (number, at, actor, action, state, reseller, tenant, destination)
		SELECT value ->> 0, ?2, ?3, 'uploaded', ?4, ?5, ?6, '' FROM json_each(?1)`
)

// Bring brings numbers, all or with ErrNumberTaken none. Some thousands at a time are quickest.
func (u *NumberUpload) Bring(ctx context.Context, rows []UploadRow) error {
	revision, err := u.tx.newRevision(ctx)
	if err != nil {
		return err
	}
	list := make([][]any, len(rows))
	for i, r := range rows {
		list[i] = []any{r.Number, r.Kind, bit(r.KindGuessed), bit(r.Voice), bit(r.SMS), bit(r.Fax)}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("writing numbers as JSON: %w", err)
	}
	state := pbx.NumberAvailable
	if u.to.Tenant != "" {
		state = pbx.NumberAssigned
	}
	voice, voiceDefaulted := u.carrier(u.voice, u.voiceNamed)
	sms, smsDefaulted := u.carrier(u.sms, u.smsNamed)
	done, err := u.tx.sql.ExecContext(ctx, bringInventory, string(text), u.to.Reseller, voice, voiceDefaulted, sms,
		smsDefaulted, string(state), string(u.tx.author.Account), revision)
	if err != nil {
		return fmt.Errorf("bringing numbers: %w", err)
	}
	if n, err := done.RowsAffected(); err != nil || int(n) != len(rows) {
		return errors.Join(ErrNumberTaken, err)
	}
	if u.to.Tenant != "" {
		if err := u.tx.exec(ctx, bringNumbers, string(text), u.to.Tenant, revision); err != nil {
			return fmt.Errorf("giving numbers to tenant %s: %w", u.to.Tenant, err)
		}
	}
	u.added += len(rows)
	err = u.tx.exec(ctx, bringHistory, string(text), millis(u.tx.start), u.tx.author.Actor, string(state), u.to.Reseller,
		u.to.Tenant)
	if err != nil {
		return fmt.Errorf("writing the history of numbers: %w", err)
	}
	return nil
}

// carrier is what a number with the service gets: a name, and whether nobody chose it.
func (u *NumberUpload) carrier(c *pbx.Carrier, named bool) (name string, defaulted int) {
	if c == nil {
		return "", 0
	}
	return c.Name, bit(!named)
}

// bit is how a truth is stored.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Done writes the audit.
func (u *NumberUpload) Done(ctx context.Context) error {
	if u.added == 0 {
		return nil
	}
	after, err := json.Marshal(map[string]any{"numbers": u.added, "reseller": u.to.Reseller, "tenant": u.to.Tenant})
	if err != nil {
		return fmt.Errorf("writing an upload as JSON: %w", err)
	}
	return u.tx.audit(ctx, auditRow{"create", kindInventory, u.to.Tenant, "upload", "", nil, string(after)})
}
