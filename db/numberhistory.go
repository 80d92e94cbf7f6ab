package db

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// NumberEvent is one line of a number's history.
type NumberEvent struct {
	ID          int64
	At          time.Time
	Actor       string
	Action      string
	State       pbx.NumberState
	Reseller    string // that had the number after it
	Tenant      string // that had it after it
	Destination string
	Detail      string // why, where the action does not tell
}

// numberHappened adds to the history of a number. The details say why, and so
// does the transaction at this moment.
func (tx *Tx) numberHappened(ctx context.Context, n *pbx.InventoryNumber, action string, details ...string) error {
	detail := strings.Join(slices.DeleteFunc(append(details, tx.because), func(s string) bool { return s == "" }), "; ")
	err := tx.exec(ctx, `INSERT INTO number_history (number, at, actor, action, state, reseller, tenant, destination, detail)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, n.Number, millis(tx.start), tx.author.Actor, action, string(n.State), n.Reseller,
		n.Tenant, n.Destination.String(), detail)
	if err != nil {
		return fmt.Errorf("writing the history of number %s: %w", n.Number, err)
	}
	return nil
}

// NumberHistory returns what happened to a number within reach since it was uploaded, oldest
// first, while a reseller within reach had it.
func (tx *Tx) NumberHistory(ctx context.Context, reach Reach, number string) ([]NumberEvent, error) {
	if _, err := tx.InventoryNumber(ctx, reach, number); err != nil {
		return nil, err
	}
	es, err := query(ctx, tx, func(row scanner) (e NumberEvent, err error) {
		return e, row.Scan(&e.ID, instant{&e.At}, &e.Actor, &e.Action, (*string)(&e.State), &e.Reseller, &e.Tenant,
			&e.Destination, &e.Detail)
	}, `SELECT id, at, actor, action, state, reseller, tenant, destination, detail FROM number_history
		WHERE number = ?1 AND (?2 = '' OR reseller IN `+branchFrom2+`) AND id > coalesce((
			SELECT max(id) FROM number_history WHERE number = ?1 AND action = 'deleted'), 0) ORDER BY id`, number, reach.Reseller)
	if err != nil {
		return nil, fmt.Errorf("reading the history of number %s: %w", number, err)
	}
	return es, nil
}
