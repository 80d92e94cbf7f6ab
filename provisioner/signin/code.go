package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"math/big"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/limit"
	"github.com/dialtone-pbx/dialtone/provisioner/mail"
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

// half begins a sign-in that a mailed code must complete. It replaces an earlier one of the
// user.
func (a *Authenticator) half(ctx context.Context, u *pbx.User, at attempt) (*SignedIn, error) {
	if !a.o.Mail.Sends() {
		return nil, &pbx.Error{Kind: pbx.Unavailable,
			Message: "no mail server is configured that could send the code: start Dialtone with --smtp-address"}
	}
	at.right() // the code has an attempt of its own
	if !a.mails.Take(at.user, a.now()) {
		return nil, errTooMany
	}
	text := pbx.RandomSecret(32)
	hash := sha256.Sum256([]byte(text.Reveal()))
	now := a.now().UTC().Truncate(time.Millisecond)
	half := &db.SignIn{Hash: hash[:], Account: u.Account(), Username: u.Username, CreatedAt: now, ExpiresAt: now.Add(codeLife)}
	if err := a.o.DB.AddSignIn(ctx, half); err != nil {
		return nil, err
	}
	a.o.Mail.Nudge()
	return &SignedIn{Half: text, Step: pbx.SecondStepEmail, Expires: half.ExpiresAt}, nil
}

// Confirm completes half a sign-in by the code that was mailed.
func (a *Authenticator) Confirm(ctx context.Context, half pbx.Secret, code, address string) (*SignedIn, error) {
	hash := sha256.Sum256([]byte(half.Reveal()))
	user, err := a.o.DB.SignInUser(ctx, hash[:], a.now(), mostCodes)
	if err != nil {
		if !a.networks.Take(limit.NetworkOf(address), a.now()) {
			return nil, errTooMany
		}
		return nil, err
	}
	// The codes of many sign-ins count together. So a thief of the password gets no further
	// by beginning again. A code that comes too fast uses up nothing of the sign-in.
	at, done, err := a.try(knownName(user), address)
	if err != nil {
		return nil, err
	}
	defer done()
	found, u, err := a.o.DB.TrySignIn(ctx, hash[:], a.now(), mostCodes)
	if err != nil {
		return nil, err
	}
	if !matches(found.Code, code) {
		a.o.Log.Info("a code was refused", "user", knownName(u), "address", address)
		return nil, pbx.Invalidf("code", "is not the code that was mailed last; %d more can be tried", mostCodes-found.Tries)
	}
	had, err := a.o.DB.EndSignIn(ctx, hash[:])
	if err != nil {
		return nil, err
	}
	if !had {
		return nil, errWrong
	}
	out, err := a.open(ctx, u, at, address)
	if err == nil {
		a.mails.GiveBack(at.user)
	}
	return out, err
}

// newCode returns a code and its hash.
func newCode() (text, hash pbx.Secret) {
	most := big.NewInt(1_000_000)
	n, _ := rand.Int(rand.Reader, most) // never fails, see crypto/rand
	text = pbx.NewSecret(fmt.Sprintf("%0*d", codeDigits, n))
	return text, Hash(text.Reveal())
}

// NextCode is the source of mails with codes. Each attempt mails another code, because
// only its hash is kept.
func (a *Authenticator) NextCode(ctx context.Context) (mail.Letter, bool, error) {
	s, u, err := a.o.DB.NextSignIn(ctx)
	if err != nil || s == nil {
		return mail.Letter{}, false, err
	}
	l := mail.Letter{Name: "code of user " + knownName(u), To: u.PersonalContact, Subject: "Your code to sign in",
		Due: s.NextAt, Expires: s.ExpiresAt, Attempts: s.Attempts}
	l.Text = func(ctx context.Context) (string, error) {
		code, hash := newCode()
		s.Code = hash
		return codeText(u, code, s.ExpiresAt), a.o.DB.PutSignInCode(ctx, s)
	}
	l.Done = func(ctx context.Context, r mail.Result) error {
		s.State, s.Attempts, s.NextAt = r.State, r.Attempts, r.Due
		return a.o.DB.PutSignInAttempt(ctx, s)
	}
	return l, true, nil
}

// codeText is the text of the mail. It holds the only copy of the code.
func codeText(u *pbx.User, code pbx.Secret, until time.Time) string {
	return fmt.Sprintf(`Hello %s,

your code to sign in is

%s

It is good once and until %s. Nobody but you needs it: if you did
not just type your password, somebody else knows it, and you should change it.
`, u.FullName, code.Reveal(), until.UTC().Format("2 January 2006 15:04 MST"))
}
