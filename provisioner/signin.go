package provisioner

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/limit"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// sessionPrefix tells a session from a token, and lets secret scanners and people
	// recognise one.
	sessionPrefix = "dts_"
	// sessionLife is how long a session lasts, used or not: a working day. It is not
	// prolonged, so that a stolen one ends by itself, and so that asking writes nothing.
	sessionLife = 12 * time.Hour
	// mostAtOnce is how many passwords wait for being compared; more are refused.
	mostAtOnce = 32
)

// signIns lets users in. Sessions are in the database and survive a restart; the
// counts of attempts do not.
type signIns struct {
	c      *Controller
	now    func() time.Time
	users  *limit.Count[string] // by tenant and name, whether there is such a user or not
	places *limit.Count[netip.Prefix]
	busy   chan struct{}
}

func newSignIns(c *Controller) *signIns {
	return &signIns{c: c, now: time.Now, busy: make(chan struct{}, mostAtOnce),
		users:  limit.NewCount[string](userRate, mostRemembered),
		places: limit.NewCount[netip.Prefix](networkRate, mostRemembered)}
}

// Credentials is what somebody shows who wants to sign in.
type Credentials struct {
	Tenant, Username string
	Password         pbx.Secret
	Address          string // where the request comes from
}

// SignedIn is what came of it: a session, or half a sign-in that a code completes.
type SignedIn struct {
	Session pbx.Secret // its text, shown once
	Caller  *Caller    // of the session; nil for half a sign-in
	Half    pbx.Secret // text that must come with the code; zero for a session
	Step    pbx.SecondStep
	Expires time.Time
}

// errWrong is every way in which a sign-in can be wrong; the client does not learn
// which.
var errWrong = &pbx.Error{Kind: pbx.Unauthorized, Message: "tenant, username or password is wrong, or the user may not sign in"}

// SignInUser begins a session for who knows a user's password, or half of one when
// the user has a second step. A wrong name takes as long as a wrong password.
func (c *Controller) SignInUser(ctx context.Context, in Credentials) (*SignedIn, error) {
	s := c.signIns
	if err := s.enter(in.Address); err != nil {
		return nil, err
	}
	done, err := s.admit(userKey(in.Tenant, in.Username))
	if err != nil {
		return nil, err
	}
	defer done()
	u, err := orAbsent(c.Users.Get(ctx, in.Tenant, in.Username))
	if err != nil {
		return nil, err
	}
	hash := pbx.Secret{}
	if u != nil {
		hash = u.Password
	}
	if !matches(hash, in.Password.Reveal()) || u == nil || !u.Login {
		s.c.log.Info("a sign-in was refused", "user", knownName(u), "address", in.Address) // what was typed may be a password
		return nil, errWrong
	}
	c.renewHash(ctx, u, &u.Password, in.Password.Reveal())
	if u.SecondStep == pbx.SecondStepEmail {
		return s.half(ctx, u)
	}
	return s.open(ctx, u, in.Address)
}

// orAbsent turns NotFound into nil.
func orAbsent(u *pbx.User, err error) (*pbx.User, error) {
	if pbx.KindOf(err) == pbx.NotFound {
		return nil, nil //nolint:nilnil // absence is one of the two answers asked for
	}
	return u, err
}

func knownName(u *pbx.User) string {
	if u == nil {
		return ""
	}
	return userKey(u.Tenant, u.Username)
}

func userKey(tenant, username string) string { return tenant + "/" + username }

// errTooMany does not tell whether there is such a user.
var errTooMany = &pbx.Error{Kind: pbx.TooMany, Message: "too many attempts to sign in: wait a minute"}

// enter counts an attempt from a place.
func (s *signIns) enter(address string) error {
	if !s.places.Take(limit.NetworkOf(address), s.now()) {
		return errTooMany
	}
	return nil
}

// admit counts an attempt at a user before anything is compared. done frees the
// place in the queue.
func (s *signIns) admit(user string) (done func(), err error) {
	if !s.users.Take(user, s.now()) {
		return nil, errTooMany
	}
	select {
	case s.busy <- struct{}{}:
		return func() { <-s.busy }, nil
	default:
		return nil, &pbx.Error{Kind: pbx.Unavailable, Message: "too many people sign in at this moment: try again"}
	}
}

// open begins a session.
func (s *signIns) open(ctx context.Context, u *pbx.User, address string) (*SignedIn, error) {
	text := pbx.NewSecret(sessionPrefix + pbx.RandomSecret(32).Reveal())
	hash := sha256.Sum256([]byte(text.Reveal()))
	now := s.now().UTC().Truncate(time.Millisecond)
	session := &db.Session{Hash: hash[:], Tenant: u.Tenant, Username: u.Username, CreatedAt: now, ExpiresAt: now.Add(sessionLife)}
	err := s.c.db.AddSession(ctx, session, u)
	if k := pbx.KindOf(err); err != nil && (k == pbx.Unauthorized || k == pbx.NotFound) {
		return nil, errWrong
	}
	if err != nil {
		return nil, err
	}
	s.users.GiveBack(knownName(u))
	s.places.GiveBack(limit.NetworkOf(address))
	s.c.log.Info("signed in", "user", knownName(u), "address", address)
	return &SignedIn{Session: text, Caller: callerOf(u, session.ExpiresAt, hash[:]), Expires: session.ExpiresAt}, nil
}

// EndSession signs a caller out; an API token has nothing to end.
func (c *Controller) EndSession(ctx context.Context, by *Caller) error {
	if by.session == nil {
		return &pbx.Error{Kind: pbx.Conflict, Message: "this is an API token and no session: revoke it instead"}
	}
	return c.db.EndSession(ctx, by.session)
}

// ChangePassword replaces a user's password by one that the user chose, given the
// present one. Every session of the user ends but the caller's.
func (c *Controller) ChangePassword(ctx context.Context, by *Caller, tenant, username, present, chosen string) (*pbx.User, error) {
	if err := pbx.CheckPassword("new", chosen); err != nil {
		return nil, err
	}
	if present == chosen {
		return nil, pbx.Invalidf("new", "is the present password")
	}
	if err := c.signIns.enter(by.Address); err != nil {
		return nil, err
	}
	done, err := c.signIns.admit(userKey(tenant, username))
	if err != nil {
		return nil, err
	}
	defer done()
	u, err := c.Users.Get(ctx, tenant, username)
	if err != nil {
		return nil, err
	}
	if !matches(u.Password, present) {
		return nil, pbx.Invalidf("current", "is not the user's password")
	}
	if err := c.storePassword(ctx, by, u, hashSecret(chosen)); err != nil {
		return nil, err
	}
	c.signIns.users.GiveBack(knownName(u))
	c.signIns.places.GiveBack(limit.NetworkOf(by.Address))
	return u, nil
}

// storePassword writes a password that the user chose, unless the one before was
// changed meanwhile.
func (c *Controller) storePassword(ctx context.Context, by *Caller, u *pbx.User, hash pbx.Secret) error {
	_, err := c.db.Update(ctx, by.Author, func(tx *db.Tx) error {
		now, err := tx.User(ctx, u.Tenant, u.Username)
		if err != nil {
			return err
		}
		if !now.Password.Equal(u.Password) {
			return pbx.Invalidf("current", "is not the user's password")
		}
		*u = *now
		u.Password, u.MustChange = hash, false
		return tx.PutUserKeeping(ctx, u, by.session)
	})
	if err != nil {
		return fmt.Errorf("changing the password of user %s: %w", u.Username, err)
	}
	c.Apply.Nudge()
	return nil
}
