package pbx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const open = "opensesame"

// holder has a secret in every place a print can look.
type holder struct {
	Shown  Secret
	hidden Secret
	ptr    *Secret
	list   []Secret
	Named  map[string]Secret
	any    any
	inner  struct{ deep Secret }
}

func newHolder() holder {
	s := NewSecret(open)
	h := holder{Shown: s, hidden: s, ptr: &s, list: []Secret{s}, Named: map[string]Secret{"k": s}, any: s}
	h.inner.deep = s
	return h
}

// leaks reports whether out shows the secret as text, hexadecimal or numbers.
func leaks(out string) bool {
	low := strings.ToLower(out)
	return strings.Contains(low, open) || strings.Contains(low, fmt.Sprintf("%x", open)) ||
		strings.Contains(low, "111 112 101 110") || strings.Contains(low, "6f 70 65 6e") || strings.Contains(low, "0x6f, 0x70")
}

func TestSecretNeverPrints(t *testing.T) {
	h, s := newHolder(), NewSecret(open)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%t", "%U", "%c", "%p", "%w", "%-20s", "%!"} {
		for _, value := range []any{s, &s, h, &h, []Secret{s}, map[string]Secret{"k": s}, []holder{h}, Device{Secret: s}, Tenant{PhonePassword: s}, Mailbox{PIN: s}, Phone{URLSecret: s}} {
			if out := fmt.Sprintf(verb, value); leaks(out) {
				t.Errorf("%s of %T prints %s", verb, value, out)
			}
		}
	}
	if out := fmt.Sprint(s, h) + fmt.Sprintln(&h); leaks(out) {
		t.Errorf("Print shows %s", out)
	}
	if got := fmt.Sprintf("%v|%s|%v", s, s, Secret{}); got != "****|****|" {
		t.Errorf("prints %q", got)
	}
	if err := fmt.Errorf("using %v: %w", s, errors.New("no")); leaks(err.Error()) {
		t.Errorf("error says %v", err)
	}
}

func TestSecretNeverLogged(t *testing.T) {
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		s, h := NewSecret(open), newHolder()
		slog.New(handler).With("with", s).Info("x", "secret", s, "pointer", &s, "holder", h, "holder pointer", &h,
			slog.Group("g", "in", s), "slice", []Secret{s}, "device", &Device{Secret: s})
	}
	if leaks(out.String()) || !strings.Contains(out.String(), masked) {
		t.Errorf("logged %s", out.String())
	}
}

func TestSecretNeverMarshalled(t *testing.T) {
	for _, value := range []any{NewSecret(open), newHolder(), &Device{Secret: NewSecret(open)}, map[string]any{"s": NewSecret(open)}} {
		out, err := json.Marshal(value)
		if err != nil || leaks(string(out)) || !strings.Contains(string(out), masked) {
			t.Errorf("%T marshals to %s, %v", value, out, err)
		}
	}
	if out, err := json.Marshal(Secret{}); err != nil || string(out) != `""` {
		t.Errorf("no secret marshals to %s, %v", out, err)
	}
}

func TestSecretValue(t *testing.T) {
	s := NewSecret(open)
	if s.Reveal() != open || s.IsZero() || !s.Equal(NewSecret(open)) || s.Equal(NewSecret("other")) || s.Equal(Secret{}) {
		t.Error("a secret is not what it was made of")
	}
	if z := NewSecret(""); !z.IsZero() || z.Reveal() != "" || !z.Equal(Secret{}) || z.String() != "" {
		t.Error("an empty text is no secret")
	}
}

func TestRandomSecrets(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		for text, length := range map[string]int{
			NewEndpointName(): 17, NewDeviceSecret().Reveal(): 32, NewURLSecret().Reveal(): 52, RandomSecret(8).Reveal(): 13,
		} {
			if seen[text] || len(text) != length || strings.Trim(text, "abcdefghijklmnopqrstuvwxyz234567") != "" {
				t.Fatalf("%q: seen %v, %d characters, want %d", text, seen[text], len(text), length)
			}
			seen[text] = true
		}
	}
}
