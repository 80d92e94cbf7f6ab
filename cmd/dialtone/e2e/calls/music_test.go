package calls

import (
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/cmd/phonesim/phone"
	"github.com/dialtone-pbx/dialtone/cmd/sandbox/box"
	. "github.com/dialtone-pbx/dialtone/cmd/sandbox/lab"
)

// TestMusicRealAsterisk: a call on hold hears the music of the extension that holds it, else the
// tenant's; waiting callers of a ring group hear the group's. A change of music cuts off no call that
// hears it, and the next call hears the new one.
func TestMusicRealAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range box.Suites() {
		t.Run(suite.Name, func(t *testing.T) {
			t.Parallel()
			l := openLab(t, suite)
			phones := map[string]*phone.Phone{}
			for _, number := range []string{"100", "101", "102"} {
				l.Extension(t, number, "", nil)
			}
			for _, number := range []string{"100", "101"} {
				phones[number] = l.Register(t, l.Device(t, "d"+number, number, nil), phone.Options{})
			}
			phones["102"] = l.Register(t, l.Device(t, "silent", "102", nil), phone.Options{})
			for name, hz := range map[string]float64{"summer": 700, "winter": 1500, "sales": 1100} {
				l.Announcement(t, name, hz, 2*time.Second)
			}
			l.Do(t, "PATCH", Tenant, Object{"music": []string{"summer"}}, nil)
			l.Do(t, "PATCH", Tenant+"/extensions/101", Object{"music": []string{"winter"}}, nil)
			l.Do(t, "PUT", Tenant+"/ring-groups/sales", Object{"number": "600", "members": []Object{{"extension": "102"}},
				"ring_seconds": 60, "waiting": "music", "music": []string{"sales"}}, nil)
			l.Applied(t)
			hears := func(c *phone.Call, hz float64) {
				t.Helper()
				if err := c.Hear(Within(t, 20*time.Second), hz, 300*time.Millisecond); err != nil {
					t.Errorf("music: %v", err)
				}
			}
			// held dials from one extension to another, which holds the call.
			held := func(from, by string, hz float64) *phone.Call {
				t.Helper()
				out, in := Connect(t, phones[from], phones[by], by)
				Talk(t, out, in) // Asterisk drops a hold that comes before the callers are bridged
				if err := in.Hold(Within(t, 10*time.Second), true); err != nil {
					t.Fatal(err)
				}
				hears(out, hz)
				return out
			}
			Leave(t, held("100", "101", 1500))
			listens := held("101", "100", 700)
			waits := Dial(t, phones["101"], "600")
			hears(waits, 1100)
			Leave(t, waits)
			l.Do(t, "PATCH", Tenant, Object{"music": []string{"winter", "summer"}}, nil)
			l.Applied(t)
			hears(listens, 700)
			Leave(t, listens)
			Leave(t, held("101", "100", 1500))
			if classes := l.Console(t, "moh show classes"); strings.Count(classes, "Class: dialtone-") != 3 {
				t.Errorf("%s", classes)
			}
			l.Kill(t)
			waits = Dial(t, phones["101"], "600")
			hears(waits, 1100)
			Leave(t, waits)
			Leave(t, held("100", "101", 1500))
		})
	}
}
