package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// QueueStatus is what is observed of a queue.
type QueueStatus struct {
	Waiting     int            `json:"waiting" doc:"Callers in line"`
	LongestWait int            `json:"longest_wait_seconds" doc:"How long the one waits that has waited for longest"`
	Callers     []QueueCaller  `json:"callers" nullable:"false" doc:"Callers in line, the first first"`
	Members     []MemberStatus `json:"members" nullable:"false" doc:"In the order of the queue"`
	Answered    int            `json:"answered" doc:"Calls that members have taken since Asterisk began to run the queue"`
	Abandoned   int            `json:"abandoned" doc:"Calls since then that were given up, or ended for the time that callers may wait"`
	HoldTime    int            `json:"hold_seconds" doc:"How long callers wait, on average"`
	TalkTime    int            `json:"talk_seconds" doc:"How long members talk, on average"`
}

// QueueCaller is a caller in line.
type QueueCaller struct {
	Leg      string `json:"leg" doc:"Id of the caller's leg in the list of calls"`
	Number   string `json:"number"`
	Name     string `json:"name"`
	Position int    `json:"position" doc:"Place in line, from 1"`
	Wait     int    `json:"wait_seconds"`
}

// MemberStatus is what is observed of a member of a queue.
type MemberStatus struct {
	Extension string `json:"extension"`
	State     string `json:"state" enum:"free,ringing,busy,unavailable,unknown" doc:"busy: in a call, or does not want to be disturbed. unavailable: no phone is registered"`
	Paused    bool   `json:"paused"`
	Taken     int    `json:"calls_taken" doc:"Calls of the queue since Asterisk began to run it"`
	LastCall  string `json:"last_call,omitempty" doc:"When the last one ended"`
}

type queueStatusInput struct {
	Tenant string `path:"tenant"`
	Name   string `path:"name"`
}

type queueStatusOutput struct{ Body QueueStatus }

func registerQueueStatus(a *api) {
	op := huma.Operation{OperationID: "get-queue-status", Method: "GET", Path: "/v1/tenants/{tenant}/queues/{name}/status",
		Tags: []string{"queues"}, Summary: "See callers in line and members of a queue, as Asterisk tells now",
		Errors: []int{401, 404, http.StatusServiceUnavailable}}
	declare(a, operators, op, func(ctx context.Context, in *queueStatusInput) (*queueStatusOutput, error) {
		if _, err := a.ctl.Queues.Get(ctx, in.Tenant, in.Name); err != nil {
			return nil, a.problem(err)
		}
		s, err := a.ctl.Lines.Of(ctx, in.Tenant, in.Name)
		if err != nil {
			return nil, a.problem(err)
		}
		return &queueStatusOutput{queueStatusView(s)}, nil
	})
}

func queueStatusView(s *pbx.QueueStatus) QueueStatus {
	v := QueueStatus{Waiting: len(s.Callers), LongestWait: int(s.LongestWait().Seconds()), Callers: []QueueCaller{},
		Members: []MemberStatus{}, Answered: s.Answered, Abandoned: s.Abandoned, HoldTime: int(s.HoldTime.Seconds()),
		TalkTime: int(s.TalkTime.Seconds())}
	for _, c := range s.Callers {
		v.Callers = append(v.Callers, QueueCaller{c.Channel, c.Number, c.Name, c.Position, int(c.Wait.Seconds())})
	}
	for _, m := range s.Members {
		v.Members = append(v.Members, MemberStatus{m.Extension, string(m.State), m.Paused, m.Taken, moment(m.LastCall)})
	}
	return v
}
