package api

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// hostile is what no text may hold, be it a name or a password: lines of a file
// are what texts become.
var hostile = []string{"a\nb", "a\r\nb", "a\x00b", "a\x1bb", "a\x7fb", "a\u2028b"}

// ofLines are the texts that have lines of their own: those of mails and text messages.
var ofLines = []string{"voicemail_text", "text"}

// wrongValues are what a field must refuse, by its schema.
func (s sweep) wrongValues(p place, method string) (out []any) {
	types := typesOf(p.schema)
	for _, sample := range []struct {
		kind  string
		value any
	}{{"string", "x"}, {"number", 7}, {"boolean", true}, {"object", map[string]any{"x": 1}}, {"array", []any{map[string]any{"x": 1}}}} {
		fits := slices.Contains(types, sample.kind) || sample.kind == "number" && slices.Contains(types, "integer")
		if !fits {
			out = append(out, sample.value)
		}
	}
	// null is what is left out: refused in what must be there. In a list and in a
	// merge patch too, where it takes a field back.
	if _, inList := p.path[len(p.path)-1].(int); p.required && (method != "PATCH" || inList) && !slices.Contains(types, "null") {
		out = append(out, nil)
	}
	for _, kind := range types {
		switch kind {
		case "string":
			out = append(out, s.wrongTexts(p)...)
		case "integer":
			out = append(out, wrongNumbers(p.schema)...)
		case "object":
			out = append(out, s.wrongKeys(p)...)
		}
	}
	return append(out, s.refers[p.name()]...)
}

func typesOf(schema map[string]any) (out []string) {
	switch t := schema["type"].(type) {
	case string:
		return []string{t}
	case []any:
		for _, one := range t {
			out = append(out, one.(string))
		}
	}
	return out
}

func (s sweep) wrongTexts(p place) (out []any) {
	long := []string{strings.Repeat("a", 5000), strings.Repeat("7", 5000), strings.Repeat("ü", 5000)}
	for _, text := range append(long, hostile...) {
		if !slices.Contains(ofLines, p.name()) || text != "a\nb" && text != "a\r\nb" {
			out = append(out, text)
		}
	}
	if p.required { // an optional one that is empty is the same as left out
		out = append(out, "")
	}
	if _, ok := p.schema["enum"]; ok {
		out = append(out, "no-such-choice")
	}
	return out
}

func wrongNumbers(schema map[string]any) []any {
	out := []any{-1, 1.5, json.RawMessage("1e30"), json.RawMessage("9223372036854775808"), json.RawMessage("4294967296"), "7"}
	for name, step := range map[string]float64{"minimum": -1, "maximum": 1} {
		if bound, ok := schema[name].(float64); ok {
			out = append(out, bound+step)
		}
	}
	return out
}

// wrongKeys are bad names of entries, in a map.
func (s sweep) wrongKeys(p place) (out []any) {
	entries, ok := p.schema["additionalProperties"].(map[string]any)
	if !ok {
		return []any{map[string]any{"colour": 1}}
	}
	var entry any = "none"
	if required, isObject := s.resolve(entries)["required"].([]any); isObject {
		fields := map[string]any{}
		for _, name := range required {
			fields[name.(string)] = "none"
		}
		entry = fields
	}
	for _, key := range append([]string{"", "x", "-1", "0", "99999999999999999999", strings.Repeat("1", 300)}, hostile...) {
		out = append(out, map[string]any{key: entry})
	}
	return out
}

// references lists, by the name of a property, keys of objects that are missing
// and of another tenant's. A property refers to a kind when it is named after it:
// extension, parent_device, groups. What is named otherwise stands in alsoRefers.
func references(d document) map[string][]any {
	out := maps.Clone(alsoRefers)
	for plural, keys := range unreachable {
		words := strings.ReplaceAll(plural, "-", "_")
		singular := strings.TrimSuffix(words, "s")
		if strings.HasSuffix(words, "xes") {
			singular = strings.TrimSuffix(words, "es")
		}
		named := func(name, word string) bool {
			if name == "first_extension" || name == "from_user" { // a number, of nobody yet; an account at a carrier
				return false
			}
			return name == word || strings.HasSuffix(name, "_"+word)
		}
		for name, list := range properties(d) {
			switch {
			case list && named(name, words):
				for _, key := range keys {
					out[name] = append(out[name], []any{key})
				}
			case !list && named(name, singular):
				out[name] = append(out[name], keys...)
			}
		}
	}
	return out
}

// properties are the names of all properties, and whether they are lists.
func properties(d document) map[string]bool {
	out := map[string]bool{}
	for _, schema := range d.Components.Schemas {
		all, _ := schema.(map[string]any)["properties"].(map[string]any)
		for name, property := range all {
			out[name] = out[name] || slices.Contains(typesOf(property.(map[string]any)), "array")
		}
	}
	return out
}
