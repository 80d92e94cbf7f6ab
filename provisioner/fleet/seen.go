package fleet

import (
	"context"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
	"github.com/dialtone-pbx/dialtone/provisioner/writebehind"
)

// seenPause is how often what phones were seen doing is written; seenBatch bounds
// one transaction of a boot storm.
const (
	seenPause = 500 * time.Millisecond
	seenBatch = 2_000
)

// seenAgain is how old the stored times of a phone may get while nothing else
// about it is news: a phone that polls must not write a row each time.
const seenAgain = time.Minute

// maxSeenFiles bounds the file names remembered of one phone.
const maxSeenFiles = 16

// sightings keeps what phones proved by their own requests. Memory is
// authoritative; the database follows news within seenPause, and mere times within
// seenAgain.
type Sightings struct {
	db       *db.DB
	log      *slog.Logger
	snapshot func() *pbx.Snapshot

	mu      sync.Mutex
	phones  map[pbx.MAC]*sighting
	changed *writebehind.Rows[pbx.MAC, seenRows]
	swept   int64 // revision up to which deleted phones are forgotten
}

// seenRows is what one transaction writes.
type seenRows struct {
	put  []pbx.PhoneSeen
	gone []pbx.MAC
}

// sighting is one phone's.
type sighting struct {
	pbx.PhoneSeen
	wrote time.Time // SeenAt of the row as it was last written
	// enrolled is the phone, as a snapshot has it, that is known to be the one which
	// Enrolled names: what a request says is not computed again at each.
	enrolled *pbx.Phone
}

// newSightings starts from what the database remembers.
func newSightings(ctx context.Context, d *db.DB, log *slog.Logger, snapshot func() *pbx.Snapshot) (*Sightings, error) {
	s := &Sightings{db: d, log: log, snapshot: snapshot, phones: map[pbx.MAC]*sighting{}}
	s.changed = writebehind.New(&s.mu, writebehind.Options[pbx.MAC, seenRows]{What: "sightings of phones", Every: seenPause, Batch: seenBatch,
		Before: s.sweep, Read: s.read, Write: s.write, Log: log})
	list, err := d.SeenPhones(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list {
		s.phones[list[i].MAC] = &sighting{PhoneSeen: list[i]}
	}
	return s, nil
}

// Enrolled reports whether a phone has fetched its full file by its own URL since
// it was last to enrol: the generic URL then has nothing more for it.
func (s *Sightings) Enrolled(p *pbx.Phone) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.phones[p.MAC]
	return known != nil && known.Enrolled == pbx.EnrolmentOf(p)
}

// Seen returns what a phone proved by its own requests; EnrolledAt is zero when
// that was by an earlier secret than the present one.
func (s *Sightings) Of(p *pbx.Phone) pbx.PhoneSeen {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.phones[p.MAC]
	if known == nil {
		return pbx.PhoneSeen{MAC: p.MAC}
	}
	out := known.PhoneSeen
	out.Files = maps.Clone(known.Files)
	if out.Enrolled != pbx.EnrolmentOf(p) {
		out.EnrolledAt = time.Time{}
	}
	return out
}

// note takes over what a request of a known phone proves.
func (s *Sightings) note(f pbx.PhoneFetch) {
	if !f.Own {
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
	row.SeenAt = f.At
	news := f.At.Sub(row.wrote) > seenAgain
	if f.Address != row.Address {
		news = true
		row.FormerAddress, row.Address, row.AddressSince = row.Address, f.Address, f.At
	}
	// A Polycom's updater names its own version, not the firmware's. What is the
	// same as before is not looked at again: a boot storm comes through here.
	if f.UserAgent != row.UserAgent && !strings.HasSuffix(f.UserAgent, "Type/Updater") {
		if vendor, _, _, _ := phoneconf.Identify(f.UserAgent); vendor != "" {
			news = true
			row.UserAgent = f.UserAgent
		}
	}
	if s.fetched(row, p, f) || news {
		s.changed.Mark(f.MAC)
	}
}

// fetched notes the bytes that the phone now holds, and reports whether they or
// its enrolment are news.
func (s *Sightings) fetched(row *sighting, p *pbx.Phone, f pbx.PhoneFetch) (news bool) {
	if f.Hash == "" {
		return false
	}
	row.FetchedAt = f.At
	if held, known := row.Files[f.File]; held != f.Hash && (known || len(row.Files) < maxSeenFiles) {
		row.Files[f.File] = f.Hash
		news = true
	}
	if row.enrolled == p || !phoneconf.IsFull(p, phoneconf.FileName(f.File)) {
		return news
	}
	row.enrolled = p
	if now := pbx.EnrolmentOf(p); row.Enrolled != now {
		row.Enrolled, row.EnrolledAt = now, f.At
		return true
	}
	return news
}

// read copies what is known of phones; rows of phones that are forgotten are to go.
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
}

func (s *Sightings) write(ctx context.Context, b seenRows) error {
	return s.db.WriteSeenPhones(ctx, b.put, b.gone)
}
