package provisioner

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/e164"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

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
		return nil, nil, pbx.Refusedf("file", "the file has no rows: its first one "+
			"names the columns Country Code, Phone Number, Voice, SMS and Fax")
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
	for _, c := range []struct {
		column string
		to     *bool
	}{{columnVoice, &n.Voice}, {columnSMS, &n.SMS}, {columnFax, &n.Fax}} {
		*c.to, err = truth(cell(c.column))
		wrong(c.column, err)
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

// blank reports whether a row has nothing in it.
func blank(cells []string) bool {
	for _, c := range cells {
		if e164.Clean(c) != "" {
			return false
		}
	}
	return true
}
