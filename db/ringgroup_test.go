package db

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleRingGroup() *pbx.RingGroup {
	return &pbx.RingGroup{Tenant: "default", Name: "sales", Number: "600", Strategy: pbx.StrategyWeighted,
		Members:     []pbx.RingMember{{External: sampleMobile, Delay: 5, RingSeconds: 15, Weight: 3}, {Extension: "101"}},
		RingSeconds: 25, Timeout: 60, Destination: pbx.Destination{Kind: pbx.ToVoicemail, Key: "101"}, SkipBusy: true, FollowForwards: true,
		Confirm: pbx.ConfirmAll, CallerIDPrefix: "Sales:", RingTone: 3, Waiting: pbx.WaitMusic, Announcement: "custom/welcome"}
}

func sampleRingTurn() RingTurn {
	return RingTurn{Tenant: "default", Group: "sales", Member: "101", Last: "101", AnsweredAt: time.UnixMilli(7).UTC(), Answers: 2}
}

// fillRingGroup puts rows beside those of fill without a revision of their own.
func fillRingGroup(ctx context.Context, tx *Tx) error {
	return all(
		func() error {
			return tx.exec(ctx,
				`INSERT INTO ring_groups VALUES ('default', 'sales', '600', 'all', 20, 0, '', 0, 0, 'none', '', 0, 'ringing', '', 1, 2, '')`)
		},
		func() error {
			return tx.exec(ctx, `INSERT INTO ring_group_members VALUES ('default', 'sales', 0, '101', NULL, 0, 0, 0)`)
		})
}

// putRingGroup writes a group and the mobile that is its member.
func putRingGroup(ctx context.Context, tx *Tx, g *pbx.RingGroup) error {
	return all(func() error { return tx.PutExternalNumber(ctx, sampleNumber()) }, func() error { return tx.PutRingGroup(ctx, g) })
}

func TestRingGroupRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	want := sampleRingGroup()
	putMusic(t, db)
	want.Music = []string{"closed"}
	checkEveryFieldSet(t, want)
	rev := update(t, db, func(ctx context.Context, tx *Tx) error { return putRingGroup(ctx, tx, want) })
	if want.Version != 1 || want.Revision != rev {
		t.Errorf("version %d revision %d", want.Version, want.Revision)
	}
	want.Members[0], want.Members[1] = want.Members[1], want.Members[0] // their order is kept
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutRingGroup(ctx, want) })
	again := *want
	if now := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutRingGroup(ctx, &again) }); again.Version != 2 || now != want.Revision {
		t.Errorf("written again it has version %d at revision %d", again.Version, now)
	}
	snap, err := db.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		got, err := tx.RingGroups(ctx, "default", ListOptions{Contains: "60"})
		if diff := cmp.Diff([]*pbx.RingGroup{want}, got) + cmp.Diff(want, snap.RingGroupAt("default", "600")); diff != "" {
			t.Error(diff)
		}
		return err
	})
}

func TestRingGroupRefusals(t *testing.T) {
	put := func(change func(*pbx.RingGroup)) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			g := sampleRingGroup()
			change(g)
			return putRingGroup(ctx, tx, g)
		}
	}
	then := func(do func(context.Context, *Tx) error) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			return all(func() error { return putRingGroup(ctx, tx, sampleRingGroup()) }, func() error { return do(ctx, tx) })
		}
	}
	group := []pbx.Ref{{Kind: "ring-group", Key: "sales"}}
	checkRefusals(t, []refusal{
		{name: "an extension's number", kind: pbx.Conflict, field: "number", message: "extension 101 exists already in tenant default",
			do: put(func(g *pbx.RingGroup) { g.Number = "101" })},
		{name: "an unknown member", kind: pbx.Invalid, field: "members[1].extension", message: "extension 9 does not exist in tenant default",
			do: put(func(g *pbx.RingGroup) { g.Members[1].Extension = "9" })},
		{name: "an unknown number outside", kind: pbx.Invalid, field: "members[0].external", message: "external number +4999 does not exist in tenant default",
			do: put(func(g *pbx.RingGroup) { g.Members[0].External = "+4999" })},
		{name: "an unknown destination", kind: pbx.Invalid, field: "destination", message: "ring-group other does not exist in tenant default",
			do: put(func(g *pbx.RingGroup) { g.Destination = pbx.Destination{Kind: pbx.ToRingGroup, Key: "other"} })},
		{name: "another tenant's member", kind: pbx.Invalid, field: "members[0].extension", message: "extension 101 does not exist in tenant acme",
			do: put(func(g *pbx.RingGroup) { g.Tenant, g.Members = "acme", g.Members[1:] })},
		{name: "another group's number", kind: pbx.Conflict, field: "number", message: "a ring group of tenant default has the number 600 already",
			do: then(func(ctx context.Context, tx *Tx) error {
				g := sampleRingGroup()
				g.Name = "other"
				return tx.PutRingGroup(ctx, g)
			})},
		{name: "an extension with its number", kind: pbx.Conflict, field: "number", message: "a ring group of tenant default has the number 600 already",
			do: then(func(ctx context.Context, tx *Tx) error {
				e := sampleExtension()
				e.Number = "600"
				return tx.CreateExtension(ctx, e)
			})},
		{name: "renumbered to its number", kind: pbx.Conflict, field: "number", message: "a ring group of tenant default has the number 600 already",
			do: then(func(ctx context.Context, tx *Tx) error {
				_, err := tx.RenumberExtension(ctx, "default", "101", "600")
				return err
			})},
		{name: "number outside in use", kind: pbx.InUse, message: "external number " + sampleMobile + " is still used by", refs: group,
			do: then(func(ctx context.Context, tx *Tx) error { return tx.DeleteExternalNumber(ctx, "default", sampleMobile) })},
		{name: "mailbox in use", kind: pbx.InUse, message: "mailbox 101 is still used by", refs: append([]pbx.Ref{{Kind: "extension", Key: "101"}}, group...),
			do: then(func(ctx context.Context, tx *Tx) error { return tx.DeleteMailbox(ctx, "default", "101") })},
		{name: "only member", kind: pbx.InUse, message: "extension 101 is the only member of", refs: group,
			do: then(func(ctx context.Context, tx *Tx) error {
				g := sampleRingGroup()
				g.Members = g.Members[1:]
				return all(func() error { return tx.PutRingGroup(ctx, g) }, func() error { return tx.ReleaseExtension(ctx, "default", "101") })
			})},
		{name: "where a forward leads", kind: pbx.InUse, message: "ring group sales is still used by", refs: []pbx.Ref{{Kind: "forward", Key: "101"}},
			do: then(func(ctx context.Context, tx *Tx) error {
				f := &pbx.Forward{Tenant: "default", Extension: "101", Mode: pbx.ForwardOff, Busy: pbx.Destination{Kind: pbx.ToRingGroup, Key: "sales"}}
				return all(func() error { return tx.PutForward(ctx, f) }, func() error { return tx.DeleteRingGroup(ctx, "default", "sales") })
			})},
	})
}

// A group follows its members and its destination to their new numbers, and loses
// them when they go; so does what was observed.
func TestRingGroupFollows(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	update(t, db, func(ctx context.Context, tx *Tx) error { return putRingGroup(ctx, tx, sampleRingGroup()) })
	gone := sampleRingTurn()
	gone.Group = "gone"
	if err := db.WriteRingTurns(t.Context(), []RingTurn{sampleRingTurn(), gone}); err != nil {
		t.Fatal(err)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		_, err := tx.RenumberExtension(ctx, "default", "101", "201")
		return err
	})
	turn := sampleRingTurn()
	turn.Member, turn.Last = "201", "201"
	turns, err := db.RingTurns(t.Context())
	if diff := cmp.Diff([]RingTurn{turn}, turns); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	check := func(members []pbx.RingMember, to pbx.Destination) {
		t.Helper()
		view(t, db, func(ctx context.Context, tx *Tx) error {
			g, err := tx.RingGroup(ctx, "default", "sales")
			if err == nil && cmp.Diff(members, g.Members)+cmp.Diff(to, g.Destination) != "" {
				t.Errorf("it has members %+v and leads to %s", g.Members, g.Destination)
			}
			return err
		})
	}
	check([]pbx.RingMember{sampleRingGroup().Members[0], {Extension: "201"}}, pbx.Destination{Kind: pbx.ToVoicemail, Key: "201"})
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.ReleaseExtension(ctx, "default", "201") }, func() error { return tx.DeleteExtension(ctx, "default", "201") })
	})
	check(sampleRingGroup().Members[:1], pbx.Destination{})
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.DeleteRingGroup(ctx, "default", "sales") })
	if turns, err := db.RingTurns(t.Context()); len(turns) > 0 || err != nil {
		t.Errorf("after the group %+v is left, %v", turns, err)
	}
}
