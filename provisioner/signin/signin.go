// Package signin admits callers: users by password and code, programs by token.
//
// It owns the hashes of passwords, PINs and codes, sessions, API tokens, how often
// signing in may be tried, and what a caller owns. Desk phones at which people sign in
// are not its business, only their PINs. It may import provisioner/pbx, db,
// provisioner/mail and provisioner/limit.
package signin

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/limit"
	"github.com/dialtone-pbx/dialtone/provisioner/mail"
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

// Authenticator lets users and programs in. Sessions and tokens are in the database and
// survive a restart; the counts of attempts do not. Its methods are safe for concurrent
// use.
type Authenticator struct {
	o        Options
	now      func() time.Time
	users    *limit.Count[string] // by account and name, whether there is such a user or not
	networks *limit.Count[netip.Prefix]
	homes    homes
	atHome   *limit.Count[home]   // of users where they signed in lately, in place of users
	mails    *limit.Count[string] // codes that are mailed to a user
	busy     chan struct{}
	recheck  recheck
}

// Options are what an Authenticator needs. All fields are required.
type Options struct {
	DB  *db.DB
	Log *slog.Logger
	// Mail sends the codes that NextCode returns.
	Mail *mail.Outbox
	// Changed runs after the row of a user or token was changed.
	Changed func()
}

// New returns an Authenticator. It has nothing to run.
func New(o Options) *Authenticator {
	return &Authenticator{o: o, now: time.Now, busy: make(chan struct{}, mostAtOnce),
		recheck:  recheck{changed: make(chan struct{})},
		users:    limit.NewCount[string](userRate, mostRemembered),
		networks: limit.NewCount[netip.Prefix](networkRate, mostRemembered),
		homes:    homes{of: map[string][]signedIn{}},
		atHome:   limit.NewCount[home](userRate, homesOfOne*mostRemembered),
		mails:    limit.NewCount[string](mailRate, mostRemembered)}
}

// Credentials are what a sign-in begins with.
type Credentials struct {
	Account  pbx.Account // a tenant or a reseller
	Username string
	Password pbx.Secret
	Address  string // where the request comes from
}

// SignedIn is a session, or half a sign-in that a code completes.
type SignedIn struct {
	Session pbx.Secret // its text, shown once
	Caller  *Caller    // of the session; nil for half a sign-in
	Half    pbx.Secret // text that must come with the code; zero for a session
	Step    pbx.SecondStep
	Expires time.Time
}

// errWrong answers every wrong sign-in. The client does not learn what was wrong.
var errWrong = &pbx.Error{Kind: pbx.Unauthorized,
	Message: "tenant or reseller, username or password is wrong, or the user may not sign in"}

// Begin begins a session by a user's password. A user with a second step gets half a
// session. A wrong name takes as long as a wrong password.
func (a *Authenticator) Begin(ctx context.Context, in Credentials) (*SignedIn, error) {
	at, done, err := a.try(userKey(in.Account, in.Username), in.Address)
	if err != nil {
		return nil, err
	}
	defer done()
	u, err := a.user(ctx, in.Account, in.Username)
	if err != nil && pbx.KindOf(err) != pbx.NotFound {
		return nil, err
	}
	hash := pbx.Secret{}
	if u != nil {
		hash = u.Password
	}
	if !matches(hash, in.Password.Reveal()) || u == nil || !u.Login {
		// The name as it was typed is not logged: it may be a password.
		a.o.Log.Info("a sign-in was refused", "user", knownName(u), "address", in.Address)
		return nil, errWrong
	}
	a.renewHash(ctx, u, &u.Password, in.Password.Reveal())
	if u.SecondStep == pbx.SecondStepEmail {
		return a.half(ctx, u, at)
	}
	return a.open(ctx, u, at, in.Address)
}

// user reads a user. It returns nil and a NotFound error when there is no such user.
func (a *Authenticator) user(ctx context.Context, account pbx.Account, username string) (u *pbx.User, err error) {
	err = a.o.DB.View(ctx, func(tx *db.Tx) error {
		u, err = tx.UserIn(ctx, account, username)
		return err
	})
	return u, err
}

// knownName names a user in the log and in counts of attempts; "" for nil.
func knownName(u *pbx.User) string {
	if u == nil {
		return ""
	}
	return userKey(u.Account(), u.Username)
}

// userKey is "acme/jane", or "reseller north/jane": names of tenants have no blanks.
func userKey(account pbx.Account, username string) string {
	return strings.TrimPrefix(string(account), "tenant ") + "/" + username
}

// open begins a session.
func (a *Authenticator) open(ctx context.Context, u *pbx.User, at attempt, address string) (*SignedIn, error) {
	text := pbx.NewSecret(sessionPrefix + pbx.RandomSecret(32).Reveal())
	hash := sha256.Sum256([]byte(text.Reveal()))
	now := a.now().UTC().Truncate(time.Millisecond)
	session := &db.Session{Hash: hash[:], Account: u.Account(), Username: u.Username, Address: address,
		CreatedAt: now, ExpiresAt: now.Add(sessionLife)}
	err := a.o.DB.AddSession(ctx, session, u)
	if k := pbx.KindOf(err); err != nil && (k == pbx.Unauthorized || k == pbx.NotFound) {
		return nil, errWrong
	}
	if err != nil {
		return nil, err
	}
	at.right()
	a.homes.add(home{at.user, at.network}, now)
	a.o.Log.Info("signed in", "user", knownName(u), "address", address)
	return &SignedIn{Session: text, Caller: callerOf(u, session.ExpiresAt, hash[:]), Expires: session.ExpiresAt}, nil
}

// End signs a caller out; an API token has nothing to end.
func (a *Authenticator) End(ctx context.Context, by *Caller) error {
	if by.session == nil {
		return &pbx.Error{Kind: pbx.Conflict, Message: "this is an API token and no session: revoke it instead"}
	}
	if err := a.o.DB.EndSession(ctx, by.session); err != nil {
		return err
	}
	a.Recheck()
	return nil
}
