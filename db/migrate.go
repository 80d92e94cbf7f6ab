package db

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema to the version this program knows. Each migration is
// one transaction, except those marked NO TRANSACTION: rebuilding a table needs
// foreign_keys off, which SQLite ignores inside one.
func (db *DB) migrate(ctx context.Context) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	return db.migrateBy(ctx, dir)
}

// migrateBy carries out the migrations of dir that the file does not have. It goes by their
// numbers; the rest of a migration's name means nothing. A number below one that was
// carried out already is still carried out: branches take numbers before they meet.
func (db *DB) migrateBy(ctx context.Context, dir fs.FS) error {
	p, err := goose.NewProvider(goose.DialectSQLite3, db.writer, dir,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()),
		goose.WithAllowOutofOrder(true))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	has, knows, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading the version of the schema: %w", err)
	}
	if has > knows {
		return fmt.Errorf("the file has schema version %d and this program knows %d: run the newer program, or restore a backup", has, knows)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating from schema version %d to %d: %w", has, knows, err)
	}
	return nil
}
