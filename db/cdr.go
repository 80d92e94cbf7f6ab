package db

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// CDRFilter chooses records of calls of one tenant; empty members choose all.
type CDRFilter struct {
	From, To  time.Time // of the call's start: From ≤ start < To
	Extension string    // that called, was called or answered
	Number    string    // part of a number that called, was dialled, called or answered
	Outcome   pbx.CallOutcome
	// Owner is an extension that called, was called or answered under the number that it had
	// then. Calls of an extension that had the number before it are not its own.
	Owner string
	// Before is the last record of the page before: records are newest first.
	Before CDRCursor
	Limit  int // at most so many; 0 or less means all
}

// CDRCursor is a place in the list; the zero value is its beginning.
type CDRCursor struct {
	Started time.Time
	ID      int64
}

// AnswerCount is an extension's count of answers.
type AnswerCount struct {
	Tenant, Extension string
	Last              time.Time
	Count             int64
}

const selectCDR = `SELECT id, tenant, call, started, answered, ended, from_number, from_name, from_extension, from_device, dialled,
	by_number, by_name, by_extension, by_device, called, outcome, via, rules, recording, incomplete FROM cdrs`

func scanCDR(row scanner) (*pbx.CDR, error) {
	c := &pbx.CDR{}
	var called, rules []byte
	err := row.Scan(&c.ID, &c.Tenant, &c.CallID, instant{&c.Started}, instant{&c.Answered}, instant{&c.Ended},
		&c.From.Number, &c.From.Name, &c.From.Extension, &c.From.Device, &c.Dialled,
		&c.By.Number, &c.By.Name, &c.By.Extension, &c.By.Device, &called, &c.Outcome, names[pbx.CallVia]{&c.Via}, &rules,
		&c.Recording, &c.Incomplete)
	if err == nil {
		err = json.Unmarshal(called, &c.Called)
	}
	if err == nil {
		err = json.Unmarshal(rules, &c.Rules)
	}
	return c, err
}

// CDRs returns records of a tenant's calls, newest first. It returns a NotFound error when
// the tenant does not exist.
func (db *DB) CDRs(ctx context.Context, tenant string, f CDRFilter) (out []*pbx.CDR, err error) {
	where, args := []string{"tenant = ?"}, []any{tenant}
	add := func(set bool, condition string, arg ...any) {
		if set {
			where, args = append(where, condition), append(args, arg...)
		}
	}
	add(!f.From.IsZero(), "started >= ?", millis(f.From))
	add(!f.To.IsZero(), "started < ?", millis(f.To))
	add(f.Extension != "", `extensions LIKE ? ESCAPE '\'`, "% "+likeEscaper.Replace(f.Extension)+" %")
	numbers := "numbers"
	if f.Owner != "" { // numbers at which others were rung are not searched
		numbers = "from_number || ' ' || dialled"
	}
	add(f.Number != "", numbers+` LIKE ? ESCAPE '\'`, ListOptions{Contains: f.Number}.pattern())
	add(f.Outcome != "", "outcome = ?", string(f.Outcome))
	add(f.Owner != "", `EXISTS (SELECT 1 FROM extension_numbers n WHERE n.tenant = cdrs.tenant AND n.extension = ?
		AND started >= n.since AND (n.until = 0 OR started < n.until) AND extensions LIKE '% ' || n.number || ' %')`, f.Owner)
	add(f.Before.ID > 0, "(started, id) < (?, ?)", millis(f.Before.Started), f.Before.ID)
	err = db.View(ctx, func(tx *Tx) error {
		if err := tx.needTenant(ctx, tenant); err != nil {
			return err
		}
		args = append(args, ListOptions{Limit: f.Limit}.limit())
		out, err = query(ctx, tx, scanCDR, selectCDR+` WHERE `+strings.Join(where,
			" AND ")+` ORDER BY started DESC, id DESC LIMIT ?`, args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading records of calls: %w", err)
	}
	return out, nil
}

// WriteCDRs stores records of calls and what extensions have answered, in one
// transaction. Those of a tenant or an extension that is gone are left out. A record of a
// call that was seen whole takes the place of one that was made of lines.
func (db *DB) WriteCDRs(ctx context.Context, cdrs []*pbx.CDR, counts []AnswerCount) error {
	err := db.write(ctx, func(tx *Tx) error {
		for _, c := range cdrs {
			if err := tx.addSeenCDR(ctx, c); err != nil {
				return err
			}
		}
		for _, a := range counts {
			err := tx.exec(ctx, `INSERT INTO answer_counts (tenant, extension, last, count)
				SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM extensions WHERE tenant = ?1 AND number = ?2)
				ON CONFLICT (tenant, extension) DO UPDATE SET last = excluded.last, count = excluded.count`,
				a.Tenant, a.Extension, millis(a.Last), a.Count)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing %d records of calls: %w", len(cdrs), err)
	}
	return nil
}

// addSeenCDR stores the record of a call that was seen. Lines tell less than events do, but
// more than a part of the events.
func (tx *Tx) addSeenCDR(ctx context.Context, c *pbx.CDR) error {
	if c.Incomplete {
		if told, err := tx.has(ctx, `SELECT 1 FROM cdrs WHERE call = ? AND lines = 1`, c.CallID); told || err != nil {
			return err
		}
	} else if err := tx.exec(ctx, `DELETE FROM cdrs WHERE call = ? AND lines = 1`, c.CallID); err != nil {
		return err
	}
	_, err := tx.addCDR(ctx, c, false)
	return err
}

// addCDR reports whether it stored a record: not where the tenant is gone. lines says that
// it was made of Asterisk's lines; one with an id keeps it.
func (tx *Tx) addCDR(ctx context.Context, c *pbx.CDR, lines bool) (added bool, err error) {
	called, err := json.Marshal(append([]pbx.CallLeg{}, c.Called...))
	if err != nil {
		return false, err
	}
	rules, err := json.Marshal(append([]string{}, c.Rules...))
	if err != nil {
		return false, err
	}
	extensions, numbers := c.Parties()
	id := int64(0)
	if lines {
		id = c.ID
	}
	result, err := tx.sql.ExecContext(ctx, `INSERT INTO cdrs (tenant, call, started, answered, ended, from_number, from_name, from_extension, from_device, dialled,
			by_number, by_name, by_extension, by_device, called, outcome, via, rules, recording, incomplete, extensions, numbers, lines, id)
		SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, nullif(?24, 0)
		WHERE EXISTS (SELECT 1 FROM tenants WHERE name = ?1)`,
		c.Tenant, c.CallID, millis(c.Started), millis(c.Answered), millis(c.Ended), c.From.Number, c.From.Name,
		c.From.Extension, c.From.Device, c.Dialled,
		c.By.Number, c.By.Name, c.By.Extension, c.By.Device, string(called), string(c.Outcome), names[pbx.CallVia]{&c.Via},
		string(rules), c.Recording, c.Incomplete,
		spaced(extensions), spaced(numbers), lines, id)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// RecordedCall names a call that was recorded.
type RecordedCall struct {
	Recording string   // the one that its record names
	Channels  []string // Uniqueids: of the caller's channel and of the called ones
}

// RecordedCallsOf returns the recorded calls in which an extension talked: as the caller or
// as a party that answered. Those under an earlier number are among them, those of an
// extension that had the number before are not.
func (db *DB) RecordedCallsOf(ctx context.Context, tenant, extension string) (out []RecordedCall, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		out, err = query(ctx, tx, func(row scanner) (c RecordedCall, err error) {
			var call string
			var channels []byte
			if err := row.Scan(&c.Recording, &call, &channels); err != nil {
				return c, err
			}
			err = json.Unmarshal(channels, &c.Channels)
			c.Channels = append(c.Channels, call)
			return c, err
		}, `SELECT recording, call, (SELECT json_group_array(l.value ->> 'id') FROM json_each(called) l) FROM cdrs
			WHERE tenant = ?1 AND recording <> '' AND EXISTS (
				SELECT 1 FROM extension_numbers n WHERE n.tenant = ?1 AND n.extension = ?2
				AND started >= n.since AND (n.until = 0 OR started < n.until)
				AND (from_extension = n.number OR by_extension = n.number OR EXISTS (
					SELECT 1 FROM json_each(called) l
					WHERE l.value ->> 'extension' = n.number AND l.value ->> 'answered' IS NOT NULL)))`, tenant, extension)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the recorded calls of extension %s: %w", extension, err)
	}
	return out, nil
}

// spaced is a text in which a search for " word " finds each word.
func spaced(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return " " + strings.Join(words, " ") + " "
}

// AnswerCounts returns the counts of all extensions.
func (db *DB) AnswerCounts(ctx context.Context) (out []AnswerCount, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		out, err = query(ctx, tx, func(row scanner) (a AnswerCount, err error) {
			return a, row.Scan(&a.Tenant, &a.Extension, instant{&a.Last}, &a.Count)
		}, `SELECT tenant, extension, last, count FROM answer_counts`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading what extensions have answered: %w", err)
	}
	return out, nil
}

// pruneBatch bounds one transaction, so that other writers have their turn.
const pruneBatch = 5000

// PruneCDRs deletes records of calls older than their tenant keeps them. It returns how
// many.
func (db *DB) PruneCDRs(ctx context.Context, now time.Time) (pruned int64, err error) {
	for {
		var n int64
		err := db.write(ctx, func(tx *Tx) error {
			result, err := tx.sql.ExecContext(ctx, `DELETE FROM cdrs WHERE id IN (SELECT c.id FROM tenants t JOIN cdrs c ON c.tenant = t.name
				WHERE t.cdr_days > 0 AND c.started < ? - t.cdr_days * 86400000 LIMIT ?)`, millis(now), pruneBatch)
			if err == nil {
				n, err = result.RowsAffected()
			}
			return err
		})
		if err != nil {
			return pruned, fmt.Errorf("deleting old records of calls: %w", err)
		}
		if pruned += n; n < pruneBatch {
			return pruned, nil
		}
	}
}
