package fleet

import (
	"context"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/limit"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/writebehind"
)

// seenPause is the longest that a changed row waits to be written. seenBatch bounds the
// rows of one transaction in a boot storm.
const (
	seenPause = 500 * time.Millisecond
	seenBatch = 2_000
)

// seenAgain is how old a phone's stored times may get while nothing else changes. A phone
// that polls must not write a row each time.
const seenAgain = time.Minute

// maxSeenFiles bounds the file names remembered of one phone.
const maxSeenFiles = 16

// Sightings keeps the facts that phones proved by requests with their own secret, and to
// which addresses the generic URL gave the way there.
//
// Memory is authoritative. The database follows changes within seenPause, and mere times
// within seenAgain.
type Sightings struct {
	db       *db.DB
	log      *slog.Logger
	snapshot func() *pbx.Snapshot

	mu      sync.Mutex
	phones  map[pbx.MAC]*sighting
	homes   map[netip.Prefix]bool // networks from which phones asked
	changed *writebehind.Rows[pbx.MAC, seenRows]
	swept   int64 // revision up to which deleted phones are forgotten
}

// seenRows are the rows that one transaction writes and deletes.
type seenRows struct {
	put  []pbx.PhoneSeen
	gone []pbx.MAC
}

// sighting is the row of one phone.
type sighting struct {
	pbx.PhoneSeen
	wrote time.Time // SeenAt of the row as it was last written
	// enrolled and moved cache the phone for which Enrolled and Moved were last computed.
	enrolled, moved *pbx.Phone
}

// given notes that the generic URL gave a phone's enrolment URL. It reports whether that
// is news.
func (row *sighting) given(p *pbx.Phone, f pbx.PhoneFetch) bool {
	now := pbx.EnrolmentOf(p)
	switch {
	case row.Given != now:
		row.Given, row.GivenTo, row.GivenAlso, row.GivenAlsoAt = now, f.Address, netip.Addr{}, time.Time{}
	case limit.Network(f.Address) == limit.Network(row.GivenTo):
		return false
	case f.Address == row.GivenAlso && f.At.Sub(row.GivenAlsoAt) < seenAgain:
		return false
	default:
		row.GivenAlso, row.GivenAlsoAt = f.Address, f.At
	}
	return true
}

// newSightings reads the stored rows from the database.
func newSightings(ctx context.Context, d *db.DB, log *slog.Logger, snapshot func() *pbx.Snapshot) (*Sightings, error) {
	s := &Sightings{db: d, log: log, snapshot: snapshot, phones: map[pbx.MAC]*sighting{},
		homes: map[netip.Prefix]bool{}}
	s.changed = writebehind.New(&s.mu, writebehind.Options[pbx.MAC, seenRows]{
		What: "sightings of phones", Every: seenPause, Batch: seenBatch,
		Before: s.sweep, Read: s.read, Write: s.write, Log: log})
	list, err := d.SeenPhones(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list {
		s.phones[list[i].MAC] = &sighting{PhoneSeen: list[i]}
	}
	s.findHomes()
	return s, nil
}

// Enrolled reports whether a phone has fetched its full file by its present own URL. The
// generic URL then has nothing more for it.
func (s *Sightings) Enrolled(p *pbx.Phone) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.phones[p.MAC]
	return known != nil && known.Enrolled == pbx.EnrolmentOf(p)
}

// At returns the MACs of phones that last asked from an address.
func (s *Sightings) At(from netip.Addr) (out []pbx.MAC) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for mac, row := range s.phones {
		if row.Address == from {
			out = append(out, mac)
		}
	}
	slices.Sort(out)
	return out
}

// Moved reports whether a phone has used its present own URL. Its enrolment URL, which the
// generic URL gave, and its former own URL have then ended.
func (s *Sightings) Moved(p *pbx.Phone) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.phones[p.MAC]
	return known != nil && known.Moved == pbx.EnrolmentOf(p)
}

// Of returns the facts that a phone proved. Those of its enrolment are zero if it enrolled
// with an earlier secret than the present one.
func (s *Sightings) Of(p *pbx.Phone) pbx.PhoneSeen {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.phones[p.MAC]
	if known == nil {
		return pbx.PhoneSeen{MAC: p.MAC}
	}
	out := known.PhoneSeen
	out.Files = maps.Clone(known.Files)
	now := pbx.EnrolmentOf(p)
	if out.Enrolled != now {
		out.EnrolledAt = time.Time{}
	}
	if out.Given != now {
		out.GivenTo, out.GivenAlso, out.GivenAlsoAt = netip.Addr{}, netip.Addr{}, time.Time{}
	}
	return out
}

// note takes over the facts that a request of a known phone proves.
func (s *Sightings) note(f pbx.PhoneFetch) {
	if !f.Own && f.Hash == "" {
		return
	}
	p := s.snapshot().Phone(f.MAC)
	if p == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.phones[f.MAC]
	if row == nil {
		row = &sighting{PhoneSeen: pbx.PhoneSeen{MAC: f.MAC, Files: map[string]string{}}}
		s.phones[f.MAC] = row
	}
	if !f.Own {
		if row.given(p, f) {
			s.changed.Mark(f.MAC)
		}
		return
	}
	row.SeenAt = f.At
	news := f.At.Sub(row.wrote) > seenAgain
	if f.Address != row.Address {
		news = true
		row.FormerAddress, row.Address, row.AddressSince = row.Address, f.Address, f.At
		s.homes[limit.Network(f.Address)] = true
	}
	// A Polycom's updater names its own version, not the firmware's. An unchanged
	// User-Agent is not parsed again, for speed in a boot storm.
	if f.UserAgent != row.UserAgent && !strings.HasSuffix(f.UserAgent, "Type/Updater") {
		if vendor, _, _, _ := phoneconf.Identify(f.UserAgent); vendor != "" {
			news = true
			row.UserAgent = f.UserAgent
		}
	}
	if !f.Enrolling && !f.Former && row.moved != p {
		row.moved = p
		if now := pbx.EnrolmentOf(p); row.Moved != now {
			row.Moved, news = now, true
		}
	}
	if s.fetched(row, p, f) || news {
		s.changed.Mark(f.MAC)
	}
}

// fetched notes the bytes that the phone now holds. It reports whether they or its
// enrolment changed.
func (s *Sightings) fetched(row *sighting, p *pbx.Phone, f pbx.PhoneFetch) (news bool) {
	if f.Hash == "" {
		return false
	}
	row.FetchedAt = f.At
	if held, known := row.Files[f.File]; held != f.Hash && (known || len(row.Files) < maxSeenFiles) {
		row.Files[f.File] = f.Hash
		news = true
	}
	// A phone that asks by its former URL may be reset yet, and then needs the window.
	if f.Former || row.enrolled == p || !phoneconf.IsFull(p, phoneconf.FileName(f.File)) {
		return news
	}
	row.enrolled = p
	if now := pbx.EnrolmentOf(p); row.Enrolled != now {
		row.Enrolled, row.EnrolledAt = now, f.At
		return true
	}
	return news
}

// read copies the rows of phones. MACs without a row are to be deleted.
func (s *Sightings) read(macs []pbx.MAC) (b seenRows) {
	for _, mac := range macs {
		row := s.phones[mac]
		if row == nil {
			b.gone = append(b.gone, mac)
			continue
		}
		row.wrote = row.SeenAt
		out := row.PhoneSeen
		out.Files = maps.Clone(row.Files)
		b.put = append(b.put, out)
	}
	return b
}

// Home reports whether a phone of ours has asked from an address's network. Networks that
// all phones have left are forgotten with the next change of the configuration.
func (s *Sightings) Home(a netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.homes[limit.Network(a)]
}

// findHomes reads homes from the rows.
func (s *Sightings) findHomes() {
	clear(s.homes)
	for _, row := range s.phones {
		if row.Address.IsValid() {
			s.homes[limit.Network(row.Address)] = true
		}
	}
}

// sweep forgets phones that were deleted.
func (s *Sightings) sweep() {
	now := s.snapshot()
	if now.Revision == s.swept {
		return
	}
	s.swept = now.Revision
	for mac := range s.phones {
		if now.Phone(mac) == nil {
			delete(s.phones, mac)
			s.changed.Mark(mac)
		}
	}
	s.findHomes()
}

func (s *Sightings) write(ctx context.Context, b seenRows) error {
	return s.db.WriteSeenPhones(ctx, b.put, b.gone)
}
