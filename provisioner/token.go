package provisioner

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
)

// tokenPrefix lets secret scanners and people recognise a token.
const tokenPrefix = "dt_"

// CreateToken makes an API token. Its text is returned once; the database keeps
// its SHA-256 only. Hashing without salt is enough: the text has 256 random bits.
func (c *Controller) CreateToken(ctx context.Context, name string) (*db.Token, pbx.Secret, error) {
	text := newTokenText()
	token, err := c.storeToken(ctx, name, text)
	return token, text, err
}

func newTokenText() pbx.Secret { return pbx.NewSecret(tokenPrefix + pbx.RandomSecret(32).Reveal()) }

func (c *Controller) storeToken(ctx context.Context, name string, text pbx.Secret) (*db.Token, error) {
	if err := pbx.CheckText("name", name, 1, 60, 0); err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(text.Reveal()))
	if err := c.db.CreateToken(ctx, pbx.RandomSecret(8).Reveal(), name, hash[:]); err != nil {
		return nil, err
	}
	return c.db.TokenByHash(ctx, hash[:])
}

// Authenticate returns the token with that text, or an Unauthorized error that
// does not tell an unknown token from a revoked one.
func (c *Controller) Authenticate(ctx context.Context, text string) (*db.Token, error) {
	hash := sha256.Sum256([]byte(text))
	token, err := c.db.TokenByHash(ctx, hash[:])
	if pbx.KindOf(err) == pbx.NotFound || (err == nil && !token.RevokedAt.IsZero()) {
		return nil, &pbx.Error{Kind: pbx.Unauthorized, Message: "this token is unknown or was revoked"}
	}
	if err != nil {
		return nil, err
	}
	if err := c.db.TouchToken(ctx, token); err != nil {
		c.log.Warn("noting the use of a token", "token", token.Name, "error", err) // no reason to refuse its owner
	}
	return token, nil
}

// Tokens lists all tokens, revoked ones included.
func (c *Controller) Tokens(ctx context.Context) ([]*db.Token, error) { return c.db.Tokens(ctx) }

// RevokeToken makes a token useless from now on.
func (c *Controller) RevokeToken(ctx context.Context, id string) error {
	return c.db.RevokeToken(ctx, id)
}

// FirstToken writes an admin token to a new file that only its owner can read,
// when no token exists yet. It reports whether it did. The file is complete
// before the token works, so that no token is ever lost.
func (c *Controller) FirstToken(ctx context.Context, path string) (bool, error) {
	tokens, err := c.Tokens(ctx)
	if err != nil || len(tokens) > 0 {
		return false, err
	}
	text := newTokenText()
	err = writeTokenFile(path, text)
	if errors.Is(err, fs.ErrExist) {
		return false, fmt.Errorf("writing the first token: %s exists already, but the database knows no token; move the file away", path)
	}
	if err != nil {
		return false, fmt.Errorf("writing the first token to %s: %w", path, err)
	}
	if _, err := c.storeToken(ctx, "admin "+time.Now().Format("2006-01-02"), text); err != nil {
		return false, errors.Join(err, os.Remove(path))
	}
	return true, nil
}

// writeTokenFile makes a file with a token, whole or not at all.
func writeTokenFile(path string, text pbx.Secret) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			_ = os.Remove(path)
		}
	}()
	if _, err := fmt.Fprintln(file, text.Reveal()); err != nil {
		return err
	}
	return file.Sync()
}
