package provisioner

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const rightPassword = "correct horse"

// clock is a time that a test moves. It begins in the future, for sessions are kept
// by the clock of the database as well when a password changes.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// people is a lab with users who can sign in, and a clock.
type people struct {
	*lab
	clock *clock
}

func newPeople(t *testing.T) *people {
	l := newLab(t)
	p := &people{l, &clock{at: time.Now().Add(time.Hour)}}
	p.signIns.now = p.clock.now
	hash := hashSecret(rightPassword)
	for _, u := range []*pbx.User{
		{Username: "alice", Role: pbx.RoleUser, Login: true, Password: hash, SecondStep: pbx.SecondStepNone},
		{Username: "bob", Role: pbx.RoleOperator, Login: true, Password: hash, MustChange: true, SecondStep: pbx.SecondStepNone},
		{Username: "carol", Role: pbx.RoleTenantAdmin, Login: true, Password: hash, SecondStep: pbx.SecondStepEmail, PersonalContact: "carol@example.org"},
		{Username: "dan", Role: pbx.RoleUser, Password: hash, SecondStep: pbx.SecondStepNone},
		{Username: "eve", Role: pbx.RoleUser, Login: true, SecondStep: pbx.SecondStepNone}, // never had a password
	} {
		u.Tenant, u.FullName = pbx.DefaultTenant, u.Username
		put(l, l.Users, u.Username, u)
	}
	return p
}

func (p *people) try(username, password, address string) (*SignedIn, error) {
	p.t.Helper()
	return p.SignInUser(p.t.Context(), Credentials{Tenant: pbx.DefaultTenant, Username: username, Password: pbx.NewSecret(password), Address: address})
}

// signIn signs in and returns the session's text.
func (p *people) signIn(username string) string {
	p.t.Helper()
	s, err := p.try(username, rightPassword, "192.0.2.9")
	if err != nil {
		p.t.Fatal(err)
	}
	return s.Session.Reveal()
}

// alive returns the caller of a session, or nil when it has ended.
func (p *people) alive(text string) *Caller {
	p.t.Helper()
	by, err := p.Authenticate(p.t.Context(), text)
	if err != nil && pbx.KindOf(err) != pbx.Unauthorized {
		p.t.Fatal(err)
	}
	return by
}

// Whatever is wrong, the answer is one.
func TestRefusedSignInsAreAlike(t *testing.T) {
	p := newPeople(t)
	for _, c := range []Credentials{
		{Tenant: "default", Username: "alice", Password: pbx.NewSecret("wrong")}, {Tenant: "default", Username: "alice"},
		{Tenant: "default", Username: "nobody", Password: pbx.NewSecret(rightPassword)}, {Tenant: "nowhere", Username: "alice", Password: pbx.NewSecret(rightPassword)},
		{Tenant: "default", Username: "dan", Password: pbx.NewSecret(rightPassword)}, {Tenant: "default", Username: "eve"}, {Tenant: "default", Username: "eve", Password: pbx.NewSecret(rightPassword)},
	} {
		if s, err := p.SignInUser(t.Context(), c); !errors.Is(err, errWrong) || s != nil {
			t.Errorf("%s of %s: %v, %v", c.Username, c.Tenant, s, err)
		}
	}
	if log := p.log.String(); strings.Contains(log, "nobody") || strings.Contains(log, "nowhere") || strings.Contains(log, rightPassword) || !strings.Contains(log, "default/alice") {
		t.Errorf("the log: %s", log)
	}
}

func TestSessionEnds(t *testing.T) {
	p := newPeople(t)
	text := p.signIn("alice")
	by := p.alive(text)
	if by == nil || by.Actor != "user alice" || by.Role != pbx.RoleUser || by.Tenant != "default" || by.MustChange {
		t.Fatalf("caller %+v", by)
	}
	if p.alive(text+"a") != nil || p.alive(strings.TrimPrefix(text, sessionPrefix)) != nil {
		t.Error("another text is as good")
	}
	p.fresh() // a restart of the program
	p.signIns.now = p.clock.now
	p.clock.pass(sessionLife - time.Second)
	if p.alive(text) == nil {
		t.Error("the session did not survive a restart and a day")
	}
	p.clock.pass(time.Second)
	if p.alive(text) != nil {
		t.Error("the session has no end")
	}
	text = p.signIn("alice")
	if err := p.EndSession(t.Context(), p.alive(text)); err != nil || p.alive(text) != nil {
		t.Errorf("signing out: %v", err)
	}
	text = p.signIn("alice")
	p.edit("alice", func(u *pbx.User) { u.Role = pbx.RoleTenantAdmin })
	if by := p.alive(text); by == nil || by.Role != pbx.RoleTenantAdmin {
		t.Errorf("after a change of role: %+v", by)
	}
	if p.edit("alice", func(u *pbx.User) { u.Login = false }); p.alive(text) != nil {
		t.Error("with login off the session lives on")
	}
	p.edit("alice", func(u *pbx.User) { u.Login = true })
	text = p.signIn("alice")
	if _, err := p.Users.Delete(t.Context(), tester, "default", "alice", Condition{}); err != nil || p.alive(text) != nil {
		t.Errorf("the session outlives its user: %v", err)
	}
}

func (p *people) edit(username string, change func(*pbx.User)) {
	p.t.Helper()
	_, err := p.editUser(p.t.Context(), tester, pbx.DefaultTenant, username, Condition{}, func(u *pbx.User) error {
		change(u)
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func TestChangeOfPassword(t *testing.T) {
	p := newPeople(t)
	mine, other := p.signIn("bob"), p.signIn("bob")
	by := p.alive(mine)
	if by == nil || !by.MustChange {
		t.Fatalf("caller %+v", by)
	}
	if _, err := p.ChangePassword(t.Context(), by, "default", "bob", "wrong", "a new password"); pbx.KindOf(err) != pbx.Invalid {
		t.Errorf("with a wrong one: %v", err)
	}
	if u, err := p.ChangePassword(t.Context(), by, "default", "bob", rightPassword, "a new password"); err != nil || u.MustChange {
		t.Errorf("%+v, %v", u, err)
	}
	if by := p.alive(mine); by == nil || by.MustChange || p.alive(other) != nil {
		t.Errorf("after the change: %+v", by)
	}
	if _, err := p.try("bob", rightPassword, ""); !errors.Is(err, errWrong) {
		t.Errorf("the old password: %v", err)
	}
	_, once, err := p.ResetPassword(t.Context(), tester, "default", "bob", Condition{})
	if err != nil || p.alive(mine) != nil {
		t.Errorf("a reset leaves the session: %v", err)
	}
	if s, err := p.try("bob", once.Reveal(), ""); err != nil || !s.Caller.MustChange {
		t.Errorf("the one-time password: %v, %v", s, err)
	}
}

// Wrong ones are counted by user and by place; right ones are not.
func TestAttemptsAreLimited(t *testing.T) {
	p := newPeople(t)
	place := func(i int) string { return fmt.Sprintf("192.0.2.%d", i) }
	for range 3 * userRate.Burst {
		p.signIn("alice")
	}
	for i := range userRate.Burst {
		if _, err := p.try("alice", "wrong", place(i)); !errors.Is(err, errWrong) {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	for _, username := range []string{"alice", "nobody"} { // one who does not exist is blocked alike
		for range userRate.Burst {
			_, _ = p.try(username, "wrong", place(90))
		}
		if _, err := p.try(username, rightPassword, place(91)); pbx.KindOf(err) != pbx.TooMany {
			t.Errorf("%s: %v", username, err)
		}
	}
	p.clock.pass(time.Minute)
	p.signIn("alice")
	for i := range networkRate.Burst {
		_, _ = p.try(fmt.Sprint("guess", i), "wrong", "2001:db8::1")
	}
	if _, err := p.try("alice", rightPassword, "2001:db8::2"); pbx.KindOf(err) != pbx.TooMany {
		t.Errorf("another address of the same network: %v", err)
	}
	if _, err := p.try("alice", rightPassword, "2001:db8:0:1::1"); err != nil {
		t.Errorf("another network: %v", err)
	}
	by := p.alive(p.signIn("bob"))
	for range userRate.Burst {
		_, _ = p.ChangePassword(t.Context(), by, "default", "bob", "wrong", "a new password")
	}
	if _, err := p.ChangePassword(t.Context(), by, "default", "bob", rightPassword, "a new password"); pbx.KindOf(err) != pbx.TooMany {
		t.Errorf("guessing by changing the password: %v", err)
	}
}

// half signs carol in up to the second step, whose code is then 123456.
func (p *people) half() *SignedIn {
	p.t.Helper()
	p.mailer.mail.Address = "127.0.0.1:1"
	s, err := p.try("carol", rightPassword, "192.0.2.9")
	if err != nil || s.Caller != nil || s.Step != pbx.SecondStepEmail || !s.Session.IsZero() {
		p.t.Fatalf("%+v, %v", s, err)
	}
	queued, _, err := p.store.NextSignIn(p.t.Context())
	if err != nil || queued == nil {
		p.t.Fatal("no code is queued", err)
	}
	queued.Code = hashSecret("123456")
	if err := p.store.PutSignInCode(p.t.Context(), queued); err != nil {
		p.t.Fatal(err)
	}
	return s
}

func (p *people) confirm(s *SignedIn, code string) (*SignedIn, error) {
	return p.ConfirmSignIn(p.t.Context(), s.Half, code, "192.0.2.9")
}

func TestSecondStep(t *testing.T) {
	p := newPeople(t)
	if _, err := p.try("carol", rightPassword, ""); pbx.KindOf(err) != pbx.Unavailable {
		t.Errorf("without a mail server: %v", err)
	}
	s := p.half()
	if p.alive(s.Half.Reveal()) != nil {
		t.Error("half a sign-in is a session")
	}
	for _, wrong := range []string{"", "123457", "1234567"} {
		if _, err := p.confirm(s, wrong); pbx.KindOf(err) != pbx.Invalid {
			t.Errorf("code %q: %v", wrong, err)
		}
	}
	p.fresh()
	p.signIns.now, p.mailer.mail.Address = p.clock.now, "127.0.0.1:1"
	done, err := p.confirm(s, "123456")
	if err != nil || p.alive(done.Session.Reveal()) == nil {
		t.Fatal("after a restart:", err)
	}
	if _, err := p.confirm(s, "123456"); pbx.KindOf(err) != pbx.Unauthorized {
		t.Errorf("a second time: %v", err)
	}
	s = p.half()
	for range mostCodes {
		_, _ = p.confirm(s, "999999")
	}
	if _, err := p.confirm(s, "123456"); pbx.KindOf(err) != pbx.Unauthorized {
		t.Errorf("after five wrong codes: %v", err)
	}
	p.clock.pass(time.Hour)
	s = p.half()
	p.clock.pass(codeLife)
	if _, err := p.confirm(s, "123456"); pbx.KindOf(err) != pbx.Unauthorized {
		t.Errorf("ten minutes later: %v", err)
	}
	first := p.half()
	p.clock.pass(time.Second)
	if second := p.half(); pbx.KindOf(errOf(p.confirm(first, "123456"))) != pbx.Unauthorized || errOf(p.confirm(second, "123456")) != nil {
		t.Error("the first of two halves is still good, or the second is not")
	}
	p.clock.pass(time.Hour)
	for range userRate.Burst/mostCodes + 1 { // the thief of a password begins again and again
		if s, err = p.try("carol", rightPassword, "198.51.100.1"); err != nil {
			break
		}
		for range mostCodes {
			_, _ = p.confirm(s, "999999")
		}
	}
	if pbx.KindOf(err) != pbx.TooMany {
		t.Errorf("codes of many sign-ins do not count together: %v", err)
	}
	if strings.Contains(p.log.String(), "123456") || strings.Contains(p.log.String(), "999999") {
		t.Errorf("a code is in the log: %s", p.log)
	}
}

func errOf[T any](_ T, err error) error { return err }

// Codes are random and six digits long.
func TestNewCode(t *testing.T) {
	seen := map[string]bool{}
	for range 20 {
		text, hash := newCode()
		if code := text.Reveal(); len(code) != codeDigits || strings.Trim(code, "0123456789") != "" || !matches(hash, code) {
			t.Errorf("%q", code)
		}
		seen[text.Reveal()] = true
	}
	if len(seen) < 18 {
		t.Errorf("%d different codes of 20", len(seen))
	}
}

// A mail that nobody takes in time is given up, so that it is not tried for ever.
func TestCodeOutcome(t *testing.T) {
	p := newPeople(t)
	p.mailer.mail.RetryFirst = time.Minute
	now := p.clock.now()
	for what, c := range map[string]struct {
		ends      time.Duration
		permanent bool
		err       error
		want      db.InvitationState
	}{
		"taken": {codeLife, false, nil, db.InvitationSent}, "later": {codeLife, false, errors.New("451"), db.InvitationQueued},
		"never": {codeLife, true, errors.New("550"), db.InvitationFailed}, "too late": {time.Second, false, errors.New("451"), db.InvitationFailed},
	} {
		s := &db.SignIn{State: db.InvitationQueued, ExpiresAt: now.Add(c.ends)}
		if p.mailer.codeOutcome(s, c.permanent, c.err); s.State != c.want || s.Attempts != 1 || c.want == db.InvitationQueued && !s.NextAt.Equal(now.Add(time.Minute)) {
			t.Errorf("%s: %+v", what, s)
		}
	}
	s := p.half()
	p.clock.pass(codeLife)
	if wait, none, err := p.mailer.stepCode(t.Context()); wait != 0 || none || err != nil {
		t.Errorf("%v, %v, %v", wait, none, err)
	}
	if queued, _, err := p.store.NextSignIn(t.Context()); queued != nil || err != nil || s.Expires.After(p.clock.now()) {
		t.Errorf("a code that has ended is still queued: %v, %v", queued, err)
	}
}
