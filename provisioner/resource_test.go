package provisioner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestConditionChecks(t *testing.T) {
	for _, c := range []struct {
		name     string
		cond     Condition
		revision int64 // 0: absent
		field    string
	}{
		{"none, absent", Condition{}, 0, ""}, {"none, present", Condition{}, 7, ""},
		{"absent and absent", Condition{Absent: true}, 0, ""}, {"absent but present", Condition{Absent: true}, 7, "If-None-Match"},
		{"present and present", Condition{Present: true}, 7, ""}, {"present but absent", Condition{Present: true}, 0, "If-Match"},
		{"right revision", Condition{Revisions: []int64{5, 7}}, 7, ""}, {"old revision", Condition{Revisions: []int64{5}}, 7, "If-Match"},
		{"revision of nothing", Condition{Revisions: []int64{5}}, 0, "If-Match"}, {"no usable tag", Condition{Revisions: []int64{}}, 7, "If-Match"},
	} {
		err := c.cond.check(c.revision)
		var e *pbx.Error
		if (c.field == "") != (err == nil) || err != nil && (!errors.As(err, &e) || e.Kind != pbx.Precondition || e.Field != c.field) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// What a change is given is a copy; what it refuses changes nothing.
func TestEditIsAllOrNothing(t *testing.T) {
	l := newLab(t)
	revision := l.extension("101", "Anna")
	refused := errors.New("no")
	for name, change := range map[string]func(*pbx.Extension) (*pbx.Extension, error){
		"an error":        func(e *pbx.Extension) (*pbx.Extension, error) { e.Name = "x"; return nil, refused },
		"a broken rule":   func(e *pbx.Extension) (*pbx.Extension, error) { e.Name = "x\n"; return e, nil },
		"an unknown ref":  func(e *pbx.Extension) (*pbx.Extension, error) { e.Mailbox = "999"; return e, nil },
		"nothing changed": func(e *pbx.Extension) (*pbx.Extension, error) { return e, nil },
	} {
		_, created, err := l.Extensions.Edit(t.Context(), tester, pbx.DefaultTenant, "101", Condition{}, change)
		if created || (err == nil) != (name == "nothing changed") {
			t.Errorf("%s: created %v, %v", name, created, err)
		}
	}
	e, err := l.Extensions.Get(t.Context(), pbx.DefaultTenant, "101")
	if err != nil || e.Name != "Anna" || e.Revision != revision {
		t.Errorf("now it is %+v, %v", e, err)
	}
	if now, _ := l.Revision(t.Context()); now != revision {
		t.Errorf("revision %d became %d", revision, now)
	}
}

// Edits of one row at the same time see each other.
func TestEditsAtOnceAreAllKept(t *testing.T) {
	l := newLab(t)
	l.extension("101", "Anna")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, _, err := l.Extensions.Edit(t.Context(), tester, pbx.DefaultTenant, "101", Condition{}, func(e *pbx.Extension) (*pbx.Extension, error) {
				e.RingSeconds++
				return e, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if e, err := l.Extensions.Get(t.Context(), pbx.DefaultTenant, "101"); err != nil || e.RingSeconds != 40 {
		t.Errorf("after 20 increments of 20: %+v, %v", e, err)
	}
}

func TestEditEndsWithItsContext(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := l.Extensions.Edit(ctx, tester, pbx.DefaultTenant, "101", Condition{}, func(*pbx.Extension) (*pbx.Extension, error) {
		return &pbx.Extension{Tenant: pbx.DefaultTenant, Number: "101", Name: "x", RingSeconds: 20}, nil
	})
	if pbx.KindOf(err) != pbx.Unavailable {
		t.Errorf("error %v", err)
	}
}

// An edit takes as long among 10,000 extensions as among 100.
func TestEditDoesNotSlowDownWithSize(t *testing.T) {
	took := func(extensions int) time.Duration {
		l := newLab(t)
		l.bulk(func(tx *bulkTx) {
			for i := range extensions {
				tx.extension(&pbx.Extension{Tenant: pbx.DefaultTenant, Number: fmt.Sprint(10000 + i), Name: strings.Repeat("n", 20), RingSeconds: 20})
			}
		})
		best := time.Hour
		for i := range 40 {
			began := time.Now()
			l.extension("10050", fmt.Sprintf("Name %d", i))
			best = min(best, time.Since(began))
		}
		return best
	}
	few, many := took(100), took(3_000)
	t.Logf("the best of 40: %s among 100, %s among 3,000", few, many)
	if many > 3*few+time.Millisecond {
		t.Errorf("%s among 100 extensions, %s among 3,000", few, many)
	}
}
