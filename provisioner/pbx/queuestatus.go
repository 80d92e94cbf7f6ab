package pbx

import "time"

// MemberState is what a member of a queue does.
type MemberState string

// The states of a member.
const (
	MemberFree        MemberState = "free"
	MemberRinging     MemberState = "ringing"
	MemberBusy        MemberState = "busy"        // in a call, or does not want to be disturbed
	MemberUnavailable MemberState = "unavailable" // no phone is registered
	MemberUnknown     MemberState = "unknown"
)

// QueueStatus is what is observed of a queue, kept apart from the Queue that is wanted.
type QueueStatus struct {
	Callers []QueueCaller // in line, the first first
	Members []MemberStatus
	// Answered and Abandoned are calls since Asterisk's start; HoldTime is how long callers wait
	// on average, and TalkTime how long their calls are.
	Answered, Abandoned int
	HoldTime, TalkTime  time.Duration
}

// LongestWait is how long the caller waits that waits for longest.
func (s *QueueStatus) LongestWait() (longest time.Duration) {
	for _, c := range s.Callers {
		longest = max(longest, c.Wait)
	}
	return longest
}

// QueueCaller is a caller in line.
type QueueCaller struct {
	Channel      string // Asterisk's Uniqueid
	Number, Name string
	Position     int // from 1
	Wait         time.Duration
}

// MemberStatus is what is observed of a member of a queue.
type MemberStatus struct {
	Extension string
	State     MemberState
	Paused    bool
	Taken     int       // calls of the queue that it has taken
	LastCall  time.Time // when the last one ended; zero for none
}
