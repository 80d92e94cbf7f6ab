package signin

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/wholefile"
)

// tokenPrefix lets secret scanners and people recognise a token.
const tokenPrefix = "dt_"

// TokenOrder describes a token to be made.
type TokenOrder struct {
	Name   string
	Role   pbx.Role
	Tenant string // "" for a platform admin and a reseller admin
	// Reseller is the root of a reseller admin's branch; "" for other roles.
	Reseller string
	Expires  *time.Time // nil: never
}

// CreateToken makes an API token. Its text is returned once; the database keeps
// its SHA-256 only. Hashing without salt is enough: the text has 256 random bits.
// A token that a user makes, or that a token of the user's makes, ends with the user.
func (a *Authenticator) CreateToken(ctx context.Context, by *Caller, o TokenOrder) (*db.Token, pbx.Secret, error) {
	var es pbx.Errors
	es.Add(pbx.CheckText("name", o.Name, 1, 60, 0))
	es.Add(pbx.CheckTokenRole(o.Role, o.Tenant, o.Reseller))
	if o.Tenant != "" {
		es.Add(pbx.CheckName("tenant", o.Tenant))
	}
	if o.Expires != nil && !o.Expires.After(a.now()) {
		es.Add(pbx.Invalidf("expires", "must be in the future"))
	}
	if err := es.Err(); err != nil {
		return nil, pbx.Secret{}, err
	}
	text := newTokenText()
	token, err := a.storeToken(ctx, by, o, text)
	if pbx.KindOf(err) == pbx.NotFound && o.Reseller != "" {
		err = pbx.Refusedf("reseller", "reseller %s does not exist", o.Reseller)
	} else if pbx.KindOf(err) == pbx.NotFound {
		err = pbx.Refusedf("tenant", "tenant %s does not exist", o.Tenant)
	}
	return token, text, err
}

func newTokenText() pbx.Secret { return pbx.NewSecret(tokenPrefix + pbx.RandomSecret(32).Reveal()) }

func (a *Authenticator) storeToken(ctx context.Context, by *Caller, o TokenOrder, text pbx.Secret) (*db.Token, error) {
	hash := sha256.Sum256([]byte(text.Reveal()))
	t := db.Token{ID: pbx.RandomSecret(8).Reveal(), Name: o.Name, Role: o.Role, Tenant: o.Tenant, Reseller: o.Reseller}
	t.Username, t.UserReseller = by.username()
	if o.Expires != nil {
		t.ExpiresAt = *o.Expires
	}
	if err := a.o.DB.CreateToken(ctx, by.Author, t, hash[:]); err != nil {
		return nil, err
	}
	a.o.Changed()
	a.o.Log.Info("made a token", "id", t.ID, "name", t.Name, "role", t.Role, "tenant", t.Tenant, "reseller", t.Reseller,
		"by", by.Actor, "address", by.Address)
	return a.o.DB.TokenByHash(ctx, hash[:])
}

// useToken returns the token with that hash, or an Unauthorized error. The error does not
// tell an unknown token from a revoked one.
func (a *Authenticator) useToken(ctx context.Context, hash []byte) (*db.Token, error) {
	token, err := a.o.DB.TokenByHash(ctx, hash)
	if err != nil {
		return nil, err
	}
	if err := a.o.DB.TouchToken(ctx, token); err != nil {
		a.o.Log.Warn("noting the use of a token", "token", token.Name, "error", err) // no reason to refuse its owner
	}
	return token, nil
}

// Tokens lists the tokens within reach, revoked ones included.
func (a *Authenticator) Tokens(ctx context.Context, reach db.Reach) ([]*db.Token, error) {
	return a.o.DB.Tokens(ctx, reach)
}

// RevokeToken makes a token within reach useless from now on.
func (a *Authenticator) RevokeToken(ctx context.Context, by *Caller, reach db.Reach, id string) error {
	if err := a.o.DB.RevokeToken(ctx, by.Author, reach, id); err != nil {
		return err
	}
	a.o.Changed()
	a.Recheck()
	a.o.Log.Info("revoked a token", "id", id, "by", by.Actor, "address", by.Address)
	return nil
}

// FirstToken writes an admin token to a new file if no token exists yet. Only the file's
// owner can read it. It reports whether it did. The file is complete before the token
// works, so that no token is ever lost.
func (a *Authenticator) FirstToken(ctx context.Context, path string) (bool, error) {
	tokens, err := a.Tokens(ctx, db.Reach{})
	if err != nil || len(tokens) > 0 {
		return false, err
	}
	text := newTokenText()
	err = wholefile.Create(path, []byte(text.Reveal()+"\n"))
	if errors.Is(err, fs.ErrExist) {
		return false, fmt.Errorf(
			"writing the first token: %s exists already, but the database knows no token; move the file away", path)
	}
	if err != nil {
		return false, fmt.Errorf("writing the first token to %s: %w", path, err)
	}
	order := TokenOrder{Name: "admin " + time.Now().Format(time.DateOnly), Role: pbx.RolePlatformAdmin}
	if _, err := a.storeToken(ctx, &Caller{Author: pbx.Author{Actor: "dialtone"}}, order, text); err != nil {
		return false, errors.Join(err, os.Remove(path))
	}
	return true, nil
}
