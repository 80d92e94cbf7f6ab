package asteriskconf

import (
	"reflect"
	"testing"

	"github.com/dialtone-pbx/dialtone/templates"
)

// A part that stencils cannot read is rendered all the same, ten times as slowly: no
// golden shows it.
func TestPartsAreStencilled(t *testing.T) {
	for _, view := range []any{pjsipDevice{}, dialplanExtension{}, voicemailBox{}} {
		of := reflect.TypeOf(view)
		for i := range of.NumField() {
			if f := of.Field(i); !stencilled(f.Type) || !f.IsExported() {
				t.Errorf("%s.%s: no stencil reads a %s", of.Name(), f.Name, f.Type)
			}
		}
	}
}

// stencilled reports whether values of a type are opaque, plain or made of such.
func stencilled(t reflect.Type) bool {
	if t.Implements(reflect.TypeFor[templates.Opaque]()) {
		return true
	}
	switch t.Kind() {
	case reflect.Int, reflect.Bool, reflect.String:
		return true
	case reflect.Slice, reflect.Pointer:
		return stencilled(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); !f.IsExported() || !stencilled(f.Type) {
				return false
			}
		}
		return true
	}
	return false
}
