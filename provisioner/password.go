package provisioner

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Passwords and PINs of people are kept as argon2id in the usual notation, with
// the least parameters that OWASP's password storage cheat sheet names.
const (
	argonLeast  = 19 * 1024 // KiB
	argonPasses = 2
	argonLanes  = 1
	saltBytes   = 16
	hashBytes   = 32
	argonFormat = "$argon2id$v=19$m=%d,t=%d,p=%d$"
)

// argonMemory is what a hash takes, in KiB. Only this package's tests, which sign in
// by the hundred, take less.
var argonMemory uint32 = argonLeast

// hashing bounds how many hashes are computed at once, and so their memory.
var hashing = make(chan struct{}, 2)

func argonKey(text string, salt []byte) []byte {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return argon2.IDKey([]byte(text), salt, argonPasses, argonMemory, argonLanes, hashBytes)
}

// hashSecret returns what may be stored in place of text.
func hashSecret(text string) pbx.Secret {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails, see crypto/rand
	b64 := base64.RawStdEncoding
	return pbx.NewSecret(fmt.Sprintf(argonFormat, argonMemory, argonPasses, argonLanes) + b64.EncodeToString(salt) + "$" + b64.EncodeToString(argonKey(text, salt)))
}

// matches reports whether hash was made of text. A zero hash, and one that is not
// ours, match nothing, but take as long.
func matches(hash pbx.Secret, text string) bool {
	prefix := fmt.Sprintf(argonFormat, argonMemory, argonPasses, argonLanes)
	b64, stored := base64.RawStdEncoding, hash.Reveal()
	saltEnd := len(prefix) + b64.EncodedLen(saltBytes)
	salt, want := make([]byte, saltBytes), []byte(nil)
	if len(stored) == saltEnd+1+b64.EncodedLen(hashBytes) && stored[:len(prefix)] == prefix {
		salt, _ = b64.DecodeString(stored[len(prefix):saltEnd])
		want, _ = b64.DecodeString(stored[saltEnd+1:])
	}
	return subtle.ConstantTimeCompare(argonKey(text, salt), want) == 1
}
