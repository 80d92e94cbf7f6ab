package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// Seat is an extension with what belongs to it.
type Seat struct {
	Extension *pbx.Extension
	Mailbox   *pbx.Mailbox // nil for none
	User      *pbx.User    // nil for none
	Devices   []*pbx.Device
	// Phones has the phone of each device, nil for none.
	Phones  []*pbx.Phone
	Numbers []*pbx.Number // that lead to the extension
}

// SeatExtensions returns the extensions of a tenant by number. Contains looks at number and
// name, at username, name and e-mail of the user, and at MAC and model of the phones. An
// unknown tenant is a NotFound error.
func (tx *Tx) SeatExtensions(ctx context.Context, tenant, contains string) ([]*pbx.Extension, error) {
	o := ListOptions{Contains: contains}
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	es, err := extensionTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND (number LIKE ?2 ESCAPE '\' OR name LIKE ?2 ESCAPE '\'
		OR EXISTS (SELECT 1 FROM users AS u WHERE u.tenant = ?1 AND u.extension = extensions.number
			AND (u.username LIKE ?2 ESCAPE '\' OR u.full_name LIKE ?2 ESCAPE '\' OR u.email LIKE ?2 ESCAPE '\'))
		OR EXISTS (SELECT 1 FROM devices AS d JOIN phone_lines AS l ON l.tenant = d.tenant AND l.device = d.name
			JOIN phones AS p ON p.tenant = l.tenant AND p.mac = l.mac WHERE d.tenant = ?1 AND d.extension = extensions.number
			AND (p.mac LIKE ?3 ESCAPE '\' OR p.model LIKE ?2 ESCAPE '\')))
		ORDER BY number`, tenant, o.pattern(), o.macPattern())
	if err != nil {
		return nil, fmt.Errorf("listing seats: %w", err)
	}
	return es, nil
}

// Seat returns an extension with what belongs to it.
func (tx *Tx) Seat(ctx context.Context, e *pbx.Extension) (s *Seat, err error) {
	s = &Seat{Extension: e}
	if s.User, err = orNil(tx.UserOf(ctx, e.Tenant, e.Number)); err != nil {
		return nil, err
	}
	if e.Mailbox != "" {
		if s.Mailbox, err = orNil(tx.Mailbox(ctx, e.Tenant, e.Mailbox)); err != nil {
			return nil, err
		}
	}
	if s.Numbers, err = tx.numbersTo(ctx, e.Tenant, pbx.Destination{Kind: pbx.ToExtension, Key: e.Number}); err != nil {
		return nil, err
	}
	if s.Devices, err = tx.DevicesOf(ctx, e.Tenant, e.Number); err != nil {
		return nil, err
	}
	s.Phones = make([]*pbx.Phone, len(s.Devices))
	for i, d := range s.Devices {
		if s.Phones[i], err = tx.phoneOf(ctx, d); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// phoneOf returns the phone that registers a device, or nil.
func (tx *Tx) phoneOf(ctx context.Context, d *pbx.Device) (*pbx.Phone, error) {
	var mac pbx.MAC
	err := tx.sql.QueryRowContext(ctx, `SELECT mac FROM phone_lines WHERE tenant = ? AND device = ?`, d.Tenant,
		d.Name).Scan(&mac)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // absence is one of the two answers asked for
	}
	if err != nil {
		return nil, fmt.Errorf("looking for the phone of device %s: %w", d.Name, err)
	}
	return tx.Phone(ctx, d.Tenant, mac)
}

// macPattern is pattern for MACs, which are stored without separators.
func (o ListOptions) macPattern() string {
	o.Contains = strings.NewReplacer(":", "", "-", "", ".", "").Replace(o.Contains)
	return o.pattern()
}

// firstNumber is the first free number of a tenant without extensions.
const firstNumber = "201"

// FreeNumber returns the lowest number from the tenant's first extension on that a new
// extension and its mailbox may have. It has as many digits. A tenant whose numbers are all
// taken is a Conflict error.
func (tx *Tx) FreeNumber(ctx context.Context, tenant string) (string, error) {
	first, err := tx.firstNumber(ctx, tenant)
	if err != nil {
		return "", err
	}
	taken, err := query(ctx, tx, func(row scanner) (n string, err error) { return n, row.Scan(&n) },
		`SELECT number FROM extensions WHERE tenant = ?1 UNION SELECT number FROM mailboxes WHERE tenant = ?1
		UNION SELECT number FROM ring_groups WHERE tenant = ?1 UNION SELECT number FROM queues WHERE tenant = ?1
		UNION SELECT name FROM devices WHERE tenant = ?1
		UNION SELECT username FROM users WHERE tenant = ?1`, tenant)
	if err != nil {
		return "", fmt.Errorf("listing the numbers of tenant %s: %w", tenant, err)
	}
	used := map[string]bool{}
	for _, n := range taken {
		used[n] = true
	}
	start, err := strconv.Atoi(first)
	if err != nil {
		return "", fmt.Errorf("reading number %s: %w", first, err)
	}
	for n := start; len(strconv.Itoa(n)) == len(first); n++ {
		number := strconv.Itoa(n)
		if used[number] {
			continue
		}
		if free, err := tx.mayBeExtension(ctx, tenant, number); free || err != nil {
			return number, err
		}
	}
	return "", pbx.Conflictf("number", "no number of %d digits from %s on is free in tenant %s: choose one", len(first),
		first, tenant)
}

// firstNumber is where a tenant's numbers begin: its first_extension, or the lowest extension
// of two to six digits without a zero in front.
func (tx *Tx) firstNumber(ctx context.Context, tenant string) (string, error) {
	t, err := tx.Tenant(ctx, tenant)
	if err != nil {
		return "", err
	}
	if t.FirstExtension != "" {
		return t.FirstExtension, nil
	}
	var number string
	err = tx.sql.QueryRowContext(ctx, `SELECT number FROM extensions WHERE tenant = ? AND number NOT GLOB '*[^0-9]*'
		AND number NOT GLOB '0*' AND length(number) BETWEEN 2 AND 6 ORDER BY length(number), number LIMIT 1`,
		tenant).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return firstNumber, nil
	}
	if err != nil {
		return "", fmt.Errorf("looking for the lowest extension of tenant %s: %w", tenant, err)
	}
	return number, nil
}

// mayBeExtension reports whether nothing else is dialled by a number. A tenant that has no
// country yet may get any.
func (tx *Tx) mayBeExtension(ctx context.Context, tenant, number string) (bool, error) {
	in, err := tx.countriesOf(ctx, tenant)
	if err != nil {
		return false, err
	}
	if slices.Contains(in, "") && pbx.EmergencyAnywhere(number) {
		return false, nil
	}
	for _, refused := range []error{tx.noEmergency(ctx, tenant, number), tx.notForFeature(ctx, tenant, number)} {
		if refused != nil && pbx.KindOf(refused) == pbx.Internal {
			return false, refused
		}
		if refused != nil {
			return false, nil
		}
	}
	return true, nil
}
