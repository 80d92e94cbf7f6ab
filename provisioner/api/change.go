package api

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
)

// Change is one line of the audit trail.
type Change struct {
	ID       int64           `json:"id"`
	Revision int64           `json:"revision"`
	At       time.Time       `json:"at"`
	Actor    string          `json:"actor" doc:"Who"`
	Address  string          `json:"address,omitempty" doc:"From where"`
	Action   string          `json:"action" enum:"create,update,delete"`
	Kind     string          `json:"kind"`
	Tenant   string          `json:"tenant"`
	Key      string          `json:"key"`
	Fields   []string        `json:"fields,omitempty" doc:"What an update changed"`
	Before   json.RawMessage `json:"before,omitempty" doc:"Secrets show as ****"`
	After    json.RawMessage `json:"after,omitempty"`
	Apply    ApplyBlock      `json:"apply" doc:"Whether Asterisk took it"`
}

type changesInput struct {
	Tenant string `query:"tenant" doc:"Only of this tenant"`
	Kind   string `query:"kind" doc:"Only of this kind: tenant, extension, device, phone, mailbox"`
	Key    string `query:"key" doc:"Only of the object with this key"`
	After  int64  `query:"after" doc:"List what is older than the change with this id"`
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
}

func (a *api) registerChanges() {
	huma.Register(a.hu, huma.Operation{Method: "GET", Path: "/v1/changes", OperationID: "list-changes", Tags: []string{"changes"},
		Summary: "Who changed what, newest first", Errors: []int{401, 422}}, func(ctx context.Context, in *changesInput) (*page[Change], error) {
		changes, err := a.ctl.Changes(ctx, db.ChangeFilter{Tenant: in.Tenant, Kind: in.Kind, Key: in.Key, BeforeID: in.After, Limit: in.Limit + 1})
		if err != nil {
			return nil, a.problem(err)
		}
		out := &page[Change]{}
		out.Body.Items = make([]Change, 0, len(changes))
		for i, c := range changes {
			if i == in.Limit {
				out.Body.Next = strconv.FormatInt(changes[i-1].ID, 10)
				break
			}
			out.Body.Items = append(out.Body.Items, Change{c.ID, c.Revision, c.At, c.Author.Actor, c.Author.Address, c.Action, c.Kind,
				c.Tenant, c.Key, c.Fields, c.Before, c.After, a.applied(ctx, c.Revision, 0)})
		}
		return out, nil
	})
}
