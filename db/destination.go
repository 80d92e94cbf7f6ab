package db

import (
	"context"
	"fmt"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// needDestination is an Invalid error about field when a destination cannot be led to. Its
// target does not exist, or is an emergency number. No destination needs nothing.
func (tx *Tx) needDestination(ctx context.Context, field, tenant string, d pbx.Destination) error {
	if d.Kind == pbx.ToExternal {
		return tx.notLedTo(ctx, field, tenant, d.Key)
	}
	text := map[pbx.DestinationKind]string{
		pbx.ToExtension:    `SELECT 1 FROM extensions WHERE tenant = ? AND number = ?`,
		pbx.ToVoicemail:    `SELECT 1 FROM mailboxes WHERE tenant = ? AND number = ?`,
		pbx.ToRingGroup:    `SELECT 1 FROM ring_groups WHERE tenant = ? AND name = ?`,
		pbx.ToQueue:        `SELECT 1 FROM queues WHERE tenant = ? AND name = ?`,
		pbx.ToAnnouncement: `SELECT 1 FROM announcements WHERE tenant = ? AND name = ? AND sound <> ''`,
		pbx.ToApplication:  `SELECT 1 FROM applications WHERE tenant = ? AND name = ?`,
	}[d.Kind]
	if text == "" {
		return nil
	}
	have, err := tx.has(ctx, text, tenant, d.Key)
	if err != nil {
		return fmt.Errorf("looking for %s: %w", d, err)
	}
	if !have && d.Kind == pbx.ToAnnouncement {
		return pbx.Refusedf(field, "%s %s does not exist in tenant %s, or has no sound yet", d.Kind, d.Key, tenant)
	}
	if !have {
		return pbx.Refusedf(field, "%s %s does not exist in tenant %s", d.Kind, d.Key, tenant)
	}
	return nil
}

// leadingTo is the part of a query that finds references to the destination ?3. These are
// forwards, numbers, ring groups, queues and applications.
const leadingTo = `UNION ALL SELECT 'forward', extension FROM forwards WHERE tenant = ?1
	AND (destination = ?3 OR unreachable = ?3 OR busy = ?3 OR no_answer = ?3 OR instr(rules, '"' || ?3 || '"') > 0)
	UNION ALL SELECT 'number', number FROM numbers WHERE tenant = ?1
	AND (destination = ?3 OR anonymous = ?3 OR rules <> '[]' AND instr(rules, '"' || ?3 || '"') > 0)
	UNION ALL SELECT 'ring-group', name FROM ring_groups WHERE tenant = ?1 AND destination = ?3
	UNION ALL SELECT 'queue', name FROM queues WHERE tenant = ?1
	AND ?3 IN (destination, full_destination, empty_destination, timeout_destination)
	UNION ALL SELECT 'application', name FROM applications WHERE tenant = ?1 AND fallback = ?3 `

// forwardsLeadingTo returns the forwards that leadingTo names.
func (tx *Tx) forwardsLeadingTo(ctx context.Context, tenant string, d pbx.Destination) ([]*pbx.Forward, error) {
	fs, err := forwardTable.rows(ctx, tx, `WHERE tenant = ?1 AND
		(destination = ?2 OR unreachable = ?2 OR busy = ?2 OR no_answer = ?2 OR instr(rules, '"' || ?2 || '"') > 0) ORDER BY extension`, tenant, d.String())
	if err != nil {
		return nil, fmt.Errorf("listing forwards to %s: %w", d, err)
	}
	return fs, nil
}

// move is a destination that is somewhere else from now on. If to is zero, the destination
// is gone.
type move struct{ from, to pbx.Destination }

// String tells of the move.
func (m move) String() string {
	if m.to.Kind == "" {
		return m.from.String() + " was deleted"
	}
	return m.from.String() + " became " + m.to.String()
}

// redirect makes every rule follow the moves. They are made together: what a rule
// leads to must exist when it is written.
func (tx *Tx) redirect(ctx context.Context, tenant string, moves ...move) error {
	moved := map[string]*pbx.Forward{}
	var order []string
	for _, m := range moves {
		fs, err := tx.forwardsLeadingTo(ctx, tenant, m.from)
		if err != nil {
			return err
		}
		for _, f := range fs {
			if moved[f.Extension] == nil {
				moved[f.Extension], order = f, append(order, f.Extension)
			}
			moved[f.Extension].Redirect(m.from, m.to)
		}
	}
	if err := tx.redirectNumbers(ctx, tenant, moves); err != nil {
		return err
	}
	for _, extension := range order {
		if err := tx.PutForward(ctx, moved[extension]); err != nil {
			return err
		}
	}
	for _, m := range moves {
		if err := tx.redirectGroups(ctx, tenant, m.from, m.to); err != nil {
			return err
		}
		if err := tx.redirectQueues(ctx, tenant, m.from, m.to); err != nil {
			return err
		}
		if err := tx.redirectApplications(ctx, tenant, m.from, m.to); err != nil {
			return err
		}
	}
	return nil
}

// redirectNumbers makes the numbers follow the moves, and their history say why.
func (tx *Tx) redirectNumbers(ctx context.Context, tenant string, moves []move) error {
	moved, why := map[string]*pbx.Number{}, map[string][]string{}
	var order []string
	for _, m := range moves {
		ns, err := tx.numbersTo(ctx, tenant, m.from)
		if err != nil {
			return err
		}
		for _, n := range ns {
			if moved[n.Number] == nil {
				moved[n.Number], order = n, append(order, n.Number)
			}
			moved[n.Number].Redirect(m.from, m.to)
			why[n.Number] = append(why[n.Number], m.String())
		}
	}
	defer func() { tx.because = "" }()
	for _, number := range order {
		tx.because = strings.Join(why[number], "; ")
		if err := tx.PutNumber(ctx, moved[number]); err != nil {
			return err
		}
	}
	return nil
}
