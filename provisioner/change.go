package provisioner

import (
	"context"

	"github.com/dialtone-pbx/dialtone/db"
)

// Changes returns the audit trail, newest first.
func (c *Controller) Changes(ctx context.Context, f db.ChangeFilter) ([]db.Change, error) {
	return c.db.Changes(ctx, f)
}

// Revision returns the number of the newest configuration.
func (c *Controller) Revision(ctx context.Context) (int64, error) { return c.db.Revision(ctx) }
