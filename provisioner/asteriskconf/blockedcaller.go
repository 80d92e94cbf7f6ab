package asteriskconf

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// dialplanBlocked are the callers that a tenant refuses.
type dialplanBlocked struct {
	Name    contextName
	Callers []blockedExten
}

// dialplanAnonymous is what becomes of anonymous calls to a number.
type dialplanAnonymous struct {
	Refused bool
	To      divertedTo // another place
}

// Asked reports whether it matters whether the caller is anonymous.
func (a dialplanAnonymous) Asked() bool { return a.Refused || a.To.Any }

// blockedExten is a caller's number, or its beginning, as an extension: 'c' and its digits.
type blockedExten struct{ text string }

func newBlockedExten(field, shown string, begins bool) (blockedExten, *pbx.Error) {
	if err := pbx.CheckBlocked(field, shown); err != nil {
		return blockedExten{}, err
	}
	if begins {
		return blockedExten{"_c" + shown + "!"}, nil
	}
	return blockedExten{"c" + shown}, nil
}

func (e blockedExten) String() string { return e.text }

// blockedCallers are those of each tenant in every spelling of their numbers, in descending
// order, see descend. Emergency desks are left out.
func blockedCallers(s *pbx.Snapshot) ([]dialplanBlocked, error) {
	var out []dialplanBlocked
	for _, t := range s.Tenants {
		if !s.BlocksCallers(t.Name) {
			continue
		}
		var es pbx.Errors
		var v dialplanBlocked
		into(&es, &v.Name)(newContextName("tenant", t.Name, blockedContext))
		help := s.EmergencyNumbersOf(t.Name)
		for _, b := range s.BlockedCallers {
			if b.Tenant != t.Name {
				continue
			}
			for _, way := range s.ShownAs(t.Name, s.CallerOf(t.Name, b.Number)) {
				if slices.Contains(help, way) {
					continue
				}
				var e blockedExten
				into(&es, &e)(newBlockedExten("number", way, b.Begins))
				v.Callers = append(v.Callers, e)
			}
		}
		slices.SortFunc(v.Callers, func(a, b blockedExten) int { return cmp.Compare(b.text, a.text) })
		v.Callers = slices.Compact(v.Callers)
		if err := es.Err(); err != nil {
			return nil, fmt.Errorf("blocked callers of tenant %s: %w", t.Name, err)
		}
		out = append(out, v)
	}
	return out, nil
}

func blockedContext(tenant string) string { return "blocked-" + tenant }

// screen adds whom the number refuses, or sends elsewhere.
func (v *dialplanRuled) screen(es *pbx.Errors, s *pbx.Snapshot, n *pbx.Number) {
	if s.BlocksCallers(n.Tenant) {
		into(es, &v.Blocked)(newContextName("tenant", n.Tenant, blockedContext))
	}
	a := s.AnonymousOf(n)
	v.Anonymous.Refused = a == pbx.AnonymousRefused
	if to := a.Destination(); !to.IsZero() {
		v.Anonymous.To = leadingTo(es, s, n.Tenant, to)
	}
}
