package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/spool"
)

// Recording is a recorded call.
type Recording struct {
	Name     string    `json:"name"`
	Started  time.Time `json:"started"`
	From     string    `json:"from" doc:"Number of the caller"`
	To       string    `json:"to" doc:"Number that was dialled"`
	Seconds  float64   `json:"seconds" doc:"How long it plays"`
	Bytes    int64     `json:"bytes"`
	Finished bool      `json:"finished" doc:"Whether the call has ended and the file is complete"`
}

func recordingView(r *pbx.Recording) Recording {
	return Recording{Name: r.Name, Started: r.Started, From: r.From, To: r.To, Seconds: r.Length().Seconds(),
		Bytes: r.Bytes, Finished: r.Finished}
}

const recordingsPath = "/v1/tenants/{tenant}/recordings"

type oneRecording struct {
	Tenant string `path:"tenant"`
	Name   string `path:"name"`
}

type recordingsInput struct {
	Tenant   string `path:"tenant"`
	After    string `query:"after" doc:"List what comes after this name"`
	Limit    int    `query:"limit" default:"100" minimum:"1" maximum:"1000" doc:"At most this many"`
	Contains string `query:"contains" maxLength:"60" doc:"Only those whose name contains this: a day such as 20260131, or a number"`
}

// noRecording is the answer to a delete.
type noRecording struct {
	Body struct {
		Deleted string `json:"deleted" doc:"Name of the recording that is gone"`
	}
}

func (a *api) registerRecordings() {
	declare(a, operators.and(ownRecordings), recordingOperation("GET", "", "list-recordings",
		"List recorded calls, oldest first"), a.listRecordings)
	get := recordingOperation("GET", "/{name}", "get-recording", "Fetch the WAV file of a recorded call")
	get.Responses = soundResponses()
	declare(a, operators.and(ownRecordings), get, func(ctx context.Context, in *oneRecording) (*huma.StreamResponse,
		error) {
		hears, err := a.mayHear(ctx)
		if err == nil && hears != nil && !hears(in.Name) {
			err = notOwn(caller(ctx))
		}
		if err != nil {
			return nil, a.problem(err)
		}
		r, file, err := a.ctl.Spool.Open(ctx, in.Tenant, in.Name)
		if err != nil {
			return nil, a.problem(err)
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) { sendSound(ctx, r.Name, file) }}, nil
	})
	declare(a, tenantAdmins, recordingOperation("DELETE", "/{name}", "delete-recording", "Delete a recorded call"),
		func(ctx context.Context, in *oneRecording) (*noRecording, error) {
			if err := a.ctl.Spool.Delete(ctx, author(ctx), in.Tenant, in.Name); err != nil {
				return nil, a.problem(err)
			}
			out := &noRecording{}
			out.Body.Deleted = in.Name
			return out, nil
		})
}

func recordingOperation(method, below, id, summary string) huma.Operation {
	return huma.Operation{Method: method, Path: recordingsPath + below, OperationID: id, Summary: summary,
		Tags: []string{"recordings"}, Errors: []int{401, 404, 422, 503}}
}

func (a *api) listRecordings(ctx context.Context, in *recordingsInput) (*page[Recording], error) {
	hears, err := a.mayHear(ctx)
	if err != nil {
		return nil, a.problem(err)
	}
	rows, err := a.ctl.Spool.Recordings(ctx, in.Tenant, spool.Filter{After: in.After, Limit: in.Limit + 1,
		Contains: in.Contains, Want: hears})
	if err != nil {
		return nil, a.problem(err)
	}
	return paged(rows, in.Limit, func(r *pbx.Recording) string { return r.Name }, recordingView), nil
}

// mayHear chooses the recordings that a caller may list and fetch; nil chooses all. Those of
// a user are of calls in which the user's extension talked, under whichever number; one that
// goes on has no record yet.
func (a *api) mayHear(ctx context.Context) (func(name string) bool, error) {
	by := caller(ctx)
	if by.Role != pbx.RoleUser {
		return nil, nil //nolint:nilnil // see above
	}
	return a.ctl.Records.OwnRecordings(ctx, by.Tenant, by.User.Extension)
}

// sendSound streams a WAV file; a player may ask for a part of it.
func sendSound(ctx huma.Context, name string, file io.ReadSeekCloser) {
	defer file.Close()
	ctx.SetHeader("Content-Type", "audio/wav")
	ctx.SetHeader("Cache-Control", "no-store")
	ctx.SetHeader("Content-Disposition", `attachment; filename="`+name+`.wav"`)
	echo := humaecho.UnwrapV4(ctx)
	http.ServeContent(echo.Response(), echo.Request(), "", time.Time{}, file)
}

// soundResponses documents an answer that is a WAV file.
func soundResponses() map[string]*huma.Response {
	return map[string]*huma.Response{"200": {Description: "The sound", Content: map[string]*huma.MediaType{
		"audio/wav": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}}
}
