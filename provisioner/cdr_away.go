package provisioner

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

	"github.com/dialtone-pbx/dialtone/ami"
	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/asteriskconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// awayEvery is how often Asterisk's lines are read.
	awayEvery = 5 * time.Second
	// awaySettle is how long a file lies still after it was taken away: Asterisk opens it
	// for each line, and may have done so just before.
	awaySettle = time.Second
	// awayAfter is how long after the end of a call all its lines are written, and the
	// record of a call that was seen.
	awayAfter = 3 * time.Second
	// lineBatch and callBatch bound what one transaction writes.
	lineBatch = 500
	callBatch = 200
)

// takenSuffix names the file that was taken away from Asterisk.
const takenSuffix = ".taken"

// awayCalls makes records of calls that nobody saw end, because the controller was away
// or its connection cut: Asterisk itself writes a line for each of its own records
// (cdr_custom), into a file that stays when we do not.
//
// The file is taken away by a rename, its lines go into the database, then it is deleted;
// a call gets its record, and loses its lines, in one transaction, and none when it has
// one or is under way. So a crash between any two steps loses nothing and doubles
// nothing: what was read is read again, and finds itself there.
type awayCalls struct {
	db      *db.DB
	log     *slog.Logger
	path    string // of the file; "" where this machine does not see it
	records *callRecorder
	// underWay returns the ids of all calls under way, or false where some may be unknown.
	underWay func() (calls map[string]bool, known bool)
	snapshot func() *pbx.Snapshot
	wake     chan struct{}
	pause    func(context.Context, time.Duration) error // tests do not wait

	warned  string        // what was warned of last; of run alone
	skipped atomic.Uint64 // stretches of the file that were no lines
	made    atomic.Uint64 // records
}

func newAwayCalls(path string, r *callRecorder, underWay func() (map[string]bool, bool), snapshot func() *pbx.Snapshot) *awayCalls {
	return &awayCalls{db: r.db, log: r.log, path: path, records: r, underWay: underWay, snapshot: snapshot, wake: make(chan struct{}, 1), pause: pause}
}

// nudge asks for a pass at once.
func (a *awayCalls) nudge() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// live asks for a pass: only now is it known which calls are under way.
func (a *awayCalls) live(context.Context, *ami.Session) { a.nudge() }

// run makes a pass at every connect, and now and then, until ctx ends. Without a
// connection it waits: which calls are under way is not known.
func (a *awayCalls) run(ctx context.Context) error {
	if a.path == "" {
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

// warn says once what is wrong, and that it is over.
func (a *awayCalls) warn(err error) {
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

// pass reads what Asterisk has written, and makes records of the calls that were over when
// it began: those begun by then that were not under way. Their lines are all there,
// because the file is taken away a while later; one that was left from before is not the
// last.
func (a *awayCalls) pass(ctx context.Context) error {
	began := time.Now()
	underWay, known := a.underWay()
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

// take takes the file away from Asterisk, unless one that was taken before is still there:
// then it is not fresh.
func (a *awayCalls) take() (fresh bool, err error) {
	if !a.nothingTaken() {
		return false, nil
	}
	if err := os.Rename(a.path, a.path+takenSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("taking Asterisk's lines of calls: %w", err)
	}
	return true, nil
}

func (a *awayCalls) nothingTaken() bool {
	_, err := os.Lstat(a.path + takenSuffix)
	return errors.Is(err, fs.ErrNotExist)
}

// keepLines brings the file's lines into the database and deletes it.
func (a *awayCalls) keepLines(ctx context.Context) error {
	f, err := os.Open(a.path + takenSuffix)
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

// finish makes records of the calls whose lines ended before a time and that were not
// under way then, a batch at a time.
func (a *awayCalls) finish(ctx context.Context, before time.Time, underWay map[string]bool) error {
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
			if r := recordOfLines(a.snapshot(), call); r != nil {
				records = append(records, r)
			}
		}
		if err := a.store(ctx, records, over); err != nil {
			return err
		}
	}
}

func (a *awayCalls) store(ctx context.Context, records []*pbx.CDR, over []string) error {
	a.records.nameRecordings(records)
	stored, err := a.db.EndCDRLines(ctx, records, over)
	if err != nil || len(stored) == 0 {
		return err
	}
	a.made.Add(uint64(len(stored)))
	a.records.tookAway(stored)
	a.log.Info("calls that ended while Dialtone was away have their records now", "calls", len(stored))
	return nil
}

// AwayCalls returns how many bytes of lines Asterisk has written that nobody has read,
// how many records were made of such lines, and how many stretches were no lines.
func (c *Controller) AwayCalls() (waiting int64, made, skipped uint64) {
	a := c.away
	for _, path := range []string{a.path, a.path + takenSuffix} {
		if info, err := os.Stat(path); a.path != "" && err == nil {
			waiting += info.Size()
		}
	}
	return waiting, a.made.Load(), a.skipped.Load()
}
