package provisioner

import (
	"context"
	"net/url"
	"time"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/application"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newApplications(c *Controller) *Resource[pbx.Application] {
	return &Resource[pbx.Application]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).Application, list: (*db.Tx).Applications, put: (*db.Tx).PutApplication,
		del:      (*db.Tx).DeleteApplication,
		revision: func(a *pbx.Application) int64 { return a.Revision },
		validate: func(a *pbx.Application) error {
			if err := a.Validate(); err != nil {
				return err
			}
			var es pbx.Errors
			if u, err := url.Parse(a.URL); err == nil {
				es.Add(c.Asker.Check("url", u))
			}
			return es.Err()
		},
		saved: func(old, a *pbx.Application) {
			if old != nil && old.URL != a.URL {
				c.Asker.Forget(old.Tenant, old.Name)
			}
		},
		deleted: func(_ context.Context, a *pbx.Application, _ bool) { c.Asker.Forget(a.Tenant, a.Name) },
	}
}

// ApplicationErrors returns the last errors of an application, newest first.
func (c *Controller) ApplicationErrors(ctx context.Context, tenant, name string) ([]application.Failure, error) {
	if _, err := c.Applications.Get(ctx, tenant, name); err != nil {
		return nil, err
	}
	return c.Asker.Failures(tenant, name), nil
}

// TestApplication asks an application about a call that there is not. It returns the verbs of the
// answer and how long that took.
func (c *Controller) TestApplication(ctx context.Context, tenant, name string) ([]pbx.Verb, time.Duration, error) {
	a, err := c.Applications.Get(ctx, tenant, name)
	if err != nil {
		return nil, 0, err
	}
	began := time.Now()
	verbs, err := c.Asker.Test(ctx, a)
	return verbs, time.Since(began), err
}
