package phoneconf

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
)

// readYealink is a Yealink's reader as the notes describe it: the header line,
// '#' lines are comments, "name = value" with the rest of the line as value,
// %NULL% empties. It is strict about what a phone may be lenient about, and knows
// one parameter that may repeat.
func readYealink(b []byte) (map[string]string, error) {
	text, ok := strings.CutPrefix(string(b), "#!version:1.0.0.1\n")
	if !ok || !strings.HasSuffix(text, "\n") {
		return nil, fmt.Errorf("no header line, or a last line without an end")
	}
	out := map[string]string{}
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' || r == '\x00' || r == '\u0085' || r == '\u2028' }) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, " = ")
		if !ok || strings.ContainsAny(name, " #=\t") {
			return nil, fmt.Errorf("line %q is no parameter", line)
		}
		value = strings.TrimSpace(value)
		if strings.EqualFold(value, "%NULL%") || strings.EqualFold(value, "%EMPTY%") {
			value = ""
		}
		if name == "static.security.user_password" {
			level, _, _ := strings.Cut(value, ":")
			name += "/" + level
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("%s is set twice", name)
		}
		out[name] = value
	}
	return out, nil
}

// readPolycom returns the name of the one element and its attributes.
func readPolycom(b []byte) (string, map[string]string, error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	root, out, ended := "", map[string]string{}, false
	for {
		token, err := d.Token()
		if err == io.EOF {
			return root, out, nil
		}
		if err != nil {
			return "", nil, err
		}
		switch v := token.(type) {
		case xml.StartElement:
			if root != "" || ended {
				return "", nil, fmt.Errorf("second element %s", v.Name.Local)
			}
			root = v.Name.Local
			for _, a := range v.Attr {
				if _, twice := out[a.Name.Local]; twice {
					return "", nil, fmt.Errorf("%s is set twice", a.Name.Local)
				}
				out[a.Name.Local] = a.Value
			}
		case xml.CharData:
			if strings.TrimSpace(string(v)) != "" {
				return "", nil, fmt.Errorf("text %q", v)
			}
		case xml.EndElement:
			ended = true
		case xml.Comment, xml.Directive:
			return "", nil, fmt.Errorf("unexpected %T", v)
		}
	}
}

// want fails the test for each parameter that differs.
func want(t *testing.T, got map[string]string, wanted map[string]string) {
	t.Helper()
	for name, value := range wanted {
		if g, ok := got[name]; !ok || g != value {
			t.Errorf("%s is %q (present: %v), want %q", name, g, ok, value)
		}
	}
}
