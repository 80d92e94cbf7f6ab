package asteriskconf

import (
	"math"
	"slices"
	"strings"
)

const (
	// mostPatterns is how many patterns may match one set of numbers exactly.
	mostPatterns = 100
	// looseness is how many numbers may be matched for each one of the set beyond that.
	looseness = 10
)

// patternsOf returns dialplan patterns, without the underscore that begins them, which
// together match these numbers and no other: 100 to 149 are 1[01234]X. Numbers must consist
// of digits. Numbers that lie so far apart that it would take more than mostPatterns are
// matched with their neighbours, but never more than looseness numbers for each.
func patternsOf(numbers []string) []string {
	exact := patternsWithin(numbers, 1)
	if len(exact) <= mostPatterns {
		return exact
	}
	return patternsWithin(numbers, looseness)
}

// patternsWithin matches at most loose numbers for each.
func patternsWithin(numbers []string, loose float64) (out []string) {
	byLength := map[int][]string{}
	for _, n := range numbers {
		byLength[len(n)] = append(byLength[len(n)], n)
	}
	for _, same := range byLength {
		slices.Sort(same)
		out = append(out, patternsFrom(slices.Compact(same), 0, loose)...)
	}
	return out
}

// patternsFrom returns patterns for what follows position at in sorted numbers that are
// alike up to there. Digits that the same patterns follow become one set.
func patternsFrom(sorted []string, at int, loose float64) []string {
	left := len(sorted[0]) - at
	if float64(len(sorted))*loose >= math.Pow10(left) {
		return []string{strings.Repeat("X", left)}
	}
	var order []string // of the keys, as they are first met
	sets, rests := map[string]string{}, map[string][]string{}
	for first := 0; first < len(sorted); {
		digit, last := sorted[first][at], first
		for last < len(sorted) && sorted[last][at] == digit {
			last++
		}
		rest := patternsFrom(sorted[first:last], at+1, loose)
		key := strings.Join(rest, " ")
		if rests[key] == nil {
			order, rests[key] = append(order, key), rest
		}
		sets[key] += string(digit)
		first = last
	}
	var out []string
	for _, key := range order {
		for _, rest := range rests[key] {
			out = append(out, digitSet(sets[key])+rest)
		}
	}
	return out
}

// digitSet is what matches one of these digits in a pattern.
func digitSet(digits string) string {
	switch len(digits) {
	case 1:
		return digits
	case 10:
		return "X"
	}
	return "[" + digits + "]"
}

// inPattern writes text in a pattern, in which a letter may stand for a set of digits.
func inPattern(text string) string {
	var b strings.Builder
	for _, c := range text {
		if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			b.WriteString("[" + string(c) + "]")
			continue
		}
		b.WriteRune(c)
	}
	return b.String()
}
