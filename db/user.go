package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const selectUser = `SELECT tenant, username, full_name, email, personal_contact, language, timezone, coalesce(extension, ''), role, login, second_step,
	desk_pin, password, must_change, photo, version, revision FROM users`

func scanUser(row scanner) (*pbx.User, error) {
	u := &pbx.User{}
	return u, row.Scan(&u.Tenant, &u.Username, &u.FullName, &u.Email, &u.PersonalContact, &u.Language, &u.Timezone, &u.Extension, &u.Role, &u.Login, &u.SecondStep,
		secretScan{&u.DeskPIN}, secretScan{&u.Password}, &u.MustChange, &u.Photo, &u.Version, &u.Revision)
}

// User returns one user, or a NotFound error.
func (tx *Tx) User(ctx context.Context, tenant, username string) (*pbx.User, error) {
	u, err := scanUser(tx.sql.QueryRowContext(ctx, selectUser+` WHERE tenant = ? AND username = ?`, tenant, username))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, tx.notIn(ctx, tenant, kindUser, username)
	}
	if err != nil {
		return nil, fmt.Errorf("reading user %s: %w", username, err)
	}
	return u, nil
}

// UserOf returns the user whose main extension that is, or a NotFound error.
func (tx *Tx) UserOf(ctx context.Context, tenant, extension string) (*pbx.User, error) {
	u, err := scanUser(tx.sql.QueryRowContext(ctx, selectUser+` WHERE tenant = ? AND extension = ?`, tenant, extension))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, pbx.NotFoundf("extension %s of tenant %s is no user's", extension, tenant)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the user of extension %s: %w", extension, err)
	}
	return u, nil
}

// Users returns users of a tenant by username. Contains looks at username, name,
// e-mail and extension. An unknown tenant is a NotFound error.
func (tx *Tx) Users(ctx context.Context, tenant string, o ListOptions) ([]*pbx.User, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	us, err := query(ctx, tx, scanUser, selectUser+`
		WHERE tenant = ?1 AND username > ?2 AND (username LIKE ?3 ESCAPE '\' OR full_name LIKE ?3 ESCAPE '\'
		OR email LIKE ?3 ESCAPE '\' OR extension LIKE ?3 ESCAPE '\')
		ORDER BY username LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing users: %w", err)
	}
	return us, nil
}

// PutUser adds a user or replaces the one of that name. It sets Version and
// Revision of u, and writes nothing when nothing differs. An unknown extension is
// an Invalid error, one of another user a Conflict; while the user is signed in on
// a shared device, another extension is an InUse error.
func (tx *Tx) PutUser(ctx context.Context, u *pbx.User) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.User(ctx, u.Tenant, u.Username))
	if err != nil {
		return err
	}
	if old != nil && len(changed(old, u)) == 0 {
		u.Version, u.Revision = old.Version, old.Revision
		return nil
	}
	return tx.saveUser(ctx, old, u)
}

func (tx *Tx) saveUser(ctx context.Context, old, u *pbx.User) (err error) {
	if err := tx.checkUser(ctx, old, u); err != nil {
		return err
	}
	if u.Revision, err = tx.newRevision(ctx); err != nil {
		return err
	}
	u.Version = 1
	if old != nil {
		u.Version = old.Version + 1
	}
	err = tx.exec(ctx, `INSERT INTO users (tenant, username, full_name, email, personal_contact, language, timezone, extension, role, login, second_step, desk_pin, password,
		must_change, photo, version, revision) VALUES (?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (tenant, username) DO UPDATE SET full_name = excluded.full_name, email = excluded.email,
		personal_contact = excluded.personal_contact, language = excluded.language,
		timezone = excluded.timezone, extension = excluded.extension, role = excluded.role, login = excluded.login,
		second_step = excluded.second_step, desk_pin = excluded.desk_pin,
		password = excluded.password, must_change = excluded.must_change, photo = excluded.photo, version = excluded.version,
		revision = excluded.revision`,
		u.Tenant, u.Username, u.FullName, u.Email, u.PersonalContact, u.Language, u.Timezone, u.Extension, string(u.Role), u.Login, string(u.SecondStep), u.DeskPIN.Reveal(), u.Password.Reveal(),
		u.MustChange, u.Photo, u.Version, u.Revision)
	if err != nil {
		return fmt.Errorf("writing user %s: %w", u.Username, err)
	}
	if err := tx.endSessionsAfter(ctx, old, u); err != nil {
		return err
	}
	return record(ctx, tx, kindUser, u.Tenant, u.Username, old, u)
}

// checkUser checks what u refers to and what would be left behind.
func (tx *Tx) checkUser(ctx context.Context, old, u *pbx.User) error {
	if err := tx.needTenant(ctx, u.Tenant); err != nil {
		return err
	}
	if old != nil && old.Extension != u.Extension {
		if err := tx.signedOut(ctx, old); err != nil {
			return err
		}
	}
	if u.Extension == "" {
		return nil
	}
	if _, err := tx.Extension(ctx, u.Tenant, u.Extension); pbx.KindOf(err) == pbx.NotFound {
		return pbx.Refusedf("extension", "extension %s does not exist in tenant %s", u.Extension, u.Tenant)
	} else if err != nil {
		return err
	}
	owner, err := orNil(tx.UserOf(ctx, u.Tenant, u.Extension))
	if err == nil && owner != nil && owner.Username != u.Username {
		return pbx.Conflictf("extension", "extension %s is user %s's", u.Extension, owner.Username)
	}
	return err
}

// signedOut returns an InUse error while a user is signed in on a shared device.
func (tx *Tx) signedOut(ctx context.Context, u *pbx.User) error {
	return tx.unused(ctx, fmt.Sprintf("extension %s of user %s", u.Extension, u.Username),
		`SELECT 'device', name FROM devices WHERE tenant = ? AND extension = ? AND shared = 1 ORDER BY name`, u.Tenant, u.Extension)
}

// DeleteUser removes a user with the photo; an InUse error names the shared device
// that the user is signed in on. The extension stays.
func (tx *Tx) DeleteUser(ctx context.Context, tenant, username string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.User(ctx, tenant, username)
	if err != nil {
		return err
	}
	if err := tx.signedOut(ctx, old); err != nil {
		return err
	}
	if _, err := tx.newRevision(ctx); err != nil {
		return err
	}
	if err := tx.exec(ctx, `DELETE FROM users WHERE tenant = ? AND username = ?`, tenant, username); err != nil {
		return fmt.Errorf("deleting user %s: %w", username, err)
	}
	return record(ctx, tx, kindUser, tenant, username, old, nil)
}
