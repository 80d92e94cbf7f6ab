package pbx

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says whose fault an error is and so what a client can do about it.
// The API maps kinds to HTTP statuses in one table.
type Kind string

// The kinds of error. An error without a kind is Internal.
const (
	Internal       Kind = "internal"            // our fault; details go to the log only
	Invalid        Kind = "invalid"             // a value breaks a rule; Field names it
	NotFound       Kind = "not-found"           // no such object
	Conflict       Kind = "conflict"            // an object with that key exists already
	InUse          Kind = "in-use"              // something still refers to the object; Refs lists it
	Busy           Kind = "busy"                // a call uses the object at this moment; that ends by itself
	Precondition   Kind = "precondition-failed" // If-Match or If-None-Match did not hold
	Unauthorized   Kind = "unauthorized"        // no token, or one that is unknown or revoked
	Forbidden      Kind = "forbidden"           // known, but without the right to do this
	TooMany        Kind = "too-many"            // too many attempts in a short time
	Unavailable    Kind = "unavailable"         // Asterisk or the database cannot answer now
	AsteriskTooOld Kind = "asterisk-too-old"    // this version of Asterisk has no action for it
	NotImplemented Kind = "unsupported"         // a value is understood but this Asterisk or phone cannot do it
)

// Error is an error that a person can act on: a kind, the field it is about
// (a JSON path such as "lines[1].device", empty when it is about the whole
// object), and one sentence without internals, which needs nothing in front of it.
// Refs end the sentence. Cause is for the log only.
type Error struct {
	Kind    Kind
	Field   string
	Message string
	Refs    []Ref
	Cause   error
}

// Ref names an object that refers to another one, in a form people can type.
type Ref struct {
	Kind string `json:"kind"` // "phone", "device", "extension", "mailbox", …
	Key  string `json:"key"`  // its key within the tenant
}

// Error returns the sentence and the cause, for logs.
func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Sentence()
	}
	return fmt.Sprintf("%s: %v", e.Sentence(), e.Cause)
}

// Sentence returns the message with the references that it ends in.
func (e *Error) Sentence() string {
	refs := make([]string, len(e.Refs))
	for i, r := range e.Refs {
		refs[i] = r.Kind + " " + r.Key
	}
	return strings.TrimSuffix(e.Message+" "+strings.Join(refs, ", "), " ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Invalidf returns an Invalid error about field. The text is a predicate: its
// subject is the field, which is put in front of it ("is required").
func Invalidf(field, predicate string, args ...any) *Error {
	return Refusedf(field, "%s", field+" "+fmt.Sprintf(predicate, args...))
}

// Refusedf returns an Invalid error about field whose text is a whole sentence with
// a subject of its own ("extension 101 does not exist").
func Refusedf(field, sentence string, args ...any) *Error {
	return &Error{Kind: Invalid, Field: field, Message: fmt.Sprintf(sentence, args...)}
}

// Conflictf returns a Conflict error about field, "" for the whole object, whose
// text is a whole sentence.
func Conflictf(field, sentence string, args ...any) *Error {
	return &Error{Kind: Conflict, Field: field, Message: fmt.Sprintf(sentence, args...)}
}

// NotFoundf returns a NotFound error.
func NotFoundf(format string, args ...any) *Error {
	return &Error{Kind: NotFound, Message: fmt.Sprintf(format, args...)}
}

// KindOf returns the kind of the first *Error in err's chain, or Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Errors collects every broken rule of one object, so that a client sees all of
// them at once. The zero value is ready to use.
type Errors []*Error

// Add appends err when it is not nil.
func (es *Errors) Add(err *Error) {
	if err != nil {
		*es = append(*es, err)
	}
}

// Err returns nil when nothing was collected.
func (es Errors) Err() error {
	if len(es) == 0 {
		return nil
	}
	return es
}

// Error joins the messages.
func (es Errors) Error() string {
	parts := make([]string, len(es))
	for i, e := range es {
		parts[i] = e.Error()
	}
	return strings.Join(parts, "; ")
}

// Unwrap gives errors.As access to each member.
func (es Errors) Unwrap() []error {
	out := make([]error, len(es))
	for i, e := range es {
		out[i] = e
	}
	return out
}
