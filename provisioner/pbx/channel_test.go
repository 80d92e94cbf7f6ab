package pbx

import "testing"

func TestTenantOfChannel(t *testing.T) {
	s := NewSnapshot(1, Rows{Tenants: []*Tenant{{Name: "default"}, {Name: "acme"}},
		Devices: []*Device{{Tenant: "acme", Name: "desk", Endpoint: "dabc"}}})
	for _, c := range []struct{ channel, context, want string }{
		{"PJSIP/dabc-0000002a", "", "acme"},
		{"PJSIP/dabc-0000002a", "from-default", "acme"}, // its own device says more than where it is
		{"PJSIP/other-0000002a", "dial-acme", "acme"},
		{"Local/101@x-0000002a;1", "fallback-default", "default"},
		{"PJSIP/other-0000002a", "from-gone", ""},
		{"PJSIP/other-0000002a", "from-internal-acme", ""},
		{"PJSIP/other-0000002a", "set-acme", ""},
		{"", "", ""},
	} {
		if got := s.TenantOfChannel(c.channel, c.context); got != c.want {
			t.Errorf("%s in %q: tenant %q, want %q", c.channel, c.context, got, c.want)
		}
	}
}
