package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// jsonFormat is huma's, with our way to read.
var jsonFormat = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}

// misfit names values that the schema admits and Go cannot hold. An example is a number
// beyond 64 bits.
const misfit = " is a number out of range"

// unmarshal reads JSON as RFC 8259 defines it. The text must be UTF-8, where encoding/json
// would silently replace invalid bytes. Its errors are for clients and quote at most one
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
	return nil
}
