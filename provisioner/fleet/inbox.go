package fleet

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/limit"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/writebehind"
)

// inboxPause is the longest that a changed row of the inbox waits to be written.
const inboxPause = 500 * time.Millisecond

// Inbox keeps phones that ask for files and belong to no tenant, at most inboxRows.
//
// Anybody can send such requests, so all of it is bounded: memory by the number of rows
// and networks, writes by rows a batch, new rows by inboxLimits. When it is full, a new
// phone displaces one (victim). Memory is authoritative; the database follows within
// inboxPause.
type Inbox struct {
	db  *db.DB
	log *slog.Logger

	mu      sync.Mutex
	rows    map[pbx.MAC]*inboxRow
	changed *writebehind.Rows[pbx.MAC, inboxBatch]
	limits  *inboxLimits
	// home reports whether a phone of ours asks from an address's network. It is called
	// without the lock.
	home func(netip.Addr) bool
}

// inboxBatch are the rows that one transaction writes and deletes.
type inboxBatch struct {
	put  []pbx.InboxPhone
	gone []pbx.MAC
}

// inboxRow is a row, the network it counts for, and whether phones of ours ask from there.
type inboxRow struct {
	pbx.InboxPhone
	source netip.Prefix
	home   bool
}

// sourceOf is the network that an address counts for. One customer of IPv6 has 65,536
// networks of 64 bits (RFC 6177), so it is the first 48 bits.
func sourceOf(a netip.Addr) netip.Prefix {
	p := limit.Network(a)
	if p.Addr().Is6() {
		p, _ = p.Addr().Prefix(48) // fails for IPv4 only
	}
	return p
}

// newInbox reads the stored rows from the database.
func newInbox(ctx context.Context, d *db.DB, log *slog.Logger, home func(netip.Addr) bool) (*Inbox, error) {
	in := &Inbox{db: d, log: log, rows: map[pbx.MAC]*inboxRow{}, limits: newInboxLimits(), home: home}
	in.changed = writebehind.New(&in.mu, writebehind.Options[pbx.MAC, inboxBatch]{
		What: "phones of the inbox", Every: inboxPause,
		Read: in.read, Write: in.write, Log: log})
	phones, err := d.Inbox(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range phones {
		in.add(p, sourceOf(p.Address), home(p.Address))
	}
	return in, nil
}

// List returns the phones of the inbox, the last seen first.
func (in *Inbox) List() []pbx.InboxPhone {
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

// Phone returns a phone of the inbox, or a NotFound error.
func (in *Inbox) Phone(mac pbx.MAC) (pbx.InboxPhone, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	r := in.rows[mac]
	if r == nil {
		return pbx.InboxPhone{}, pbx.NotFoundf("phone %s is not in the inbox", mac.Colons())
	}
	return r.InboxPhone, nil
}

// Forget removes a phone, or returns a NotFound error. It comes back when it asks again.
func (in *Inbox) Forget(mac pbx.MAC) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.rows[mac] == nil {
		return pbx.NotFoundf("phone %s is not in the inbox", mac.Colons())
	}
	in.remove(mac)
	return nil
}

// record notes a request of a phone that belongs to no tenant.
func (in *Inbox) record(f pbx.PhoneFetch) {
	home := in.home(f.Address)
	in.mu.Lock()
	defer in.mu.Unlock()
	r := in.rows[f.MAC]
	if r == nil {
		source := sourceOf(f.Address)
		vendor, _, _ := guess(f)
		of := rankOf(vendor, home)
		if !in.limits.allow(of, source, f.At) {
			return
		}
		if len(in.rows) >= inboxRows {
			out := in.victim(source)
			if out.rank() > of {
				return
			}
			in.remove(out.MAC)
		}
		r = in.add(pbx.InboxPhone{MAC: f.MAC, FirstSeen: f.At}, source, home)
	}
	r.see(f)
	in.changed.Mark(f.MAC)
}

// see takes over address and User-Agent of a request. A User-Agent that names no make
// does not replace one that does: phones ask for some files without naming themselves.
func (r *inboxRow) see(f pbx.PhoneFetch) {
	r.LastSeen, r.Address, r.Reason = f.At, f.Address, pbx.RefusedNobody
	if f.Reason == pbx.RefusedURL || f.Reason == pbx.RefusedCertificate {
		r.Reason = f.Reason
	}
	r.Count++
	agent := printable(f.UserAgent)
	vendor, model, firmware := guess(f)
	if vendor != "" {
		r.Vendor, r.Model, r.Firmware = vendor, model, firmware
	}
	if vendor != "" || r.Vendor == "" {
		r.UserAgent = agent
	}
}

// guess says what phone a request is from, as it says itself.
func guess(f pbx.PhoneFetch) (vendor pbx.Vendor, model, firmware string) {
	vendor, model, firmware, mac := phoneconf.Identify(printable(f.UserAgent))
	if mac != "" && mac != f.MAC {
		return "", "", "" // it names another phone
	}
	return vendor, model, firmware
}

// printable drops characters that could control a terminal or a page.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}

func (in *Inbox) add(p pbx.InboxPhone, source netip.Prefix, home bool) *inboxRow {
	r := &inboxRow{p, source, home}
	in.rows[p.MAC] = r
	in.limits.count(source, 1)
	return r
}

func (in *Inbox) remove(mac pbx.MAC) {
	if r := in.rows[mac]; r != nil {
		delete(in.rows, mac)
		in.limits.count(r.source, -1)
		in.changed.Mark(mac)
	}
}

// read copies the rows of MACs; MACs without a row are to be removed.
func (in *Inbox) read(macs []pbx.MAC) (b inboxBatch) {
	for _, mac := range macs {
		if r := in.rows[mac]; r != nil {
			b.put = append(b.put, r.InboxPhone)
		} else {
			b.gone = append(b.gone, mac)
		}
	}
	return b
}

func (in *Inbox) write(ctx context.Context, b inboxBatch) error {
	return in.db.WriteInbox(ctx, b.put, b.gone)
}
