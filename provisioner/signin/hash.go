package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// cost is the cost of one argon2id hash. The notation in which a hash is stored
// names it, so that a hash is verified with its own cost whatever new ones pay.
type cost struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

// paid is the cost of new hashes of passwords, PINs and codes: the least that
// OWASP's password storage cheat sheet names. Only this package's tests, which sign
// in by the hundred, pay less.
var paid = cost{memory: 19 * 1024, passes: 2, lanes: 1}

// most bounds the cost that a stored hash can name: 128 MiB, and about a second.
var most = cost{memory: 128 * 1024, passes: 10, lanes: 8}

const (
	saltBytes   = 16
	hashBytes   = 32
	argonPrefix = "$argon2id$v=19$m=%d,t=%d,p=%d$"
)

// hashing bounds how many hashes are computed at once, and so their memory.
var hashing = make(chan struct{}, 2)

func (c cost) key(text string, salt []byte) []byte {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return argon2.IDKey([]byte(text), salt, c.passes, c.memory, c.lanes, hashBytes)
}

// allowed reports whether a hash of this cost may be computed. argon2 panics at
// less than one pass or lane.
func (c cost) allowed() bool {
	return c.memory > 0 && c.passes > 0 && c.lanes > 0 && c.memory <= most.memory && c.passes <= most.passes &&
		c.lanes <= most.lanes
}

func (c cost) String() string { return fmt.Sprintf(argonPrefix, c.memory, c.passes, c.lanes) }

// Hash returns an argon2id hash with a salt, to be stored in place of text.
func Hash(text string) pbx.Secret {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails, see crypto/rand
	b64 := base64.RawStdEncoding
	return pbx.NewSecret(paid.String() + b64.EncodeToString(salt) + "$" + b64.EncodeToString(paid.key(text, salt)))
}

// costOf returns the cost that a stored hash names; the rest is its salt and key.
// False for a text that Hash did not write, and for a cost beyond most.
func costOf(hash pbx.Secret) (c cost, rest string, ok bool) {
	stored := hash.Reveal()
	if _, err := fmt.Sscanf(stored, argonPrefix, &c.memory, &c.passes, &c.lanes); err != nil || !c.allowed() {
		return cost{}, "", false
	}
	prefix := c.String()
	b64 := base64.RawStdEncoding
	if len(stored) != len(prefix)+b64.EncodedLen(saltBytes)+1+b64.EncodedLen(hashBytes) || stored[:len(prefix)] != prefix {
		return cost{}, "", false
	}
	return c, stored[len(prefix):], true
}

// matches reports whether hash was made of text, at whatever cost. A zero hash, and
// one that Hash did not write, match nothing, but take as long as a new one.
func matches(hash pbx.Secret, text string) bool {
	salt, want, pays := make([]byte, saltBytes), []byte(nil), paid
	if c, rest, ok := costOf(hash); ok {
		saltText, keyText, _ := strings.Cut(rest, "$")
		salt, _ = base64.RawStdEncoding.DecodeString(saltText)
		want, _ = base64.RawStdEncoding.DecodeString(keyText)
		pays = c
	}
	return subtle.ConstantTimeCompare(pays.key(text, salt), want) == 1
}

// stale reports whether a hash has another cost than a new one has.
func stale(hash pbx.Secret) bool {
	c, _, ok := costOf(hash)
	return !ok || c != paid
}

// HashPIN returns the hash of a PIN for desk phones: the present hash when it is the same PIN at
// the same cost, so that writing it again changes nothing.
func HashPIN(present pbx.Secret, pin string) (pbx.Secret, *pbx.Error) {
	if err := pbx.CheckDeskPIN("desk_pin", pin); err != nil {
		return pbx.Secret{}, err
	}
	if !present.IsZero() && !stale(present) && matches(present, pin) {
		return present, nil
	}
	return Hash(pin), nil
}

// MatchesPIN reports whether that is the user's PIN. It renews a stale hash of it. A wrong
// number, for which u is nil, takes as long as a wrong PIN.
func (a *Authenticator) MatchesPIN(ctx context.Context, u *pbx.User, pin string) bool {
	if u == nil {
		matches(pbx.Secret{}, pin)
		return false
	}
	if !matches(u.DeskPIN, pin) {
		return false
	}
	a.renewHash(ctx, u, &u.DeskPIN, pin)
	return true
}

// renewHash stores a new hash of a text that matched, when the old one is stale.
// hash points into u: the password, or the PIN. It is no change of the user: a
// failure is logged, and the next sign-in tries again.
func (a *Authenticator) renewHash(ctx context.Context, u *pbx.User, hash *pbx.Secret, text string) {
	if !stale(*hash) {
		return
	}
	was := *u
	*hash = Hash(text)
	if err := a.o.DB.RenewHashes(ctx, &was, u); err != nil {
		*u = was
		a.o.Log.Warn("the hash of a password or PIN keeps its old cost", "user", knownName(u), "error", err)
	}
}
