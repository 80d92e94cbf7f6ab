package provisioner

import (
	"context"
	"errors"
	"fmt"

	"github.com/dialtone-pbx/dialtone/db"
	"github.com/dialtone-pbx/dialtone/phoneconf"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// SeatsOrder is the order to make seats, all or none.
type SeatsOrder struct {
	Seats []*pbx.Seat
	// DryRun checks everything and makes nothing.
	DryRun bool
	// GiveNumbers lets a seat take a number that the tenant does not have yet.
	GiveNumbers bool
	// Elsewhere is the refusal of a phone that another tenant has; nil says so.
	Elsewhere func(pbx.MAC) *pbx.Error
	// Several puts seats[N]. in front of the fields of errors.
	Several bool
}

// SeatCandidate is an extension that may be listed, with the devices that ring for it.
type SeatCandidate struct {
	*pbx.Extension
	Devices []*pbx.Device
}

// Seats returns the seats of those extensions that choose picks, in its order. contains
// narrows what it may pick from.
func (c *Controller) Seats(ctx context.Context, tenant, contains string,
	choose func([]SeatCandidate) []SeatCandidate) (out []*db.Seat, err error) {
	err = c.db.View(ctx, func(tx *db.Tx) error {
		extensions, err := tx.SeatExtensions(ctx, tenant, contains)
		if err != nil {
			return err
		}
		devices, err := tx.Devices(ctx, tenant, db.ListOptions{})
		if err != nil {
			return err
		}
		ringing := map[string][]*pbx.Device{}
		for _, d := range devices {
			ringing[d.Extension] = append(ringing[d.Extension], d)
		}
		candidates := make([]SeatCandidate, len(extensions))
		for i, e := range extensions {
			candidates[i] = SeatCandidate{e, ringing[e.Number]}
		}
		for _, e := range choose(candidates) {
			s, err := tx.Seat(ctx, e.Extension)
			if err != nil {
				return err
			}
			out = append(out, s)
		}
		return nil
	})
	return out, err
}

// errDryRun rolls a transaction back in which everything went well.
var errDryRun = errors.New("dry run")

// MakeSeats makes all rows of the seats in one transaction. It fills the numbers that the
// orders leave out. Errors name the fields of the orders; one row that is refused keeps
// all from being made.
func (c *Controller) MakeSeats(ctx context.Context, by pbx.Author, o SeatsOrder) (made []*pbx.SeatRows, err error) {
	_, err = c.db.Update(ctx, by, func(tx *db.Tx) error {
		var es pbx.Errors
		for i, s := range o.Seats {
			rows, err := c.makeSeat(ctx, tx, s, o)
			if err := collectSeat(&es, err, i, o.Several); err != nil {
				return err
			}
			made = append(made, rows)
		}
		if err := es.Err(); err != nil {
			return err
		}
		if o.DryRun {
			return errDryRun
		}
		return nil
	})
	if errors.Is(err, errDryRun) {
		return made, nil
	}
	if err != nil {
		return nil, err
	}
	for _, r := range made {
		if r.Mailbox != nil {
			c.mailboxSaved(nil, r.Mailbox)
		}
		if r.Phone != nil {
			c.Fleet.Adopted(r.Phone, true)
		}
	}
	c.Apply.Nudge()
	return made, nil
}

// collectSeat adds the faults of seat i to the others. An error that is nobody's fault is
// returned.
func collectSeat(es *pbx.Errors, err error, i int, several bool) error {
	var all pbx.Errors
	var one *pbx.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &all):
	case errors.As(err, &one) && one.Kind != pbx.Unavailable:
		all = pbx.Errors{one}
	default:
		return err
	}
	for _, e := range all {
		if several {
			out := *e
			if out.Field = fmt.Sprintf("seats[%d]", i); e.Field != "" {
				out.Field += "." + e.Field
			}
			e = &out
		}
		es.Add(e)
	}
	return nil
}

// makeSeat writes the rows of one seat.
func (c *Controller) makeSeat(ctx context.Context, tx *db.Tx, s *pbx.Seat, o SeatsOrder) (*pbx.SeatRows, error) {
	if s.Number == "" {
		number, err := tx.FreeNumber(ctx, s.Tenant)
		if err != nil {
			return nil, err
		}
		s.Number = number
	}
	if s.MAC != "" && s.Vendor == "" {
		m, known := phoneconf.LookupAny(s.Model)
		if !known {
			return nil, phoneconf.UnknownModel("model", "", s.Model)
		}
		s.Vendor = m.Vendor
	}
	rows := s.Rows()
	if err := c.checkSeat(rows); err != nil {
		return nil, err
	}
	for _, step := range seatSteps(rows, s.DID, o.GiveNumbers) {
		err := step.put(ctx, tx)
		if step.part == pbx.SeatPhone && o.Elsewhere != nil && pbx.KindOf(err) == pbx.Conflict {
			err = elsewhere(ctx, tx, rows.Phone, err, o.Elsewhere)
		}
		if err != nil {
			return nil, seatFault(step.part, err)
		}
	}
	return rows, nil
}

// elsewhere replaces the refusal of a phone that the tenant does not have itself.
func elsewhere(ctx context.Context, tx *db.Tx, p *pbx.Phone, err error, refusal func(pbx.MAC) *pbx.Error) error {
	if _, own := tx.Phone(ctx, p.Tenant, p.MAC); pbx.KindOf(own) == pbx.NotFound {
		return refusal(p.MAC)
	}
	return err
}

// checkSeat returns the rules that the rows break by themselves, each field once.
func (c *Controller) checkSeat(r *pbx.SeatRows) error {
	var es pbx.Errors
	named := map[string]bool{}
	check := func(part string, err error) {
		var all pbx.Errors
		errors.As(err, &all)
		for _, e := range all {
			if e = pbx.SeatError(part, e); !named[e.Field] {
				named[e.Field] = true
				es.Add(e)
			}
		}
	}
	check(pbx.SeatExtension, c.Extensions.Check(r.Extension))
	if r.Mailbox != nil {
		check(pbx.SeatMailbox, c.Mailboxes.Check(r.Mailbox))
	}
	check(pbx.SeatUser, c.Users.Check(r.User))
	check(pbx.SeatDevice, c.Devices.Check(r.Device))
	if r.Phone != nil {
		check(pbx.SeatPhone, c.Phones.Check(r.Phone))
	}
	return es.Err()
}

// seatStep writes one part of a seat.
type seatStep struct {
	part string
	put  func(ctx context.Context, tx *db.Tx) error
}

// seatSteps are in the order in which rows refer to each other. The number has to be there
// before the extension that shows it, and leads to the extension afterwards.
func seatSteps(r *pbx.SeatRows, did string, give bool) []seatStep {
	var number *pbx.Number
	var steps []seatStep
	add := func(part string, put func(ctx context.Context, tx *db.Tx) error) {
		steps = append(steps, seatStep{part, put})
	}
	if r.Mailbox != nil {
		add(pbx.SeatMailbox, func(ctx context.Context, tx *db.Tx) error { return tx.CreateMailbox(ctx, r.Mailbox) })
	}
	if did != "" {
		add(pbx.SeatNumber, func(ctx context.Context, tx *db.Tx) (err error) {
			number, err = seatNumber(ctx, tx, r.Extension.Tenant, did, give)
			return err
		})
	}
	add(pbx.SeatExtension, func(ctx context.Context, tx *db.Tx) error { return tx.CreateExtension(ctx, r.Extension) })
	if did != "" {
		add(pbx.SeatNumber, func(ctx context.Context, tx *db.Tx) error {
			number.Destination = pbx.Destination{Kind: pbx.ToExtension, Key: r.Extension.Number}
			return tx.PutNumber(ctx, number)
		})
	}
	add(pbx.SeatUser, func(ctx context.Context, tx *db.Tx) error { return tx.CreateUser(ctx, r.User) })
	add(pbx.SeatDevice, func(ctx context.Context, tx *db.Tx) error { return tx.CreateDevice(ctx, r.Device) })
	if r.Phone != nil {
		add(pbx.SeatPhone, func(ctx context.Context, tx *db.Tx) error { return tx.CreatePhone(ctx, r.Phone) })
	}
	return steps
}

// seatNumber returns a number of the tenant that leads nowhere yet.
func seatNumber(ctx context.Context, tx *db.Tx, tenant, did string, give bool) (*pbx.Number, error) {
	n, err := tx.Number(ctx, tenant, did)
	switch {
	case err == nil && !n.Destination.IsZero():
		return nil, pbx.Conflictf("number", "number %s leads to %s already", did, n.Destination)
	case err == nil:
		return n, nil
	case pbx.KindOf(err) != pbx.NotFound:
		return nil, err
	case !give:
		return nil, pbx.Refusedf("number", "number %s is not the tenant's: a platform admin gives it to the tenant", did)
	}
	n = &pbx.Number{Tenant: tenant, Number: did}
	if err := n.Validate(); err != nil {
		return nil, err
	}
	return n, tx.PutNumber(ctx, n)
}

// seatFault names the faults of a part by the fields of the seat.
func seatFault(part string, err error) error {
	var all pbx.Errors
	var one *pbx.Error
	if errors.As(err, &all) {
		var es pbx.Errors
		for _, e := range all {
			es.Add(pbx.SeatError(part, e))
		}
		return es
	}
	if errors.As(err, &one) {
		return pbx.SeatError(part, one)
	}
	return err
}
