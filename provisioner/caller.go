package provisioner

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Caller is who sent a request, and what its sender may do.
type Caller struct {
	pbx.Author
	Role   pbx.Role
	Tenant string // the only one within reach; "" is every tenant
	// User is the user as of now, whose session it is; nil for an API token.
	User *pbx.User
	// MustChange says that the user must choose a password before anything else.
	MustChange bool
	Expires    time.Time // zero: never
	token      []byte    // hash of the API token, nil for a session
	session    []byte    // hash of the session, nil for an API token
}

// Authenticate returns whose token or session that text is, or an Unauthorized
// error. A session has the rights that its user has now, whatever they were when
// it began.
func (c *Controller) Authenticate(ctx context.Context, text string) (*Caller, error) {
	hash := sha256.Sum256([]byte(text))
	if strings.HasPrefix(text, sessionPrefix) {
		return c.signIns.caller(ctx, hash[:])
	}
	token, err := c.useToken(ctx, hash[:])
	if err != nil {
		return nil, err
	}
	return &Caller{Author: pbx.Author{Actor: "token " + token.Name}, Role: token.Role, Tenant: token.Tenant, Expires: token.ExpiresAt, token: hash[:]}, nil
}

// Still reports by an error that a caller may not go on as before: the token or the
// session has ended, or its rights have changed. What lasts longer than a request
// asks from time to time.
func (c *Controller) Still(ctx context.Context, by *Caller) error {
	var role pbx.Role
	var tenant string
	if by.session != nil {
		now, err := c.signIns.caller(ctx, by.session)
		if err != nil {
			return err
		}
		role, tenant = now.Role, now.Tenant
	} else {
		token, err := c.db.TokenByHash(ctx, by.token)
		if err != nil {
			return err
		}
		role, tenant = token.Role, token.Tenant
	}
	if role != by.Role || tenant != by.Tenant {
		return &pbx.Error{Kind: pbx.Unauthorized, Message: "the role was changed meanwhile"}
	}
	return nil
}

// caller is whose session that is. Whoever may not sign in any more has none:
// switching login off ends them all.
func (s *signIns) caller(ctx context.Context, hash []byte) (*Caller, error) {
	session, u, err := s.c.db.SessionByHash(ctx, hash, s.now())
	if err != nil {
		return nil, err
	}
	return callerOf(u, session.ExpiresAt, hash), nil
}

func callerOf(u *pbx.User, expires time.Time, hash []byte) *Caller {
	return &Caller{Author: pbx.Author{Actor: "user " + u.Username}, Role: u.Role, Tenant: u.Tenant, User: u, MustChange: u.MustChange, Expires: expires, session: hash}
}

// OwnsUser reports whether a user of the tenant is the caller.
func (c *Caller) OwnsUser(username string) bool { return c.User != nil && c.User.Username == username }

// OwnsExtension reports whether an extension of the tenant is the caller's.
func (c *Caller) OwnsExtension(number string) bool {
	return c.User != nil && c.User.Extension != "" && c.User.Extension == number
}

// OwnsDevice reports whether a device of the tenant rings for the caller.
func (c *Controller) OwnsDevice(by *Caller, name string) bool {
	d := c.Snapshot().Device(by.Tenant, name)
	return d != nil && by.OwnsExtension(d.Extension)
}

// OwnsMailbox reports whether a mailbox of the tenant is the caller's own. One
// that several extensions share is nobody's own.
func (c *Controller) OwnsMailbox(by *Caller, number string) bool {
	if by.User == nil || by.User.Extension == "" {
		return false
	}
	own := false
	for _, e := range c.Snapshot().Extensions {
		if e.Tenant != by.Tenant || e.Mailbox != number {
			continue
		}
		if own = e.Number == by.User.Extension; !own {
			return false
		}
	}
	return own
}

// OwnsRecording reports whether the caller's extension took part in a recorded
// call, by the name of the recording.
func (c *Caller) OwnsRecording(name string) bool {
	r, err := pbx.ParseRecording(c.Tenant, name)
	return err == nil && (c.OwnsExtension(r.From) || c.OwnsExtension(r.To))
}
