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
		if strings.TrimPrefix(name, "static.") == "security.user_password" {
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

// readFile reads any file of a phone into names and values. The texts of a
// directory are named by the path of their element and its place among its like.
func readFile(name FileName, b []byte) (map[string]string, error) {
	switch {
	case strings.HasSuffix(string(name), ".xml"):
		return readDirectory(b)
	case strings.HasSuffix(string(name), ".boot"):
		file, ok := strings.CutPrefix(string(b), "#!version:1.0.0.1\ninclude:config \"")
		if file, ok2 := strings.CutSuffix(file, ".cfg\"\n"); ok && ok2 && len(file) == 12 {
			return map[string]string{"include": file + ".cfg"}, nil
		}
		return nil, fmt.Errorf("boot file is %q", b)
	case strings.HasPrefix(string(b), "#!version"):
		return readYealink(b)
	}
	_, out, err := readPolycom(b)
	return out, err
}

func readDirectory(b []byte) (map[string]string, error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	out, seen := map[string]string{}, map[string]int{}
	var path []string
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		switch v := token.(type) {
		case xml.StartElement:
			path = append(path, v.Name.Local)
			at := strings.Join(path, "/")
			seen[at]++
			out[fmt.Sprintf("%s#%d", at, seen[at])] = ""
		case xml.CharData:
			if at := strings.Join(path, "/"); len(path) > 0 && strings.TrimSpace(string(v)) != "" {
				out[fmt.Sprintf("%s#%d", at, seen[at])] += string(v)
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.Comment, xml.Directive:
			return nil, fmt.Errorf("unexpected %T", v)
		}
	}
}
