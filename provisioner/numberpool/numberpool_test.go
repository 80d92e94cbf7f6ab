package numberpool

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/db/dbtest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var tester = pbx.Author{Actor: "tester"}

// pool is a database with some numbers of the platform and of a reseller.
func pool(t *testing.T) (*Pool, *db.DB) {
	t.Helper()
	store := dbtest.Open(t, filepath.Join(t.TempDir(), "dialtone.db"), db.Open, db.Options{NoSync: true})
	change(t, store, func(tx *db.Tx) error {
		if err := tx.PutReseller(t.Context(), &pbx.Reseller{Name: "north"}); err != nil {
			return err
		}
		for _, n := range []pbx.InventoryNumber{
			{Number: "+18003569377", Voice: true}, {Number: "+18005550100", Voice: true, SMS: true}, {Number: "+12125550123",
				Voice: true, Fax: true},
			{Number: "+12125550124", Voice: true}, {Number: "+4930555001", Voice: true}, {Number: "+4930555002", Voice: true},
			{Number: "+4989123456", Voice: true, Kind: "vanity"}, {Number: "+49305550077", Voice: true, Reseller: "north"}} {
			if _, err := tx.BringNumber(t.Context(), &n, db.Assignment{Reseller: n.Reseller}); err != nil {
				return err
			}
		}
		return nil
	})
	return New(store), store
}

func change(t *testing.T, store *db.DB, how func(*db.Tx) error) {
	t.Helper()
	if _, err := store.Update(t.Context(), tester, how); err != nil {
		t.Fatal(err)
	}
}

func pattern(t *testing.T, text string) Pattern {
	t.Helper()
	p, err := ParsePattern("contains", text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// found lists what a search finds, with the word that matched.
func found(t *testing.T, p *Pool, q Query) string {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 10
	}
	fs, err := p.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range fs {
		out = append(out, strings.TrimSpace(f.Number+" "+f.Match))
	}
	return strings.Join(out, ", ")
}

func TestSearch(t *testing.T) {
	p, _ := pool(t)
	for _, c := range []struct {
		q    Query
		want string
	}{
		{Query{Prefix: "+1212"}, "+12125550123, +12125550124"},
		{Query{Prefix: "+4930"}, "+4930555001, +4930555002"},
		{Query{Prefix: "+4930", Reseller: "north"}, "+49305550077"},
		{Query{Pattern: pattern(t, "555")}, "+12125550123 555, +12125550124 555, +18005550100 555, +4930555001 555, +4930555002 555"},
		{Query{Pattern: pattern(t, "555"), Limit: 2, After: "+12125550123"}, "+12125550124 555, +18005550100 555"},
		{Query{Pattern: pattern(t, "FLOWERS")}, "+18003569377 FLOWERS"},
		{Query{Pattern: pattern(t, "800-flo-wers")}, "+18003569377 800FLOWERS"},
		{Query{Pattern: pattern(t, "F*OW**S")}, "+18003569377 F5OW37S"},
		{Query{Pattern: pattern(t, "49")}, ""}, // the calling code does not count
		{Query{Pattern: pattern(t, "30555")}, "+4930555001 30555, +4930555002 30555"},
		{Query{Pattern: pattern(t, "5*5")}, "+12125550123 555, +12125550124 555, +18005550100 555, +4930555001 555, +4930555002 555"},
		{Query{Pattern: pattern(t, "0123")}, "+12125550123 0123"},
		{Query{Pattern: pattern(t, "01234")}, ""},
		{Query{Kind: "toll-free"}, "+18003569377, +18005550100"},
		{Query{Kind: "vanity"}, "+4989123456"},
		{Query{Capability: "sms"}, "+18005550100"},
		{Query{Capability: "fax"}, "+12125550123"},
		{Query{Prefix: "+44"}, ""},
		{Query{Prefix: "+9"}, ""},
		{Query{Limit: 3}, "+12125550123, +12125550124, +18003569377"},
		{Query{Reseller: "nobody"}, ""},
	} {
		if got := found(t, p, c.q); got != c.want {
			t.Errorf("%+v finds %s, want %s", c.q, got, c.want)
		}
	}
	fs, err := p.Search(t.Context(), Query{Pattern: pattern(t, "flowers"), Limit: 1})
	if err != nil || len(fs) != 1 || fs[0].Spelled != "+1800FLOWERS" {
		t.Errorf("%+v, %v", fs, err)
	}
	for _, text := range []string{"55#", "+49", "ä", strings.Repeat("5", 16)} {
		if _, err := ParsePattern("contains", text); err == nil {
			t.Errorf("%s is a pattern", text)
		}
	}
}

// What is brought, handed on, claimed, given back and deleted is found, or not any more.
func TestSearchFollowsTheInventory(t *testing.T) {
	p, store := pool(t)
	berlin := Query{Prefix: "+4930"}
	step := func(want string, how func(*db.Tx) error) {
		t.Helper()
		change(t, store, how)
		if got := found(t, p, berlin); got != want {
			t.Errorf("it finds %s, want %s", got, want)
		}
	}
	ctx := t.Context()
	step("+4930555001, +4930555002", func(*db.Tx) error { return nil })
	step("+4930555000, +4930555001, +4930555002", func(tx *db.Tx) error {
		_, err := tx.BringNumber(ctx, &pbx.InventoryNumber{Number: "+4930555000", Voice: true}, db.Assignment{})
		return err
	})
	step("+4930555000, +4930555002", func(tx *db.Tx) error {
		return tx.ClaimNumber(ctx, &pbx.Number{Tenant: "default", Number: "+4930555001"})
	})
	step("+4930555002", func(tx *db.Tx) error {
		_, err := tx.AssignNumber(ctx, db.Reach{}, "+4930555000", db.Assignment{Reseller: "north"})
		return err
	})
	step("+4930555001, +4930555002", func(tx *db.Tx) error { return tx.DeleteNumber(ctx, "default", "+4930555001") })
	step("+4930555001", func(tx *db.Tx) error { return tx.DeleteInventoryNumber(ctx, db.Reach{}, "+4930555002") })
	// The one that is gone was dropped, and does not end the page either.
	berlin.Limit = 1
	step("+4930555001", func(tx *db.Tx) error { return tx.DeleteInventoryNumber(ctx, db.Reach{}, "+4989123456") })
	step("+4930555002", func(tx *db.Tx) error {
		if err := tx.DeleteInventoryNumber(ctx, db.Reach{}, "+4930555001"); err != nil {
			return err
		}
		_, err := tx.BringNumber(ctx, &pbx.InventoryNumber{Number: "+4930555002", Voice: true}, db.Assignment{})
		return err
	})
}

// BenchmarkSearch searches 200,000 numbers.
func BenchmarkSearch(b *testing.B) {
	store := dbtest.Open(b, filepath.Join(b.TempDir(), "dialtone.db"), db.Open, db.Options{NoSync: true})
	rows := make([]db.UploadRow, 200_000)
	for i := range rows {
		rows[i] = db.UploadRow{Number: fmt.Sprintf("+4930%07d", i*37), Kind: "local", Voice: true}
	}
	_, err := store.Update(b.Context(), tester, func(tx *db.Tx) error {
		u, err := tx.UploadNumbers(b.Context(), db.Assignment{}, "", "")
		if err != nil {
			return err
		}
		for part := range slices.Chunk(rows, 2000) {
			if err := u.Bring(b.Context(), part); err != nil {
				return err
			}
		}
		return u.Done(b.Context())
	})
	if err != nil {
		b.Fatal(err)
	}
	p := New(store)
	word, _ := ParsePattern("", "99999999")
	for b.Loop() {
		if _, err := p.Search(b.Context(), Query{Pattern: word, Limit: 20}); err != nil {
			b.Fatal(err)
		}
	}
}
