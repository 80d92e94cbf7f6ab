package numberfile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// together is how many rows one statement asks for or brings.
	together = 2000
	// tries is how often an upload is checked anew after somebody else has brought a number of
	// it meanwhile.
	tries = 3
)

// Bring checks the rows that Read has found, and brings them: all or none, unless the order says
// otherwise. What is wrong is in the status; an error is about the upload as a whole.
func (u *Upload) Bring(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if !u.order.DryRun {
		select {
		case u.of.writing <- struct{}{}:
			defer func() { <-u.of.writing }()
		case <-ctx.Done():
			return u.end(Failed, ctx.Err())
		}
		u.change(func(s *Status) { s.State = Writing })
	}
	err := db.ErrNumberTaken
	for try := 0; errors.Is(err, db.ErrNumberTaken) && try < tries; try++ {
		if err = u.check(ctx); err != nil {
			return u.end(Failed, err)
		}
		s := u.Status()
		switch {
		case s.WrongRows > 0 && !u.order.GoodOnly && !u.order.DryRun:
			return u.end(Refused, nil)
		case u.order.DryRun || len(u.good) == 0:
			u.change(func(s *Status) { s.Added = len(u.good) })
			return u.end(Done, nil)
		}
		err = u.write(ctx)
	}
	if errors.Is(err, db.ErrNumberTaken) {
		err = pbx.Conflictf("", "others bring the same numbers at this moment: try again")
	}
	if err != nil {
		return u.end(Failed, err)
	}
	u.change(func(s *Status) { s.Added = len(u.good) })
	u.of.o.Changed()
	return u.end(Done, nil)
}

// check moves the rows that cannot be brought from the good ones to the wrong ones. It reads a
// snapshot: no writer waits for it.
func (u *Upload) check(ctx context.Context) error {
	return u.of.o.DB.ViewAs(ctx, u.status.By, func(tx *db.Tx) error {
		up, err := tx.UploadNumbers(ctx, u.order.To, u.order.VoiceCarrier, u.order.SMSProfile)
		if err != nil {
			return err
		}
		room, full, err := up.Room(ctx)
		if err != nil {
			return err
		}
		good := u.good[:0]
		for part := range slices.Chunk(u.good, together) {
			taken, err := up.Taken(ctx, numbersOf(part))
			if err != nil {
				return err
			}
			for _, row := range part {
				says := ""
				switch {
				case taken[row.Number]:
					says = fmt.Sprintf("number %s belongs to an account already", row.Number)
				case room >= 0 && len(good) >= room:
					says = full.Sentence()
				default:
					good = append(good, row)
					continue
				}
				u.change(func(s *Status) { s.fault(row.line, Fault{Column: columnNumber, Message: says}) })
			}
		}
		u.good = good
		return nil
	})
}

func numbersOf(rows []goodRow) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.Number
	}
	return out
}

// write brings the good rows in one transaction, all or none. They come in the order of their
// numbers, in which the database keeps them.
func (u *Upload) write(ctx context.Context) error {
	rows := make([]db.UploadRow, len(u.good))
	for i, r := range u.good {
		rows[i] = r.UploadRow
	}
	slices.SortFunc(rows, func(a, b db.UploadRow) int { return cmp.Compare(a.Number, b.Number) })
	_, err := u.of.o.DB.Update(ctx, u.status.By, func(tx *db.Tx) error {
		up, err := tx.UploadNumbers(ctx, u.order.To, u.order.VoiceCarrier, u.order.SMSProfile)
		if err != nil {
			return err
		}
		if room, full, err := up.Room(ctx); err != nil {
			return err
		} else if room >= 0 && len(rows) > room {
			return full
		}
		for part := range slices.Chunk(rows, together) {
			if err := up.Bring(ctx, part); err != nil {
				return err
			}
		}
		return up.Done(ctx)
	})
	return err
}
