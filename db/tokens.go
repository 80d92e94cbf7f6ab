package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Token is an API token. Its text is known to its owner only; the database has
// the SHA-256 of it.
type Token struct {
	ID        string
	Name      string // the user or program that uses it; the actor of its changes
	Role      pbx.Role
	Tenant    string // where it has that role; "" for a platform admin, with the role everywhere
	Reseller  string // in whose branch it is reseller-admin; "" for other roles
	CreatedBy string // the actor that made it; "" for a token from before that was kept
	Username  string // the user that it ends with; "" for no user
	// UserReseller is the reseller whose user Username is; "" where it is one of Tenant.
	UserReseller string
	ExpiresAt    time.Time // zero: never
	CreatedAt    time.Time
	RevokedAt    time.Time // zero while it is valid
	LastUsedAt   time.Time // right to within a minute; zero when it was never used
}

// touchEvery keeps a busy token from writing at each request.
const touchEvery = time.Minute

const selectToken = `SELECT id, name, role, coalesce(tenant, ''), coalesce(reseller, ''), created_by, username,
	user_reseller, expires_at, created_at, revoked_at, last_used_at FROM tokens`

func scanToken(row scanner) (*Token, error) {
	t := &Token{}
	return t, row.Scan(&t.ID, &t.Name, &t.Role, &t.Tenant, &t.Reseller, &t.CreatedBy, &t.Username,
		&t.UserReseller, instant{&t.ExpiresAt}, instant{&t.CreatedAt},
		instant{&t.RevokedAt}, instant{&t.LastUsedAt})
}

// CreateToken stores a token by the SHA-256 (32 bytes) of its text. It returns a Conflict
// error when the id is taken, a NotFound error when the tenant or reseller does not exist. The audit
// trail has it, so it makes a revision.
func (db *DB) CreateToken(ctx context.Context, author pbx.Author, t Token, hash []byte) error {
	_, err := db.Update(ctx, author, func(tx *Tx) error {
		t.CreatedAt, t.CreatedBy = tx.start, author.Actor
		if t.Tenant != "" {
			if err := tx.needTenant(ctx, t.Tenant); err != nil {
				return err
			}
		}
		if t.Reseller != "" {
			if _, err := tx.Reseller(ctx, t.Reseller); err != nil {
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
		err = tx.exec(ctx, `INSERT INTO tokens (id, name, role, tenant, reseller, created_by, username, user_reseller, expires_at,
			hash, created_at, revoked_at, last_used_at) VALUES (?, ?, ?, nullif(?, ''), nullif(?, ''), ?, ?, ?, ?, ?, ?, 0, 0)`,
			t.ID, t.Name, string(t.Role), t.Tenant, t.Reseller, t.CreatedBy, t.Username, t.UserReseller, millis(t.ExpiresAt),
			hash, millis(tx.start))
		if err != nil {
			return err
		}
		return tx.auditToken(ctx, nil, &t)
	})
	if err != nil {
		return fmt.Errorf("creating token %s: %w", t.ID, err)
	}
	return nil
}

// TokenByHash returns the valid token with that hash. It returns an Unauthorized error when
// the token is unknown, revoked or has expired. It writes nothing; see TouchToken.
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

// Tokens returns the tokens within reach by id, revoked ones included.
func (db *DB) Tokens(ctx context.Context, reach Reach) (ts []*Token, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		ts, err = tx.tokens(ctx, reach, "")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing tokens: %w", err)
	}
	return ts, nil
}

// tokens returns the tokens within reach that have the id; "" is any.
func (tx *Tx) tokens(ctx context.Context, reach Reach, id string) ([]*Token, error) {
	return query(ctx, tx, scanToken, selectToken+` WHERE ?1 IN ('', tenant)
		AND (?2 = '' OR tenant IN (SELECT name FROM tenants WHERE reseller IN `+branchFrom2+`) OR reseller IN `+branchFrom2+`)
		AND ?3 IN ('', id) ORDER BY id`, reach.Tenant, reach.Reseller, id)
}

// RevokeToken ends a token within reach for good. It returns a NotFound error when there is
// no such token. A second time it changes nothing.
func (db *DB) RevokeToken(ctx context.Context, author pbx.Author, reach Reach, id string) error {
	_, err := db.Update(ctx, author, func(tx *Tx) error {
		ts, err := tx.tokens(ctx, reach, id)
		if err != nil {
			return err
		}
		if id == "" || len(ts) == 0 {
			return pbx.NotFoundf("token %s does not exist", id)
		}
		return tx.revoke(ctx, ts)
	})
	if err != nil {
		return fmt.Errorf("revoking token %s: %w", id, err)
	}
	return nil
}

// revoke ends the tokens that have not ended yet, and audits that.
func (tx *Tx) revoke(ctx context.Context, ts []*Token) error {
	for _, old := range ts {
		if !old.RevokedAt.IsZero() {
			continue
		}
		now := *old
		now.RevokedAt = tx.start
		if err := tx.exec(ctx, `UPDATE tokens SET revoked_at = ? WHERE id = ?`, millis(tx.start), old.ID); err != nil {
			return fmt.Errorf("revoking token %s: %w", old.ID, err)
		}
		if err := tx.auditToken(ctx, old, &now); err != nil {
			return err
		}
	}
	return nil
}

// endTokensOf revokes the tokens behind which a user stands.
func (tx *Tx) endTokensOf(ctx context.Context, u *pbx.User) error {
	ts, err := query(ctx, tx, scanToken, selectToken+` WHERE username = ?1 AND user_reseller = ?2
		AND (?2 <> '' OR tenant = ?3) AND revoked_at = 0 ORDER BY id`, u.Username, u.Reseller, u.Tenant)
	if err != nil {
		return fmt.Errorf("looking for the tokens of user %s: %w", u.Username, err)
	}
	return tx.revoke(ctx, ts)
}

// endTokensOutside revokes the tokens that users of resellers made for what has left their
// branch by now.
func (tx *Tx) endTokensOutside(ctx context.Context) error {
	ts, err := query(ctx, tx, scanToken, selectToken+` WHERE user_reseller <> '' AND revoked_at = 0 ORDER BY id`)
	if err != nil {
		return fmt.Errorf("looking for the tokens of users of resellers: %w", err)
	}
	for _, t := range ts {
		about := t.Reseller
		if t.Tenant != "" {
			of, err := tx.Tenant(ctx, t.Tenant)
			if err != nil {
				return err
			}
			about = of.Reseller
		}
		in, err := tx.InBranch(ctx, t.UserReseller, about)
		if err != nil {
			return err
		}
		if in {
			continue
		}
		if err := tx.revoke(ctx, []*Token{t}); err != nil {
			return err
		}
	}
	return nil
}

// auditToken writes the audit row of a token that was made, or changed from old.
func (tx *Tx) auditToken(ctx context.Context, old, now *Token) error {
	if _, err := tx.newRevision(ctx); err != nil {
		return err
	}
	row := auditRow{action: "create", kind: kindToken, tenant: now.Tenant, key: now.ID}
	var err error
	if row.after, err = now.properties(); err != nil {
		return err
	}
	if old != nil {
		row.action, row.fields = "update", "revoked"
		if row.before, err = old.properties(); err != nil {
			return err
		}
	}
	return tx.audit(ctx, row)
}

// properties is the token as the API has it, in JSON, without what its use changes.
func (t *Token) properties() (string, error) {
	out := map[string]any{"id": t.ID, "name": t.Name, "role": t.Role, "tenant": t.Tenant, "reseller": t.Reseller, "created_by": t.CreatedBy,
		"username": t.Username, "user_reseller": t.UserReseller, "expires": instant{&t.ExpiresAt}, "revoked": instant{&t.RevokedAt}}
	b, err := json.Marshal(out)
	if err != nil {
		return "", fmt.Errorf("writing token %s as JSON: %w", t.ID, err)
	}
	return string(b), nil
}
