package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// CallParty is one end of a call.
type CallParty struct {
	Number    string `json:"number,omitempty" doc:"As it is shown; outside, the number that was dialled"`
	Name      string `json:"name,omitempty"`
	Extension string `json:"extension,omitempty"`
	Device    string `json:"device,omitempty"`
}

// CallLeg is one phone or line in a call.
type CallLeg struct {
	ID string `json:"id"`
	CallParty
	Caller   bool       `json:"caller" doc:"Whether it placed the call"`
	State    string     `json:"state" enum:"ringing,answering,up,held,waiting,asking,ended" doc:"answering: taken up but not through, as while it is asked to press 1; held: by its own phone; waiting: hears music while who it talked with asks somebody; asking: does so"`
	Since    time.Time  `json:"since" doc:"When it came into this state"`
	Started  time.Time  `json:"started"`
	Answered *time.Time `json:"answered,omitempty"`
	Ended    *time.Time `json:"ended,omitempty"`
	Outcome  string     `json:"outcome,omitempty" doc:"Asterisk's DIALSTATUS of a leg that was called"`
	Via      string     `json:"via,omitempty" doc:"pickup when it took a call that rang elsewhere"`
	Trunk    string     `json:"trunk,omitempty" doc:"The trunk that carries it, where it leads outside"`
}

// Call is a call under way.
type Call struct {
	ID         string     `json:"id"`
	From       CallParty  `json:"from"`
	Dialled    string     `json:"dialled"`
	Started    time.Time  `json:"started"`
	Answered   *time.Time `json:"answered,omitempty"`
	AnsweredBy *CallParty `json:"answered_by,omitempty" doc:"Who answered first"`
	Legs       []CallLeg  `json:"legs" nullable:"false"`
	Rules      []string   `json:"rules" nullable:"false" doc:"Why it went where it went"`
	Via        []string   `json:"via" nullable:"false" doc:"How it got where it is: pickup, transfer, click, test, forward, group, monitor"`
	Recorded   bool       `json:"recorded" doc:"Whether it is being recorded"`
	Incomplete bool       `json:"incomplete" doc:"It was under way when Dialtone came back; what was before is not known"`
}

// CallEvent is one event of the stream.
type CallEvent struct {
	What    string `json:"what"`
	Tenant  string `json:"tenant"`
	Leg     string `json:"leg,omitempty"`
	Outcome string `json:"outcome,omitempty"`
	Call    Call   `json:"call"`
}

func partyView(p pbx.CallParty) CallParty { return CallParty(p) }

func whenSet(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func legViews(legs []pbx.CallLeg) []CallLeg {
	out := make([]CallLeg, len(legs))
	for i, l := range legs {
		out[i] = CallLeg{ID: l.ID, CallParty: partyView(l.CallParty), Caller: l.Caller, State: string(l.State),
			Since: l.Since, Started: l.Started,
			Answered: whenSet(l.Answered), Ended: whenSet(l.Ended), Outcome: string(l.Outcome), Via: string(l.Via),
			Trunk: l.Trunk}
	}
	return out
}

func viaView(via []pbx.CallVia) []string {
	out := make([]string, len(via))
	for i, v := range via {
		out[i] = string(v)
	}
	return out
}

func byView(p pbx.CallParty) *CallParty {
	if p == (pbx.CallParty{}) {
		return nil
	}
	v := partyView(p)
	return &v
}

func callView(c pbx.LiveCall) Call {
	return Call{ID: c.ID, From: partyView(c.From), Dialled: c.Dialled, Started: c.Started, Answered: whenSet(c.Answered),
		AnsweredBy: byView(c.By),
		Legs:       legViews(c.Legs), Rules: append([]string{}, c.Rules...), Via: viaView(c.Via), Recorded: c.Recorded,
		Incomplete: c.Incomplete}
}

const callsPath = "/v1/tenants/{tenant}/calls"

type callsInput struct {
	Tenant string `path:"tenant"`
}

// OneCall names a call in a path.
type OneCall struct {
	Tenant string `path:"tenant"`
	ID     string `path:"id" maxLength:"150"`
}

type callsAnswer struct {
	Body struct {
		Items []Call `json:"items" nullable:"false"`
	}
}

type callAnswer struct{ Body Call }

type transferInput struct {
	OneCall
	Body struct {
		To  string `json:"to" doc:"Number to send the other party to"`
		Leg string `json:"leg,omitempty" doc:"Id of the leg that transfers and leaves; the one that answered if left out. The number must be one that it may dial"`
	}
}

type consultInput struct {
	OneCall
	Body struct {
		To  string `json:"to" doc:"Number that the leg's phone dials"`
		Leg string `json:"leg,omitempty" doc:"Id of the leg that asks; the one that answered if left out. It must be a phone of the tenant, and may ask whom it may dial"`
	}
}

type askingInput struct {
	OneCall
	Leg string `query:"leg" maxLength:"150" doc:"Id of the leg that asks, where several do"`
}

type placeCallInput struct {
	Tenant string `path:"tenant"`
	Body   struct {
		Extension string `json:"extension" doc:"Whose phones ring first, for 30 seconds"`
		To        string `json:"to" doc:"Number that the first one answered then dials, with its own rights"`
	}
}

// placedCall is the answer to a call that is being placed.
type placedCall struct {
	Status   int
	Location string `header:"Location" doc:"Path of the call"`
	Body     struct {
		ID string `json:"id" doc:"Id that the call has as soon as the phones ring"`
	}
}

func callOperation(method, below, id, summary, description string) huma.Operation {
	return huma.Operation{Method: method, Path: callsPath + below, OperationID: id, Summary: summary,
		Description: description,
		Tags:        []string{"calls"}, Errors: []int{401, 404, 409, 422, 503}}
}

func (a *api) registerCalls() {
	declare(a, operators, callOperation("GET", "", "list-calls", "List calls under way, oldest first", ""),
		func(ctx context.Context, in *callsInput) (*callsAnswer, error) {
			calls, err := a.ctl.Calls.List(ctx, in.Tenant)
			if err != nil {
				return nil, a.problem(err)
			}
			out := &callsAnswer{}
			out.Body.Items = make([]Call, len(calls))
			for i, c := range calls {
				out.Body.Items[i] = callView(c)
			}
			return out, nil
		})
	declare(a, operators, callOperation("GET", "/{id}", "get-call", "Read a call under way", ""),
		func(ctx context.Context, in *OneCall) (*callAnswer, error) {
			return a.oneCall(a.ctl.Calls.Get(ctx, in.Tenant, in.ID))
		})
	declare(a, tenantAdmins, callOperation("DELETE", "/{id}", "hang-up-call", "Hang up a call: all its legs",
		"Answers with the call as it was."),
		func(ctx context.Context, in *OneCall) (*callAnswer, error) {
			return a.oneCall(a.ctl.Calls.HangUp(ctx, author(ctx), in.Tenant, in.ID))
		})
	declare(a, tenantAdmins, callOperation("POST", "/{id}/transfer", "transfer-call",
		"Transfer a call without asking (blind)",
		"One leg leaves; whoever it talks with goes on at the number. When nobody takes the call there, it comes back to the phone of the leg. Needs the class call of the AMI user (write = system,call,reporting,user)."),
		func(ctx context.Context, in *transferInput) (*callAnswer, error) {
			return a.oneCall(a.ctl.Calls.Transfer(ctx, author(ctx), in.Tenant, in.ID, in.Body.Leg, pbx.PlainNumber(in.Body.To)))
		})
	declare(a, operators, callOperation("POST", "/{id}/recording", "record-call", "Record a call from now on",
		"Its parties must be talking, and it must not be recorded already. See recordings for what comes of it."),
		func(ctx context.Context, in *OneCall) (*callAnswer, error) {
			return a.oneCall(a.ctl.Calls.Record(ctx, author(ctx), in.Tenant, in.ID))
		})
	declare(a, operators, callOperation("DELETE", "/{id}/recording", "stop-recording-call", "Stop recording a call",
		"Whether the API or a phone began it; not what is recorded because all calls of an extension are."),
		func(ctx context.Context, in *OneCall) (*callAnswer, error) {
			return a.oneCall(a.ctl.Calls.StopRecording(ctx, author(ctx), in.Tenant, in.ID))
		})
	a.registerConsultations()
	place := callOperation("POST", "", "place-call", "Place a call (click to call)",
		"The extension's phones ring and show whom they will call; the first one that is answered dials the number as if it had been typed there.")
	place.DefaultStatus = http.StatusAccepted
	declare(a, tenantAdmins, place, func(ctx context.Context, in *placeCallInput) (*placedCall, error) {
		id, err := a.ctl.Calls.Place(ctx, author(ctx), in.Tenant, in.Body.Extension, pbx.PlainNumber(in.Body.To))
		if err != nil {
			return nil, a.problem(err)
		}
		out := &placedCall{Status: http.StatusAccepted, Location: "/v1/tenants/" + in.Tenant + "/calls/" + id}
		out.Body.ID = id
		return out, nil
	})
}

func (a *api) registerConsultations() {
	declare(a, tenantAdmins, callOperation("POST", "/{id}/consult", "consult-call",
		"Ask somebody before a call is transferred",
		"Who the leg talks with hears music; the leg's phone dials the number, in the call that it is in. Whatever becomes of that, nobody is lost: when who was asked is busy, does not answer or hangs up, the phone takes the call back; when the phone hangs up, who was asked gets it; when it hangs up before anybody answers, it is rung again for 30 seconds. Needs the class call of the AMI user (write = system,call,reporting,user)."),
		func(ctx context.Context, in *consultInput) (*callAnswer, error) {
			return a.oneCall(a.ctl.Calls.Consult(ctx, author(ctx), in.Tenant, in.ID, in.Body.Leg, pbx.PlainNumber(in.Body.To)))
		})
	declare(a, tenantAdmins, callOperation("DELETE", "/{id}/consult", "return-call",
		"Take a call back: end the consultation",
		"Who was asked is let go; who was held talks with the leg again."),
		func(ctx context.Context, in *askingInput) (*callAnswer, error) {
			return a.oneCall(a.ctl.Calls.Return(ctx, author(ctx), in.Tenant, in.ID, in.Leg))
		})
	declare(a, tenantAdmins, callOperation("POST", "/{id}/complete", "complete-call", "Transfer a call to who was asked",
		"The leg that asks is let go. While the number still rings, who was held goes on there as after a transfer without asking."),
		func(ctx context.Context, in *askingInput) (*callAnswer, error) {
			return a.oneCall(a.ctl.Calls.Complete(ctx, author(ctx), in.Tenant, in.ID, in.Leg))
		})
}

func (a *api) oneCall(c *pbx.LiveCall, err error) (*callAnswer, error) {
	if err != nil {
		return nil, a.problem(err)
	}
	return &callAnswer{Body: callView(*c)}, nil
}
