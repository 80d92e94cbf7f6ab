package provisioner

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// inboxPause is how often the changed rows of the inbox are written as one batch.
const inboxPause = 500 * time.Millisecond

// inbox keeps the phones that ask and belong to nobody, at most inboxRows of
// them. Anybody can send such requests, so all of it is bounded: memory by the
// number of rows and sources, writes by rows a batch, new rows by inboxLimits.
// Memory is authoritative; the database follows within inboxPause.
type inbox struct {
	db  *db.DB
	log *slog.Logger

	mu     sync.Mutex
	rows   map[pbx.MAC]*inboxRow
	dirty  map[pbx.MAC]bool // to be written, or to be removed when there is no such row
	limits *inboxLimits
}

// inboxRow is a row and the network it counts for.
type inboxRow struct {
	pbx.InboxPhone
	source netip.Prefix
}

// newInbox starts from what the database remembers.
func newInbox(ctx context.Context, d *db.DB, log *slog.Logger) (*inbox, error) {
	in := &inbox{db: d, log: log, rows: map[pbx.MAC]*inboxRow{}, dirty: map[pbx.MAC]bool{}, limits: newInboxLimits()}
	phones, err := d.Inbox(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range phones {
		in.add(p, sourceOf(p.Address))
	}
	return in, nil
}

// RecordUnknown notes a request that names a MAC nobody knows. It never blocks.
func (c *Controller) RecordUnknown(f pbx.PhoneFetch) {
	if c.Snapshot().Phone(f.MAC) == nil { // a User-Agent may name a phone that is ours
		c.inbox.record(f)
	}
}

// Inbox returns the phones that nobody has adopted, the last seen first.
func (c *Controller) Inbox() []pbx.InboxPhone { return c.inbox.list() }

func (in *inbox) list() []pbx.InboxPhone {
	in.mu.Lock()
	defer in.mu.Unlock()
	out := make([]pbx.InboxPhone, 0, len(in.rows))
	for _, r := range in.rows {
		out = append(out, r.InboxPhone)
	}
	slices.SortFunc(out, func(a, b pbx.InboxPhone) int {
		return cmp.Or(b.LastSeen.Compare(a.LastSeen), cmp.Compare(a.MAC, b.MAC))
	})
	return out
}

// InboxPhone returns one of them, or a NotFound error.
func (c *Controller) InboxPhone(mac pbx.MAC) (pbx.InboxPhone, error) { return c.inbox.phone(mac) }

func (in *inbox) phone(mac pbx.MAC) (pbx.InboxPhone, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	r := in.rows[mac]
	if r == nil {
		return pbx.InboxPhone{}, pbx.NotFoundf("phone %s is not in the inbox", mac.Colons())
	}
	return r.InboxPhone, nil
}

// ForgetInbox removes a phone from the inbox; it comes back when it asks again.
func (c *Controller) ForgetInbox(mac pbx.MAC) error {
	if !c.inbox.forget(mac) {
		return pbx.NotFoundf("phone %s is not in the inbox", mac.Colons())
	}
	return nil
}

func (in *inbox) record(f pbx.PhoneFetch) {
	in.mu.Lock()
	defer in.mu.Unlock()
	r := in.rows[f.MAC]
	if r == nil {
		source := sourceOf(f.Address)
		if !in.limits.allow(source, f.At) {
			return
		}
		if len(in.rows) >= inboxRows {
			in.remove(in.victim(source))
		}
		r = in.add(pbx.InboxPhone{MAC: f.MAC, FirstSeen: f.At}, source)
	}
	r.see(f)
	in.dirty[f.MAC] = true
}

// see takes over what a request says. A header that says nothing changes nothing:
// phones ask for some files without naming themselves.
func (r *inboxRow) see(f pbx.PhoneFetch) {
	r.LastSeen, r.Address = f.At, f.Address
	r.Count++
	agent := printable(f.UserAgent)
	vendor, model, firmware, mac := phoneconf.Identify(agent)
	if mac != "" && mac != f.MAC {
		vendor, model, firmware = "", "", "" // it speaks of another phone
	}
	if vendor != "" {
		r.Vendor, r.Model, r.Firmware = vendor, model, firmware
	}
	if vendor != "" || r.Vendor == "" {
		r.UserAgent = agent
	}
}

// printable drops what a terminal or a page could take for an order.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}

func (in *inbox) add(p pbx.InboxPhone, source netip.Prefix) *inboxRow {
	r := &inboxRow{p, source}
	in.rows[p.MAC] = r
	in.limits.count(source, 1)
	return r
}

func (in *inbox) remove(mac pbx.MAC) {
	if r := in.rows[mac]; r != nil {
		delete(in.rows, mac)
		in.limits.count(r.source, -1)
		in.dirty[mac] = true
	}
}

func (in *inbox) forget(mac pbx.MAC) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	_, known := in.rows[mac]
	in.remove(mac)
	return known
}

// run writes changed rows until ctx ends.
func (in *inbox) run(ctx context.Context) error {
	tick := time.NewTicker(inboxPause)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			in.flush(ctx)
		case <-ctx.Done():
			in.flush(context.WithoutCancel(ctx))
			return ctx.Err()
		}
	}
}

// flush writes the dirty rows; what cannot be written stays dirty.
func (in *inbox) flush(ctx context.Context) {
	in.mu.Lock()
	dirty := in.dirty
	in.dirty = map[pbx.MAC]bool{}
	var put []pbx.InboxPhone
	var gone []pbx.MAC
	for mac := range dirty {
		if r := in.rows[mac]; r != nil {
			put = append(put, r.InboxPhone)
		} else {
			gone = append(gone, mac)
		}
	}
	in.mu.Unlock()
	if len(dirty) == 0 {
		return
	}
	if err := in.db.WriteInbox(ctx, put, gone); err != nil {
		in.log.Error("storing the inbox", "error", err)
		in.mu.Lock()
		maps.Copy(in.dirty, dirty)
		in.mu.Unlock()
	}
}
