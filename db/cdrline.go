package db

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// AddCDRLines keeps lines of calls that have no record yet, or one of which a part was not
// seen. A line that is kept already is left as it is: the same file may be read twice.
func (db *DB) AddCDRLines(ctx context.Context, lines []pbx.CDRLine) error {
	err := db.write(ctx, func(tx *Tx) error {
		for _, l := range lines {
			text, err := json.Marshal(l)
			if err != nil {
				return err
			}
			err = tx.exec(ctx, `INSERT INTO cdr_lines (call, channel, sequence, ended, line) SELECT ?1, ?2, ?3, ?4, ?5
				WHERE NOT EXISTS (SELECT 1 FROM cdrs WHERE call = ?1 AND (lines = 1 OR incomplete = 0)) ON CONFLICT DO NOTHING`,
				l.Call, l.Channel, l.Sequence, millis(l.End), string(text))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping %d lines of calls: %w", len(lines), err)
	}
	return nil
}

// CDRLines returns the lines of the next calls, at most so many, by the ids of calls:
// those after a call, whose last line ended before a time.
func (db *DB) CDRLines(ctx context.Context, after string, before time.Time, calls int) (out []pbx.CDRLine, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		out, err = query(ctx, tx, func(row scanner) (l pbx.CDRLine, err error) {
			var text []byte
			if err := row.Scan(&text); err != nil {
				return l, err
			}
			return l, json.Unmarshal(text, &l)
		}, `SELECT line FROM cdr_lines WHERE call IN (SELECT call FROM cdr_lines WHERE call > ? GROUP BY call HAVING max(ended) < ? ORDER BY call LIMIT ?)
			ORDER BY call, ended, sequence`, after, millis(before), calls)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading lines of calls: %w", err)
	}
	return out, nil
}

// EndCDRLines stores records that were made of lines, and forgets the lines of calls, in
// one transaction. Where the call was seen to its end its record stays; where only a part
// was seen, the record made of lines takes its place, and keeps what it alone knew: its
// id, rules, ways and recording. It returns the records stored.
func (db *DB) EndCDRLines(ctx context.Context, cdrs []*pbx.CDR, calls []string) (stored []*pbx.CDR, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		stored = nil
		for _, c := range cdrs {
			added, err := tx.addLinesCDR(ctx, c)
			if err != nil {
				return err
			}
			if added {
				stored = append(stored, c)
			}
		}
		for _, call := range calls {
			if err := tx.exec(ctx, `DELETE FROM cdr_lines WHERE call = ?`, call); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("writing records of %d calls that nobody saw end: %w", len(cdrs), err)
	}
	return stored, nil
}

func (tx *Tx) addLinesCDR(ctx context.Context, c *pbx.CDR) (added bool, err error) {
	seen, err := query(ctx, tx, scanCDR, selectCDR+` WHERE call = ? ORDER BY lines DESC, incomplete, id`, c.CallID)
	if err != nil {
		return false, err
	}
	if len(seen) == 0 {
		return tx.addCDR(ctx, c, true)
	}
	part := seen[0]
	whole, err := tx.has(ctx, `SELECT 1 FROM cdrs WHERE call = ? AND (lines = 1 OR incomplete = 0)`, c.CallID)
	// lines without the caller's
	if err != nil || whole || part.Tenant != c.Tenant || c.From.Device == "" && part.From.Device != "" {
		return false, err
	}
	if err := tx.exec(ctx, `DELETE FROM cdrs WHERE call = ?`, c.CallID); err != nil {
		return false, err
	}
	c.ID, c.Rules = part.ID, append(part.Rules, c.Rules...)
	for _, v := range part.Via {
		if !slices.Contains(c.Via, v) {
			c.Via = append(c.Via, v)
		}
	}
	if part.Recording != "" {
		c.Recording = part.Recording
	}
	return tx.addCDR(ctx, c, true)
}
