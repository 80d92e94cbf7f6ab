package db

import (
	"context"
	"fmt"
	"time"

	"github.com/dialtone-pbx/dialtone/provisioner/e164"
	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

var portTable = newTable(kindPortRequest, "port_requests",
	func(row *pbx.PortRequest) (version, revision *int64) { return &row.Version, &row.Revision },
	keyCol("tenant", func(row *pbx.PortRequest) any { return &row.Tenant }),
	keyCol("name", func(row *pbx.PortRequest) any { return &row.Name }),
	col("carrier", func(row *pbx.PortRequest) any { return &row.Carrier }),
	col("account", func(row *pbx.PortRequest) any { return &row.Account }),
	col("wish", func(row *pbx.PortRequest) any { return &row.Wish }),
	col("note", func(row *pbx.PortRequest) any { return &row.Note }),
	col("numbers", func(row *pbx.PortRequest) any { return inJSONList[pbx.PortNumber]{&row.Numbers} }),
)

// PortRequest returns one port request, or a NotFound error.
func (tx *Tx) PortRequest(ctx context.Context, tenant, name string) (*pbx.PortRequest, error) {
	return portTable.get(ctx, tx, tenant, name)
}

// PortRequests returns port requests of a tenant by name. Contains looks at name, carrier, note
// and numbers. An unknown tenant is a NotFound error.
func (tx *Tx) PortRequests(ctx context.Context, tenant string, o ListOptions) ([]*pbx.PortRequest, error) {
	if err := tx.needTenant(ctx, tenant); err != nil {
		return nil, err
	}
	rs, err := portTable.rows(ctx, tx, `
		WHERE tenant = ?1 AND name > ?2 AND (name LIKE ?3 ESCAPE '\' OR carrier LIKE ?3 ESCAPE '\' OR note LIKE ?3 ESCAPE '\'
			OR numbers LIKE ?3 ESCAPE '\')
		ORDER BY name LIMIT ?4`, tenant, o.After, o.pattern(), o.limit())
	if err != nil {
		return nil, fmt.Errorf("listing port requests: %w", err)
	}
	return rs, nil
}

// PutPortRequest adds a draft, or changes one that is a draft or has an exception. The states of
// the numbers are those that they had.
func (tx *Tx) PutPortRequest(ctx context.Context, r *pbx.PortRequest) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := orNil(tx.PortRequest(ctx, r.Tenant, r.Name))
	if err != nil {
		return err
	}
	has := map[string]pbx.PortNumber{}
	if old != nil {
		for _, n := range old.Numbers {
			has[n.Number] = n
		}
	}
	for i := range r.Numbers {
		n := &r.Numbers[i]
		before, was := has[n.Number]
		if n.State, n.Date, n.Problem = pbx.PortDraft, "", ""; was {
			n.State, n.Date, n.Problem = before.State, before.Date, before.Problem
		}
		delete(has, n.Number)
	}
	if portTable.same(old, r) {
		return nil
	}
	if s := stateOf(old); s != pbx.PortDraft && s != pbx.PortException {
		return pbx.Conflictf("state", "port request %s is %s: only a draft, or one with an exception, is changed", r.Name, s)
	}
	for number, n := range has {
		if n.State != pbx.PortDraft && n.State != pbx.PortCancelled {
			return pbx.Conflictf("numbers", "number %s is %s: cancel it before it is left out", number, n.State)
		}
	}
	if err := tx.needTenant(ctx, r.Tenant); err != nil {
		return err
	}
	if err := tx.portDestinations(ctx, r); err != nil {
		return err
	}
	if err := portTable.save(ctx, tx, old, r); err != nil {
		return err
	}
	if old == nil {
		return tx.portHappened(ctx, r, pbx.PortNumber{State: pbx.PortDraft}, "")
	}
	return nil
}

func stateOf(r *pbx.PortRequest) pbx.PortState {
	if r == nil {
		return pbx.PortDraft
	}
	return r.State()
}

// portDestinations refuses destinations that do not exist.
func (tx *Tx) portDestinations(ctx context.Context, r *pbx.PortRequest) error {
	for i, n := range r.Numbers {
		field := fmt.Sprintf("numbers[%d].destination", i)
		d, wrong := pbx.ParseDestination(field, n.Destination)
		if wrong != nil {
			return wrong
		}
		if err := tx.needDestination(ctx, field, r.Tenant, d); err != nil {
			return err
		}
	}
	return nil
}

// DeletePortRequest removes a request whose numbers are not on their way.
func (tx *Tx) DeletePortRequest(ctx context.Context, tenant, name string) error {
	if err := tx.writable(); err != nil {
		return err
	}
	old, err := tx.PortRequest(ctx, tenant, name)
	if err != nil {
		return err
	}
	for _, n := range old.Numbers {
		if n.State != pbx.PortDraft && n.State != pbx.PortCancelled && n.State != pbx.PortCompleted {
			return &pbx.Error{Kind: pbx.InUse, Message: fmt.Sprintf("number %s of port request %s is %s: cancel it first",
				n.Number, name, n.State)}
		}
	}
	return portTable.remove(ctx, tx, old)
}

// StepPortRequest brings numbers of a request into another state. From submitted on a number
// belongs to the tenant, in state porting-in; calls to it are led to its destination as soon as
// they come.
func (tx *Tx) StepPortRequest(ctx context.Context, tenant, name string, s pbx.PortStep) (*pbx.PortRequest, error) {
	if err := tx.writable(); err != nil {
		return nil, err
	}
	old, err := tx.PortRequest(ctx, tenant, name)
	if err != nil {
		return nil, err
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if err := tx.mayStep(ctx, tenant, s.State); err != nil {
		return nil, err
	}
	r := *old
	var changed []int
	if r.Numbers, changed, err = old.Take(s); err != nil {
		return nil, err
	}
	for _, i := range changed {
		if err := tx.portNumber(ctx, &r, old.Numbers[i].State, r.Numbers[i]); err != nil {
			return nil, err
		}
	}
	if err := portTable.save(ctx, tx, old, &r); err != nil {
		return nil, err
	}
	for _, i := range changed {
		n := r.Numbers[i]
		if err := tx.portHappened(ctx, &r, n, n.Date+n.Problem); err != nil {
			return nil, err
		}
	}
	return &r, nil
}

// mayStep leaves to the account above the tenant what the carrier says. A tenant submits by
// itself only if it may have numbers from elsewhere.
func (tx *Tx) mayStep(ctx context.Context, tenant string, s pbx.PortState) error {
	if tx.author.Account.Tenant() == "" || s == pbx.PortCancelled {
		return nil
	}
	if s != pbx.PortSubmitted {
		return &pbx.Error{Kind: pbx.Forbidden, Field: "state",
			Message: "state " + string(s) + " is set by the account above the tenant, which hears from the carrier"}
	}
	t, err := tx.Tenant(ctx, tenant)
	if err == nil && !t.AllowExternalNumbers {
		err = &pbx.Error{Kind: pbx.Forbidden, Field: "state",
			Message: "the account above submits the request: to submit it itself, the tenant needs allow_external_numbers"}
	}
	return err
}

// portNumber does to a number what its new state means.
func (tx *Tx) portNumber(ctx context.Context, r *pbx.PortRequest, from pbx.PortState, n pbx.PortNumber) error {
	switch {
	case n.State == pbx.PortSubmitted && from == pbx.PortDraft:
		return tx.portsIn(ctx, r, n)
	case n.State == pbx.PortCompleted:
		return tx.ported(ctx, r, n.Number)
	case n.State == pbx.PortCancelled && from != pbx.PortDraft:
		return tx.portsNot(ctx, r, n.Number)
	}
	return nil
}

// portsIn brings a number that is on its way.
func (tx *Tx) portsIn(ctx context.Context, r *pbx.PortRequest, n pbx.PortNumber) error {
	t, err := tx.Tenant(ctx, r.Tenant)
	if err != nil {
		return err
	}
	if err := tx.checkNumberLimit(ctx, r.Tenant); err != nil {
		return err
	}
	d, wrong := pbx.ParseDestination("destination", n.Destination)
	if wrong != nil {
		return wrong
	}
	row := &pbx.InventoryNumber{Number: n.Number, Reseller: t.Reseller, Voice: true, State: pbx.NumberPortingIn,
		Tenant: r.Tenant, Destination: d, Kind: e164.Kind(n.Number), KindGuessed: true}
	if err := tx.AddInventoryNumber(ctx, row); err != nil {
		return err
	}
	if err := numberTable.save(ctx, tx, nil, &pbx.Number{Tenant: r.Tenant, Number: n.Number, Destination: d}); err != nil {
		return err
	}
	return tx.checkPools(ctx, t.Reseller)
}

// ported makes a number that was on its way one like all others of its tenant.
func (tx *Tx) ported(ctx context.Context, r *pbx.PortRequest, number string) error {
	old, err := tx.InventoryNumber(ctx, Reach{Tenant: r.Tenant}, number)
	if err != nil {
		return err
	}
	n := *old
	n.State = pbx.NumberAssigned
	if err := inventoryTable.save(ctx, tx, old, &n); err != nil {
		return err
	}
	return tx.numberHappened(ctx, &n, "ported", "port request "+r.Name)
}

// portsNot takes a number back that does not come.
func (tx *Tx) portsNot(ctx context.Context, r *pbx.PortRequest, number string) error {
	old, err := tx.InventoryNumber(ctx, Reach{Tenant: r.Tenant}, number)
	if err != nil {
		return err
	}
	if err := tx.dropNumber(ctx, r.Tenant, number); err != nil {
		return err
	}
	n := *old
	n.State, n.Tenant, n.Destination = pbx.NumberReleased, "", pbx.Destination{}
	if err := tx.numberHappened(ctx, &n, "deleted", "port request "+r.Name+" was cancelled"); err != nil {
		return err
	}
	if err := tx.exec(ctx, `DELETE FROM number_calls WHERE number = ?`, number); err != nil {
		return fmt.Errorf("forgetting the calls to number %s: %w", number, err)
	}
	return inventoryTable.remove(ctx, tx, old)
}

// notPorting refuses to end a number that is on its way: its request does.
func notPorting(n *pbx.InventoryNumber) error {
	if n.State != pbx.NumberPortingIn || n.Tenant == "" {
		return nil
	}
	return pbx.Conflictf("state", "number %s is being ported: cancel it in its port request", n.Number)
}

// PortCall is the first call to a number that is on its way.
type PortCall struct{ Tenant, Request, Number string }

// PortsOf returns the requests of those of the numbers that are on their way.
func (db *DB) PortsOf(ctx context.Context, numbers []string) (out []PortCall, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		for _, number := range numbers {
			found, err := query(ctx, tx, func(row scanner) (c PortCall, err error) {
				return c, row.Scan(&c.Tenant, &c.Request, &c.Number)
			}, `SELECT n.tenant, p.name, n.number FROM numbers n JOIN inventory i ON i.number = n.number
				JOIN port_requests p ON p.tenant = n.tenant, json_each(p.numbers) j
				WHERE n.number = ? AND i.state = 'porting-in' AND j.value ->> 'number' = n.number`, number)
			if err != nil {
				return fmt.Errorf("looking for the port request of number %s: %w", number, err)
			}
			out = append(out, found...)
		}
		return nil
	})
	return out, err
}

// FirstCalls returns when the first calls from trunks came to the numbers of a request.
func (tx *Tx) FirstCalls(ctx context.Context, r *pbx.PortRequest) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	for _, n := range r.Numbers {
		if n.State == pbx.PortDraft || n.State == pbx.PortCancelled {
			continue
		}
		at, err := query(ctx, tx, func(row scanner) (t time.Time, err error) { return t, row.Scan(instant{&t}) },
			`SELECT first_at FROM number_calls WHERE number = ?`, n.Number)
		if err != nil {
			return nil, fmt.Errorf("looking for calls to number %s: %w", n.Number, err)
		}
		if len(at) > 0 {
			out[n.Number] = at[0]
		}
	}
	return out, nil
}
