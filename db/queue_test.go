package db

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestQueueRoundTrip(t *testing.T) {
	checkEveryFieldSet(t, sampleQueue())
	db := openDB(t, Options{})
	fill(t, db)
	want := sampleQueue()
	put := func(q *pbx.Queue) int64 {
		return update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutQueue(ctx, q) })
	}
	rev := put(want)
	again := *want
	if now := put(&again); now != rev || want.Version != 1 || want.Revision != rev {
		t.Errorf("version %d, revision %d; written again %d", want.Version, want.Revision, now)
	}
	want.Members[0].Penalty = 7
	put(want)
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		got, err := tx.Queues(ctx, "default", ListOptions{Contains: "65"})
		diff := cmp.Diff([]*pbx.Queue{want}, got) + cmp.Diff(want, s.QueueAt("default", "650")) +
			cmp.Diff([]*pbx.Queue{want}, s.QueuesOf("default", "101"))
		if diff != "" {
			t.Error(diff)
		}
		return err
	})
}

func TestQueueRefusals(t *testing.T) {
	put := func(change func(*pbx.Queue)) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			q := sampleQueue()
			change(q)
			return tx.PutQueue(ctx, q)
		}
	}
	for name, tt := range map[string]struct {
		do   func(context.Context, *Tx) error
		want string
	}{
		"an extension's number": {put(func(q *pbx.Queue) { q.Number = "101" }), "extension 101 exists already"},
		"another queue's number": {func(ctx context.Context, tx *Tx) error {
			return all(func() error { return tx.PutQueue(ctx, sampleQueue()) },
				func() error { q := sampleQueue(); q.Name = "other"; return tx.PutQueue(ctx, q) })
		}, "a queue of tenant default has the number 650"},
		"a ring group's number": {func(ctx context.Context, tx *Tx) error {
			return all(func() error { return tx.PutQueue(ctx, sampleQueue()) },
				func() error { g := sampleRingGroup(); g.Number = "650"; return putRingGroup(ctx, tx, g) })
		}, "a queue of tenant default has the number 650"},
		"an extension at its number": {func(ctx context.Context, tx *Tx) error {
			return all(func() error { return tx.PutQueue(ctx, sampleQueue()) }, func() error {
				return tx.CreateExtension(ctx, &pbx.Extension{Tenant: "default", Number: "650", Name: "A", RingSeconds: 20})
			})
		}, "a queue of tenant default has the number 650"},
		"a member that is not there":       {put(func(q *pbx.Queue) { q.Members[0].Extension = "999" }), "extension 999 does not exist"},
		"a sound that is not there":        {put(func(q *pbx.Queue) { q.Welcome = "announcement:none" }), "announcement none does not exist"},
		"a periodic one that is not there": {put(func(q *pbx.Queue) { q.Periodic = "announcement:none" }), "announcement none does not exist"},
		"a destination that is not there": {put(func(q *pbx.Queue) {
			q.Full = pbx.Destination{Kind: pbx.ToQueue, Key: "none"}
		}), "queue none does not exist"},
		"an extension that is a member": {func(ctx context.Context, tx *Tx) error {
			return all(func() error { return tx.PutQueue(ctx, sampleQueue()) },
				func() error { return tx.DeleteExtension(ctx, "default", "101") })
		}, "queue support"},
		"a queue that a ring group leads to": {func(ctx context.Context, tx *Tx) error {
			g := sampleRingGroup()
			g.Destination = pbx.Destination{Kind: pbx.ToQueue, Key: "support"}
			return all(func() error { return tx.PutQueue(ctx, sampleQueue()) }, func() error { return putRingGroup(ctx, tx, g) },
				func() error { return tx.DeleteQueue(ctx, "default", "support") })
		}, "ring-group sales"},
	} {
		t.Run(name, func(t *testing.T) {
			db := openDB(t, Options{})
			fill(t, db)
			_, err := db.Update(t.Context(), tester, func(tx *Tx) error { return tt.do(t.Context(), tx) })
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// Members and destinations follow an extension that is renumbered, and leave one that is released.
func TestQueuesFollowTheirMembers(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutQueue(ctx, sampleQueue()) })
	read := func() (q *pbx.Queue) {
		view(t, db, func(ctx context.Context, tx *Tx) (err error) {
			q, err = tx.Queue(ctx, "default", "support")
			return err
		})
		return q
	}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		_, err := tx.RenumberExtension(ctx, "default", "101", "177")
		return err
	})
	if q := read(); q.Members[0].Extension != "177" || q.Empty.Key != "177" || q.Destination.Key != "177" {
		t.Errorf("renumbered: %+v", q)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.ReleaseExtension(ctx, "default", "177") })
	if q := read(); len(q.Members) != 0 || !q.Empty.IsZero() || !q.TimedOut.IsZero() {
		t.Errorf("released: %+v", q)
	}
}
