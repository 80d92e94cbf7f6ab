package pbx

import (
	"iter"
	"slices"
)

// Next is where a plan goes on after a step, by its outcome. The zero value has no outcome. It
// is no map: a plan of a call outside has one for each trunk, and is made for every call.
type Next [14]uint16

// outcomes are those that have a place in Next.
var outcomes = [len(Next{})]Outcome{OutcomeAnswer, OutcomeNoAnswer, OutcomeBusy, OutcomeUnreachable, OutcomeCongestion,
	OutcomeCancel, OutcomeDeclined, OutcomePlayed, OutcomeUnallocated, OutcomeChanged, OutcomeIncomplete,
	OutcomeTimeout, OutcomeFull, OutcomeEmpty}

// NextIs leads to a step after every outcome named.
func NextIs(step int, after ...Outcome) (n Next) {
	for _, o := range after {
		n.set(o, step)
	}
	return n
}

// To returns the index of the step after an outcome. No step is followed by the first one of
// its plan: 0 says that the outcome is not foreseen.
func (n Next) To(o Outcome) int {
	if i := slices.Index(outcomes[:], o); i >= 0 {
		return int(n[i])
	}
	return 0
}

// All are the outcomes that are foreseen, with the steps that follow.
func (n Next) All() iter.Seq2[Outcome, int] {
	return func(yield func(Outcome, int) bool) {
		for i, o := range outcomes {
			if n[i] != 0 && !yield(o, int(n[i])) {
				return
			}
		}
	}
}

func (n *Next) set(o Outcome, step int) { n[slices.Index(outcomes[:], o)] = uint16(step) }
