package phoneconf

import (
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The clock of a phone is that of the user on its first line, or of the extension
// there, or of the tenant.
func TestClockOfAPhone(t *testing.T) {
	for _, c := range []struct{ userOf, extension, offset string }{
		{"101", "", "+9"}, {"none", "", "+1"}, {"none", "America/Bogota", "-5"}, {"101", "America/Bogota", "+9"},
	} {
		s, site := golden(t, "yealink-t46u")
		e := s.Extension(s.Phones[0].Tenant, "101")
		if e == nil {
			t.Fatal("the golden has no extension 101")
		}
		e.Timezone = c.extension
		s = with(s, func(r *pbx.Rows) {
			r.Users = []*pbx.User{{Tenant: e.Tenant, Username: "alice", Extension: c.userOf, Timezone: "Asia/Tokyo"}}
		})
		b, _, err := Render(engine, s, s.Phones[0], site, "001565aabbcc.cfg")
		if err != nil {
			t.Fatal(err)
		}
		got, err := readYealink(b)
		if err != nil {
			t.Fatal(err)
		}
		want(t, got, map[string]string{"local_time.time_zone": c.offset})
	}
}
