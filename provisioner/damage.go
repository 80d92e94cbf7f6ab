package provisioner

import (
	"context"
	"time"
)

// checkEvery is how often the whole database is read.
const checkEvery = 24 * time.Hour

// Damages returns what is damaged in the database, as the last check found it.
func (c *Controller) Damages() []string {
	if found := c.damages.Load(); found != nil {
		return *found
	}
	return nil
}

// Room returns an error while the disk of the database is full. Calls and phones go on then;
// changes do not.
func (c *Controller) Room() error { return c.db.Room() }

// checkDatabase looks at the start, beside everything else, and then once a day.
func (c *Controller) checkDatabase(ctx context.Context) error {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		if err := c.db.Room(); err != nil {
			c.log.Error("changes may be refused until there is room", "error", err)
		}
		found, err := c.db.Check(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case len(found) > 0:
			c.damages.Store(&found)
			c.log.Error("the database is damaged: stop Dialtone and put a backup in its place with dialtone restore",
				"damages", found)
		case err != nil:
			found = []string{err.Error()}
			c.damages.Store(&found)
			c.log.Error("the database cannot be checked", "error", err)
		default:
			c.damages.Store(&found)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
