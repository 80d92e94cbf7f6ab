package callflow

import "time"

// Bounds of the calls decided, and sent to the fallback, at the same time. Together they
// leave some of the client's 64 connections to others. All calls at once would share them
// by the request: each would have its variable set after the last had, and no call would go
// on in time.
const (
	decidersAtOnce = 32
	moversAtOnce   = 24
)

// slots are places that are given out in the order of the requests for one.
type slots chan struct{}

func (s slots) free() { <-s }

// placeToDecide waits until then and reports whether it got a place.
func (f *Flow) placeToDecide(until time.Time) bool {
	left := time.Until(until)
	if left <= 0 {
		return false
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case f.deciders <- struct{}{}:
		return true
	case <-timer.C:
		return false
	}
}

// placeToMove waits for a mover slot; after from, a decider slot will do as well. At from,
// every call to be decided has begun or has gone to the fallback. It returns the slots that
// the place belongs to, or nil at the end of Run. Nothing else ends the wait: all waiting
// calls need the same connections, so a call that gave up would only come again.
func (f *Flow) placeToMove(from time.Time) slots {
	timer := time.NewTimer(time.Until(from))
	defer timer.Stop()
	var deciders slots
	for {
		select {
		case f.movers <- struct{}{}:
			return f.movers
		case deciders <- struct{}{}:
			return deciders
		case <-timer.C:
			deciders = f.deciders
		case <-f.giveUp:
			select {
			case f.movers <- struct{}{}:
				return f.movers
			default:
				return nil
			}
		}
	}
}
