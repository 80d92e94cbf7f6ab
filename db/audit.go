package db

import (
	"cmp"
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The kinds of object in the audit trail and in references.
const (
	kindTenant    = "tenant"
	kindExtension = "extension"
	kindDevice    = "device"
	kindPhone     = "phone"
	kindMailbox   = "mailbox"
	kindGroup     = "group"
	kindUser      = "user"

	kindButtons        = "button-template"
	kindPhoneSettings  = "phone-settings"
	kindExternalNumber = "external-number"
	kindTrunk          = "trunk"
	kindForward        = "forward"
	kindNumber         = "number"
	kindClassOfService = "class-of-service"
	kindRingGroup      = "ring-group"
	kindFeatureCodes   = "feature-codes"
)

// Change is one line of the audit trail: what one write did to one object.
type Change struct {
	ID       int64 // grows with time
	Revision int64
	At       time.Time
	Author   pbx.Author
	Action   string // create, update, delete
	Kind     string // tenant, extension, device, phone, mailbox, user
	Tenant   string
	Key      string // as stored: of a phone the 12 digits of its MAC
	// Fields names what an update changed, sorted; so a replaced secret shows,
	// whose text is **** before and after.
	Fields []string
	Before json.RawMessage // nil when it was created
	After  json.RawMessage // nil when it was deleted
}

// ChangeFilter chooses changes; empty members choose all.
type ChangeFilter struct {
	Tenant   string
	Kind     string
	Key      string
	BeforeID int64 // only older ones than this: the last ID of the page before
	Limit    int   // at most so many; 0 or less means 100
}

const defaultChanges = 100

// Changes returns the audit trail, newest first.
func (db *DB) Changes(ctx context.Context, f ChangeFilter) (out []Change, err error) {
	where, args := []string{"1"}, []any{}
	add := func(set bool, condition string, arg any) {
		if set {
			where, args = append(where, condition), append(args, arg)
		}
	}
	add(f.Tenant != "", "c.tenant = ?", f.Tenant)
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
	err := row.Scan(&c.ID, &c.Revision, timeScan{&c.At}, &c.Author.Actor, &c.Author.Address, &c.Action, &c.Kind, &c.Tenant, &c.Key, &fields, &before, &after)
	c.Fields = strings.Fields(fields)
	if before != "" {
		c.Before = json.RawMessage(before)
	}
	if after != "" {
		c.After = json.RawMessage(after)
	}
	return c, err
}

// record writes the audit row of one change; a nil before is a creation and a nil
// after a deletion. The transaction must have its revision by now.
func record[T any](ctx context.Context, tx *Tx, kind, tenant, key string, before, after *T) error {
	action, fields := "update", ""
	switch {
	case before == nil:
		action = "create"
	case after == nil:
		action = "delete"
	default:
		fields = strings.Join(changed(before, after), " ")
	}
	old, err := auditJSON(before)
	if err != nil {
		return err
	}
	now, err := auditJSON(after)
	if err != nil {
		return err
	}
	err = tx.exec(ctx, `INSERT INTO changes (revision, action, kind, tenant, key, fields, before, after) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		tx.revision, action, kind, tenant, key, fields, old, now)
	if err != nil {
		return fmt.Errorf("writing the audit row of %s %s: %w", kind, key, err)
	}
	return nil
}

// changed returns the names of the fields in which two objects differ, sorted.
// Secrets are compared by text: DeepEqual follows their pointer.
func changed[T any](before, after *T) []string {
	a, b := reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem()
	var names []string
	for i, f := range reflect.VisibleFields(a.Type()) {
		if !isBookkeeping(f.Name) && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			names = append(names, snake(f.Name))
		}
	}
	slices.SortFunc(names, cmp.Compare)
	return names
}

// auditJSON returns an object as JSON, or nil for none. Names are those of the
// API, because the rows outlive every rename in Go; reflection keeps a field that
// is added to pbx from being forgotten. pbx.Secret writes itself as ****.
func auditJSON[T any](v *T) (any, error) {
	if v == nil {
		return nil, nil
	}
	b, err := json.Marshal(describe(reflect.ValueOf(v).Elem()))
	if err != nil {
		return nil, fmt.Errorf("writing %T as JSON: %w", v, err)
	}
	return string(b), nil
}

// describe returns a struct as a map from field name to value, and a slice of
// structs (the lines of a phone) as a slice of such maps.
func describe(v reflect.Value) any {
	_, hasOwn := v.Interface().(json.Marshaler)
	_, hasText := v.Interface().(encoding.TextMarshaler)
	switch {
	case hasOwn, hasText:
		return v.Interface()
	case v.Kind() == reflect.Struct:
		m := make(map[string]any, v.NumField())
		for i, f := range reflect.VisibleFields(v.Type()) {
			if !isBookkeeping(f.Name) {
				m[snake(f.Name)] = describe(v.Field(i))
			}
		}
		return m
	case v.Kind() == reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = describe(v.Index(i))
		}
		return list
	default:
		return v.Interface()
	}
}

// isBookkeeping names the fields that we count and nobody sets.
func isBookkeeping(field string) bool { return field == "Version" || field == "Revision" }

// snake spells a Go field name as the API does: RingSeconds is ring_seconds and
// URLSecret is url_secret.
func snake(name string) string {
	rs := []rune(name)
	var b strings.Builder
	for i, r := range rs {
		if i > 0 && unicode.IsUpper(r) && (unicode.IsLower(rs[i-1]) || i+1 < len(rs) && unicode.IsLower(rs[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
