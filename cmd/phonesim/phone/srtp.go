package phone

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/srtp/v3"
)

// SRTP is how an account encrypts its voice, with keys in SDP (RFC 4568).
type SRTP struct {
	Offered  bool     // in calls of ours; calls of others are taken either way
	Required bool     // and no call goes without
	Twice    bool     // offers a second stream without, where Required is not: the way of a Polycom
	Ciphers  []string // by their names of RFC 4568, best first
}

// errPlain says that a call would not be encrypted.
var errPlain = errors.New("the other side does not encrypt, which this phone demands")

// ciphers are the suites that can be spoken.
var ciphers = map[string]srtp.ProtectionProfile{
	"AES_CM_128_HMAC_SHA1_80": srtp.ProtectionProfileAes128CmHmacSha1_80,
	"AES_CM_128_HMAC_SHA1_32": srtp.ProtectionProfileAes128CmHmacSha1_32,
	"AES_256_CM_HMAC_SHA1_80": srtp.ProtectionProfileAes256CmHmacSha1_80,
	"AES_256_CM_HMAC_SHA1_32": srtp.ProtectionProfileAes256CmHmacSha1_32,
}

// crypto is one line of SDP: "1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^31|1:1".
type crypto struct {
	tag   int
	suite string
	key   []byte // master key and salt
}

func (c crypto) String() string {
	return fmt.Sprintf("%d %s inline:%s", c.tag, c.suite, base64.StdEncoding.EncodeToString(c.key))
}

// readCrypto reads a line whose suite we know and whose key has its length.
func readCrypto(value string) (c crypto, ok bool) {
	f := strings.Fields(value)
	if len(f) < 3 {
		return c, false
	}
	tag, err := strconv.Atoi(f[0])
	inline, is := strings.CutPrefix(f[2], "inline:")
	text, _, _ := strings.Cut(inline, "|")
	key, kerr := base64.StdEncoding.DecodeString(text)
	if err != nil || kerr != nil || !is || len(key) != keyLength(f[1]) {
		return c, false
	}
	return crypto{tag, f[1], key}, true
}

// keyLength is that of a suite's master key and salt together; -1 for a suite that we do not know.
func keyLength(suite string) int {
	p, known := ciphers[suite]
	if !known {
		return -1
	}
	key, err := p.KeyLen()
	salt, serr := p.SaltLen()
	if err != nil || serr != nil {
		return -1
	}
	return key + salt
}

// cloak encrypts one call.
type cloak struct {
	want  SRTP
	keys  map[string][]byte // ours, by suite: one that was told stays
	taken crypto            // the line of theirs that is in force; its suite is "" in the clear
	profile
	seal, unseal *srtp.Context
}

// profile is the transport of their stream, such as RTP/SAVP.
type profile string

func (p profile) secure() bool { return strings.HasPrefix(string(p), "RTP/SAVP") }

// ours is our line for a suite.
func (k *cloak) ours(tag int, suite string) crypto {
	if k.keys == nil {
		k.keys = map[string][]byte{}
	}
	if k.keys[suite] == nil {
		k.keys[suite] = make([]byte, keyLength(suite))
		_, _ = rand.Read(k.keys[suite]) // never fails
	}
	return crypto{tag, suite, k.keys[suite]}
}

// offer are the lines of an offer of ours.
func (k *cloak) offer() (lines []crypto) {
	for _, suite := range k.want.Ciphers {
		if _, known := ciphers[suite]; known && (k.want.Offered || k.want.Required) {
			lines = append(lines, k.ours(len(lines)+1, suite))
		}
	}
	return lines
}

// accept takes what they say of keys, in an offer or an answer. The same key again goes on as it was.
func (k *cloak) accept(s session) error {
	k.profile = s.profile
	i := slices.IndexFunc(s.crypto, func(c crypto) bool { return slices.Contains(k.want.Ciphers, c.suite) })
	switch {
	case i < 0 && s.profile.secure():
		return fmt.Errorf("no common cipher: they have %v, we have %v", len(s.crypto), k.want.Ciphers)
	case i < 0 && k.want.Required:
		return errPlain
	case i < 0:
		k.taken, k.seal, k.unseal = crypto{}, nil, nil
		return nil
	}
	theirs := s.crypto[i]
	if theirs.suite == k.taken.suite && slices.Equal(theirs.key, k.taken.key) {
		k.taken.tag = theirs.tag
		return nil
	}
	seal, err := contextOf(k.ours(theirs.tag, theirs.suite))
	unseal, uerr := contextOf(theirs)
	if err := errors.Join(err, uerr); err != nil {
		return fmt.Errorf("taking their key: %w", err)
	}
	k.taken, k.seal, k.unseal = theirs, seal, unseal
	return nil
}

func contextOf(c crypto) (*srtp.Context, error) {
	p := ciphers[c.suite]
	n, err := p.KeyLen()
	if err != nil {
		return nil, err
	}
	return srtp.CreateContext(c.key[:n], c.key[n:], p)
}

// answer are the lines that answer theirs, none in the clear.
func (k *cloak) answer() []crypto {
	if k.taken.suite == "" {
		return nil
	}
	return []crypto{k.ours(k.taken.tag, k.taken.suite)}
}
