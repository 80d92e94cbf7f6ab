package db

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// plainTrunk is a trunk that is not for Teams.
func plainTrunk() *pbx.Trunk {
	k := sampleTrunk()
	k.Name, k.Endpoint, k.Teams, k.Disabled = "plain", "tplain", false, false
	return k
}

// putRoute writes the sample route with its trunk.
func putRoute(ctx context.Context, tx *Tx) error {
	return all(func() error { return tx.PutTrunk(ctx, plainTrunk()) },
		func() error { return tx.PutOutboundRoute(ctx, sampleRoute()) })
}

func TestRoutesRoundTrip(t *testing.T) {
	db := openDB(t, Options{})
	checkEveryFieldSet(t, &pbx.OutboundRoute{Tenant: "x", Name: "x", Description: "x", Match: sampleRoute().Match, Priority: 1,
		Trunks: sampleRoute().Trunks, Block: "x", CallerID: sampleRoute().CallerID})
	fill(t, db)
	first := update(t, db, putRoute)
	if again := update(t, db, putRoute); again != first {
		t.Error("the same route is a change")
	}
	blocks := &pbx.OutboundRoute{Tenant: "default", Name: "blocks", Match: []string{"premium"}, Block: "too dear"}
	update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutOutboundRoute(ctx, blocks) })
	for contains, want := range map[string]int{"": 2, "Munich": 1, "blo": 1, "x%": 0} {
		view(t, db, func(ctx context.Context, tx *Tx) error {
			got, err := tx.OutboundRoutes(ctx, "default", ListOptions{Contains: contains})
			if len(got) != want {
				t.Errorf("%d routes contain %q, want %d", len(got), contains, want)
			}
			return err
		})
	}
	s, err := db.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ignored := cmpopts.IgnoreFields(pbx.OutboundRoute{}, "Version", "Revision")
	if diff := cmp.Diff([]*pbx.OutboundRoute{blocks, sampleRoute()}, s.Routes, ignored); diff != "" {
		t.Error(diff)
	}
}

// TestRoutesAndTheirTrunks: a route names trunks of its tenant that are not for Teams, and these
// stay so while it does.
func TestRoutesAndTheirTrunks(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return putRoute(ctx, tx) }, func() error { return tx.PutTrunk(ctx, sampleTrunk()) })
	})
	overTrunk := func(name string) *pbx.OutboundRoute {
		return &pbx.OutboundRoute{Tenant: "default", Name: "other", Match: []string{"any"},
			Trunks: []pbx.RouteTrunk{{Trunk: "plain"}, {Trunk: name}}}
	}
	teams := plainTrunk()
	teams.Teams = true
	for what, tt := range map[string]struct {
		kind  pbx.Kind
		field string
		do    func(ctx context.Context, tx *Tx) error
	}{
		"a trunk that is not there": {pbx.Invalid, "trunks[1].trunk", func(ctx context.Context, tx *Tx) error {
			return tx.PutOutboundRoute(ctx, overTrunk("nobody"))
		}},
		"a trunk for Teams": {pbx.Invalid, "trunks[1].trunk", func(ctx context.Context, tx *Tx) error {
			return tx.PutOutboundRoute(ctx, overTrunk("carrier"))
		}},
		"its trunk becomes one for Teams": {pbx.Invalid, "teams", func(ctx context.Context, tx *Tx) error { return tx.PutTrunk(ctx, teams) }},
		"its trunk is deleted": {pbx.InUse, "", func(ctx context.Context, tx *Tx) error {
			return tx.DeleteTrunk(ctx, "default", "plain")
		}},
	} {
		_, err := db.Update(t.Context(), tester, func(tx *Tx) error { return tt.do(t.Context(), tx) })
		var refused *pbx.Error
		if !errors.As(err, &refused) || pbx.KindOf(err) != tt.kind || refused.Field != tt.field {
			t.Errorf("%s: %v", what, err)
		}
		if tt.kind == pbx.InUse && !slices.Contains(refused.Refs, pbx.Ref{Kind: "route", Key: "south"}) {
			t.Errorf("%s: refers to %v", what, refused.Refs)
		}
	}
	update(t, db, func(ctx context.Context, tx *Tx) error {
		return all(func() error { return tx.DeleteOutboundRoute(ctx, "default", "south") },
			func() error { return tx.DeleteTrunk(ctx, "default", "plain") })
	})
}

// TestBlockedForwardIsRefused: a forward to a number that a route blocks is refused when it is set.
func TestBlockedForwardIsRefused(t *testing.T) {
	db := openDB(t, Options{})
	fill(t, db)
	update(t, db, func(ctx context.Context, tx *Tx) error {
		tenant, err := tx.Tenant(ctx, "default")
		if err != nil {
			return err
		}
		tenant.Country = "DE"
		return all(func() error { return tx.PutTenant(ctx, tenant) }, func() error {
			return tx.PutOutboundRoute(ctx, &pbx.OutboundRoute{Tenant: "default", Name: "no", Match: []string{"+4917"}, Block: "ask Ada"})
		})
	})
	f := &pbx.Forward{Tenant: "default", Extension: "101", Mode: pbx.ForwardDestination, Destination: pbx.Destination{Kind: pbx.ToExternal,
		Key: "+491701234567"}}
	_, err := db.Update(t.Context(), tester, func(tx *Tx) error { return tx.PutForward(t.Context(), f) })
	var refused *pbx.Error
	if !errors.As(err, &refused) || refused.Field != "destination" {
		t.Errorf("a forward that a route blocks: %v", err)
	}
}

// TestTrunksWithoutRoutesFromBefore: a database of version 53 has no route, and its calls leave
// by all trunks.
func TestTrunksWithoutRoutesFromBefore(t *testing.T) {
	_, s := writtenBy(t, 57,
		`INSERT INTO tenants (name, title, timezone, phone_password, version, revision) VALUES ('old', '', 'UTC', 'password1', 1, 1)`)
	if len(s.Routes) != 0 {
		t.Errorf("routes are %v", s.Routes)
	}
}
