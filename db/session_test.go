package db

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// began is when the sessions of these tests began; sessions are of the future, so
// that the clock of the transaction ends none.
var began = time.Now().UTC().Truncate(time.Second).Add(time.Hour)

func hashOf(text string) []byte {
	h := sha256.Sum256([]byte(text))
	return h[:]
}

func sampleSession() *Session {
	return &Session{Hash: make([]byte, 32), Account: pbx.AccountOf("", "default"), Username: "ada", CreatedAt: began,
		ExpiresAt: began.Add(time.Hour)}
}

func sampleSignIn() *SignIn {
	return &SignIn{Hash: make([]byte, 32), Account: pbx.AccountOf("", "default"), Username: "ada", CreatedAt: began,
		ExpiresAt: began.Add(10 * time.Minute), State: pbx.MailQueued, NextAt: began}
}

func withUser(t *testing.T) *DB {
	t.Helper()
	db := openDB(t, Options{})
	fill(t, db)
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutUser(ctx, sampleUser()) })
	return db
}

func (db *DB) mustAdd(t *testing.T, text string, at time.Time) {
	t.Helper()
	s := sampleSession()
	s.Hash, s.CreatedAt, s.ExpiresAt = hashOf(text), at, at.Add(time.Hour)
	if err := db.AddSession(t.Context(), s, sampleUser()); err != nil {
		t.Fatal(err)
	}
}

// alive reports whether a session is there at a moment.
func (db *DB) alive(t *testing.T, text string, at time.Time) bool {
	t.Helper()
	_, u, err := db.SessionByHash(t.Context(), hashOf(text), at)
	if err != nil && pbx.KindOf(err) != pbx.Unauthorized {
		t.Fatal(err)
	}
	return err == nil && u.Username == "ada"
}

func TestSessionLife(t *testing.T) {
	db := withUser(t)
	db.mustAdd(t, "one", began)
	for what, c := range map[string]struct {
		text string
		at   time.Time
		want bool
	}{
		"fresh": {"one", began, true}, "another": {"two", began, false},
		"just before its end": {"one", began.Add(time.Hour - time.Millisecond), true}, "at its end": {"one", began.Add(time.Hour), false},
	} {
		if got := db.alive(t, c.text, c.at); got != c.want {
			t.Errorf("%s: %v", what, got)
		}
	}
	if n, err := db.Revision(t.Context()); err != nil || len(rawQuery(t, db, `SELECT hash FROM sessions`)) != 1 {
		t.Errorf("revision %d, %v", n, err)
	}
	if err := db.EndSession(t.Context(), hashOf("one")); err != nil || db.alive(t, "one", began) {
		t.Errorf("a session outlives its end: %v", err)
	}
	if err := db.EndSession(t.Context(), hashOf("one")); err != nil {
		t.Errorf("ending it again: %v", err)
	}
}

func TestTheOldestSessionMakesRoom(t *testing.T) {
	db := withUser(t)
	for i := range mostSessions + 2 {
		db.mustAdd(t, fmt.Sprint(i), began.Add(time.Duration(i)*time.Second))
	}
	for i := range mostSessions + 2 {
		if got := db.alive(t, fmt.Sprint(i), began.Add(time.Minute)); got != (i >= 2) {
			t.Errorf("session %d: %v", i, got)
		}
	}
	db.mustAdd(t, "later", began.Add(2*time.Hour)) // all others have ended by then
	if left := rawQuery(t, db, `SELECT count(*) FROM sessions`); left[0] != "1" {
		t.Errorf("%s sessions are kept", left[0])
	}
}

// Changes of a user that end what was begun before them, and some that do not.
func TestUserChangesEndSessions(t *testing.T) {
	for what, c := range map[string]struct {
		change       func(*pbx.User)
		session, sig bool // whether they live on
	}{
		"another name":     {func(u *pbx.User) { u.FullName = "Ada King" }, true, true},
		"another role":     {func(u *pbx.User) { u.Role = pbx.RoleUser }, true, true},
		"another password": {func(u *pbx.User) { u.Password = pbx.NewSecret("$other") }, false, false},
		"login off":        {func(u *pbx.User) { u.Login = false }, false, false},
		"another contact":  {func(u *pbx.User) { u.PersonalContact = "eve@example.org" }, true, false},
		"no second step":   {func(u *pbx.User) { u.SecondStep = pbx.SecondStepNone }, true, false},
	} {
		t.Run(what, func(t *testing.T) {
			db := withUser(t)
			db.mustAdd(t, "one", began)
			if err := db.AddSignIn(t.Context(), sampleSignIn()); err != nil {
				t.Fatal(err)
			}
			u := sampleUser()
			c.change(u)
			update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutUser(ctx, u) })
			if got := db.alive(t, "one", began); got != c.session {
				t.Errorf("the session: %v", got)
			}
			if _, _, err := db.TrySignIn(t.Context(), make([]byte, 32), began, 5); (err == nil) != c.sig {
				t.Errorf("the sign-in: %v", err)
			}
		})
	}
	db := withUser(t)
	db.mustAdd(t, "one", began)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		d := sampleDevice()
		d.Extension = ""
		return errors.Join(tx.PutDevice(ctx, d), tx.DeleteUser(ctx, pbx.AccountOf("", "default"), "ada"))
	})
	if db.alive(t, "one", began) {
		t.Error("a session outlives its user")
	}
}

// Who chooses another password keeps that session, and only that one.
func TestPutUserKeeping(t *testing.T) {
	db := withUser(t)
	db.mustAdd(t, "mine", began)
	db.mustAdd(t, "other", began)
	u := sampleUser()
	u.Password = pbx.NewSecret("$new")
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutUserKeeping(ctx, u, hashOf("mine")) })
	if !db.alive(t, "mine", began) || db.alive(t, "other", began) {
		t.Error("the wrong session ended")
	}
	if s := sampleSession(); pbx.KindOf(db.AddSession(t.Context(), s, sampleUser())) != pbx.Unauthorized {
		t.Error("a session began by a password that was changed meanwhile")
	}
	u.Password = pbx.NewSecret("$newer")
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutUserKeeping(ctx, u, nil) })
	if db.alive(t, "mine", began) {
		t.Error("a session outlives a change by another")
	}
}

func TestSignInTries(t *testing.T) {
	db := withUser(t)
	want := sampleSignIn()
	if err := db.AddSignIn(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	want.Code = pbx.NewSecret("$code")
	if err := db.PutSignInCode(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	got, u, err := db.NextSignIn(t.Context())
	if diff := cmp.Diff(want, got); err != nil || diff != "" || u.PersonalContact != "ada@home.example" {
		t.Errorf("%v %s", err, diff)
	}
	want.State, want.Attempts = pbx.MailSent, 1
	if err := db.PutSignInAttempt(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if s, _, err := db.NextSignIn(t.Context()); s != nil || err != nil {
		t.Errorf("a mail that was taken is queued: %v, %v", s, err)
	}
	if _, _, err := db.TrySignIn(t.Context(), want.Hash, want.ExpiresAt, 5); pbx.KindOf(err) != pbx.Unauthorized {
		t.Errorf("at its end: %v", err)
	}
	for i := range 6 {
		s, _, err := db.TrySignIn(t.Context(), want.Hash, began, 5)
		if (err == nil) != (i < 5) || err == nil && (s.Tries != i+1 || s.Code.Reveal() != "$code") {
			t.Errorf("try %d: %+v, %v", i+1, s, err)
		}
	}
	second := sampleSignIn()
	second.Hash = hashOf("second")
	if err := db.AddSignIn(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	for hash, want := range map[string]bool{string(want.Hash): false, string(second.Hash): true} {
		if had, err := db.EndSignIn(t.Context(), []byte(hash)); had != want || err != nil {
			t.Errorf("%v, %v", had, err)
		}
	}
}

func TestTokensOfTenants(t *testing.T) {
	db := openDB(t, Options{})
	ctx := t.Context()
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return tx.CreateTenant(ctx, &pbx.Tenant{Name: "acme", Timezone: "UTC", PhonePassword: pbx.NewSecret("0123456789")})
	})
	for id, tenant := range map[string]string{"p": "", "a": "acme", "d": "default"} {
		role := pbx.RoleOperator
		if tenant == "" {
			role = pbx.RolePlatformAdmin
		}
		if err := db.CreateToken(ctx, tester, Token{ID: id, Name: id, Role: role, Tenant: tenant}, hashOf(id)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.CreateToken(ctx, tester, Token{ID: "n", Role: pbx.RoleOperator, Tenant: "nobody"},
		hashOf("n")); pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("a token of a tenant that does not exist: %v", err)
	}
	if err := db.CreateToken(ctx, tester, Token{ID: "e", Role: pbx.RoleOperator, Tenant: "acme",
		ExpiresAt: time.Now().Add(-time.Millisecond)}, hashOf("e")); err != nil {
		t.Fatal(err)
	}
	if _, err := db.TokenByHash(ctx, hashOf("e")); pbx.KindOf(err) != pbx.Unauthorized {
		t.Errorf("an expired token: %v", err)
	}
	if ts, err := db.Tokens(ctx, Reach{Tenant: "acme"}); err != nil || len(ts) != 2 || ts[0].Role != pbx.RoleOperator {
		t.Errorf("%v, %v", ts, err)
	}
	if err := db.RevokeToken(ctx, tester, Reach{Tenant: "acme"}, "d"); pbx.KindOf(err) != pbx.NotFound {
		t.Errorf("revoking another tenant's: %v", err)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.DeleteTenant(ctx, "acme") })
	if _, err := db.TokenByHash(ctx, hashOf("a")); pbx.KindOf(err) != pbx.Unauthorized {
		t.Errorf("a token outlives its tenant: %v", err)
	}
}
