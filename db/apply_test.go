package db

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestApplyResults(t *testing.T) {
	db := openDB(t, Options{})
	ctx := t.Context()
	if n, err := db.Applied(ctx); n != 0 || err != nil {
		t.Errorf("before the first: %d, %v", n, err)
	}
	good := ApplyResult{Revision: 3, State: Applied, At: time.UnixMilli(1700000000123).UTC(), Duration: 45 * time.Millisecond, Reloaded: []string{"res_pjsip.so", "pbx_config.so"}}
	bad := ApplyResult{Revision: 4, State: ApplyFailed, At: good.At.Add(time.Minute), Error: "asterisk refused pjsip.conf", Duration: time.Second}
	for _, r := range []ApplyResult{good, bad} {
		if err := db.RecordApply(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := db.ApplyResults(ctx, 10)
	if diff := cmp.Diff([]*ApplyResult{&bad, &good}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if n, err := db.Applied(ctx); n != 3 || err != nil {
		t.Errorf("applied %d, %v; want 3", n, err)
	}
	if err := db.RecordApply(ctx, ApplyResult{State: "half"}); pbx.KindOf(err) != pbx.Invalid {
		t.Errorf("an unknown state: %v", err)
	}
	if n, err := db.Revision(ctx); n != 1 || err != nil {
		t.Errorf("recording made revision %d, %v", n, err)
	}
}

func TestApplyResultsStayBoundedAndKeepTheLastGoodOne(t *testing.T) {
	db := openDB(t, Options{})
	if err := db.RecordApply(t.Context(), ApplyResult{Revision: 7, State: Applied}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.writer.Exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
		INSERT INTO apply_results (revision, state, at, error, duration_ms, reloaded) SELECT 8, 'failed', i, '', 0, '' FROM n`); err != nil {
		t.Fatal(err)
	}
	if err := db.RecordApply(t.Context(), ApplyResult{Revision: 8, State: ApplyFailed}); err != nil {
		t.Fatal(err)
	}
	got, err := db.ApplyResults(t.Context(), 0)
	if err != nil || len(got) != mostResults+1 || got[len(got)-1].Revision != 7 {
		t.Errorf("%d kept, %v", len(got), err)
	}
	if n, err := db.Applied(t.Context()); n != 7 || err != nil {
		t.Errorf("applied %d, %v", n, err)
	}
}
