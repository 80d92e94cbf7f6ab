package provisioner

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newRates(c *Controller) *Resource[pbx.Rate] {
	return &Resource[pbx.Rate]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).Rate, list: (*db.Tx).Rates, put: (*db.Tx).PutRate, del: (*db.Tx).DeleteRate,
		revision: func(r *pbx.Rate) int64 { return r.Revision },
		validate: (*pbx.Rate).Validate,
	}
}

// UploadRates makes the rows of a CSV file all rates of a reseller, "" for the platform. It
// returns how many there are. A row is a prefix and a price in whole thousandths, with a comma
// or semicolon between; a first row that says so is passed over. The first wrong row is an
// Invalid error, and nothing changes.
func (c *Controller) UploadRates(ctx context.Context, by pbx.Author, reseller string, file []byte) (int, error) {
	rates, err := readRates(reseller, file)
	if err != nil {
		return 0, err
	}
	_, err = c.db.Update(ctx, by, func(tx *db.Tx) error { return tx.ReplaceRates(ctx, reseller, rates) })
	if err != nil {
		return 0, err
	}
	c.Apply.Nudge()
	return len(rates), nil
}

func readRates(reseller string, file []byte) ([]*pbx.Rate, error) {
	file = bytes.TrimPrefix(file, []byte("\xef\xbb\xbf")) // Excel's mark of UTF-8
	in := csv.NewReader(bytes.NewReader(file))
	in.FieldsPerRecord = -1
	if first, _, _ := bytes.Cut(file, []byte("\n")); bytes.ContainsRune(first, ';') {
		in.Comma = ';'
	}
	rates, rows := []*pbx.Rate{}, map[string]int{}
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rates, nil
		}
		if err != nil {
			return nil, pbx.Invalidf("file", "is no CSV: %v", err)
		}
		row, _ := in.FieldPos(0)
		if row == 1 && strings.EqualFold(strings.TrimSpace(cells[0]), "prefix") {
			continue
		}
		r, err := readRate(reseller, cells)
		if err != nil {
			return nil, pbx.Invalidf("file", "has a wrong row %d: %v", row, err)
		}
		if before := rows[r.Prefix]; before != 0 {
			return nil, pbx.Invalidf("file", "has prefix %s in rows %d and %d", r.Prefix, before, row)
		}
		rows[r.Prefix], rates = row, append(rates, r)
	}
}

func readRate(reseller string, cells []string) (*pbx.Rate, error) {
	if len(cells) != 2 {
		return nil, fmt.Errorf("has %d cells, and a prefix and a price are two", len(cells))
	}
	price, err := strconv.Atoi(strings.TrimSpace(cells[1]))
	if err != nil {
		return nil, fmt.Errorf("price %.40q is no whole number of thousandths", cells[1])
	}
	prefix := strings.TrimPrefix(strings.TrimSpace(cells[0]), "'") // with which Excel keeps a +
	if prefix != "" && prefix[0] != '+' {
		prefix = "+" + prefix
	}
	r := &pbx.Rate{Reseller: reseller, Prefix: prefix, Price: price}
	return r, r.Validate()
}
