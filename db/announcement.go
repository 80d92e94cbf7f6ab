package db

import (
	"context"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var announcementTable = newTable(kindAnnouncement, "announcements",
	func(row *pbx.Announcement) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.Announcement) any { return &row.Tenant }),
	keyCol("name", func(row *pbx.Announcement) any { return &row.Name }),
	col("title", func(row *pbx.Announcement) any { return &row.Title }),
	col("sound", func(row *pbx.Announcement) any { return &row.Sound }),
	col("length", func(row *pbx.Announcement) any { return &row.Length }).as("seconds", func(row *pbx.Announcement) any {
		return row.Length.Seconds()
	}),
)

// Announcement returns one announcement, or a NotFound error.
func (tx *Tx) Announcement(ctx context.Context, tenant, name string) (*pbx.Announcement, error) {
	return announcementTable.get(ctx, tx, tenant, name)
}

// Announcements returns announcements of a tenant by name. Contains looks at name and title. An
// unknown tenant is a NotFound error.
func (tx *Tx) Announcements(ctx context.Context, tenant string, o ListOptions) ([]*pbx.Announcement, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	as, err := announcementTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND name > ?2 AND (name LIKE ?3 ESCAPE '\' OR title LIKE ?3 ESCAPE '\')
		ORDER BY name LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing announcements: %w", err)
	}
	return as, nil
}

// PutAnnouncement adds an announcement or replaces the one of that name. It sets Version and
// Revision of a, and writes nothing when nothing differs. More than a tenant may have is refused.
func (tx *Tx) PutAnnouncement(ctx context.Context, a *pbx.Announcement) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.Announcement(ctx, a.Tenant, a.Name))
	if err != nil {
		return err
	}
	if announcementTable.same(old, a) {
		return nil
	}
	if err := tx.needTenant(ctx, a.Tenant); err != nil {
		return err
	}
	if err := tx.roomForAnnouncement(ctx, a); err != nil {
		return err
	}
	return announcementTable.save(ctx, tx, old, a)
}

func (tx *Tx) roomForAnnouncement(ctx context.Context, a *pbx.Announcement) error {
	var others int
	var length time.Duration
	err := tx.sql.QueryRowContext(ctx,
		`SELECT count(*), coalesce(sum(length), 0) FROM announcements WHERE tenant = ? AND name <> ?`, a.Tenant,
		a.Name).Scan(&others, &length)
	switch {
	case err != nil:
		return fmt.Errorf("counting the announcements of tenant %s: %w", a.Tenant, err)
	case others >= pbx.MaxAnnouncements:
		return pbx.Refusedf("name", "tenant %s has %d announcements already, as many as it may", a.Tenant, others)
	case length+a.Length > pbx.MaxAnnouncementLength:
		return pbx.Refusedf("", "the announcements of tenant %s would play for %s in all, at most %s are allowed", a.Tenant,
			(length + a.Length).Round(time.Second), pbx.MaxAnnouncementLength)
	}
	return nil
}

// DeleteAnnouncement removes an announcement. An InUse error names the references to it.
func (tx *Tx) DeleteAnnouncement(ctx context.Context, tenant, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.Announcement(ctx, tenant, name)
	if err != nil {
		return err
	}
	to := pbx.Destination{Kind: pbx.ToAnnouncement, Key: name}
	err = tx.unused(ctx, "announcement "+name,
		`SELECT DISTINCT kind, name FROM (SELECT 'ring-group' AS kind, name FROM ring_groups WHERE tenant = ?1 AND announcement = ?3
			UNION ALL SELECT 'mailbox', number FROM mailboxes WHERE tenant = ?1 AND greeting = ?2
			UNION ALL SELECT 'queue', name FROM queues WHERE tenant = ?1 AND ?3 IN (welcome, periodic)
			UNION ALL SELECT 'tenant', name FROM tenants WHERE name = ?1 AND `+plays+`
			UNION ALL SELECT 'extension', number FROM extensions WHERE tenant = ?1 AND `+plays+`
			UNION ALL SELECT 'ring-group', name FROM ring_groups WHERE tenant = ?1 AND `+plays+` `+
			leadingTo+`) WHERE ?2 <> '' ORDER BY kind, name`, tenant, name, to.String())
	if err != nil {
		return err
	}
	return announcementTable.remove(ctx, tx, old)
}

// plays tells rows whose music has the announcement ?2.
const plays = `instr(' ' || music || ' ', ' ' || ?2 || ' ') > 0`

// needMusic refuses announcements that are none of the tenant, or have no sound.
func (tx *Tx) needMusic(ctx context.Context, tenant string, names []string) error {
	for i, name := range names {
		to := pbx.Destination{Kind: pbx.ToAnnouncement, Key: name}
		if err := tx.needDestination(ctx, fmt.Sprintf("music[%d]", i), tenant, to); err != nil {
			return err
		}
	}
	return nil
}

// Sounds returns the hashes of all sounds that rows name.
func (db *DB) Sounds(ctx context.Context) (map[string]bool, error) {
	out := map[string]bool{}
	err := db.View(ctx, func(tx *Tx) error {
		hashes, err := query(ctx, tx, func(from scanner) (hash string, err error) { return hash, from.Scan(&hash) },
			`SELECT DISTINCT sound FROM announcements WHERE sound <> ''`)
		for _, hash := range hashes {
			out[hash] = true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing sounds: %w", err)
	}
	return out, nil
}
