package pbx

import (
	"slices"
	"strings"
	"testing"
)

// TestClassAndPrice: words do not allow numbers with a price of their own, prefixes do.
func TestClassAndPrice(t *testing.T) {
	const premium, shared, plain, abroad, costlyAbroad, free = "+49900123456", "+49180123456", "+4930123456",
		"+442079460000", "+449011234567", "+80012345678"
	for _, tt := range []struct {
		allow, deny string
		allowed     []string
	}{
		{"national", "", []string{plain, free}},
		{"national premium", "", []string{plain, premium, free}},
		{"national shared-cost", "", []string{plain, shared, free}},
		{"national international", "", []string{plain, abroad, free}},
		{"national international premium shared-cost", "", []string{plain, premium, shared, abroad, costlyAbroad, free}},
		{"any", "", []string{plain, premium, shared, abroad, costlyAbroad, free}},
		{"any", "premium", []string{plain, shared, abroad, free}},
		{"any", "international", []string{plain, premium, shared}},
		{"+49", "", []string{plain, premium, shared}},
		{"national", "premium +4930", []string{free}},
		{"national +49900", "premium", []string{plain, premium, free}},
		{"premium", "", nil},
		{"", "", nil},
	} {
		c := ClassOfService{Name: "c", Allow: strings.Fields(tt.allow), Deny: strings.Fields(tt.deny)}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		for _, number := range []string{premium, shared, plain, abroad, costlyAbroad, free} {
			r, ok := ReadDialled("DE", number)
			if allowed, why := c.decide(r); !ok || allowed != slices.Contains(tt.allowed, number) {
				t.Errorf("allow %q, deny %q: %s is allowed: %v (%s)", tt.allow, tt.deny, number, allowed, why)
			}
		}
	}
	if (&ClassOfService{Name: "c", Deny: []string{"any"}}).Validate() == nil {
		t.Error("any can be denied")
	}
}
