package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// PhoneFile is a file that a phone sent.
type PhoneFile struct {
	Name     string    `json:"name"`
	Size     int64     `json:"size" doc:"Bytes"`
	Modified time.Time `json:"modified"`
	// Parameters are of files with settings of the phone's own.
	Parameters []string `json:"parameters,omitempty" doc:"Of a file with what was set at the phone itself: names of the parameters, which count before the rendered ones"`
}

type phoneFileInput struct {
	Tenant string `path:"tenant"`
	MAC    string `path:"mac"`
	Name   string `path:"name" maxLength:"64"`
}

// registerUploads declares the files that phones send: logs, their own changes,
// call lists.
func registerUploads(a *api, k kindOfPhone) {
	files := k.path + "/{mac}/files"
	declare(a, operators, k.operation("GET", files, "list-phone-files",
		"Logs, own changes and call lists that the phone sent"), func(ctx context.Context, in *getInput) (*page[PhoneFile],
		error) {
		p, err := a.phone(ctx, in.tenant, in.key)
		if err != nil {
			return nil, err
		}
		list, err := a.ctl.Fleet.Uploads.List(p)
		if err != nil {
			return nil, a.problem(err)
		}
		overrides, err := a.ctl.Fleet.Uploads.Overrides(p)
		if err != nil {
			return nil, a.problem(err)
		}
		out := &page[PhoneFile]{}
		out.Body.Items = make([]PhoneFile, 0, len(list))
		for _, f := range list {
			out.Body.Items = append(out.Body.Items, PhoneFile{f.Name, f.Size, f.Modified, overrides[f.Name]})
		}
		return out, nil
	})
	one := huma.Operation{Method: "GET", Path: files + "/{name}", OperationID: "get-phone-file", Tags: []string{"phones"},
		Errors:  []int{401, 404, 422},
		Summary: "One of them as the phone sent it; it may hold passwords",
		Responses: map[string]*huma.Response{"200": {Description: "The bytes", Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{}}}}}}
	declare(a, tenantAdmins, one, a.phoneFile)
	declare(a, tenantAdmins, huma.Operation{Method: "DELETE", Path: files + "/{name}", OperationID: "delete-phone-file",
		Tags: []string{"phones"}, Errors: []int{401, 404, 422},
		Summary: "Delete one of them. What was set at the phone itself is given back to it no more. A Polycom gets an empty " +
			"file for it, which clears what it holds; a Yealink holds it until a reset of its settings"},
		func(ctx context.Context, in *phoneFileInput) (*struct{ Body DeletedFile }, error) {
			p, err := a.phone(ctx, in.Tenant, in.MAC)
			if err != nil {
				return nil, err
			}
			if err := a.ctl.Fleet.Uploads.Remove(p, in.Name); err != nil {
				return nil, a.problem(err)
			}
			return &struct{ Body DeletedFile }{DeletedFile{in.Name}}, nil
		})
}

// DeletedFile is the answer to a delete.
type DeletedFile struct {
	Deleted string `json:"deleted"`
}

func (a *api) phoneFile(ctx context.Context, in *phoneFileInput) (*huma.StreamResponse, error) {
	p, err := a.phone(ctx, in.Tenant, in.MAC)
	if err != nil {
		return nil, err
	}
	body, err := a.ctl.Fleet.Uploads.Get(p, in.Name)
	if err != nil {
		return nil, a.problem(err)
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		// A phone made this: no browser may take it for a page of ours.
		ctx.SetHeader("Content-Type", "application/octet-stream")
		ctx.SetHeader("Content-Disposition", "attachment")
		ctx.SetHeader("X-Content-Type-Options", "nosniff")
		_, _ = ctx.BodyWriter().Write(body) // the client may be gone
	}}, nil
}
