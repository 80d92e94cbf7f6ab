package db

import (
	"context"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// textsSeenFor is how long the id of a message that came in is known. Carriers repeat for a day.
const textsSeenFor = 7 * 24 * time.Hour

// TakeTexts stores what a carrier tells by a profile, all or nothing, and each thing once. It returns
// the messages that came in or have another state. A message to a number that no tenant has by this
// profile, and news of one that was never sent, are a NotFound error.
func (db *DB) TakeTexts(ctx context.Context, reseller, profile string, notes []pbx.TextNote) (out []*pbx.TextMessage,
	err error) {
	err = db.write(ctx, func(tx *Tx) error {
		out = nil
		for _, n := range notes {
			take := tx.textNews
			if n.State == pbx.TextReceived {
				take = tx.textCame
			}
			m, err := take(ctx, reseller, profile, n)
			if err != nil {
				return err
			}
			if m != nil {
				out = append(out, m)
			}
		}
		return tx.exec(ctx, `DELETE FROM text_seen WHERE at < ?`, millis(tx.start.Add(-textsSeenFor)))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// textCame stores a message that came in. It returns nil for one that came before.
func (tx *Tx) textCame(ctx context.Context, reseller, profile string, note pbx.TextNote) (*pbx.TextMessage, error) {
	n, err := orNil(tx.InventoryNumber(ctx, Reach{}, note.To))
	if err != nil {
		return nil, err
	}
	var c *pbx.Carrier
	if n != nil && n.Tenant != "" {
		if c, err = tx.profileOf(ctx, n); err != nil {
			return nil, err
		}
	}
	if c == nil || c.Reseller != reseller || c.Name != profile {
		return nil, pbx.NotFoundf("no tenant has number %s with SMS by this carrier profile", pbx.PlainText(note.To, 40))
	}
	done, err := tx.sql.ExecContext(ctx, `INSERT INTO text_seen (reseller, profile, carrier_id, number, at)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, reseller, profile, note.CarrierID, n.Number, millis(tx.start))
	if err != nil {
		return nil, fmt.Errorf("noting a text message: %w", err)
	}
	if added, err := done.RowsAffected(); err != nil || added == 0 {
		return nil, err
	}
	m := &pbx.TextMessage{Tenant: n.Tenant, Incoming: true, Number: n.Number, Peer: note.From, Text: note.Text,
		Media: note.Media, State: pbx.TextReceived, Reseller: reseller, Profile: profile, CarrierID: note.CarrierID}
	if n.Destination.Kind == pbx.ToExtension {
		m.Extension = n.Destination.Key
	}
	m.Encoding, m.Segments = pbx.TextSegments(m.Text)
	switch pbx.ConsentOf(m.Text) {
	case pbx.TextStops:
		err = tx.exec(ctx, `INSERT INTO text_stops (number, peer, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, m.Number,
			m.Peer, millis(tx.start))
	case pbx.TextStarts:
		err = tx.exec(ctx, `DELETE FROM text_stops WHERE number = ? AND peer = ?`, m.Number, m.Peer)
	case pbx.TextSaysNothing:
	}
	if err != nil {
		return nil, fmt.Errorf("noting what %s says about further messages: %w", m.Peer, err)
	}
	return m, tx.addText(ctx, m)
}

// textNews stores how far a message is that was sent. It returns nil where that was known.
func (tx *Tx) textNews(ctx context.Context, reseller, profile string, note pbx.TextNote) (*pbx.TextMessage, error) {
	ms, err := query(ctx, tx, scanText, `SELECT `+textColumns+` FROM text_messages t
		WHERE t.reseller = ?1 AND t.profile = ?2 AND NOT t.incoming AND (t.carrier_id = ?3 AND t.carrier_id <> ''
			OR t.id = ?4 AND t.carrier_id IN ('', ?3))`, reseller, profile, note.CarrierID,
		pbx.ReadTextReference(note.Reference))
	if err != nil {
		return nil, fmt.Errorf("looking for a text message of the carrier: %w", err)
	}
	if len(ms) == 0 {
		return nil, pbx.NotFoundf("no text message with id %s was sent by this carrier profile",
			pbx.PlainText(note.CarrierID, 64))
	}
	m := ms[0]
	if !note.State.Follows(m.State) {
		return nil, nil //nolint:nilnil // nothing is new
	}
	if m.State, m.Reason = note.State, ""; m.State == pbx.TextFailed {
		m.Reason = note.Reason
	}
	if m.CarrierID == "" && note.CarrierID != "" {
		m.CarrierID = note.CarrierID
		if err := tx.exec(ctx, `UPDATE text_messages SET carrier_id = ? WHERE id = ?`, m.CarrierID, m.ID); err != nil {
			return nil, err
		}
	}
	return m, tx.setTextState(ctx, m)
}
