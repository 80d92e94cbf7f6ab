// Package numberpool finds numbers that can be claimed, by what they begin with and contain.
//
// It owns a copy in memory of what the search looks at: digits, kind, capabilities and owner of
// each number of the inventory, sorted. A database that looks for digits inside 200,000 numbers
// takes longer than an admin at a keyboard waits. Each search first reads what was written since the
// last one, and what it finds is read from the database again: a number that is gone meanwhile
// is not shown. It may import db, provisioner/pbx and provisioner/e164.
package numberpool

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Pool is the numbers of all accounts. Its methods are safe for concurrent use.
type Pool struct {
	db *db.DB

	mu       sync.Mutex
	numbers  []db.PoolNumber // by number
	revision int64           // they are of
}

// New makes a Pool, which reads the inventory at the first search.
func New(store *db.DB) *Pool { return &Pool{db: store} }

// Query says which numbers are looked for. Empty members choose all.
type Query struct {
	Reseller   string  // in whose pool; "" is the platform
	Prefix     string  // how they begin, such as +4930
	Pattern    Pattern // what they contain behind the calling code
	Kind       string
	Capability string // voice, sms or fax
	After      string // only those behind this number
	Limit      int    // at most so many; above 0
}

// Found is a number with the place of the pattern in it.
type Found struct {
	*pbx.InventoryNumber
	Match   string // what stands where the pattern matches, with its letters; "" without a pattern
	Spelled string // the whole number with those letters
}

// Search returns available numbers by number.
func (p *Pool) Search(ctx context.Context, q Query) ([]Found, error) {
	var out []Found
	for len(out) < q.Limit {
		var candidates []string
		var rows []*pbx.InventoryNumber
		err := p.db.View(ctx, func(tx *db.Tx) (err error) {
			if candidates, err = p.candidates(ctx, tx, q, q.Limit-len(out)); err != nil || len(candidates) == 0 {
				return err
			}
			rows, err = tx.PoolRows(ctx, q.Reseller, candidates)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("searching numbers: %w", err)
		}
		if len(candidates) == 0 {
			return out, nil
		}
		for _, n := range rows {
			f := Found{InventoryNumber: n}
			f.Match, f.Spelled = q.Pattern.spell(n.Number)
			out = append(out, f)
		}
		p.forget(candidates, rows)
		q.After = candidates[len(candidates)-1]
	}
	return out, nil
}

// candidates returns numbers that fit as far as the memory knows.
func (p *Pool) candidates(ctx context.Context, tx *db.Tx, q Query, limit int) (out []string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.refresh(ctx, tx); err != nil {
		return nil, err
	}
	from := max(q.After, q.Prefix)
	first := sort.Search(len(p.numbers), func(i int) bool { return p.numbers[i].Number >= from })
	for i := first; i < len(p.numbers) && len(out) < limit; i++ {
		n := &p.numbers[i]
		if !strings.HasPrefix(n.Number, q.Prefix) {
			if n.Number > q.Prefix {
				break
			}
			continue
		}
		if n.Available && n.Reseller == q.Reseller && n.Number != q.After && fits(n, q) && q.Pattern.find(n.Number) >= 0 {
			out = append(out, n.Number)
		}
	}
	return out, nil
}

func fits(n *db.PoolNumber, q Query) bool {
	if q.Kind != "" && q.Kind != n.Kind {
		return false
	}
	switch q.Capability {
	case "voice":
		return n.Voice
	case "sms":
		return n.SMS
	case "fax":
		return n.Fax
	}
	return true
}

// refresh reads what was written since the last time.
func (p *Pool) refresh(ctx context.Context, tx *db.Tx) error {
	news, err := tx.PoolNumbers(ctx, p.revision)
	if err != nil || len(news) == 0 {
		return err
	}
	byNumber := func(a, b db.PoolNumber) int { return strings.Compare(a.Number, b.Number) }
	slices.SortFunc(news, byNumber)
	merged := make([]db.PoolNumber, 0, len(p.numbers)+len(news))
	old := p.numbers
	for _, n := range news {
		for len(old) > 0 && old[0].Number < n.Number {
			merged, old = append(merged, old[0]), old[1:]
		}
		if len(old) > 0 && old[0].Number == n.Number {
			old = old[1:]
		}
		merged = append(merged, n)
		p.revision = max(p.revision, n.Revision)
	}
	p.numbers = append(merged, old...)
	return nil
}

// forget drops candidates that the database does not have so any more. One that another
// transaction has just written comes back with the next refresh.
func (p *Pool) forget(candidates []string, rows []*pbx.InventoryNumber) {
	if len(candidates) == len(rows) {
		return
	}
	there := make(map[string]bool, len(rows))
	for _, n := range rows {
		there[n.Number] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.numbers = slices.DeleteFunc(p.numbers, func(n db.PoolNumber) bool {
		return n.Available && !there[n.Number] && slices.Contains(candidates, n.Number)
	})
}
