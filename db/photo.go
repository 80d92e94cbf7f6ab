package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Photo is the picture of a user.
type Photo struct {
	Type    string // media type, such as image/png
	Content []byte
}

// Photo returns a user's picture, or a NotFound error.
func (tx *Tx) Photo(ctx context.Context, tenant, username string) (*Photo, error) {
	if _, err := tx.User(ctx, tenant, username); err != nil {
		return nil, err
	}
	p := &Photo{}
	err := tx.sql.QueryRowContext(ctx, `SELECT type, content FROM user_photos WHERE tenant = ? AND username = ?`, tenant,
		username).Scan(&p.Type, &p.Content)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, pbx.NotFoundf("user %s has no photo", username)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the photo of user %s: %w", username, err)
	}
	return p, nil
}

// PutPhoto stores a user's picture, or removes it when p is nil. That the user's
// row names its hash is for the caller to see to, in the same transaction.
func (tx *Tx) PutPhoto(ctx context.Context, tenant, username string, p *Photo) error {
	if err := tx.writable(); err != nil {
		return err
	}
	err := tx.exec(ctx, `DELETE FROM user_photos WHERE tenant = ? AND username = ?`, tenant, username)
	if err == nil && p != nil {
		err = tx.exec(ctx, `INSERT INTO user_photos (tenant, username, type, content) VALUES (?, ?, ?, ?)`, tenant, username,
			p.Type, p.Content)
	}
	if err != nil {
		return fmt.Errorf("writing the photo of user %s: %w", username, err)
	}
	return nil
}
