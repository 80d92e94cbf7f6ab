package asteriskconf

import (
	"fmt"
	"regexp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// dialplanApplication is where the calls of an application go without its answer.
type dialplanApplication struct {
	Mark markName
	To   divertedTo
}

// markName names an application in the dialplan.
type markName struct{ text string }

var markPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._+]*\*[a-z0-9][a-z0-9._+]*$`)

func newMarkName(field, tenant, name string) (markName, *pbx.Error) {
	mark := pbx.ApplicationMark(tenant, name)
	if !markPattern.MatchString(mark) {
		return markName{}, pbx.Invalidf(field, "is not the name of an application")
	}
	return markName{mark}, nil
}

func (n markName) String() string { return n.text }

func applications(s *pbx.Snapshot) (out []dialplanApplication, err error) {
	for _, a := range s.Applications {
		var es pbx.Errors
		d := dialplanApplication{To: leadingTo(&es, s, a.Tenant, a.Fallback)}
		into(&es, &d.Mark)(newMarkName("name", a.Tenant, a.Name))
		if err := es.Err(); err != nil {
			return nil, fmt.Errorf("application %s of tenant %s: %w", a.Name, a.Tenant, err)
		}
		out = append(out, d)
	}
	return out, nil
}
