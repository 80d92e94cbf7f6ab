package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/application"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ApplicationFields is what a client may write.
type ApplicationFields struct {
	Name        string  `json:"name,omitempty" doc:"Its key: 1 to 40 of a-z, 0-9, '.', '_', '-'; taken from the path in PUT and PATCH"`
	URL         string  `json:"url" doc:"Where it is asked by POST what happens to a call: https, and a host on the public internet; http, and others, only in networks that the platform admin listed"`
	Secret      *string `json:"secret,omitempty" writeOnly:"true" doc:"Signs each request: whsec_ and 24 to 64 bytes in base64. Left out, a new application gets one of ours, which the answer shows once, and an existing one keeps its own"`
	Description string  `json:"description,omitempty" doc:"For people, at most 100 characters of plain text"`
	Fallback    string  `json:"fallback" doc:"Where a call goes when the application does not answer as it should, and without a controller: extension:NUMBER, voicemail:NUMBER, external:NUMBER, ring-group:NAME, announcement:NAME or hangup. An external one ends the call without a controller"`
}

// Application is what a client reads.
type Application struct {
	Name        string     `json:"name"`
	URL         string     `json:"url"`
	Secret      string     `json:"secret,omitempty" row:"Secret,by hand" doc:"Only in the answer to the write that set it"`
	Description string     `json:"description"`
	Fallback    string     `json:"fallback"`
	RestsUntil  *time.Time `json:"rests_until,omitempty" doc:"It failed 10 times in a row: calls go straight to the fallback until then"`
	Apply       ApplyBlock `json:"apply"`
}

// ApplicationFailure is one request that led to no verbs.
type ApplicationFailure struct {
	At      time.Time       `json:"at"`
	Took    int64           `json:"duration_ms"`
	Call    string          `json:"call" doc:"Id of the call"`
	Request json.RawMessage `json:"request" doc:"Data of the request, with a * for each key that the caller has pressed"`
	Status  int             `json:"status,omitempty" doc:"Of the answer"`
	Answer  string          `json:"answer,omitempty" doc:"Its first 1024 bytes"`
	Error   string          `json:"error" doc:"Why the call went to the fallback"`
}

// applicationFailures are the last errors.
type applicationFailures struct {
	Body struct {
		Items []ApplicationFailure `json:"items" nullable:"false"`
	}
}

// TestedApplication is what an application answers to a test.
type TestedApplication struct {
	Verbs []pbx.Verb `json:"verbs" nullable:"false" doc:"What would happen to a call, in this order"`
	Error string     `json:"error,omitempty" doc:"Why a call would go to the fallback"`
	Took  int64      `json:"duration_ms"`
}

func failureView(f application.Failure) ApplicationFailure {
	return ApplicationFailure{At: f.At.UTC(), Took: f.Took.Milliseconds(), Call: f.Call, Request: f.Request,
		Status: f.Status, Answer: f.Answer, Error: f.Error}
}

func registerApplications(a *api) {
	k := newKind(kind[pbx.Application, ApplicationFields, Application]{
		name: "application", plural: "applications", path: "/v1/tenants/{tenant}/applications", keyName: "name",
		rows: a.ctl.Applications, who: ofTenant,
		parseKey: func(field, s string) (string, *pbx.Error) { return s, pbx.CheckName(field, s) },
		fresh: func(tenant, name string) *pbx.Application {
			return &pbx.Application{Tenant: tenant, Name: name, Secret: pbx.NewWebhookSecret()}
		},
		toView: func(_ context.Context, row *pbx.Application, v *Application) {
			v.RestsUntil = timeOrNone(a.ctl.Asker.Rests(row.Tenant, row.Name))
		},
		reveal: func(old, row *pbx.Application, v *Application) {
			if old == nil || !old.Secret.Equal(row.Secret) {
				v.Secret = row.Secret.Reveal()
			}
		},
		revision: func(row *pbx.Application) int64 { return row.Revision },
		apply:    func(v *Application) *ApplyBlock { return &v.Apply },
	})
	registerKind(a, k)
	failures := k.operation("GET", k.path+"/{name}/errors", "list-application-errors",
		"Its last 50 requests that led to no verbs, newest first; a restart of Dialtone forgets them")
	declare(a, operators, failures, func(ctx context.Context, in *getInput) (*applicationFailures, error) {
		list, err := a.ctl.ApplicationErrors(ctx, in.tenant, in.key)
		if err != nil {
			return nil, a.problem(err)
		}
		out := &applicationFailures{}
		out.Body.Items = make([]ApplicationFailure, 0, len(list))
		for _, f := range list {
			out.Body.Items = append(out.Body.Items, failureView(f))
		}
		return out, nil
	})
	test := k.operation("POST", k.path+"/{name}/test", "test-application",
		"Ask it now about a call that there is not, and see its verbs; nothing is carried out")
	declare(a, tenantAdmins, test, func(ctx context.Context, in *getInput) (*accepted[TestedApplication], error) {
		verbs, took, err := a.ctl.TestApplication(ctx, in.tenant, in.key)
		if err != nil && pbx.KindOf(err) == pbx.NotFound {
			return nil, a.problem(err)
		}
		out := TestedApplication{Verbs: []pbx.Verb{}, Took: took.Milliseconds()}
		if out.Verbs = append(out.Verbs, verbs...); err != nil {
			out.Error = err.Error()
		}
		return &accepted[TestedApplication]{http.StatusOK, out}, nil
	})
}
