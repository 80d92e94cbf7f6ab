package api

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// PortOrder is a number that is to come here.
type PortOrder struct {
	Number      string `json:"number" doc:"In E.164, such as +493012345678"`
	Destination string `json:"destination,omitempty" doc:"Where calls to it go, from the first one on; as of a number of the tenant"`
}

// PortRequestFields is what a client may write.
type PortRequestFields struct {
	Name    string      `json:"name,omitempty" doc:"Its key: letters, digits, '-', '_' and '.'; it never changes; taken from the path in PUT and PATCH"`
	Carrier string      `json:"carrier" doc:"That has the numbers until now, 1 to 100 characters"`
	Account string      `json:"account,omitempty" doc:"Of the customer at that carrier, at most 100 characters"`
	Wish    string      `json:"wish,omitempty" doc:"Day on which the numbers are wanted, such as 2026-12-24"`
	Note    string      `json:"note,omitempty" doc:"For people, at most 1000 characters"`
	Numbers []PortOrder `row:"Numbers,by hand" json:"numbers" nullable:"false" doc:"1 to 100 numbers"`
}

// PortRequest is what a client reads.
type PortRequest struct {
	Name    string       `json:"name"`
	State   string       `json:"state" enum:"draft,submitted,scheduled,exception,completed,cancelled" doc:"Of the number that is least far; exception as long as one has it"`
	Carrier string       `json:"carrier"`
	Account string       `json:"account"`
	Wish    string       `json:"wish,omitempty"`
	Note    string       `json:"note"`
	Numbers []PortNumber `row:"Numbers,by hand" json:"numbers" nullable:"false"`
	Apply   ApplyBlock   `json:"apply"`
}

// PortNumber is a number of a port request.
type PortNumber struct {
	Number      string     `json:"number"`
	Destination string     `json:"destination,omitempty"`
	State       string     `json:"state" enum:"draft,submitted,scheduled,exception,completed,cancelled"`
	Date        string     `json:"date,omitempty" doc:"Day that the carrier named"`
	Problem     string     `json:"problem,omitempty" doc:"Why the carrier refused, in its words"`
	FirstCall   *time.Time `json:"first_call,omitempty" doc:"When the first call came from a trunk: the number is here, and can be completed"`
}

func registerPortRequests(a *api) {
	k := newKind(kind[pbx.PortRequest, PortRequestFields, PortRequest]{
		name: "port-request", plural: "port-requests", path: "/v1/tenants/{tenant}/port-requests", keyName: "name",
		rows: a.ctl.PortRequests, who: ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fresh:    func(tenant, name string) *pbx.PortRequest { return &pbx.PortRequest{Tenant: tenant, Name: name} },
		toRow: func(w PortRequestFields, _, r *pbx.PortRequest) error {
			r.Numbers = nil
			for _, n := range w.Numbers {
				r.Numbers = append(r.Numbers, pbx.PortNumber{Number: pbx.PlainNumber(n.Number), Destination: n.Destination,
					State: pbx.PortDraft})
			}
			return nil
		},
		toFields: func(r *pbx.PortRequest, w *PortRequestFields) {
			for _, n := range r.Numbers {
				w.Numbers = append(w.Numbers, PortOrder{n.Number, n.Destination})
			}
		},
		toView:   a.viewPort,
		revision: func(r *pbx.PortRequest) int64 { return r.Revision },
		apply:    func(v *PortRequest) *ApplyBlock { return &v.Apply },
	})
	registerKind(a, k)
	step := k.operation("POST", k.path+"/{name}/state", "step-port-request",
		"Submit, schedule, complete or cancel numbers, or tell what the carrier refused")
	step.Description = "A tenant admin cancels, and submits if the tenant has allow_external_numbers; what the carrier says comes " +
		"from the account above."
	declare(a, tenantAdmins, step, func(ctx context.Context, in *struct {
		Place
		ActionHeaders
		Body PortStep
	}) (*answer[PortRequest], error) {
		s := pbx.PortStep{State: pbx.PortState(in.Body.State), Date: in.Body.Date, Problem: in.Body.Problem}
		for i, text := range in.Body.Numbers {
			n := pbx.PlainNumber(text)
			if err := pbx.CheckE164(fmt.Sprintf("numbers[%d]", i), n); err != nil {
				return nil, a.problem(err)
			}
			s.Numbers = append(s.Numbers, n)
		}
		r, err := a.ctl.StepPortRequest(ctx, author(ctx), in.tenant, in.key, s)
		if err != nil {
			return nil, a.problem(err)
		}
		return k.done(ctx, a, r, in.write()), nil
	})
	history := k.operation("GET", k.path+"/{name}/history", "list-port-history", "What happened to the request, oldest first")
	declare(a, operators, history, func(ctx context.Context, in *getInput) (*page[PortHistoryLine], error) {
		es, err := a.ctl.PortHistory(ctx, in.tenant, in.key)
		if err != nil {
			return nil, a.problem(err)
		}
		out := &page[PortHistoryLine]{}
		out.Body.Items = make([]PortHistoryLine, 0, len(es))
		for _, e := range es {
			out.Body.Items = append(out.Body.Items, PortHistoryLine(e))
		}
		return out, nil
	})
	a.registerPortDocuments()
}

// PortStep is what becomes of numbers.
type PortStep struct {
	State   string   `json:"state" enum:"submitted,scheduled,exception,completed,cancelled"`
	Numbers []string `json:"numbers,omitempty" minItems:"1" maxItems:"100" nullable:"false" doc:"Of the request; all that can get there if left out"`
	Date    string   `json:"date,omitempty" doc:"Of scheduled: the day that the carrier named, such as 2026-12-24"`
	Problem string   `json:"problem,omitempty" doc:"Of exception: the carrier's words, at most 1000 characters"`
}

// PortHistoryLine is one line of the history of a port request.
type PortHistoryLine struct {
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`
	Number string    `json:"number,omitempty" doc:"Absent: the whole request"`
	State  string    `json:"state,omitempty"`
	Detail string    `json:"detail,omitempty" doc:"Day, the carrier's words, or the document"`
}

// viewPort shows the states of a request and its numbers.
func (a *api) viewPort(ctx context.Context, r *pbx.PortRequest, v *PortRequest) {
	calls, err := a.ctl.FirstCalls(ctx, r)
	if err != nil {
		a.Logger.Error("reading the first calls to numbers of a port request", "error", err)
	}
	v.State = string(r.State())
	v.Numbers = make([]PortNumber, 0, len(r.Numbers))
	for _, n := range r.Numbers {
		one := PortNumber{Number: n.Number, Destination: n.Destination, State: string(n.State), Date: n.Date,
			Problem: n.Problem}
		if at, came := calls[n.Number]; came {
			one.FirstCall = &at
		}
		v.Numbers = append(v.Numbers, one)
	}
}

// PortDocument is a paper of a port request.
type PortDocument struct {
	Name  string    `json:"name"`
	Type  string    `json:"type" enum:"application/pdf,image/jpeg,image/png"`
	Size  int       `json:"size" doc:"Bytes"`
	At    time.Time `json:"at"`
	Actor string    `json:"actor"`
}

// PortDocumentPath is the document in a path.
type PortDocumentPath struct {
	Tenant   string `path:"tenant"`
	Name     string `path:"name" maxLength:"40"`
	Document string `path:"document" maxLength:"40"`
}

// check refuses a name that no document has.
func (in PortDocumentPath) check() error {
	if err := pbx.CheckName("document", in.Document); err != nil {
		return err
	}
	return nil
}

func (a *api) registerPortDocuments() {
	const path = "/v1/tenants/{tenant}/port-requests/{name}/documents"
	op := func(method, below, id, summary string) huma.Operation {
		return huma.Operation{Method: method, Path: path + below, OperationID: id, Summary: summary,
			Tags: []string{"port-requests"}, Errors: []int{401, 404, 409, 413, 422}}
	}
	declare(a, tenantAdmins, op("GET", "", "list-port-documents", "Papers of the request"),
		func(ctx context.Context, in *struct {
			Tenant string `path:"tenant"`
			Name   string `path:"name" maxLength:"40"`
		}) (*page[PortDocument], error) {
			ds, err := a.ctl.PortDocuments(ctx, in.Tenant, in.Name)
			if err != nil {
				return nil, a.problem(err)
			}
			out := &page[PortDocument]{}
			out.Body.Items = make([]PortDocument, 0, len(ds))
			for _, d := range ds {
				out.Body.Items = append(out.Body.Items, PortDocument{d.Name, d.Type, d.Size, d.At, d.Actor})
			}
			return out, nil
		})
	get := op("GET", "/{document}", "get-port-document", "One of them")
	declare(a, tenantAdmins, get, func(ctx context.Context, in *PortDocumentPath) (*photoAnswer, error) {
		if err := in.check(); err != nil {
			return nil, a.problem(err)
		}
		d, err := a.ctl.PortDocument(ctx, in.Tenant, in.Name, in.Document)
		if err != nil {
			return nil, a.problem(err)
		}
		return &photoAnswer{ContentType: d.Type, NoSniff: "nosniff", Policy: "default-src 'none'; sandbox",
			Body: d.Content}, nil
	})
	put := op("PUT", "/{document}", "put-port-document", "Add one: PDF, JPEG or PNG, at most 2 MiB; ten for a request")
	put.MaxBodyBytes = provisioner.MaxPortDocument + 1
	declare(a, tenantAdmins, put, func(ctx context.Context, in *struct {
		PortDocumentPath
		RawBody []byte `contentType:"application/octet-stream"`
	}) (*struct{}, error) {
		if err := in.check(); err != nil {
			return nil, a.problem(err)
		}
		err := a.ctl.SetPortDocument(ctx, author(ctx), in.Tenant, in.Name, in.Document, append([]byte{}, in.RawBody...))
		if err != nil {
			return nil, a.problem(err)
		}
		return &struct{}{}, nil
	})
	declare(a, tenantAdmins, op("DELETE", "/{document}", "delete-port-document", "Remove one"),
		func(ctx context.Context, in *PortDocumentPath) (*struct{ Body DeletedFile }, error) {
			if err := in.check(); err != nil {
				return nil, a.problem(err)
			}
			if err := a.ctl.SetPortDocument(ctx, author(ctx), in.Tenant, in.Name, in.Document, nil); err != nil {
				return nil, a.problem(err)
			}
			return &struct{ Body DeletedFile }{DeletedFile{in.Document}}, nil
		})
}
