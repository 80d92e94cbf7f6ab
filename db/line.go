package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// checkLines returns every line whose device is unknown or on another phone.
func (tx *Tx) checkLines(ctx context.Context, p *pbx.Phone, given []pbx.Line) error {
	var es pbx.Errors
	for i, l := range given {
		field := fmt.Sprintf("lines[%d].device", i)
		have, err := tx.has(ctx, `SELECT 1 FROM devices WHERE tenant = ? AND name = ?`, p.Tenant, l.Device)
		if err != nil {
			return fmt.Errorf("looking for device %s: %w", l.Device, err)
		}
		if !have {
			es.Add(pbx.Refusedf(field, "device %s does not exist in tenant %s", l.Device, p.Tenant))
			continue
		}
		other, err := tx.has(ctx, `SELECT 1 FROM devices WHERE tenant = ? AND name = ? AND kind NOT IN ('', ?)`, p.Tenant,
			l.Device, string(pbx.DeviceSIP))
		if err != nil {
			return fmt.Errorf("looking for the kind of device %s: %w", l.Device, err)
		}
		if other {
			es.Add(pbx.Refusedf(field, "device %s does not register over SIP and cannot be on a phone", l.Device))
			continue
		}
		taken, err := tx.lineOf(ctx, p, l.Device)
		if err != nil {
			return err
		}
		if taken != "" {
			es.Add(pbx.Conflictf(field, "device %s is already %s", l.Device, taken))
		}
	}
	return es.Err()
}

// lineOf says which line of which other phone registers a device, or "".
func (tx *Tx) lineOf(ctx context.Context, p *pbx.Phone, device string) (string, error) {
	var mac pbx.MAC
	var registration int
	err := tx.sql.QueryRowContext(ctx,
		`SELECT mac, registration FROM phone_lines WHERE tenant = ? AND device = ? AND mac <> ?`,
		p.Tenant, device, string(p.MAC)).Scan(&mac, &registration)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("looking for the phone of device %s: %w", device, err)
	}
	return fmt.Sprintf("line %d of phone %s", registration, mac.Colons()), nil
}

// saveLines replaces the lines of p.
func (tx *Tx) saveLines(ctx context.Context, p *pbx.Phone) error {
	if err := tx.exec(ctx, `DELETE FROM phone_lines WHERE tenant = ? AND mac = ?`, p.Tenant, string(p.MAC)); err != nil {
		return fmt.Errorf("replacing the lines of phone %s: %w", p.MAC.Colons(), err)
	}
	for _, l := range p.Lines {
		err := tx.exec(ctx, `INSERT INTO phone_lines (tenant, mac, registration, device) VALUES (?, ?, ?, ?)`,
			p.Tenant, string(p.MAC), l.Registration, l.Device)
		if err != nil {
			return fmt.Errorf("writing line %d of phone %s: %w", l.Registration, p.MAC.Colons(), err)
		}
	}
	return nil
}

// macLine is a line with the phone it is on.
type macLine struct {
	mac  pbx.MAC
	line pbx.Line
}

func scanLine(row scanner) (macLine, error) {
	var l macLine
	return l, row.Scan(&l.mac, &l.line.Registration, &l.line.Device)
}

// fillLines reads the lines and buttons of phones of one tenant, sorted by MAC, in one query
// over their range of MACs.
func (tx *Tx) fillLines(ctx context.Context, ps []*pbx.Phone) error {
	if len(ps) == 0 {
		return nil
	}
	first, last := ps[0], ps[len(ps)-1]
	ls, err := query(ctx, tx, scanLine, `SELECT mac, registration, device FROM phone_lines
		WHERE tenant = ? AND mac BETWEEN ? AND ? ORDER BY mac, registration`, first.Tenant, string(first.MAC), string(last.MAC))
	if err != nil {
		return fmt.Errorf("reading the lines of phones: %w", err)
	}
	assignLines(ps, ls)
	return tx.fillButtons(ctx, ps)
}

// assignLines hands lines, sorted by registration, to their phones.
func assignLines(ps []*pbx.Phone, ls []macLine) {
	byMAC := make(map[pbx.MAC]*pbx.Phone, len(ps))
	for _, p := range ps {
		byMAC[p.MAC] = p
	}
	for _, l := range ls {
		if p := byMAC[l.mac]; p != nil {
			p.Lines = append(p.Lines, l.line)
		}
	}
}
