package pbx

import "testing"

// twoAtOneCarrier are tenants whose trunks are at one carrier, and one elsewhere.
func twoAtOneCarrier() *Snapshot {
	return NewSnapshot(1, Rows{
		Tenants: []*Tenant{{Name: "acme", Country: "DE"}, {Name: "bolt", Country: "DE"}, {Name: "roma", Country: "AT"}},
		Trunks: []*Trunk{{Tenant: "acme", Name: "carrier", Endpoint: "tacme", Host: "192.0.2.1"},
			{Tenant: "bolt", Name: "carrier", Endpoint: "tbolt", Host: "192.0.2.1"}, {Tenant: "roma", Name: "carrier", Endpoint: "troma"}},
		Numbers: []*Number{{Tenant: "acme", Number: "+493012345601"}, {Tenant: "bolt", Number: "+493012345602"},
			{Tenant: "roma", Number: "+433012345601"}},
	})
}

// TestTenantCalled: the number says whose a call is, whichever trunk it is taken for;
// the trunk does where numbers of several tenants are written alike, or none is called.
func TestTenantCalled(t *testing.T) {
	s := twoAtOneCarrier()
	for _, tt := range []struct{ trunk, called, want string }{
		{"tacme", "+493012345601", "acme"}, {"tbolt", "+493012345601", "acme"}, {"tacme", "493012345602", "bolt"},
		{"tbolt", "03012345602", "bolt"}, {"tacme", "03012345602", "bolt"}, {"tbolt", "03012345601", "acme"},
		{"troma", "03012345601", "roma"}, {"troma", "00493012345601", "acme"}, {"tacme", "+433012345601", "roma"},
		{"tbolt", "+493099", "bolt"}, {"tbolt", "", "bolt"}, {"dacme", "+493012345601", ""}, {"", "+493012345601", ""},
	} {
		if got := s.TenantCalled(tt.trunk, tt.called); got != tt.want {
			t.Errorf("trunk %s brings a call to %s: tenant %q, want %q", tt.trunk, tt.called, got, tt.want)
		}
	}
}

// TestSentOtherwise: what the dialplan has for all tenants and for one, together, says the
// same as NumberCalled.
func TestSentOtherwise(t *testing.T) {
	s := twoAtOneCarrier()
	for _, tenant := range s.Tenants {
		said := map[string]*Number{}
		for _, n := range append(s.SentToAny(), s.SentOtherwise(tenant.Name)...) {
			said[n.Sent] = n.Number
		}
		for called, n := range said {
			if want := s.NumberCalled(tenant.Name, called); n != want {
				t.Errorf("%s called at a trunk of %s: %s, want %s", called, tenant.Name, n.Number, want.Number)
			}
		}
	}
}

func TestCalledNumber(t *testing.T) {
	for user, want := range map[string]string{
		"+493012345601": "+493012345601", "+493012345601;npdi=yes": "+493012345601", "+493012345601;rn=+49199123;npdi": "+493012345601",
		"030-1234 (56)01;isub=77": "03012345601", ";npdi": "", "account": "", "": "",
	} {
		if got := CalledNumber(user); got != want {
			t.Errorf("%q calls %q, want %q", user, got, want)
		}
	}
}
