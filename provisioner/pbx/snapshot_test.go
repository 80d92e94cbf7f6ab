package pbx

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSnapshotFinds(t *testing.T) {
	phone := &Phone{Tenant: "acme", MAC: "001565aabbcc"}
	s := NewSnapshot(9, with(office(), func(r *Rows) { r.Phones = []*Phone{phone} }).Rows)
	if s.Revision != 9 || s.Tenant("acme") == nil || s.Phone("001565aabbcc") != phone {
		t.Error("revision, tenant or phone not found")
	}
	if e := s.Extension("bolt", "101"); e == nil || e.Tenant != "bolt" {
		t.Errorf("extension of bolt is %+v", e)
	}
	if d := s.Device("acme", "desk"); d == nil || d != s.DeviceOf("dacmedesk") || d.Tenant != "acme" {
		t.Errorf("device of acme is %+v", d)
	}
	if m := s.Mailbox("bolt", "101"); m == nil || m.Tenant != "bolt" {
		t.Errorf("mailbox of bolt is %+v", m)
	}
	if s.Tenant("x") != nil || s.Extension("bolt", "102") != nil || s.Device("bolt", "hall") != nil || s.DeviceOf("") != nil ||
		s.DevicesOf("bolt", "102") != nil || s.Mailbox("acme", "") != nil || s.Phone("") != nil {
		t.Error("found what is not there")
	}
}

// Renderers depend on it: the same rows in any order are the same snapshot.
func TestSnapshotOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRows(t)
		a, b := r.shuffled(rapid.Uint64().Draw(t, "seed")).snapshot(), r.snapshot()
		equal := cmp.Options{cmp.AllowUnexported(Snapshot{}, key{}), cmp.Comparer(Secret.Equal),
			cmp.Comparer(func(a, b func() Dialling) bool { return cmp.Equal(a(), b()) })}
		if diff := cmp.Diff(b, a, equal); diff != "" {
			t.Fatalf("-rows +shuffled:\n%s", diff)
		}
	})
}

func TestDialplanNames(t *testing.T) {
	got := []string{EntryContext("acme"), FallbackContext("acme"), DialContext("acme"), PlayContext("acme"), HintContext("acme"), MailboxName("acme", "101")}
	want := []string{"from-acme", "fallback-acme", "dial-acme", "play-acme", "hints-acme", "101@acme"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
