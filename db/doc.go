// Package db keeps Dialtone's state in one SQLite file. That is the configuration with its
// revisions and audit trail, API tokens, the results of applying, and observed state
// (endpoint status, fetches of phones) in tables of its own.
//
// It owns the file, its schema and migrations, every SQL statement, and the
// references between objects. What a single value may be is pbx's to say; callers
// validate before they write. The file holds secrets in clear text, because
// Asterisk and phones need them so: it is created with mode 0600 and an existing
// one is narrowed to that. It may import pbx.
//
// Configuration is written through Update only, one file a resource. Everything
// that one Update changes makes one revision. Observed state and housekeeping
// have methods on DB, make no revision, and are never read to build a snapshot.
//
// SQLite allows one writer. There is one writing connection, whose transactions
// take the write lock when they begin, so that nothing here ever meets
// SQLITE_BUSY from itself; readers see a snapshot of their own and never wait.
package db
