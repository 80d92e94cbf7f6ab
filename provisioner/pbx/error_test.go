package pbx

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestErrorText(t *testing.T) {
	for want, err := range map[string]error{
		"ring is 4":                    Invalidf("ring", "is %d", 4),
		"no phone x":                   NotFoundf("no phone %s", "x"),
		"in use by phone a, mailbox 1": &Error{Kind: InUse, Message: "in use by", Refs: []Ref{{"phone", "a"}, {"mailbox", "1"}}},
		"asking: EOF":                  &Error{Kind: Unavailable, Message: "asking", Cause: io.EOF},
		"a x; b y":                     Errors{Invalidf("a", "x"), Invalidf("b", "y")},
	} {
		if err.Error() != want {
			t.Errorf("says %q, want %q", err, want)
		}
	}
}

func TestKindOf(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Kind
	}{
		{io.EOF, Internal}, {nil, Internal}, {NotFoundf("x"), NotFound}, {fmt.Errorf("reading: %w", NotFoundf("x")), NotFound},
		{Errors{Invalidf("a", "x")}, Invalid}, {fmt.Errorf("saving: %w", Errors{Invalidf("a", "x")}), Invalid},
	} {
		if got := KindOf(tt.err); got != tt.want {
			t.Errorf("%v is %s, want %s", tt.err, got, tt.want)
		}
	}
	if !errors.Is(&Error{Cause: io.EOF}, io.EOF) {
		t.Error("the cause is lost")
	}
}

// A nil *Error inside an error interface would not be nil.
func TestErrorsErrIsNil(t *testing.T) {
	var es Errors
	es.Add(nil)
	if err := es.Err(); err != nil {
		t.Errorf("nothing collected is %v", err)
	}
}
