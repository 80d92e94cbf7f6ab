package db

import (
	"cmp"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// The types here are columns that hold something else than a field does. Each
// points at the field and has three forms of it: Scan reads the column, Value is
// what is written, MarshalJSON is the API's form, for the audit.

// secret is the text of a secret. The audit has **** in its place, or nothing: see
// Change.
type secret struct{ to *pbx.Secret }

// Scan implements sql.Scanner.
func (s secret) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return errors.New("a secret is not a text")
	}
	*s.to = pbx.NewSecret(text)
	return nil
}

// Value implements driver.Valuer.
func (s secret) Value() (driver.Value, error) { return s.to.Reveal(), nil }

// MarshalJSON implements json.Marshaler.
func (s secret) MarshalJSON() ([]byte, error) { return json.Marshal(*s.to) }

// reference is the key of another object; NULL, which refers to nothing, is "".
type reference struct{ to *string }

// Scan implements sql.Scanner.
func (r reference) Scan(v any) error {
	text, ok := v.(string)
	if !ok && v != nil {
		return errors.New("a reference is not a text")
	}
	*r.to = text
	return nil
}

// Value implements driver.Valuer.
func (r reference) Value() (driver.Value, error) {
	if *r.to == "" {
		return nil, nil
	}
	return *r.to, nil
}

// MarshalJSON implements json.Marshaler.
func (r reference) MarshalJSON() ([]byte, error) { return json.Marshal(*r.to) }

// inverted is a switch that the database and the API have the other way round.
type inverted struct{ to *bool }

// Scan implements sql.Scanner.
func (i inverted) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return errors.New("a switch is not an integer")
	}
	*i.to = n == 0
	return nil
}

// Value implements driver.Valuer.
func (i inverted) Value() (driver.Value, error) { return !*i.to, nil }

// MarshalJSON implements json.Marshaler.
func (i inverted) MarshalJSON() ([]byte, error) { return json.Marshal(!*i.to) }

// words is an ordered list of words without spaces; an empty list is nil.
type words struct{ to *[]string }

// Scan implements sql.Scanner.
func (w words) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return errors.New("a list of words is not a text")
	}
	*w.to = nil
	if text != "" {
		*w.to = strings.Fields(text)
	}
	return nil
}

// Value implements driver.Valuer.
func (w words) Value() (driver.Value, error) { return strings.Join(*w.to, " "), nil }

// MarshalJSON implements json.Marshaler.
func (w words) MarshalJSON() ([]byte, error) { return listJSON(*w.to) }

// names is a set of names without spaces, read sorted; an empty set is nil.
type names[T ~string] struct{ to *[]T }

// Scan implements sql.Scanner.
func (n names[T]) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return errors.New("names are not a text")
	}
	*n.to = nil
	for _, name := range strings.Fields(text) {
		*n.to = append(*n.to, T(name))
	}
	slices.Sort(*n.to)
	return nil
}

// Value implements driver.Valuer.
func (n names[T]) Value() (driver.Value, error) {
	var b strings.Builder
	for i, name := range *n.to {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(name))
	}
	return b.String(), nil
}

// MarshalJSON implements json.Marshaler.
func (n names[T]) MarshalJSON() ([]byte, error) { return listJSON(*n.to) }

// listJSON writes no list as an empty one.
func listJSON[T any](list []T) ([]byte, error) {
	if list == nil {
		list = []T{}
	}
	return json.Marshal(list)
}

// inJSON is a struct as JSON, whose names there are those of the API.
type inJSON[T any] struct{ to *T }

// Scan implements sql.Scanner.
func (j inJSON[T]) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return errors.New("a text in JSON is not a text")
	}
	*j.to = *new(T)
	return json.Unmarshal([]byte(text), j.to)
}

// Value implements driver.Valuer.
func (j inJSON[T]) Value() (driver.Value, error) {
	text, err := json.Marshal(j.to)
	return string(text), err
}

// MarshalJSON implements json.Marshaler.
func (j inJSON[T]) MarshalJSON() ([]byte, error) { return json.Marshal(j.to) }

// instant is a time in milliseconds since 1970; 0 is the zero time.
type instant struct{ to *time.Time }

// Scan implements sql.Scanner.
func (i instant) Scan(v any) error {
	ms, ok := v.(int64)
	if !ok {
		return errors.New("a time is not an integer")
	}
	*i.to = fromMillis(ms)
	return nil
}

// Value implements driver.Valuer.
func (i instant) Value() (driver.Value, error) { return millis(*i.to), nil }

// MarshalJSON implements json.Marshaler.
func (i instant) MarshalJSON() ([]byte, error) { return json.Marshal(*i.to) }

// destination is a destination in its text form.
type destination struct{ to *pbx.Destination }

// Scan implements sql.Scanner.
func (d destination) Scan(v any) error {
	text, _ := v.(string)
	parsed, err := pbx.ParseDestination("destination", text)
	if err != nil {
		return err
	}
	*d.to = parsed
	return nil
}

// Value implements driver.Valuer.
func (d destination) Value() (driver.Value, error) { return d.to.String(), nil }

// MarshalJSON implements json.Marshaler.
func (d destination) MarshalJSON() ([]byte, error) { return json.Marshal(*d.to) }

// usual is a word with a default. Where the field is empty, the database and the API have
// the default.
type usual[T ~string] struct {
	to        *T
	otherwise T
}

// Scan implements sql.Scanner.
func (u usual[T]) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return errors.New("a word is not a text")
	}
	*u.to = T(text)
	return nil
}

// Value implements driver.Valuer.
func (u usual[T]) Value() (driver.Value, error) { return string(cmp.Or(*u.to, u.otherwise)), nil }

// MarshalJSON implements json.Marshaler.
func (u usual[T]) MarshalJSON() ([]byte, error) { return json.Marshal(cmp.Or(*u.to, u.otherwise)) }
