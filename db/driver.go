package db

import (
	"database/sql"
	"fmt"
	"sync"

	"github.com/mattn/go-sqlite3"
)

// driverName is the SQLite driver with keepCompanions.
const driverName = "sqlite3-dialtone"

// registerDriver makes driverName known to database/sql.
var registerDriver = sync.OnceFunc(func() {
	sql.Register(driverName, &sqlite3.SQLiteDriver{ConnectHook: keepCompanions})
})

// walLimit is how large the write-ahead log may stay between two uses, in bytes. While the
// program does not run it is empty.
const walLimit = 16 << 20

// keepCompanions leaves the files -wal and -shm in place when the database is closed. A
// start on a full disk could not make them: the program would not come up at all, where it
// can answer calls and phones as it does when the disk fills up while it runs.
func keepCompanions(c *sqlite3.SQLiteConn) error {
	if err := c.SetFileControlInt("main", sqlite3.SQLITE_FCNTL_PERSIST_WAL, 1); err != nil {
		return fmt.Errorf("keeping the companions of the database: %w", err)
	}
	if _, err := c.Exec(fmt.Sprintf("PRAGMA journal_size_limit = %d", walLimit), nil); err != nil {
		return fmt.Errorf("bounding the write-ahead log: %w", err)
	}
	return nil
}
