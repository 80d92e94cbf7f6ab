package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// statuses maps the kinds of errors to HTTP; the only such table.
var statuses = map[pbx.Kind]int{
	pbx.Internal:       http.StatusInternalServerError,
	pbx.Invalid:        http.StatusUnprocessableEntity,
	pbx.NotFound:       http.StatusNotFound,
	pbx.Conflict:       http.StatusConflict,
	pbx.InUse:          http.StatusConflict,
	pbx.Busy:           http.StatusConflict,
	pbx.Precondition:   http.StatusPreconditionFailed,
	pbx.Unauthorized:   http.StatusUnauthorized,
	pbx.Forbidden:      http.StatusForbidden,
	pbx.TooMany:        http.StatusTooManyRequests,
	pbx.Unavailable:    http.StatusServiceUnavailable,
	pbx.AsteriskTooOld: http.StatusNotImplemented,
	pbx.NotImplemented: http.StatusUnprocessableEntity,
}

// Problem is an error answer (RFC 9457, application/problem+json).
type Problem struct {
	Status int            `json:"status" doc:"HTTP status"`
	Title  string         `json:"title" doc:"HTTP status in words"`
	Kind   string         `json:"kind" doc:"What went wrong, for programs: invalid, not-found, conflict, in-use, busy, precondition-failed, unauthorized, forbidden, too-many, unavailable, asterisk-too-old, internal"`
	Field  string         `json:"field,omitempty" doc:"The field it is about, as a path in the body, such as lines[0].device"`
	Detail string         `json:"detail" doc:"One sentence a person can act on"`
	Errors []ProblemField `json:"errors,omitempty" doc:"Every broken rule, when there are several"`
	Refs   []pbx.Ref      `json:"refs,omitempty" doc:"What still refers to the object"`
}

// ProblemField is one broken rule.
type ProblemField struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// kindOfStatus names the statuses that huma and Echo refuse with by themselves.
func kindOfStatus(status int) string {
	for kind, s := range statuses {
		if s == status && kind != pbx.InUse && kind != pbx.Busy && kind != pbx.NotImplemented {
			return string(kind)
		}
	}
	if status < 500 {
		return string(pbx.Invalid)
	}
	return string(pbx.Internal)
}

// problem turns any error into an answer. An error without a kind is our fault: it is
// logged here, once, and the client sees no detail of it.
func (a *api) problem(err error) *Problem {
	var ready *Problem
	if errors.As(err, &ready) {
		return ready
	}
	var all pbx.Errors
	var one *pbx.Error
	switch {
	case errors.As(err, &all) && len(all) > 0:
		one = all[0]
	case errors.As(err, &one):
	default:
		a.Logger.Error("answering a request", "error", err)
		return &Problem{Status: 500, Title: http.StatusText(500), Kind: string(pbx.Internal),
			Detail: "something went wrong inside Dialtone; its log has the cause"}
	}
	status := statuses[one.Kind]
	p := &Problem{Status: status, Title: http.StatusText(status), Kind: string(one.Kind), Field: one.Field,
		Refs: one.Refs, Detail: one.Sentence()}
	if one.Cause != nil {
		a.Logger.Error("answering a request", "error", err)
	}
	for _, e := range all {
		p.Errors = append(p.Errors, ProblemField{e.Field, e.Sentence()})
	}
	return p.simplify()
}

// echoError answers Echo's own refusals: unknown paths and methods, and panics.
func (a *api) echoError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := a.echoProblem(err, c)
	p.write(c.Response().Header().Set, c.Response().WriteHeader, c.Response())
}

func (a *api) echoProblem(err error, c echo.Context) *Problem {
	var he *echo.HTTPError
	if !errors.As(err, &he) || he.Code >= 500 {
		return a.problem(err)
	}
	p := &Problem{Status: he.Code, Title: http.StatusText(he.Code), Kind: kindOfStatus(he.Code),
		Detail: http.StatusText(he.Code)}
	switch he.Code {
	case http.StatusNotFound:
		p.Detail = "there is nothing at " + c.Request().URL.Path + "; /docs/api lists what there is"
	case http.StatusMethodNotAllowed:
		p.Detail = c.Request().Method + " is not possible here; /docs/api lists what is"
	}
	return p
}

// write sends the problem.
func (p *Problem) write(setHeader func(string, string), setStatus func(int), body io.Writer) {
	setHeader("Content-Type", "application/problem+json")
	setStatus(p.Status)
	_ = json.NewEncoder(body).Encode(p)
}
