package db

import (
	"context"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// GuardUsage is what was observed of calls outside on one day: of an extension, or with
// Extension "" of a whole tenant. Money is in thousandths of a unit.
type GuardUsage struct {
	Tenant, Extension string
	Day               string // 2026-11-29, in the tenant's zone
	Seconds, Spent    int64
	// LiftedSeconds and LiftedSpent are what there was when a block was lifted last.
	LiftedSeconds, LiftedSpent int64
	Told                       []string // alarms of the day, such as minutes_per_day:80
}

// GuardCountry is the first call of a tenant to a country.
type GuardCountry struct {
	Tenant, Country string
	First           time.Time
}

// GuardRows are rows to write: usage, calls under way, and calls that are not any more.
type GuardRows struct {
	Usage []GuardUsage
	Calls []pbx.Reservation
	Ended []pbx.Reservation // Channel and Number count
	// Countries are those that were called for the first time.
	Countries []GuardCountry
}

// GuardState returns all that was observed of calls outside.
func (db *DB) GuardState(ctx context.Context) (rows GuardRows, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		rows.Usage, err = query(ctx, tx, func(row scanner) (u GuardUsage, err error) {
			return u, row.Scan(&u.Tenant, &u.Extension, &u.Day, &u.Seconds, &u.Spent, &u.LiftedSeconds, &u.LiftedSpent,
				words{&u.Told})
		}, `SELECT tenant, coalesce(extension, ''), day, seconds, spent, lifted_seconds, lifted_spent, told FROM guard_usage`)
		if err != nil {
			return err
		}
		rows.Calls, err = query(ctx, tx, func(row scanner) (c pbx.Reservation, err error) {
			return c, row.Scan(&c.Channel, &c.Number, &c.Tenant, &c.Extension, instant{&c.Began}, &c.Seconds, &c.Price)
		}, `SELECT channel, number, tenant, extension, began, seconds, price FROM guard_calls`)
		if err != nil {
			return err
		}
		rows.Countries, err = query(ctx, tx, func(row scanner) (c GuardCountry, err error) {
			return c, row.Scan(&c.Tenant, &c.Country, instant{&c.First})
		}, `SELECT tenant, country, first FROM guard_countries`)
		return err
	})
	if err != nil {
		return rows, fmt.Errorf("reading what calls outside have used: %w", err)
	}
	return rows, nil
}

// WriteGuard writes rows in one transaction. Those of tenants and extensions that are gone
// are left out.
func (db *DB) WriteGuard(ctx context.Context, rows GuardRows) error {
	err := db.write(ctx, func(tx *Tx) error {
		for _, u := range rows.Usage {
			err := tx.exec(ctx, `INSERT INTO guard_usage (tenant, extension, day, seconds, spent, lifted_seconds, lifted_spent, told)
				SELECT ?1, nullif(?2, ''), ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM tenants WHERE name = ?1)
				AND (?2 = '' OR EXISTS (SELECT 1 FROM extensions WHERE tenant = ?1 AND number = ?2))
				ON CONFLICT (tenant, coalesce(extension, '')) DO UPDATE SET day = excluded.day, seconds = excluded.seconds,
				spent = excluded.spent, lifted_seconds = excluded.lifted_seconds, lifted_spent = excluded.lifted_spent,
				told = excluded.told`,
				u.Tenant, u.Extension, u.Day, u.Seconds, u.Spent, u.LiftedSeconds, u.LiftedSpent, words{&u.Told})
			if err != nil {
				return err
			}
		}
		for _, c := range rows.Countries {
			err := tx.exec(ctx, `INSERT OR IGNORE INTO guard_countries (tenant, country, first)
				SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM tenants WHERE name = ?1)`, c.Tenant, c.Country, millis(c.First))
			if err != nil {
				return err
			}
		}
		for _, c := range rows.Ended {
			if err := tx.exec(ctx, `DELETE FROM guard_calls WHERE channel = ? AND number = ?`, c.Channel, c.Number); err != nil {
				return err
			}
		}
		for _, c := range rows.Calls {
			err := tx.exec(ctx, `INSERT OR REPLACE INTO guard_calls (channel, number, tenant, extension, began, seconds, price)
				SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE EXISTS (SELECT 1 FROM tenants WHERE name = ?3)`,
				c.Channel, c.Number, c.Tenant, c.Extension, millis(c.Began), c.Seconds, c.Price)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing what calls outside have used: %w", err)
	}
	return nil
}
