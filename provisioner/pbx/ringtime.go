package pbx

import "cmp"

// minRingSeconds is the shortest time that anybody may choose for an extension.
const minRingSeconds = 5

// withTimes says how long the legs of an extension ring. A device with a time of its own
// rings for that; the others, and the twin, ring as long as the extension says.
//
// no_answer_seconds of its forward bounds the whole: no leg rings beyond it, and what would
// begin later does not ring. In a sequence, orders without times of their own share what the
// others leave of it.
func (s *Snapshot) withTimes(e *Extension, rings []Ring) []Ring {
	each := cmp.Or(e.RingSeconds, DefaultRingSeconds)
	limit := s.noAnswerSeconds(e)
	if limit == 0 {
		for _, r := range rings {
			r.setTimes(each, 0)
		}
		return rings
	}
	left := limit
	for i, r := range rings {
		if left < 1 {
			return rings[:i]
		}
		left -= r.setTimes(min(left, shareOf(rings[i:], left)), left)
	}
	return rings
}

// setTimes gives legs without a time one, cuts those longer than left (0 cuts none), and returns
// the longest.
func (r Ring) setTimes(each, left int) (longest int) {
	for _, l := range r.Legs {
		if l.Own.Seconds == 0 {
			l.Own.Seconds = each
		} else if left > 0 {
			l.Own.Seconds = min(l.Own.Seconds, left)
		}
		longest = max(longest, l.Own.Seconds)
	}
	return longest
}

// shareOf is how long legs without a time ring in the first of the rings that are to come.
func shareOf(rings []Ring, left int) int {
	sharing := 0
	for _, r := range rings {
		if timed := r.timed(); timed > 0 {
			left -= timed
		} else {
			sharing++
		}
	}
	return max(minRingSeconds, left/max(1, sharing))
}

// timed is how long a ring takes in which each leg has a time of its own; 0 for others.
func (r Ring) timed() (longest int) {
	for _, l := range r.Legs {
		if l.Own.Seconds == 0 {
			return 0
		}
		longest = max(longest, l.Own.Seconds)
	}
	return longest
}

// noAnswerSeconds is after how long a call to an extension is forwarded that nobody answers;
// 0 is once its devices have rung.
func (s *Snapshot) noAnswerSeconds(e *Extension) int {
	if f := s.Forward(e.Tenant, e.Number); f != nil {
		return f.NoAnswerSeconds
	}
	return 0
}
