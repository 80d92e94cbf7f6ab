package ami

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestParseFrame(t *testing.T) {
	tests := []struct {
		name, text string
		want       []Field
	}{
		{"colons in values", "Uri: sip:1@[2001:db8::1]:5060\r\n", []Field{{"Uri", "sip:1@[2001:db8::1]:5060"}}},
		{"one blank goes, the rest stays", "Output:   a \r\nX:y\r\n", []Field{{"Output", "  a "}, {"X", "y"}}},
		{"names repeat", "Var: a\r\nVar: b\r\n", []Field{{"Var", "a"}, {"Var", "b"}}},
		{"empty value", "Value: \r\nOther:\r\n", []Field{{"Value", ""}, {"Other", ""}}},
		{"lines without a colon are ignored", "nonsense\r\nA: b\r\n", []Field{{"A", "b"}}},
		{"a newline at the end of an answer's value goes", "Message: No Contacts found\n\r\n\r\nA: b\r\n", []Field{{"Message", "No Contacts found"}}},
		{"no single CR or LF ends a line", "Event: X\r\nA: b\nC: d\rE: f\n\r\n", []Field{{"Event", "X"}, {"A", "b\nC: d\rE: f\n"}}},
		{"stops at the empty line", "A: b\r\n\r\nC: d\r\n", []Field{{"A", "b"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, ParseFrame(tt.text).Fields()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFrameGet(t *testing.T) {
	f := ParseFrame("Event: X\r\nUri: 1\r\nuri: 2\r\n")
	if f.Get("URI") != "1" || f.Name() != "X" || f.Get("none") != "" {
		t.Errorf("Get: %q, Name: %q", f.Get("URI"), f.Name())
	}
	if diff := cmp.Diff([]string{"1", "2"}, f.All("URI")); diff != "" {
		t.Error(diff)
	}
}

// Long lines, lines split over buffers, superfluous empty lines, single bytes: the frames are the same.
func TestReadFrame(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	text := "\r\n\r\nA: 1\r\nB: " + long + "\r\n\r\n\r\nC: 2\r\n\r\n"
	for name, r := range map[string]io.Reader{
		"whole": strings.NewReader(text), "bytes": iotest.OneByteReader(strings.NewReader(text)),
	} {
		reader := bufio.NewReaderSize(r, 16)
		var got [][]Field
		for {
			f, err := readFrame(reader)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, f.Fields())
		}
		if diff := cmp.Diff([][]Field{{{"A", "1"}, {"B", long}}, {{"C", "2"}}}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestReadFrameTooLarge(t *testing.T) {
	var read countingReader
	if _, err := readFrame(bufio.NewReader(io.MultiReader(strings.NewReader("A: 1\r\n"), &read))); !errors.Is(err, errFrameTooLarge) {
		t.Errorf("got %v, want %v", err, errFrameTooLarge)
	}
	if read > maxFrame+8192 {
		t.Errorf("%d bytes were read first", read)
	}
}

// countingReader never ends and counts what was taken.
type countingReader int

func (c *countingReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	*c += countingReader(len(p))
	return len(p), nil
}

// A frame cut off is an error, never half a frame.
func TestReadFrameCut(t *testing.T) {
	for _, text := range []string{"", "A: 1", "A: 1\r\n", "A: 1\r\n\r"} {
		if f, err := readFrame(bufio.NewReader(strings.NewReader(text))); !errors.Is(err, io.EOF) {
			t.Errorf("%q: got %v, %v", text, f, err)
		}
	}
}

// Whatever the bytes: no panic, no frame above the cap, and no field that holds a line break.
func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("Event: X\r\nA: b:c\r\n\r\nResponse: Error\nMessage: no\n\r\n\r\n"))
	f.Add([]byte("\r\n\r\r\n:\r\n: \r\n\r\n\x00\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		reader := bufio.NewReaderSize(strings.NewReader(string(data)), 16)
		total := 0
		for {
			frame, err := readFrame(reader)
			if err != nil {
				break
			}
			total += frame.size
			if frame.size == 0 || frame.size > maxFrame {
				t.Fatalf("frame of %d bytes", frame.size)
			}
			for _, field := range frame.Fields() {
				if strings.Contains(field.Name+field.Value, "\r\n") {
					t.Fatalf("line break in %q", field)
				}
			}
			ParseEvent(frame)
			newContact(frame).Address()
			newChannel(frame)
		}
		if total > len(data) {
			t.Fatalf("%d bytes of frames from %d", total, len(data))
		}
	})
}
