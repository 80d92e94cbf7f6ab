package db

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/dialtone-pbx/dialtone/db/dbtest"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var tester = pbx.Author{Actor: "tester", Address: "192.0.2.7"}

// openDB opens a database that lives as long as the test, a copy of one that was
// migrated, and does not wait for the disk.
func openDB(t testing.TB, opts Options) *DB {
	t.Helper()
	opts.NoSync = true
	return dbtest.Open(t, filepath.Join(t.TempDir(), "dialtone.db"), Open, opts)
}

// openNew opens a database as the program does the first time.
func openNew(t testing.TB, opts Options) *DB {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "dialtone.db"), opts)
}

func openAt(t testing.TB, path string, opts Options) *DB {
	t.Helper()
	db, err := Open(context.Background(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// update runs fn in an Update that must succeed, and returns the revision.
func update(t testing.TB, db *DB, fn func(context.Context, *Tx) error) int64 {
	t.Helper()
	rev, err := db.Update(context.Background(), tester, func(tx *Tx) error { return fn(context.Background(), tx) })
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

func view(t testing.TB, db *DB, fn func(context.Context, *Tx) error) {
	t.Helper()
	if err := db.View(context.Background(), func(tx *Tx) error { return fn(context.Background(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func all(errs ...func() error) error {
	for _, f := range errs {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// The samples set every field, so that one that is not stored is noticed.

func sampleTenant() *pbx.Tenant {
	return &pbx.Tenant{Name: "acme", Reseller: "south", MaxNumbers: 40, MaxTexts: 500, AllowExternalNumbers: true, ClaimNumbers: true,
		EmergencyMail: []string{"desk@example.org"}, EmergencyTestNumber: "933",
		Guard: pbx.Guard{Calls: 3}, GuardCeiling: pbx.Guard{MinutesPerDay: 90}, Title: "Acme GmbH", Timezone: "Europe/Berlin",
		PhonePassword: pbx.NewSecret("tenantsecret1"), MaxExtensions: 500, CDRDays: 90, RecordingDays: 8, RecordingMegabytes: 9,
		PhoneNetworks: []string{"192.0.2.0/24", "2001:db8::/64"}, Country: "DE", ForwardCaller: pbx.ShowCaller, MaxCalls: 90,
		FirstExtension: "510", Anonymous: pbx.AnonymousRefused, VoicemailSubject: "From ${caller}", VoicemailText: "Listen!"}
}

// loneTenant is sampleTenant of the platform.
func loneTenant() *pbx.Tenant {
	t := sampleTenant()
	t.Reseller = ""
	return t
}

func sampleReseller() *pbx.Reseller {
	return &pbx.Reseller{Name: "south", Parent: "north", Title: "South", MaxExtensions: 700, MaxCalls: 100, MaxNumbers: 50,
		DefaultNumber: true, DefaultNumberKind: "local", DefaultNumberPrefix: "+4930", AgingDays: 30}
}

func sampleMailbox() *pbx.Mailbox {
	return &pbx.Mailbox{Tenant: "default", Number: "101", Name: "Ada", PIN: pbx.NewSecret("98761234"),
		EmailNotification: true, Email: "ada@example.org", AttachRecording: true, DeleteAfterMail: true,
		Timezone: "Asia/Tokyo", Language: "pt_BR", MaxMessages: 20, MaxSeconds: 120, MinSeconds: 3}
}

func sampleExtension() *pbx.Extension {
	return &pbx.Extension{Tenant: "default", Number: "101", Guard: pbx.Guard{CallsPerMinute: 4}, Name: "Ada Lovelace",
		RingSeconds: 25, Mailbox: "101", Presence: true, Groups: []string{"sales"},
		AllowedDevices: []pbx.DeviceClass{pbx.Hardware, pbx.Mobile}, Anonymous: true, Record: true, RecordOnDemand: true,
		Monitors: true, Monitored: true, Type: pbx.TypeSIP, Ring: pbx.RingAll, DoNotDisturb: true, NoCallWaiting: true,
		BusyOnlyInCall: true, MaxCalls: 3, Timezone: "Asia/Tokyo", Hidden: true}
}

func sampleGroup() *pbx.Group { return &pbx.Group{Tenant: "default", Name: "sales"} }

func sampleForward() *pbx.Forward {
	mailbox := pbx.Destination{Kind: pbx.ToVoicemail, Key: "101"}
	return &pbx.Forward{Tenant: "default", Extension: "101", Mode: pbx.ForwardSchedule, Timezone: "Europe/Vienna", Exceptions: []string{"+4915112345678", "102"},
		Rules: []pbx.CallRule{{Days: []string{"sat", "sun"}, From: "18:00", To: "08:00", FirstDate: "2026-01-01",
			LastDate: "2026-12-31", Destination: mailbox}},
		Unreachable: pbx.Destination{Kind: pbx.ToExternal, Key: "+4930123456"}, Busy: pbx.Destination{Kind: pbx.ToHangup}, NoAnswer: mailbox, NoAnswerSeconds: 15}
}

func sampleDevice() *pbx.Device {
	return &pbx.Device{Tenant: "default", Location: "Room 4", Name: "desk-101", Extension: "101", Endpoint: "dabcdefgh",
		Secret: pbx.NewSecret("devicesecret1234567"), QualifySeconds: 30, Class: pbx.Mobile,
		Kind: pbx.DeviceSIP, RingOrder: pbx.DefaultRingOrder, Shared: true, DAHDIChannel: 7}
}

func sampleUser() *pbx.User {
	return &pbx.User{Tenant: "default", Username: "ada", FullName: "Ada Lovelace", Email: "ada@example.org", PersonalContact: "ada@home.example", Language: "en_GB", Timezone: "Europe/London",
		Extension: "101", Role: pbx.RoleOperator, Login: true, SecondStep: pbx.SecondStepEmail, DeskPIN: pbx.NewSecret("$pin"), Password: pbx.NewSecret("$password"), MustChange: true, Photo: "abcd"}
}

func samplePhone() *pbx.Phone {
	return &pbx.Phone{Tenant: "default", MAC: "001565aabbcc", Vendor: pbx.Yealink, Model: "T46U", Lines: []pbx.Line{{Registration: 1, Device: "desk-101"}},
		Buttons: []pbx.Button{sampleButton()}, URLSecret: pbx.NewSecret("urlsecret1234567"),
		FormerSecret: pbx.NewSecret("urlsecretbefore7"), FormerMAC: "001565aabbaa", FormerModel: "T31P",
		Handsets: []pbx.Handset{{Number: 1, Name: "Hall", Lines: []int{1, 2}, DefaultLine: 2}},
		Settings: pbx.OwnSettings{Language: "fr", VLAN: new(int), Paging: &[]string{"239.1.1.1:5000"}}, EnrolUntil: time.Date(2031, 2, 3, 4, 5, 6, 7e6, time.UTC)}
}

func sampleButton() pbx.Button {
	return pbx.Button{Module: 1, Key: 2, Kind: pbx.BLFButton, Value: "101", Label: "Ada", Line: 3}
}

func sampleTemplate() *pbx.ButtonTemplate {
	return &pbx.ButtonTemplate{Tenant: "default", Model: "T46U", Buttons: []pbx.Button{sampleButton()}}
}

func sampleContact() *pbx.Contact {
	return &pbx.Contact{Tenant: "acme", Name: "taxi", Title: "Taxi", Numbers: []string{"+49305550", "030777"}}
}

func sampleRoute() *pbx.OutboundRoute {
	return &pbx.OutboundRoute{Tenant: "default", Name: "south", Description: "Munich", Match: []string{"+4989", "any"}, Priority: 7,
		Trunks: []pbx.RouteTrunk{{Trunk: "plain", Prefix: "9", Format: pbx.FormatNational, Weight: 3}}, CallerID: []string{"trunk"}}
}

func sampleAnnouncement() *pbx.Announcement {
	return &pbx.Announcement{Tenant: "acme", Name: "closed", Title: "Closed at night", Sound: strings.Repeat("0a", 32),
		Length: 2500 * time.Millisecond}
}

func sampleQueue() *pbx.Queue {
	to := func(kind pbx.DestinationKind, key string) pbx.Destination {
		return pbx.Destination{Kind: kind, Key: key}
	}
	return &pbx.Queue{Tenant: "default", Name: "support", Number: "650", Strategy: pbx.StrategySequential,
		Members: []pbx.QueueMember{{Extension: "101", Penalty: 3}}, RingSeconds: 15, Retry: 2, WrapUp: 10, MaxWaiting: 5,
		MaxWait: 300, WaitWhenEmpty: true, Welcome: "custom/welcome", Periodic: "custom/wait", PeriodicSeconds: 30,
		AnnounceSeconds: 45, Position: true, HoldTime: true, Destination: to(pbx.ToVoicemail, "101"),
		Full: to(pbx.ToHangup, ""), Empty: to(pbx.ToExtension, "101"), TimedOut: to(pbx.ToExtension, "101")}
}

func sampleApplication() *pbx.Application {
	return &pbx.Application{Tenant: "acme", Name: "menu", URL: "https://example.com/menu",
		Description: "What callers hear first", Secret: pbx.NewSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
		Fallback: pbx.Destination{Kind: pbx.ToHangup}}
}

func sampleBlockedCaller() *pbx.BlockedCaller {
	return &pbx.BlockedCaller{Tenant: "acme", Number: "+4989", Begins: true, Description: "calls at night"}
}

func samplePhoneSettings() *pbx.PhoneSettings {
	return &pbx.PhoneSettings{Tenant: "acme", Language: "de", ToneCountry: "DE", NTPServer: "ntp.example.com", SyslogServer: "log.example.com", VLAN: 7, VLANPriority: 5,
		Codecs: []string{"pcma", "g722"}, SRTP: "optional", Clock24: true, Logo: "http://www.example.com/logo.png",
		OutboundProxy: "sbc.example.com:5080", SecondServer: "192.0.2.8", Paging: []string{"224.0.1.75:10000", "239.1.1.1:5000"}, Uploads: []string{"logs"}, Firmware: []pbx.PhoneFirmware{{Model: "T46U", SHA256: strings.Repeat("a", 64), Name: "t46u.rom"}, {Model: "VVX450", SHA256: strings.Repeat("b", 64), Name: "vvx.ld"}}}
}

// fill creates one of everything in an order that references allow.
func fill(t testing.TB, db *DB) int64 {
	t.Helper()
	return update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(
			func() error { return tx.PutReseller(ctx, &pbx.Reseller{Name: "north"}) },
			func() error { return tx.PutReseller(ctx, sampleReseller()) },
			func() error { return tx.CreateTenant(ctx, sampleTenant()) },
			func() error { return tx.CreateMailbox(ctx, sampleMailbox()) },
			func() error { return tx.PutGroup(ctx, sampleGroup()) },
			func() error { return tx.CreateExtension(ctx, sampleExtension()) },
			func() error { return tx.CreateDevice(ctx, sampleDevice()) },
			func() error { return tx.CreatePhone(ctx, samplePhone()) },
			// what the samples tell of happened before today
			func() error { return tx.exec(ctx, `UPDATE phone_since SET since = 0`) },
			func() error { return tx.exec(ctx, `UPDATE extension_numbers SET since = 0`) })
	})
}

// refusal is a write that must be refused, and how.
type refusal struct {
	name    string
	do      func(context.Context, *Tx) error
	kind    pbx.Kind
	field   string
	message string
	refs    []pbx.Ref
}

// checkRefusals runs each on a filled database and checks that nothing changed.
func checkRefusals(t *testing.T, refusals []refusal) {
	t.Helper()
	db := openDB(t, Options{})
	before := fill(t, db)
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			_, err := db.Update(context.Background(), tester, func(tx *Tx) error { return r.do(context.Background(), tx) })
			var e *pbx.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, not a pbx.Error", err)
			}
			want := pbx.Error{Kind: r.kind, Field: r.field, Message: r.message, Refs: r.refs}
			if diff := cmp.Diff(want, *e); diff != "" {
				t.Errorf("want - got +\n%s", diff)
			}
			if rev, err := db.Revision(context.Background()); err != nil || rev != before {
				t.Errorf("revision %d, %v; want %d", rev, err, before)
			}
		})
	}
}

// checkEveryFieldSet fails when a sample leaves a field zero, so that a field that
// is added to pbx must be added to its sample and then to the SQL.
func checkEveryFieldSet(t *testing.T, sample any) {
	t.Helper()
	v := reflect.ValueOf(sample).Elem()
	for i, f := range reflect.VisibleFields(v.Type()) {
		if !isBookkeeping(f.Name) && v.Field(i).IsZero() {
			t.Errorf("the sample of %T does not set %s", sample, f.Name)
		}
	}
}

func TestOpenMakesAPrivateFileAndTheDefaultTenant(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c%d#e.db")
	db := openAt(t, path, Options{})
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, e := range entries {
		names = append(names, strings.TrimPrefix(e.Name(), filepath.Base(path)))
		if info, err := e.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s has mode %v, %v", e.Name(), info.Mode(), err)
		}
	}
	if diff := cmp.Diff([]string{"", "-shm", "-wal"}, names); diff != "" {
		t.Errorf("files: %s", diff)
	}
	view(t, db, func(ctx context.Context, tx *Tx) error {
		d, err := tx.Tenant(ctx, pbx.DefaultTenant)
		if err != nil {
			return err
		}
		if err := d.Validate(); err != nil || d.Timezone != "UTC" || d.Version != 1 || d.Revision != 1 {
			t.Errorf("default tenant %+v: %v", d, err)
		}
		return nil
	})
}

func TestOpenAgainKeepsEverythingAndNarrowsTheMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := openAt(t, path, Options{})
	rev := fill(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	again := openAt(t, path, Options{})
	if got, err := again.Revision(t.Context()); err != nil || got != rev {
		t.Errorf("revision %d, %v; want %d", got, err, rev)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != fs.FileMode(0o600) {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a directory": dir, "a missing directory": filepath.Join(dir, "no", "x.db"), "another kind of file": text} {
		if db, err := Open(t.Context(), path, Options{}); err == nil {
			t.Errorf("%s was opened", name)
			_ = db.Close()
		}
	}
	if b, _ := os.ReadFile(text); !strings.HasPrefix(string(b), "this is not a database\n") {
		t.Error("a foreign file was changed")
	}
}

func TestPragmasOnEveryConnection(t *testing.T) {
	db := openNew(t, Options{})
	want := map[string]string{"foreign_keys": "1", "journal_mode": "wal"}
	check := func(tx *Tx, want map[string]string) {
		for pragma, value := range want {
			var got string
			if err := tx.sql.QueryRow(`PRAGMA ` + pragma).Scan(&got); err != nil || got != value {
				t.Errorf("%s is %s, %v; want %s", pragma, got, err, value)
			}
		}
	}
	var open func(n int)
	open = func(n int) {
		view(t, db, func(_ context.Context, tx *Tx) error {
			check(tx, want)
			if n > 1 {
				open(n - 1)
			}
			return nil
		})
	}
	open(readers)
	update(t, db, func(_ context.Context, tx *Tx) error {
		check(tx, map[string]string{"foreign_keys": "1", "journal_mode": "wal", "synchronous": "2"})
		return nil
	})
}

func TestConcurrentWritersAndReaders(t *testing.T) {
	db := openDB(t, Options{})
	const writers, rounds = 8, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range rounds {
				_, err := db.Update(t.Context(), tester, func(tx *Tx) error {
					d, err := tx.Tenant(t.Context(), pbx.DefaultTenant)
					if err != nil {
						return err
					}
					d.Title += string(rune('a' + w))
					return tx.PutTenant(t.Context(), d)
				})
				if err != nil {
					t.Errorf("writer %d round %d: %v", w, i, err)
				}
				if _, err := db.Snapshot(t.Context()); err != nil {
					t.Errorf("reader %d round %d: %v", w, i, err)
				}
				if err := db.PutStatuses(t.Context(), []pbx.EndpointStatus{{Endpoint: "d1", RoundTrip: time.Duration(i) * time.Millisecond}}); err != nil {
					t.Errorf("status %d round %d: %v", w, i, err)
				}
			}
		})
	}
	wg.Wait()
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := s.Tenant(pbx.DefaultTenant); len(d.Title) != writers*rounds || d.Version != writers*rounds+1 || s.Revision != d.Revision {
		t.Errorf("%d letters, version %d, revision %d of %d: an update was lost", len(d.Title), d.Version, d.Revision, s.Revision)
	}
}
