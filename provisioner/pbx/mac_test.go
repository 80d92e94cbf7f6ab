package pbx

import (
	"strings"
	"testing"
)

func TestParseMAC(t *testing.T) {
	for _, good := range []string{"001565aabbcc", "001565AABBCC", "00:15:65:aa:bb:cc", "00-15-65-AA-BB-CC", "0015.65aa.bbcc"} {
		m, err := ParseMAC("mac", good)
		if err != nil || m != "001565aabbcc" {
			t.Errorf("%q is %q, %v", good, m, err)
		}
		if got := m.Colons(); got != "00:15:65:aa:bb:cc" {
			t.Errorf("shown as %q", got)
		}
	}
	for bad, want := range map[string]string{
		"": "not a MAC", "001565aabbc": "not a MAC", "001565aabbcc0": "not a MAC", "001565aabbcg": "not a MAC",
		"00:15:65:aa:bb:c": "not a MAC", "0:015:65:aa:bb:cc": "not a MAC", "00:15-65:aa:bb:cc": "not a MAC",
		"00:15:65:aa:bb:cc:": "not a MAC", "0015:65aa:bbcc": "not a MAC", "00.15.65.aa.bb.cc": "not a MAC",
		" 001565aabbcc": "not a MAC", "001565aabbcc\n": "not a MAC", "../../etc/pa": "not a MAC", "００1565aabb": "not a MAC",
		"000000000000": "not the address of one phone", "ffffffffffff": "not the address of one phone",
		"01005e000001": "not the address of one phone", "33:33:00:00:00:01": "not the address of one phone",
	} {
		m, err := ParseMAC("mac", bad)
		checkMessage(t, err, "mac", want)
		if m != "" {
			t.Errorf("%q is refused and %q", bad, m)
		}
	}
}

func TestMACColonsOfNonsense(t *testing.T) {
	if got := MAC("abc").Colons(); got != "abc" {
		t.Errorf("got %q", got)
	}
}

// FuzzParseMAC: the stored form goes into file names and URLs, so it has no
// other character than twelve hexadecimal digits, and reads back as itself.
func FuzzParseMAC(f *testing.F) {
	for _, s := range []string{"001565aabbcc", "00:15:65:AA:BB:CC", "0015.65aa.bbcc", "::", "0K1565aabbcc", "00-15-65-aa-bb-cc-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMAC("mac", s)
		if err != nil {
			noControls(t, err.Message)
			return
		}
		if len(m) != 12 || strings.Trim(string(m), "0123456789abcdef") != "" {
			t.Errorf("%q is stored as %q", s, m)
		}
		for _, form := range []string{string(m), m.Colons(), strings.ToUpper(m.Colons())} {
			if back, err := ParseMAC("mac", form); err != nil || back != m {
				t.Errorf("%q reads back as %q, %v", form, back, err)
			}
		}
	})
}
