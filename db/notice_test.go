package db

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func sampleHelpCall() pbx.HelpCall {
	return pbx.HelpCall{Channel: "1.7", Tenant: "default", Device: "desk-101", Shown: []string{"+4930123456"}, Test: true,
		At: time.UnixMilli(9_000_000_000_000).UTC()}
}

func sampleNotice() *Notice {
	return &Notice{Tenant: "default", Email: "desk@example.org", Subject: "Call for help", Body: "112",
		Next: time.UnixMilli(7).UTC(), Expires: time.UnixMilli(9_000_000_000_000).UTC(), Attempts: 1}
}

// TestNoticesAreAQueue: the one that is due first comes first, a put one later, a deleted one
// never; those of a tenant that is gone, and expired ones, are not kept.
func TestNoticesAreAQueue(t *testing.T) {
	db := openNew(t, Options{})
	second, gone, old := sampleNotice(), sampleNotice(), sampleNotice()
	second.Next, gone.Tenant, old.Expires = time.UnixMilli(8).UTC(), "gone", time.UnixMilli(9).UTC()
	if err := db.AddNotices(t.Context(), []*Notice{second, gone, old, sampleNotice()}); err != nil {
		t.Fatal(err)
	}
	next := func() *Notice {
		t.Helper()
		n, err := db.NextNotice(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := next()
	want := sampleNotice()
	want.ID = first.ID
	if diff := cmp.Diff(want, first); diff != "" {
		t.Error(diff)
	}
	first.Next, first.Attempts = time.UnixMilli(10).UTC(), 2
	if err := db.PutNoticeAttempt(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	other := next()
	if !other.Next.Equal(second.Next) {
		t.Errorf("after it was put off: %+v", other)
	}
	if err := db.DeleteNotice(t.Context(), other.ID); err != nil {
		t.Fatal(err)
	}
	if got := next(); got.ID != first.ID || got.Attempts != 2 {
		t.Errorf("after the other was sent: %+v", got)
	}
	if err := db.DeleteNotice(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if got := next(); got != nil {
		t.Errorf("the queue is not empty: %+v", got)
	}
}

// TestHelpCallsAreMailedOnce: a call that is stored again queues no further mail and keeps what
// carriers were shown since; one of a tenant that is gone is not stored, an old one not read.
func TestHelpCallsAreMailedOnce(t *testing.T) {
	db := openNew(t, Options{})
	now := time.Now()
	call, gone := sampleHelpCall(), sampleHelpCall()
	call.At, gone.Tenant, gone.Channel = pbx.Millis(now), "gone", "1.8"
	add := func(c pbx.HelpCall) {
		t.Helper()
		n := sampleNotice()
		n.Tenant, n.Next, n.Expires = c.Tenant, now, now.Add(time.Hour)
		if err := db.AddHelpCalls(t.Context(), []HelpRow{{Call: c, Mails: []*Notice{n}}}); err != nil {
			t.Fatal(err)
		}
	}
	add(call)
	add(gone)
	call.Shown = append(call.Shown, "+4940")
	add(call)
	for after, want := range map[time.Time]int{now.Add(-time.Second): 1, now: 0} {
		got, err := db.HelpCalls(t.Context(), after)
		if err != nil || len(got) != want || want == 1 && !cmp.Equal(got[0], call) {
			t.Errorf("after %s: %v %+v", after, err, got)
		}
	}
	for _, want := range []bool{true, false} {
		n, err := db.NextNotice(t.Context())
		if err != nil || (n != nil) != want {
			t.Fatalf("the next mail is %+v, %v", n, err)
		}
		if n != nil {
			if err := db.DeleteNotice(t.Context(), n.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestDevicesFromBeforeHaveNoLocation migrates a device of version 55.
func TestDevicesFromBeforeHaveNoLocation(t *testing.T) {
	path, raw := databaseOf(t, 55)
	for _, statement := range []string{
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`,
		`INSERT INTO devices (tenant, name, endpoint, secret, qualify_seconds, version, revision) VALUES ('old', 'desk', 'dold', 's', 0, 1, 1)`,
		`INSERT INTO guard_usage VALUES ('old', NULL, '2026-11-29', 7, 8, 0, 0)`,
	} {
		if _, err := raw.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	db := openAt(t, path, Options{})
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d, tenant := s.Device("old", "desk"), s.Tenant("old"); d == nil || d.Location != "" ||
		len(tenant.EmergencyMail) > 0 || tenant.EmergencyTestNumber != "" {
		t.Errorf("the device is %+v, the tenant %+v", d, tenant)
	}
	if state, err := db.GuardState(t.Context()); err != nil || len(state.Usage) != 1 || state.Usage[0].Told != nil {
		t.Errorf("%v %+v", err, state)
	}
}
