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
	Hash      []byte
	Account   pbx.Account // of the user: a tenant or a reseller
	Username  string
	Address   string // where the user signed in from; "" for a session from before that was kept
	CreatedAt time.Time
	ExpiresAt time.Time
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
		u, err = tx.UserIn(ctx, s.Account, s.Username)
		return err
	})
	if err != nil && pbx.KindOf(err) != pbx.Unauthorized {
		err = fmt.Errorf("looking for a session: %w", err)
	}
	return s, u, err
}

const selectSession = `SELECT hash, tenant, reseller, username, address, created_at, expires_at FROM sessions`

func scanSession(row scanner) (*Session, error) {
	s := &Session{}
	var tenant, reseller string
	err := row.Scan(&s.Hash, &tenant, &reseller, &s.Username, &s.Address, instant{&s.CreatedAt}, instant{&s.ExpiresAt})
	s.Account = pbx.AccountOf(reseller, tenant)
	return s, err
}

func (tx *Tx) session(ctx context.Context, hash []byte, now time.Time) (*Session, error) {
	s, err := scanSession(tx.sql.QueryRowContext(ctx, selectSession+` WHERE hash = ? AND expires_at > ?`, hash, millis(now)))
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
		now, err := tx.UserIn(ctx, u.Account(), u.Username)
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
	in, err := tx.has(ctx, `SELECT 1 FROM sessions WHERE tenant = ? AND reseller = ? AND username = ? AND expires_at > ?`,
		u.Tenant, u.Reseller, u.Username, millis(tx.start))
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
	err := tx.exec(ctx, `INSERT INTO sessions (hash, tenant, reseller, username, address, created_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, s.Hash, s.Account.Tenant(), s.Account.Reseller(), s.Username, s.Address,
		millis(s.CreatedAt), millis(s.ExpiresAt))
	if err != nil {
		return err
	}
	return tx.exec(ctx, `DELETE FROM sessions WHERE tenant = ?1 AND reseller = ?2 AND username = ?3 AND hash NOT IN
		(SELECT hash FROM sessions WHERE tenant = ?1 AND reseller = ?2 AND username = ?3
		ORDER BY created_at DESC, hash = ?4 DESC LIMIT ?5)`,
		s.Account.Tenant(), s.Account.Reseller(), s.Username, s.Hash, mostSessions)
}

// Sessions returns the sessions of a user that last, the newest first. An unknown user is a
// NotFound error.
func (db *DB) Sessions(ctx context.Context, account pbx.Account, username string, now time.Time) (out []*Session, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		if _, err := tx.UserIn(ctx, account, username); err != nil {
			return err
		}
		out, err = query(ctx, tx, scanSession, selectSession+` WHERE tenant = ? AND reseller = ? AND username = ?
			AND expires_at > ? ORDER BY created_at DESC, hash`, account.Tenant(), account.Reseller(), username, millis(now))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing the sessions of user %s: %w", username, err)
	}
	return out, nil
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
	if !u.MakesTokens() {
		if err := tx.endTokensOf(ctx, u); err != nil {
			return err
		}
	}
	all := !u.Login || !old.Password.Equal(u.Password)
	if all {
		if err := tx.exec(ctx, `DELETE FROM sessions WHERE tenant = ? AND reseller = ? AND username = ?`, u.Tenant, u.Reseller,
			u.Username); err != nil {
			return fmt.Errorf("ending the sessions of user %s: %w", u.Username, err)
		}
	}
	if all || old.SecondStep != u.SecondStep || old.PersonalContact != u.PersonalContact {
		if err := tx.exec(ctx, `DELETE FROM sign_ins WHERE tenant = ? AND reseller = ? AND username = ?`, u.Tenant, u.Reseller,
			u.Username); err != nil {
			return fmt.Errorf("ending the sign-in of user %s: %w", u.Username, err)
		}
	}
	return nil
}
