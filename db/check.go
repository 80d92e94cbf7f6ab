package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"syscall"
	"time"
)

// checkTimeout bounds Check when its context has no deadline.
const checkTimeout = 10 * time.Minute

// mostDamages is how many damages Check names.
const mostDamages = 10

// Check reads the whole file and returns what is damaged in it, in the words of SQLite
// (PRAGMA quick_check). A damaged page is noticed otherwise when it is used, which may be
// months later. It reads while others write.
func (db *DB) Check(ctx context.Context) (damages []string, err error) { return check(ctx, db.reader) }

// CheckFile is Check of a file that another program may have open. It changes nothing.
func CheckFile(ctx context.Context, path string) ([]string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("checking the database: %w", err)
	}
	pool, err := openPool(path, 1, url.Values{"mode": {"ro"}, "_busy_timeout": {"4000"}})
	if err != nil {
		return nil, fmt.Errorf("checking the database: %w", err)
	}
	damages, err := check(ctx, pool)
	return damages, errors.Join(err, pool.Close())
}

func check(ctx context.Context, pool *sql.DB) (damages []string, err error) {
	ctx, cancel := withDeadline(ctx, checkTimeout)
	defer cancel()
	rows, err := pool.QueryContext(ctx, fmt.Sprintf(`PRAGMA quick_check(%d)`, mostDamages))
	if err != nil {
		return nil, fmt.Errorf("checking the database: %w", translate(err))
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, fmt.Errorf("checking the database: %w", translate(err))
		}
		if line != "ok" {
			damages = append(damages, line)
		}
	}
	if err := rows.Err(); err != nil {
		return damages, fmt.Errorf("checking the database: %w", translate(err))
	}
	return damages, nil
}

// enoughRoom is how many bytes must be free beside the database for changes to go on: more
// than the write-ahead log grows in an hour of a large installation.
const enoughRoom = 16 << 20

// Room returns an Unavailable error while the disk of the database is full or nearly so.
func (db *DB) Room() error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(db.path), &disk); err != nil {
		return fmt.Errorf("looking how full the disk is: %w", err)
	}
	if free := disk.Bavail * uint64(disk.Bsize); free < enoughRoom {
		return unavailable(fmt.Sprintf("the disk of the database is full: %d KiB are free", free>>10), nil)
	}
	return nil
}
