package templates

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"text/template"
)

// Opaque is a value of a view that a template prints or asks whether it is there,
// and does nothing else with (a test holds the shipped templates to that). So files
// whose views differ in the texts of such values alone have all else in common.
type Opaque interface {
	String() string
	// Any reports whether there is a text. What a template does with an empty value is
	// part of what files have in common.
	Any() bool
	// Hole returns a value of the same type that prints as mark.
	Hole(mark string) any
}

const (
	// stencilBytes bounds what is kept of stencils; with one more all are made anew. A
	// site with a hundred layouts of keys needs a quarter of it.
	stencilBytes = 4 << 20
	// stencilHoles is how many values a file may have that is worth one: more has a
	// directory, which is rendered once for all phones of a tenant.
	stencilHoles = 2000
	// holeMark stands around the number of a value. No dialect of phones' files can
	// carry it, so no value has it.
	holeMark = '\x00'
)

// stencil is what a template makes of all views of one shape: text, and holes where
// each view has a value of its own. It is never changed.
type stencil struct {
	text []byte
	cuts []cut
	rest int // where the text behind the last hole begins
}

// cut is a piece of text from where the one before it ended, and the value behind it.
type cut struct{ end, value int }

// stencils keeps those of one folder. With them all files of a T46U take a sixth of the
// processor time, what their views take included. It is safe for concurrent use.
type stencils struct {
	root *template.Template
	mu   sync.RWMutex
	made map[string]*stencil // by shape
	used int
}

// render prints what root's template name prints of the view.
func (s *stencils) render(name string, view any) ([]byte, error) {
	sh := shapes.Get().(*shape)
	defer shapes.Put(sh)
	sh.reset(name)
	if !sh.add(view) {
		var b bytes.Buffer
		err := s.root.ExecuteTemplate(&b, name, view)
		return b.Bytes(), err
	}
	s.mu.RLock()
	st := s.made[string(sh.key)]
	s.mu.RUnlock()
	if st == nil {
		var err error
		if st, err = s.cut(name, view, len(sh.values)); err != nil {
			return nil, err
		}
		s.keep(string(sh.key), st)
	}
	return st.fill(sh.values), nil
}

// shared is {{ shared "name" view }}, which prints what {{ template "name" view }}
// prints: for parts that are alike in files that are not, such as accounts and keys.
func (s *stencils) shared(name string, view any) (string, error) {
	b, err := s.render(name, view)
	return string(b), err
}

// cut makes a stencil: the template runs once, with marks for values.
func (s *stencils) cut(name string, view any, values int) (*stencil, error) {
	var b bytes.Buffer
	if err := s.root.ExecuteTemplate(&b, name, holed(view)); err != nil {
		return nil, err
	}
	st := &stencil{}
	for rest := b.Bytes(); ; {
		text, after, found := bytes.Cut(rest, []byte{holeMark})
		st.text = append(st.text, text...)
		if !found {
			st.text = bytes.Clone(st.text)
			return st, nil
		}
		number, behind, whole := bytes.Cut(after, []byte{holeMark})
		n, err := strconv.Atoi(string(number))
		if !whole || err != nil || n >= values {
			return nil, fmt.Errorf("template %s: something changes a value before it is printed", name)
		}
		st.cuts, st.rest, rest = append(st.cuts, cut{len(st.text), n}), len(st.text), behind
	}
}

// keep keeps a stencil. What it replaces made the same bytes.
func (s *stencils) keep(key string, st *stencil) {
	cost := len(key) + len(st.text) + 16*len(st.cuts)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made == nil || s.used+cost > stencilBytes {
		s.made, s.used = map[string]*stencil{}, 0
	}
	s.made[key] = st
	s.used += cost
}

// fill puts values into the holes.
func (s *stencil) fill(values []string) []byte {
	n := len(s.text)
	for _, c := range s.cuts {
		n += len(values[c.value])
	}
	out, at := make([]byte, 0, n), 0
	for _, c := range s.cuts {
		out = append(out, s.text[at:c.end]...)
		out = append(out, values[c.value]...)
		at = c.end
	}
	return append(out, s.text[s.rest:]...)
}

// mark is what the value of that number prints as while a stencil is made.
func mark(n int) string {
	return strings.Join([]string{"", strconv.Itoa(n), ""}, string(holeMark))
}
