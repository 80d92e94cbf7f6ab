package outside

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"

	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
)

// trunkView is what the API shows of a trunk.
type trunkView struct {
	Endpoint string
	Status   struct {
		Registration, Reach, Since string
		Refusal                    string `json:"last_refusal"`
		Unresolvable, Stale        bool
	}
}

// TestTrunkStateRealAsterisk registers at a carrier with a wrong and a right password. Then
// the carrier ends.
func TestTrunkStateRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l, carrier := openLab(t, suite), OpenCarrier(t)
			stream := l.Follow(t)
			carrier.Trunk(l.Lab, "wrong", Object{"register": true, "secret": "wrong-secret"})
			l.shows(t, "wrong", "rejected reachable")
			trouble := l.Health(t).Trunks
			if len(trouble) != 1 || trouble[0].Trunk != "wrong" || l.Health(t).Status != "degraded" {
				t.Errorf("health names %v", trouble)
			}
			if n := metric(t, l.Metrics(t), `dialtone_trunks{registration="rejected"}`); n != 1 {
				t.Errorf("%v trunks are rejected", n)
			}
			l.Do(t, "DELETE", Tenant+"/trunks/wrong", nil, nil)
			carrier.Trunk(l.Lab, "right", Object{"register": true, "transport": "tcp", "qualify_seconds": 2})
			right := l.shows(t, "right", "registered reachable")
			if trouble := l.Health(t).Trunks; len(trouble) != 0 {
				t.Errorf("health names %v", trouble)
			}
			l.testCalls(t)
			carrier.Stop()
			l.Console(t, "pjsip send register "+right.Endpoint) // as it does when the registration is old
			if gone := l.shows(t, "right", "rejected unreachable"); gone.Status.Refusal != "Rejected" {
				t.Errorf("of an absent carrier is shown %+v", gone)
			}
			if n := metric(t, l.Metrics(t), `dialtone_trunks_unreachable`); n != 1 {
				t.Errorf("%v carriers do not answer", n)
			}
			told := strings.Join(stream.Of("trunk"), "\n")
			for _, word := range []string{`"trunk":"wrong","status":{"registration":"rejected"`,
				`"trunk":"right","status":{"registration":"registered","reach":"reachable"`, `"reach":"unreachable"`} {
				if !strings.Contains(told, word) {
					t.Errorf("the stream lacks %s:\n%s", word, told)
				}
			}
			l.Do(t, "PATCH", Tenant+"/trunks/right", Object{"host": "carrier.invalid", "register": false, "qualify_seconds": 0}, nil)
			l.shows(t, "right", "not-registering not-asked unresolvable")
		})
	}
}

// shows waits for the state of a trunk. Asterisk puts off a registration by up to ten
// seconds.
func (l *lab) shows(t *testing.T, name, want string) (v trunkView) {
	t.Helper()
	Eventually(t, 30*time.Second, func() string {
		v = trunkView{}
		l.Do(t, "GET", Tenant+"/trunks/"+name, nil, &v)
		got := v.Status.Registration + " " + v.Status.Reach
		if v.Status.Unresolvable {
			got += " unresolvable"
		}
		if got != want || v.Status.Since == "" || v.Status.Stale {
			text, _ := json.Marshal(v)
			return fmt.Sprintf("the trunk %s is %s, not %s", name, text, want)
		}
		return ""
	})
	return v
}
