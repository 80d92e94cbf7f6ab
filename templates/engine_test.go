package templates

import (
	"slices"
	"testing"
)

// A site template that could read the environment, the clock or a random number
// would render differently each time; the list is pinned by count and by name.
func TestFuncsHoldsOnlyPureFunctions(t *testing.T) {
	funcs := Funcs()
	for _, bad := range []string{"env", "expandenv", "now", "date", "uuidv4", "randAlpha", "randInt", "shuffle", "getHostByName", "genPrivateKey", "keys", "values", "bcrypt", "htpasswd", "ago", "default"} {
		if _, ok := funcs[bad]; ok {
			t.Errorf("templates may call %s", bad)
		}
	}
	if len(funcs) != len(allowed) || len(funcs) != 25 {
		t.Errorf("templates may call %d functions, 25 are known to be pure", len(funcs))
	}
	for name, f := range funcs {
		if f == nil || !slices.Contains(allowed, name) {
			t.Errorf("function %s is missing in sprig or not allowed", name)
		}
	}
}

func TestRenderReportsUnknownTemplateAndField(t *testing.T) {
	e := MustNew()
	if _, err := e.Render("asterisk/nothing", nil); err == nil {
		t.Error("an unknown template rendered")
	}
}
