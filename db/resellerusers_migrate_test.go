package db

import (
	"reflect"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestUsersFromBefore migrates users of version 54, which belong to tenants, with a photo, a
// session and half a sign-in.
func TestUsersFromBefore(t *testing.T) {
	db, s := writtenBy(t, 54,
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`,
		`INSERT INTO users (tenant, username, full_name, email, personal_contact, language, timezone, login, desk_pin, password,
			must_change, photo, version, revision, role, second_step)
			VALUES ('old', 'ada', 'Ada', 'ada@example.org', '', 'de', '', 1, '$pin', '$password', 1, 'abc', 3, 2, 'tenant-admin', 'none')`,
		`INSERT INTO user_photos (tenant, username, type, content) VALUES ('old', 'ada', 'image/png', x'01')`,
		`INSERT INTO sessions (hash, tenant, username, created_at, expires_at) VALUES (zeroblob(32), 'old', 'ada', 1, 9999999999999)`,
		`INSERT INTO sign_ins (tenant, username, hash, code, tries, created_at, expires_at, state, attempts, next_at)
			VALUES ('old', 'ada', zeroblob(32), '', 1, 1, 9999999999999, 'queued', 0, 1)`,
		`INSERT INTO tokens (id, name, hash, created_at, revoked_at, last_used_at, role, tenant, expires_at, created_by, username)
			VALUES ('t1', 'ci', zeroblob(32), 1, 0, 0, 'tenant-admin', 'old', 0, 'user ada', 'ada')`)
	want := &pbx.User{Tenant: "old", Username: "ada", FullName: "Ada", Email: "ada@example.org", Language: "de", Login: true,
		Role: pbx.RoleTenantAdmin, SecondStep: pbx.SecondStepNone, DeskPIN: pbx.NewSecret("$pin"),
		Password: pbx.NewSecret("$password"), MustChange: true, Photo: "abc", Version: 3, Revision: 2}
	if len(s.Users) != 1 || !reflect.DeepEqual(s.Users[0], want) {
		t.Errorf("the users are %+v", s.Users)
	}
	session, u, err := db.SessionByHash(t.Context(), make([]byte, 32), began)
	if err != nil || u.Username != "ada" || session.Account != want.Account() || session.Address != "" {
		t.Errorf("the session is %+v of %+v, %v", session, u, err)
	}
	if half, _, err := db.TrySignIn(t.Context(), make([]byte, 32), began, 5); err != nil || half.Tries != 2 {
		t.Errorf("the sign-in is %+v, %v", half, err)
	}
	if photos := rawQuery(t, db, `SELECT username FROM user_photos`); len(photos) != 1 {
		t.Errorf("photos of %v", photos)
	}
	if token, err := db.TokenByHash(t.Context(), make([]byte, 32)); err != nil || token.Username != "ada" || token.UserReseller != "" {
		t.Errorf("the token is %+v, %v", token, err)
	}
	if bad := rawQuery(t, db, `PRAGMA foreign_key_check`); len(bad) > 0 {
		t.Errorf("references that lead nowhere: %v", bad)
	}
	for _, statement := range []string{
		`UPDATE users SET tenant = 'nowhere'`, `UPDATE users SET tenant = '', reseller = 'nowhere', role = 'reseller-admin'`,
		`UPDATE users SET tenant = ''`, `UPDATE users SET role = 'reseller-admin'`, `DELETE FROM tenants WHERE name = 'old'`,
	} {
		if _, err := db.writer.Exec(statement); err == nil {
			t.Errorf("the database took %s", statement)
		}
	}
}
