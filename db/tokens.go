package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Token is an API token. Its text is known to its owner only; the database has
// the SHA-256 of it.
type Token struct {
	ID         string
	Name       string // who or what uses it; the actor of its changes
	CreatedAt  time.Time
	RevokedAt  time.Time // zero while it is valid
	LastUsedAt time.Time // right to within a minute; zero when it was never used
}

// touchEvery keeps a busy token from writing at each request.
const touchEvery = time.Minute

const selectToken = `SELECT id, name, created_at, revoked_at, last_used_at FROM tokens`

func scanToken(row scanner) (*Token, error) {
	t := &Token{}
	return t, row.Scan(&t.ID, &t.Name, timeScan{&t.CreatedAt}, timeScan{&t.RevokedAt}, timeScan{&t.LastUsedAt})
}

// CreateToken stores a token by the SHA-256 (32 bytes) of its text; a Conflict
// error when the id is taken. No token write makes a configuration revision.
func (db *DB) CreateToken(ctx context.Context, id, name string, hash []byte) error {
	err := db.write(ctx, func(tx *Tx) error {
		have, err := tx.has(ctx, `SELECT 1 FROM tokens WHERE id = ?`, id)
		if err != nil {
			return err
		}
		if have {
			return &pbx.Error{Kind: pbx.Conflict, Field: "id", Message: fmt.Sprintf("token %s exists already", id)}
		}
		return tx.exec(ctx, `INSERT INTO tokens (id, name, hash, created_at, revoked_at, last_used_at) VALUES (?, ?, ?, ?, 0, 0)`,
			id, name, hash, millis(tx.start))
	})
	if err != nil {
		return fmt.Errorf("creating token %s: %w", id, err)
	}
	return nil
}

// TokenByHash returns the valid token with that hash, or an Unauthorized error
// when it is unknown or revoked. It writes nothing; see TouchToken.
func (db *DB) TokenByHash(ctx context.Context, hash []byte) (t *Token, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		t, err = scanToken(tx.sql.QueryRowContext(ctx, selectToken+` WHERE hash = ? AND revoked_at = 0`, hash))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &pbx.Error{Kind: pbx.Unauthorized, Message: "this token is unknown or revoked"}
	}
	if err != nil {
		return nil, fmt.Errorf("looking for a token: %w", err)
	}
	return t, nil
}

// TouchToken notes that a token was used now. It writes at most once a minute a
// token, and sets t.LastUsedAt when it does.
func (db *DB) TouchToken(ctx context.Context, t *Token) error {
	if time.Since(t.LastUsedAt) < touchEvery {
		return nil
	}
	err := db.write(ctx, func(tx *Tx) error {
		t.LastUsedAt = tx.start
		return tx.exec(ctx, `UPDATE tokens SET last_used_at = ? WHERE id = ?`, millis(tx.start), t.ID)
	})
	if err != nil {
		return fmt.Errorf("noting the use of token %s: %w", t.ID, err)
	}
	return nil
}

// Tokens returns all tokens by id, revoked ones included.
func (db *DB) Tokens(ctx context.Context) (ts []*Token, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		ts, err = query(ctx, tx, scanToken, selectToken+` ORDER BY id`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing tokens: %w", err)
	}
	return ts, nil
}

// RevokeToken ends a token for good; a NotFound error when there is none. A
// second time it changes nothing.
func (db *DB) RevokeToken(ctx context.Context, id string) error {
	err := db.write(ctx, func(tx *Tx) error {
		have, err := tx.has(ctx, `SELECT 1 FROM tokens WHERE id = ?`, id)
		if err != nil {
			return err
		}
		if !have {
			return pbx.NotFoundf("token %s does not exist", id)
		}
		return tx.exec(ctx, `UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at = 0`, millis(tx.start), id)
	})
	if err != nil {
		return fmt.Errorf("revoking token %s: %w", id, err)
	}
	return nil
}
