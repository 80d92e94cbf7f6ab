package templates

import (
	"encoding/binary"
	"reflect"
	"sync"
)

// shape is all of a view but the texts of its opaque values: two views of one shape
// take the same way through a template.
type shape struct {
	key    []byte
	values []string
}

// shapes spares each file the making of one.
var shapes = sync.Pool{New: func() any { return new(shape) }}

func (s *shape) reset(name string) {
	clear(s.values) // passwords among them
	s.key, s.values = append(s.key[:0], name...), s.values[:0]
}

// add takes in a view, and reports whether that is possible: it may hold structs,
// lists, pointers, numbers, texts and opaque values.
func (s *shape) add(view any) bool {
	if view == nil {
		return false
	}
	t := reflect.TypeOf(view)
	r := readerOf(t)
	if r == nil {
		return false
	}
	v := reflect.New(t).Elem() // of which readOpaque can have the address
	v.Set(reflect.ValueOf(view))
	return r.read(s, v) && len(s.values) <= stencilHoles
}

// reader reads values of one type into a shape, and copies them with holes.
type reader struct {
	read func(*shape, reflect.Value) bool
	hole func(v reflect.Value, next *int) reflect.Value
}

// readers are by reflect.Type; a nil one is of a type that cannot be read.
var readers sync.Map

var opaque = reflect.TypeFor[Opaque]()

// readerOf returns the reader of a type, nil for none. Views are not recursive.
func readerOf(t reflect.Type) *reader {
	if r, ok := readers.Load(t); ok {
		return r.(*reader)
	}
	r := newReader(t)
	readers.Store(t, r)
	return r
}

func newReader(t reflect.Type) *reader {
	same := func(v reflect.Value, _ *int) reflect.Value { return v }
	if t.Implements(opaque) {
		return &reader{readOpaque, holeOpaque}
	}
	switch t.Kind() {
	case reflect.Int:
		return &reader{func(s *shape, v reflect.Value) bool { s.key = binary.AppendVarint(s.key, v.Int()); return true },
			same}
	case reflect.Bool:
		return &reader{func(s *shape, v reflect.Value) bool { s.flag(v.Bool()); return true }, same}
	case reflect.String:
		return &reader{func(s *shape, v reflect.Value) bool {
			s.key = append(binary.AppendUvarint(s.key, uint64(v.Len())), v.String()...)
			return true
		}, same}
	case reflect.Pointer:
		return pointerReader(t)
	case reflect.Slice, reflect.Array:
		return listReader(t)
	case reflect.Struct:
		return structReader(t)
	}
	return nil
}

func (s *shape) flag(on bool) {
	if on {
		s.key = append(s.key, 1)
	} else {
		s.key = append(s.key, 0)
	}
}

// readOpaque goes by the address, which spares a copy for each of hundreds.
func readOpaque(s *shape, v reflect.Value) bool {
	o := v.Addr().Interface().(Opaque)
	there := o.Any()
	if s.flag(there); there {
		s.values = append(s.values, o.String())
	}
	return true
}

func holeOpaque(v reflect.Value, next *int) reflect.Value {
	o := v.Interface().(Opaque)
	if !o.Any() {
		return v
	}
	*next++
	return reflect.ValueOf(o.Hole(mark(*next - 1)))
}

func pointerReader(t reflect.Type) *reader {
	of := readerOf(t.Elem())
	if of == nil {
		return nil
	}
	return &reader{func(s *shape, v reflect.Value) bool {
		s.flag(!v.IsNil())
		return v.IsNil() || of.read(s, v.Elem())
	}, func(v reflect.Value, next *int) reflect.Value {
		if v.IsNil() {
			return v
		}
		out := reflect.New(t.Elem())
		out.Elem().Set(of.hole(v.Elem(), next))
		return out
	}}
}

func listReader(t reflect.Type) *reader {
	of := readerOf(t.Elem())
	if of == nil {
		return nil
	}
	return &reader{func(s *shape, v reflect.Value) bool {
		s.key = binary.AppendUvarint(s.key, uint64(v.Len()))
		for i := range v.Len() {
			if !of.read(s, v.Index(i)) {
				return false
			}
		}
		return len(s.values) <= stencilHoles
	}, func(v reflect.Value, next *int) reflect.Value {
		out := reflect.New(t).Elem()
		if t.Kind() == reflect.Slice {
			out.Set(reflect.MakeSlice(t, v.Len(), v.Len()))
		}
		for i := range v.Len() {
			out.Index(i).Set(of.hole(v.Index(i), next))
		}
		return out
	}}
}

func structReader(t reflect.Type) *reader {
	of := make([]*reader, t.NumField())
	for i := range of {
		if of[i] = readerOf(t.Field(i).Type); of[i] == nil || !t.Field(i).IsExported() {
			return nil
		}
	}
	return &reader{func(s *shape, v reflect.Value) bool {
		for i, r := range of {
			if !r.read(s, v.Field(i)) {
				return false
			}
		}
		return true
	}, func(v reflect.Value, next *int) reflect.Value {
		out := reflect.New(t).Elem()
		for i, r := range of {
			out.Field(i).Set(r.hole(v.Field(i), next))
		}
		return out
	}}
}

// holed returns a copy of a view that add took in, with marks for its values in the
// order of shape.values.
func holed(view any) any {
	v, next := reflect.ValueOf(view), 0
	return readerOf(v.Type()).hole(v, &next).Interface()
}
