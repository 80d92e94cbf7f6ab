package pbx

import (
	"testing"
	"time"
)

func TestRouteDesk(t *testing.T) {
	s := office()
	s.DeviceOf("dacmespare").Shared = true
	for _, c := range []struct {
		endpoint, dialled, context string
	}{
		{"dacmespare", SignInCode, "desk-acme"},
		{"dacmespare", SignOutCode, "desk-acme"},
		{"dacmedesk", SignInCode, HangupContext}, // is somebody's own
		{"", SignInCode, HangupContext},
		{"dboltdesk", SignInCode, HangupContext},
	} {
		plan := Route(s, Call{Tenant: "acme", Dialled: c.dialled, Endpoint: c.endpoint}, time.Time{})
		if step := plan.Steps[0]; step.Context("acme") != c.context || step.Returns() {
			t.Errorf("%s dials %s: %+v", c.endpoint, c.dialled, step)
		}
	}
}

// A mailbox is heard by the user of its number's extension, else by that of the
// first extension that uses it.
func TestOwnerOfMailbox(t *testing.T) {
	alice, bob := &User{Tenant: "acme", Username: "alice", Extension: "101"}, &User{Tenant: "acme", Username: "bob", Extension: "103"}
	for _, c := range []struct {
		users []*User
		want  *User
	}{{nil, nil}, {[]*User{bob}, bob}, {[]*User{bob, alice}, alice}} {
		s := with(office(), func(r *Rows) { r.Users = c.users })
		if got := s.OwnerOfMailbox("acme", "101"); got != c.want {
			t.Errorf("with %d users it is %+v's", len(c.users), got)
		}
		if s.OwnerOfMailbox("bolt", "101") != nil {
			t.Error("another tenant's mailbox has an owner")
		}
	}
}
