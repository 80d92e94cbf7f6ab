package db

import (
	"context"
	"fmt"
	"strings"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// carrierName points at a carrier of a number and at what belongs to it.
type carrierName struct {
	service, field string
	has            bool
	name           *string
	defaulted      *bool
}

func carrierNames(n *pbx.InventoryNumber) []carrierName {
	return []carrierName{{"voice", "voice_carrier", n.Voice, &n.VoiceCarrier, &n.VoiceDefaulted},
		{"sms", "sms_profile", n.SMS, &n.SMSProfile, &n.SMSDefaulted}}
}

// loseCarriers takes from a number that comes from another reseller the carriers that its new
// one does not have: the default ones take their place, if there are any. It returns what
// happened, for the history, or "". A name that means another carrier there is lost as well.
func (tx *Tx) loseCarriers(ctx context.Context, n *pbx.InventoryNumber, from string) (string, error) {
	var lost []string
	for _, c := range carrierNames(n) {
		if *c.name == "" {
			continue
		}
		before, err := tx.carrierFor(ctx, from, c.service, *c.name)
		if err != nil {
			return "", fmt.Errorf("looking for carrier %s: %w", *c.name, err)
		}
		now, err := tx.carrierFor(ctx, n.Reseller, c.service, *c.name)
		if err != nil {
			return "", fmt.Errorf("looking for carrier %s: %w", *c.name, err)
		}
		if now != nil && (before == nil || before.Reseller == now.Reseller) {
			continue
		}
		standard, err := tx.carrierFor(ctx, n.Reseller, c.service, "")
		if err != nil {
			return "", fmt.Errorf("looking for the default carrier: %w", err)
		}
		lost = append(lost, lostCarrier(*c.name, standard))
		*c.name, *c.defaulted = "", false
		if standard != nil {
			*c.name, *c.defaulted = standard.Name, true
		}
	}
	return strings.Join(lost, "; "), nil
}

// lostCarrier says what took the place of a carrier; nil for nothing.
func lostCarrier(name string, standard *pbx.Carrier) string {
	if standard == nil {
		return "carrier " + name + " stayed behind, without another one"
	}
	return "carrier " + name + " stayed behind, the default one is " + standard.Name
}

// carrierGroup is the numbers of a reseller with one carrier.
type carrierGroup struct{ reseller, service, name string }

// carrierGroups returns whose the carriers of the numbers of a branch are.
func (tx *Tx) carrierGroups(ctx context.Context, reseller string) (map[carrierGroup]string, error) {
	gs, err := query(ctx, tx, func(row scanner) (g carrierGroup, err error) {
		return g, row.Scan(&g.reseller, &g.service, &g.name)
	}, `SELECT reseller, 'voice', voice_carrier FROM inventory WHERE voice_carrier <> '' AND reseller IN `+branchFrom+`
		UNION SELECT reseller, 'sms', sms_profile FROM inventory WHERE sms_profile <> '' AND reseller IN `+branchFrom,
		reseller, reseller)
	if err != nil {
		return nil, fmt.Errorf("looking for the carriers of the numbers of reseller %s: %w", reseller, err)
	}
	owners := make(map[carrierGroup]string, len(gs))
	for _, g := range gs {
		c, err := tx.carrierFor(ctx, g.reseller, g.service, g.name)
		if err != nil {
			return nil, fmt.Errorf("looking for carrier %s: %w", g.name, err)
		}
		if owners[g] = nobody; c != nil {
			owners[g] = c.Reseller
		}
	}
	return owners, nil
}

// nobody is the owner of a carrier that does not exist; "" is the platform.
const nobody = "-"

// branchMoved does as loseCarriers for all numbers of a reseller that stands elsewhere now, and
// for those below it. before is what carrierGroups returned when it stood where it came from.
func (tx *Tx) branchMoved(ctx context.Context, reseller string, before map[carrierGroup]string) error {
	after, err := tx.carrierGroups(ctx, reseller)
	if err != nil {
		return err
	}
	for g, owner := range after {
		if owner != nobody && owner == before[g] {
			continue
		}
		ns, err := inventoryTable.rows(ctx, tx, `WHERE reseller = ?1 AND ?2 IN (voice_carrier, sms_profile)
			ORDER BY number`, g.reseller, g.name)
		if err != nil {
			return fmt.Errorf("listing the numbers of reseller %s: %w", g.reseller, err)
		}
		standard, err := tx.carrierFor(ctx, g.reseller, g.service, "")
		if err != nil {
			return fmt.Errorf("looking for the default carrier: %w", err)
		}
		for _, old := range ns {
			n := *old
			for _, c := range carrierNames(&n) {
				if c.service != g.service || *c.name != g.name {
					continue
				}
				if *c.name, *c.defaulted = "", false; standard != nil {
					*c.name, *c.defaulted = standard.Name, true
				}
			}
			if inventoryTable.same(old, &n) {
				continue
			}
			if err := inventoryTable.save(ctx, tx, old, &n); err != nil {
				return err
			}
			if err := tx.numberHappened(ctx, &n, "changed", lostCarrier(g.name, standard)); err != nil {
				return err
			}
		}
	}
	return nil
}
