package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var userTable = newTable(kindUser, "users",
	func(row *pbx.User) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.User) any { return &row.Tenant }),
	keyCol("reseller", func(row *pbx.User) any { return &row.Reseller }),
	keyCol("username", func(row *pbx.User) any { return &row.Username }),
	col("full_name", func(row *pbx.User) any { return &row.FullName }),
	col("email", func(row *pbx.User) any { return &row.Email }),
	col("personal_contact", func(row *pbx.User) any { return &row.PersonalContact }),
	col("language", func(row *pbx.User) any { return &row.Language }),
	col("timezone", func(row *pbx.User) any { return &row.Timezone }),
	col("extension", func(row *pbx.User) any { return reference{&row.Extension} }),
	col("role", func(row *pbx.User) any { return &row.Role }),
	col("login", func(row *pbx.User) any { return &row.Login }),
	col("second_step", func(row *pbx.User) any { return &row.SecondStep }),
	col("desk_pin", func(row *pbx.User) any { return secret{&row.DeskPIN} }),
	col("password", func(row *pbx.User) any { return secret{&row.Password} }),
	col("must_change", func(row *pbx.User) any { return &row.MustChange }).as("must_change_password", nil),
	col("photo", func(row *pbx.User) any { return &row.Photo }).as("has_photo",
		func(row *pbx.User) any { return row.Photo != "" }),
)

// User returns one user of a tenant, or a NotFound error.
func (tx *Tx) User(ctx context.Context, tenant, username string) (*pbx.User, error) {
	return userTable.get(ctx, tx, tenant, username)
}

// UserIn returns one user of a tenant or reseller, or a NotFound error.
func (tx *Tx) UserIn(ctx context.Context, account pbx.Account, username string) (*pbx.User, error) {
	if account.Tenant() != "" {
		return tx.User(ctx, account.Tenant(), username)
	}
	u, err := userTable.row(ctx, tx, `WHERE tenant = '' AND reseller = ? AND username = ?`, account.Reseller(), username)
	if errors.Is(err, sql.ErrNoRows) {
		if _, err := tx.Reseller(ctx, account.Reseller()); err != nil {
			return nil, err
		}
		return nil, pbx.NotFoundf("user %s does not exist in %s", username, account)
	}
	if err != nil {
		return nil, fmt.Errorf("reading user %s: %w", username, err)
	}
	return u, nil
}

// UserOf returns the user by the main extension, or a NotFound error.
func (tx *Tx) UserOf(ctx context.Context, tenant, extension string) (*pbx.User, error) {
	u, err := userTable.row(ctx, tx, `WHERE tenant = ? AND extension = ?`, tenant, extension)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, pbx.NotFoundf("extension %s of tenant %s is no user's", extension, tenant)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the user of extension %s: %w", extension, err)
	}
	return u, nil
}

// UsersIn returns users of a tenant or reseller by username. Contains looks at username, name,
// e-mail and extension. An unknown account is a NotFound error.
func (tx *Tx) UsersIn(ctx context.Context, account pbx.Account, o ListOptions) ([]*pbx.User, error) {
	if err := tx.needAccount(ctx, account); err != nil {
		return nil, err
	}
	us, err := userTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND reseller = ?5 AND username > ?2 AND (username LIKE ?3 ESCAPE '\' OR full_name LIKE ?3 ESCAPE '\'
		OR email LIKE ?3 ESCAPE '\' OR extension LIKE ?3 ESCAPE '\')
		ORDER BY username LIMIT ?4`, account.Tenant(), o.After, o.pattern(), o.limit(), account.Reseller())
	if err != nil {
		return nil, fmt.Errorf("listing users: %w", err)
	}
	return us, nil
}

// needAccount returns a NotFound error when there is no such tenant or reseller.
func (tx *Tx) needAccount(ctx context.Context, account pbx.Account) error {
	if account.Reseller() != "" {
		_, err := tx.Reseller(ctx, account.Reseller())
		return err
	}
	return tx.needTenant(ctx, account.Tenant())
}

// CreateUser adds a user; a Conflict error when the name is taken.
func (tx *Tx) CreateUser(ctx context.Context, u *pbx.User) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.UserIn(ctx, u.Account(), u.Username))
	if err != nil {
		return err
	}
	if old != nil {
		return existsAlready("username", u.Tenant, kindUser, u.Username)
	}
	return tx.saveUser(ctx, nil, u)
}

// PutUser adds a user or replaces the one of that name. It sets Version and
// Revision of u, and writes nothing when nothing differs. An unknown extension is
// an Invalid error, one of another user a Conflict; while the user is signed in on
// a shared device, another extension is an InUse error.
func (tx *Tx) PutUser(ctx context.Context, u *pbx.User) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.UserIn(ctx, u.Account(), u.Username))
	if err != nil {
		return err
	}
	if userTable.same(old, u) {
		return nil
	}
	return tx.saveUser(ctx, old, u)
}

func (tx *Tx) saveUser(ctx context.Context, old, u *pbx.User) error {
	if err := tx.checkUser(ctx, old, u); err != nil {
		return err
	}
	if err := userTable.save(ctx, tx, old, u); err != nil {
		return err
	}
	return tx.endSessionsAfter(ctx, old, u)
}

// checkUser checks the references of u and those that would be left behind.
func (tx *Tx) checkUser(ctx context.Context, old, u *pbx.User) error {
	if err := tx.needAccount(ctx, u.Account()); err != nil {
		return err
	}
	if old != nil && old.Extension != u.Extension {
		if err := tx.signedOut(ctx, old); err != nil {
			return err
		}
		if old.Extension != "" {
			if err := tx.notSignedIn(ctx, old); err != nil {
				return err
			}
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
		`SELECT 'device', name FROM devices WHERE tenant = ? AND extension = ? AND shared = 1 ORDER BY name`, u.Tenant,
		u.Extension)
}

// DeleteUser removes a user with the photo and the sessions, and ends the tokens that the user
// made. An InUse error names the shared device that the user is signed in on. The extension
// stays.
func (tx *Tx) DeleteUser(ctx context.Context, account pbx.Account, username string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.UserIn(ctx, account, username)
	if err != nil {
		return err
	}
	if err := tx.signedOut(ctx, old); err != nil {
		return err
	}
	if err := userTable.remove(ctx, tx, old); err != nil {
		return err
	}
	return tx.endTokensOf(ctx, old)
}
