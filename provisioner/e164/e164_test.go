package e164

import (
	"strings"
	"testing"
)

// What spreadsheets and people write, and what is read.
func TestRead(t *testing.T) {
	for _, c := range []struct {
		code          int
		written, want string
	}{
		{49, "+493012345678", "+493012345678"},
		{49, "+49 30 1234 5678", "+493012345678"},
		{49, "+49 (0)30 12345678", "+493012345678"},
		{49, "0049 30 12345678", "+493012345678"},
		{49, "030/12345678", "+493012345678"},
		{49, "30 12345678", "+493012345678"}, // Excel ate the 0
		{49, "'03012345678", "+493012345678"},
		{49, "03012345678\u00a0", "+493012345678"},
		{49, "\ufeff 03012345678 ", "+493012345678"},
		{49, "030\u00a01234\u20115678", "+493012345678"},
		{49, "tel:+493012345678", "+493012345678"},
		{49, "4930123456789", "+4930123456789"},
		{1, "2125550123", "+12125550123"},
		{1, "12125550123", "+12125550123"},
		{1, "(212) 555-0123", "+12125550123"},
		{41, "044 668 18 00", "+41446681800"},
		{39, "06 698 83145", "+390669883145"}, // Italy keeps its 0
		{49, "4.93012E+11", "scientific notation"},
		{49, "4,93012E+11", "scientific notation"},
		{49, "4.91E+11", "scientific notation"},
		{49, "3012345678.00", "an amount"},
		{49, "+4949 30 12345678", "calling code 49 twice"},
		{49, "+49+493012345678", "no telephone number"},
		{49, "+43 1 5321234", "not of the country"},
		{49, "=1+1", "no telephone number"},
		{49, "@SUM(A1)", "no telephone number"},
		{49, "", "is empty"},
		{49, "\u00a0", "is empty"},
		{49, "12", "no number of the country"},
		{49, "+4912345678901234567", "digits"},
	} {
		got, err := Read(c.code, c.written)
		if strings.HasPrefix(c.want, "+") {
			if err != nil || got != c.want {
				t.Errorf("%q: %q, %v; want %s", c.written, got, err, c.want)
			}
		} else if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %q, %v; want a refusal with %q", c.written, got, err, c.want)
		}
	}
}

func TestRegion(t *testing.T) {
	for number, want := range map[string]string{"+13105550100": "US", "+16135550100": "CA", "+493012345678": "DE", "12345": "",
		"ACME": ""} {
		if got := Region(number); got != want {
			t.Errorf("%s: %q, want %q", number, got, want)
		}
	}
}

func TestParseCode(t *testing.T) {
	for cell, want := range map[string]int{"49": 49, "+49": 49, "0049": 49, "DE": 49, "us": 1, " 1\u00a0": 1, "'44": 44,
		"": 0, "XX": 0, "999": 0, "49,0": 0, "=49": 0} {
		if got, err := ParseCode(cell); got != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d, %v; want %d", cell, got, err, want)
		}
	}
}

func TestKind(t *testing.T) {
	for number, want := range map[string]string{"+493012345678": Local, "+4915112345678": Mobile, "+498001234567": TollFree,
		"+18005550123": TollFree, "+12125550123": Local, "+80012345678": TollFree, "+883510012345": Global, "+99": Local} {
		if got := Kind(number); got != want {
			t.Errorf("%s: %s, want %s", number, got, want)
		}
	}
}
