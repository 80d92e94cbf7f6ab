package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// jsonFormat is huma's, with our way to read.
var jsonFormat = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}

// misfit names values that the schema admits and Go cannot hold. An example is a number
// beyond 64 bits.
const misfit = " is a number out of range"

// repeated is for a name that stands twice in an object: readers differ in which one counts
// (RFC 8259, section 4), and so could the schema and what is stored.
const repeated = " is there twice"

// unmarshal reads JSON as RFC 8259 defines it. The text must be UTF-8, where encoding/json
// would silently replace invalid bytes, and no object may have a name twice. Its errors are for clients and quote at most one
// character of what was sent.
func unmarshal(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errors.New("the body is not JSON: it is not valid UTF-8")
	}
	err := json.Unmarshal(data, v)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("the body is not JSON: %w, at byte %d", err, syntax.Offset)
	case errors.As(err, &kind):
		return errors.New(kind.Field + misfit)
	case err != nil:
		return errors.New("the body cannot be read")
	}
	if _, whole := v.(*any); !whole {
		return nil // the same bytes as before, now into their struct
	}
	if name := repeatedName(json.NewDecoder(bytes.NewReader(data))); name != "" {
		return errors.New(name + repeated)
	}
	return nil
}

// maxNamed is how much of a name an error quotes.
const maxNamed = 60

// repeatedName returns the path of a name that stands twice in one object of the next
// value; "" when there is none. The text is JSON.
func repeatedName(text *json.Decoder) string {
	token, err := text.Token()
	delim, nested := token.(json.Delim)
	if err != nil || !nested {
		return ""
	}
	seen := map[string]bool{}
	for i := 0; text.More(); i++ {
		at := fmt.Sprintf("[%d]", i)
		if delim == '{' {
			name, _ := text.Token()
			at, _ = name.(string)
			if seen[at] {
				return at[:min(len(at), maxNamed)]
			}
			seen[at] = true
		}
		if inner := repeatedName(text); inner != "" {
			return strings.ReplaceAll(at[:min(len(at), maxNamed)]+"."+inner, ".[", "[")
		}
	}
	_, _ = text.Token() // the end of it
	return ""
}
