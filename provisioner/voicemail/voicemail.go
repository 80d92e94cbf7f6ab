// Package voicemail owns the messages of mailboxes: what is done with them over the API, and
// the mails about them.
//
// The files are Asterisk's: they are read from its spool, and changed by its own actions over
// AMI, which renumber files and light lamps. It may import provisioner/pbx, db, ami,
// provisioner/mail and provisioner/spool; it knows no other machine.
package voicemail

import (
	"context"
	"io"
	"log/slog"
	"sync"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/spool"
)

// Options are what Messages need. All are required.
type Options struct {
	DB       *db.DB
	Log      *slog.Logger
	Snapshot func() *pbx.Snapshot // the desired state in force
	Spool    *spool.Spool
	// Mailbox returns a mailbox, or a NotFound error.
	Mailbox func(ctx context.Context, tenant, number string) (*pbx.Mailbox, error)
	Session func() (*ami.Session, error)
	// Queued says that a mail was queued. It must not block.
	Queued func()
}

// Messages are the messages of all mailboxes. Its methods are safe for concurrent use.
type Messages struct {
	o    Options
	wake chan struct{} // capacity 1

	mu      sync.Mutex
	changed map[Box]bool // to be looked through for messages to mail; no more than there are mailboxes
}

// New returns the messages of all mailboxes; Run starts the loop.
func New(o Options) *Messages {
	return &Messages{o: o, wake: make(chan struct{}, 1), changed: map[Box]bool{}}
}

// Box names a mailbox.
type Box struct{ Tenant, Number string }

// List returns the messages in folders of a mailbox, oldest first; without folders, of all.
// The error is NotFound without the mailbox, Unavailable when the spool cannot be seen.
func (m *Messages) List(ctx context.Context, b Box, folders ...pbx.Folder) ([]*pbx.Message, error) {
	if _, err := m.o.Mailbox(ctx, b.Tenant, b.Number); err != nil {
		return nil, err
	}
	return m.o.Spool.Messages(ctx, b.Tenant, b.Number, folders...)
}

// Get returns a message, or a NotFound error.
func (m *Messages) Get(ctx context.Context, b Box, id string) (*pbx.Message, error) {
	if _, err := m.o.Mailbox(ctx, b.Tenant, b.Number); err != nil {
		return nil, err
	}
	return m.o.Spool.Message(ctx, b.Tenant, b.Number, id)
}

// Open opens the WAV file of a message, or returns a NotFound error.
func (m *Messages) Open(ctx context.Context, b Box, id string) (*pbx.Message, io.ReadSeekCloser, error) {
	if _, err := m.o.Mailbox(ctx, b.Tenant, b.Number); err != nil {
		return nil, nil, err
	}
	return m.o.Spool.OpenMessage(ctx, b.Tenant, b.Number, id)
}
