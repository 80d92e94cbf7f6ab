package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
)

// ownProblems makes huma strict about names, and replaces the variables through which huma builds its own errors. These
// are errors about bad JSON, unknown properties and wrong types. Ours name the field and never
// echo the value, which may be a secret. The texts continue a sentence that begins with the
// field.
var ownProblems = sync.OnceFunc(func() {
	// encoding/json takes PASSWORD for password, which would get past the schema of it.
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return newProblem(status, message, nil, errs...)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		readOnly, _ := ctx.Operation().Metadata[readOnlyKey].(map[string]bool)
		return newProblem(status, message, readOnly, errs...)
	}
	validation.MsgExpectedBoolean = "must be true or false"
	validation.MsgExpectedNumber = "must be a number"
	validation.MsgExpectedInteger = "must be a whole number"
	validation.MsgExpectedString = "must be a text in quotes"
	validation.MsgExpectedArray = "must be a list"
	validation.MsgExpectedObject = "must be an object"
	validation.MsgExpectedRFC3339DateTime = "must be a time such as 2026-11-27T19:00:00+01:00"
	validation.MsgExpectedOneOf = "must be one of %s"
	validation.MsgExpectedMinimumNumber = "must be at least %v"
	validation.MsgExpectedMaximumNumber = "must be at most %v"
	validation.MsgExpectedMinLength = "must have at least %d characters"
	validation.MsgExpectedMaxLength = "must have at most %d characters"
})

// newProblem makes a problem of huma's errors. readOnly names the fields that this kind of
// object shows but does not take.
func newProblem(status int, message string, readOnly map[string]bool, errs ...error) *Problem {
	p := &Problem{Status: status, Title: http.StatusText(status), Kind: kindOfStatus(status), Detail: message}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		p.Detail = "the body is larger than 1 MiB"
	case status == http.StatusUnsupportedMediaType:
		p.Detail, errs = "send the body as application/json", nil
	case status == http.StatusBadRequest && message == "request body is required":
		p.Detail = "the body is empty: send a JSON object"
	}
	for _, err := range errs {
		if err == nil {
			continue
		}
		f := fieldOf(err, readOnly)
		// A value that breaks one rule breaks others too, such as a fraction a range.
		if !slices.ContainsFunc(p.Errors, func(e ProblemField) bool { return e.Field == f.Field && f.Field != "" }) {
			p.Errors = append(p.Errors, ProblemField{f.Field, f.sentence()})
		}
	}
	return p.simplify()
}

// fieldOf takes path and message of one of huma's errors, not its value.
func fieldOf(err error, readOnly map[string]bool) ProblemField {
	var d *huma.ErrorDetail
	if !errors.As(err, &d) {
		d = &huma.ErrorDetail{Message: err.Error()}
	}
	where, field, _ := strings.Cut(d.Location, ".")
	// huma hands on the errors of unmarshal as a text.
	name, isMisfit := strings.CutSuffix(d.Message, misfit)
	twice, isTwice := strings.CutSuffix(d.Message, repeated)
	switch {
	case isTwice:
		return ProblemField{twice, strings.TrimSpace(repeated)}
	case isMisfit:
		return ProblemField{name, strings.TrimSpace(misfit)}
	case field == "" && where == "body" && strings.HasPrefix(d.Message, "must "):
		return ProblemField{Detail: "the body " + d.Message}
	case d.Message == validation.MsgUnexpectedProperty && readOnly[field]:
		return ProblemField{field, "is read-only: leave it out"}
	case d.Message == validation.MsgUnexpectedProperty:
		return ProblemField{field, "is not a field of this object"}
	case d.Message == "unknown query parameter":
		return ProblemField{field, "is not a parameter of this list"}
	case d.Message == "invalid integer":
		return ProblemField{field, validation.MsgExpectedInteger}
	}
	if name, ok := strings.CutPrefix(d.Message, "expected required property "); ok {
		name = strings.TrimSuffix(name, " to be present")
		return ProblemField{strings.TrimPrefix(field+"."+name, "."), "is required"}
	}
	return ProblemField{field, strings.TrimSuffix(d.Message, ", ")} // of a list of choices that ends in ""
}

// simplify moves the first error to the top, where clients look first.
func (p *Problem) simplify() *Problem {
	if len(p.Errors) == 0 {
		return p
	}
	p.Field, p.Detail = p.Errors[0].Field, p.Errors[0].Detail
	if n := len(p.Errors) - 1; n > 0 {
		p.Detail += fmt.Sprintf("; and %d more, see errors", n)
		return p
	}
	p.Errors = nil
	return p
}

// sentence puts the field in front of the message.
func (f ProblemField) sentence() string { return strings.TrimPrefix(f.Field+" "+f.Detail, " ") }
