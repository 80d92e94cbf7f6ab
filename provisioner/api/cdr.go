package api

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// CDR is the record of a call that has ended.
type CDR struct {
	ID         int64      `json:"id"`
	Call       string     `json:"call" doc:"Id that the call had while it was under way"`
	Started    time.Time  `json:"started"`
	Answered   *time.Time `json:"answered,omitempty" doc:"When the caller was first connected, to voicemail as well"`
	Ended      time.Time  `json:"ended"`
	Duration   float64    `json:"duration" doc:"Seconds from start to end"`
	Billable   float64    `json:"billable" doc:"Seconds from answer to end"`
	From       CallParty  `json:"from"`
	Dialled    string     `json:"dialled"`
	Called     []CallLeg  `json:"called" nullable:"false" doc:"Every phone and number that was called"`
	AnsweredBy *CallParty `json:"answered_by,omitempty" doc:"Who answered first; absent for voicemail and services"`
	Outcome    string     `json:"outcome" enum:"answered,no-answer,busy,unreachable,refused,voicemail,cancelled,failed"`
	Via        []string   `json:"via" nullable:"false" doc:"pickup, transfer, click, forward, group, monitor"`
	Rules      []string   `json:"rules" nullable:"false" doc:"Why it went where it went"`
	Recording  string     `json:"recording,omitempty" doc:"Name of its recording"`
	Incomplete bool       `json:"incomplete" doc:"Dialtone was away for a part of the call or all of it; what it did not see, Asterisk's own records tell, less precisely"`
}

func cdrView(c *pbx.CDR) CDR {
	return CDR{ID: c.ID, Call: c.CallID, Started: c.Started, Answered: whenSet(c.Answered), Ended: c.Ended,
		Duration: c.Duration().Seconds(), Billable: c.Billable().Seconds(),
		From: partyView(c.From), Dialled: c.Dialled, Called: legViews(c.Called), AnsweredBy: byView(c.By),
		Outcome: string(c.Outcome), Via: viaView(c.Via),
		Rules: append([]string{}, c.Rules...), Recording: c.Recording, Incomplete: c.Incomplete}
}

// CDRFilter is the filter of both the list and the export.
type CDRFilter struct {
	Tenant    string    `path:"tenant"`
	From      time.Time `query:"from" doc:"Only calls that started at this time or later"`
	To        time.Time `query:"to" doc:"Only calls that started before this time"`
	Extension string    `query:"extension" maxLength:"40" doc:"Only calls that this extension placed, was called by or answered"`
	Number    string    `query:"number" maxLength:"60" doc:"Only calls with a number that contains this"`
	Outcome   string    `query:"outcome" enum:"answered,no-answer,busy,unreachable,refused,voicemail,cancelled,failed" doc:"Only calls that ended so"`
}

func (f CDRFilter) rows() db.CDRFilter {
	return db.CDRFilter{From: f.From, To: f.To, Extension: f.Extension, Number: f.Number,
		Outcome: pbx.CallOutcome(f.Outcome)}
}

type cdrsInput struct {
	CDRFilter
	After string `query:"after" maxLength:"60" doc:"List what is older: next of the page before"`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"1000" doc:"At most this many"`
}

type cdrExportInput struct{ CDRFilter }

const cdrsPath = "/v1/tenants/{tenant}/cdrs"

func (a *api) registerCDRs() {
	declare(a, operators.and(ownCDRs), huma.Operation{Method: "GET", Path: cdrsPath, OperationID: "list-cdrs", Tags: []string{"cdrs"},
		Summary: "List records of calls, newest first",
		Description: "Users get the calls of their own extension, under whichever number it had, " +
			"without the numbers and devices at which others were rung, and without rules.",
		Errors: []int{401, 404, 422}}, a.listCDRs)
	declare(a, operators.and(ownCDRs), huma.Operation{Method: "GET", Path: "/v1/tenants/{tenant}/cdrs.csv", OperationID: "export-cdrs",
		Tags:    []string{"cdrs"},
		Summary: "Export records of calls as CSV (RFC 4180), newest first",
		Description: "Times are UTC. A cell that a spreadsheet could take for a formula (it begins with =, +, -, @, a tab or a line end) has a ' in front, " +
			"except a number such as +49301234567, which nothing can be computed from and which stays as it is.",
		Errors: []int{401, 404, 422},
		Responses: map[string]*huma.Response{"200": {Description: "The file", Content: map[string]*huma.MediaType{
			"text/csv": {Schema: &huma.Schema{Type: "string"}}}}}}, a.exportCDRs)
}

func (a *api) listCDRs(ctx context.Context, in *cdrsInput) (*page[CDR], error) {
	f := in.rows()
	f.Limit = in.Limit + 1
	if in.After != "" {
		cursor, err := parseCursor(in.After)
		if err != nil {
			return nil, a.problem(err)
		}
		f.Before = cursor
	}
	rows, err := a.listCalls(ctx, in.Tenant, f)
	if err != nil {
		return nil, a.problem(err)
	}
	return paged(rows, in.Limit, cursorOf, cdrView), nil
}

// listCalls returns the records that a caller may see: of a user, those of the user's own
// extension, with the others in them as the user met them.
func (a *api) listCalls(ctx context.Context, tenant string, f db.CDRFilter) ([]*pbx.CDR, error) {
	by := caller(ctx)
	if by.Role != pbx.RoleUser {
		return a.ctl.Records.List(ctx, tenant, f)
	}
	if by.User.Extension == "" {
		return nil, nil
	}
	f.Owner = by.User.Extension
	rows, err := a.ctl.Records.List(ctx, tenant, f)
	hides := func(number string) bool {
		e := a.ctl.Snapshot().Extension(tenant, number)
		return e != nil && e.Anonymous
	}
	for _, c := range rows {
		c.NarrowTo(by.User.Extension, hides)
	}
	return rows, err
}

// cursorOf names a place in the list.
func cursorOf(c *pbx.CDR) string { return fmt.Sprintf("%d.%d", c.Started.UnixMilli(), c.ID) }

func parseCursor(s string) (db.CDRCursor, error) {
	at, id, _ := strings.Cut(s, ".")
	ms, err1 := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.ParseInt(id, 10, 64)
	if err1 != nil || err2 != nil || n <= 0 {
		return db.CDRCursor{}, pbx.Invalidf("after", "must be next of the page before")
	}
	return db.CDRCursor{Started: time.UnixMilli(ms), ID: n}, nil
}

// exportPage is how many records are read at once.
const exportPage = 1000

// exportCDRs streams all that the filter chooses, page by page.
func (a *api) exportCDRs(ctx context.Context, in *cdrExportInput) (*huma.StreamResponse, error) {
	f := in.rows()
	f.Limit = exportPage
	first, err := a.listCalls(ctx, in.Tenant, f)
	if err != nil {
		return nil, a.problem(err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "text/csv; charset=utf-8; header=present")
		hc.SetHeader("Content-Disposition", `attachment; filename="calls.csv"`)
		hc.SetHeader("Cache-Control", "no-store")
		w := newCSV(hc.BodyWriter())
		for rows := first; ; {
			if w.rows(rows) != nil || len(rows) < exportPage {
				return
			}
			last := rows[len(rows)-1]
			f.Before = db.CDRCursor{Started: last.Started, ID: last.ID}
			if rows, err = a.listCalls(ctx, in.Tenant, f); err != nil {
				a.Logger.Error("exporting records of calls", "error", err)
				return
			}
		}
	}}, nil
}

// csvWriter writes records with the line ends of RFC 4180.
type csvWriter struct{ *csv.Writer }

var csvHeader = []string{"id", "started", "answered", "ended", "duration", "billable", "from_number", "from_name",
	"from_extension", "from_device",
	"dialled", "called", "answered_number", "answered_extension", "answered_device", "outcome", "via", "rules",
	"recording", "incomplete"}

func newCSV(to io.Writer) csvWriter {
	w := csvWriter{csv.NewWriter(to)}
	w.UseCRLF = true
	_ = w.Write(csvHeader) // a client that has left shows at the flush
	return w
}

func (w csvWriter) rows(list []*pbx.CDR) error {
	for _, c := range list {
		var called []string
		for _, l := range c.Called {
			called = append(called, strings.TrimSpace(l.Device+" "+l.Number))
		}
		cells := []string{strconv.FormatInt(c.ID, 10), csvTime(c.Started), csvTime(c.Answered), csvTime(c.Ended),
			seconds(c.Duration()), seconds(c.Billable()), c.From.Number, c.From.Name, c.From.Extension, c.From.Device,
			c.Dialled, strings.Join(called, "; "), c.By.Number, c.By.Extension, c.By.Device, string(c.Outcome),
			strings.Join(viaView(c.Via), " "),
			strings.Join(c.Rules, "; "), c.Recording, strconv.FormatBool(c.Incomplete)}
		for i, cell := range cells {
			cells[i] = harmless(cell)
		}
		if err := w.Write(cells); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func csvTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

// harmless keeps a spreadsheet from taking a cell for a formula. A + with nothing
// but digits behind it is a telephone number and stays readable: as a formula it
// would be that number.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return cell
	}
	if cell[0] == '+' && len(cell) > 1 && strings.Trim(cell[1:], "0123456789") == "" {
		return cell
	}
	return "'" + cell
}
