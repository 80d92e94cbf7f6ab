package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/provisioner/guard"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Guard bounds calls outside.
type Guard struct {
	Calls          int `json:"calls,omitempty" minimum:"0" maximum:"10000" doc:"At once, those that ring outside too; 0 is without limit, as everywhere here"`
	CallsPerMinute int `json:"calls_per_minute,omitempty" minimum:"0" maximum:"10000" doc:"Begun within 60 seconds"`
	MinutesPerDay  int `json:"minutes_per_day,omitempty" minimum:"0" maximum:"1000000" doc:"Of talk, from midnight in the tenant's time zone. A call is reserved half of what is left, 10 minutes at least, or all of it where calls lets no other one begin, and Asterisk ends it then"`
	SpendPerDay    int `json:"spend_per_day,omitempty" minimum:"0" maximum:"1000000000" doc:"Money of a day, in thousandths, by the rates of the accounts above; reserved as minutes are"`
}

// GuardUse is what an extension or a tenant has used.
type GuardUse struct {
	Extension     string `json:"extension,omitempty" doc:"Absent: the whole tenant"`
	Bounds        Guard  `json:"bounds" doc:"Of the tenant: the smaller one of guard and guard_ceiling, each by itself"`
	Calls         int    `json:"calls" doc:"At once now"`
	CallsInMinute int    `json:"calls_in_minute" doc:"Begun within the last 60 seconds"`
	TalkedSeconds int64  `json:"talked_seconds" doc:"Of today's calls that have ended"`
	UsedSeconds   int64  `json:"used_seconds" doc:"What counts: since a block was lifted last, with what is reserved for calls under way"`
	Paid          int64  `json:"paid" doc:"As talked_seconds, in thousandths"`
	Spent         int64  `json:"spent" doc:"As used_seconds, in thousandths"`
	Blocked       string `json:"blocked,omitempty" doc:"Why no further call outside is let begin now"`
}

type guardAnswer struct {
	Body struct {
		Items []GuardUse `json:"items" nullable:"false"`
	}
}

type guardInput struct {
	Tenant string `path:"tenant"`
}

type unblockInput struct {
	Tenant string `path:"tenant"`
	Body   struct {
		Extension string `json:"extension,omitempty" maxLength:"20" doc:"The whole tenant if left out"`
	}
}

// registerGuard declares what is observed of calls outside.
func (a *api) registerGuard() {
	const path = "/v1/tenants/{tenant}/guard"
	op := func(method, path, id, summary, text string) huma.Operation {
		return huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Description: text,
			Tags: []string{"guard"}, Errors: []int{401, 404, 422}, DefaultStatus: http.StatusOK}
	}
	declare(a, operators, op("GET", path, "get-guard", "Show what calls outside have used today",
		"The tenant, and its extensions that are bounded or have called outside today. Calls for help are in none of the figures, and are never stopped."),
		func(ctx context.Context, in *guardInput) (*guardAnswer, error) {
			if _, err := a.ctl.Tenants.Get(ctx, "", in.Tenant); err != nil {
				return nil, a.problem(err)
			}
			return a.guardUse(ctx, in.Tenant)
		})
	declare(a, tenantAdmins, op("POST", path+"/unblock", "unblock-guard", "Lift a block until the end of the day",
		"What an extension, or the tenant, has used today counts no more; its bounds stay. Where the account above has set guard_ceiling, the tenant's own block is that account's to lift."),
		func(ctx context.Context, in *unblockInput) (*guardAnswer, error) {
			if err := a.mayUnblock(ctx, in.Tenant, in.Body.Extension); err != nil {
				return nil, a.problem(err)
			}
			a.ctl.Guard.Lift(author(ctx), in.Tenant, in.Body.Extension)
			return a.guardUse(ctx, in.Tenant)
		})
}

// mayUnblock refuses to lift a block of nobody, or of the account above.
func (a *api) mayUnblock(ctx context.Context, tenant, extension string) error {
	t, err := a.ctl.Tenants.Get(ctx, "", tenant)
	if err != nil {
		return err
	}
	if extension != "" {
		if err := pbx.CheckNumber("extension", extension); err != nil {
			return err
		}
		if _, err := a.ctl.Extensions.Get(ctx, tenant, extension); err != nil {
			return pbx.Refusedf("extension", "extension %s does not exist in tenant %s", extension, tenant)
		}
		return nil
	}
	if t.GuardCeiling.Any() && !branchAdmins.allows(caller(ctx).Role) {
		return &pbx.Error{Kind: pbx.Forbidden, Field: "extension",
			Message: "the account above bounds tenant " + tenant + " by guard_ceiling, and lifts its block"}
	}
	return nil
}

func (a *api) guardUse(ctx context.Context, tenant string) (*guardAnswer, error) {
	today, err := a.ctl.GuardToday(ctx, tenant)
	if err != nil {
		return nil, a.problem(err)
	}
	out := &guardAnswer{}
	out.Body.Items = []GuardUse{}
	for _, t := range today {
		out.Body.Items = append(out.Body.Items, guardUseView(t))
	}
	return out, nil
}

func guardUseView(t guard.Today) GuardUse {
	return GuardUse{Extension: t.Extension, Bounds: Guard(t.Bounds), Calls: t.Calls, CallsInMinute: t.Recent,
		TalkedSeconds: t.Talked, UsedSeconds: t.Seconds, Paid: t.Paid, Spent: t.Spent, Blocked: t.Blocked}
}
