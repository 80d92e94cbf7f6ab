package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/fleet"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Resync is one order to one phone.
type Resync struct {
	ID       int64      `json:"id"`
	Batch    string     `json:"batch,omitempty" doc:"The bulk order it is part of"`
	Tenant   string     `json:"tenant"`
	MAC      string     `json:"mac"`
	Action   string     `json:"action" enum:"resync,reboot"`
	Reason   string     `json:"reason" enum:"change,request,template,return" doc:"change: what the phone shows changed; template: a template of the site did; return: the phone was away, and holds old files"`
	State    string     `json:"state" enum:"queued,away,sent,fetched,timed-out,failed" doc:"away: the phone is not registered, and is told when it is, within 24 hours. sent: Asterisk has the NOTIFY; what the phone answers it keeps to itself. fetched: the phone asked for its full file after that"`
	Error    string     `json:"error,omitempty"`
	QueuedAt time.Time  `json:"queued_at"`
	SentAt   *time.Time `json:"sent_at,omitempty"`
	EndedAt  *time.Time `json:"ended_at,omitempty" doc:"When it came to its last state; of fetched the time of the request"`
	File     string     `json:"file,omitempty" doc:"What it fetched"`
	SHA256   string     `json:"sha256,omitempty" doc:"Hash of what it fetched"`
}

// ResyncOrder tells many phones of a tenant at once.
type ResyncOrder struct {
	Filter    ResyncFilter `json:"filter,omitempty" doc:"Which phones; all of the tenant if left out"`
	Action    string       `json:"action,omitempty" enum:"resync,reboot" default:"resync"`
	PerSecond int          `json:"per_second,omitempty" minimum:"1" maximum:"50" default:"10" doc:"How many phones are told a second"`
}

// ResyncFilter chooses phones; an omitted field chooses all.
type ResyncFilter struct {
	Vendor string   `json:"vendor,omitempty" enum:"yealink,polycom"`
	Model  string   `json:"model,omitempty" maxLength:"40"`
	MACs   []string `json:"macs,omitempty" nullable:"false" maxItems:"10000"`
	// Drifted is not a property of the phone but of the files it holds.
	Drifted bool `json:"drifted,omitempty" doc:"Only phones that do not hold what they would get now"`
}

// ResyncProgress is how far a bulk order has come.
type ResyncProgress struct {
	Batch    string `json:"batch"`
	Total    int    `json:"total"`
	Queued   int    `json:"queued"`
	Away     int    `json:"away" doc:"Not registered: these are told when they are, within 24 hours"`
	Sent     int    `json:"sent"`
	Fetched  int    `json:"fetched"`
	TimedOut int    `json:"timed_out"`
	Failed   int    `json:"failed"`
	Done     bool   `json:"done" doc:"Nothing is queued or sent: all phones that are there have fetched or will not"`
}

type resyncsInput struct {
	TenantQuery
	MAC   string `query:"mac" doc:"Only of this phone"`
	Batch string `query:"batch" doc:"Only of this bulk order"`
	State string `query:"state" enum:"queued,away,sent,fetched,timed-out,failed," doc:"Only in this state"`
	After int64  `query:"after" doc:"List what is older than the order with this id"`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"1000"`
}

type accepted[V any] struct {
	Status int
	Body   V
}

func resyncView(r pbx.Resync) Resync {
	return Resync{r.ID, r.Batch, r.Tenant, r.MAC.Colons(), string(r.Action), r.Reason, string(r.State), r.Error,
		r.QueuedAt.UTC(), timeOrNone(r.SentAt), timeOrNone(r.EndedAt), r.File, r.Hash}
}

func timeOrNone(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func progressView(p fleet.ResyncProgress) ResyncProgress {
	c := p.Counts
	v := ResyncProgress{Batch: p.Batch, Queued: c[pbx.ResyncQueued], Away: c[pbx.ResyncAway], Sent: c[pbx.ResyncSent],
		Fetched: c[pbx.ResyncFetched], TimedOut: c[pbx.ResyncTimedOut], Failed: c[pbx.ResyncFailed]}
	v.Total = v.Queued + v.Away + v.Sent + v.Fetched + v.TimedOut + v.Failed
	v.Done = v.Queued+v.Sent == 0
	return v
}

// registerResyncs declares the orders to phones to fetch and to restart.
func registerResyncs(a *api, k kindOfPhone) {
	one := k.path + "/{mac}"
	for action, summary := range map[pbx.ResyncAction]string{pbx.ResyncFiles: "Tell the phone to fetch its files, without dropping calls", pbx.ResyncReboot: "Tell the phone to restart; Yealink only"} {
		op := k.operation("POST", one+"/"+string(action), string(action)+"-phone", summary)
		op.DefaultStatus = http.StatusAccepted
		declare(a, operators, op, func(ctx context.Context, in *getInput) (*accepted[Resync], error) {
			return a.resync(ctx, in.Place, action)
		})
	}
	declare(a, operators, k.operation("GET", one+"/resyncs", "list-phone-resyncs",
		"What the phone was told and what came of it, newest first"), func(ctx context.Context, in *getInput) (*page[Resync],
		error) {
		row, err := k.get(ctx, a, in.Place)
		if err != nil {
			return nil, err
		}
		return a.resyncs(ctx, &resyncsInput{TenantQuery: TenantQuery{in.tenant}, MAC: row.Body.MAC, Limit: 100})
	})
	many := k.operation("POST", "/v1/tenants/{tenant}/resync", "resync-phones", "Tell many phones, so many a second")
	many.DefaultStatus = http.StatusAccepted
	declare(a, operators, many, func(ctx context.Context, in *struct {
		Place
		Body ResyncOrder
	}) (*accepted[ResyncProgress], error) {
		return a.resyncMany(ctx, in.tenant, in.Body)
	})
	get := func(path, id, summary string) huma.Operation {
		return huma.Operation{Method: "GET", Path: path, OperationID: id, Summary: summary, Tags: []string{"phones"},
			Errors: []int{401, 404, 422}}
	}
	declare(a, operators, get("/v1/resyncs", "list-resyncs", "What phones were told and what came of it, newest first"),
		a.resyncs)
	declare(a, operators, get("/v1/resyncs/{batch}", "get-resync-progress", "How far a bulk order has come"),
		func(ctx context.Context, in *struct {
			TenantQuery
			Batch string `path:"batch"`
		}) (*accepted[ResyncProgress], error) {
			p, err := a.ctl.Fleet.Orders.Progress(ctx, in.Tenant, in.Batch)
			if err == nil && len(p.Counts) == 0 {
				err = pbx.NotFoundf("there is no bulk order %q; old ones are forgotten", in.Batch)
			}
			if err != nil {
				return nil, a.problem(err)
			}
			return &accepted[ResyncProgress]{200, progressView(p)}, nil
		})
}

func (a *api) resync(ctx context.Context, p Place, action pbx.ResyncAction) (*accepted[Resync], error) {
	phone, err := a.phone(ctx, p.tenant, p.key)
	if err != nil {
		return nil, err
	}
	r, err := a.ctl.Fleet.Resync(ctx, phone, action)
	if err != nil {
		return nil, a.problem(err)
	}
	return &accepted[Resync]{202, resyncView(r)}, nil
}

// choice reads the filter.
func (f ResyncFilter) choice() (c fleet.ResyncChoice, err *pbx.Error) {
	c = fleet.ResyncChoice{Vendor: pbx.Vendor(f.Vendor), Model: f.Model, Drifted: f.Drifted}
	if err := pbx.CheckText("filter.model", f.Model, 0, 40, 0); err != nil {
		return c, err
	}
	for i, s := range f.MACs {
		mac, err := pbx.ParseMAC(fmt.Sprintf("filter.macs[%d]", i), s)
		if err != nil {
			return c, err
		}
		c.MACs = append(c.MACs, mac)
	}
	slices.Sort(c.MACs)
	return c, nil
}

func (a *api) resyncMany(ctx context.Context, tenant string, in ResyncOrder) (*accepted[ResyncProgress], error) {
	choice, wrong := in.Filter.choice()
	if wrong != nil {
		return nil, a.problem(wrong)
	}
	p, err := a.ctl.Fleet.ResyncMany(ctx, tenant, choice, pbx.ResyncAction(in.Action), in.PerSecond)
	if err != nil {
		return nil, a.problem(err)
	}
	return &accepted[ResyncProgress]{202, progressView(p)}, nil
}

func (a *api) resyncs(ctx context.Context, in *resyncsInput) (*page[Resync], error) {
	f := db.ResyncFilter{Tenant: in.Tenant, Batch: in.Batch, State: in.State, BeforeID: in.After, Limit: in.Limit + 1}
	if in.MAC != "" {
		mac, err := pbx.ParseMAC("mac", in.MAC)
		if err != nil {
			return nil, a.problem(err)
		}
		f.MAC = mac
	}
	rows, err := a.ctl.Fleet.Orders.List(ctx, f)
	if err != nil {
		return nil, a.problem(err)
	}
	return paged(rows, in.Limit, func(r pbx.Resync) string { return strconv.FormatInt(r.ID, 10) }, resyncView), nil
}
