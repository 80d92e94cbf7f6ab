package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Session is a signed-in user. Its text is known to the user's client only; the database
// has the SHA-256 of it.
type Session struct {
	Hash             []byte
	Tenant, Username string
	CreatedAt        time.Time
	ExpiresAt        time.Time
}

// mostSessions is how many sessions a user can have; the oldest makes room.
const mostSessions = 10

// errNoSession does not tell an unknown session from one that has ended.
var errNoSession = &pbx.Error{Kind: pbx.Unauthorized, Message: "this session is unknown or has ended: sign in again"}

// SessionByHash returns the session with that hash and its user, or an
// Unauthorized error. It writes nothing.
func (db *DB) SessionByHash(ctx context.Context, hash []byte, now time.Time) (s *Session, u *pbx.User, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		if s, err = tx.session(ctx, hash, now); err != nil {
			return err
		}
		u, err = tx.User(ctx, s.Tenant, s.Username)
		return err
	})
	if err != nil && pbx.KindOf(err) != pbx.Unauthorized {
		err = fmt.Errorf("looking for a session: %w", err)
	}
	return s, u, err
}

func (tx *Tx) session(ctx context.Context, hash []byte, now time.Time) (*Session, error) {
	s := &Session{Hash: hash}
	err := tx.sql.QueryRowContext(ctx,
		`SELECT tenant, username, created_at, expires_at FROM sessions WHERE hash = ? AND expires_at > ?`, hash, millis(now)).
		Scan(&s.Tenant, &s.Username, instant{&s.CreatedAt}, instant{&s.ExpiresAt})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoSession
	}
	return s, err
}

// AddSession signs a user in if the password was not changed meanwhile. The password was
// checked against u; a change is an Unauthorized error. Sessions that have ended are
// forgotten, and the oldest of the user when there are too many.
func (db *DB) AddSession(ctx context.Context, s *Session, u *pbx.User) error {
	err := db.write(ctx, func(tx *Tx) error {
		now, err := tx.User(ctx, u.Tenant, u.Username)
		if err != nil {
			return err
		}
		if !now.Login || !now.Password.Equal(u.Password) || now.SecondStep != u.SecondStep {
			return &pbx.Error{Kind: pbx.Unauthorized, Message: "the user was changed meanwhile: sign in again"}
		}
		return tx.addSession(ctx, s)
	})
	if err != nil {
		return fmt.Errorf("signing in user %s: %w", u.Username, err)
	}
	return nil
}

// notSignedIn returns an InUse error while a user has a session of the API.
func (tx *Tx) notSignedIn(ctx context.Context, u *pbx.User) error {
	in, err := tx.has(ctx, `SELECT 1 FROM sessions WHERE tenant = ? AND username = ? AND expires_at > ?`, u.Tenant,
		u.Username, millis(tx.start))
	if err != nil {
		return fmt.Errorf("looking for sessions of user %s: %w", u.Username, err)
	}
	if in {
		return &pbx.Error{Kind: pbx.InUse, Message: "the number can be changed while its user is signed out, and there is a session of",
			Refs: []pbx.Ref{{Kind: kindUser, Key: u.Username}}}
	}
	return nil
}

// NotSignedIn returns an InUse error while the user of an extension has a session of the API.
func (tx *Tx) NotSignedIn(ctx context.Context, tenant, extension string) error {
	u, err := orNil(tx.UserOf(ctx, tenant, extension))
	if err != nil || u == nil {
		return err
	}
	return tx.notSignedIn(ctx, u)
}

func (tx *Tx) addSession(ctx context.Context, s *Session) error {
	if err := tx.exec(ctx, `DELETE FROM sessions WHERE expires_at <= ?`, millis(s.CreatedAt)); err != nil {
		return err
	}
	err := tx.exec(ctx, `INSERT INTO sessions (hash, tenant, username, created_at, expires_at) VALUES (?, ?, ?, ?, ?)`,
		s.Hash, s.Tenant, s.Username, millis(s.CreatedAt), millis(s.ExpiresAt))
	if err != nil {
		return err
	}
	return tx.exec(ctx, `DELETE FROM sessions WHERE tenant = ?1 AND username = ?2 AND hash NOT IN
		(SELECT hash FROM sessions WHERE tenant = ?1 AND username = ?2 ORDER BY created_at DESC, hash = ?3 DESC LIMIT ?4)`, s.Tenant, s.Username, s.Hash, mostSessions)
}

// EndSession ends one session; an unknown one is not an error.
func (db *DB) EndSession(ctx context.Context, hash []byte) error {
	if err := db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, `DELETE FROM sessions WHERE hash = ?`,
			hash)
	}); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// PutUserKeeping is PutUser that does not end the session with that hash. That is the
// session in which the user chooses another password.
func (tx *Tx) PutUserKeeping(ctx context.Context, u *pbx.User, hash []byte) error {
	kept, err := tx.session(ctx, hash, tx.start)
	if err != nil && !errors.Is(err, errNoSession) {
		return fmt.Errorf("looking for a session: %w", err)
	}
	if err := tx.PutUser(ctx, u); err != nil || kept == nil {
		return err
	}
	return tx.addSession(ctx, kept)
}

// endSessionsAfter ends the sessions that a user may not keep after a change. Every session
// and half a sign-in end when the password changed or the user may not sign in any more.
// Half a sign-in also ends when codes go elsewhere now. The tokens that the user made end
// when the user may not make any now; they do not depend on the password.
func (tx *Tx) endSessionsAfter(ctx context.Context, old, u *pbx.User) error {
	if old == nil {
		return nil
	}
	if !u.Login || u.Role != pbx.RoleTenantAdmin {
		if err := tx.endTokensOf(ctx, u); err != nil {
			return err
		}
	}
	all := !u.Login || !old.Password.Equal(u.Password)
	if all {
		if err := tx.exec(ctx, `DELETE FROM sessions WHERE tenant = ? AND username = ?`, u.Tenant, u.Username); err != nil {
			return fmt.Errorf("ending the sessions of user %s: %w", u.Username, err)
		}
	}
	if all || old.SecondStep != u.SecondStep || old.PersonalContact != u.PersonalContact {
		if err := tx.exec(ctx, `DELETE FROM sign_ins WHERE tenant = ? AND username = ?`, u.Tenant, u.Username); err != nil {
			return fmt.Errorf("ending the sign-in of user %s: %w", u.Username, err)
		}
	}
	return nil
}
