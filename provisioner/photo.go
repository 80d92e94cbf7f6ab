package provisioner

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	_ "image/jpeg" // decodes what CheckPhoto lets in
	_ "image/png"
	"net/http"
	"sync"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// MaxPhotoBytes is how large a photo may be.
const MaxPhotoBytes = 1 << 20

// maxPhotoSide is how many pixels wide and high it may be: a small file can
// unfold to gigabytes.
const maxPhotoSide = 4096

// Photo returns a user's picture.
func (c *Controller) Photo(ctx context.Context, tenant, username string) (p *db.Photo, err error) {
	err = c.db.View(ctx, func(tx *db.Tx) error {
		p, err = tx.Photo(ctx, tenant, username)
		return err
	})
	return p, err
}

// SetPhoto stores a picture, or removes it when content is empty. What it is shows
// in its bytes; nobody's word is taken for it.
func (c *Controller) SetPhoto(ctx context.Context, by pbx.Author, tenant, username string,
	content []byte) (*pbx.User, error) {
	var photo *db.Photo
	var hash string
	if len(content) > 0 {
		var err error
		if photo, err = checkPhoto(content); err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		hash = hex.EncodeToString(sum[:])
	}
	var u *pbx.User
	_, err := c.db.Update(ctx, by, func(tx *db.Tx) (err error) {
		if u, err = tx.User(ctx, tenant, username); err != nil {
			return err
		}
		if u.Photo == hash {
			return nil
		}
		u.Photo = hash
		if err := tx.PutUser(ctx, u); err != nil {
			return err
		}
		return tx.PutPhoto(ctx, tenant, username, photo)
	})
	if err != nil {
		return nil, err
	}
	c.Apply.Nudge()
	return u, nil
}

// unfolding lets one picture at a time be decoded: one of the largest takes more
// than a hundred megabytes meanwhile.
var unfolding sync.Mutex

// checkPhoto decodes the whole picture: a file that only starts like one is none.
func checkPhoto(content []byte) (*db.Photo, error) {
	if len(content) > MaxPhotoBytes {
		return nil, pbx.Invalidf("photo", "has %d bytes, at most %d are allowed", len(content), MaxPhotoBytes)
	}
	kind := http.DetectContentType(content)
	if kind != "image/png" && kind != "image/jpeg" {
		return nil, pbx.Invalidf("photo", "is not a PNG or JPEG picture")
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return nil, pbx.Invalidf("photo", "is not a complete picture")
	}
	if size.Width > maxPhotoSide || size.Height > maxPhotoSide {
		return nil, pbx.Invalidf("photo", "has %d × %d pixels, at most %d × %d are allowed", size.Width, size.Height,
			maxPhotoSide, maxPhotoSide)
	}
	unfolding.Lock()
	defer unfolding.Unlock()
	if _, _, err := image.Decode(bytes.NewReader(content)); err != nil {
		return nil, pbx.Invalidf("photo", "is not a complete picture")
	}
	return &db.Photo{Type: kind, Content: content}, nil
}
