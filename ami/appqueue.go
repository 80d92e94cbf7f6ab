package ami

import (
	"context"
	"strconv"
	"time"
)

// QueueStatus is what app_queue says of one queue.
type QueueStatus struct {
	Name      string
	Members   []QueueMember
	Callers   []QueueCaller // in line, the first first
	Completed int           // calls that members took since Asterisk's start
	Abandoned int           // that were given up
	HoldTime  time.Duration // that callers wait, on average
	TalkTime  time.Duration // on average
}

// QueueMember is a member of a queue.
type QueueMember struct {
	Name     string
	State    DeviceState
	Paused   bool
	InCall   bool // of this queue
	Taken    int  // calls of this queue
	LastCall time.Time
}

// QueueCaller is a caller in line.
type QueueCaller struct {
	UniqueID string // of the channel
	Number   string
	CallerID string // the name
	Position int    // from 1
	Wait     time.Duration
}

// queueStates are app_queue's numbers for the states of members: enum ast_device_state, devicestate.h.
var queueStates = []DeviceState{DeviceUnknown, DeviceNotInUse, DeviceInUse, DeviceBusy, DeviceInvalid,
	DeviceUnavailable, DeviceRinging, DeviceRingInUse, DeviceOnHold}

// QueueStatus asks for one queue. ErrNotFound: there is none of that name. No class.
func (s *Session) QueueStatus(ctx context.Context, queue string) (QueueStatus, error) {
	frames, err := s.list(ctx, listSpec{action: "QueueStatus", headers: []Field{{"Queue", queue}},
		complete: "QueueStatusComplete"})
	if err != nil {
		return QueueStatus{}, err
	}
	var q QueueStatus
	for _, f := range frames {
		switch f.Name() {
		case "QueueParams":
			q.Name, q.Completed, q.Abandoned = f.Get("Queue"), queueNumber(f, "Completed"), queueNumber(f, "Abandoned")
			q.HoldTime, q.TalkTime = queueSeconds(f, "Holdtime"), queueSeconds(f, "TalkTime")
		case "QueueMember":
			q.Members = append(q.Members, newQueueMember(f))
		case "QueueEntry":
			q.Callers = append(q.Callers, QueueCaller{UniqueID: f.Get("Uniqueid"), Number: f.Get("CallerIDNum"),
				CallerID: f.Get("CallerIDName"), Position: queueNumber(f, "Position"), Wait: queueSeconds(f, "Wait")})
		}
	}
	if q.Name != queue {
		return QueueStatus{}, &ResponseError{Action: "QueueStatus", Message: "No such queue"}
	}
	return q, nil
}

func newQueueMember(f Frame) QueueMember {
	m := QueueMember{Name: f.Get("Name"), State: DeviceUnknown, Paused: f.Get("Paused") == "1",
		InCall: f.Get("InCall") == "1", Taken: queueNumber(f, "CallsTaken")}
	if n := queueNumber(f, "Status"); n > 0 && n < len(queueStates) {
		m.State = queueStates[n]
	}
	if at := queueNumber(f, "LastCall"); at > 0 {
		m.LastCall = time.Unix(int64(at), 0)
	}
	return m
}

// QueueChange is a caller that came into the line of a queue or left it (events QueueCallerJoin and
// QueueCallerLeave). Class agent.
type QueueChange struct {
	Queue   string
	Event   string // its name
	Waiting int    // callers in line since
}

func newQueueChange(f Frame) QueueChange {
	return QueueChange{Queue: f.Get("Queue"), Event: f.Name(), Waiting: queueNumber(f, "Count")}
}

// queueNumber reads a number; a text without one counts as 0.
func queueNumber(f Frame, field string) int {
	n, _ := strconv.Atoi(f.Get(field))
	return n
}

func queueSeconds(f Frame, field string) time.Duration {
	return time.Duration(queueNumber(f, field)) * time.Second
}
