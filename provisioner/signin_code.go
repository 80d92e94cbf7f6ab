package provisioner

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"math/big"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// codeLife is how long the second step may take, the mail's way included.
	codeLife = 10 * time.Minute
	// mostCodes is how many codes may be shown for one password.
	mostCodes = 5
	// codeDigits is the length of a code.
	codeDigits = 6
)

// SendsMail reports whether there is a mail server, without which nobody can have
// a second step.
func (c *Controller) SendsMail() bool { return c.mailer.mail.Address != "" }

// half begins a sign-in that a mailed code must complete, in place of the one that
// the user may have.
func (s *signIns) half(ctx context.Context, u *pbx.User) (*SignedIn, error) {
	if !s.c.SendsMail() {
		return nil, &pbx.Error{Kind: pbx.Unavailable, Message: "no mail server is configured that could send the code: start Dialtone with --smtp-address"}
	}
	text := pbx.RandomSecret(32)
	hash := sha256.Sum256([]byte(text.Reveal()))
	now := s.now().UTC().Truncate(time.Millisecond)
	half := &db.SignIn{Hash: hash[:], Tenant: u.Tenant, Username: u.Username, CreatedAt: now, ExpiresAt: now.Add(codeLife)}
	if err := s.c.db.AddSignIn(ctx, half); err != nil {
		return nil, err
	}
	s.c.mailer.nudge()
	return &SignedIn{Half: text, Step: pbx.SecondStepEmail, Expires: half.ExpiresAt}, nil
}

// ConfirmSignIn completes half a sign-in by the code that was mailed.
func (c *Controller) ConfirmSignIn(ctx context.Context, half pbx.Secret, code, address string) (*SignedIn, error) {
	s := c.signIns
	if err := s.enter(address); err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(half.Reveal()))
	found, u, err := c.db.TrySignIn(ctx, hash[:], s.now(), mostCodes)
	if err != nil {
		return nil, err
	}
	// The codes of many sign-ins count together, so that a thief of the password gets
	// no further by beginning again.
	done, err := s.admit(knownName(u))
	if err != nil {
		return nil, err
	}
	defer done()
	if !matches(found.Code, code) {
		c.log.Info("a code was refused", "user", knownName(u), "address", address)
		return nil, pbx.Invalidf("code", "is not the code that was mailed last; %d more can be tried", mostCodes-found.Tries)
	}
	had, err := c.db.EndSignIn(ctx, hash[:])
	if err != nil {
		return nil, err
	}
	if !had {
		return nil, errWrong
	}
	out, err := s.open(ctx, u, address)
	if err == nil {
		s.users.GiveBack(knownName(u)) // the password's attempt as well
	}
	return out, err
}

// newCode returns a code and what may be stored of it.
func newCode() (text, hash pbx.Secret) {
	most := big.NewInt(1_000_000)
	n, _ := rand.Int(rand.Reader, most) // never fails, see crypto/rand
	text = pbx.NewSecret(fmt.Sprintf("%0*d", codeDigits, n))
	return text, hashSecret(text.Reveal())
}

// stepCode mails the next code if one is due, and returns how long to wait then;
// done reports that there was none to mail now.
func (m *mailer) stepCode(ctx context.Context) (wait time.Duration, done bool, err error) {
	s, u, err := m.c.db.NextSignIn(ctx)
	if err != nil || s == nil {
		return time.Hour, true, err
	}
	now := m.c.signIns.now()
	if wait := s.NextAt.Sub(now); wait > 0 {
		return wait, true, nil
	}
	if !s.ExpiresAt.After(now) {
		s.State = db.InvitationFailed
		return 0, false, m.c.db.PutSignInAttempt(ctx, s)
	}
	// Each attempt mails another code, because only its hash is kept.
	code, hash := newCode()
	s.Code = hash
	if err := m.c.db.PutSignInCode(ctx, s); err != nil {
		return 0, false, err
	}
	permanent, err := m.mail.send(ctx, u.PersonalContact, "Your code to sign in", codeText(u, code, s.ExpiresAt))
	if ctx.Err() != nil {
		return 0, false, ctx.Err() // nobody knows how it ended: the next start tries again
	}
	m.codeOutcome(s, permanent, err)
	return 0, false, m.c.db.PutSignInAttempt(ctx, s)
}

// codeOutcome notes in s how an attempt to mail a code ended.
func (m *mailer) codeOutcome(s *db.SignIn, permanent bool, err error) {
	s.Attempts++
	if err == nil {
		s.State = db.InvitationSent
		return
	}
	s.NextAt = m.c.signIns.now().Add(m.retryAfter(s.Attempts))
	if permanent || s.Attempts >= mostAttempts || s.NextAt.After(s.ExpiresAt) {
		s.State = db.InvitationFailed
	}
	m.c.log.Warn("a code to sign in was not taken", "user", userKey(s.Tenant, s.Username), "attempt", s.Attempts, "state", s.State, "error", err)
}

// codeText is what the mail says. It holds the only copy of the code.
func codeText(u *pbx.User, code pbx.Secret, until time.Time) string {
	return fmt.Sprintf(`Hello %s,

your code to sign in is

%s

It is good once and until %s. Nobody but you needs it: if you did
not just type your password, somebody else knows it, and you should change it.
`, u.FullName, code.Reveal(), until.UTC().Format("2 January 2006 15:04 MST"))
}
