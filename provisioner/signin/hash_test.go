package signin

import (
	"context"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// pay sets what new hashes cost until the test ends.
func pay(t *testing.T, c cost) {
	t.Helper()
	before := paid
	t.Cleanup(func() { paid = before })
	paid = c
}

// OWASP's password storage cheat sheet: with 19 MiB two passes are the least. All
// tests but this one pay less.
func TestHashesCostEnough(t *testing.T) {
	pay(t, shipped)
	if hash := Hash("4711").Reveal(); !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("a hash is %s", hash)
	}
}

// Hashes outlive the cost at which they were made. The one that is written out has
// the cost of the first release.
func TestHashesMatchAtTheirOwnCost(t *testing.T) {
	hashes := map[string]pbx.Secret{}
	for name, c := range map[string]cost{"less": {64, 1, 1}, "more memory": {128, 1, 1}, "more passes": {64, 3, 1}, "more lanes": {64, 1, 2}} {
		pay(t, c)
		hashes[name] = Hash("4711")
	}
	hashes["first release"] = pbx.NewSecret("$argon2id$v=19$m=19456,t=2,p=1$rmOW1DRnifpjwYl8xsCvtw$VXrabpLqffrorqdh+gPtwZGCUvJeTzaHxUO92fvID5g")
	for name, h := range hashes {
		if !matches(h, "4711") || matches(h, "4712") {
			t.Errorf("%s: %s matches 4711: %v, 4712: %v", name, h.Reveal(), matches(h, "4711"), matches(h, "4712"))
		}
	}
}

// Whoever can write the database must not be able to stop the program with it.
func TestHostileHashesMatchNothing(t *testing.T) {
	_, rest, _ := costOf(Hash("4711"))
	for _, prefix := range []string{"$argon2id$v=19$m=4294967295,t=1,p=1$", "$argon2id$v=19$m=64,t=4294967295,p=1$", "$argon2id$v=19$m=64,t=1,p=255$",
		"$argon2id$v=19$m=64,t=0,p=1$", "$argon2id$v=19$m=64,t=1,p=0$", "$argon2id$v=19$m=0,t=1,p=1$", "$argon2id$v=19$m=-1,t=1,p=1$",
		"$argon2id$v=19$m=064,t=2,p=1$", "$argon2id$v=16$m=64,t=2,p=1$", "$argon2i$v=19$m=64,t=2,p=1$", "", "$"} {
		for _, hash := range []string{prefix + rest, prefix, prefix + rest + "a", prefix + rest[1:]} {
			if matches(pbx.NewSecret(hash), "4711") {
				t.Errorf("%s matches", hash)
			}
		}
	}
}

func TestSigningInRenewsAHash(t *testing.T) {
	pay(t, cost{64, 1, 1})
	p := newPeople(t)
	text := p.signIn("alice")
	before, err := p.user(t.Context(), defaultTenant, "alice")
	if err != nil {
		t.Fatal(err)
	}
	pay(t, cost{128, 1, 1})
	if _, err := p.try("alice", "wrong", "192.0.2.9"); err == nil {
		t.Fatal("a wrong password signs in")
	}
	p.hashIs(t, "alice", before.Password)
	p.signIn("alice")
	after, err := p.user(t.Context(), defaultTenant, "alice")
	if err != nil || after.Revision != before.Revision {
		t.Fatalf("%v, revision %d after %d", err, after.Revision, before.Revision)
	}
	if h := after.Password.Reveal(); !strings.HasPrefix(h, "$argon2id$v=19$m=128,t=1,p=1$") || !matches(after.Password, rightPassword) {
		t.Errorf("after the sign-in the hash is %s", h)
	}
	if p.alive(text) == nil {
		t.Error("a session from before ended")
	}
	p.signIn("alice")
	p.hashIs(t, "alice", after.Password)
}

// hashIs checks that a user's password has that very hash.
func (p *people) hashIs(t *testing.T, username string, want pbx.Secret) {
	t.Helper()
	if u, err := p.user(t.Context(), defaultTenant, username); err != nil || !u.Password.Equal(want) {
		t.Errorf("the hash of %s was written again (%v)", username, err)
	}
}

func TestHashesMatchTheirTextOnly(t *testing.T) {
	hash := Hash("4711")
	if !matches(hash, "4711") || matches(hash, "4712") || matches(hash, "") || matches(pbx.Secret{}, "") ||
		matches(pbx.NewSecret("4711"), "4711") {
		t.Error("a hash matches what it must not, or not what it must")
	}
	if Hash("4711").Equal(hash) {
		t.Error("two hashes of one text are the same: there is no salt")
	}
	again, err := HashPIN(hash, "4711")
	if err != nil || !again.Equal(hash) {
		t.Error("the same PIN got another hash")
	}
}

// A PIN is renewed as a password is. A wrong number takes as long as a wrong PIN.
func TestPINs(t *testing.T) {
	pay(t, cost{64, 1, 1})
	p := newPeople(t)
	pin, perr := HashPIN(pbx.Secret{}, "4711")
	if perr != nil {
		t.Fatal(perr)
	}
	p.write(func(ctx context.Context, tx *db.Tx) error {
		return tx.PutExtension(ctx, &pbx.Extension{Tenant: pbx.DefaultTenant, Number: "101", Name: "Alice", RingSeconds: 20})
	})
	p.edit("alice", func(u *pbx.User) { u.Extension, u.DeskPIN = "101", pin })
	alice := func() *pbx.User {
		u, err := p.user(t.Context(), defaultTenant, "alice")
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	pay(t, cost{128, 1, 1})
	if p.MatchesPIN(t.Context(), nil, "4711") || p.MatchesPIN(t.Context(), nil, "") ||
		p.MatchesPIN(t.Context(), alice(), "4712") || !alice().DeskPIN.Equal(pin) {
		t.Error("a wrong PIN matches, or changes the hash")
	}
	if !p.MatchesPIN(t.Context(), alice(), "4711") || stale(alice().DeskPIN) || !matches(alice().DeskPIN, "4711") {
		t.Error("the PIN keeps its old cost, or is lost")
	}
}
