package provisioner

import (
	"context"
	"io"
	"maps"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

func newAnnouncements(c *Controller) *Resource[pbx.Announcement] {
	return &Resource[pbx.Announcement]{
		db: c.db, changed: c.Apply.Nudge,
		get: (*db.Tx).Announcement, list: (*db.Tx).Announcements, put: (*db.Tx).PutAnnouncement,
		del:      (*db.Tx).DeleteAnnouncement,
		revision: func(a *pbx.Announcement) int64 { return a.Revision },
		validate: (*pbx.Announcement).Validate,
		saved:    func(_, _ *pbx.Announcement) { c.Sounds.Nudge() },
	}
}

// SetSound reads the WAV file of an announcement, which is made if it does not exist. It reports
// whether it was.
func (c *Controller) SetSound(ctx context.Context, by pbx.Author, tenant, name string, cond Condition,
	from io.Reader) (a *pbx.Announcement, created bool, err error) {
	if err := c.tenantExists(ctx, tenant); err != nil {
		return nil, false, err
	}
	kept, err := c.Sounds.Keep(ctx, tenant, from)
	if err != nil {
		return nil, false, err
	}
	return c.Announcements.Edit(ctx, by, tenant, name, cond, func(old *pbx.Announcement) (*pbx.Announcement, error) {
		if old == nil {
			old = &pbx.Announcement{Tenant: tenant, Name: name}
		}
		old.Sound, old.Length = kept.Hash, kept.Length
		return old, nil
	})
}

// OpenSound returns an announcement and its sound as a WAV file.
func (c *Controller) OpenSound(ctx context.Context, tenant, name string) (*pbx.Announcement, io.ReadSeekCloser, error) {
	a, err := c.Announcements.Get(ctx, tenant, name)
	if err != nil {
		return nil, nil, err
	}
	if a.Sound == "" {
		return nil, nil, pbx.NotFoundf("announcement %s has no sound yet: upload one", name)
	}
	file, err := c.Sounds.Open(a.Sound)
	return a, file, err
}

// namedSounds are the sounds of all rows, and those that Asterisk may play by the files it has.
func (c *Controller) namedSounds(ctx context.Context) (map[string]bool, error) {
	stored, err := c.db.Sounds(ctx)
	if err != nil {
		return nil, err
	}
	named := maps.Clone(stored)
	for _, a := range c.Snapshot().Announcements {
		if a.Sound != "" {
			named[a.Sound] = true
		}
	}
	return named, nil
}
