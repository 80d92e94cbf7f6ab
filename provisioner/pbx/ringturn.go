package pbx

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Turn is what was observed of a ring group; the zero value is a group that was
// never called.
type Turn struct {
	Last    string                // number of the member that the last call began with
	Answers map[string]RingAnswer // by number of the member
}

// RingAnswer says when a member answered a call of the group last, and how many.
type RingAnswer struct {
	At    time.Time
	Count int
}

// orderMark stands between the members in Plan.Order; no number has it.
const orderMark = "."

// ordered returns the members in the order in which the strategy rings them. seed
// decides what chance does.
func (g *RingGroup) ordered(t Turn, seed uint64) []RingMember {
	ms := slices.Clone(g.Members)
	switch g.Strategy {
	case StrategyRoundRobin:
		if last := slices.IndexFunc(ms, func(m RingMember) bool { return m.Number() == t.Last }); last >= 0 {
			ms = append(ms[last+1:], ms[:last+1]...)
		}
	case StrategyLeastRecent:
		slices.SortStableFunc(ms, func(a,
			b RingMember) int {
			return t.Answers[a.Number()].At.Compare(t.Answers[b.Number()].At)
		})
	case StrategyFewestCalls:
		slices.SortStableFunc(ms, func(a,
			b RingMember) int {
			return t.Answers[a.Number()].Count - t.Answers[b.Number()].Count
		})
	case StrategyRandom, StrategyWeighted:
		shuffle(ms, func(m RingMember) int { return max(m.Weight, 1) },
			rand.New(rand.NewPCG(seed, hashOf(g.Tenant, g.Name))))
	}
	return ms
}

// shuffle draws one after the other, each in proportion to its weight, which is at least 1.
func shuffle[T any](ms []T, weight func(T) int, rnd *rand.Rand) {
	for i := range ms {
		total := 0
		for _, m := range ms[i:] {
			total += weight(m)
		}
		at := i
		for drawn := rnd.IntN(total) - weight(ms[i]); drawn >= 0; drawn -= weight(ms[at]) {
			at++
		}
		ms[i], ms[at] = ms[at], ms[i]
	}
}

// hashOf tells texts apart that may hold anything but a zero byte.
func hashOf(parts ...string) uint64 {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = h.Write(append([]byte(p), 0))
	}
	return h.Sum64()
}

// orderText is the Order of a plan that rings these members.
func orderText(ms []RingMember) string {
	numbers := make([]string, len(ms))
	for i, m := range ms {
		numbers[i] = m.Number()
	}
	return strings.Join(numbers, orderMark)
}

// First returns the number of the member that a group's plan begins with, by its
// Order.
func (p Plan) First() string {
	first, _, _ := strings.Cut(p.Order, orderMark)
	return first
}

// recalled returns the members that an Order names, as far as they still are.
func (g *RingGroup) recalled(order string) []RingMember {
	var out []RingMember
	for _, number := range strings.Split(order, orderMark) {
		for _, m := range g.Members {
			if m.Number() == number {
				out = append(out, m)
			}
		}
	}
	return out
}
