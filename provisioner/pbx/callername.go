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

// NamedCaller returns a party outside without the words that stand for a number or a name
// that nobody has told: Asterisk's own, and those of carriers.
func NamedCaller(p CallParty) CallParty {
	p.Number, p.Name = named(p.Number), named(p.Name)
	return p
}

// CallerWords are the words that stand for a caller without a number, in small letters.
func CallerWords() []string { return slices.Clone(namesOfCallers) }

// named is "" for a word that stands for nothing, also as the user part of an address.
func named(s string) string {
	user, _, _ := strings.Cut(strings.Trim(s, "<>"), "@")
	if slices.Contains(namesOfCallers, strings.ToLower(user)) {
		return ""
	}
	return s
}
