// Package numberfile brings the numbers of files, however large, without making others wait.
//
// It owns the uploads under way and the last ones that ended: one at a time for an account, one
// at a time that writes. A file is read as a stream, its rows are checked against the rows of
// the database as they are read there, and only what is good is written, in one transaction.
// What ended is kept in memory and is gone after a restart; an upload that a restart cuts off
// has brought nothing. It may import db, provisioner/pbx and provisioner/e164.
package numberfile

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// MaxBytes is the longest file, in bytes: more than MaxRows of the usual length.
	MaxBytes = 8 << 20
	// MaxRows is the longest file in rows.
	MaxRows = 200_000
	// maxFaults is how many faults a report has at most.
	maxFaults = 1000
	// mostUnderWay bounds the uploads of all accounts together, and so their memory.
	mostUnderWay = 8
	// mostKept is how many uploads that ended are kept; the oldest is forgotten.
	mostKept = 100
	// within bounds one upload, without the reading of its file.
	within = 2 * time.Minute
)

// Options is what Uploads needs. All fields are required.
type Options struct {
	DB      *db.DB
	Changed func() // runs after an upload that brought numbers
	Log     *slog.Logger
}

// Uploads is the uploads under way and those that ended. Its methods are safe for concurrent
// use.
type Uploads struct {
	o       Options
	writing chan struct{} // held by the upload that writes
	later   chan *Upload  // for Run

	mu   sync.Mutex
	busy map[pbx.Account]bool
	all  []*Upload // oldest first
}

// New makes Uploads; Run brings what is left to it.
func New(o Options) *Uploads {
	return &Uploads{o: o, writing: make(chan struct{}, 1), later: make(chan *Upload, mostUnderWay),
		busy: map[pbx.Account]bool{}}
}

// Order is what goes with a file of numbers.
type Order struct {
	To                       db.Assignment // a reseller or a tenant
	VoiceCarrier, SMSProfile string        // "" for the default ones
	DryRun                   bool          // checks everything and brings nothing
	GoodOnly                 bool          // brings the good rows although others are wrong
}

// State is how far an upload is.
type State string

// The states, the last three for good.
const (
	Reading State = "reading" // the file comes in
	Waiting State = "waiting" // for another upload
	Writing State = "writing"
	Done    State = "done"    // also of a dry run
	Refused State = "refused" // rows are wrong, and nothing was brought
	Failed  State = "failed"  // the report has no part in it; Problem tells why
)

// Status is an upload as it is seen while it runs and after it.
type Status struct {
	ID        string
	By        pbx.Author
	To        db.Assignment
	DryRun    bool
	State     State
	Begun     time.Time
	Ended     time.Time // zero while it runs
	Rows      int       // rows with something in them, without the head
	Added     int       // numbers that were brought; in a dry run those that would be
	WrongRows int
	Wrong     []Fault // the first maxFaults, by row
	Problem   string  // a sentence, of one that failed
}

// Fault is one wrong cell: its row as a spreadsheet counts, and its column, "" for the whole
// row.
type Fault struct {
	Row     int
	Column  string
	Message string
}

// Begin makes room for the upload of an account. It is TooMany while another one of the account
// is under way, or too many of all.
func (u *Uploads) Begin(by pbx.Author, o Order) (*Upload, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.busy[by.Account]:
		return nil, &pbx.Error{Kind: pbx.TooMany,
			Message: "another upload of this account is under way: wait until it has ended"}
	case len(u.busy) >= mostUnderWay:
		return nil, &pbx.Error{Kind: pbx.TooMany, Message: "too many uploads are under way: try again"}
	}
	u.busy[by.Account] = true
	up := &Upload{of: u, order: o, status: Status{ID: rand.Text(), By: by, To: o.To, DryRun: o.DryRun, State: Reading,
		Begun: time.Now()}}
	if u.all = append(u.all, up); len(u.all) > mostKept+mostUnderWay {
		u.all = slices.Delete(u.all, 0, len(u.all)-mostKept-mostUnderWay)
	}
	return up, nil
}

// ended frees the place of an account.
func (u *Uploads) ended(account pbx.Account) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.busy, account)
}

// Forget drops the uploads of an account that is gone, so that another one of its name does not
// see them.
func (u *Uploads) Forget(account pbx.Account) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all = slices.DeleteFunc(u.all, func(up *Upload) bool {
		s := up.Status()
		return s.By.Account == account || pbx.AccountOf(s.To.Reseller, s.To.Tenant) == account
	})
}

// List returns the uploads for which may is true, newest first.
func (u *Uploads) List(may func(Status) bool) (out []Status) {
	u.mu.Lock()
	all := slices.Clone(u.all)
	u.mu.Unlock()
	for _, up := range slices.Backward(all) {
		if s := up.Status(); may(s) {
			out = append(out, s)
		}
	}
	return out
}

// Run brings what Later was given, one after the other, until ctx ends.
func (u *Uploads) Run(ctx context.Context) error {
	for {
		select {
		case up := <-u.later:
			if err := up.Bring(ctx); err != nil && pbx.KindOf(err) == pbx.Internal && !errors.Is(err, context.Canceled) {
				u.o.Log.Error("bringing the numbers of a file", "upload", up.status.ID, "error", err)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
