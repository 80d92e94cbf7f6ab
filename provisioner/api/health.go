package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"
)

// Health is the state of the program.
type Health struct {
	Status   string `json:"status" enum:"ok,degraded" doc:"degraded: calls go on, but a change may not reach Asterisk, calls follow the rendered fallback, or a trunk is in trouble"`
	Version  string `json:"version"`
	Revision int64  `json:"revision" doc:"Newest configuration revision"`
	Asterisk struct {
		Connected bool   `json:"connected"`
		Since     string `json:"away_since,omitempty"`
	} `json:"asterisk"`
	CallControl struct {
		Connected bool `json:"connected"`
	} `json:"call_control" doc:"Whether calls are decided here over ARI; while they are not, they follow the rendered fallback"`
	Database *DatabaseTrouble `json:"database,omitempty" doc:"What is wrong with the database; absent when all is well"`
	Apply    ApplyState       `json:"apply" doc:"How far Asterisk has come"`
	Trunks   []TrunkTrouble   `json:"trunks,omitempty" doc:"Trunks through which calls are likely to fail, and why"`
	Drift    []Drift          `json:"drift" nullable:"false" doc:"Rendered files that were edited by hand; the edits are kept aside, without effect, until somebody moves them away"`
}

// DatabaseTrouble is what is wrong with the database.
type DatabaseTrouble struct {
	Damages []string `json:"damages,omitempty" doc:"What the last check of the whole file found, at the start or since; put a backup in its place with dialtone restore"`
	Full    string   `json:"full,omitempty" doc:"Why changes are refused: the disk is full, or nearly so. Calls and phones go on"`
}

// databaseTrouble is nil when all is well.
func (a *api) databaseTrouble() *DatabaseTrouble {
	out := &DatabaseTrouble{Damages: a.ctl.Damages()}
	if err := a.ctl.Room(); err != nil {
		out.Full = err.Error()
	}
	if len(out.Damages) == 0 && out.Full == "" {
		return nil
	}
	return out
}

func (a *api) registerHealth(e *echo.Echo) {
	declare(a, platformAdmins, huma.Operation{Method: "GET", Path: "/v1/health", OperationID: "get-health",
		Tags: []string{"health"}, Summary: "State of the program", Errors: []int{401}},
		func(ctx context.Context, _ *struct{}) (*struct{ Body Health }, error) {
			out := &struct{ Body Health }{}
			revision, err := a.ctl.Revision(ctx)
			if err != nil {
				return nil, a.problem(err)
			}
			h := &out.Body
			h.Status, h.Version, h.Revision, h.Apply = "ok", a.Version, revision, applyView(a.ctl.Apply.State())
			connected, since := a.ctl.Connected()
			h.Asterisk.Connected, h.Asterisk.Since = connected, moment(since)
			h.CallControl.Connected = a.CallControl()
			h.Database = a.databaseTrouble()
			h.Trunks = a.trunkTroubles()
			h.Drift = driftViews(a.ctl.Apply.Drift())
			if !connected || !h.CallControl.Connected || h.Apply.Error != "" || h.Database != nil ||
				len(h.Trunks) > 0 {
				h.Status = "degraded"
			}
			return out, nil
		})
	// /healthz is for supervisors: no token, no detail.
	e.GET("/healthz", func(c echo.Context) error {
		ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
		defer cancel()
		if _, err := a.ctl.Revision(ctx); err != nil {
			return c.String(http.StatusServiceUnavailable, "database does not answer\n")
		}
		return c.String(http.StatusOK, "ok\n")
	})
}
