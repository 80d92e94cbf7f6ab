package pbx

import "testing"

func TestNamedCaller(t *testing.T) {
	for _, tt := range []struct{ number, name, wantNumber, wantName string }{
		{"anonymous", "Anonymous", "", ""}, {"anonymous@anonymous.invalid", "anonymous@anonymous.invalid", "", ""},
		{"<unknown>", "<unknown>", "", ""}, {"Unavailable", "UNKNOWN", "", ""},
		{"+491701234567", "Anonymous", "+491701234567", ""}, {"+491701234567", "Jane Doe", "+491701234567", "Jane Doe"},
		{"201", "Private Label Ltd", "201", "Private Label Ltd"}, {"", "", "", ""},
	} {
		got := NamedCaller(CallParty{Number: tt.number, Name: tt.name})
		if got.Number != tt.wantNumber || got.Name != tt.wantName {
			t.Errorf("%q %q is %+v", tt.number, tt.name, got)
		}
	}
}
