package pbx

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCheckText(t *testing.T) {
	tests := []struct {
		name, in string
		want     string // part of the message; "" accepts
	}{
		{"plain", "Front Desk", ""},
		{"signs of every dialect", `;--"<&>%${X}|,=[#]\`, ""},
		{"letters with accents", "Zoë Ångström 東京 🙂", ""},
		{"exactly max", strings.Repeat("é", 20), ""},
		{"empty", "", "is required"},
		{"too short", "a", "at least 2"},
		{"too long", strings.Repeat("é", 21), "has 21 characters, at most 20"},
		{"too many bytes", strings.Repeat("東", 20), "takes 60 bytes in UTF-8, at most 50"},
		{"leading space", " ab", "starts or ends"},
		{"trailing no-break space", "ab\u00a0", "starts or ends"},
		{"newline", "a\n[general]", "U+000A"},
		{"return", "a\rb", "U+000D"},
		{"zero", "a\x00b", "U+0000"},
		{"delete", "a\x7fb", "U+007F"},
		{"next line", "a\u0085b", "U+0085"},
		{"line separator", "a\u2028b", "U+2028"},
		{"override", "a\u202eb", "U+202E"},
		{"isolate", "a\u2066b", "U+2066"},
		{"byte order mark", "a\ufeffb", "U+FEFF"},
		{"broken UTF-8", "a\xffb", "not valid UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkMessage(t, CheckText("name", tt.in, 2, 20, 50), "name", tt.want) })
	}
	if err := CheckText("title", "", 0, 5, 0); err != nil {
		t.Errorf("an optional text may be empty: %v", err)
	}
}

// checkMessage fails unless err is about field and says want, or is nil for "".
func checkMessage(t *testing.T, err *Error, field, want string) {
	t.Helper()
	switch {
	case err == nil && want != "":
		t.Errorf("accepted, want %q", want)
	case err != nil && want == "":
		t.Errorf("refused: %v", err)
	case err != nil && (err.Kind != Invalid || err.Field != field || !strings.Contains(err.Message, want)):
		t.Errorf("got %s %q %q, want %q about %s", err.Kind, err.Field, err.Message, want, field)
	}
}

// FuzzCheckText: what passes has no character that could end a line anywhere,
// and no refusal repeats one.
func FuzzCheckText(f *testing.F) {
	for _, s := range []string{"Desk", "a\nb", "\u2029", "\xc3", "\x1b[0m", "é\u200f", "\u0085"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		err := CheckText("name", s, 0, 60, 76)
		if err != nil {
			noControls(t, err.Message)
			return
		}
		noControls(t, s)
		if n := utf8.RuneCountInString(s); n > 60 || len(s) > 76 || strings.TrimSpace(s) != s {
			t.Errorf("%q passed: %d characters, %d bytes", s, n, len(s))
		}
	})
}

func noControls(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("%q is not UTF-8", s)
	}
	for _, r := range s {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) {
			t.Errorf("%q has U+%04X", s, r)
		}
	}
}

func TestCheckNames(t *testing.T) {
	long := strings.Repeat("a", 31)
	for _, tt := range []struct {
		check    func(string, string) *Error
		good     []string
		bad      []string
		complain string
	}{
		{CheckTenantName, []string{"a", "default", "4you", "a-b", long}, []string{"", "-a", "A", "a.b", "a_b", "a b", long + "a", "a\n", "é"}, "not a tenant name"},
		{CheckName, []string{"a", "desk-1", "a.b_c", "0", strings.Repeat("a", 40)}, []string{"", ".a", "_", "A", "a/b", "a\n", "..", strings.Repeat("a", 41)}, "not a name"},
		{CheckNumber, []string{"1", "101", "Alice", "S1", strings.Repeat("9", 20)}, []string{"", "1 0", "*97", "10#", "+49", "1\n", "é", strings.Repeat("9", 21)}, "not an extension number"},
		{CheckNumber, nil, []string{"a", "e", "h", "i", "o", "s", "t", "T", "fax", "talk", "hang", "failed", "default"}, "meaning of its own"},
	} {
		for _, s := range tt.good {
			checkMessage(t, tt.check("key", s), "key", "")
		}
		for _, s := range tt.bad {
			checkMessage(t, tt.check("key", s), "key", tt.complain)
		}
	}
}

func TestCheckRange(t *testing.T) {
	for n, want := range map[int]string{4: "is 4, allowed are 5 to 9 seconds", 5: "", 9: "", 10: "is 10"} {
		checkMessage(t, CheckRange("ring", n, 5, 9, "seconds"), "ring", want)
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"101": `"101"`, "": `""`, "a\nb": `"a·b"`, "a\xffb": `"a·b"`,
		strings.Repeat("é", 41): `"` + strings.Repeat("é", 40) + `…"`,
	} {
		if got := quote(in); got != want {
			t.Errorf("%q shows as %s, want %s", in, got, want)
		}
	}
}
