package pbx

import (
	"fmt"
	"strings"
)

// MaxBlock is how many numbers one request adds, hands on or takes back.
const MaxBlock = 10_000

// NumberBlock is the numbers from First on: Count of them, or those up to Last. Carriers give
// such blocks for direct dialling in.
type NumberBlock struct {
	First string // in E.164
	Count int    // 1–MaxBlock; 0 where Last says it
	Last  string // in E.164, as long as First; "" where Count says it
}

// Numbers returns the numbers of the block, in order.
func (b NumberBlock) Numbers() ([]string, error) {
	if err := CheckE164("first", b.First); err != nil {
		return nil, err
	}
	if b.Last != "" {
		if err := CheckE164("last", b.Last); err != nil {
			return nil, err
		}
	}
	count := b.Count
	switch {
	case b.Last == "" && b.Count == 0:
		return nil, Invalidf("count", "is required, or else last")
	case b.Last != "" && b.Count != 0:
		return nil, Invalidf("count", "does not go with last")
	case b.Last != "":
		if len(b.Last) != len(b.First) || b.Last < b.First {
			return nil, Invalidf("last", "must be a number of as many digits as first, and not below it")
		}
		// Both have at most 15 digits.
		count = int(min(digitsOf(b.Last)-digitsOf(b.First), MaxBlock)) + 1
	}
	if count < 1 || count > MaxBlock {
		return nil, Refusedf("first", "a block from %s on has 1 to %d numbers in one request", b.First, MaxBlock)
	}
	from, width := digitsOf(b.First), len(b.First)-1
	out := make([]string, count)
	for i := range out {
		out[i] = fmt.Sprintf("+%0*d", width, from+int64(i))
	}
	if err := CheckE164("count", out[count-1]); err != nil || len(out[count-1]) != len(b.First) {
		return nil, Invalidf("count", "leads from %s to %s, which is no number of as many digits", b.First, out[count-1])
	}
	return out, nil
}

func digitsOf(number string) (n int64) {
	for _, c := range strings.TrimPrefix(number, "+") {
		n = n*10 + int64(c-'0')
	}
	return n
}

// LastDigits is the extension whose number is the last digits of a number in E.164.
func LastDigits(number string, digits int) Destination {
	return Destination{Kind: ToExtension, Key: number[max(1, len(number)-digits):]}
}
