package cdr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// awayEvery is how often Asterisk's lines are read.
	awayEvery = 5 * time.Second
	// awaySettle is how long a file is left alone after it was taken away. Asterisk opens
	// it for each line, and may have done so just before.
	awaySettle = time.Second
	// awayAfter is the time after which all lines of an ended call are written. By the same
	// time the record of a call that was seen is written.
	awayAfter = 3 * time.Second
	// lineBatch and callBatch bound one transaction.
	lineBatch = 500
	callBatch = 200
)

// takenSuffix names the file that was taken away from Asterisk.
const takenSuffix = ".taken"

// Away makes records of calls that ended while the controller was away or disconnected.
// Asterisk writes a line for each of its own records (cdr_custom) into a file.
//
// The file is renamed, its lines go into the database, then it is deleted. In one transaction a
// call gets its record and loses its lines; one that has a record or is under way gets none.
// So a crash between any two steps loses nothing and doubles nothing: lines that are read
// again are there already.
type Away struct {
	o    AwayOptions
	db   *db.DB
	log  *slog.Logger
	wake chan struct{}
	// pause waits, or returns the error of ctx once it has ended. Tests do not wait.
	pause func(ctx context.Context, d time.Duration) error

	warned  string        // the last warning; of run alone
	skipped atomic.Uint64 // stretches of the file that were no lines
	made    atomic.Uint64 // records
}

// AwayOptions are what Away needs. All fields but File and Found are required.
type AwayOptions struct {
	File    string // that Asterisk writes its lines to; "" where this machine does not see it
	Records *Recorder
	// UnderWay returns the ids of all calls under way. It is false where some may be
	// unknown.
	UnderWay func() (calls map[string]bool, known bool)
	Snapshot func() *pbx.Snapshot
	// Found takes records before they are stored, once more after a crash.
	Found func(context.Context, []*pbx.CDR) error
}

// NewAway returns it; Run starts the loop.
func NewAway(o AwayOptions) *Away {
	return &Away{o: o, db: o.Records.db, log: o.Records.log, wake: make(chan struct{}, 1), pause: pause}
}

// Nudge asks for a pass at once. It is called after a connect, when the calls under way are
// known.
func (a *Away) Nudge() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Run makes a pass at every connect, and now and then, until ctx ends. Without a
// connection it waits: which calls are under way is not known.
func (a *Away) Run(ctx context.Context) error {
	if a.o.File == "" {
		return nil
	}
	tick := time.NewTicker(awayEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-a.wake:
		}
		err := a.pass(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a.warn(err)
	}
}

// warn logs a fault once, and its end.
func (a *Away) warn(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text == a.warned {
		return
	}
	if a.warned = text; err != nil {
		a.log.Warn("calls that end while Dialtone is away have no record; see dialtone doctor", "error", err)
	} else {
		a.log.Info("calls that end while Dialtone is away have their records again")
	}
}

// pass makes records of the calls that had ended when it began. It reads Asterisk's lines.
// It takes the file away a while later, so all lines of these calls are in it. If a file
// was left from an earlier pass, that one is read first, and then the present one.
func (a *Away) pass(ctx context.Context) error {
	began := time.Now()
	underWay, known := a.o.UnderWay()
	if !known {
		return nil
	}
	if err := a.pause(ctx, awayAfter); err != nil {
		return err
	}
	for last := false; !last; {
		fresh, err := a.take()
		if err != nil {
			return err
		}
		if last = fresh; fresh && a.nothingTaken() {
			break
		}
		if err := a.pause(ctx, awaySettle); err != nil {
			return err
		}
		if err := a.keepLines(ctx); err != nil {
			return err
		}
	}
	return a.finish(ctx, began, underWay)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take renames the file, so that Asterisk begins another one. It reports false while a file
// from an earlier pass is still there.
func (a *Away) take() (fresh bool, err error) {
	if !a.nothingTaken() {
		return false, nil
	}
	if err := os.Rename(a.o.File, a.o.File+takenSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("taking Asterisk's lines of calls: %w", err)
	}
	return true, nil
}

func (a *Away) nothingTaken() bool {
	_, err := os.Lstat(a.o.File + takenSuffix)
	return errors.Is(err, fs.ErrNotExist)
}

// keepLines brings the file's lines into the database and deletes it.
func (a *Away) keepLines(ctx context.Context) error {
	f, err := os.Open(a.o.File + takenSuffix)
	if err != nil {
		return fmt.Errorf("reading Asterisk's lines of calls: %w", err)
	}
	defer f.Close()
	in := asteriskconf.NewCDRLines(f)
	for batch, end := []pbx.CDRLine(nil), false; !end; batch = batch[:0] {
		for len(batch) < lineBatch && !end {
			line, err := in.Next()
			switch {
			case err == nil:
				batch = append(batch, line)
			case errors.Is(err, io.EOF):
				end = true
			default:
				return err
			}
		}
		if err := a.db.AddCDRLines(ctx, batch); err != nil {
			return err
		}
	}
	if n := in.Skipped(); n > 0 {
		a.skipped.Add(uint64(n))
		a.log.Warn("parts of Asterisk's lines of calls cannot be read; was its disk full?", "parts", n)
	}
	if err := os.Remove(f.Name()); err != nil {
		return fmt.Errorf("deleting Asterisk's lines of calls: %w", err)
	}
	return nil
}

// finish makes records of calls that were not under way at a given time. The lines of these
// calls ended before it. A batch is written at a time.
func (a *Away) finish(ctx context.Context, before time.Time, underWay map[string]bool) error {
	for after := ""; ; {
		lines, err := a.db.CDRLines(ctx, after, before, callBatch)
		if err != nil || len(lines) == 0 {
			return err
		}
		after = lines[len(lines)-1].Call
		var records []*pbx.CDR
		var over []string
		for len(lines) > 0 {
			n := slices.IndexFunc(lines, func(l pbx.CDRLine) bool { return l.Call != lines[0].Call })
			if n < 0 {
				n = len(lines)
			}
			call := lines[:n]
			lines = lines[n:]
			if underWay[call[0].Call] {
				continue
			}
			over = append(over, call[0].Call)
			if r := recordOfLines(a.o.Snapshot(), call); r != nil {
				records = append(records, r)
			}
		}
		if err := a.store(ctx, records, over); err != nil {
			return err
		}
	}
}

func (a *Away) store(ctx context.Context, records []*pbx.CDR, over []string) error {
	if a.o.Found != nil {
		if err := a.o.Found(ctx, records); err != nil {
			return err
		}
	}
	a.o.Records.nameRecordings(records)
	stored, err := a.db.EndCDRLines(ctx, records, over)
	if err != nil || len(stored) == 0 {
		return err
	}
	a.made.Add(uint64(len(stored)))
	a.o.Records.countAway(stored)
	a.log.Info("calls that ended while Dialtone was away have their records now", "calls", len(stored))
	return nil
}

// Counts returns the backlog and the results since the start. These are the bytes of lines
// that wait to be read, the records made of lines, and the stretches of the file that could
// not be read.
func (a *Away) Counts() (waiting int64, made, skipped uint64) {
	for _, path := range []string{a.o.File, a.o.File + takenSuffix} {
		if info, err := os.Stat(path); a.o.File != "" && err == nil {
			waiting += info.Size()
		}
	}
	return waiting, a.made.Load(), a.skipped.Load()
}
