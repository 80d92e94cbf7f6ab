package templates

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"text/template"
)

// sharedMost bounds the texts kept; with one more all are made anew.
const sharedMost = 4096

// shared keeps what templates made of views that many files have in common, such
// as the two hundred keys of a phone that do nothing: a file of a Yealink is made
// in a fifth of the time so. Templates are pure (see allowed), so equal views give
// equal texts. It is safe for concurrent use.
type shared struct {
	root  *template.Template
	mu    sync.RWMutex
	texts map[sharedView]string
}

type sharedView struct {
	name string
	view any
}

// text is {{ shared "name" view }}, which prints what {{ template "name" view }}
// prints. The view must be comparable.
func (s *shared) text(name string, view any) (string, error) {
	if view == nil || !reflect.TypeOf(view).Comparable() {
		return "", fmt.Errorf("template %s: a %T cannot be shared", name, view)
	}
	key := sharedView{name, view}
	s.mu.RLock()
	text, ok := s.texts[key]
	s.mu.RUnlock()
	if ok {
		return text, nil
	}
	var b strings.Builder
	if err := s.root.ExecuteTemplate(&b, name, view); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.texts == nil || len(s.texts) >= sharedMost {
		s.texts = map[sharedView]string{}
	}
	s.texts[key] = b.String()
	return b.String(), nil
}
