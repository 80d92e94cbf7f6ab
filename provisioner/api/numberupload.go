package api

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner"
	"github.com/dialtone-pbx/dialtone/provisioner/e164"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// maxNumberFile is the longest file of numbers, in bytes: some 200,000 rows.
	maxNumberFile = 8 << 20
	// numberFileWithin is how long sending it may take.
	numberFileWithin = time.Minute
)

// UploadOptions is what goes with a file of numbers.
type UploadOptions struct {
	VoiceCarrier string `query:"voice_carrier" maxLength:"40" doc:"Of the rows with Voice; the default one if left out"`
	SMSProfile   string `query:"sms_profile" maxLength:"40" doc:"Of the rows with SMS; the default one if left out"`
	DryRun       bool   `query:"dry_run" doc:"Checks everything and brings nothing"`
	GoodOnly     bool   `query:"good_only" doc:"Brings the good rows although others are wrong; otherwise it is all or nothing"`
}

// NumberUpload says what became of a file of numbers.
type NumberUpload struct {
	Rows      int               `json:"rows" doc:"Rows with something in them, without the head"`
	Added     int               `json:"added" doc:"Numbers that were brought; in a dry run those that would be"`
	WrongRows int               `json:"wrong_rows"`
	Errors    []NumberUploadRow `json:"errors" nullable:"false" doc:"What is wrong, at most 1000"`
}

// NumberUploadRow is one wrong cell.
type NumberUploadRow struct {
	Row    int    `json:"row" doc:"As a spreadsheet counts: the head is row 1"`
	Column string `json:"column,omitempty" doc:"Absent: the whole row"`
	Detail string `json:"detail"`
}

func (a *api) registerNumberUploads() {
	op := func(method, path, id, summary string) huma.Operation {
		o := huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{"inventory"},
			Errors: []int{401, 404, 409, 413, 422}}
		if method == "POST" {
			o.MaxBodyBytes, o.BodyReadTimeout = maxNumberFile, numberFileWithin
			o.Description = "The body is the file, as CSV with commas, semicolons or tabs in UTF-8. " +
				"Its first row names the columns Country Code, Phone Number, Voice, SMS and Fax; Kind may be a sixth."
		}
		return o
	}
	declare(a, branchAdmins.inBranch(), op("POST", inventoryPath+"/upload", "upload-numbers", "Bring the numbers of a CSV file"),
		func(ctx context.Context, in *struct {
			UploadOptions
			Reseller string `query:"reseller" maxLength:"31" doc:"Who gets them; the caller's own, or the platform, if left out"`
			Tenant   string `query:"tenant" maxLength:"31" doc:"Who gets them"`
			RawBody  []byte `contentType:"text/csv"`
		}) (*struct{ Body NumberUpload }, error) {
			to, err := assignment(ctx, NumberTarget{Reseller: in.Reseller, Tenant: in.Tenant})
			if err != nil {
				return nil, a.problem(err)
			}
			return a.uploadNumbers(ctx, in.UploadOptions, to, in.RawBody)
		})
	tenant := op("POST", "/v1/tenants/{tenant}/numbers/upload", "upload-tenant-numbers", "Bring the numbers of a CSV file for the tenant")
	tenant.Description += " A tenant admin needs allow_external_numbers of the tenant."
	declare(a, tenantAdmins, tenant, func(ctx context.Context, in *struct {
		UploadOptions
		Tenant  string `path:"tenant"`
		RawBody []byte `contentType:"text/csv"`
	}) (*struct{ Body NumberUpload }, error) {
		return a.uploadNumbers(ctx, in.UploadOptions, db.Assignment{Tenant: in.Tenant}, in.RawBody)
	})
	file := func(o huma.Operation) huma.Operation {
		o.Responses = map[string]*huma.Response{"200": {Description: "The file", Content: map[string]*huma.MediaType{
			"text/csv": {Schema: &huma.Schema{Type: "string"}}}}}
		return o
	}
	sample := op("GET", "/v1/numbers-sample.csv", "get-number-sample", "The file to fill in for an upload")
	declare(a, tenantAdmins.aboutNoTenant(), file(sample),
		func(context.Context, *struct{}) (*huma.StreamResponse, error) {
			return csvFile("numbers-sample.csv", func(w io.Writer) { _, _ = io.WriteString(w, provisioner.UploadSample) }), nil
		})
	export := op("GET", "/v1/numbers.csv", "export-inventory",
		"The inventory as CSV, with the columns of an upload first")
	declare(a, branchAdmins.inBranch(), file(export), a.exportInventory)
}

func (a *api) uploadNumbers(ctx context.Context, o UploadOptions, to db.Assignment, file []byte) (*struct{ Body NumberUpload }, error) {
	report, err := a.ctl.Inventory.Upload(ctx, author(ctx), file, provisioner.NumberUpload{To: to, VoiceCarrier: o.VoiceCarrier,
		SMSProfile: o.SMSProfile, DryRun: o.DryRun, GoodOnly: o.GoodOnly})
	if err != nil {
		return nil, a.problem(err)
	}
	out := NumberUpload{Rows: report.Rows, Added: report.Added, WrongRows: report.WrongRows,
		Errors: make([]NumberUploadRow, 0, len(report.Wrong))}
	for _, f := range report.Wrong {
		out.Errors = append(out.Errors, NumberUploadRow{f.Row, f.Column, f.Message})
	}
	return &struct{ Body NumberUpload }{out}, nil
}

// csvFile answers with a file to save.
func csvFile(name string, write func(io.Writer)) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "text/csv; charset=utf-8; header=present")
		hc.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		hc.SetHeader("Cache-Control", "no-store")
		write(hc.BodyWriter())
	}}
}

func (a *api) exportInventory(ctx context.Context, in *InventoryFilter) (*huma.StreamResponse, error) {
	reach, f := branchOf(ctx), in.rows()
	f.Limit = exportPage
	first, err := a.ctl.Inventory.List(ctx, reach, f)
	if err != nil {
		return nil, a.problem(err)
	}
	return csvFile("numbers.csv", func(to io.Writer) {
		w := csv.NewWriter(to)
		w.UseCRLF = true
		_ = w.Write([]string{"Country Code", "Phone Number", "Voice", "SMS", "Fax", "Kind", "State", "Reseller", "Tenant",
			"Destination", "Voice Carrier", "SMS Carrier Profile", "Uploaded By"}) // a client that has left shows at the flush
		for ns := first; ; {
			for _, n := range ns {
				_ = w.Write(inventoryCells(n))
			}
			if w.Flush(); w.Error() != nil || len(ns) < exportPage {
				return
			}
			f.After = ns[len(ns)-1].Number
			if ns, err = a.ctl.Inventory.List(ctx, reach, f); err != nil {
				a.Logger.Error("exporting the inventory", "error", err)
				return
			}
		}
	}), nil
}

func inventoryCells(n *pbx.InventoryNumber) []string {
	flag := func(b bool) string { return strings.ToUpper(strconv.FormatBool(b)) }
	cells := []string{strconv.Itoa(e164.CallingCode(n.Number)), n.Number, flag(n.Voice), flag(n.SMS), flag(n.Fax), n.Kind,
		string(n.State), n.Reseller, n.Tenant, n.Destination.String(), n.VoiceCarrier, n.SMSProfile, n.UploadedBy.String()}
	for i, cell := range cells {
		cells[i] = harmless(cell)
	}
	return cells
}
