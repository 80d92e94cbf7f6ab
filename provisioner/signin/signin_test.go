package signin

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/mail"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func (p *people) try(username, password, address string) (*SignedIn, error) {
	p.t.Helper()
	return p.Begin(p.t.Context(), Credentials{Account: defaultTenant, Username: username,
		Password: pbx.NewSecret(password), Address: address})
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
		{Account: defaultTenant, Username: "alice", Password: pbx.NewSecret("wrong")}, {Account: defaultTenant, Username: "alice"},
		{Account: defaultTenant, Username: "nobody", Password: pbx.NewSecret(rightPassword)}, {Account: pbx.AccountOf("",
			"nowhere"), Username: "alice", Password: pbx.NewSecret(rightPassword)},
		{Account: defaultTenant, Username: "dan", Password: pbx.NewSecret(rightPassword)}, {Account: defaultTenant,
			Username: "eve"}, {Account: defaultTenant, Username: "eve", Password: pbx.NewSecret(rightPassword)},
	} {
		if s, err := p.Begin(t.Context(), c); !errors.Is(err, errWrong) || s != nil {
			t.Errorf("%s of %s: %v, %v", c.Username, c.Account, s, err)
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
	p.fresh(mail.Server{}) // a restart of the program
	p.clock.pass(sessionLife - time.Second)
	if p.alive(text) == nil {
		t.Error("the session did not survive a restart and a day")
	}
	p.clock.pass(time.Second)
	if p.alive(text) != nil {
		t.Error("the session has no end")
	}
	text = p.signIn("alice")
	if err := p.End(t.Context(), p.alive(text)); err != nil || p.alive(text) != nil {
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
	p.write(func(ctx context.Context, tx *db.Tx) error { return tx.DeleteUser(ctx, defaultTenant, "alice") })
	if p.alive(text) != nil {
		t.Error("the session outlives its user")
	}
}

func TestChangeOfPassword(t *testing.T) {
	p := newPeople(t)
	mine, other := p.signIn("bob"), p.signIn("bob")
	by := p.alive(mine)
	if by == nil || !by.MustChange {
		t.Fatalf("caller %+v", by)
	}
	if _, err := p.ChangePassword(t.Context(), by, defaultTenant, "bob", "wrong", "a new password"); pbx.KindOf(err) != pbx.Invalid {
		t.Errorf("with a wrong one: %v", err)
	}
	if u, err := p.ChangePassword(t.Context(), by, defaultTenant, "bob", rightPassword, "a new password"); err != nil || u.MustChange {
		t.Errorf("%+v, %v", u, err)
	}
	if by := p.alive(mine); by == nil || by.MustChange || p.alive(other) != nil {
		t.Errorf("after the change: %+v", by)
	}
	if _, err := p.try("bob", rightPassword, ""); !errors.Is(err, errWrong) {
		t.Errorf("the old password: %v", err)
	}
	p.edit("bob", func(u *pbx.User) { u.Password, u.MustChange = Hash("one time"), true }) // a reset
	if p.alive(mine) != nil {
		t.Error("a reset leaves the session")
	}
	if s, err := p.try("bob", "one time", ""); err != nil || !s.Caller.MustChange {
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
		_, _ = p.ChangePassword(t.Context(), by, defaultTenant, "bob", "wrong", "a new password")
	}
	if _, err := p.ChangePassword(t.Context(), by, defaultTenant, "bob", rightPassword, "a new password"); pbx.KindOf(err) != pbx.TooMany {
		t.Errorf("guessing by changing the password: %v", err)
	}
}

// half signs carol in up to the second step, whose code is then 123456.
func (p *people) half() *SignedIn {
	p.t.Helper()
	s, err := p.try("carol", rightPassword, "192.0.2.9")
	if err != nil || s.Caller != nil || s.Step != pbx.SecondStepEmail || !s.Session.IsZero() {
		p.t.Fatalf("%+v, %v", s, err)
	}
	queued, _, err := p.store.NextSignIn(p.t.Context())
	if err != nil || queued == nil {
		p.t.Fatal("no code is queued", err)
	}
	queued.Code = Hash("123456")
	if err := p.store.PutSignInCode(p.t.Context(), queued); err != nil {
		p.t.Fatal(err)
	}
	return s
}

func (p *people) confirm(s *SignedIn, code string) (*SignedIn, error) {
	return p.Confirm(p.t.Context(), s.Half, code, "192.0.2.9")
}

func TestSecondStep(t *testing.T) {
	p := newPeople(t)
	if _, err := p.try("carol", rightPassword, ""); pbx.KindOf(err) != pbx.Unavailable {
		t.Errorf("without a mail server: %v", err)
	}
	p.fresh(someServer)
	s := p.half()
	if p.alive(s.Half.Reveal()) != nil {
		t.Error("half a sign-in is a session")
	}
	for _, wrong := range []string{"", "123457", "1234567"} {
		if _, err := p.confirm(s, wrong); pbx.KindOf(err) != pbx.Invalid {
			t.Errorf("code %q: %v", wrong, err)
		}
	}
	p.fresh(someServer)
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
			_, err = p.confirm(s, "999999")
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

// letter returns what waits in the queue of codes.
func (p *people) letter() (mail.Letter, bool) {
	p.t.Helper()
	l, ok, err := p.NextCode(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return l, ok
}

var mailedCode = regexp.MustCompile(`(?m)^[0-9]{6}$`)

// text writes a letter and returns the code in it.
func (p *people) text(l mail.Letter) string {
	p.t.Helper()
	text, err := l.Text(p.t.Context())
	code := mailedCode.FindString(text)
	if err != nil || code == "" || !strings.HasPrefix(text, "Hello carol,") {
		p.t.Fatalf("%v in %s", err, text)
	}
	return code
}

// A code is mailed until it was taken or is given up. The last one mailed is good.
func TestCodesAreQueued(t *testing.T) {
	p := newPeople(t)
	p.fresh(someServer)
	if _, ok := p.letter(); ok {
		t.Error("a code is queued before anybody signs in")
	}
	s := p.half()
	now := p.clock.now().UTC().Truncate(time.Millisecond)
	l, ok := p.letter()
	if !ok || l.Name != "code of user default/carol" || l.To != "carol@example.org" || l.Attempts != 0 ||
		!l.Due.Equal(now) || !l.Expires.Equal(now.Add(codeLife)) {
		t.Fatalf("%v %+v", ok, l)
	}
	first := p.text(l)
	if err := l.Done(t.Context(), mail.Result{State: pbx.MailQueued, Attempts: 1, Error: "451", Due: now.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	l, ok = p.letter()
	if !ok || l.Attempts != 1 || !l.Due.Equal(now.Add(time.Minute)) {
		t.Fatalf("after an attempt: %v %+v", ok, l)
	}
	second := p.text(l)
	if err := l.Done(t.Context(), mail.Result{State: pbx.MailSent, Attempts: 2, Sent: now}); err != nil {
		t.Fatal(err)
	}
	if _, ok := p.letter(); ok {
		t.Error("a code that was mailed is still queued")
	}
	if _, err := p.confirm(s, first); first != second && pbx.KindOf(err) != pbx.Invalid {
		t.Errorf("the first code: %v", err)
	}
	if _, err := p.confirm(s, second); err != nil {
		t.Errorf("the code that was mailed last: %v", err)
	}
	p.half()
	l, _ = p.letter()
	if err := l.Done(t.Context(), mail.Result{State: pbx.MailFailed, Attempts: 1, Error: "550"}); err != nil {
		t.Fatal(err)
	}
	if _, ok := p.letter(); ok {
		t.Error("a code that was given up is still queued")
	}
}

// A code that was not even looked at leaves the sign-in as it was.
func TestCodesThatComeTooFastUseNothingUp(t *testing.T) {
	p := newPeople(t)
	p.fresh(someServer)
	s := p.half()
	for i := range userRate.Burst {
		_, _ = p.try("carol", "wrong", fmt.Sprintf("198.51.100.%d", i))
	}
	for range 2 * mostCodes {
		if _, err := p.confirm(s, "123456"); pbx.KindOf(err) != pbx.TooMany {
			t.Fatalf("while strangers guess: %v", err)
		}
	}
	p.clock.pass(time.Minute)
	if _, err := p.confirm(s, "123456"); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

// An office behind one address signs in, in two steps each, as often as it likes.
func TestRightSignInsCostANetworkNothing(t *testing.T) {
	p := newPeople(t)
	p.fresh(someServer)
	for i := range 5 * networkRate.Burst {
		if _, err := p.confirm(p.half(), "123456"); err != nil {
			t.Fatalf("sign-in %d: %v", i, err)
		}
	}
}

// Guesses of a user's password from elsewhere do not keep the user out where the user
// has signed in lately. There the guesses are counted as well.
func TestStrangersDoNotKeepAKnownUserOut(t *testing.T) {
	p := newPeople(t)
	const office, away = "192.0.2.7", "203.0.113.9"
	if _, err := p.try("alice", rightPassword, office); err != nil {
		t.Fatal(err)
	}
	for i := range 5 * userRate.Burst {
		_, _ = p.try("alice", "wrong", fmt.Sprintf("198.51.100.%d", i))
	}
	if _, err := p.try("alice", rightPassword, office); err != nil {
		t.Errorf("at the office: %v", err)
	}
	if _, err := p.try("alice", rightPassword, away); pbx.KindOf(err) != pbx.TooMany {
		t.Errorf("from where alice never was: %v", err)
	}
	if _, err := p.try("bob", "wrong", office); !errors.Is(err, errWrong) {
		t.Errorf("another user at the office: %v", err)
	}
	for i := range userRate.Burst {
		if _, err := p.try("alice", "wrong", office); !errors.Is(err, errWrong) {
			t.Fatalf("guess %d at the office: %v", i, err)
		}
	}
	if _, err := p.try("alice", rightPassword, office); pbx.KindOf(err) != pbx.TooMany {
		t.Errorf("after guesses at the office: %v", err)
	}
	p.clock.pass(homeFor)
	for i := range 2 * userRate.Burst {
		_, _ = p.try("alice", "wrong", fmt.Sprintf("198.51.100.%d", i))
	}
	if _, err := p.try("alice", rightPassword, office); pbx.KindOf(err) != pbx.TooMany {
		t.Errorf("a month later: %v", err)
	}
}

// A thief of a password can have few codes mailed to the user.
func TestCodesMailedAreLimited(t *testing.T) {
	p := newPeople(t)
	p.fresh(someServer)
	for range mailRate.Burst {
		p.half()
	}
	if _, err := p.try("carol", rightPassword, "192.0.2.9"); pbx.KindOf(err) != pbx.TooMany {
		t.Errorf("one more: %v", err)
	}
}

// A user of a reseller signs in with a mailed code as one of a tenant does; another of the same
// name, in the tenant, gets neither the code nor the session.
func TestUserOfAResellerSignsIn(t *testing.T) {
	p := newPeople(t)
	p.fresh(someServer)
	carol := pbx.NewResellerUser("north", "carol")
	carol.FullName, carol.Role, carol.Password = "Carol North", pbx.RoleResellerAdmin, Hash(rightPassword)
	carol.SecondStep, carol.PersonalContact = pbx.SecondStepEmail, "carol@north.example"
	p.write(func(ctx context.Context, tx *db.Tx) error {
		return errors.Join(tx.PutReseller(ctx, &pbx.Reseller{Name: "north"}), tx.PutUser(ctx, carol))
	})
	theirs, err := p.Begin(t.Context(), Credentials{Account: carol.Account(), Username: "carol",
		Password: pbx.NewSecret(rightPassword), Address: "192.0.2.9"})
	if err != nil {
		t.Fatal(err)
	}
	letter, ok, err := p.NextCode(t.Context())
	if err != nil || !ok || letter.To != "carol@north.example" {
		t.Fatalf("the letter is for %q, %v", letter.To, err)
	}
	text, err := letter.Text(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.try("carol", rightPassword, "192.0.2.9"); err != nil { // ends nothing of the other's
		t.Fatal(err)
	}
	done, err := p.confirm(theirs, mailedCode.FindString(text))
	if err != nil {
		t.Fatal(err)
	}
	by := p.alive(done.Session.Reveal())
	if by == nil || by.Reseller != "north" || by.Tenant != "" || by.Role != pbx.RoleResellerAdmin ||
		by.Actor != "user carol of reseller north" || by.Account != carol.Account() {
		t.Fatalf("the caller is %+v", by)
	}
	p.write(func(ctx context.Context, tx *db.Tx) error { return tx.DeleteReseller(ctx, "north") })
	if p.alive(done.Session.Reveal()) != nil || p.Still(t.Context(), by) == nil {
		t.Error("the session outlives the reseller")
	}
}
