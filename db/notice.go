package db

import (
	"context"
	"fmt"
	"time"
)

// Notice is a mail in the queue of those about alarms and calls for help.
type Notice struct {
	ID                           int64
	Tenant, Email, Subject, Body string
	Next, Expires                time.Time // no attempt before the first and from the second on
	Attempts                     int       // that failed
}

// AddNotices queues mails. Those of tenants that are gone are left out.
func (db *DB) AddNotices(ctx context.Context, list []*Notice) error {
	err := db.write(ctx, func(tx *Tx) error { return tx.addNotices(ctx, list) })
	if err != nil {
		return fmt.Errorf("queueing %d mails about alarms: %w", len(list), err)
	}
	return nil
}

// addNotices also drops what has expired: without a mail server nothing else does.
func (tx *Tx) addNotices(ctx context.Context, list []*Notice) error {
	for _, n := range list {
		err := tx.exec(ctx, `INSERT INTO notices (tenant, email, subject, body, next, expires, attempts)
			SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE EXISTS (SELECT 1 FROM tenants WHERE name = ?1)`,
			n.Tenant, n.Email, n.Subject, n.Body, millis(n.Next), millis(n.Expires), n.Attempts)
		if err != nil {
			return err
		}
	}
	return tx.exec(ctx, `DELETE FROM notices WHERE expires < ?`, millis(tx.start))
}

// NextNotice returns the mail that is due first, nil for an empty queue.
func (db *DB) NextNotice(ctx context.Context) (*Notice, error) {
	n, err := firstRow(ctx, db, func(row scanner) (*Notice, error) {
		n := &Notice{}
		return n, row.Scan(&n.ID, &n.Tenant, &n.Email, &n.Subject, &n.Body, instant{&n.Next}, instant{&n.Expires}, &n.Attempts)
	}, `SELECT id, tenant, email, subject, body, next, expires, attempts FROM notices ORDER BY next, id LIMIT 1`)
	if err != nil {
		return nil, fmt.Errorf("reading the queue of mails about alarms: %w", err)
	}
	return n, nil
}

// PutNoticeAttempt stores when a mail is tried again.
func (db *DB) PutNoticeAttempt(ctx context.Context, n *Notice) error {
	err := db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, `UPDATE notices SET next = ?, attempts = ? WHERE id = ?`, millis(n.Next), n.Attempts, n.ID)
	})
	if err != nil {
		return fmt.Errorf("noting the attempt to send notice %d: %w", n.ID, err)
	}
	return nil
}

// DeleteNotice removes a mail that was sent or given up.
func (db *DB) DeleteNotice(ctx context.Context, id int64) error {
	err := db.write(ctx, func(tx *Tx) error { return tx.exec(ctx, `DELETE FROM notices WHERE id = ?`, id) })
	if err != nil {
		return fmt.Errorf("removing notice %d: %w", id, err)
	}
	return nil
}
