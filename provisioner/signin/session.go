package signin

import (
	"bytes"
	"context"
	"encoding/hex"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Session is a session as it is listed.
type Session struct {
	*db.Session
	ID      string // the first bytes of its hash, in hexadecimal digits
	Current bool   // it is the caller's own
}

// idBytes are enough to tell the few sessions of a user apart.
const idBytes = 8

// Sessions lists the sessions of a user that last, the newest first.
func (a *Authenticator) Sessions(ctx context.Context, by *Caller, account pbx.Account, username string) ([]Session, error) {
	rows, err := a.o.DB.Sessions(ctx, account, username, a.now())
	if err != nil {
		return nil, err
	}
	out := make([]Session, 0, len(rows))
	for _, s := range rows {
		out = append(out, Session{s, hex.EncodeToString(s.Hash[:idBytes]), bytes.Equal(s.Hash, by.session)})
	}
	return out, nil
}

// EndOne ends a session of a user. One that there is not is a NotFound error.
func (a *Authenticator) EndOne(ctx context.Context, by *Caller, account pbx.Account, username, id string) error {
	sessions, err := a.Sessions(ctx, by, account, username)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if s.ID != id {
			continue
		}
		if err := a.o.DB.EndSession(ctx, s.Hash); err != nil {
			return err
		}
		a.Recheck()
		a.o.Log.Info("ended a session", "user", userKey(account, username), "by", by.Actor, "address", by.Address)
		return nil
	}
	return pbx.NotFoundf("session %s of user %s does not exist", id, username)
}
