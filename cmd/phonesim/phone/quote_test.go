package phone

import "testing"

// TestQuotedNames: what is written between quotes is read back as it was.
func TestQuotedNames(t *testing.T) {
	for name, wire := range map[string]string{
		`Anna`: `Anna`, `a\b`: `a\\b`, `"x"`: `\"x\"`, `end\`: `end\\`, `\"`: `\\\"`, `Zoë 😀`: `Zoë 😀`, ``: ``,
	} {
		if got := quoted.Replace(name); got != wire {
			t.Errorf("%s is written as %s, want %s", name, got, wire)
		}
		if got := unquoted(wire); got != name {
			t.Errorf("%s is read as %s, want %s", wire, got, name)
		}
	}
}
