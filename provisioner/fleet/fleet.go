// Package fleet knows desk phones as they behave, and tells them when to fetch files.
//
// It owns observed state, in parts that each have their own lock: the inbox of phones
// that belong to no tenant, the files that each phone holds and the time of its last
// request, the record of requests, the files that phones send. It also owns the orders
// to phones (NOTIFY) and the folders of site templates and firmware. Fleet joins the
// parts. Rows that people edit, and the rendering of phone files, belong elsewhere. It
// may import provisioner/pbx, db, templates, phoneconf, ami, provisioner/event,
// provisioner/limit, provisioner/writebehind and provisioner/wholefile.
package fleet

import (
	"context"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/event"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/templates"
)

// Options are what a Fleet needs. UploadDir and FirmwareDir may be "".
type Options struct {
	DB        *db.DB
	Templates *templates.Engine
	Site      phoneconf.Site // the values of this server in phone files; Year is set here
	// UploadDir keeps the files that phones send; "" refuses them.
	UploadDir string
	// FirmwareDir is the folder of firmware files for phones; "" serves no firmware.
	FirmwareDir string
	Log         *slog.Logger
	Events      *event.Hub
	// Session returns the connection to Asterisk, or ami.ErrDown.
	Session func() (*ami.Session, error)
	// Registered reports whether Asterisk knows the address of an endpoint, and nothing says
	// that it does not answer there.
	Registered func(endpoint string) bool
	// Hash returns the SHA-256 (hexadecimal) of a phone's present file. The error says why
	// the file cannot be made.
	Hash func(s *pbx.Snapshot, p *pbx.Phone, name phoneconf.FileName) (string, error)
	// Snapshot returns the state that phones go by.
	Snapshot func() *pbx.Snapshot
}

// Fleet is all desk phones. Its methods, and those of its parts, are safe for
// concurrent use.
type Fleet struct {
	Inbox     *Inbox
	Seen      *Sightings
	Fetches   *FetchLog
	Orders    *Orders
	Templates *SiteTemplates
	Uploads   *Uploads
	Firmware  *Firmware
	Refused   *Refused

	o Options
}

// New reads the stored state from the database. It also reads the folder of the site's own
// templates and the sizes of uploads.
func New(ctx context.Context, o Options) (f *Fleet, err error) {
	f = &Fleet{o: o, Fetches: newFetchLog(o), Firmware: &Firmware{dir: o.FirmwareDir, log: o.Log},
		Refused: newRefused()}
	if f.Seen, err = newSightings(ctx, o.DB, o.Log, o.Snapshot); err != nil {
		return nil, err
	}
	if f.Inbox, err = newInbox(ctx, o.DB, o.Log, f.Seen.Home); err != nil {
		return nil, err
	}
	if f.Orders, err = newOrders(ctx, o); err != nil {
		return nil, err
	}
	if f.Uploads, err = newUploads(o.UploadDir); err != nil {
		return nil, err
	}
	f.Templates = newSiteTemplates(o, f.Seen, f.Orders)
	return f, nil
}

// Run runs all parts until ctx ends, and then writes the rows that still wait.
func (f *Fleet) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return f.Fetches.loop.Run(ctx) })
	g.Go(func() error { return f.Seen.changed.Run(ctx) })
	g.Go(func() error { return f.Inbox.changed.Run(ctx) })
	g.Go(func() error { return f.Orders.changed.Run(ctx) })
	g.Go(func() error { return f.Orders.run(ctx) })
	g.Go(func() error { return f.welcome(ctx) })
	g.Go(func() error { return f.Templates.run(ctx) })
	g.Go(func() error { return f.Firmware.run(ctx) })
	return g.Wait()
}

// Record notes a request of a known phone. It waits for no database.
func (f *Fleet) Record(r pbx.PhoneFetch) {
	f.Seen.note(r)
	f.Refused.note(r)
	f.Orders.fetched(r)
	f.Fetches.add(r)
}

// RecordUnknown notes a request that names a MAC of no phone. It never blocks.
func (f *Fleet) RecordUnknown(r pbx.PhoneFetch) {
	if f.o.Snapshot().Phone(r.MAC) == nil { // a User-Agent may name a phone that is ours
		f.Inbox.record(r)
	}
}

// Adopted takes a phone that was stored out of the inbox. Of a new phone, created, it
// removes the files that an earlier phone with its MAC sent.
func (f *Fleet) Adopted(p *pbx.Phone, created bool) {
	_ = f.Inbox.Forget(p.MAC) // most phones were never there
	if !created {
		return
	}
	if err := f.Uploads.clear(p, false); err != nil {
		f.o.Log.Error("removing the files of an earlier phone", "phone", p.MAC.Colons(), "error", err)
	}
}

// Replaced gives a phone the contacts and call lists of the phone before it.
func (f *Fleet) Replaced(old, p *pbx.Phone) {
	f.Adopted(p, true)
	if err := f.Uploads.inherit(old, p); err != nil {
		f.o.Log.Error("handing on the contacts of a replaced phone", "phone", old.MAC.Colons(), "to", p.MAC.Colons(), "error", err)
	}
	f.Deleted(old)
}

// Deleted removes the files that a deleted phone sent. Contacts and call lists are its
// user's.
func (f *Fleet) Deleted(p *pbx.Phone) {
	f.Refused.forget(p.MAC)
	if err := f.Uploads.clear(p, true); err != nil {
		f.o.Log.Error("removing the files of a deleted phone", "phone", p.MAC.Colons(), "error", err)
	}
}
