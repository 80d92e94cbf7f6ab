package api

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// binding carries fields between a row and what clients write (W) and read (V). A
// member of W or V stands for the field of the row that has its Go name, so that a
// field is named once here. A tag says what else there is:
//
//	row:"Name"          it stands for another field
//	row:"!Name"         and is true where the field is false
//	row:",sorted"       a list whose order means nothing: the row has it sorted
//	row:",number"       a phone number: what means nothing in it is left out
//	row:",numbers"      a list of them whose order means nothing
//	row:",omitzero"     a pointer that is left out where the field is zero
//	row:"Name,by hand"  toRow, toFields or toView of the kind carries it
//
// Making one panics when a member of W stands for no field, when two do not fit, or
// when V does not show a field of the row: a secret is shown by being written.
type binding[T, W, V any] struct {
	written []link // members of W
	shown   []link // members of V itself
	// kept are the fields of a row that stay when it is written. These are the fields that
	// W does not have, and secrets, unless W brings another.
	kept     []int
	embedded []int // where V has W; nil for nowhere
}

// link is one member and the field that it stands for.
type link struct {
	member                           []int
	field                            int
	name                             string // in JSON
	key                              bool
	invert, sorted, omitZero, byHand bool
	number                           bool
	conversion
}

// newBinding binds by the names and tags of the structs. keyName is the JSON name of the
// key.
func newBinding[T, W, V any](keyName string) *binding[T, W, V] {
	row, write, view := reflect.TypeFor[T](), reflect.TypeFor[W](), reflect.TypeFor[V]()
	b := &binding[T, W, V]{}
	shown, written := map[int]bool{}, map[int]bool{}
	for i := range view.NumField() {
		m := view.Field(i)
		if m.Anonymous && m.Type == write {
			b.embedded = m.Index
		} else if l, ok := linkOf(row, m); ok {
			shown[l.field] = true
			b.shown = append(b.shown, l)
		}
	}
	for _, m := range members(write) {
		l, ok := linkOf(row, m)
		if !ok {
			panic(fmt.Sprintf("api: member %s of %s stands for no field of %s", m.Name, write, row))
		}
		l.key = l.name == keyName
		secret := row.Field(l.field).Type == secretType
		shown[l.field] = shown[l.field] || secret || b.embedded != nil
		written[l.field] = !secret
		b.written = append(b.written, l)
	}
	for i := range row.NumField() {
		name := row.Field(i).Name
		if name == "Tenant" || name == "Version" || name == "Revision" {
			continue
		}
		if !shown[i] {
			panic(fmt.Sprintf("api: no member of %s shows field %s of %s", view, name, row))
		}
		if !written[i] {
			b.kept = append(b.kept, i)
		}
	}
	return b
}

// members are the members of a struct and of its embedded structs. Structs embedded by hand
// are left out.
func members(t reflect.Type) (out []reflect.StructField) {
	for i := range t.NumField() {
		m := t.Field(i)
		if !m.Anonymous || m.Tag.Get("row") != "" {
			out = append(out, m)
			continue
		}
		for _, inner := range members(m.Type) {
			inner.Index = append([]int{i}, inner.Index...)
			out = append(out, inner)
		}
	}
	return out
}

// linkOf finds the field of a row that a member stands for. It panics when the
// two do not fit.
func linkOf(row reflect.Type, m reflect.StructField) (link, bool) {
	field, options, _ := strings.Cut(m.Tag.Get("row"), ",")
	l := link{member: m.Index, name: jsonName(m),
		sorted:   options == "sorted" || options == "numbers",
		number:   options == "number" || options == "numbers",
		omitZero: options == "omitzero", byHand: options == "by hand"}
	field, l.invert = strings.CutPrefix(field, "!")
	if field == "" {
		field = m.Name
	}
	f, ok := row.FieldByName(field)
	if !ok {
		if m.Tag.Get("row") != "" {
			panic(fmt.Sprintf("api: member %s is bound to %s, which %s has not", m.Name, field, row))
		}
		return l, false
	}
	l.field = f.Index[0]
	if l.byHand {
		return l, true
	}
	if l.conversion, ok = conversionOf(m.Type, f.Type); !ok {
		panic(fmt.Sprintf("api: member %s is %s and field %s of %s is %s", m.Name, m.Type, field, row, f.Type))
	}
	return l, true
}

// key is the key in a body; "" where W has none.
func (b *binding[T, W, V]) key(w W) string {
	for _, l := range b.written {
		if l.key {
			return reflect.ValueOf(w).FieldByIndex(l.member).String()
		}
	}
	return ""
}

// fields is a row as a client would write it, without secrets.
func (b *binding[T, W, V]) fields(row *T) (w W) {
	load(reflect.ValueOf(&w).Elem(), reflect.ValueOf(row).Elem(), b.written)
	return w
}

// view is a row as a client reads it; w is its write form.
func (b *binding[T, W, V]) view(row *T, w W) (v V) {
	to := reflect.ValueOf(&v).Elem()
	if b.embedded != nil {
		to.FieldByIndex(b.embedded).Set(reflect.ValueOf(w))
	}
	load(to, reflect.ValueOf(row).Elem(), b.shown)
	return v
}

func load(to, row reflect.Value, links []link) {
	for _, l := range links {
		from := row.Field(l.field)
		if l.byHand || l.load == nil || l.omitZero && from.IsZero() {
			continue
		}
		m := to.FieldByIndex(l.member)
		l.load(m, from)
		if l.invert {
			invert(m)
		}
	}
}

// store carries a client's body into a row that has the defaults. Members that the body
// leaves out stay so. Fields that W lacks, and secrets that the body leaves out, are taken
// from old.
func (b *binding[T, W, V]) store(w W, old, row *T) error {
	from, to := reflect.ValueOf(&w).Elem(), reflect.ValueOf(row).Elem()
	if old != nil {
		for _, i := range b.kept {
			to.Field(i).Set(reflect.ValueOf(old).Elem().Field(i))
		}
	}
	var es pbx.Errors
	for _, l := range b.written {
		m := from.FieldByIndex(l.member)
		if l.byHand || l.key || m.IsZero() || m.Kind() == reflect.Slice && m.Len() == 0 {
			continue
		}
		f := to.Field(l.field)
		es.Add(l.store(l.name, f, m))
		if l.invert {
			f.SetBool(!f.Bool())
		}
		if l.number {
			plainNumbers(f)
		}
		if l.sorted {
			sortTexts(f)
		}
	}
	return es.Err()
}

// invert turns a switch or a pointer to one round.
func invert(m reflect.Value) {
	if m.Kind() == reflect.Pointer {
		m = m.Elem()
	}
	m.SetBool(!m.Bool())
}

// plainNumbers leaves out of a number, or of each in a list, what means nothing.
func plainNumbers(f reflect.Value) {
	if f.Kind() == reflect.String {
		f.SetString(pbx.PlainNumber(f.String()))
		return
	}
	for i := range f.Len() {
		plainNumbers(f.Index(i))
	}
}

// sortTexts sorts a list of texts.
func sortTexts(list reflect.Value) {
	texts := make([]string, list.Len())
	for i := range texts {
		texts[i] = list.Index(i).String()
	}
	slices.Sort(texts)
	for i, text := range texts {
		list.Index(i).SetString(text)
	}
}
