package pbx

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// masked is what every printing of a Secret shows.
const masked = "****"

// Secret is a password, PIN or token. It prints as **** through fmt, log/slog
// and encoding/json; only Reveal gives the text. The text sits behind a pointer
// so that even a reflective print of an enclosing unexported field shows an
// address and not the secret.
type Secret struct{ text *string }

// NewSecret wraps text. An empty text gives the zero Secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// RandomSecret returns a secret of n random bytes (8–64) in lower-case base32,
// which every dialect we write carries without escaping: n=20 gives 32 characters.
func RandomSecret(n int) Secret { return NewSecret(randomText(n)) }

// Reveal returns the text. Call it only where a file, a database row or the
// one-time answer to its creator is written.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.text == nil }

// Equal compares the texts. It is not constant-time: compare what strangers
// send by hash (crypto/subtle) instead.
func (s Secret) Equal(o Secret) bool { return s.Reveal() == o.Reveal() }

// String returns "****", or "" for the zero Secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return masked
}

// GoString keeps %#v from printing the text.
func (s Secret) GoString() string { return "pbx.Secret(" + masked + ")" }

// Format keeps every verb from printing the text.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue keeps log/slog from printing the text.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON writes "****" or "".
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// randomText returns n random bytes in lower-case base32 without padding.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // crypto/rand.Read never returns an error (Go 1.24 and newer).
	return base32Text(b)
}

// base32Text is b in lower-case base32 without padding.
func base32Text(b []byte) string {
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}
