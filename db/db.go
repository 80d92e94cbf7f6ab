package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// DefaultTimeout bounds a transaction if its context has no deadline.
	DefaultTimeout = 5 * time.Second
	// openTimeout bounds Open, migrations included.
	openTimeout = 5 * time.Minute
	// defaultBusyTimeout is below DefaultTimeout. So the answer is "locked" and not "too
	// slow" when another process holds the lock.
	defaultBusyTimeout = 4 * time.Second
	readers            = 4
	cachedStatements   = "64"
)

// Options are the choices of Open. The zero value is what production uses.
type Options struct {
	// BusyTimeout is how long a write waits for another process's lock. Such a process is a
	// copying tool or a shell. 0 means 4 s.
	BusyTimeout time.Duration
	// NoSync does not wait for the disk. A power cut may lose acknowledged changes, or the
	// file. For tests that are not about that.
	NoSync bool
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	path   string
	writer *sql.DB // one connection
	reader *sql.DB // read-only connections
}

// Open opens the database at path and migrates it. A missing file is created with mode
// 0600, and a database without tenants gets the tenant "default". It refuses a file that a
// newer Dialtone has migrated.
func Open(ctx context.Context, path string, opts Options) (*DB, error) {
	ctx, cancel := withDeadline(ctx, openTimeout)
	defer cancel()
	db, err := open(ctx, path, opts)
	if err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", path, translate(err))
	}
	return db, nil
}

func open(ctx context.Context, path string, opts Options) (_ *DB, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	db := &DB{path: path}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if err := db.connect(opts); err != nil {
		return nil, err
	}
	if err := db.migrate(ctx); err != nil {
		return nil, err
	}
	if err := db.guessKinds(ctx); err != nil {
		return nil, err
	}
	return db, db.makeDefaultTenant(ctx)
}

// makePrivate creates the file or narrows an existing one. It never opens an
// existing one: closing any descriptor of a file drops all POSIX locks that this
// process holds on it (sqlite.org/howtocorrupt.html, 2.2).
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	for _, p := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(p)
		if errors.Is(err, fs.ErrNotExist) && p != path {
			continue
		}
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a file", p)
		}
		if info.Mode().Perm()&0o077 != 0 {
			if err := os.Chmod(p, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// connect makes the two pools; connections open at first use. The driver ignores
// sql.TxOptions.ReadOnly, hence a pool for each kind. Pragmas are part of the
// address because only so every pooled connection has them.
func (db *DB) connect(opts Options) (err error) {
	busy := opts.BusyTimeout
	if busy == 0 {
		busy = defaultBusyTimeout
	}
	common := url.Values{
		"_busy_timeout":    {strconv.FormatInt(busy.Milliseconds(), 10)},
		"_foreign_keys":    {"on"},
		"_stmt_cache_size": {cachedStatements},
	}
	// The driver is built to weaken synchronous to NORMAL in WAL mode. FULL means that an
	// acknowledged change survives a power cut.
	sync := "FULL"
	if opts.NoSync {
		sync = "OFF"
	}
	db.writer, err = openPool(db.path, 1, common, url.Values{
		"_journal_mode": {"WAL"}, "_txlock": {"immediate"}, "_synchronous": {sync}})
	if err != nil {
		return err
	}
	db.reader, err = openPool(db.path, readers, common, url.Values{"mode": {"ro"}})
	return err
}

func openPool(path string, conns int, params ...url.Values) (*sql.DB, error) {
	query := url.Values{}
	for _, p := range params {
		for k, v := range p {
			query[k] = v
		}
	}
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}
	registerDriver()
	pool, err := sql.Open(driverName, dsn.String())
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool, nil
}

// Close waits for running transactions and closes the file. The writer goes last:
// the last connection moves the write-ahead log into the file.
func (db *DB) Close() error {
	var errs []error
	for _, pool := range []*sql.DB{db.reader, db.writer} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing the database: %w", err)
	}
	return nil
}

// makeDefaultTenant gives a new database the tenant every installation has.
func (db *DB) makeDefaultTenant(ctx context.Context) error {
	_, err := db.Update(ctx, pbx.Author{Actor: "dialtone"}, func(tx *Tx) error {
		have, err := tx.has(ctx, `SELECT 1 FROM tenants LIMIT 1`)
		if err != nil || have {
			return err
		}
		return tx.CreateTenant(ctx, &pbx.Tenant{Name: pbx.DefaultTenant, Timezone: "UTC",
			MaxCalls: pbx.DefaultTenantCalls, MaxTexts: pbx.DefaultTextsPerDay, PhonePassword: pbx.RandomSecret(10)})
	})
	return err
}

// withDeadline bounds ctx by d when it has no deadline of its own.
func withDeadline(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
