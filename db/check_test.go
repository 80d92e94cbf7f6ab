package db

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// filled is a closed database with many rows.
func filled(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "x.db")
	db, err := Open(t.Context(), path, Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	fill(t, db)
	rename(t, db, 200, "Name")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// zero overwrites pages of a file. The first page has number 0.
func zero(t *testing.T, path string, from, to int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const page = 4096
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for at := from * page; at < min(to*page, info.Size()); at += page {
		if _, err := f.WriteAt(make([]byte, page), at); err != nil {
			t.Fatal(err)
		}
	}
}

// A damage that nothing has met yet is found, wherever it is, and each error that it causes
// names the way out.
func TestDamageIsFoundAndNamed(t *testing.T) {
	whole := filled(t)
	if got, err := CheckFile(t.Context(), whole); err != nil || len(got) > 0 {
		t.Errorf("a whole file: %v %v", got, err)
	}
	info, err := os.Stat(whole)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for page := int64(1); page < info.Size()/4096; page += 7 {
		path := filepath.Join(t.TempDir(), "x.db")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		zero(t, path, page, page+1)
		got, err := CheckFile(t.Context(), path)
		if err == nil && len(got) == 0 {
			t.Errorf("page %d of zeros is not found", page)
		}
		if err != nil && (pbx.KindOf(err) != pbx.Unavailable || !strings.Contains(err.Error(), "dialtone restore")) {
			t.Errorf("page %d of zeros: %v", page, err)
		}
	}
	path := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, Options{}); err == nil || !strings.Contains(err.Error(), "dialtone restore") {
		t.Errorf("opening what is no database: %v", err)
	}
}

func TestUseOfADamagedTableNamesTheWayOut(t *testing.T) {
	path := filled(t)
	root := openAt(t, path, Options{NoSync: true})
	page, err := strconv.ParseInt(rawQuery(t, root, `SELECT rootpage FROM sqlite_schema WHERE name = 'mailboxes'`)[0], 10, 64)
	if err := errors.Join(err, root.Close()); err != nil {
		t.Fatal(err)
	}
	zero(t, path, page-1, page)
	db := openAt(t, path, Options{NoSync: true}) // the start does not notice
	_, err = db.Update(t.Context(), tester, func(tx *Tx) error { return tx.PutMailbox(context.Background(), sampleMailbox()) })
	if pbx.KindOf(err) != pbx.Unavailable || !strings.Contains(err.Error(), "the database file is damaged") {
		t.Errorf("%v", err)
	}
	if got, err := db.Check(t.Context()); err == nil && len(got) == 0 {
		t.Error("the open database looks whole")
	}
}

// A start on a full disk can make no file. What it needs is there, and empty.
func TestCompanionsStayWhenTheDatabaseIsClosed(t *testing.T) {
	path := filled(t)
	for suffix, want := range map[string]func(int64) bool{
		"-wal": func(n int64) bool { return n == 0 }, "-shm": func(n int64) bool { return n >= 32<<10 }} {
		if info, err := os.Stat(path + suffix); err != nil || !want(info.Size()) || info.Mode() != 0o600 {
			t.Errorf("%s: %v %v", suffix, info, err)
		}
	}
}

func TestCalendarIsNotFooledByAJump(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	age(t, db, time.Hour)
	c, err := db.NewCalendar(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	start := c.started
	newest := start.Add(-time.Hour)
	wall := func(d time.Duration) time.Time { return start.Round(0).Add(d) } // without the monotonic reading
	for _, s := range []struct {
		name    string
		newest  time.Time
		started time.Time
		now     time.Time
		want    time.Time
	}{
		{"at the start", newest, start, start, start},
		{"a hundred days later", newest, start, start.Add(100 * day), start.Add(100 * day)},
		{"after a week of rest", start.Add(-6 * day), start, start.Add(day), start.Add(day)},
		{"nothing recorded yet", time.Time{}, start, start.Add(day), start.Add(day)},
		{"a clock a year ahead at the start", start.Add(-366 * day), start, start, start.Add(-366 * day).Add(idleFor)},
		{"and a day later", start.Add(-366 * day), start, start.Add(day), start.Add(-365 * day).Add(idleFor)},
		{"a clock behind", newest, start, wall(-400 * day), wall(-400 * day)},
	} {
		c := Calendar{newest: s.newest, started: s.started}
		if got, ahead := c.today(s.now); !got.Equal(s.want) || (ahead > 0) != s.want.Before(s.now) {
			t.Errorf("%s: %v, ahead %v; want %v", s.name, got, ahead, s.want)
		}
	}
	if got := c.newest; got.Before(newest.Add(-time.Minute)) || got.After(start) {
		t.Errorf("the newest record is of %v, not of about %v", got, newest)
	}
}

// The disks of tests have room.
func TestRoom(t *testing.T) {
	if err := openDB(t, Options{}).Room(); err != nil {
		t.Error(err)
	}
	gone := &DB{path: filepath.Join(t.TempDir(), "gone", "x.db")}
	if err := gone.Room(); err == nil {
		t.Error("a folder that is not there has room")
	}
}
