package provisioner

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/e164"
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
	ctx, cancel := context.WithTimeout(ctx, uploadWithin)
	defer cancel()
	_, err = v.db.Update(ctx, by, func(tx *db.Tx) error {
		upload, err := tx.UploadNumbers(ctx, o.To, o.VoiceCarrier, o.SMSProfile)
		if err != nil {
			return err
		}
		if err := report.read(ctx, rows, columns, upload); err != nil {
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

// read brings row after row and notes what is wrong.
func (r *NumberUploadReport) read(ctx context.Context, rows *csv.Reader, columns map[string]int, upload *db.NumberUpload) error {
	for {
		cells, err := rows.Read()
		line, _ := 0, 0
		if len(cells) > 0 {
			line, _ = rows.FieldPos(0)
		}
		var broken *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &broken):
			r.Rows, r.WrongRows = r.Rows+1, r.WrongRows+1
			r.fault(NumberUploadFault{broken.Line, "", "the row cannot be read: " + broken.Err.Error()})
			return nil // where the next row begins is not known
		case err != nil:
			return fmt.Errorf("reading the file: %w", err)
		case blank(cells):
			continue
		}
		r.Rows++
		n, faults := readNumberRow(cells, columns)
		if len(faults) == 0 {
			err := upload.Add(ctx, n)
			if err == nil {
				continue
			}
			if kind := pbx.KindOf(err); kind != pbx.Conflict && kind != pbx.Invalid {
				return err
			}
			faults = []NumberUploadFault{{Column: columnNumber, Message: sentenceOf(err)}}
		}
		r.WrongRows++
		for _, f := range faults {
			f.Row = line
			r.fault(f)
		}
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

func blank(cells []string) bool {
	for _, c := range cells {
		if e164.Clean(c) != "" {
			return false
		}
	}
	return true
}

// The columns of a file of numbers; Kind may be missing.
const (
	columnCode   = "Country Code"
	columnNumber = "Phone Number"
	columnVoice  = "Voice"
	columnSMS    = "SMS"
	columnFax    = "Fax"
	columnKind   = "Kind"
)

// numberFile reads the head of a file: how it is separated, and where its columns are.
func numberFile(file []byte) (*csv.Reader, map[string]int, error) {
	if bytes.HasPrefix(file, []byte{0xff, 0xfe}) || bytes.HasPrefix(file, []byte{0xfe, 0xff}) {
		return nil, nil, pbx.Refusedf("file", "the file is in UTF-16: save it in Excel as CSV UTF-8")
	}
	if bytes.HasPrefix(file, []byte("PK")) {
		return nil, nil, pbx.Refusedf("file", "the file is a workbook of Excel: save it as CSV UTF-8")
	}
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	first, rest, _ := bytes.Cut(file, []byte("\n"))
	said := ""
	if text, ok := strings.CutPrefix(strings.TrimSpace(string(first)), "sep="); ok && len(text) == 1 {
		said = text
		file = rest
		first, _, _ = bytes.Cut(file, []byte("\n"))
	}
	rows := csv.NewReader(bytes.NewReader(file))
	rows.FieldsPerRecord, rows.ReuseRecord, rows.LazyQuotes = -1, true, true
	rows.Comma = ','
	for _, mark := range ";\t" {
		if bytes.Count(first, []byte(string(mark))) > bytes.Count(first, []byte(string(rows.Comma))) {
			rows.Comma = mark
		}
	}
	if said != "" {
		rows.Comma = rune(said[0])
	}
	head, err := rows.Read()
	if err != nil {
		return nil, nil, pbx.Refusedf("file", "the file has no rows: its first one names the columns Country Code, Phone Number, Voice, SMS and Fax")
	}
	columns, refused := columnsOf(head)
	if refused != nil {
		return nil, nil, refused
	}
	return rows, columns, nil
}

func columnsOf(head []string) (map[string]int, error) {
	columns := map[string]int{}
	var es pbx.Errors
	for i, cell := range head {
		name := strings.Join(strings.Fields(e164.Clean(cell)), " ")
		known := ""
		for _, c := range []string{columnCode, columnNumber, columnVoice, columnSMS, columnFax, columnKind} {
			if strings.EqualFold(name, c) {
				known = c
			}
		}
		_, twice := columns[known]
		switch {
		case name == "":
		case known == "":
			es.Add(pbx.Refusedf("file", "the file has a column %.40q, which means nothing here", name))
		case twice:
			es.Add(pbx.Refusedf("file", "the file has the column %s twice", known))
		default:
			columns[known] = i
		}
	}
	for _, c := range []string{columnCode, columnNumber, columnVoice, columnSMS, columnFax} {
		if _, ok := columns[c]; !ok {
			es.Add(pbx.Refusedf("file", "the file has no column %s: its first row names the columns", c))
		}
	}
	return columns, es.Err()
}

// readNumberRow reads one row of a file.
func readNumberRow(cells []string, columns map[string]int) (*pbx.InventoryNumber, []NumberUploadFault) {
	var faults []NumberUploadFault
	wrong := func(column string, err error) {
		if err != nil {
			faults = append(faults, NumberUploadFault{Column: column, Message: column + " " + err.Error()})
		}
	}
	cell := func(column string) string {
		if i, ok := columns[column]; ok && i < len(cells) {
			return cells[i]
		}
		return ""
	}
	n := &pbx.InventoryNumber{}
	code, err := e164.ParseCode(cell(columnCode))
	wrong(columnCode, err)
	if err == nil {
		n.Number, err = e164.Read(code, cell(columnNumber))
		wrong(columnNumber, err)
	}
	for column, to := range map[string]*bool{columnVoice: &n.Voice, columnSMS: &n.SMS, columnFax: &n.Fax} {
		*to, err = truth(cell(column))
		wrong(column, err)
	}
	n.Kind = strings.ToLower(e164.Clean(cell(columnKind)))
	return n, faults
}

// truth reads TRUE and FALSE as Excel writes them in its languages. An empty cell is FALSE.
func truth(cell string) (bool, error) {
	switch strings.ToUpper(e164.Clean(cell)) {
	case "TRUE", "WAHR", "VRAI", "VERDADERO", "VERO", "WAAR", "YES", "1":
		return true, nil
	case "", "FALSE", "FALSCH", "FAUX", "FALSO", "ONWAAR", "NO", "0":
		return false, nil
	}
	return false, fmt.Errorf("is %.20q: write TRUE or FALSE", e164.Clean(cell))
}
