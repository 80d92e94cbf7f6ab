package provisioner

import (
	"context"
	"errors"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/signin"
)

// newUsers makes the use cases of users whose account has the name that is passed as tenant:
// that of a tenant, or of a reseller.
func newUsers(c *Controller, account func(name string) pbx.Account) *Resource[pbx.User] {
	return &Resource[pbx.User]{
		db: c.db, changed: c.rightsChanged,
		get: func(tx *db.Tx, ctx context.Context, name, username string) (*pbx.User, error) {
			return tx.UserIn(ctx, account(name), username)
		},
		list: func(tx *db.Tx, ctx context.Context, name string, o db.ListOptions) ([]*pbx.User, error) {
			return tx.UsersIn(ctx, account(name), o)
		},
		put: putUser,
		del: func(tx *db.Tx, ctx context.Context, name, username string) error {
			return tx.DeleteUser(ctx, account(name), username)
		},
		revision: func(u *pbx.User) int64 { return u.Revision },
		validate: (*pbx.User).Validate,
	}
}

// putUser stores a user, with an extension of the user's own if one is asked for.
func putUser(tx *db.Tx, ctx context.Context, u *pbx.User) (err error) {
	if u.Extension == pbx.AutoExtension {
		if u.Extension, err = ownExtension(ctx, tx, u); err != nil {
			return err
		}
	}
	return tx.PutUser(ctx, u)
}

// ownExtension returns the extension that a user has, or makes one. Its faults are those of
// the user's field.
func ownExtension(ctx context.Context, tx *db.Tx, u *pbx.User) (string, error) {
	if _, err := tx.Extension(ctx, u.Tenant, pbx.AutoExtension); pbx.KindOf(err) != pbx.NotFound {
		return pbx.AutoExtension, err // one of that name
	}
	old, err := tx.User(ctx, u.Tenant, u.Username)
	if err == nil && old.Extension != "" {
		return old.Extension, nil
	}
	if err != nil && pbx.KindOf(err) != pbx.NotFound {
		return "", err
	}
	number, err := tx.FreeNumber(ctx, u.Tenant)
	if err == nil {
		err = tx.CreateExtension(ctx, u.OwnExtension(number))
	}
	var refused *pbx.Error
	if errors.As(err, &refused) && refused.Field != "" {
		out := *refused
		out.Field = "extension"
		err = &out
	}
	return number, err
}

// rightsChanged runs after a change that may end rights of callers.
func (c *Controller) rightsChanged() {
	c.Apply.Nudge()
	c.SignIn.Recheck()
}

// ResetPassword gives one of users, which is Users or ResellerUsers, a random password, which
// is returned once. The user must change it.
func (c *Controller) ResetPassword(ctx context.Context, by pbx.Author, users *Resource[pbx.User], owner, username string,
	cond Condition) (*pbx.User, pbx.Secret, error) {
	if _, err := users.Get(ctx, owner, username); err != nil {
		return nil, pbx.Secret{}, err
	}
	password := pbx.RandomSecret(10)
	hash := signin.Hash(password.Reveal())
	u, _, err := users.Edit(ctx, by, owner, username, cond, func(u *pbx.User) (*pbx.User, error) {
		if u == nil {
			return nil, pbx.NotFoundf("user %s was deleted meanwhile", username)
		}
		u.Password, u.MustChange = hash, true
		return u, nil
	})
	return u, password, err
}

// DuplicateUser makes one of users, which is Users or ResellerUsers, with the settings of
// another one. Name, PIN, password and photo are not copied, nor is the extension, which is one
// user's only.
func (c *Controller) DuplicateUser(ctx context.Context, by pbx.Author, users *Resource[pbx.User], owner, username,
	as string) (*pbx.User, error) {
	from, err := users.Get(ctx, owner, username)
	if err != nil {
		return nil, err
	}
	u, _, err := users.Edit(ctx, by, owner, as, Condition{Absent: true}, func(*pbx.User) (*pbx.User, error) {
		return &pbx.User{Tenant: from.Tenant, Reseller: from.Reseller, Username: as, FullName: from.FullName, Email: from.Email,
			PersonalContact: from.PersonalContact, Language: from.Language,
			Timezone: from.Timezone, Role: from.Role, Login: from.Login, SecondStep: from.SecondStep}, nil
	})
	return u, err
}
