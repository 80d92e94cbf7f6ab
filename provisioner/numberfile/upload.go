package numberfile

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Upload is one file on its way. Read comes first, then Bring or Later.
type Upload struct {
	of    *Uploads
	order Order
	good  []goodRow
	left  bool // to Later

	mu     sync.Mutex
	status Status
}

// goodRow is a row that can be brought as far as the file tells.
type goodRow struct {
	db.UploadRow
	line int
}

// Status returns how far the upload is.
func (u *Upload) Status() Status {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.status
	s.Wrong = slices.Clone(s.Wrong)
	return s
}

func (u *Upload) change(how func(*Status)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	how(&u.status)
}

// end ends the upload, which then holds no rows and no place any more.
func (u *Upload) end(state State, err error) error {
	u.good = nil
	u.change(func(s *Status) {
		slices.SortStableFunc(s.Wrong, func(a, b Fault) int { return cmp.Compare(a.Row, b.Row) })
		s.State, s.Ended = state, time.Now()
		if state != Done {
			s.Added = 0
		}
		if err != nil {
			s.Problem = sentenceOf(err)
		}
	})
	u.of.ended(u.status.By.Account)
	return err
}

// Close ends an upload that has not ended and was not left to Later.
func (u *Upload) Close() {
	if !u.left && u.Status().Ended.IsZero() {
		_ = u.end(Failed, context.Canceled)
	}
}

// Read reads the file and notes what is wrong in it. After an error the upload has ended; an
// Invalid error is about the file as a whole.
func (u *Upload) Read(ctx context.Context, file io.Reader) error {
	rows, columns, err := openFile(file)
	if err == nil {
		err = u.ask(ctx) // before the rest is sent in vain
	}
	if err == nil {
		err = u.read(rows, columns)
	}
	if err != nil {
		return u.end(Failed, err)
	}
	u.change(func(s *Status) { s.State = Waiting })
	return nil
}

// ask refuses what no file could bring.
func (u *Upload) ask(ctx context.Context) error {
	return u.of.o.DB.ViewAs(ctx, u.status.By, func(tx *db.Tx) error {
		_, err := tx.UploadNumbers(ctx, u.order.To, u.order.VoiceCarrier, u.order.SMSProfile)
		return err
	})
}

// read reads row after row and notes what is wrong.
func (u *Upload) read(rows *csv.Reader, columns map[string]int) error {
	lines := map[string]int{}
	for n := 1; ; n++ {
		cells, err := rows.Read()
		var broken *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &broken): // where the next row begins is not known
			u.wrong(broken.Line, Fault{Message: "the row cannot be read: " + broken.Err.Error()})
			return nil
		case err != nil:
			return fmt.Errorf("reading the file: %w", err)
		case blank(cells):
			continue
		case n > MaxRows:
			return pbx.Refusedf("file", "the file has more than %d rows: split it", MaxRows)
		}
		line, _ := rows.FieldPos(0)
		row, faults := readRow(cells, columns)
		if first := lines[row.Number]; first > 0 && len(faults) == 0 {
			faults = []Fault{{Column: columnNumber,
				Message: fmt.Sprintf("number %s stands in row %d already", row.Number, first)}}
		}
		if len(faults) > 0 {
			u.wrong(line, faults...)
			continue
		}
		lines[row.Number] = line
		u.good = append(u.good, goodRow{row, line})
		u.change(func(s *Status) { s.Rows++ })
	}
}

// wrong notes what is wrong in one row that was read.
func (u *Upload) wrong(line int, faults ...Fault) {
	u.change(func(s *Status) {
		s.Rows++
		s.fault(line, faults...)
	})
}

func (s *Status) fault(line int, faults ...Fault) {
	s.WrongRows++
	for _, f := range faults {
		if f.Row = line; len(s.Wrong) < maxFaults {
			s.Wrong = append(s.Wrong, f)
		}
	}
}

// Later leaves Bring to Uploads.Run.
func (u *Upload) Later() {
	u.left = true
	u.of.later <- u // it has room for all that are under way
}

// sentenceOf is the text of an error for people; what is inside stays in the log.
func sentenceOf(err error) string {
	var one *pbx.Error
	switch {
	case errors.As(err, &one):
		return one.Sentence()
	case errors.Is(err, context.Canceled):
		return "it was given up"
	}
	return "something went wrong inside Dialtone; its log has the cause"
}
