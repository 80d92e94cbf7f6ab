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
	if err := pbx.CheckText("name", name, 1, 60, 0); err != nil {
		return nil, pbx.Secret{}, err
	}
	text := tokenPrefix + pbx.RandomSecret(32).Reveal()
	hash := sha256.Sum256([]byte(text))
	id := pbx.RandomSecret(8).Reveal()
	if err := c.db.CreateToken(ctx, id, name, hash[:]); err != nil {
		return nil, pbx.Secret{}, err
	}
	token, err := c.db.TokenByHash(ctx, hash[:])
	return token, pbx.NewSecret(text), err
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
	return token, c.db.TouchToken(ctx, token)
}

// Tokens lists all tokens, revoked ones included.
func (c *Controller) Tokens(ctx context.Context) ([]*db.Token, error) { return c.db.Tokens(ctx) }

// RevokeToken makes a token useless from now on.
func (c *Controller) RevokeToken(ctx context.Context, id string) error {
	return c.db.RevokeToken(ctx, id)
}

// FirstToken writes an admin token to a new file that only its owner can read,
// when no token exists yet. It reports whether it did.
func (c *Controller) FirstToken(ctx context.Context, path string) (bool, error) {
	tokens, err := c.Tokens(ctx)
	if err != nil || len(tokens) > 0 {
		return false, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, fmt.Errorf("writing the first token: %s exists already, but the database knows no token; move the file away", path)
	}
	if err != nil {
		return false, fmt.Errorf("writing the first token: %w", err)
	}
	defer file.Close()
	_, text, err := c.CreateToken(ctx, "admin "+time.Now().Format("2006-01-02"))
	if err != nil {
		return false, errors.Join(err, os.Remove(path))
	}
	if _, err := fmt.Fprintln(file, text.Reveal()); err != nil {
		return false, fmt.Errorf("writing the first token to %s: %w", path, err)
	}
	return true, file.Sync()
}
