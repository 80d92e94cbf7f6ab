package provisioner

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newPortRequests(c *Controller) *Resource[pbx.PortRequest] {
	return &Resource[pbx.PortRequest]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).PortRequest, list: (*db.Tx).PortRequests, put: (*db.Tx).PutPortRequest,
		del:      (*db.Tx).DeletePortRequest,
		revision: func(r *pbx.PortRequest) int64 { return r.Revision },
		validate: (*pbx.PortRequest).Validate,
	}
}

// StepPortRequest brings numbers of a port request into another state.
func (c *Controller) StepPortRequest(ctx context.Context, by pbx.Author, tenant, name string,
	s pbx.PortStep) (r *pbx.PortRequest, err error) {
	_, err = c.db.Update(ctx, by, func(tx *db.Tx) error {
		r, err = tx.StepPortRequest(ctx, tenant, name, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.Apply.Nudge()
	return r, nil
}

// FirstCalls returns when the first calls came to the numbers of a port request.
func (c *Controller) FirstCalls(ctx context.Context, r *pbx.PortRequest) (at map[string]time.Time, err error) {
	err = c.db.View(ctx, func(tx *db.Tx) error {
		at, err = tx.FirstCalls(ctx, r)
		return err
	})
	return at, err
}

// PortHistory returns what happened to a port request, oldest first.
func (c *Controller) PortHistory(ctx context.Context, tenant, name string) (es []db.PortEvent, err error) {
	err = c.db.View(ctx, func(tx *db.Tx) error {
		es, err = tx.PortHistory(ctx, tenant, name)
		return err
	})
	return es, err
}

// PortDocuments returns the documents of a port request, without their content.
func (c *Controller) PortDocuments(ctx context.Context, tenant, request string) (ds []db.PortDocument, err error) {
	err = c.db.View(ctx, func(tx *db.Tx) error {
		ds, err = tx.PortDocuments(ctx, tenant, request)
		return err
	})
	return ds, err
}

// PortDocument returns one of them, with its content.
func (c *Controller) PortDocument(ctx context.Context, tenant, request, name string) (d *db.PortDocument, err error) {
	err = c.db.View(ctx, func(tx *db.Tx) error {
		d, err = tx.PortDocument(ctx, tenant, request, name)
		return err
	})
	return d, err
}

// MaxPortDocument is how large a document of a port request may be, in bytes.
const MaxPortDocument = 2 << 20

// SetPortDocument stores a document of a port request, or removes it when content is nil. What
// it is, is read from its bytes.
func (c *Controller) SetPortDocument(ctx context.Context, by pbx.Author, tenant, request, name string,
	content []byte) error {
	var d *db.PortDocument
	if content != nil {
		kind, err := checkDocument(ctx, content)
		if err != nil {
			return err
		}
		d = &db.PortDocument{Type: kind, Content: content}
	}
	_, err := c.db.Update(ctx, by, func(tx *db.Tx) error { return tx.PutPortDocument(ctx, tenant, request, name, d) })
	return err
}

// checkDocument returns the media type of a PDF, JPEG or PNG. Pictures are decoded as photos are;
// a PDF must have its begin and its end (ISO 32000-1, 7.5.2 and 7.5.5).
func checkDocument(ctx context.Context, content []byte) (string, error) {
	if len(content) > MaxPortDocument {
		return "", pbx.Invalidf("document", "has %d bytes, at most %d are allowed", len(content), MaxPortDocument)
	}
	const pdf, end = "application/pdf", 1024 // %%EOF is looked for in so many last bytes
	if kind := http.DetectContentType(content); kind != pdf {
		return checkPicture(ctx, "document", "a PDF, JPEG or PNG", content)
	}
	if !bytes.Contains(content[max(0, len(content)-end):], []byte("%%EOF")) {
		return "", pbx.Invalidf("document", "is not a complete PDF")
	}
	return pdf, nil
}
