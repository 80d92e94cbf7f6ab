package db

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var (
	updateSchema = flag.Bool("update", false, "rewrite testdata/schema.sql from the migrations")
	writeDump    = flag.String("dump", "", "write a filled database of the current version to this file, such as testdata/version-2.sql; do it once a release")
)

// rawQuery returns the first column of all rows.
func rawQuery(t testing.TB, db *DB, text string) []string {
	t.Helper()
	var out []string
	view(t, db, func(ctx context.Context, tx *Tx) (err error) {
		out, err = query(ctx, tx, func(row scanner) (s string, err error) { return s, row.Scan(&s) }, text)
		return err
	})
	return out
}

// dumpTables returns the rows of tables as INSERT statements.
func dumpTables(t testing.TB, db *DB, tables ...string) string {
	t.Helper()
	var b strings.Builder
	for _, table := range tables {
		cols := rawQuery(t, db, fmt.Sprintf(`SELECT name FROM pragma_table_info('%s')`, table))
		values := "quote(" + strings.Join(cols, ") || ', ' || quote(") + ")"
		for _, row := range rawQuery(t, db, "SELECT "+values+" FROM "+table) {
			fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES (%s);\n", table, strings.Join(cols, ", "), row)
		}
	}
	return b.String()
}

// dump returns the whole database as SQL text, by name; to be loaded with foreign
// keys off.
func dump(t testing.TB, db *DB) string {
	t.Helper()
	schema := rawQuery(t, db, `SELECT sql || ';' FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type DESC, name`)
	tables := rawQuery(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
	return strings.Join(schema, "\n") + "\n" + dumpTables(t, db, tables...)
}

func TestSchemaIsTheGoldenOne(t *testing.T) {
	got := liveSchema(t, openNew(t, Options{}))
	golden := filepath.Join("testdata", "schema.sql")
	if *updateSchema {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the migrations do not lead to %s (-update rewrites it):\n%s", golden, diff)
	}
}

func liveSchema(t testing.TB, db *DB) string {
	t.Helper()
	return strings.Join(rawQuery(t, db, `SELECT sql || ';' || char(10) FROM sqlite_schema
		WHERE name NOT LIKE 'sqlite_%' AND tbl_name <> 'goose_db_version' ORDER BY type DESC, name`), "\n")
}

func TestEveryOldVersionMigrates(t *testing.T) {
	if *writeDump != "" {
		db := openNew(t, Options{})
		fillEverything(t, db)
		if err := os.WriteFile(*writeDump, []byte(dump(t, db)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dumps, err := filepath.Glob("testdata/version-*.sql")
	if err != nil || len(dumps) == 0 {
		t.Fatalf("no dumps: %v", err)
	}
	for _, file := range dumps {
		t.Run(filepath.Base(file), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "old.db")
			load(t, file, path)
			db := openAt(t, path, Options{})
			want, err := os.ReadFile("testdata/schema.sql")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), liveSchema(t, db)); diff != "" {
				t.Error(diff)
			}
			checkFilled(t, db)
		})
	}
}

// load makes a database from SQL text.
func load(t testing.TB, file, path string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Exec("BEGIN;\n" + string(text) + "COMMIT;"); err != nil {
		t.Fatal(err)
	}
}

// fillEverything writes at least one row into every table.
func fillEverything(t testing.TB, db *DB) {
	t.Helper()
	fill(t, db)
	ctx := context.Background()
	err := all(
		func() error { return db.write(ctx, func(tx *Tx) error { return fillOutside(ctx, tx) }) },
		func() error {
			_, err := db.Update(ctx, tester, func(tx *Tx) error {
				return all(func() error { return tx.PutUser(ctx, sampleUser()) },
					func() error { return tx.PutForward(ctx, sampleForward()) },
					func() error { return tx.PutPhoto(ctx, "default", "ada", &Photo{Type: "image/png", Content: []byte{1}}) })
			})
			return err
		},
		func() error {
			at := time.UnixMilli(1)
			return db.AddInvitation(ctx, &Invitation{ID: "i1", Tenant: "default", Device: "desk-101", Email: "ada@example.org",
				State:     pbx.MailQueued,
				CreatedAt: at, NextAt: at, ExpiresAt: time.Now().Add(time.Hour)})
		},
		func() error { return db.AddInvitationLink(ctx, "i1", make([]byte, 32)) },
		func() error {
			_, err := db.AddVoicemailCopy(ctx, "default", "101", &pbx.Message{ID: "1795992451-00000000"})
			return err
		},
		func() error {
			return db.CreateToken(ctx, tester, Token{ID: "t1", Name: "console", Role: pbx.RolePlatformAdmin}, make([]byte, 32))
		},
		func() error { return db.AddSession(ctx, sampleSession(), sampleUser()) },
		func() error {
			_, err := db.Update(ctx, tester, func(tx *Tx) error { return tx.PutCarrier(ctx, sampleCarrier()) })
			return err
		},
		func() error { return db.AddSignIn(ctx, sampleSignIn()) },
		func() error {
			_, err := db.Update(ctx, tester, func(tx *Tx) error {
				return all(func() error { return tx.PutButtonTemplate(ctx, sampleTemplate()) },
					func() error { return tx.PutPhoneSettings(ctx, samplePhoneSettings()) },
					func() error { return tx.PutContact(ctx, sampleContact()) },
					func() error { return tx.PutAnnouncement(ctx, sampleAnnouncement()) },
					func() error { return tx.PutQueue(ctx, sampleQueue()) },
					func() error { return tx.PutApplication(ctx, sampleApplication()) },
					func() error { return tx.PutBlockedCaller(ctx, sampleBlockedCaller()) },
					func() error { return putRoute(ctx, tx) },
					func() error { return tx.PutFeatureCodes(ctx, sampleFeatureCodes()) })
			})
			return err
		},
		func() error {
			return db.write(ctx, func(tx *Tx) error { return fillRingGroup(ctx, tx) })
		},
		func() error { return db.write(ctx, func(tx *Tx) error { return fillTexts(ctx, tx) }) },
		func() error { return db.WriteGuard(ctx, sampleGuard()) },
		func() error { return db.AddHelpCalls(ctx, []HelpRow{{Call: sampleHelpCall()}}) },
		func() error { return db.AddNotices(ctx, []*Notice{sampleNotice()}) },
		func() error {
			_, err := db.Update(ctx, tester, func(tx *Tx) error {
				w := sampleWebhook()
				w.Disabled = false
				return tx.PutWebhook(ctx, w)
			})
			return err
		},
		func() error {
			e := Event{ID: 1, Tenant: "default", Type: "call", At: time.Now(), Data: []byte("{}")}
			_, err := db.AddEvents(ctx, []Event{e}, map[string]uint64{"": 1})
			return err
		},
		func() error {
			_, err := db.Update(ctx, tester, func(tx *Tx) error { return tx.PutRate(ctx, &pbx.Rate{Prefix: "+49", Price: 20}) })
			return err
		},
		func() error { return db.WriteRingTurns(ctx, []RingTurn{sampleRingTurn()}) },
		func() error { return db.PutStatuses(ctx, []pbx.EndpointStatus{sampleStatus()}) },
		func() error {
			_, err := db.AddFetches(ctx, batchOf(sampleFetch()))
			err = errors.Join(err, db.SortFetches(ctx))
			_, later := db.AddFetches(ctx, batchOf(strangers(1)...))
			return errors.Join(err, later)
		},
		func() error { return db.AddCDRLines(ctx, []pbx.CDRLine{sampleLine("7.1", 1)}) },
		func() error { return db.WriteInbox(ctx, []pbx.InboxPhone{sampleInboxPhone()}, nil) },
		func() error { return db.WriteSeenPhones(ctx, []pbx.PhoneSeen{sampleSeen()}, nil) },
		func() error {
			return db.WriteCDRs(ctx, []*pbx.CDR{sampleCDR()}, []AnswerCount{{Tenant: "default", Extension: "101", Last: time.UnixMilli(5), Count: 3}})
		},
		func() error { return db.WriteResyncs(ctx, []pbx.Resync{sampleResync()}) },
		func() error {
			return db.RecordApply(ctx, ApplyResult{Revision: 2, State: Applied, Reloaded: []string{"res_pjsip.so"}})
		})
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range rawQuery(t, db, `SELECT name FROM sqlite_schema WHERE type = 'table'`) {
		if dumpTables(t, db, table) == "" {
			t.Errorf("the dump would have no row in %s", table)
		}
	}
}

// addedLater are fields that the oldest dump does not have, where nothing is not
// what the sample says; with the kind where others have had a field of that name.
var addedLater = map[string]bool{"CDRDays": true, "PhoneNetworks": true, "Buttons": true, "Groups": true,
	"AllowedDevices": true, "Anonymous": true, "Class": true, "Type": true, "Record": true, "RecordOnDemand": true,
	"Monitors": true, "Monitored": true, "MaxExtensions": true, "Shared": true, "DoNotDisturb": true,
	"NoCallWaiting": true, "DAHDIChannel": true, "Country": true, "ForwardCaller": true, "Extension.Timezone": true,
	"Trunk.Addresses": true, "Trunk.TrustIDInbound": true, "MaxCalls": true, "FormerSecret": true, "FormerMAC": true,
	"FormerModel": true, "Trunk.QualifySeconds": true, "BusyOnlyInCall": true, "Tenant.ClassOfService": true,
	"Extension.Hidden": true, "Phone.Settings": true, "Phone.Handsets": true, "FirstExtension": true, "Reseller": true, "MaxNumbers": true,
	"AllowExternalNumbers": true, "ClaimNumbers": true, "Guard": true, "GuardCeiling": true,
	"VoicemailSubject": true, "VoicemailText": true,
	"EmergencyMail": true, "EmergencyTestNumber": true, "Device.Location": true,
	"Mailbox.Timezone": true, "Mailbox.Language": true, "Mailbox.Greeting": true, "Tenant.Music": true, "RecordingDays": true, "RecordingMegabytes": true, "Extension.Music": true, "RingGroup.Music": true, "MaxMessages": true, "MaxTexts": true, "MaxSeconds": true, "MinSeconds": true}

// checkFilled checks what fillEverything has written, however old its dump is.
func checkFilled(t testing.TB, db *DB) {
	t.Helper()
	ctx := context.Background()
	if bad := append(rawQuery(t, db, `PRAGMA foreign_key_check`), rawQuery(t, db, `PRAGMA integrity_check`)...); !cmp.Equal(bad, []string{"ok"}) {
		t.Errorf("checks of SQLite: %v", bad)
	}
	s, err := db.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := []any{sampleTenant(), sampleMailbox(), sampleExtension(), sampleDevice(), samplePhone()}
	got := []any{s.Tenant("acme"), s.Mailbox("default", "101"), s.Extension("default", "101"), s.Device("default", "desk-101"), s.Phone("001565aabbcc")}
	bookkeeping := cmp.FilterPath(func(p cmp.Path) bool {
		field := p.Last().String()[1:]
		of := p.Index(-2).Type()
		return isBookkeeping(field) || addedLater[field] || of != nil && addedLater[of.Name()+"."+field]
	}, cmp.Ignore())
	if diff := cmp.Diff(want, got, bookkeeping, cmpopts.EquateEmpty()); diff != "" || s.Revision < 2 {
		t.Errorf("revision %d %s", s.Revision, diff)
	}
	token, tokenErr := db.TokenByHash(ctx, make([]byte, 32))
	if tokenErr == nil && token.Role != pbx.RolePlatformAdmin {
		t.Errorf("the token of old is now of a %s", token.Role)
	}
	statuses, statusErr := db.Statuses(ctx)
	fetches, fetchErr := db.Fetches(ctx, "001565aabbcc", 10)
	applied, applyErr := db.Applied(ctx)
	changes, changeErr := db.Changes(ctx, ChangeFilter{})
	if len(statuses) != 1 || len(fetches) != 1 || applied != 2 || len(changes) < 6 {
		t.Errorf("%d statuses, %d fetches, applied %d, %d changes", len(statuses), len(fetches), applied, len(changes))
	}
	for _, err := range []error{tokenErr, statusErr, fetchErr, applyErr, changeErr} {
		if err != nil {
			t.Error(err)
		}
	}
}

// A developer's file may have a migration when one with a lower number arrives,
// and files get better names.
func TestMigrationsMayArriveOutOfOrder(t *testing.T) {
	db := openNew(t, Options{})
	dir := fstest.MapFS{}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		dir[filepath.Base(name)[:4]+"_renamed.sql"] = &fstest.MapFile{Data: text}
	}
	for _, late := range []struct{ name, text string }{{"0902_second.sql", "CREATE TABLE late (n INTEGER) STRICT"}, {"0901_first.sql", "INSERT INTO late (n) VALUES (3)"}} {
		dir[late.name] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + late.text + ";\n")}
		if err := db.migrateBy(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
	}
	if got := rawQuery(t, db, `SELECT n FROM late`); !cmp.Equal(got, []string{"3"}) {
		t.Errorf("late has %v", got)
	}
}

func TestOpenRefusesANewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := openAt(t, path, Options{})
	if _, err := db.writer.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	newer, err := Open(t.Context(), path, Options{})
	if err == nil || !strings.Contains(err.Error(), "schema version 999 and this program knows") {
		t.Errorf("got %v", err)
	}
	if newer != nil {
		_ = newer.Close()
	}
}
