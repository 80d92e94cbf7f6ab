package asteriskconf

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// matched are the numbers of up to five digits that patterns match, by another way than
// Asterisk's: as regular expressions. One that is matched twice is there twice.
func matched(t *testing.T, patterns []string) (out []string) {
	t.Helper()
	for _, p := range patterns {
		re := regexp.MustCompile("^" + strings.ReplaceAll(p, "X", "[0-9]") + "$")
		for length, end := 1, 10; length <= 5; length, end = length+1, end*10 {
			for n := range end {
				if s := strconv.Itoa(n); re.MatchString(strings.Repeat("0", length-len(s)) + s) {
					out = append(out, strings.Repeat("0", length-len(s))+s)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// Patterns match the numbers of a set, once each, and no other.
func TestPatternsMatchTheSet(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		var set []string
		for range 1 + random.IntN(60) {
			length := 1 + random.IntN(4)
			for len(set) < 1000 && random.IntN(8) > 0 { // neighbours
				n := strconv.Itoa(random.IntN(40))
				set = append(set, (strings.Repeat("0", 5) + n)[len(n)+5-length:])
			}
		}
		slices.Sort(set)
		set = slices.Compact(set)
		if len(set) == 0 {
			continue
		}
		if got := matched(t, patternsOf(set)); !slices.Equal(got, set) {
			t.Fatalf("%v become %v, which match %v", set, patternsOf(set), got)
		}
	}
}

// A whole office takes few patterns, and one whose numbers lie far apart not too many.
func TestPatternsAreFew(t *testing.T) {
	var row, sparse []string
	random := rand.New(rand.NewPCG(3, 4))
	for n := range 20_000 {
		row = append(row, strconv.Itoa(10_000+n))
		if random.IntN(10) > 0 {
			sparse = append(sparse, strconv.Itoa(10_000+n))
		}
	}
	if got := patternsOf(row); !slices.Equal(got, []string{"[12]" + strings.Repeat("X", 4)}) {
		t.Errorf("20,000 numbers in a row are %v", got)
	}
	got := patternsOf(sparse)
	if len(got) > mostPatterns {
		t.Errorf("%d numbers take %d patterns", len(sparse), len(got))
	}
	match := matched(t, got)
	if len(match) > looseness*len(sparse) {
		t.Errorf("%d numbers are matched for %d", len(match), len(sparse))
	}
	for _, n := range sparse {
		if _, is := slices.BinarySearch(match, n); !is {
			t.Fatalf("%s is not matched by %v", n, got)
		}
	}
	if got := patternsOf([]string{"101", "103", "7", "104"}); !slices.Equal(matched(t, got), []string{"101", "103", "104", "7"}) {
		t.Errorf("%v", got)
	}
	if got := inPattern("*aX+1"); got != "*[a][X]+1" {
		t.Errorf("letters in a pattern: %s", got)
	}
}
