package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// SignIn is half a sign-in. The password was right, and a code that is mailed must follow.
// A user has at most one. Its text is known to the client only.
type SignIn struct {
	Hash      []byte      // SHA-256 of the text
	Account   pbx.Account // of the user: a tenant or a reseller
	Username  string
	Code      pbx.Secret // hash of the code, zero before the first mail
	Tries     int        // codes that were shown so far
	CreatedAt time.Time
	ExpiresAt time.Time
	State     pbx.MailState // of the mail
	Attempts  int           // to mail it
	NextAt    time.Time
}

const selectSignIn = `SELECT hash, tenant, reseller, username, code, tries, created_at, expires_at, state, attempts,
	next_at FROM sign_ins`

func scanSignIn(row scanner) (*SignIn, error) {
	s := &SignIn{}
	var tenant, reseller string
	err := row.Scan(&s.Hash, &tenant, &reseller, &s.Username, secret{&s.Code}, &s.Tries, instant{&s.CreatedAt},
		instant{&s.ExpiresAt}, &s.State, &s.Attempts, instant{&s.NextAt})
	s.Account = pbx.AccountOf(reseller, tenant)
	return s, err
}

// AddSignIn queues the mail of a new one. It replaces the user's earlier one. Those that
// have ended are forgotten.
func (db *DB) AddSignIn(ctx context.Context, s *SignIn) error {
	err := db.write(ctx, func(tx *Tx) error {
		if err := tx.exec(ctx, `DELETE FROM sign_ins WHERE expires_at <= ?1 OR tenant = ?2 AND reseller = ?3 AND username = ?4`,
			millis(s.CreatedAt), s.Account.Tenant(), s.Account.Reseller(), s.Username); err != nil {
			return err
		}
		return tx.exec(ctx, `INSERT INTO sign_ins (hash, tenant, reseller, username, code, tries, created_at, expires_at,
			state, attempts, next_at) VALUES (?, ?, ?, ?, '', 0, ?, ?, 'queued', 0, ?)`, s.Hash, s.Account.Tenant(),
			s.Account.Reseller(), s.Username, millis(s.CreatedAt), millis(s.ExpiresAt), millis(s.CreatedAt))
	})
	if err != nil {
		return fmt.Errorf("queueing the code of user %s: %w", s.Username, err)
	}
	return nil
}

// NextSignIn returns the one with the mail that is due first, and its user. It is nil if no
// mail waits.
func (db *DB) NextSignIn(ctx context.Context) (s *SignIn, u *pbx.User, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		s, err = scanSignIn(tx.sql.QueryRowContext(ctx,
			selectSignIn+` WHERE state = 'queued' ORDER BY next_at, tenant, reseller, username LIMIT 1`))
		if errors.Is(err, sql.ErrNoRows) {
			s = nil
			return nil
		}
		if err != nil {
			return err
		}
		u, err = tx.UserIn(ctx, s.Account, s.Username)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading the queue of codes: %w", err)
	}
	return s, u, nil
}

// PutSignInCode writes the hash of a code before it is mailed.
func (db *DB) PutSignInCode(ctx context.Context, s *SignIn) error {
	err := db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, `UPDATE sign_ins SET code = ? WHERE hash = ?`, s.Code.Reveal(), s.Hash)
	})
	if err != nil {
		return fmt.Errorf("noting the code of user %s: %w", s.Username, err)
	}
	return nil
}

// PutSignInAttempt writes how an attempt to mail a code ended.
func (db *DB) PutSignInAttempt(ctx context.Context, s *SignIn) error {
	err := db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, `UPDATE sign_ins SET state = ?, attempts = ?, next_at = ? WHERE hash = ?`, string(s.State),
			s.Attempts, millis(s.NextAt), s.Hash)
	})
	if err != nil {
		return fmt.Errorf("noting how the code of user %s was mailed: %w", s.Username, err)
	}
	return nil
}

// SignInUser returns the user of a sign-in for which a code can be tried, or an Unauthorized
// error as TrySignIn does. It counts nothing.
func (db *DB) SignInUser(ctx context.Context, hash []byte, now time.Time, most int) (u *pbx.User, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		_, u, err = tx.openSignIn(ctx, hash, now, most)
		return err
	})
	if err != nil && !errors.Is(err, errNoSignIn) {
		err = fmt.Errorf("looking for a sign-in: %w", err)
	}
	return u, err
}

func (tx *Tx) openSignIn(ctx context.Context, hash []byte, now time.Time, most int) (*SignIn, *pbx.User, error) {
	s, err := scanSignIn(tx.sql.QueryRowContext(ctx, selectSignIn+` WHERE hash = ? AND expires_at > ? AND tries < ?`,
		hash, millis(now), most))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, errNoSignIn
	}
	if err != nil {
		return nil, nil, err
	}
	u, err := tx.UserIn(ctx, s.Account, s.Username)
	return s, u, err
}

// TrySignIn counts a code that is about to be compared. So codes shown at the same time
// count all. It returns the sign-in and its user, or an Unauthorized error when it does not
// exist, has ended, or most codes were shown already.
func (db *DB) TrySignIn(ctx context.Context, hash []byte, now time.Time, most int) (s *SignIn, u *pbx.User, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		if s, u, err = tx.openSignIn(ctx, hash, now, most); err != nil {
			return err
		}
		s.Tries++
		return tx.exec(ctx, `UPDATE sign_ins SET tries = ? WHERE hash = ?`, s.Tries, hash)
	})
	if err != nil && !errors.Is(err, errNoSignIn) {
		err = fmt.Errorf("looking for a sign-in: %w", err)
	}
	return s, u, err
}

var errNoSignIn = &pbx.Error{Kind: pbx.Unauthorized,
	Message: "this sign-in is unknown, over or used up: begin again with the password"}

// EndSignIn removes the one with the right code. It reports whether it was there: a code
// signs in once.
func (db *DB) EndSignIn(ctx context.Context, hash []byte) (had bool, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		if had, err = tx.has(ctx, `SELECT 1 FROM sign_ins WHERE hash = ?`, hash); err != nil {
			return err
		}
		return tx.exec(ctx, `DELETE FROM sign_ins WHERE hash = ?`, hash)
	})
	if err != nil {
		return false, fmt.Errorf("ending a sign-in: %w", err)
	}
	return had, nil
}
