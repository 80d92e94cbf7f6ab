// Package spool owns the folders that Asterisk fills: recorded calls and voicemail.
//
// It reads and deletes recordings, and keeps a mailbox's folder with its mailbox. It keeps
// nothing in memory and has no goroutine: each method looks at the disk. It may import
// provisioner/pbx.
package spool

import (
	"context"
	"log/slog"
)

// Options are the folders. All fields but the two folders are required.
type Options struct {
	// Recordings is where Asterisk keeps recorded calls, a folder for each tenant; ""
	// when this machine cannot see it.
	Recordings string
	// Voicemail is Asterisk's voicemail spool, a folder for each tenant; "" when this
	// machine cannot see it.
	Voicemail string
	// Tenant returns a NotFound error for a tenant that does not exist.
	Tenant func(ctx context.Context, name string) error
	Log    *slog.Logger
}

// Spool is both folders. Its methods are safe for concurrent use.
type Spool struct{ o Options }

// New returns the folders; they need not exist yet.
func New(o Options) *Spool { return &Spool{o} }
