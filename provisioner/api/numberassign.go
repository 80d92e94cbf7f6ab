package api

import (
	"context"

	"github.com/dialtone-pbx/dialtone/provisioner/pbx"
)

// NumberList names numbers.
type NumberList struct {
	Numbers []string `json:"numbers" minItems:"1" maxItems:"1000" nullable:"false" doc:"In E.164"`
}

// NumberAssignment hands numbers on.
type NumberAssignment struct {
	NumberList
	NumberTarget
}

func (l NumberList) read() ([]string, error) {
	out := make([]string, len(l.Numbers))
	for i, n := range l.Numbers {
		out[i] = pbx.PlainNumber(n)
		if err := pbx.CheckE164("numbers", out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (a *api) assignNumbers(ctx context.Context, in *struct{ Body NumberAssignment }) (*page[InventoryNumber], error) {
	to, err := assignment(ctx, in.Body.NumberTarget)
	if err != nil {
		return nil, a.problem(err)
	}
	numbers, err := in.Body.read()
	if err != nil {
		return nil, a.problem(err)
	}
	return a.handedOn(ctx)(a.ctl.Inventory.Assign(ctx, author(ctx), branchOf(ctx), numbers, to))
}

func (a *api) unassignNumbers(ctx context.Context, in *struct{ Body NumberList }) (*page[InventoryNumber], error) {
	numbers, err := in.Body.read()
	if err != nil {
		return nil, a.problem(err)
	}
	return a.handedOn(ctx)(a.ctl.Inventory.Unassign(ctx, author(ctx), branchOf(ctx), numbers))
}

// handedOn answers with the numbers as they are now.
func (a *api) handedOn(ctx context.Context) func([]*pbx.InventoryNumber, error) (*page[InventoryNumber], error) {
	return func(ns []*pbx.InventoryNumber, err error) (*page[InventoryNumber], error) {
		if err != nil {
			return nil, a.problem(err)
		}
		out := &page[InventoryNumber]{}
		out.Body.Items = make([]InventoryNumber, 0, len(ns))
		for _, n := range ns {
			out.Body.Items = append(out.Body.Items, a.inventoryView(ctx, n))
		}
		return out, nil
	}
}
