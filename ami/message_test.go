package ami

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEncodeActionRefuses(t *testing.T) {
	for name, h := range map[string]Field{
		"CRLF": {"A", "x\r\nAction: Command"}, "CR": {"A", "x\ry"}, "LF": {"A", "x\ny"}, "NUL": {"A", "x\x00"},
		"empty name": {"", "x"}, "colon in name": {"A: b\r\nC", "x"}, "blank in name": {"A b", "x"},
	} {
		if got, err := encodeAction("Ping", "1", []Field{h}); !errors.Is(err, ErrBadValue) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func TestCheckMessage(t *testing.T) {
	const head = "Action: Ping\r\nActionID: 1\r\n"
	tests := []struct {
		name, message string
		ok            bool
	}{
		{"good", head + "A: b\r\n\r\n", true},
		{"goami's empty value", head + "Module: \r\n\r\n", true},
		{"line of the greatest length", head + "A: " + strings.Repeat("x", maxLine-3) + "\r\n\r\n", true},
		{"too long a line", head + "A: " + strings.Repeat("x", maxLine-2) + "\r\n\r\n", false},
		{"no end", head, false},
		{"two actions", head + "\r\n" + head + "\r\n", false},
		{"second action line", head + "action: Command\r\n\r\n", false},
		{"second ActionID", head + "ActionID: 1\r\n\r\n", false},
		{"foreign ActionID", "Action: Ping\r\nActionID: 2\r\n\r\n", false},
		{"no ActionID", "Action: Ping\r\n\r\n", false},
		{"bare newline", head + "A: b\nC: d\r\n\r\n", false},
		{"no colon", head + "A\r\n\r\n", false},
		{"too many headers", head + strings.Repeat("A: b\r\n", maxHeaders-1) + "\r\n", false},
	}
	for _, tt := range tests {
		if err := checkMessage(tt.message, "1"); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// What is written is read back as the same headers, or nothing is written: no value adds a line.
func FuzzEncodeAction(f *testing.F) {
	f.Add("Secret", "100%s", "Variable", "Content=a\\,b")
	f.Add("A", "x\r\nAction: Command\r\n\r\n", "B", " leading")
	f.Add("Action", "Command", "B", "")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		headers := []Field{{name1, value1}, {name2, value2}}
		text, err := encodeAction("Ping", "id", headers)
		if err != nil {
			if text != "" {
				t.Fatalf("error and text %q", text)
			}
			return
		}
		want := append([]Field{{"Action", "Ping"}, {"ActionID", "id"}}, headers...)
		if diff := cmp.Diff(want, ParseFrame(text).Fields()); diff != "" {
			t.Fatal(diff)
		}
		if strings.Count(text, "\r\n\r\n") != 1 || !strings.HasSuffix(text, "\r\n\r\n") {
			t.Fatalf("empty line inside %q", text)
		}
	})
}
