package db

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestAnnouncementsRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	checkEveryFieldSet(t, sampleAnnouncement())
	fill(t, db)
	put := func(a *pbx.Announcement) int64 {
		return update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutAnnouncement(ctx, a) })
	}
	first := put(sampleAnnouncement())
	if again := put(sampleAnnouncement()); again != first {
		t.Error("the same announcement is a change")
	}
	put(&pbx.Announcement{Tenant: "acme", Name: "welcome"})
	for contains, want := range map[string]int{"": 2, "night": 1, "wel": 1, "x%": 0} {
		view(t, db, func(ctx context.Context, tx *Tx) error {
			got, err := tx.Announcements(ctx, "acme", ListOptions{Contains: contains})
			if len(got) != want {
				t.Errorf("%d announcements contain %q, want %d", len(got), contains, want)
			}
			return err
		})
	}
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleAnnouncement(), s.Announcement("acme", "closed"),
		cmpopts.IgnoreFields(pbx.Announcement{}, "Version", "Revision")); diff != "" {
		t.Error(diff)
	}
	if got, err := db.Sounds(t.Context()); err != nil || !cmp.Equal(got, map[string]bool{sampleAnnouncement().Sound: true}) {
		t.Errorf("sounds: %v, %v", got, err)
	}
}

// A tenant has no more than it may, in number and in length, and replaces what it has.
func TestAnnouncementsHaveBounds(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	long := sampleAnnouncement()
	long.Length = pbx.MaxAnnouncementLength
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutAnnouncement(ctx, long) })
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutAnnouncement(ctx, sampleAnnouncement()) })
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutAnnouncement(ctx, long) })
	more := sampleAnnouncement()
	more.Name, more.Length = "more", time.Second
	if _, err := db.Update(t.Context(), tester, func(tx *Tx) error {
		return tx.PutAnnouncement(t.Context(), more)
	}); pbx.KindOf(err) != pbx.Invalid {
		t.Errorf("longer than allowed: %v", err)
	}
	_, err := db.Update(t.Context(), tester, func(tx *Tx) error {
		for i := range pbx.MaxAnnouncements {
			if err := tx.PutAnnouncement(t.Context(), &pbx.Announcement{Tenant: "default", Name: strings.Repeat("a",
				i%39+1) + string(rune('a'+i/39))}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Update(t.Context(), tester, func(tx *Tx) error {
		return tx.PutAnnouncement(t.Context(), &pbx.Announcement{Tenant: "default", Name: "more"})
	})
	if pbx.KindOf(err) != pbx.Invalid {
		t.Errorf("more than allowed: %v", err)
	}
}

// What leads to an announcement, or begins with it, keeps it; one without a sound leads nowhere.
func TestAnnouncementInUse(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		a, empty := sampleAnnouncement(), sampleAnnouncement()
		a.Tenant, empty.Tenant = "default", "default"
		empty.Name, empty.Sound = "empty", ""
		return all(func() error { return tx.PutAnnouncement(ctx, a) }, func() error { return tx.PutAnnouncement(ctx, empty) })
	})
	to := pbx.Destination{Kind: pbx.ToAnnouncement, Key: "closed"}
	group := &pbx.RingGroup{Tenant: "default", Name: "sales", Number: "600", Strategy: pbx.StrategyAll, RingSeconds: 20,
		Confirm: pbx.ConfirmNone, Waiting: pbx.WaitRinging, Members: []pbx.RingMember{{Extension: "101"}}}
	greets, ends := *group, *group
	greets.Announcement, ends.Destination = to.String(), to
	for name, put := range map[string]func(ctx context.Context, tx *Tx) error{
		"forward 101": func(ctx context.Context, tx *Tx) error {
			return tx.PutForward(ctx, &pbx.Forward{Tenant: "default", Extension: "101", Mode: pbx.ForwardOff, Busy: to})
		},
		"ring-group sales": func(ctx context.Context, tx *Tx) error { return tx.PutRingGroup(ctx, &ends) },
		"greeting":         func(ctx context.Context, tx *Tx) error { return tx.PutRingGroup(ctx, &greets) },
		"number": func(ctx context.Context, tx *Tx) error {
			return tx.PutNumber(ctx, &pbx.Number{Tenant: "default", Number: "+493099",
				Rules: []pbx.CallRule{{Destination: to}}})
		},
	} {
		_, err := db.Update(t.Context(), tester, func(tx *Tx) error {
			if err := put(t.Context(), tx); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			err := tx.DeleteAnnouncement(t.Context(), "default", "closed")
			if pbx.KindOf(err) != pbx.InUse {
				t.Errorf("%s: deleted: %v", name, err)
			}
			return err // takes it all back
		})
		if err == nil {
			t.Errorf("%s: nothing was refused", name)
		}
	}
	for _, name := range []string{"empty", "absent"} {
		_, err := db.Update(t.Context(), tester, func(tx *Tx) error {
			return tx.PutForward(t.Context(), &pbx.Forward{Tenant: "default", Extension: "101", Mode: pbx.ForwardOff,
				Busy: pbx.Destination{Kind: pbx.ToAnnouncement, Key: name}})
		})
		if pbx.KindOf(err) != pbx.Invalid || !strings.Contains(err.Error(), "or has no sound yet") {
			t.Errorf("to announcement %s: %v", name, err)
		}
	}
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.DeleteAnnouncement(ctx, "default", "closed") })
}

// putMusic gives tenant default the announcement of the sample.
func putMusic(t *testing.T, db *DB) {
	t.Helper()
	update(t, db, func(ctx context.Context, tx *Tx) error {
		a := sampleAnnouncement()
		a.Tenant = "default"
		return tx.PutAnnouncement(ctx, a)
	})
}

// Music is kept in its order, has announcements of the tenant alone, and keeps them from being deleted.
func TestMusic(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	putMusic(t, db)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return tx.PutAnnouncement(ctx, &pbx.Announcement{Tenant: "default", Name: "autumn", Sound: sampleAnnouncement().Sound})
	})
	for kind, put := range map[string]func(ctx context.Context, tx *Tx, music ...string) (key string, err error){
		"tenant": func(ctx context.Context, tx *Tx, music ...string) (string, error) {
			row, err := tx.Tenant(ctx, "default")
			row.Music = music
			return "default", errors.Join(err, tx.PutTenant(ctx, row))
		},
		"extension": func(ctx context.Context, tx *Tx, music ...string) (string, error) {
			row, err := tx.Extension(ctx, "default", "101")
			row.Music = music
			return "101", errors.Join(err, tx.PutExtension(ctx, row))
		},
	} {
		var key string
		update(t, db, func(ctx context.Context, tx *Tx) (err error) {
			key, err = put(ctx, tx, "closed", "autumn")
			return err
		})
		s, err := db.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if m := s.MusicOfExtension("default", "101"); len(m.Sounds) != 2 {
			t.Errorf("%s: %v", kind, m)
		}
		for name, do := range map[string]func(tx *Tx) error{
			"deleted while it plays": func(tx *Tx) error { return tx.DeleteAnnouncement(t.Context(), "default", "closed") },
			"missing": func(tx *Tx) error {
				_, err := put(t.Context(), tx, "autumn", "missing")
				return err
			},
		} {
			_, err := db.Update(t.Context(), tester, do)
			want := map[string]string{"missing": "music[1]"}[name]
			var e *pbx.Error
			if !errors.As(err, &e) || e.Field != want || want == "" && !cmp.Equal(e.Refs, []pbx.Ref{{Kind: kind, Key: key}}) {
				t.Errorf("%s, %s: %v", kind, name, err)
			}
		}
		update(t, db, func(ctx context.Context, tx *Tx) error {
			_, err := put(ctx, tx)
			return err
		})
	}
}
