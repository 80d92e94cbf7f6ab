package provisioner

import (
	"errors"
	"testing"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

// A sign-in by phone says nothing about what was wrong.
func TestSignInByPhone(t *testing.T) {
	l := newLab(t)
	pin, perr := signin.HashPIN(pbx.Secret{}, "4711")
	if perr != nil {
		t.Fatal(perr)
	}
	l.extension("101", "Alice")
	l.extension("102", "Bob")
	for _, d := range []*pbx.Device{{Name: "a", Shared: true}, {Name: "b", Shared: true}, {Name: "own"}} {
		d.Tenant, d.Endpoint, d.Secret = "default", "d"+d.Name, pbx.NewDeviceSecret()
		put(l, l.Devices, d.Name, d)
	}
	for _, u := range []*pbx.User{{Username: "alice", Extension: "101", DeskPIN: pin, Login: true}, {Username: "bob", Extension: "102", DeskPIN: pin}} {
		u.Tenant, u.FullName, u.Role, u.SecondStep = "default", u.Username, pbx.RoleUser, pbx.SecondStepNone
		put(l, l.Users, u.Username, u)
	}
	l.fresh() // reads the snapshot
	for _, c := range []struct{ endpoint, number, pin string }{
		{"da", "101", "4712"}, {"da", "999", "4711"}, {"db", "102", "4711"}, {"down", "101", "4711"}, {"dzzz", "101", "4711"}, {"db", "", ""},
	} {
		if err := l.SignInByPhone(t.Context(), c.endpoint, c.number, c.pin); !errors.Is(err, ErrRefused) {
			t.Errorf("%v: %v", c, err)
		}
	}
	for _, desk := range []string{"a", "b", "a"} {
		if err := l.SignInByPhone(t.Context(), "d"+desk, "101", "4711"); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"a": "", "b": "", "own": ""}
		want[desk] = "101"
		l.owners(t, want)
	}
	if changes, err := l.store.Changes(t.Context(), db.ChangeFilter{}); err != nil || changes[0].Author.Actor != "desk 101" {
		t.Errorf("the audit names %+v, %v", changes[0].Author, err)
	}
	if err := l.SignOutByPhone(t.Context(), "down"); !errors.Is(err, ErrRefused) {
		t.Errorf("signing out on a device of one's own: %v", err)
	}
	if err := l.SignOutByPhone(t.Context(), "da"); err != nil {
		t.Fatal(err)
	}
	l.owners(t, map[string]string{"a": "", "b": "", "own": ""})
}

// After three wrong PINs the right one is refused too, on that device alone.
func TestWrongPINsBlockADevice(t *testing.T) {
	l := newLab(t)
	pin, perr := signin.HashPIN(pbx.Secret{}, "4711")
	if perr != nil {
		t.Fatal(perr)
	}
	l.extension("101", "Alice")
	for _, name := range []string{"a", "b"} {
		put(l, l.Devices, name, &pbx.Device{Name: name, Shared: true, Tenant: "default", Endpoint: "d" + name, Secret: pbx.NewDeviceSecret()})
	}
	put(l, l.Users, "alice", &pbx.User{Tenant: "default", Username: "alice", FullName: "Alice", Extension: "101", DeskPIN: pin, Login: true, Role: pbx.RoleUser, SecondStep: pbx.SecondStepNone})
	l.fresh() // reads the snapshot
	for i, typed := range []string{"4711", "4712", "0000", "1234", "4711"} {
		if err := l.SignInByPhone(t.Context(), "da", "101", typed); (err == nil) != (i == 0) {
			t.Errorf("attempt %d: %v", i, err)
		}
	}
	if err := l.SignInByPhone(t.Context(), "db", "101", "4711"); err != nil {
		t.Errorf("another device: %v", err)
	}
}

// owners checks whose each device is.
func (l *lab) owners(t *testing.T, want map[string]string) {
	t.Helper()
	for name, extension := range want {
		d, err := l.Devices.Get(t.Context(), "default", name)
		if err != nil || d.Extension != extension {
			t.Errorf("device %s belongs to %q, want %q (%v)", name, d.Extension, extension, err)
		}
	}
}
