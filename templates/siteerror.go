package templates

import (
	"fmt"
	"regexp"
	"strconv"
)

// SiteError says what is wrong with a site's own template. It never holds a value
// of a phone.
type SiteError struct {
	Path   string // of the file, inside the folder
	Line   int    // of it; 0 when none is known
	Reason string
}

// Error is the error as one line.
func (e *SiteError) Error() string {
	if e.Line == 0 {
		return e.Path + ": " + e.Reason
	}
	return fmt.Sprintf("%s, line %d: %s", e.Path, e.Line, e.Reason)
}

// engineError is how text/template begins its errors: name, line, often a column.
var engineError = regexp.MustCompile(`(?s)^template: (.+?):(\d+)(?::\d+)?: (.*)$`)

// blame turns an error of text/template into one of a site's file: of the one
// where it happened, or, where that is a shipped part that was called with the
// wrong thing, of the one in charge.
func blame(err error, charge string, isSite func(path string) bool) *SiteError {
	m := engineError.FindStringSubmatch(err.Error())
	if m == nil {
		return &SiteError{Path: charge, Reason: err.Error()}
	}
	if !isSite(m[1]) {
		return &SiteError{Path: charge, Reason: "in the shipped part " + m[1] + ", line " + m[2] + ": " + m[3]}
	}
	line, _ := strconv.Atoi(m[2]) // digits; one beyond an int is no line
	return &SiteError{Path: m[1], Line: line, Reason: m[3]}
}
