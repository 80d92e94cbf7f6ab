package api

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// A cell never begins a formula, and a telephone number stays as it is.
func TestHarmlessCells(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "101": "101", "+4930123": "+4930123", "+": "'+", "+1+1": "'+1+1", "+49 30": "'+49 30", "=1+1": "'=1+1", "-1": "'-1",
		"@SUM(A1)": "'@SUM(A1)", "\tx": "'\tx", "\r=1": "'\r=1", "\n=1": "'\n=1", "Bob =1": "Bob =1",
	} {
		if got := harmless(cell); got != want {
			t.Errorf("%q becomes %q, want %q", cell, got, want)
		}
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("=cmd|' /C calc'!A0", "+49301")
	f.Add("a\",\"b\r\n=x", "@")
	f.Fuzz(func(t *testing.T, name, number string) {
		var b strings.Builder
		w := newCSV(&b)
		if err := w.rows([]*pbx.CDR{{From: pbx.CallParty{Name: name, Number: number}}}); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || len(rows) != 2 || len(rows[1]) != len(csvHeader) {
			t.Fatalf("%d rows of %d cells: %v", len(rows), len(rows[len(rows)-1]), err)
		}
		for _, cell := range rows[1] {
			if strings.HasPrefix(cell, "+") && strings.Trim(cell[1:], "0123456789") == "" && len(cell) > 1 {
				continue
			}
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
				t.Errorf("the cell %q begins a formula", cell)
			}
		}
	})
}
