package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/e164"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TextWithin is how long sending a text message is tried: what arrives later surprises.
const TextWithin = 4 * time.Hour

// DueText is a message to be sent with the profile that carries it.
type DueText struct {
	pbx.TextMessage
	Carrier *pbx.Carrier
	// Refused is why it cannot be sent any more; "" if it can.
	Refused string
}

// TextUse is what a tenant has sent on a day, in segments.
type TextUse struct{ Before, Used, Most int }

// QueueText checks a message of an extension and queues it. With Number "" it goes out from the
// one number that the extension has for messages, or from the one that it shows.
func (db *DB) QueueText(ctx context.Context, m *pbx.TextMessage) (use TextUse, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		if err := tx.mayText(ctx, m); err != nil {
			return err
		}
		if use, err = tx.countText(ctx, m); err != nil {
			return err
		}
		var waiting int
		err := tx.sql.QueryRowContext(ctx, `SELECT count(*) FROM text_messages WHERE tenant = ? AND state = 'queued'`,
			m.Tenant).Scan(&waiting)
		if err != nil {
			return fmt.Errorf("counting the text messages that wait: %w", err)
		}
		if waiting >= pbx.MostTextsQueued {
			return &pbx.Error{Kind: pbx.TooMany, Message: fmt.Sprintf("%d text messages of tenant %s wait already", waiting,
				m.Tenant)}
		}
		m.State, m.Due, m.Expires = pbx.TextQueued, tx.start, tx.start.Add(TextWithin)
		return tx.addText(ctx, m)
	})
	return use, err
}

// mayText refuses a message that may not be sent, and finds its number and profile.
func (tx *Tx) mayText(ctx context.Context, m *pbx.TextMessage) error {
	e, err := tx.Extension(ctx, m.Tenant, m.Extension)
	if err != nil {
		return err
	}
	if m.Number == "" {
		if m.Number, err = tx.textNumber(ctx, e); err != nil {
			return err
		}
	}
	n, err := orNil(tx.InventoryNumber(ctx, Reach{Tenant: m.Tenant}, m.Number))
	if err != nil {
		return err
	}
	if n == nil || n.Destination != (pbx.Destination{Kind: pbx.ToExtension, Key: m.Extension}) {
		return pbx.Refusedf("from", "number %s is not one of extension %s", m.Number, m.Extension)
	}
	c, err := tx.profileOf(ctx, n)
	if err != nil {
		return err
	}
	if c == nil {
		return pbx.Conflictf("from", "number %s has no SMS carrier profile that messages can be sent by", m.Number)
	}
	m.Reseller, m.Profile = c.Reseller, c.Name
	if err := n.CheckRegistered(e164.Region(m.Peer) == "US"); err != nil {
		return err
	}
	stopped, err := tx.stopped(ctx, m.Number, m.Peer)
	if err != nil {
		return err
	}
	if stopped {
		return pbx.Stopped(m.Number, m.Peer)
	}
	return nil
}

// textNumber is the number that an extension sends from where it names none.
func (tx *Tx) textNumber(ctx context.Context, e *pbx.Extension) (string, error) {
	numbers, err := query(ctx, tx, func(row scanner) (s string, err error) { return s, row.Scan(&s) },
		`SELECT n.number FROM numbers n JOIN inventory i ON i.number = n.number
		WHERE n.tenant = ? AND n.destination = ? AND i.sms AND i.sms_profile <> '' ORDER BY n.number LIMIT 20`, e.Tenant,
		pbx.Destination{Kind: pbx.ToExtension, Key: e.Number}.String())
	if err != nil {
		return "", fmt.Errorf("looking for numbers of extension %s: %w", e.Number, err)
	}
	for _, n := range numbers {
		if n == e.PresentationNumber || len(numbers) == 1 {
			return n, nil
		}
	}
	if len(numbers) == 0 {
		return "", pbx.Conflictf("from", "extension %s has no number with SMS and a carrier profile", e.Number)
	}
	return "", pbx.Refusedf("from", "extension %s has several numbers: name one of %s", e.Number,
		strings.Join(numbers, ", "))
}

// profileOf returns the profile that carries the messages of a number, or nil.
func (tx *Tx) profileOf(ctx context.Context, n *pbx.InventoryNumber) (*pbx.Carrier, error) {
	if !n.SMS || n.SMSProfile == "" {
		return nil, nil //nolint:nilnil // there may be none
	}
	c, err := tx.carrierFor(ctx, n.Reseller, "sms", n.SMSProfile)
	if err != nil {
		return nil, fmt.Errorf("looking for carrier profile %s: %w", n.SMSProfile, err)
	}
	if c == nil || c.Adapter == "" {
		return nil, nil //nolint:nilnil // there may be none
	}
	return c, nil
}

func (tx *Tx) stopped(ctx context.Context, number, peer string) (bool, error) {
	stopped, err := tx.has(ctx, `SELECT 1 FROM text_stops WHERE number = ? AND peer = ?`, number, peer)
	if err != nil {
		return false, fmt.Errorf("looking whether %s has sent STOP: %w", peer, err)
	}
	return stopped, nil
}

// countText counts a message, and refuses what a tenant may not send on this day any more. What is
// deleted stays counted.
func (tx *Tx) countText(ctx context.Context, m *pbx.TextMessage) (TextUse, error) {
	t, err := tx.Tenant(ctx, m.Tenant)
	if err != nil {
		return TextUse{}, err
	}
	day := t.Day(tx.start)
	use := TextUse{Most: t.MaxTexts}
	err = tx.sql.QueryRowContext(ctx, `SELECT segments FROM text_counts WHERE tenant = ? AND day = ?`, m.Tenant,
		day).Scan(&use.Before)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return use, fmt.Errorf("reading what tenant %s has sent today: %w", m.Tenant, err)
	}
	if use.Used = use.Before + m.Segments; use.Used > use.Most {
		return use, &pbx.Error{Kind: pbx.TooMany, Field: "text", Message: fmt.Sprintf(
			"tenant %s has sent %d segments today, and max_texts is %d: the account above sets it", m.Tenant, use.Before,
			use.Most)}
	}
	err = tx.exec(ctx, `INSERT INTO text_counts (tenant, day, segments) VALUES (?1, ?2, ?3)
		ON CONFLICT DO UPDATE SET segments = excluded.segments`, m.Tenant, day, use.Used)
	if err == nil && use.Before == 0 {
		err = tx.exec(ctx, `DELETE FROM text_counts WHERE tenant = ? AND day < date(?, '-7 days')`, m.Tenant, day)
	}
	return use, err
}

// FirstTexts returns of each number with messages that wait the one that is due first.
func (db *DB) FirstTexts(ctx context.Context) ([]*DueText, error) {
	return db.dueTexts(ctx, `JOIN (SELECT DISTINCT tenant, number FROM text_messages WHERE state = 'queued') w
		ON t.id = (SELECT q.id FROM text_messages q WHERE q.tenant = w.tenant AND q.number = w.number AND q.state = 'queued'
			ORDER BY q.next_at, q.id LIMIT 1) ORDER BY t.next_at, t.id`)
}

// FirstText returns the one of a number, or nil.
func (db *DB) FirstText(ctx context.Context, tenant, number string) (*DueText, error) {
	ms, err := db.dueTexts(ctx, `WHERE t.tenant = ? AND t.number = ? AND t.state = 'queued'
		ORDER BY t.next_at, t.id LIMIT 1`, tenant, number)
	if err != nil || len(ms) == 0 {
		return nil, err
	}
	return ms[0], nil
}

func (db *DB) dueTexts(ctx context.Context, tail string, args ...any) (out []*DueText, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		ms, err := query(ctx, tx, scanText, `SELECT `+textColumns+` FROM text_messages t `+tail, args...)
		for _, m := range ms {
			d := &DueText{TextMessage: *m}
			if err := tx.stillMayText(ctx, d); err != nil {
				return err
			}
			out = append(out, d)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the text messages that are due: %w", err)
	}
	return out, nil
}

// stillMayText finds the profile of a message that was queued, or why it may not be sent any more.
func (tx *Tx) stillMayText(ctx context.Context, d *DueText) (err error) {
	m := d.TextMessage
	var refused *pbx.Error
	switch err := tx.mayText(ctx, &m); {
	case errors.As(err, &refused):
		d.Refused = refused.Sentence()
		return nil
	case err != nil:
		return err
	}
	d.Carrier, err = tx.Carrier(ctx, m.Reseller, m.Profile)
	return err
}

// EndTextAttempt stores how an attempt ended. A state that a callback has brought meanwhile stays. It
// reports whether the state is another one now.
func (db *DB) EndTextAttempt(ctx context.Context, m *pbx.TextMessage) (changed bool, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		var before pbx.TextState
		err := tx.sql.QueryRowContext(ctx, `SELECT state FROM text_messages WHERE id = ?`, m.ID).Scan(&before)
		if errors.Is(err, sql.ErrNoRows) { // deleted meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		if err := tx.exec(ctx, `UPDATE text_messages SET attempts = ?1, next_at = ?2, unsure = ?3, reseller = ?4,
				profile = ?5, carrier_id = CASE ?6 WHEN '' THEN carrier_id ELSE ?6 END,
				reason = CASE state WHEN 'queued' THEN ?7 ELSE reason END WHERE id = ?8`, m.Attempts, millis(m.Due), m.Unsure,
			m.Reseller, m.Profile, m.CarrierID, m.Reason, m.ID); err != nil {
			return err
		}
		if changed = m.State.Follows(before); !changed {
			return nil
		}
		return tx.setTextState(ctx, m)
	})
	if err != nil {
		return false, fmt.Errorf("noting how text message %d was sent: %w", m.ID, err)
	}
	return changed, nil
}

// setTextState stores a state, its reason and when that was.
func (tx *Tx) setTextState(ctx context.Context, m *pbx.TextMessage) error {
	if m.State == pbx.TextSent {
		m.SentAt = tx.start
	} else {
		m.EndedAt = tx.start
	}
	return tx.exec(ctx, `UPDATE text_messages SET state = ?, reason = ?, sent_at = ?, ended_at = ?, unsure = 0
		WHERE id = ?`, string(m.State), m.Reason, millis(m.SentAt), millis(m.EndedAt), m.ID)
}
