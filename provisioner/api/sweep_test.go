package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestBadInputChangesNothing tries, in each field of each write that the document
// describes, what no field may take: it is 4xx, names the field, and changes
// nothing. What to try follows from the schemas, so a field that is added later is
// tried too; only an operation needs an entry in swept.
func TestBadInputChangesNothing(t *testing.T) {
	l := newLab(t)
	password := l.settle()
	d, _ := l.document()
	s := sweep{l: l, schemas: d.Components.Schemas, refers: references(d)}
	before := l.everything(d)
	for _, o := range sweptOperations(t, d) {
		t.Run(o.id, func(t *testing.T) {
			s.operation(t, o)
			after := l.everything(d)
			for i := range before {
				if after[i] != before[i] {
					t.Errorf("the rows were\n%s\nand are\n%s", before[i], after[i])
				}
			}
			before = after
		})
	}
	// Were the bodies wrong before anything was put into them, nothing was tried.
	for _, o := range sweptOperations(t, d) {
		for i, body := range o.bodies() {
			if o.method == "POST" && i > 0 {
				continue // the first has made it
			}
			body = strings.Replace(body, "$password", password, 1)
			if r := l.do(o.method, o.path, body); r.Status >= 300 && r.Status != http.StatusServiceUnavailable { // no mail server
				t.Errorf("%s takes not even its good body %d, %s: %d %s", o.id, i, body, r.Status, r.Body)
			}
		}
	}
}

// sweptOperation is a write with bodies that it takes.
type sweptOperation struct {
	id, method, path string
	schema           any
	good             []map[string]any
}

func (o sweptOperation) bodies() (texts []string) {
	for _, g := range o.good {
		text, err := json.Marshal(g)
		if err != nil {
			panic(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

// sweep knows what to put into a field.
type sweep struct {
	l       *lab
	schemas map[string]any
	refers  map[string][]any // by the name of a property: what it must not name
}

// operation tries every field of the body, and the keys in the path.
func (s sweep) operation(t *testing.T, o sweptOperation) {
	t.Helper()
	tried := 0
	for _, place := range s.places(o.schema, nil) {
		for _, bad := range s.wrongValues(place, o.method) {
			s.try(t, o, place, bad)
			tried++
		}
	}
	for _, body := range []string{`null`, `[]`, `7`, `"x"`, `{`, `{"colour": 1}`, `{"\u0000": 1}`} {
		s.refused(t, o, o.path, body, "")
	}
	if r := s.l.do(o.method, o.path, `"`+strings.Repeat("x", maxBody+1024)+`"`); r.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("%s takes more than 1 MiB: %d %.200s", o.id, r.Status, r.Body)
	}
	keys := strings.Split(strings.TrimPrefix(s.l.path(o.path), "/v1/"), "/")
	for i := 1; i < len(keys); i += 2 {
		for _, bad := range []string{"a%0ab", "a%00b", "%ff", strings.Repeat("a", 3000), "..%2f.."} {
			changed := slices.Clone(keys)
			changed[i] = bad
			s.refused(t, o, "/v1/"+strings.Join(changed, "/"), o.bodies()[0], "")
		}
	}
	if tried == 0 {
		t.Error("it has no fields")
	}
}

// place is a field in a body: lines, 0, device.
type place struct {
	path     []any
	schema   map[string]any
	required bool
}

// String is the place as a problem names it: lines[0].device.
func (p place) String() (out string) {
	for _, step := range p.path {
		if i, ok := step.(int); ok {
			out += fmt.Sprintf("[%d]", i)
			continue
		}
		out += fmt.Sprintf(".%v", step)
	}
	return strings.TrimPrefix(out, ".")
}

// name is the last property on the way to the place.
func (p place) name() string {
	for _, step := range slices.Backward(p.path) {
		if name, ok := step.(string); ok {
			return name
		}
	}
	return ""
}

// places lists the fields below a schema, first entries of lists and maps among
// them.
func (s sweep) places(schema any, path []any) (out []place) {
	m := s.resolve(schema)
	required, _ := m["required"].([]any)
	properties, _ := m["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		at := append(slices.Clone(path), name)
		out = append(out, place{at, s.resolve(properties[name]), slices.Contains(required, any(name))})
		out = append(out, s.places(properties[name], at)...)
	}
	if items, ok := m["items"]; ok {
		at := append(slices.Clone(path), 0)
		out = append(out, place{at, s.resolve(items), true})
		out = append(out, s.places(items, at)...)
	}
	if entries, ok := m["additionalProperties"].(map[string]any); ok {
		key := aKey
		if len(path) > 0 && path[len(path)-1] == "firmware" {
			key = "T46U"
		}
		at := append(slices.Clone(path), key)
		out = append(out, place{at, s.resolve(entries), true})
		out = append(out, s.places(entries, at)...)
	}
	return out
}

// aKey is the key of the entry that is tried in a map: a place of a button.
const aKey = "2"

func (s sweep) resolve(schema any) map[string]any {
	m, _ := schema.(map[string]any)
	if ref, ok := m["$ref"].(string); ok {
		return s.resolve(s.schemas[strings.TrimPrefix(ref, "#/components/schemas/")])
	}
	return m
}

// try puts a value into the first good body that has the field, else into the
// first one.
func (s sweep) try(t *testing.T, o sweptOperation, p place, bad any) {
	t.Helper()
	i := max(slices.IndexFunc(o.good, func(g map[string]any) bool { return has(g, p.path) }), 0)
	doc, err := json.Marshal(put(o.good[i], p.path, bad))
	if err != nil {
		t.Fatal(err)
	}
	s.refused(t, o, o.path, string(doc), p.String())
}

// refused sends a request that must be 4xx, name the field (or one inside, or the
// list it is in) and make no revision.
func (s sweep) refused(t *testing.T, o sweptOperation, path, body, field string) {
	t.Helper()
	before := s.l.revision()
	r := s.l.do(o.method, path, body)
	shown := fmt.Sprintf("%s %.100s with %s in %.150q", o.method, path, cmp.Or(field, "?"), body)
	if r.Status < 400 || r.Status > 499 {
		t.Errorf("%s: %d %.300s", shown, r.Status, r.Body)
	} else if p := r.problem(); field != "" && !p.names(field) {
		t.Errorf("%s: %s is not named in %.300s", shown, field, r.Body)
	}
	s.speaks(t, shown, r)
	if len(r.Body) > 4096 {
		t.Errorf("%s: the answer has %d bytes", shown, len(r.Body))
	}
	if now := s.l.revision(); now != before {
		t.Fatalf("%s: revision %d became %d", shown, before, now)
	}
}

// speaks checks that each refusal is a sentence that says its subject once.
func (s sweep) speaks(t *testing.T, shown string, r reply) {
	t.Helper()
	if r.Status < 400 || r.Status > 499 {
		return
	}
	p := r.problem()
	for _, e := range append(p.Errors, ProblemField{p.Field, p.Detail}) {
		if wrong := unspeakable(e.Field, e.Detail); wrong != "" {
			t.Errorf("%s: %q, about %q, %s", shown, e.Detail, e.Field, wrong)
		}
	}
}

// names reports whether the problem is about a field.
func (p Problem) names(field string) bool {
	list, inList := strings.CutSuffix(field, "[0]")
	about := func(f string) bool {
		return f == field || strings.HasPrefix(f, field+".") || strings.HasPrefix(f, field+"[") || inList && f == list
	}
	return about(p.Field) || slices.ContainsFunc(p.Errors, func(e ProblemField) bool { return about(e.Field) })
}

// has reports whether a document has something at a path.
func has(doc any, path []any) bool {
	if len(path) == 0 {
		return true
	}
	switch d := doc.(type) {
	case map[string]any:
		next, ok := d[fmt.Sprint(path[0])]
		return ok && has(next, path[1:])
	case []any:
		i, ok := path[0].(int)
		return ok && i < len(d) && has(d[i], path[1:])
	}
	return false
}

// put returns a copy of a document with a value at a path.
func put(doc any, path []any, value any) any {
	if len(path) == 0 {
		return value
	}
	if i, ok := path[0].(int); ok {
		list, _ := doc.([]any)
		out := slices.Clone(list)
		for len(out) <= i {
			out = append(out, nil)
		}
		out[i] = put(out[i], path[1:], value)
		return out
	}
	m, _ := doc.(map[string]any)
	out := maps.Clone(m)
	if out == nil {
		out = map[string]any{}
	}
	name := fmt.Sprint(path[0])
	out[name] = put(out[name], path[1:], value)
	return out
}

// everything is what all lists show, without what moves by itself.
func (l *lab) everything(d document) (out []string) {
	l.t.Helper()
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		if _, ok := d.Paths[path]["get"]; !ok || strings.HasSuffix(path, ".csv") || strings.Count(path, "{") > strings.Count(path, "{tenant}") {
			continue
		}
		for _, tenant := range []string{"default", "acme"} {
			at := strings.ReplaceAll(path, "{tenant}", url.PathEscape(tenant))
			if slices.Contains([]string{"/v1/events", "/v1/health", "/v1/drift"}, path) || tenant != "default" && at == path {
				continue
			}
			var v any
			if err := json.Unmarshal([]byte(l.must(200, "GET", at, "").Body), &v); err != nil {
				l.t.Fatal(err)
			}
			text, _ := json.Marshal(still(v))
			out = append(out, fmt.Sprintf("%s %s", at, text))
		}
	}
	return out
}

// still drops the fields that change without a write.
func still(v any) any {
	switch d := v.(type) {
	case map[string]any:
		for _, name := range []string{"apply", "last_used", "age_seconds", "status", "stale", "error"} {
			delete(d, name)
		}
		for name := range d {
			d[name] = still(d[name])
		}
	case []any:
		for i := range d {
			d[i] = still(d[i])
		}
	}
	return v
}
