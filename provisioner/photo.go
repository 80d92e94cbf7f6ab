package provisioner

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	_ "image/jpeg" // decodes the formats that CheckPhoto admits
	_ "image/png"
	"io"
	"net/http"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// MaxPhotoBytes is how large a photo may be.
const MaxPhotoBytes = 1 << 20

// maxPhotoSide is the greatest width and height in pixels. A small file can unfold to
// gigabytes.
const maxPhotoSide = 4096

// Photo returns a user's picture.
func (c *Controller) Photo(ctx context.Context, tenant, username string) (p *db.Photo, err error) {
	err = c.db.View(ctx, func(tx *db.Tx) error {
		p, err = tx.Photo(ctx, tenant, username)
		return err
	})
	return p, err
}

// SetPhoto stores a picture, or removes it when content is empty. Its format is read from
// its bytes, whatever the client says.
func (c *Controller) SetPhoto(ctx context.Context, by pbx.Author, tenant, username string,
	content []byte) (*pbx.User, error) {
	var photo *db.Photo
	var hash string
	if len(content) > 0 {
		var err error
		if photo, err = checkPhoto(ctx, content); err != nil {
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

// maxScans is how many scans a JPEG may have. A progressive one of a camera or program has
// about ten. Each scan costs as much as the whole picture, however few bytes it has.
const maxScans = 100

const (
	// photosWaiting is how many pictures wait to be decoded; more are refused. Each holds
	// its bytes meanwhile.
	photosWaiting = 8
	// decodeWithin is how long decoding may take. The largest picture takes about a second.
	decodeWithin = 15 * time.Second
)

// photos lets one picture at a time be decoded. The largest take more than a hundred
// megabytes meanwhile.
var photos = struct{ waiting, decoding chan struct{} }{make(chan struct{}, photosWaiting), make(chan struct{}, 1)}

// checkPhoto checks the picture of a user.
func checkPhoto(ctx context.Context, content []byte) (*db.Photo, error) {
	if len(content) > MaxPhotoBytes {
		return nil, pbx.Invalidf("photo", "has %d bytes, at most %d are allowed", len(content), MaxPhotoBytes)
	}
	kind, err := checkPicture(ctx, "photo", "a PNG or JPEG picture", content)
	if err != nil {
		return nil, err
	}
	return &db.Photo{Type: kind, Content: content}, nil
}

// checkPicture decodes the whole picture and returns its media type. A file that only starts like
// a picture is refused, and so is one that is not what may be there.
func checkPicture(ctx context.Context, field, may string, content []byte) (string, error) {
	kind := http.DetectContentType(content)
	if kind != "image/png" && kind != "image/jpeg" {
		return "", pbx.Invalidf(field, "is not %s", may)
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return "", pbx.Invalidf(field, "is not a complete picture")
	}
	if size.Width > maxPhotoSide || size.Height > maxPhotoSide {
		return "", pbx.Invalidf(field, "has %d × %d pixels, at most %d × %d are allowed", size.Width, size.Height,
			maxPhotoSide, maxPhotoSide)
	}
	if kind == "image/jpeg" && scans(content) > maxScans {
		return "", pbx.Invalidf(field, "has more than %d scans: save it again as an ordinary JPEG", maxScans)
	}
	return kind, decode(ctx, field, content)
}

// decode waits for its turn and decodes a picture. It stops when ctx ends.
func decode(ctx context.Context, field string, content []byte) error {
	ctx, cancel := context.WithTimeout(ctx, decodeWithin)
	defer cancel()
	busy := &pbx.Error{Kind: pbx.Unavailable, Message: "too many pictures are being checked at this moment: try again"}
	select {
	case photos.waiting <- struct{}{}:
		defer func() { <-photos.waiting }()
	default:
		return busy
	}
	select {
	case photos.decoding <- struct{}{}:
		defer func() { <-photos.decoding }()
	case <-ctx.Done():
		return busy
	}
	_, _, err := image.Decode(&untilDone{ctx, bytes.NewReader(content)})
	switch {
	case ctx.Err() != nil:
		return busy
	case err != nil:
		return pbx.Invalidf(field, "is not a complete picture")
	}
	return nil
}

// untilDone reads until a context ends. Decoders read a few kilobytes at a time.
type untilDone struct {
	ctx  context.Context //nolint:containedctx // io.Reader has no room for one
	from io.Reader
}

// Read implements io.Reader.
func (u *untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.from.Read(p)
}

// scans counts the scans of a JPEG by their SOS markers (ITU-T T.81, B.1.1). Segments are
// skipped by their lengths, because what is in them may look like a marker.
func scans(jpeg []byte) (n int) {
	const (
		fill  = 0xff
		rst0  = 0xd0
		eoi   = 0xd9 // the last that stands alone; RST, SOI and EOI have no length
		sos   = 0xda
		tem   = 0x01
		stuff = 0x00
	)
	for i := 0; i+1 < len(jpeg); {
		marker := jpeg[i+1]
		switch {
		case jpeg[i] != fill:
			i++ // the data of a scan
		case marker == fill:
			i++
		case marker == stuff || marker == tem || marker >= rst0 && marker <= eoi:
			i += 2
		case i+3 >= len(jpeg):
			return n
		default:
			if marker == sos {
				n++
			}
			i += 2 + max(2, int(jpeg[i+2])<<8|int(jpeg[i+3]))
		}
	}
	return n
}
