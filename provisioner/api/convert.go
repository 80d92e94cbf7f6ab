package api

import (
	"reflect"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// conversion is how a member and a field become each other.
type conversion struct {
	load  func(member, field reflect.Value) // nil: never shown
	store func(name string, field, member reflect.Value) *pbx.Error
}

var (
	secretType      = reflect.TypeFor[pbx.Secret]()
	destinationType = reflect.TypeFor[pbx.Destination]()
	macType         = reflect.TypeFor[pbx.MAC]()
)

// conversionOf returns the conversion between a member's type and a field's type. It is
// false if there is no such conversion.
func conversionOf(member, field reflect.Type) (conversion, bool) {
	text := member.Kind() == reflect.String
	switch {
	case field == secretType:
		return conversion{store: func(_ string, f, m reflect.Value) *pbx.Error {
			f.Set(reflect.ValueOf(pbx.NewSecret(reflect.Indirect(m).String())))
			return nil
		}}, text || member.Kind() == reflect.Pointer && member.Elem().Kind() == reflect.String
	case field == destinationType:
		return conversion{load: func(m, f reflect.Value) { m.SetString(f.Interface().(pbx.Destination).String()) },
			store: func(name string, f, m reflect.Value) *pbx.Error {
				to, err := pbx.ParseDestination(name, m.String())
				f.Set(reflect.ValueOf(to))
				return err
			}}, text
	case field == macType:
		return conversion{load: func(m, f reflect.Value) { m.SetString(pbx.MAC(f.String()).Colons()) }, store: convert}, text
	case member.Kind() == reflect.Pointer:
		return optional(member.Elem(), field)
	case member.Kind() == reflect.Slice && field.Kind() == reflect.Slice:
		load := func(m, f reflect.Value) { m.Set(list(member, f)) }
		store := func(_ string, f, m reflect.Value) *pbx.Error { f.Set(list(field, m)); return nil }
		return conversion{load, store}, fits(member.Elem(), field.Elem())
	}
	return conversion{load: func(m, f reflect.Value) { m.Set(f.Convert(member)) }, store: convert}, fits(member, field)
}

func convert(_ string, f, m reflect.Value) *pbx.Error {
	f.Set(m.Convert(f.Type()))
	return nil
}

// fits reports whether two types differ in name or tags only.
func fits(a, b reflect.Type) bool { return a.Kind() == b.Kind() && a.ConvertibleTo(b) }

// optional is the conversion of a pointer's element; no list is no pointer.
func optional(member, field reflect.Type) (conversion, bool) {
	inner, ok := conversionOf(member, field)
	if !ok {
		return conversion{}, false
	}
	return conversion{
		load: func(m, f reflect.Value) {
			if f.Kind() == reflect.Slice && f.IsNil() {
				return
			}
			m.Set(reflect.New(member))
			inner.load(m.Elem(), f)
		},
		store: func(name string, f, m reflect.Value) *pbx.Error { return inner.store(name, f, m.Elem()) },
	}, true
}

// list converts the elements of a list into another type; it is never nil.
func list(to reflect.Type, from reflect.Value) reflect.Value {
	out := reflect.MakeSlice(to, from.Len(), from.Len())
	for i := range from.Len() {
		out.Index(i).Set(from.Index(i).Convert(to.Elem()))
	}
	return out
}
