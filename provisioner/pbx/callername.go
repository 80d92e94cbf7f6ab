package pbx

import (
	"slices"
	"strings"
)

// namesOfCallers are what carriers and other systems put in From for callers without a
// number (RFC 3323, RFC 3325, and the words of carriers).
var namesOfCallers = []string{"anonymous", "unknown", "unavailable", "restricted", "private", "withheld", "invalid",
	"asterisk", "blocked", "noid", "nobody"}

// IsCallerName reports whether a caller outside may have a name in From: a number, or a
// word for callers without one. A device of that name would be taken for the caller.
func IsCallerName(name string) bool {
	return strings.Trim(name, "0123456789+*#_-.") == "" || slices.Contains(namesOfCallers, strings.ToLower(name))
}
