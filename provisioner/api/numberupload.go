package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/numberfile"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// numberFileWithin is how long sending a file may take.
const numberFileWithin = time.Minute

// UploadOptions is what goes with a file of numbers.
type UploadOptions struct {
	VoiceCarrier string `query:"voice_carrier" maxLength:"40" doc:"Of the rows with Voice; the default one if left out"`
	SMSProfile   string `query:"sms_profile" maxLength:"40" doc:"Of the rows with SMS; the default one if left out"`
	DryRun       bool   `query:"dry_run" doc:"Checks everything and brings nothing"`
	GoodOnly     bool   `query:"good_only" doc:"Brings the good rows although others are wrong; otherwise it is all or nothing"`
	Background   bool   `query:"background" doc:"Answers 202 when the file has been read; GET of the Location tells the rest"`
	csvBody
}

// NumberUpload says how far a file of numbers is, and what became of it.
type NumberUpload struct {
	ID        string            `json:"id"`
	State     string            `json:"state" enum:"reading,waiting,writing,done,refused,failed" doc:"refused: rows are wrong and nothing was brought; failed: problem says why"`
	DryRun    bool              `json:"dry_run"`
	By        string            `json:"by,omitempty" doc:"Who sent it; a tenant is not told who above it"`
	Reseller  string            `json:"reseller,omitempty" doc:"Who gets the numbers"`
	Tenant    string            `json:"tenant,omitempty" doc:"Who gets the numbers"`
	Begun     time.Time         `json:"begun"`
	Ended     *time.Time        `json:"ended,omitempty" doc:"Absent while it is under way"`
	Rows      int               `json:"rows" doc:"Rows read so far that have something in them, without the head"`
	Added     int               `json:"added" doc:"Numbers that were brought; in a dry run those that would be"`
	WrongRows int               `json:"wrong_rows"`
	Errors    []NumberUploadRow `json:"errors" nullable:"false" doc:"What is wrong, at most 1000"`
	Problem   string            `json:"problem,omitempty" doc:"Why it failed"`
}

// NumberUploadRow is one wrong cell.
type NumberUploadRow struct {
	Row    int    `json:"row" doc:"As a spreadsheet counts: the head is row 1"`
	Column string `json:"column,omitempty" doc:"Absent: the whole row"`
	Detail string `json:"detail"`
}

func numberUploadView(s numberfile.Status) NumberUpload {
	v := NumberUpload{ID: s.ID, State: string(s.State), DryRun: s.DryRun, By: s.By.Actor, Reseller: s.To.Reseller,
		Tenant: s.To.Tenant, Begun: s.Begun.UTC(), Rows: s.Rows, Added: s.Added, WrongRows: s.WrongRows,
		Errors: make([]NumberUploadRow, 0, len(s.Wrong)), Problem: s.Problem}
	if !s.Ended.IsZero() {
		ended := s.Ended.UTC()
		v.Ended = &ended
	}
	for _, f := range s.Wrong {
		v.Errors = append(v.Errors, NumberUploadRow{f.Row, f.Column, f.Message})
	}
	return v
}

const tenantUploads = "/v1/tenants/{tenant}/numbers/uploads"

func (a *api) registerNumberUploads() {
	op := func(method, path, id, summary string) huma.Operation {
		o := huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{"inventory"},
			Errors: []int{401, 404, 422}}
		if method == "POST" {
			o.Errors = []int{401, 404, 408, 409, 413, 422, 429}
			o.BodyReadTimeout = numberFileWithin
			o.RequestBody = &huma.RequestBody{Required: true,
				Content: map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: "string"}}}}
			o.Description = "The body is the file, as CSV with commas, semicolons or tabs in UTF-8. " +
				"Its first row names the columns Country Code, Phone Number, Voice, SMS and Fax; Kind may be a sixth. " +
				"An account has one upload under way at a time; another one is refused with 429."
		}
		return o
	}
	declare(a, branchAdmins.inBranch(), op("POST", inventoryPath+"/upload", "upload-numbers", "Bring the numbers of a CSV file"),
		func(ctx context.Context, in *struct {
			UploadOptions
			Reseller string `query:"reseller" maxLength:"31" doc:"Who gets them; the caller's own, or the platform, if left out"`
			Tenant   string `query:"tenant" maxLength:"31" doc:"Who gets them"`
		}) (*answer[NumberUpload], error) {
			to, err := assignment(ctx, NumberTarget{Reseller: in.Reseller, Tenant: in.Tenant})
			if err != nil {
				return nil, a.problem(err)
			}
			return a.uploadNumbers(ctx, in.UploadOptions, to, inventoryPath+"/uploads/")
		})
	tenant := op("POST", "/v1/tenants/{tenant}/numbers/upload", "upload-tenant-numbers", "Bring the numbers of a CSV file for the tenant")
	tenant.Description += " A tenant admin needs allow_external_numbers of the tenant."
	declare(a, tenantAdmins, tenant, func(ctx context.Context, in *struct {
		UploadOptions
		Tenant string `path:"tenant"`
	}) (*answer[NumberUpload], error) {
		return a.uploadNumbers(ctx, in.UploadOptions, db.Assignment{Tenant: in.Tenant},
			"/v1/tenants/"+in.Tenant+"/numbers/uploads/")
	})
	for _, path := range []string{inventoryPath + "/upload", tenant.Path} {
		responses := a.hu.OpenAPI().Paths[path].Post.Responses
		accepted := *responses["200"]
		accepted.Description = "Read, with background=true"
		responses["202"] = &accepted
	}
	a.registerUploadProgress(op)
	file := func(o huma.Operation) huma.Operation {
		o.Responses = map[string]*huma.Response{"200": {Description: "The file", Content: map[string]*huma.MediaType{
			"text/csv": {Schema: &huma.Schema{Type: "string"}}}}}
		return o
	}
	sample := op("GET", "/v1/numbers-sample.csv", "get-number-sample", "The file to fill in for an upload")
	declare(a, tenantAdmins.aboutNoTenant(), file(sample),
		func(context.Context, *struct{}) (*huma.StreamResponse, error) {
			return csvFile("numbers-sample.csv", func(w io.Writer) { _, _ = io.WriteString(w, numberfile.Sample) }), nil
		})
	export := op("GET", "/v1/numbers.csv", "export-inventory",
		"The inventory as CSV, with the columns of an upload first")
	declare(a, branchAdmins.inBranch(), file(export), a.exportInventory)
}

// registerUploadProgress declares what tells of uploads under way and of the last ones.
func (a *api) registerUploadProgress(op func(method, path, id, summary string) huma.Operation) {
	const kept = "Uploads under way and the last ones, newest first, without what is wrong in them; " +
		"none from before a restart"
	declare(a, branchAdmins.inBranch(), op("GET", inventoryPath+"/uploads", "list-number-uploads", kept),
		func(ctx context.Context, _ *struct{}) (*page[NumberUpload], error) {
			return a.listUploads(a.uploadsWithin(ctx))
		})
	declare(a, branchAdmins.inBranch(), op("GET", inventoryPath+"/uploads/{id}", "get-number-upload", "Read"),
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"40"`
		}) (*answer[NumberUpload], error) {
			return a.oneUpload(a.uploadsWithin(ctx))(in.ID)
		})
	declare(a, tenantAdmins, op("GET", tenantUploads, "list-tenant-number-uploads", kept),
		func(ctx context.Context, in *struct {
			Tenant string `path:"tenant"`
		}) (*page[NumberUpload], error) {
			return a.listUploads(a.uploadsOf(ctx, in.Tenant))
		})
	declare(a, tenantAdmins, op("GET", tenantUploads+"/{id}", "get-tenant-number-upload", "Read"),
		func(ctx context.Context, in *struct {
			Tenant string `path:"tenant"`
			ID     string `path:"id" maxLength:"40"`
		}) (*answer[NumberUpload], error) {
			return a.oneUpload(a.uploadsOf(ctx, in.Tenant))(in.ID)
		})
}

// uploadsWithin returns the uploads of the caller's account and of those below it.
func (a *api) uploadsWithin(ctx context.Context) (all []numberfile.Status, err error) {
	account := author(ctx).Account
	all = a.ctl.NumberFiles.List(func(s numberfile.Status) bool {
		above, wrong := a.ctl.StandsAbove(ctx, account, s.By.Account)
		err = errors.Join(err, wrong)
		return above
	})
	return all, err
}

// uploadsOf returns the uploads for a tenant, without the names of those above it.
func (a *api) uploadsOf(ctx context.Context, tenant string) ([]numberfile.Status, error) {
	if _, err := a.ctl.Tenants.Get(ctx, "", tenant); err != nil {
		return nil, err
	}
	all := a.ctl.NumberFiles.List(func(s numberfile.Status) bool { return s.To.Tenant == tenant })
	for i, s := range all {
		if s.By.Account.Tenant() != tenant {
			all[i].By.Actor = ""
		}
	}
	return all, nil
}

func (a *api) listUploads(all []numberfile.Status, err error) (*page[NumberUpload], error) {
	if err != nil {
		return nil, a.problem(err)
	}
	out := &page[NumberUpload]{}
	out.Body.Items = make([]NumberUpload, 0, len(all))
	for _, s := range all {
		s.Wrong = nil
		out.Body.Items = append(out.Body.Items, numberUploadView(s))
	}
	return out, nil
}

func (a *api) oneUpload(all []numberfile.Status, err error) func(id string) (*answer[NumberUpload], error) {
	return func(id string) (*answer[NumberUpload], error) {
		if err != nil {
			return nil, a.problem(err)
		}
		for _, s := range all {
			if s.ID == id {
				return &answer[NumberUpload]{Status: http.StatusOK, Body: numberUploadView(s)}, nil
			}
		}
		return nil, a.problem(pbx.NotFoundf("upload %s does not exist, or was forgotten", id))
	}
}

// uploadAgain is when a refused upload may be tried again.
const uploadAgain = "5"

func (a *api) uploadNumbers(ctx context.Context, o UploadOptions, to db.Assignment,
	at string) (*answer[NumberUpload], error) {
	up, err := a.ctl.NumberFiles.Begin(author(ctx), numberfile.Order{To: to, VoiceCarrier: o.VoiceCarrier,
		SMSProfile: o.SMSProfile, DryRun: o.DryRun, GoodOnly: o.GoodOnly})
	if err != nil {
		return nil, huma.ErrorWithHeaders(a.problem(err), http.Header{"Retry-After": {uploadAgain}})
	}
	defer up.Close()
	if err := up.Read(ctx, o.csvBody); err != nil {
		return nil, a.problem(err)
	}
	o.unbound()
	out := &answer[NumberUpload]{Status: http.StatusOK}
	if o.Background {
		out.Status, out.Location = http.StatusAccepted, at+up.Status().ID
		out.Body = numberUploadView(up.Status())
		up.Later()
		return out, nil
	}
	if err := up.Bring(ctx); err != nil {
		return nil, a.problem(err)
	}
	out.Body = numberUploadView(up.Status())
	return out, nil
}
