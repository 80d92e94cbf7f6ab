package api

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Change is one line of the audit trail.
type Change struct {
	ID       int64           `json:"id"`
	Revision int64           `json:"revision"`
	At       time.Time       `json:"at"`
	Actor    string          `json:"actor" doc:"Who"`
	Address  string          `json:"address,omitempty" doc:"From where"`
	Action   string          `json:"action" enum:"create,update,delete"`
	Kind     string          `json:"kind" enum:"reseller,carrier,rate,inventory,tenant,extension,device,phone,mailbox,button-template,phone-settings,group,user,external-number,contact,port-request,blocked-caller,trunk,webhook,route,forward,number,class-of-service,ring-group,queue,application,announcement,feature-codes,token"`
	Tenant   string          `json:"tenant"`
	Key      string          `json:"key"`
	Fields   []string        `json:"fields,omitempty" doc:"What an update changed"`
	Before   json.RawMessage `json:"before,omitempty" doc:"Secrets show as ****"`
	After    json.RawMessage `json:"after,omitempty"`
	Apply    ApplyBlock      `json:"apply" doc:"Whether Asterisk took it"`
}

type changesInput struct {
	BranchQuery
	Kind  string `query:"kind" enum:"reseller,carrier,rate,inventory,tenant,extension,device,phone,mailbox,button-template,phone-settings,group,user,external-number,contact,port-request,blocked-caller,trunk,webhook,route,forward,number,class-of-service,ring-group,queue,application,announcement,feature-codes,token" doc:"Only of this kind"`
	Key   string `query:"key" doc:"Only of the object with this key"`
	After int64  `query:"after" minimum:"0" doc:"List what is older than the change with this id"`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
}

// phoneKey is a phone's key as the audit trail spells it. Other keys stay as they are.
func phoneKey(kind, key string) string {
	mac, err := pbx.ParseMAC("key", key)
	if err != nil || kind != "phone" && !strings.Contains(key, ":") {
		return key
	}
	return string(mac)
}

// changeKey is a key as the other answers show it.
func changeKey(c db.Change) string {
	if c.Kind == "phone" {
		return pbx.MAC(c.Key).Colons()
	}
	return c.Key
}

// changeView returns the view of changes for a request.
func (a *api) changeView(ctx context.Context) func(db.Change) Change {
	return func(c db.Change) Change {
		return Change{c.ID, c.Revision, c.At, c.Author.Actor, c.Author.Address, c.Action, c.Kind, c.Tenant, changeKey(c),
			c.Fields, c.Before, c.After, a.applied(ctx, c.Revision, 0)}
	}
}

func (a *api) registerChanges() {
	declare(a, operators, huma.Operation{Method: "GET", Path: "/v1/changes", OperationID: "list-changes",
		Tags:    []string{"changes"},
		Summary: "Who changed what, newest first", Errors: []int{401, 422}},
		func(ctx context.Context, in *changesInput) (*page[Change], error) {
			changes, err := a.ctl.Changes(ctx, db.ChangeFilter{Tenant: in.Tenant, Branch: in.branch, Kind: in.Kind, Key: phoneKey(in.Kind, in.Key),
				BeforeID: in.After, Limit: in.Limit + 1})
			if err != nil {
				return nil, a.problem(err)
			}
			return paged(changes, in.Limit,
				func(c db.Change) string { return strconv.FormatInt(c.ID, 10) }, a.changeView(ctx)), nil
		})
}
