package db

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestUserRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	full := sampleUser()
	full.Reseller = "west" // in place of the tenant, see TestResellerUserRoundTrip
	checkEveryFieldSet(t, full)
	fill(t, db)
	for _, want := range []*pbx.User{sampleUser(), {Tenant: "default", Username: "ada", FullName: "Ada King", Role: pbx.RoleUser, SecondStep: pbx.SecondStepNone}} {
		if want.Extension == "" { // leaves the desk first
			update(t, db, func(ctx context.Context, tx *Tx) error {
				d := sampleDevice()
				d.Extension = ""
				return tx.PutDevice(ctx, d)
			})
		}
		rev := update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutUser(ctx, want) })
		view(t, db, func(ctx context.Context, tx *Tx) error {
			got, err := tx.User(ctx, "default", "ada")
			if diff := cmp.Diff(want, got); diff != "" || want.Revision != rev {
				t.Errorf("revision %d, want %d %s", want.Revision, rev, diff)
			}
			us, err2 := tx.UsersIn(ctx, pbx.AccountOf("", "default"), ListOptions{Contains: "ada"})
			if err2 != nil || len(us) != 1 {
				t.Errorf("listed %d, %v", len(us), err2)
			}
			return err
		})
	}
	s, err := db.Snapshot(t.Context())
	if err != nil || s.User("default", "ada") == nil || s.UserOf("default", "101") != nil {
		t.Errorf("snapshot: %v", err)
	}
}

// A reseller has users of the same names as a tenant. They go with it, and are in no snapshot.
func TestResellerUserRoundTrip(t *testing.T) {
	db := withUser(t)
	account := pbx.AccountOf("west", "")
	want := pbx.NewResellerUser("west", "ada")
	want.FullName, want.Role, want.Password = "Ada North", pbx.RoleResellerAdmin, pbx.NewSecret("$hash")
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return errors.Join(tx.PutReseller(ctx, &pbx.Reseller{Name: "west"}), tx.CreateUser(ctx, want))
	})
	view(t, db, func(ctx context.Context, tx *Tx) error {
		got, err := tx.UserIn(ctx, account, "ada")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		us, listed := tx.UsersIn(ctx, account, ListOptions{})
		if len(us) != 1 || us[0].FullName != "Ada North" {
			t.Errorf("listed %v", us)
		}
		return errors.Join(err, listed)
	})
	s, err := db.Snapshot(t.Context())
	if err != nil || len(s.Users) != 1 || s.Users[0].Tenant != "default" {
		t.Errorf("the snapshot has %v, %v", s.Users, err)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.DeleteReseller(ctx, "west") })
	if left := rawQuery(t, db, `SELECT tenant || '/' || username FROM users`); len(left) != 1 || left[0] != "default/ada" {
		t.Errorf("users left: %v", left)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.UserIn(ctx, account, "ada"); pbx.KindOf(err) != pbx.NotFound {
			t.Errorf("a user of a reseller that is gone: %v", err)
		}
		return nil
	})
}

func TestUserRefusals(t *testing.T) {
	put := func(change func(*pbx.User)) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			if err := tx.PutUser(ctx, sampleUser()); err != nil {
				return err
			}
			u := sampleUser()
			change(u)
			return tx.PutUser(ctx, u)
		}
	}
	checkRefusals(t, []refusal{
		{name: "unknown extension", kind: pbx.Invalid, field: "extension", message: "extension 102 does not exist in tenant acme",
			do: put(func(u *pbx.User) { u.Tenant, u.Extension = "acme", "102" })},
		{name: "another's extension", kind: pbx.Conflict, field: "extension", message: "extension 101 is user ada's",
			do: put(func(u *pbx.User) { u.Username = "bob" })},
		{name: "unknown tenant", kind: pbx.NotFound, message: "tenant nobody does not exist",
			do: put(func(u *pbx.User) { u.Tenant = "nobody" })},
		{name: "another extension at a desk", kind: pbx.InUse, message: "extension 101 of user ada is still used by", refs: []pbx.Ref{{Kind: "device", Key: "desk-101"}},
			do: put(func(u *pbx.User) { u.Extension = "" })},
		{name: "delete at a desk", kind: pbx.InUse, message: "extension 101 of user ada is still used by", refs: []pbx.Ref{{Kind: "device", Key: "desk-101"}},
			do: func(ctx context.Context, tx *Tx) error {
				if err := tx.PutUser(ctx, sampleUser()); err != nil {
					return err
				}
				return tx.DeleteUser(ctx, pbx.AccountOf("", "default"), "ada")
			}},
		{name: "delete the extension of a user", kind: pbx.InUse, message: "extension 101 is still used by",
			refs: []pbx.Ref{{Kind: "device", Key: "desk-101"}, {Kind: "user", Key: "ada"}, {Kind: "button", Key: "001565aabbcc/m1-2"}, {Kind: "mailbox", Key: "101"}},
			do: func(ctx context.Context, tx *Tx) error {
				if err := tx.PutUser(ctx, sampleUser()); err != nil {
					return err
				}
				return tx.DeleteExtension(ctx, "default", "101")
			}},
		{name: "delete an extension whose mailbox others are led to", kind: pbx.InUse, message: "extension 101 is still used by",
			refs: []pbx.Ref{{Kind: "device", Key: "desk-101"}, {Kind: "forward", Key: "101"}, {Kind: "button", Key: "001565aabbcc/m1-2"}, {Kind: "mailbox", Key: "101"}, {Kind: "forward", Key: "102"}},
			do: func(ctx context.Context, tx *Tx) error {
				other := sampleExtension()
				other.Number, other.Mailbox = "102", ""
				own, theirs := &pbx.Forward{Tenant: "default", Extension: "101", Mode: pbx.ForwardOff}, &pbx.Forward{Tenant: "default", Extension: "102", Mode: pbx.ForwardOff}
				own.NoAnswer = pbx.Destination{Kind: pbx.ToVoicemail, Key: "101"}
				theirs.NoAnswer = own.NoAnswer
				return all(func() error { return tx.CreateExtension(ctx, other) }, func() error { return tx.PutForward(ctx, own) },
					func() error { return tx.PutForward(ctx, theirs) }, func() error { return tx.DeleteExtension(ctx, "default", "101") })
			}},
		{name: "no photo", kind: pbx.NotFound, message: "user ada has no photo",
			do: func(ctx context.Context, tx *Tx) error {
				if err := tx.PutUser(ctx, sampleUser()); err != nil {
					return err
				}
				_, err := tx.Photo(ctx, "default", "ada")
				return err
			}},
		{name: "more extensions than the licence", kind: pbx.Conflict, message: "tenant default uses 2 of the 2 extensions that its licence allows",
			do: func(ctx context.Context, tx *Tx) error {
				d, err := tx.Tenant(ctx, "default")
				if err != nil {
					return err
				}
				d.MaxExtensions = 2
				bob := pbx.Extension{Tenant: "default", Number: "102", Name: "Bob", RingSeconds: 20, Type: pbx.TypeDAHDI}
				v, eve := bob, bob
				v.Number, v.Type, eve.Number = "103", pbx.TypeVirtual, "104"
				return all(func() error { return tx.PutTenant(ctx, d) }, func() error { return tx.PutExtension(ctx, &bob) },
					func() error { return tx.PutExtension(ctx, &v) }, func() error { return tx.PutExtension(ctx, &eve) })
			}},
	})
}

// Deleting with everything that refers to it leaves no reference and says in the
// audit what became of each object.
func TestReleaseLeavesNothing(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutUser(ctx, sampleUser()) })
	rev := update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.ReleaseExtension(ctx, "default", "101") },
			func() error { return tx.DeleteExtension(ctx, "default", "101") },
			func() error { return tx.ReleaseDevice(ctx, "default", "desk-101") },
			func() error { return tx.DeleteDevice(ctx, "default", "desk-101") })
	})
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Extensions)+len(s.Mailboxes)+len(s.Devices) != 0 || len(s.Phones[0].Lines) != 0 || s.User("default", "ada").Extension != "" {
		t.Errorf("left: %d extensions, %d mailboxes, %d devices, lines %v, user %+v", len(s.Extensions), len(s.Mailboxes), len(s.Devices), s.Phones[0].Lines, s.Users[0])
	}
	changes, err := db.Changes(t.Context(), ChangeFilter{})
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, c := range changes {
		if c.Revision == rev {
			said[c.Action+" "+c.Kind] = true
		}
	}
	for _, want := range []string{"update device", "update user", "update extension", "delete mailbox", "delete extension", "update phone", "delete device"} {
		if !said[want] {
			t.Errorf("the audit has no %q", want)
		}
	}
}
