package db

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestForwardRoundTrip(t *testing.T) {
	full := sampleForward()
	full.Destination = pbx.Destination{Kind: pbx.ToHangup} // of another mode
	checkEveryFieldSet(t, full)
	db := openDB(t, Options{})
	fill(t, db)
	want := sampleForward()
	rev := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutForward(ctx, want) })
	if want.Version != 1 || want.Revision != rev {
		t.Errorf("version %d revision %d", want.Version, want.Revision)
	}
	snap, err := db.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		got, err := tx.Forward(ctx, "default", "101")
		if diff := cmp.Diff(want, got) + cmp.Diff(want, snap.Forward("default", "101")); diff != "" {
			t.Error(diff)
		}
		return err
	})
}

func TestForwardRefusals(t *testing.T) {
	lead := func(field string, to pbx.Destination) func(ctx context.Context, tx *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			f := sampleForward()
			switch field {
			case "busy":
				f.Busy = to
			case "rule":
				f.Rules[0].Destination = to
			}
			return tx.PutForward(ctx, f)
		}
	}
	checkRefusals(t, []refusal{
		{name: "unknown extension", kind: pbx.NotFound, field: "extension", message: "extension 9 does not exist in tenant default",
			do: func(ctx context.Context, tx *Tx) error {
				f := sampleForward()
				f.Extension = "9"
				return tx.PutForward(ctx, f)
			}},
		{name: "to an extension that is not there", kind: pbx.Invalid, field: "busy", message: "extension 9 does not exist in tenant default",
			do: lead("busy", pbx.Destination{Kind: pbx.ToExtension, Key: "9"})},
		{name: "to a mailbox that is not there", kind: pbx.Invalid, field: "rules[0].destination", message: "voicemail 9 does not exist in tenant default",
			do: lead("rule", pbx.Destination{Kind: pbx.ToVoicemail, Key: "9"})},
	})
}

// Forwards follow what they lead to: to its new number, and away with it.
func TestForwardFollows(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	to := func(number string) pbx.Destination { return pbx.Destination{Kind: pbx.ToExtension, Key: number} }
	update(t, db, func(ctx context.Context, tx *Tx) error {
		other := sampleExtension()
		other.Number, other.Mailbox = "102", ""
		f := sampleForward()
		f.Extension, f.Busy, f.Rules[0].Destination = "102", to("101"), to("101")
		return all(func() error { return tx.CreateExtension(ctx, other) },
			func() error { return tx.PutForward(ctx, sampleForward()) }, func() error { return tx.PutForward(ctx, f) })
	})
	forward := func(number string) (f *pbx.Forward) {
		view(t, db, func(ctx context.Context, tx *Tx) (err error) { f, err = tx.Forward(ctx, "default", number); return err })
		return f
	}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		_, err := tx.RenumberExtension(ctx, "default", "101", "201")
		return err
	})
	if f := forward("102"); f.Busy != to("201") || f.Rules[0].Destination != to("201") || f.NoAnswer.Key != "201" || f.Revision < 3 {
		t.Errorf("after renumbering: %+v", f)
	}
	if f := forward("201"); f.NoAnswer.Key != "201" {
		t.Errorf("its own after renumbering: %+v", f)
	}
	err := db.write(context.Background(), func(tx *Tx) error {
		return tx.extensionUnused(context.Background(), &pbx.Extension{Tenant: "default", Number: "201"})
	})
	var used *pbx.Error
	if !errors.As(err, &used) || len(used.Refs) != 4 || used.Refs[1] != (pbx.Ref{Kind: kindForward, Key: "102"}) || used.Refs[2] != (pbx.Ref{Kind: kindForward, Key: "201"}) {
		t.Errorf("what refers to it: %v", err)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.ReleaseExtension(ctx, "default", "201") }, func() error { return tx.DeleteExtension(ctx, "default", "201") })
	})
	if f := forward("102"); !f.Busy.IsZero() || f.Mode != pbx.ForwardOff || f.Rules != nil || !f.NoAnswer.IsZero() || f.Unreachable.IsZero() {
		t.Errorf("after deleting: %+v", f)
	}
}
