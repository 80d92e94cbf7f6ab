package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// mostRefs is how many objects an InUse error names.
const mostRefs = 100

// translate gives an error of SQLite or of the context its kind. It goes by code and never
// by message. Errors that have a kind, and unknown ones, pass unchanged.
func translate(err error) error {
	var known *pbx.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	var se sqlite3.Error
	if errors.As(err, &se) {
		return translateSQLite(err, se)
	}
	if errors.Is(err, context.Canceled) {
		return unavailable("the request was given up; nothing was changed", err)
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrTxDone) {
		return unavailable("the database did not answer in time; nothing was changed", err)
	}
	return err
}

// translateSQLite names result codes of sqlite.org/rescode.html. The constraint
// codes are a last resort: the methods of Tx look first and say it better.
func translateSQLite(err error, se sqlite3.Error) error {
	switch se.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrProtocol:
		return unavailable("the database is locked by another program; nothing was changed", err)
	case sqlite3.ErrFull:
		return unavailable("the disk is full; nothing was changed", err)
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return unavailable("the database file is damaged: stop Dialtone and put a backup in its place with dialtone restore",
			err)
	case sqlite3.ErrIoErr, sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrNomem:
		return unavailable("the database file cannot be read or written; nothing was changed", err)
	case sqlite3.ErrInterrupt:
		return unavailable("the database did not answer in time; nothing was changed", err)
	}
	switch se.ExtendedCode {
	case sqlite3.ErrConstraintPrimaryKey, sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintRowID:
		return &pbx.Error{Kind: pbx.Conflict, Message: "another object has this key already", Cause: err}
	case sqlite3.ErrConstraintForeignKey:
		return &pbx.Error{Kind: pbx.Conflict,
			Message: "it refers to something that does not exist, or something still refers to it", Cause: err}
	// 12: SQLITE_CONSTRAINT_DATATYPE
	case sqlite3.ErrConstraintCheck, sqlite3.ErrConstraintNotNull, sqlite3.ErrConstraint.Extend(12):
		return &pbx.Error{Kind: pbx.Invalid, Message: "a value is missing or not of its kind", Cause: err}
	}
	return err
}

func unavailable(message string, cause error) *pbx.Error {
	return &pbx.Error{Kind: pbx.Unavailable, Message: message, Cause: cause}
}

// notIn says that a tenant has no such object, or does not exist.
func (tx *Tx) notIn(ctx context.Context, tenant, kind, key string) error {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return err
	}
	return pbx.NotFoundf("%s %s does not exist in tenant %s", kind, key, tenant)
}

// existsAlready is the Conflict of Create.
func existsAlready(field, tenant, kind, key string) *pbx.Error {
	return pbx.Conflictf(field, "%s %s exists already in tenant %s", kind, key, tenant)
}

// unused returns an InUse error when text, a query of (kind, key), has rows.
func (tx *Tx) unused(ctx context.Context, what, text string, args ...any) error {
	refs, err := query(ctx, tx, scanRef, text+fmt.Sprintf(" LIMIT %d", mostRefs), args...)
	if err != nil {
		return fmt.Errorf("looking for what refers to %s: %w", what, err)
	}
	if len(refs) == 0 {
		return nil
	}
	return &pbx.Error{Kind: pbx.InUse, Message: what + " is still used by", Refs: refs}
}

func scanRef(row scanner) (pbx.Ref, error) {
	var r pbx.Ref
	err := row.Scan(&r.Kind, &r.Key)
	if r.Kind == kindPhone {
		r.Key = pbx.MAC(r.Key).Colons()
	}
	return r, err
}
