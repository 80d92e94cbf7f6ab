package db

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// putStatus writes a row only when something that people see differs, or when the
// stored time of confirmation is a minute off, so that the age shown after a
// restart is right to within a minute and a full list that confirms everything
// costs nothing.
const putStatus = `INSERT INTO endpoint_status AS s
	(endpoint, reach, address, round_trip_us, user_agent, expires, call_state, reach_since, call_since, seen_at)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (endpoint) DO UPDATE SET reach = excluded.reach, address = excluded.address,
	round_trip_us = excluded.round_trip_us, user_agent = excluded.user_agent, expires = excluded.expires,
	call_state = excluded.call_state, reach_since = excluded.reach_since, call_since = excluded.call_since, seen_at = excluded.seen_at
	WHERE (s.reach, s.address, s.round_trip_us, s.user_agent, s.expires, s.call_state, s.reach_since, s.call_since)
	IS NOT (excluded.reach, excluded.address, excluded.round_trip_us, excluded.user_agent, excluded.expires,
	excluded.call_state, excluded.reach_since, excluded.call_since) OR abs(excluded.seen_at - s.seen_at) >= 60000`

// PutStatuses writes what was observed, all or nothing, in one transaction. Of
// two with the same endpoint the later one counts. It touches no configuration.
func (db *DB) PutStatuses(ctx context.Context, ss []pbx.EndpointStatus) error {
	if len(ss) == 0 {
		return nil
	}
	err := db.write(ctx, func(tx *Tx) error {
		stmt, err := tx.sql.PrepareContext(ctx, putStatus)
		if err != nil {
			return err
		}
		// The transaction ends with ctx anyhow; a context that cannot end saves
		// the driver a goroutine a row.
		rowCtx := context.WithoutCancel(ctx)
		for i := range ss {
			s := &ss[i]
			_, err := stmt.ExecContext(rowCtx, s.Endpoint, string(s.Reach), addressText(s.Address), s.RoundTrip.Microseconds(),
				s.UserAgent,
				millis(s.Expires), string(s.Call), millis(s.ReachSince), millis(s.CallSince), millis(s.SeenAt))
			if err != nil {
				return errors.Join(fmt.Errorf("endpoint %s: %w", s.Endpoint, err), stmt.Close())
			}
		}
		return stmt.Close()
	})
	if err != nil {
		return fmt.Errorf("writing the status of %d endpoints: %w", len(ss), err)
	}
	return nil
}

// addressText is "" for an address that is not known.
func addressText(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// Statuses returns the stored status of every endpoint, by endpoint.
func (db *DB) Statuses(ctx context.Context) (map[string]pbx.EndpointStatus, error) {
	var rows []pbx.EndpointStatus
	err := db.View(ctx, func(tx *Tx) (err error) {
		rows, err = query(ctx, tx, scanStatus, `SELECT endpoint, reach, address, round_trip_us, user_agent, expires,
			call_state, reach_since, call_since, seen_at FROM endpoint_status`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading endpoint status: %w", err)
	}
	out := make(map[string]pbx.EndpointStatus, len(rows))
	for _, s := range rows {
		out[s.Endpoint] = s
	}
	return out, nil
}

func scanStatus(row scanner) (pbx.EndpointStatus, error) {
	var s pbx.EndpointStatus
	var address string
	var us int64
	err := row.Scan(&s.Endpoint, &s.Reach, &address, &us, &s.UserAgent, instant{&s.Expires}, &s.Call,
		instant{&s.ReachSince}, instant{&s.CallSince}, instant{&s.SeenAt})
	if err == nil && address != "" {
		s.Address, err = netip.ParseAddrPort(address)
	}
	s.RoundTrip = time.Duration(us) * time.Microsecond
	return s, err
}

// DeleteStatuses forgets endpoints that exist no more; unknown ones are ignored.
func (db *DB) DeleteStatuses(ctx context.Context, endpoints []string) error {
	if len(endpoints) == 0 {
		return nil
	}
	err := db.write(ctx, func(tx *Tx) error {
		for _, e := range endpoints {
			if err := tx.exec(ctx, `DELETE FROM endpoint_status WHERE endpoint = ?`, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("deleting the status of %d endpoints: %w", len(endpoints), err)
	}
	return nil
}
