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
	Role       pbx.Role
	Tenant     string    // where it has that role; "" for a platform admin, who has it everywhere
	ExpiresAt  time.Time // zero: never
	CreatedAt  time.Time
	RevokedAt  time.Time // zero while it is valid
	LastUsedAt time.Time // right to within a minute; zero when it was never used
}

// touchEvery keeps a busy token from writing at each request.
const touchEvery = time.Minute

const selectToken = `SELECT id, name, role, coalesce(tenant, ''), expires_at, created_at, revoked_at, last_used_at FROM tokens`

func scanToken(row scanner) (*Token, error) {
	t := &Token{}
	return t, row.Scan(&t.ID, &t.Name, &t.Role, &t.Tenant, instant{&t.ExpiresAt}, instant{&t.CreatedAt},
		instant{&t.RevokedAt}, instant{&t.LastUsedAt})
}

// CreateToken stores a token by the SHA-256 (32 bytes) of its text; a Conflict
// error when the id is taken, a NotFound error when there is no such tenant. No
// token write makes a configuration revision.
func (db *DB) CreateToken(ctx context.Context, t Token, hash []byte) error {
	err := db.write(ctx, func(tx *Tx) error {
		if t.Tenant != "" {
			if err := tx.needTenant(ctx, t.Tenant); err != nil {
				return err
			}
		}
		have, err := tx.has(ctx, `SELECT 1 FROM tokens WHERE id = ?`, t.ID)
		if err != nil {
			return err
		}
		if have {
			return pbx.Conflictf("id", "token %s exists already", t.ID)
		}
		return tx.exec(ctx,
			`INSERT INTO tokens (id, name, role, tenant, expires_at, hash, created_at, revoked_at, last_used_at) VALUES (?, ?, ?, nullif(?, ''), ?, ?, ?, 0, 0)`,
			t.ID, t.Name, string(t.Role), t.Tenant, millis(t.ExpiresAt), hash, millis(tx.start))
	})
	if err != nil {
		return fmt.Errorf("creating token %s: %w", t.ID, err)
	}
	return nil
}

// TokenByHash returns the valid token with that hash, or an Unauthorized error
// when it is unknown, revoked or has expired. It writes nothing; see TouchToken.
func (db *DB) TokenByHash(ctx context.Context, hash []byte) (t *Token, err error) {
	now := millis(time.Now())
	err = db.View(ctx, func(tx *Tx) error {
		t, err = scanToken(tx.sql.QueryRowContext(ctx,
			selectToken+` WHERE hash = ? AND revoked_at = 0 AND (expires_at = 0 OR expires_at > ?)`, hash, now))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &pbx.Error{Kind: pbx.Unauthorized, Message: "this token is unknown or revoked, or has expired"}
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

// Tokens returns the tokens of a tenant by id, revoked ones included; of everybody
// when tenant is "".
func (db *DB) Tokens(ctx context.Context, tenant string) (ts []*Token, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		ts, err = query(ctx, tx, scanToken, selectToken+` WHERE ?1 IN ('', tenant) ORDER BY id`, tenant)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing tokens: %w", err)
	}
	return ts, nil
}

// RevokeToken ends a token of a tenant for good, or anybody's when tenant is ""; a
// NotFound error when there is none. A second time it changes nothing.
func (db *DB) RevokeToken(ctx context.Context, tenant, id string) error {
	err := db.write(ctx, func(tx *Tx) error {
		have, err := tx.has(ctx, `SELECT 1 FROM tokens WHERE id = ?1 AND ?2 IN ('', tenant)`, id, tenant)
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
