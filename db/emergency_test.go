package db

import (
	"context"
	"errors"
	"testing"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// TestEmergencyNumbersStayFree: nothing that people dial has an emergency number of a
// country of the tenant, and no rule leads to one.
func TestEmergencyNumbersStayFree(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	german := func(ctx context.Context, tx *Tx) error {
		tenant, err := tx.Tenant(ctx, "default")
		if err != nil {
			return err
		}
		tenant.Country = "DE"
		e := sampleExtension()
		e.Number, e.Mailbox, e.Groups, e.Country = "201", "", nil, "CH"
		return all(func() error { return tx.PutTenant(ctx, tenant) }, func() error { return tx.CreateExtension(ctx, e) },
			func() error { return tx.PutExternalNumber(ctx, sampleNumber()) })
	}
	update(t, db, german)
	extension := func(number string) *pbx.Extension {
		e := sampleExtension()
		e.Number, e.Mailbox, e.Groups = number, "", nil
		return e
	}
	group := func(change func(*pbx.RingGroup)) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			g := &pbx.RingGroup{Tenant: "default", Name: "help", Number: "600", RingSeconds: 20, Strategy: pbx.StrategyAll,
				Confirm: pbx.ConfirmExternal, Waiting: pbx.WaitRinging, Members: []pbx.RingMember{{Extension: "101"}}}
			change(g)
			return tx.PutRingGroup(ctx, g)
		}
	}
	external := func(number string) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			return tx.PutExternalNumber(ctx, &pbx.ExternalNumber{Tenant: "default", Number: number, Type: pbx.NumberSIP})
		}
	}
	forward := func(change func(*pbx.Forward, pbx.Destination)) func(context.Context, *Tx) error {
		return func(ctx context.Context, tx *Tx) error {
			f := sampleForward()
			change(f, pbx.Destination{Kind: pbx.ToExternal, Key: "110"})
			return tx.PutForward(ctx, f)
		}
	}
	for name, r := range map[string]struct {
		field string // "" is allowed
		do    func(context.Context, *Tx) error
	}{
		"an extension":               {"number", func(ctx context.Context, tx *Tx) error { return tx.CreateExtension(ctx, extension("112")) }},
		"one of another extension's": {"number", func(ctx context.Context, tx *Tx) error { return tx.CreateExtension(ctx, extension("144")) }},
		"of a country nobody is in":  {"", func(ctx context.Context, tx *Tx) error { return tx.CreateExtension(ctx, extension("911")) }},
		"a new number": {"number", func(ctx context.Context, tx *Tx) error {
			_, err := tx.RenumberExtension(ctx, "default", "101", "110")
			return err
		}},
		"a duplicate": {"number", func(ctx context.Context, tx *Tx) error {
			_, err := tx.DuplicateExtension(ctx, "default", "201", "110")
			return err
		}},
		"a group":                          {"number", group(func(g *pbx.RingGroup) { g.Number = "110" })},
		"where a group leads":              {"destination", group(func(g *pbx.RingGroup) { g.Destination = pbx.Destination{Kind: pbx.ToExternal, Key: "112"} })},
		"a group that leads to a customer": {"", group(func(g *pbx.RingGroup) { g.Destination = pbx.Destination{Kind: pbx.ToExternal, Key: "030110"} })},
		"an external number":               {"number", external("112")},
		"with its calling code":            {"number", external("+49112")},
		"with 00 and its calling code":     {"number", external("0049112")},
		"another number":                   {"", external("0301120")},
		"a forward of all": {"destination", forward(func(f *pbx.Forward, to pbx.Destination) {
			f.Mode, f.Rules, f.Destination = pbx.ForwardDestination, nil, to
		})},
		"a forward when busy":        {"busy", forward(func(f *pbx.Forward, to pbx.Destination) { f.Busy = to })},
		"a forward of no answer":     {"no_answer", forward(func(f *pbx.Forward, to pbx.Destination) { f.NoAnswer = to })},
		"a forward when unreachable": {"unreachable", forward(func(f *pbx.Forward, to pbx.Destination) { f.Unreachable = to })},
		"a rule":                     {"rules[0].destination", forward(func(f *pbx.Forward, to pbx.Destination) { f.Rules[0].Destination = to })},
		"a country of an extension": {"country", func(ctx context.Context, tx *Tx) error {
			if err := tx.CreateExtension(ctx, extension("999")); err != nil {
				return err
			}
			e := extension("301")
			e.Country = "GB"
			return tx.CreateExtension(ctx, e)
		}},
		"a tenant's country": {"country", func(ctx context.Context, tx *Tx) error {
			tenant, err := tx.Tenant(ctx, "default")
			if err != nil {
				return err
			}
			tenant.Country = "GB"
			return all(func() error { return tx.CreateExtension(ctx, extension("999")) }, func() error { return tx.PutTenant(ctx, tenant) })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			undo := errors.New("undo")
			_, err := db.Update(t.Context(), tester, func(tx *Tx) error {
				if err := r.do(t.Context(), tx); err != nil {
					return err
				}
				return undo
			})
			var e *pbx.Error
			if errors.As(err, &e) && (e.Kind != pbx.Invalid || e.Field != r.field) || r.field == "" != errors.Is(err, undo) {
				t.Errorf("field %q wanted: %v", r.field, err)
			}
		})
	}
}
