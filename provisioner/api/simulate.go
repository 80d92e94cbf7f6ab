package api

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// SimulateFields is a question: what happens to this call?
type SimulateFields struct {
	From string    `json:"from" minLength:"1" maxLength:"60" doc:"Who calls: an extension, a device by its name, or any other caller's number"`
	To   string    `json:"to" minLength:"1" maxLength:"60" doc:"What is dialled"`
	When time.Time `json:"when,omitempty" doc:"At which time, such as 2026-11-27T19:00:00+01:00; now if left out"`
	Busy []string  `json:"busy,omitempty" maxItems:"100" doc:"Extensions taken to be in a call; all others are taken to be free"`
	// TrunksOut and Carriers are what is taken of trunks.
	TrunksOut []string        `json:"trunks_out,omitempty" maxItems:"100" doc:"Trunks taken to be out of order; all others are taken to be free and registered"`
	Carriers  []CarrierAnswer `json:"carriers,omitempty" maxItems:"100" doc:"What carriers are taken to answer: ends then says how a step ends, and next whether another trunk is tried"`
}

// CarrierAnswer is what the carrier of a trunk is taken to answer.
type CarrierAnswer struct {
	Trunk  string `json:"trunk" doc:"Name of the trunk"`
	Answer *int   `json:"answer,omitempty" minimum:"400" maximum:"699" doc:"SIP answer to every call, 400 to 699; 503 if left out"`
}

// SimulatedPlace is one place the call can get to.
type SimulatedPlace struct {
	At    string          `json:"at" doc:"Where the call is: what was dialled, or the destination it was sent to"`
	Steps []SimulatedStep `json:"steps" nullable:"false" doc:"What happens there, from the first step on"`
	Cut   bool            `json:"cut,omitempty" doc:"The simulation ends here because it has become too large"`
}

// SimulatedStep is one thing that happens to the call.
type SimulatedStep struct {
	Step    int             `json:"step" doc:"Its number at this place, from 0"`
	Does    string          `json:"does" doc:"dial, page, queue, voicemail, messages, play, announce, pickup, park, setting, echo, desk, forward or hangup"`
	Rule    string          `json:"rule" doc:"Why"`
	Rings   []string        `json:"rings,omitempty" doc:"Devices and numbers that ring at the same time"`
	Legs    []SimulatedLeg  `json:"legs,omitempty" doc:"The same, each with its times"`
	Seconds int             `json:"seconds,omitempty" doc:"For how long they ring"`
	Mailbox string          `json:"mailbox,omitempty" doc:"Which mailbox"`
	Cause   int             `json:"cause,omitempty" doc:"Q.850 cause the call ends with"`
	Next    map[string]int  `json:"next,omitempty" doc:"The step that follows, by how this one ended: no-answer, busy, unreachable, congestion, declined, no-such-number, number-changed, incomplete, answer, cancel, played, or of a queue timeout, full and empty"`
	Ends    string          `json:"ends,omitempty" doc:"How it ends with the answer that carriers names: a word of next"`
	Then    *SimulatedPlace `json:"then,omitempty" doc:"Where the call goes on when it is sent on"`
}

// SimulatedLeg is one of those that ring.
type SimulatedLeg struct {
	Rings   string `json:"rings" doc:"Device or number"`
	After   int    `json:"after,omitempty" doc:"Seconds before it rings, from the begin of the step"`
	Seconds int    `json:"seconds" doc:"For how long it rings"`
	Confirm bool   `json:"confirm,omitempty" doc:"Who answers must press 1"`
}

func simulatedLeg(l pbx.Leg, whole int) SimulatedLeg {
	if l.Own == nil {
		return SimulatedLeg{Rings: l.Device, Seconds: whole}
	}
	return SimulatedLeg{Rings: l.Device, After: l.Own.Delay, Seconds: l.Own.Seconds, Confirm: l.Own.Confirm}
}

type simulateInput struct {
	Tenant string `path:"tenant"`
	Body   SimulateFields
}

type simulateOutput struct {
	Body struct {
		When  time.Time      `json:"when" doc:"The time that was looked at"`
		Place SimulatedPlace `json:"place"`
	}
}

func registerSimulate(a *api) {
	op := huma.Operation{OperationID: "simulate", Method: "POST", Path: "/v1/tenants/{tenant}/simulate",
		Tags:    []string{"calls"},
		Summary: "Say what would happen to a call, with the rule behind each step, by the code that routes live calls",
		Errors:  []int{400, 401, 404, 413, 422}}
	declare(a, operators, op, func(ctx context.Context, in *simulateInput) (*simulateOutput, error) {
		var wrong pbx.Errors
		wrong.Add(pbx.CheckText("from", in.Body.From, 1, 60, 0))
		wrong.Add(pbx.CheckText("to", in.Body.To, 1, 60, 0))
		for i, number := range in.Body.Busy {
			wrong.Add(pbx.CheckNumber(fmt.Sprintf("busy[%d]", i), number))
		}
		for i, name := range in.Body.TrunksOut {
			wrong.Add(pbx.CheckName(fmt.Sprintf("trunks_out[%d]", i), name))
		}
		var carriers []provisioner.CarrierAnswer
		for i, c := range in.Body.Carriers {
			answer := 503
			if c.Answer != nil {
				answer = *c.Answer
			}
			wrong.Add(pbx.CheckName(fmt.Sprintf("carriers[%d].trunk", i), c.Trunk))
			wrong.Add(pbx.CheckRange(fmt.Sprintf("carriers[%d].answer", i), answer, 400, 699, ""))
			carriers = append(carriers, provisioner.CarrierAnswer{Trunk: c.Trunk, Answer: answer})
		}
		if err := wrong.Err(); err != nil {
			return nil, a.problem(err)
		}
		if in.Body.When.IsZero() {
			in.Body.When = time.Now()
		}
		place, err := a.ctl.Simulate(ctx, provisioner.Question{Tenant: in.Tenant, From: in.Body.From, To: in.Body.To,
			When: in.Body.When, Busy: in.Body.Busy, Out: in.Body.TrunksOut, Carriers: carriers})
		if err != nil {
			return nil, a.problem(err)
		}
		out := &simulateOutput{}
		out.Body.When, out.Body.Place = in.Body.When, simulatedPlace(place, in.Body.To)
		return out, nil
	})
}

func simulatedPlace(p *pbx.Place, dialled string) SimulatedPlace {
	out := SimulatedPlace{At: dialled, Cut: p.Cut, Steps: []SimulatedStep{}}
	if !p.At.IsZero() {
		out.At = p.At.String()
	}
	for i, s := range p.Plan.Steps {
		step := SimulatedStep{Step: i, Does: string(s.Kind), Rule: s.Rule, Seconds: s.Seconds, Mailbox: s.Mailbox,
			Cause: s.Cause}
		for _, l := range s.Legs {
			step.Rings = append(step.Rings, l.Device)
			step.Legs = append(step.Legs, simulatedLeg(l, s.Seconds))
		}
		if s.Assumed != "" {
			step.Ends = s.Assumed.Word()
		}
		for outcome, next := range s.Next.All() {
			if step.Next == nil {
				step.Next = map[string]int{}
			}
			step.Next[outcome.Word()] = next
		}
		if then := p.Then[i]; then != nil {
			place := simulatedPlace(then, dialled)
			step.Then = &place
		}
		out.Steps = append(out.Steps, step)
	}
	return out
}
