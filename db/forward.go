package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const selectForward = `SELECT tenant, extension, mode, destination, rules, timezone, exceptions, unreachable, busy, no_answer, no_answer_seconds, version, revision FROM forwards`

func scanForward(row scanner) (*pbx.Forward, error) {
	f := &pbx.Forward{}
	return f, row.Scan(&f.Tenant, &f.Extension, &f.Mode, destinationScan{&f.Destination}, rulesScan{&f.Rules}, &f.Timezone, namesScan[string]{&f.Exceptions},
		destinationScan{&f.Unreachable}, destinationScan{&f.Busy}, destinationScan{&f.NoAnswer}, &f.NoAnswerSeconds, &f.Version, &f.Revision)
}

// rulesScan reads the rules of a schedule, which are kept as JSON: they are read
// and written whole, in their order.
type rulesScan struct{ to *[]pbx.ForwardRule }

// Scan implements sql.Scanner.
func (s rulesScan) Scan(v any) error {
	text, _ := v.(string)
	if text == "" {
		*s.to = nil
		return nil
	}
	return json.Unmarshal([]byte(text), s.to)
}

func rulesText(rules []pbx.ForwardRule) (string, error) {
	if len(rules) == 0 {
		return "", nil
	}
	text, err := json.Marshal(rules)
	return string(text), err
}

// Forward returns how an extension is forwarded, or a NotFound error.
func (tx *Tx) Forward(ctx context.Context, tenant, extension string) (*pbx.Forward, error) {
	f, err := scanForward(tx.sql.QueryRowContext(ctx, selectForward+` WHERE tenant = ? AND extension = ?`, tenant, extension))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, tx.notIn(ctx, tenant, kindForward, extension)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the forward of extension %s: %w", extension, err)
	}
	return f, nil
}

// Forwards returns the forwards of a tenant by extension. Contains looks at the
// extension and at where calls go. An unknown tenant is a NotFound error.
func (tx *Tx) Forwards(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Forward, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	fs, err := query(ctx, tx, scanForward, selectForward+`
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
	if old != nil && len(changed(old, f)) == 0 {
		f.Version, f.Revision = old.Version, old.Revision
		return nil
	}
	return tx.saveForward(ctx, old, f)
}

func (tx *Tx) saveForward(ctx context.Context, old, f *pbx.Forward) (err error) {
	if err := tx.checkForward(ctx, f); err != nil {
		return err
	}
	rules, err := rulesText(f.Rules)
	if err != nil {
		return fmt.Errorf("writing the rules of extension %s: %w", f.Extension, err)
	}
	if f.Revision, err = tx.newRevision(ctx); err != nil {
		return err
	}
	f.Version = 1
	if old != nil {
		f.Version = old.Version + 1
	}
	err = tx.exec(ctx, `INSERT INTO forwards (tenant, extension, mode, destination, rules, timezone, exceptions, unreachable, busy, no_answer, no_answer_seconds, version, revision)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, extension) DO UPDATE SET mode = excluded.mode, destination = excluded.destination,
		rules = excluded.rules, timezone = excluded.timezone, exceptions = excluded.exceptions, unreachable = excluded.unreachable, busy = excluded.busy,
		no_answer = excluded.no_answer, no_answer_seconds = excluded.no_answer_seconds, version = excluded.version, revision = excluded.revision`,
		f.Tenant, f.Extension, string(f.Mode), f.Destination.String(), rules, f.Timezone, strings.Join(f.Exceptions, " "),
		f.Unreachable.String(), f.Busy.String(), f.NoAnswer.String(), f.NoAnswerSeconds, f.Version, f.Revision)
	if err != nil {
		return fmt.Errorf("writing the forward of extension %s: %w", f.Extension, err)
	}
	return record(ctx, tx, kindForward, f.Tenant, f.Extension, old, f)
}

func (tx *Tx) checkForward(ctx context.Context, f *pbx.Forward) error {
	if err := tx.needTenant(ctx, f.Tenant); err != nil {
		return err
	}
	if _, err := tx.Extension(ctx, f.Tenant, f.Extension); pbx.KindOf(err) == pbx.NotFound {
		return &pbx.Error{Kind: pbx.NotFound, Field: "extension", Message: fmt.Sprintf("extension %s does not exist in tenant %s", f.Extension, f.Tenant)}
	} else if err != nil {
		return err
	}
	for _, named := range f.Destinations() {
		if err := tx.needDestination(ctx, named.Field, f.Tenant, named.To); err != nil {
			return err
		}
	}
	return nil
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
	if _, err := tx.newRevision(ctx); err != nil {
		return err
	}
	if err := tx.exec(ctx, `DELETE FROM forwards WHERE tenant = ? AND extension = ?`, tenant, extension); err != nil {
		return fmt.Errorf("deleting the forward of extension %s: %w", extension, err)
	}
	return record(ctx, tx, kindForward, tenant, extension, old, nil)
}
