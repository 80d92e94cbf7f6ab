package pbx

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestPickupCode: who is in a group gets the pickup, everybody else a refusal.
func TestPickupCode(t *testing.T) {
	s := office()
	s.Extension("acme", "101").Groups = []string{"sales"}
	for endpoint, want := range map[string]string{
		"dacmedesk": "dialtone-pickup 20", "dacmehall": "dialtone-hangup 21", "dacmespare": "dialtone-hangup 21", "": "dialtone-hangup 21",
	} {
		step := Route(s, Call{Tenant: "acme", Dialled: "*8", Endpoint: endpoint}, time.Time{}).Steps[0]
		if got := step.Context("acme") + " " + step.Argument("acme"); got != want {
			t.Errorf("%q gets %s, want %s (%s)", endpoint, got, want, step.Rule)
		}
	}
}

func TestGroupNames(t *testing.T) {
	many := make([]string, maxGroups+1)
	for i := range many {
		many[i] = "g" + string(rune('a'+i))
	}
	for name, c := range map[string]struct{ groups, want []string }{
		"none": {}, "two": {groups: []string{"a", "b"}}, "most": {groups: many[1:]},
		"too many": {many, []string{"groups"}}, "twice": {[]string{"a", "b", "a"}, []string{"groups"}},
		"a comma": {[]string{"a,b"}, []string{"groups"}}, "a slash": {[]string{"a", "b/c"}, []string{"groups"}},
		"a line": {[]string{"a\nb"}, []string{"groups"}}, "empty": {[]string{""}, []string{"groups"}},
	} {
		e := &Extension{Number: "101", Name: "A", RingSeconds: 20, Groups: c.groups}
		if diff := cmp.Diff(c.want, fields(e.Validate())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if got := fields((&Group{Name: "Sales"}).Validate()); !cmp.Equal(got, []string{"name"}) {
		t.Errorf("a group named Sales: %v", got)
	}
}
