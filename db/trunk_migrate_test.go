package db

import (
	"context"
	"database/sql"
	"io/fs"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// writtenBy opens a database that an earlier version has written: its rows are those of the
// statements.
func writtenBy(t *testing.T, version int64, statements ...string) (*DB, *pbx.Snapshot) {
	t.Helper()
	path, raw := databaseOf(t, version)
	for _, statement := range statements {
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
	return db, s
}

// databaseOf makes an empty database of an earlier version, to be filled and closed.
func databaseOf(t *testing.T, version int64) (path string, raw *sql.DB) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "old.db")
	raw, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, raw, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	return path, raw
}

// TestTrunksFromBefore migrates a trunk of version 44, beside which there may be others then.
func TestTrunksFromBefore(t *testing.T) {
	db, s := writtenBy(t, 44,
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`,
		`INSERT INTO trunks (tenant, name, endpoint, host, port, transport, username, secret, register, caller_number, teams, version, revision,
			addresses, trust_id_inbound, max_calls, qualify_seconds)
			VALUES ('old', 'carrier', 'told', 'sip.example.org', 5061, 'tls', 'us', 'secret', 1, '+4930', 0, 3, 7, '192.0.2.0/24', 0, 5, 20)`)
	want := &pbx.Trunk{Tenant: "old", Name: "carrier", Endpoint: "told", Host: "sip.example.org", Port: 5061,
		Transport: pbx.TransportTLS, Username: "us", Secret: pbx.NewSecret("secret"), Register: true, CallerNumber: "+4930",
		Addresses: []string{"192.0.2.0/24"}, MaxCalls: 5, QualifySeconds: 20, Priority: 50, DTMF: "auto", SRTP: "off",
		CallerIDPrivacy: "asserted", IdentityHeader: "pai", Version: 3, Revision: 7}
	if k := s.TrunkOf("told"); !reflect.DeepEqual(k, want) {
		t.Errorf("the trunk is %+v, want %+v", k, want)
	}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		second := *want
		second.Name, second.Endpoint = "second", "tsecond"
		return tx.PutTrunk(ctx, &second)
	})
}

// TestCarriersFromBeforeAreNotAsked migrates a trunk of version 30, whose carrier may be one
// that does not answer OPTIONS.
func TestCarriersFromBeforeAreNotAsked(t *testing.T) {
	_, s := writtenBy(t, 30,
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`,
		`INSERT INTO trunks (tenant, name, endpoint, host, port, transport, username, secret, register, caller_number, teams, version, revision)
			VALUES ('old', 'carrier', 'told', 'sip.example.org', 5060, 'udp', '', '', 0, '', 0, 1, 1)`)
	if k := s.TrunkOf("told"); k == nil || k.QualifySeconds != 0 || k.MaxCalls != 60 {
		t.Errorf("the trunk is %+v", k)
	}
}
