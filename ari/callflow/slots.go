package callflow

import "time"

// So many calls are decided, and so many sent to the fallback, at the same time;
// together they leave some of the client's 64 connections to others. All calls at
// once would share them by the request: each would have its variable set after the
// last had, and none would go on in time.
const (
	decidersAtOnce = 32
	moversAtOnce   = 24
)

// slots are places that those who wait for one get in the order they came.
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

// placeToMove waits for a place of those who go to the fallback, from then on for one
// of the deciders' too, who have begun by then or never will. It returns where the
// place is; nil at the end of Run. Nothing else ends the wait: all who wait are after
// the same connections, so that a call that gave up would only come again.
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
