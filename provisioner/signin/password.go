package signin

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// ChangePassword replaces a user's password by one that the user chose, given the
// present one. Every session of the user ends but the caller's.
func (a *Authenticator) ChangePassword(
	ctx context.Context, by *Caller, account pbx.Account, username, present, chosen string,
) (*pbx.User, error) {
	if err := pbx.CheckPassword("new", chosen); err != nil {
		return nil, err
	}
	if present == chosen {
		return nil, pbx.Invalidf("new", "is the present password")
	}
	at, done, err := a.try(userKey(account, username), by.Address)
	if err != nil {
		return nil, err
	}
	defer done()
	u, err := a.user(ctx, account, username)
	if err != nil {
		return nil, err
	}
	if !matches(u.Password, present) {
		return nil, pbx.Invalidf("current", "is not the user's password")
	}
	if err := a.storePassword(ctx, by, u, Hash(chosen)); err != nil {
		return nil, err
	}
	at.right()
	return u, nil
}

// storePassword writes a password that the user chose, unless the one before was
// changed meanwhile.
func (a *Authenticator) storePassword(ctx context.Context, by *Caller, u *pbx.User, hash pbx.Secret) error {
	_, err := a.o.DB.Update(ctx, by.Author, func(tx *db.Tx) error {
		now, err := tx.UserIn(ctx, u.Account(), u.Username)
		if err != nil {
			return err
		}
		if !now.Password.Equal(u.Password) {
			return pbx.Invalidf("current", "is not the user's password")
		}
		*u = *now
		u.Password, u.MustChange = hash, false
		return tx.PutUserKeeping(ctx, u, by.session)
	})
	if err != nil {
		return fmt.Errorf("changing the password of user %s: %w", u.Username, err)
	}
	a.o.Changed()
	a.Recheck() // the user's other sessions have ended
	return nil
}
