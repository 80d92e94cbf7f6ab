package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

type testCallInput struct {
	Tenant string `path:"tenant"`
	Name   string `path:"name"`
	Body   struct {
		To   string `json:"to" doc:"Number to call, as it is dialled for a call outside. Numbers for help, and those of this system, are refused"`
		From string `json:"from,omitempty" doc:"Extension with whose rights, guard and caller's number the call is made; the tenant's own if left out"`
	}
}

// TestCall is what came of a test call.
type TestCall struct {
	State    string `json:"state" enum:"answered,busy,no-answer,refused,unreachable" doc:"refused: by the carrier, or by a guard before anything was dialled. unreachable: the carrier does not answer or has not put the call through, or the trunk is disabled, not registered or full"`
	Dialled  bool   `json:"dialled" doc:"Whether the number was called; if not, detail says why"`
	Detail   string `json:"detail" doc:"The same in a sentence"`
	Trunk    string `json:"trunk"`
	Endpoint string `json:"endpoint" doc:"Name of the trunk's endpoint in Asterisk"`
	Call     string `json:"call,omitempty" doc:"Id of the call in the records"`
	Answer   int    `json:"answer,omitempty" doc:"Final SIP answer of the carrier; left out where there was none"`
	Cause    int    `json:"cause,omitempty" doc:"Cause of the hangup (Q.850), as Asterisk has it"`
	Ringing  int64  `json:"ringing_ms,omitempty" doc:"Milliseconds from the dial until it rang; left out where it did not"`
	Answered int64  `json:"answered_ms,omitempty" doc:"Milliseconds from the dial until the answer"`
}

type testCallAnswer struct{ Body TestCall }

func registerTestCalls(a *api) {
	op := huma.Operation{Method: "POST", Path: "/v1/tenants/{tenant}/trunks/{name}/test-call", OperationID: "test-trunk",
		Summary: "Place a test call by this trunk alone",
		Description: "Rings for at most 30 seconds; after an answer the number hears 5 seconds of silence. Answers when " +
			"the call is over. It counts, is bounded and is recorded as any call outside. A tenant has one " +
			"test call at a time (409). While Asterisk is not connected the answer is 503.",
		Tags: []string{"trunks"}, Errors: []int{401, 404, 409, 422, 503}}
	declare(a, tenantAdmins, op, func(ctx context.Context, in *testCallInput) (*testCallAnswer, error) {
		r, err := a.ctl.TestTrunk(ctx, author(ctx), in.Tenant, in.Name, pbx.PlainNumber(in.Body.To), in.Body.From)
		if err != nil {
			return nil, a.problem(err)
		}
		return &testCallAnswer{TestCall{State: string(r.State), Dialled: r.Call != "", Detail: r.Sentence, Trunk: in.Name,
			Endpoint: r.Endpoint, Call: r.Call, Answer: r.End.Final(), Cause: r.End.Cause,
			Ringing: r.End.Ringing.Milliseconds(), Answered: r.End.Answered.Milliseconds()}}, nil
	})
}
