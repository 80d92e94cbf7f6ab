package db

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The kinds of object in the audit trail and in references.
const (
	kindTenant    = "tenant"
	kindReseller  = "reseller"
	kindInventory = "inventory"
	kindCarrier   = "carrier"
	kindRate      = "rate"
	kindExtension = "extension"
	kindDevice    = "device"
	kindPhone     = "phone"
	kindMailbox   = "mailbox"
	kindGroup     = "group"
	kindUser      = "user"

	kindButtons        = "button-template"
	kindPhoneSettings  = "phone-settings"
	kindExternalNumber = "external-number"
	kindContact        = "contact"
	kindBlockedCaller  = "blocked-caller"
	kindPortRequest    = "port-request"
	kindTrunk          = "trunk"
	kindRoute          = "route"
	kindWebhook        = "webhook"
	kindForward        = "forward"
	kindNumber         = "number"
	kindClassOfService = "class-of-service"
	kindRingGroup      = "ring-group"
	kindAnnouncement   = "announcement"
	kindQueue          = "queue"
	kindApplication    = "application"
	kindFeatureCodes   = "feature-codes"
	kindToken          = "token"
)

// Change is one line of the audit trail: what one write did to one object. Before and After
// have the names and values of the API, which outlive every rename in Go. A secret is ****
// in them, and Fields names it when its text changed: an undo can tell by that which
// changes lost a secret. There is no hash of it, because the key of one would lie in the
// same file, and a thief of the file would guess a PIN of four digits, also one that is not
// in use any more.
type Change struct {
	ID       int64 // grows with time
	Revision int64
	At       time.Time
	Author   pbx.Author
	Action   string // create, update, delete
	Kind     string // tenant, extension, device, phone, mailbox, user
	Tenant   string
	Key      string // as stored: of a phone the 12 digits of its MAC
	// Fields names the changed fields of an update, sorted.
	Fields []string
	Before json.RawMessage // nil when it was created
	After  json.RawMessage // nil when it was deleted
}

// ChangeFilter chooses changes; empty members choose all.
type ChangeFilter struct {
	Tenant   string
	Branch   string // only of this reseller and of all below it, since they were made
	Kind     string
	Key      string
	BeforeID int64 // only older ones than this: the last ID of the page before
	Limit    int   // at most so many; 0 or less means 100
}

const defaultChanges = 100

// inBranch chooses the changes of a reseller, of the resellers below it and of their tenants. A
// name that another account had before shows nothing of that account.
const inBranch = `((` + ofReseller + ` IN ` + branchFrom + `
	OR c.tenant IN (SELECT t.name FROM tenants t WHERE t.reseller IN ` + branchFrom + `))
	AND NOT EXISTS (SELECT 1 FROM changes d WHERE d.action = 'delete' AND d.id >= c.id
		AND (d.kind = 'reseller' AND d.key = ` + ofReseller + ` AND d.tenant = ''
			OR d.kind = 'tenant' AND d.key = c.tenant AND d.tenant = c.tenant)))`

// ofReseller is the reseller that a change is about, or whose user it is about; else NULL.
const ofReseller = `CASE WHEN c.tenant <> '' THEN NULL WHEN c.kind = 'reseller' THEN c.key
	WHEN c.kind = 'user' THEN json_extract(coalesce(c.after, c.before), '$.reseller') END`

// Changes returns the audit trail, newest first.
func (db *DB) Changes(ctx context.Context, f ChangeFilter) (out []Change, err error) {
	where, args := []string{"1"}, []any{}
	add := func(set bool, condition string, arg any) {
		if set {
			where, args = append(where, condition), append(args, arg)
		}
	}
	add(f.Tenant != "", "c.tenant = ?", f.Tenant)
	if f.Branch != "" {
		where, args = append(where, inBranch), append(args, f.Branch, f.Branch)
	}
	add(f.Kind != "", "c.kind = ?", f.Kind)
	add(f.Key != "", "c.key = ?", f.Key)
	add(f.BeforeID > 0, "c.id < ?", f.BeforeID)
	if f.Limit <= 0 {
		f.Limit = defaultChanges
	}
	text := `SELECT c.id, c.revision, r.at, r.actor, r.address, c.action, c.kind, c.tenant, c.key, c.fields,
		coalesce(c.before, ''), coalesce(c.after, '')
		FROM changes c JOIN revisions r ON r.number = c.revision
		WHERE ` + strings.Join(where, " AND ") + ` ORDER BY c.id DESC LIMIT ?`
	err = db.View(ctx, func(tx *Tx) error {
		out, err = query(ctx, tx, scanChange, text, append(args, f.Limit)...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the audit trail: %w", err)
	}
	return out, nil
}

func scanChange(row scanner) (Change, error) {
	var c Change
	var fields, before, after string
	err := row.Scan(&c.ID, &c.Revision, instant{&c.At}, &c.Author.Actor, &c.Author.Address, &c.Action, &c.Kind, &c.Tenant,
		&c.Key, &fields, &before, &after)
	c.Fields = strings.Fields(fields)
	if before != "" {
		c.Before = json.RawMessage(before)
	}
	if after != "" {
		c.After = json.RawMessage(after)
	}
	return c, err
}

// record writes the audit row of one change. A nil before is a creation and a nil after a
// deletion. The transaction must already have its revision.
func (t *table[T]) record(ctx context.Context, tx *Tx, before, after *T) error {
	action, fields, row := "update", "", after
	switch {
	case before == nil:
		action = "create"
	case after == nil:
		action, row = "delete", before
	default:
		fields = strings.Join(t.changed(before, after), " ")
	}
	old, err := t.properties(before)
	if err != nil {
		return err
	}
	now, err := t.properties(after)
	if err != nil {
		return err
	}
	return tx.audit(ctx, auditRow{action, t.kind, t.tenantOf(row), t.keyOf(row), fields, old, now})
}

// auditRow is a row of the audit trail as it is written.
type auditRow struct {
	action, kind, tenant, key, fields string
	before, after                     any // JSON in text, or nil
}

func (tx *Tx) audit(ctx context.Context, r auditRow) error {
	err := tx.exec(ctx,
		`INSERT INTO changes (revision, action, kind, tenant, key, fields, before, after) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		tx.revision, r.action, r.kind, r.tenant, r.key, r.fields, r.before, r.after)
	if err != nil {
		return fmt.Errorf("writing the audit row of %s %s: %w", r.kind, r.key, err)
	}
	return nil
}

// properties returns a row as JSON with the names and values of the API. It is nil for no
// row.
func (t *table[T]) properties(row *T) (any, error) {
	if row == nil {
		return nil, nil
	}
	out := make(map[string]any, len(t.columns))
	for _, c := range t.columns {
		if c.property != "" {
			out[c.property] = c.shown(row)
		}
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("writing %s %s as JSON: %w", t.kind, t.keyOf(row), err)
	}
	return string(b), nil
}

// isBookkeeping names the fields that the program sets by itself.
func isBookkeeping(field string) bool { return field == "Version" || field == "Revision" }
