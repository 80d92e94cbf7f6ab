package db

import (
	"context"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

const (
	// textsKept is how many messages of an extension are kept. The oldest ones make room.
	textsKept = 10_000
	// textsForgotten is how many go at once at most, where there are too many.
	textsForgotten = 100
)

const textColumns = `t.id, t.tenant, coalesce(t.extension, ''), t.incoming, t.number, t.peer, t.text, t.encoding,
	t.segments, t.media, t.state, t.reason, t.is_read, t.sent_by, t.at, t.sent_at, t.ended_at, t.reseller, t.profile, t.carrier_id,
	t.attempts, t.next_at, t.expires, t.unsure`

func textInto(m *pbx.TextMessage) []any {
	return []any{&m.ID, &m.Tenant, &m.Extension, &m.Incoming, &m.Number, &m.Peer, &m.Text, &m.Encoding, &m.Segments,
		&m.Media, &m.State, &m.Reason, &m.Read, &m.By, instant{&m.At}, instant{&m.SentAt}, instant{&m.EndedAt}, &m.Reseller,
		&m.Profile, &m.CarrierID, &m.Attempts, instant{&m.Due}, instant{&m.Expires}, &m.Unsure}
}

func scanText(row scanner) (*pbx.TextMessage, error) {
	m := &pbx.TextMessage{}
	return m, row.Scan(textInto(m)...)
}

// TextFilter chooses messages; empty members choose all.
type TextFilter struct {
	Extension string
	Peer      string
	Unread    bool  // those that came in and are not read
	Before    int64 // those with a smaller id; 0 is all
	Limit     int
}

// TextMessages returns messages of a tenant, newest first. An unknown tenant, or extension, is a
// NotFound error.
func (tx *Tx) TextMessages(ctx context.Context, tenant string, f TextFilter) ([]*pbx.TextMessage, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	if f.Extension != "" {
		if _, err := tx.Extension(ctx, tenant, f.Extension); err != nil {
			return nil, err
		}
	}
	ms, err := query(ctx, tx, scanText, `SELECT `+textColumns+` FROM text_messages t
		WHERE t.tenant = ?1 AND ?2 IN ('', t.extension) AND ?3 IN ('', t.peer) AND (NOT ?4 OR t.incoming AND NOT t.is_read)
		AND (?5 = 0 OR t.id < ?5) ORDER BY t.id DESC LIMIT ?6`, tenant, f.Extension, f.Peer, f.Unread, f.Before, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("listing text messages: %w", err)
	}
	return ms, nil
}

// TextMessage returns a message of an extension, or a NotFound error.
func (tx *Tx) TextMessage(ctx context.Context, tenant, extension string, id int64) (*pbx.TextMessage, error) {
	if _, err := tx.Extension(ctx, tenant, extension); err != nil {
		return nil, err
	}
	ms, err := query(ctx, tx, scanText, `SELECT `+textColumns+` FROM text_messages t
		WHERE t.id = ? AND t.tenant = ? AND t.extension = ?`, id, tenant, extension)
	if err != nil {
		return nil, fmt.Errorf("reading text message %d: %w", id, err)
	}
	if len(ms) == 0 {
		return nil, pbx.NotFoundf("text message %d does not exist at extension %s", id, extension)
	}
	return ms[0], nil
}

// ReadText marks a message of an extension as read, or not.
func (db *DB) ReadText(ctx context.Context, tenant, extension string, id int64, read bool) (m *pbx.TextMessage,
	err error) {
	err = db.write(ctx, func(tx *Tx) error {
		if m, err = tx.TextMessage(ctx, tenant, extension, id); err != nil {
			return err
		}
		if !m.Incoming {
			return pbx.Conflictf("read", "text message %d was sent from here: only those that came in are read", id)
		}
		m.Read = read
		return tx.exec(ctx, `UPDATE text_messages SET is_read = ? WHERE id = ?`, read, id)
	})
	return m, err
}

// DeleteText removes a message of an extension. One that waits is not sent.
func (db *DB) DeleteText(ctx context.Context, tenant, extension string, id int64) error {
	return db.write(ctx, func(tx *Tx) error {
		if _, err := tx.TextMessage(ctx, tenant, extension, id); err != nil {
			return err
		}
		return tx.exec(ctx, `DELETE FROM text_messages WHERE id = ?`, id)
	})
}

// addText stores a new message, and forgets the oldest one that has ended where an extension has
// too many.
func (tx *Tx) addText(ctx context.Context, m *pbx.TextMessage) error {
	m.At = tx.start
	err := tx.sql.QueryRowContext(ctx, `INSERT INTO text_messages (tenant, extension, incoming, number, peer, text,
			encoding, segments, media, state, sent_by, at, reseller, profile, carrier_id, next_at, expires)
			VALUES (?, nullif(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`, m.Tenant, m.Extension,
		m.Incoming, m.Number, m.Peer, m.Text, string(m.Encoding), m.Segments, m.Media, string(m.State), m.By, millis(m.At),
		m.Reseller, m.Profile, m.CarrierID, millis(m.Due), millis(m.Expires)).Scan(&m.ID)
	if err != nil {
		return fmt.Errorf("storing a text message: %w", err)
	}
	err = tx.exec(ctx, `DELETE FROM text_messages WHERE id IN (SELECT id FROM text_messages
		WHERE tenant = ?1 AND extension IS nullif(?2, '') AND state <> 'queued' ORDER BY id DESC LIMIT ?4 OFFSET ?3)`,
		m.Tenant, m.Extension, textsKept, textsForgotten)
	if err != nil {
		return fmt.Errorf("forgetting text messages of extension %s: %w", m.Extension, err)
	}
	return nil
}
