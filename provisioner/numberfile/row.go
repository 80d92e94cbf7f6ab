package numberfile

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/e164"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Sample is the file to fill in: the columns and a row of each sort.
const Sample = "Country Code,Phone Number,Voice,SMS,Fax\r\n" +
	"49,+493012345678,TRUE,FALSE,FALSE\r\n1,2125550123,TRUE,TRUE,FALSE\r\n"

// The columns of a file of numbers; Kind may be missing.
const (
	columnCode   = "Country Code"
	columnNumber = "Phone Number"
	columnVoice  = "Voice"
	columnSMS    = "SMS"
	columnFax    = "Fax"
	columnKind   = "Kind"
)

// peeked is how much of a file is looked at before it is read: its head, in bytes.
const peeked = 64 << 10

// openFile reads the head of a file: how it is separated, and where its columns are.
func openFile(from io.Reader) (*csv.Reader, map[string]int, error) {
	file := bufio.NewReaderSize(from, peeked)
	begin, err := file.Peek(peeked)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("reading the file: %w", err)
	}
	if bytes.HasPrefix(begin, []byte{0xff, 0xfe}) || bytes.HasPrefix(begin, []byte{0xfe, 0xff}) {
		return nil, nil, pbx.Refusedf("file", "the file is in UTF-16: save it in Excel as CSV UTF-8")
	}
	if bytes.HasPrefix(begin, []byte("PK")) {
		return nil, nil, pbx.Refusedf("file", "the file is a workbook of Excel: save it as CSV UTF-8")
	}
	skip := len(begin)
	begin = bytes.TrimPrefix(begin, []byte("\ufeff"))
	first, rest, _ := bytes.Cut(begin, []byte("\n"))
	said := ""
	if text, ok := strings.CutPrefix(strings.TrimSpace(string(first)), "sep="); ok && len(text) == 1 {
		said, begin = text, rest
		first, _, _ = bytes.Cut(begin, []byte("\n"))
	}
	comma := ','
	for _, mark := range ";\t" {
		if bytes.Count(first, []byte(string(mark))) > bytes.Count(first, []byte(string(comma))) {
			comma = mark
		}
	}
	if said != "" {
		comma = rune(said[0])
	}
	_, _ = file.Discard(skip - len(begin)) // of what was peeked at
	rows := csv.NewReader(file)
	rows.Comma, rows.FieldsPerRecord, rows.ReuseRecord, rows.LazyQuotes = comma, -1, true, true
	head, err := rows.Read()
	var broken *csv.ParseError
	switch {
	case errors.Is(err, io.EOF), errors.As(err, &broken):
		return nil, nil, pbx.Refusedf("file", "the file has no rows: its first one "+
			"names the columns Country Code, Phone Number, Voice, SMS and Fax")
	case err != nil:
		return nil, nil, fmt.Errorf("reading the file: %w", err)
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

// readRow reads one row of a file.
func readRow(cells []string, columns map[string]int) (row db.UploadRow, faults []Fault) {
	wrong := func(column string, err error) {
		if err != nil {
			faults = append(faults, Fault{Column: column, Message: column + " " + err.Error()})
		}
	}
	cell := func(column string) string {
		if i, ok := columns[column]; ok && i < len(cells) {
			return cells[i]
		}
		return ""
	}
	code, err := e164.ParseCode(cell(columnCode))
	wrong(columnCode, err)
	if err == nil {
		row.Number, err = e164.Read(code, cell(columnNumber))
		wrong(columnNumber, err)
	}
	if refused := pbx.CheckE164(columnNumber, row.Number); row.Number != "" && refused != nil {
		faults = append(faults, Fault{Column: columnNumber, Message: refused.Sentence()})
	}
	for _, c := range []struct {
		column string
		to     *bool
	}{{columnVoice, &row.Voice}, {columnSMS, &row.SMS}, {columnFax, &row.Fax}} {
		*c.to, err = truth(cell(c.column))
		wrong(c.column, err)
	}
	row.Kind = strings.Clone(strings.ToLower(e164.Clean(cell(columnKind)))) // the cells of a row are one text
	if row.Kind == "" {
		row.Kind, row.KindGuessed = e164.Kind(row.Number), true
	} else if refused := pbx.CheckNumberKind(columnKind, row.Kind); refused != nil {
		faults = append(faults, Fault{Column: columnKind, Message: refused.Sentence()})
	}
	return row, faults
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

// blank reports whether a row has nothing in it.
func blank(cells []string) bool {
	for _, c := range cells {
		if e164.Clean(c) != "" {
			return false
		}
	}
	return true
}
