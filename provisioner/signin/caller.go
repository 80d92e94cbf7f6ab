package signin

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Caller is the sender of a request and the sender's rights.
type Caller struct {
	pbx.Author
	Role   pbx.Role
	Tenant string // the only one within reach; "" is every tenant, or every one of the branch
	// Reseller is the root of the branch within reach; "" for callers of one tenant and of
	// the platform.
	Reseller string
	// User is the session's user as of now; nil for an API token.
	User *pbx.User
	// MustChange says that the user must choose a password before anything else.
	MustChange bool
	Expires    time.Time // zero: never
	// owner and ownerReseller are, of an API token, the user that it ends with, see db.Token.
	owner, ownerReseller string
	token                []byte // hash of the API token, nil for a session
	session              []byte // hash of the session, nil for an API token
}

// Authenticate returns the caller that the text of a token or session stands for. Otherwise
// it returns an Unauthorized error. A session has the rights that its user has now,
// whatever they were when it began.
func (a *Authenticator) Authenticate(ctx context.Context, text string) (*Caller, error) {
	hash := sha256.Sum256([]byte(text))
	if strings.HasPrefix(text, sessionPrefix) {
		return a.caller(ctx, hash[:])
	}
	token, err := a.useToken(ctx, hash[:])
	if err != nil {
		return nil, err
	}
	author := pbx.Author{Actor: "token " + token.Name, Account: pbx.AccountOf(token.Reseller, token.Tenant)}
	return &Caller{Author: author, Role: token.Role, Tenant: token.Tenant, Reseller: token.Reseller,
		Expires: token.ExpiresAt, owner: token.Username, ownerReseller: token.UserReseller, token: hash[:]}, nil
}

// Everywhere reports whether all tenants are within a caller's reach.
func (c *Caller) Everywhere() bool { return c.Tenant == "" && c.Reseller == "" }

// Key tells a caller's token or session from all others. It is no secret.
func (c *Caller) Key() string { return string(c.token) + string(c.session) }

// username is the user that stands behind a caller, and the reseller whose user that is; ""
// for none.
func (c *Caller) username() (username, reseller string) {
	if c.User != nil {
		return c.User.Username, c.User.Reseller
	}
	return c.owner, c.ownerReseller
}

// Still returns an error if a caller may not go on as before. Then the token or the session
// has ended, or its rights have changed. Streams ask it from time to time, and after
// RightsChanged.
func (a *Authenticator) Still(ctx context.Context, by *Caller) error {
	var role pbx.Role
	var tenant, reseller string
	if by.session != nil {
		now, err := a.caller(ctx, by.session)
		if err != nil {
			return err
		}
		role, tenant, reseller = now.Role, now.Tenant, now.Reseller
	} else {
		token, err := a.o.DB.TokenByHash(ctx, by.token)
		if err != nil {
			return err
		}
		role, tenant, reseller = token.Role, token.Tenant, token.Reseller
	}
	if role != by.Role || tenant != by.Tenant || reseller != by.Reseller {
		return &pbx.Error{Kind: pbx.Unauthorized, Message: "the role was changed meanwhile"}
	}
	return nil
}

// caller returns the user of a session. Sessions of a user whose login is off are over.
func (a *Authenticator) caller(ctx context.Context, hash []byte) (*Caller, error) {
	session, u, err := a.o.DB.SessionByHash(ctx, hash, a.now())
	if err != nil {
		return nil, err
	}
	return callerOf(u, session.ExpiresAt, hash), nil
}

func callerOf(u *pbx.User, expires time.Time, hash []byte) *Caller {
	author := pbx.Author{Actor: u.Actor(), Account: u.Account()}
	return &Caller{Author: author, Role: u.Role, Tenant: u.Tenant, Reseller: u.Reseller, User: u,
		MustChange: u.MustChange, Expires: expires, session: hash}
}

// OwnsUser reports whether a user of the caller's account is the caller.
func (c *Caller) OwnsUser(username string) bool { return c.User != nil && c.User.Username == username }

// OwnsExtension reports whether an extension of the tenant is the caller's.
func (c *Caller) OwnsExtension(number string) bool {
	return c.User != nil && c.User.Extension != "" && c.User.Extension == number
}

// OwnsDevice reports whether a device of the tenant rings for the caller.
func (c *Caller) OwnsDevice(s *pbx.Snapshot, name string) bool {
	d := s.Device(c.Tenant, name)
	return d != nil && c.OwnsExtension(d.Extension)
}

// OwnsMailbox reports whether a mailbox of the tenant is the caller's own. One
// that several extensions share is nobody's own.
func (c *Caller) OwnsMailbox(s *pbx.Snapshot, number string) bool {
	if c.User == nil || c.User.Extension == "" {
		return false
	}
	own := false
	for _, e := range s.Extensions {
		if e.Tenant != c.Tenant || e.Mailbox != number {
			continue
		}
		if own = e.Number == c.User.Extension; !own {
			return false
		}
	}
	return own
}

// SharesMailbox reports whether a mailbox of the tenant is that of the caller's extension,
// perhaps of others as well.
func (c *Caller) SharesMailbox(s *pbx.Snapshot, number string) bool {
	if c.User == nil || c.User.Extension == "" || number == "" {
		return false
	}
	e := s.Extension(c.Tenant, c.User.Extension)
	return e != nil && e.Mailbox == number
}
