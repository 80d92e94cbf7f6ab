package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// VoicemailMail is a note by mail about a voicemail message. Its key is mailbox and message, so
// that each message is mailed once.
type VoicemailMail struct {
	Tenant, Mailbox, Message string // Message is Asterisk's msg_id
	CallerNumber, CallerName string
	Left                     time.Time // when the message was left
	Seconds                  float64
	State                    pbx.MailState
	Attempts                 int
	Error                    string // of the last attempt
	Created, Next, Sent      time.Time
	// Removes says that the message is still to be deleted, because its mail was sent.
	Removes bool
}

// MailVoicemailWithin is how long after a message was left a note about it is of use. Older
// messages are not queued, and those that wait so long are given up.
const MailVoicemailWithin = 72 * time.Hour

// keepVoicemailMails is how long a row is kept that tells that a message was mailed: longer than
// the message can be queued.
const keepVoicemailMails = 30 * 24 * time.Hour

const selectVoicemailMail = `SELECT tenant, mailbox, message, caller_number, caller_name, left_at, seconds, state, attempts, error, created_at, next_at, sent_at, removes FROM voicemail_mails`

func scanVoicemailMail(row scanner) (*VoicemailMail, error) {
	m := &VoicemailMail{}
	return m, row.Scan(&m.Tenant, &m.Mailbox, &m.Message, &m.CallerNumber, &m.CallerName, instant{&m.Left}, &m.Seconds,
		&m.State, &m.Attempts, &m.Error, instant{&m.Created}, instant{&m.Next}, instant{&m.Sent}, &m.Removes)
}

// AddVoicemailMails queues notes about those messages of a mailbox that are not known yet, and
// returns how many. A message that had ended before the notification was turned on is left out,
// one that is older than MailVoicemailWithin too.
func (db *DB) AddVoicemailMails(ctx context.Context, tenant, mailbox string,
	messages []*pbx.Message) (added int64, err error) {
	return db.addVoicemailMails(ctx, tenant, mailbox, messages, false)
}

// AddVoicemailCopy queues a note about a message, however old, that was copied into a mailbox.
func (db *DB) AddVoicemailCopy(ctx context.Context, tenant, mailbox string, m *pbx.Message) (added int64, err error) {
	return db.addVoicemailMails(ctx, tenant, mailbox, []*pbx.Message{m}, true)
}

func (db *DB) addVoicemailMails(ctx context.Context, tenant, mailbox string, messages []*pbx.Message,
	anyAge bool) (added int64, err error) {
	err = db.write(ctx, func(tx *Tx) error {
		added = 0
		var since time.Time
		err := tx.sql.QueryRowContext(ctx, `SELECT notified_since FROM mailboxes
			WHERE tenant = ? AND number = ? AND email_notification = 1`, tenant, mailbox).Scan(instant{&since})
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if !anyAge && tx.start.Sub(since) > MailVoicemailWithin {
			since = tx.start.Add(-MailVoicemailWithin)
		}
		for _, m := range messages {
			if end := m.Stored().Add(time.Duration(m.Seconds * float64(time.Second))); !anyAge && end.Before(since) {
				continue
			}
			done, err := tx.sql.ExecContext(ctx, `INSERT INTO voicemail_mails (tenant, mailbox, message, caller_number,
					caller_name, left_at, seconds, state, created_at, next_at)
				VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?) ON CONFLICT DO NOTHING`, tenant, mailbox, m.ID, m.CallerNumber,
				m.CallerName, millis(m.Time), m.Seconds, millis(tx.start), millis(tx.start))
			if err != nil {
				return err
			}
			n, err := done.RowsAffected()
			if err != nil {
				return err
			}
			added += n
		}
		return tx.exec(ctx, `DELETE FROM voicemail_mails WHERE created_at < ? AND state <> 'queued' AND removes = 0`,
			millis(tx.start.Add(-keepVoicemailMails)))
	})
	if err != nil {
		return 0, fmt.Errorf("queueing mail about mailbox %s: %w", pbx.MailboxName(tenant, mailbox), err)
	}
	return added, nil
}

// NextVoicemailMail returns the queued note that is due first, or nil.
func (db *DB) NextVoicemailMail(ctx context.Context) (*VoicemailMail, error) {
	return db.firstVoicemailMail(ctx, `state = 'queued'`)
}

// NextVoicemailRemoval returns the note whose message is to be deleted first, or nil.
func (db *DB) NextVoicemailRemoval(ctx context.Context) (*VoicemailMail, error) {
	return db.firstVoicemailMail(ctx, `removes = 1`)
}

func (db *DB) firstVoicemailMail(ctx context.Context, condition string) (m *VoicemailMail, err error) {
	m, err = firstRow(ctx, db, scanVoicemailMail,
		selectVoicemailMail+` WHERE `+condition+` ORDER BY next_at, tenant, mailbox, message LIMIT 1`)
	if err != nil {
		return nil, fmt.Errorf("reading the queue of mail about voicemail: %w", err)
	}
	return m, nil
}

// PutVoicemailMail writes how an attempt to mail a note, or to delete its message, ended.
func (db *DB) PutVoicemailMail(ctx context.Context, m *VoicemailMail) error {
	err := db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, `UPDATE voicemail_mails SET state = ?, attempts = ?, error = ?, next_at = ?, sent_at = ?,
				removes = ?
			WHERE tenant = ? AND mailbox = ? AND message = ?`, string(m.State), m.Attempts, m.Error, millis(m.Next),
			millis(m.Sent), m.Removes, m.Tenant, m.Mailbox, m.Message)
	})
	if err != nil {
		return fmt.Errorf("noting how message %s of mailbox %s was mailed: %w", m.Message,
			pbx.MailboxName(m.Tenant, m.Mailbox), err)
	}
	return nil
}
