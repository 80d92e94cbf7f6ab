package provisioner

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// UploadSample is the file to fill in: the columns and a row of each sort.
const UploadSample = "Country Code,Phone Number,Voice,SMS,Fax\r\n49,+493012345678,TRUE,FALSE,FALSE\r\n1,2125550123,TRUE,TRUE,FALSE\r\n"

// NumberUpload is what goes with a file of numbers.
type NumberUpload struct {
	To                       db.Assignment // a reseller or a tenant
	VoiceCarrier, SMSProfile string        // "" for the default ones
	DryRun                   bool          // checks everything and brings nothing
	GoodOnly                 bool          // brings the good rows although others are wrong
}

// NumberUploadReport says what became of a file.
type NumberUploadReport struct {
	Rows, Added int
	Wrong       []NumberUploadFault // the first maxUploadFaults
	WrongRows   int
}

// NumberUploadFault is one wrong cell: its row as a spreadsheet counts, and its column, "" for
// the whole row.
type NumberUploadFault struct {
	Row     int
	Column  string
	Message string
}

const (
	// maxUploadFaults is how many faults a report has at most.
	maxUploadFaults = 1000
	// uploadWithin bounds one upload: other writers wait for it.
	uploadWithin = 2 * time.Minute
)

// errUploadStops undoes an upload whose report says why.
var errUploadStops = errors.New("the upload brings nothing")

// Upload brings the numbers of a file: all or none, unless the order says otherwise. Row and
// column of what is wrong are in the report. An Invalid error is about the file as a whole.
func (v *Inventory) Upload(ctx context.Context, by pbx.Author, file []byte, o NumberUpload) (NumberUploadReport, error) {
	var report NumberUploadReport
	rows, columns, err := numberFile(file)
	if err != nil {
		return report, err
	}
	numbers, err := report.read(rows, columns) // before other writers have to wait
	if err != nil {
		return report, err
	}
	ctx, cancel := context.WithTimeout(ctx, uploadWithin)
	defer cancel()
	_, err = v.db.Update(ctx, by, func(tx *db.Tx) error {
		upload, err := tx.UploadNumbers(ctx, o.To, o.VoiceCarrier, o.SMSProfile)
		if err != nil {
			return err
		}
		if err := report.bring(ctx, numbers, upload); err != nil {
			return err
		}
		report.Added = upload.Added()
		if o.DryRun || report.WrongRows > 0 && !o.GoodOnly {
			if err := upload.Done(ctx); err != nil && o.DryRun {
				return err
			}
			return errUploadStops
		}
		return upload.Done(ctx)
	})
	if errors.Is(err, errUploadStops) {
		if !o.DryRun {
			report.Added = 0
		}
		return report, nil
	}
	return report, v.done(err)
}

// numberRow is a good row of a file.
type numberRow struct {
	line   int
	number *pbx.InventoryNumber
}

// read reads row after row and notes what is wrong.
func (r *NumberUploadReport) read(rows *csv.Reader, columns map[string]int) (good []numberRow, err error) {
	for {
		cells, err := rows.Read()
		var broken *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return good, nil
		case errors.As(err, &broken): // where the next row begins is not known
			r.Rows++
			r.wrong(broken.Line, NumberUploadFault{Message: "the row cannot be read: " + broken.Err.Error()})
			return good, nil
		case err != nil:
			return nil, fmt.Errorf("reading the file: %w", err)
		case blank(cells):
			continue
		}
		line, _ := rows.FieldPos(0)
		r.Rows++
		n, faults := readNumberRow(cells, columns)
		if len(faults) > 0 {
			r.wrong(line, faults...)
			continue
		}
		good = append(good, numberRow{line, n})
	}
}

// bring brings the good rows and notes what cannot be brought.
func (r *NumberUploadReport) bring(ctx context.Context, good []numberRow, upload *db.NumberUpload) error {
	for _, row := range good {
		err := upload.Add(ctx, row.number)
		switch pbx.KindOf(err) {
		case pbx.Conflict, pbx.Invalid:
			r.wrong(row.line, NumberUploadFault{Column: columnNumber, Message: sentenceOf(err)})
		default:
			if err != nil {
				return err
			}
		}
	}
	slices.SortStableFunc(r.Wrong, func(a, b NumberUploadFault) int { return cmp.Compare(a.Row, b.Row) })
	return nil
}

// wrong notes what is wrong in one row.
func (r *NumberUploadReport) wrong(line int, faults ...NumberUploadFault) {
	r.WrongRows++
	for _, f := range faults {
		f.Row = line
		r.fault(f)
	}
}

func (r *NumberUploadReport) fault(f NumberUploadFault) {
	if len(r.Wrong) < maxUploadFaults {
		r.Wrong = append(r.Wrong, f)
	}
}

// sentenceOf is the text of an error for people.
func sentenceOf(err error) string {
	var one *pbx.Error
	if errors.As(err, &one) {
		return one.Sentence()
	}
	return err.Error()
}
